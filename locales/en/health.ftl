# How the house itself is, and what is kept for how long.

health-title = Health
health-lead = Looked at each quarter of an hour, for all organisations of this Milepost.
health-none = Nobody has looked yet.
health-old = The last look was more than an hour ago: is the schedule of “Check health” paused, or does no worker run?
health-check-now = Check now
health-backup-now = Back up…
health-well = Well
health-warning = Needs a look
health-failing = Needs help now

health-disk = Disk
health-database = Database
health-log = Write-ahead log
health-writer = Writing
health-backup = Last backup
health-stuck = Jobs that stand still
health-waiting = Jobs that nobody takes
health-unknown = The system does not say.
health-disk-is = { $size } are free.
health-size-is = { $size }.
health-writer-is = { $count ->
    [one] A change is safe on the disk after one millisecond.
   *[other] A change is safe on the disk after { $count } milliseconds.
}
health-writer-silent = Changes do not reach the disk.
health-backup-none = There is none yet.
health-backup-minutes = { $count ->
    [one] One minute ago.
   *[other] { $count } minutes ago.
}
health-backup-hours = { $count ->
    [one] One hour ago.
   *[other] { $count } hours ago.
}
health-backup-days = { $count ->
    [one] One day ago.
   *[other] { $count } days ago.
}
health-stuck-is = { $count ->
    [0] None.
    [one] One job runs without progress, or its worker is gone.
   *[other] { $count } jobs run without progress, or their workers are gone.
}
health-waiting-is = { $count ->
    [0] None.
    [one] One job has waited for more than an hour.
   *[other] { $count } jobs have waited for more than an hour.
}
health-disk-advice = Make room on the disk: keep fewer backups, clean up, or move to a larger one. When it is full, nothing can be saved.
health-database-advice = Keep ended jobs and files for a shorter time (Clean up). Backups and checks take long by now.
health-log-advice = Something reads one moment of the database for very long, so that its log cannot begin anew. Look for another program that has the file open.
health-writer-advice = Look at what the disk is busy with, and at how many changes arrive.
health-backup-advice = Look at the schedule “Back up” and at the last jobs of that kind.
health-stuck-advice = Find them under Jobs, and cancel or retry them.
health-waiting-advice = Find them under Jobs, queue by queue: their workers may not run, or be too few.

kind-check-health = Check health
kind-check-health-about = Looks at the disk, the database, how quickly changes are saved, the last backup, and at jobs that do not go on. The settings show what it found.
kind-clean-up = Clean up
kind-clean-up-about = Removes ended jobs with their logs and files, old files, links and tokens, after the time for which each is kept. The trail of what people did stays, and so do assignments.
clean-up-dry-run = Only count
clean-up-dry-run-hint = Says what would go, and removes nothing.
clean-up-done = Completed jobs, days
clean-up-failed = Failed jobs, days
clean-up-cancelled = Cancelled jobs, days
clean-up-routine = Routine jobs, days
clean-up-routine-hint = Backups, checks, sums and clean-ups that did not fail.
clean-up-uploads = Uploads, days
clean-up-files = Files of ended jobs, days
clean-up-files-hint = A job may be kept for longer than its files.
clean-up-links = Used and expired invitations and reset links, days
clean-up-tokens = Revoked and expired tokens, days
clean-up-kinds = Kinds of their own
