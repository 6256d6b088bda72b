# Jobs: their list, one job, what is done to many at once.

nav-jobs = Jobs

status-scheduled = Scheduled
status-blocked = Blocked
status-stalled = Stalled
status-lost = Lost
status-ended = Ended

# one job
job-counts = { $processed } of { $total }
job-counts-open = { $processed } so far, total unknown
job-failed = { $count } failed
job-skipped = { $count } skipped
job-stage-place = ({ $index } of { $of })
job-waits = { $count ->
    [one] waits for { $count } task
   *[other] waits for { $count } tasks
}
job-eta = ETA
job-no-eta = No estimate yet
job-attempt = Attempt { $attempt } of { $most }
job-attempt-number = No.
job-actions = Actions
job-cancel = Cancel
job-cancel-title = Cancel this job
job-cancel-hint = It waits in its queue, so it ends at once.
job-cancel-running-hint = Its worker is told with its next report or heartbeat, and has time to end in order.
job-retry = Retry
job-retry-failed = Retry failed items
job-dismiss = Dismiss
job-dismiss-title = Dismiss this job?
job-dismiss-hint = It goes from all lists, with its log, items and files. Its trail stays.
job-open = Open
job-again = It has ended
job-log = Log
job-log-follow = Follow
job-log-raw = Download
job-log-empty = Nothing was written yet.
job-log-none = Nothing was written.
job-log-cut = { $count ->
    [one] The last line. The download has everything.
   *[other] The last { $count } lines. The download has everything.
}
job-errors = Errors by message
job-errors-csv = Failed items (CSV)
job-errors-more = There are further messages. The CSV file has everything.
job-no-message = No message
job-times = { $count } ×
job-attempts = Attempts
job-outcome = Outcome
job-error = Error
job-payload = Payload
job-result = Result
job-files = Files
job-children = Children
job-children-count = { $ended } of { $total } ended
job-children-more = Further children
job-parent = Part of
job-unseen = Task
job-waits-title = Waits for
job-kind = Kind
job-queue = Queue
job-queue-priority = Queue priority
job-worker = Worker
job-heard = Last heard of
job-max-attempts = Attempts at most
job-timeout = Time limit
job-run-at = Not before
job-unique-key = Unique key
job-external-id = External id
job-labels = Labels
job-seconds = { $seconds } s
job-bytes = { $bytes } bytes
job-kilobytes = { $kilobytes } kB
job-megabytes = { $megabytes } MB

# the cancel chain
job-cancel-chain = Cancel
cancel-requested = Cancel requested
cancel-acknowledged = Cancel acknowledged
cancel-awaited = The worker has not answered yet
cancel-ending = The worker is ending
cancel-ended = Cancelled
cancel-too-late = Finished before the cancel reached it
cancel-failed = Failed after the request

outcome-done = Completed
outcome-failed = Failed
outcome-cancelled = Cancelled
outcome-lost = Lost
outcome-running = Running

# the list
jobs-counts = Jobs by how they stand
jobs-kind = Kind
jobs-queue = Queue
jobs-category = Category
jobs-ended-lately = Ended lately
jobs-all-of-these = All of these
jobs-none = There are no jobs yet
jobs-none-hint = Any program can show its progress here. Make a token, then put this in front of a command:
jobs-none-token = Make a token
jobs-empty = No job fits these filters
jobs-none-here = Nothing among the newest
jobs-none-here-hint = Many were looked through. The next page looks further.
jobs-cancel-all = Cancel all
jobs-retry-all = Retry all
jobs-dismiss-all = Dismiss all
jobs-lanes = Queues and kinds
jobs-lanes-hint = A paused one starts no further jobs; those that run go on. A limit says how many run at the same time.
jobs-queues = Queue
jobs-kinds = Kind
jobs-at-once = At the same time
jobs-no-limit = No limit
jobs-paused = Paused
jobs-pause = Pause
jobs-resume = Resume

# many at once
bulk-cancel = Cancel { $count } jobs
bulk-retry = Retry { $count } jobs
bulk-dismiss = Dismiss { $count } jobs
bulk-lead = { $status }, as filtered, up to now.
bulk-cancel-hint = Those that wait end at once; the workers of those that run are told.
bulk-retry-hint = Each goes back to its queue for another attempt.
bulk-dismiss-hint = They go from all lists, with their logs, items and files. Their trails stay. This cannot be undone.
bulk-none = Nothing is left to do
bulk-none-hint = None of these is there any more.
bulk-done = { $done } done.
bulk-done-refused = { $done } done, { $refused } refused.
bulk-begun = It has begun. This page shows how far it is.

# said on the next page
done-cancel-requested = “{ $title }” is asked to stop.
done-retried = “{ $title }” is in its queue again.
done-dismissed = “{ $title }” is dismissed.
done-limit = Saved: “{ $name }”.
done-paused = “{ $name }” is paused.
done-resumed = “{ $name }” goes on.
