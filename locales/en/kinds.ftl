# The kinds of job that come with Milepost: what they are called, what they do, what their forms ask.

jobs-new = Start a job
jobs-new-lead = What Milepost runs for you. Each shows its progress here, can be cancelled, and says what became of it.
jobs-new-none = There is nothing here for you to start
jobs-new-none-hint = The jobs that come with Milepost are started by admins. Your own programs show their progress here as well.
jobs-start = Start
jobs-back = Back
done-started = “{ $title }” is in its queue.
job-creator-gone = Whoever started this job may not do what it does any more, so it was stopped.

purpose-work = Work
purpose-order = Keeping order
purpose-trial = Trying out

kind-backup = Back up
kind-backup-about = Writes a copy of everything, of every organisation, into the folder of backups, while work goes on; checks it; and removes copies for whose time newer ones stand.
backup-keep-daily = Days
backup-keep-daily-hint = Of so many days the newest backup stays.
backup-keep-weekly = Weeks
backup-keep-weekly-hint = Of so many weeks the newest backup stays. The three newest of all stay in any case.
kind-check-integrity = Check the store
kind-check-integrity-about = Looks whether the database is whole and says what its trail says. It changes nothing; what it finds is listed.
kind-rehearsal = Rehearsal
kind-rehearsal-about = Does nothing, at the pace that you ask for: to see how jobs look, how they are cancelled and how they fail.

rehearsal-steps = Steps
rehearsal-pace = Milliseconds for each step
rehearsal-fail-each = Failing steps
rehearsal-fail-each-hint = With 3, each third step is an item that fails.
rehearsal-fail-at = The job fails at step
rehearsal-panic-at = The program breaks off at step
rehearsal-panic-at-hint = As a fault in Milepost itself would.

error-kind-of-the-house = This concerns the whole of this Milepost: only admins of its first organisation can start it.
error-payload-none = This kind of job takes nothing.
error-payload-unknown = There is no such field. There are: { $known }.
error-payload-text = Write a text.
error-payload-check = Write true or false.
error-payload-date = Write a date such as 2026-11-22.
error-payload-choice = Choose one of these: { $choices }.
error-payload-file = Name a file that a job has: an object of "task", its number, and "name".
error-payload-inner = Write an object.
