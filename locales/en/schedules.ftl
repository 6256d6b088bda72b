# Schedules: what is made again and again.

nav-schedules = Schedules
schedules-lead = What is made by the calendar: jobs, and work for people.
schedules-new = New schedule
schedules-empty = Nothing happens by the calendar yet
schedules-empty-hint = A schedule makes a job, or work for somebody, each time its hour comes. These are worth having:
schedules-next = Next run
schedules-last = Last run
schedules-never = Not run yet
schedules-runs = Last runs
schedules-strip = { $count } runs: { $done } completed, { $failed } failed, { $other } otherwise
schedules-paused = Paused
schedules-no-next = None
schedules-more = Further schedules
schedules-first = From the start
schedules-actions = Actions

# choosing what
schedule-choose = What is to be made?
schedule-choose-lead = Each time the hour comes, one of these.
schedule-choose-assignment = Work for somebody
schedule-choose-assignment-hint = An assignment that comes again: the weekly report, the monthly check.
schedule-choose-own = A job for a program of yours
schedule-choose-own-hint = One that a worker of your own takes, by the name of its kind.
schedule-choose-built-in = Jobs that Milepost runs itself

# its form
schedule-edit = Edit
schedule-edit-title = Edit schedule
schedule-title = Title
schedule-title-hint = Of each job or task. { "{date}" }, { "{time}" }, { "{week}" } and { "{month}" } are filled in from the slot.
schedule-job-kind = Kind of job
schedule-job-kind-hint = What its worker claims, such as letters.
schedule-payload = Payload
schedule-payload-hint = A JSON object that its worker gets.
schedule-queue = Queue
schedule-queue-hint = Blank: default.
schedule-when = When
schedule-cron = Expression
schedule-cron-hint = Minute, hour, day of the month, month, weekday; seconds may stand first. Or a name:
schedule-zone = Time zone
schedule-zone-hint = Such as Europe/Berlin. Blank: your own.
schedule-check = Check
schedule-preview = In words
schedule-upcoming = The next five
schedule-in-zone = In { $zone }
schedule-here = Where you are
schedule-due-after = Due
schedule-due-unit = Unit of the due time
schedule-due-hint = After the slot; 0 days is the end of its day. Blank: no due date.
schedule-days = days after
schedule-hours = hours after
schedule-rules = Rules
schedule-jitter = Spread, in seconds
schedule-jitter-hint = It starts up to so much after its slot, always by the same: many schedules of one hour do not start at once.
schedule-downtime = After a time when Milepost was down
schedule-downtime-hint = A slot that is looked at within a minute is on time.
schedule-downtime-skip = Leave out what was missed
schedule-downtime-once = Run once
schedule-downtime-all = Run all, up to 100
schedule-overlap = While an earlier one is open
schedule-overlap-skip = Leave this one out
schedule-overlap-queue = Wait for its end
schedule-overlap-allow = Run beside it
schedule-alarm-failures = Failures in a row that are an alarm
schedule-save = Save
schedule-create = Make schedule

# one schedule
schedule-what = What
schedule-what-job = A job of the kind { $kind }
schedule-what-assignment = Work for { $name }
schedule-somebody = somebody who is gone
schedule-maker = Runs as { $name }
schedule-maker-milepost = Came with Milepost, and runs in its name
schedule-delay = Starts { $seconds } s after each slot
schedule-run-now = Run now
schedule-pause = Pause
schedule-resume = Resume
schedule-delete = Delete
schedule-delete-title = Delete this schedule?
schedule-delete-hint = It makes nothing any more. What it made stays, with its trail.
schedule-slot = Slot
schedule-outcome = Outcome
schedule-duration = Took
schedule-task = Made
schedule-runs-empty = It has not run yet.
schedule-by-hand = By hand
schedule-left-out = { $count ->
    [one] { $count } slot before it was left out
   *[other] { $count } slots before it were left out
}
schedule-median = Half of them take { $took } at the most.
schedule-back = All schedules
schedule-seconds = { $seconds } s
schedule-minutes = { $minutes } min
schedule-hours-minutes = { $hours } h { $minutes } min
schedule-days-hours = { $days } d { $hours } h

run-open = Under way
run-waiting = Waits for the one before
run-done = Completed
run-failed = Failed
run-cancelled = Cancelled
run-skipped = Left out: the one before was open
run-missed = { $count ->
    [one] Left out: Milepost was down
   *[other] { $count } slots left out: Milepost was down
}
run-refused = Not made

# what is wrong
alarm-failing = { $count } runs failed in a row.
alarm-missed = { $count ->
    [one] { $count } slot passed while Milepost was down, and nothing has run since.
   *[other] { $count } slots passed while Milepost was down, and nothing has run since.
}
alarm-late = Its time came, and nothing happened: Milepost's log says why.
alarm-not-begun = What it made has waited for { $count } min, and nobody began it.
alarm-slow = The last run took { $took }; half of them take { $median } at the most.

schedule-made = “{ $title }” is scheduled.
schedule-saved = “{ $title }” is saved.
schedule-deleted = “{ $title }” is deleted.
schedule-is-paused = “{ $title }” is paused.
schedule-is-resumed = “{ $title }” goes on.
schedule-is-run = “{ $title }” was started.
schedule-is-queued = “{ $title }” waits for the run that is open.

refused-schedule-maker = Whoever made this schedule is no admin here any more. Save it to make it yours.
refused-schedule-assignee = Whoever is to do it is no member here any more. Edit the schedule to choose somebody else.
refused-schedule-project = Its project is archived or gone. Edit the schedule to choose another one.
refused-schedule-other = What it is to make is not taken any more. Edit the schedule and save it: it says why.
refused-schedule-open = An earlier run is still open, and this schedule does not run beside itself.
refused-schedule-kind = This schedule came with its kind of job. Its time and its rules can be changed, its kind cannot.
refused-schedule-version = Somebody saved this schedule after you opened it, so nothing was changed. Beside each field that differs stands what it is now; save again to put yours there.
schedule-is-now = Now it is: { $value }
schedule-is-set = ticked
schedule-is-not-set = not ticked
schedule-is-blank = blank
refused-schedules-full = There are { $limit } schedules already. Delete one first.

error-due-after = Write days from 0 to { $days }, such as 2d, or hours, such as 6h.
error-cron = This is no expression.
error-cron-parts = Five parts are needed (minute, hour, day, month, weekday), or six with seconds first; here are { $count }.
error-cron-name = { $name } is none of the names: @hourly, @daily, @weekly, @monthly, @yearly.
error-cron-never = That never comes.
error-cron-second = { $value } is not understood as seconds, the first of six parts: 0 to 59, lists (0,30), ranges (0-10), steps (*/10).
error-cron-minute = { $value } is not understood as minutes: 0 to 59, lists (0,30), ranges (0-10), steps (*/15).
error-cron-hour = { $value } is not understood as hours: 0 to 23, lists (9,17), ranges (9-17), steps (*/2).
error-cron-day = { $value } is not understood as days of the month: 1 to 31, L for the last.
error-cron-month = { $value } is not understood as months: 1 to 12, or JAN to DEC.
error-cron-weekday = { $value } is not understood as weekdays: 0 to 7 (0 and 7 are Sunday), or SUN to SAT; MON#1 is the first Monday.
error-json-object = Write a JSON object, such as {"{"}"list": "spring"{"}"}.
error-due-number = Write a whole number.
error-schedule-what = Say what is to be made: either a job or an assignment.

# an expression in words
cron-unsaid = By the expression { $cron }
cron-every-second = every second
cron-every-seconds = every { $count } seconds
cron-every-minute = every minute
cron-every-minutes = every { $count } minutes
cron-every-hour = every hour, on the hour
cron-hourly = every hour
cron-every-hour-at = every hour at { $minutes }
cron-every-hours = every { $count } hours at { $minutes }
cron-from-to = { $what } from { $from } to { $to }
cron-at = at { $times }
cron-every-day = every day
cron-weekdays = { $first } to { $last }
cron-on-weekdays = on { $days }
cron-nth-weekday = on the { $place } { $weekday } of the month
cron-last-weekday = on the last { $weekday } of the month
cron-on-day = on day { $day } of the month
cron-on-days = on days { $days } of the month
cron-on-date = on { $day } { $month }
cron-last-day = on the last day of the month
cron-last-working-day = on the last weekday (Monday to Friday) of the month
cron-nearest-working-day = on the weekday (Monday to Friday) nearest to day { $day } of the month
cron-or = { $one } or { $other }
cron-in-months = in { $months }
cron-months = { $first } to { $last }
cron-and = { $first } and { $last }
cron-and-number = { $first } and { $last }
cron-place-1 = first
cron-place-2 = second
cron-place-3 = third
cron-place-4 = fourth
cron-place-5 = fifth
cron-weekday-0 = Sunday
cron-weekday-1 = Monday
cron-weekday-2 = Tuesday
cron-weekday-3 = Wednesday
cron-weekday-4 = Thursday
cron-weekday-5 = Friday
cron-weekday-6 = Saturday
cron-month-1 = January
cron-month-2 = February
cron-month-3 = March
cron-month-4 = April
cron-month-5 = May
cron-month-6 = June
cron-month-7 = July
cron-month-8 = August
cron-month-9 = September
cron-month-10 = October
cron-month-11 = November
cron-month-12 = December
