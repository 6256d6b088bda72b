# Tasks: my tasks, assign, monitor, task, history.

status-pending = Pending
status-queued = Queued
status-in-progress = In progress
status-running = Running
status-done = Done
status-completed = Completed
status-failed = Failed
status-cancelled = Cancelled

priority-low = Low
priority-medium = Medium
priority-high = High
priority-urgent = Urgent

kind-assignment = Assignment
kind-job = Job


change-created = Created
change-assigned = Assigned
change-progress = Progress
change-completed = Completed
change-reopened = Reopened
change-cancelled = Cancelled
change-undone = Undone
change-title = Title
change-description = Description
change-due = Due
change-priority = Priority
change-project = Project
change-estimate = Estimate
change-comment = Comment
change-category = Category
change-labels = Labels
change-run-at = Scheduled
change-queue-priority = Priority in the queue
change-claimed = Started
change-stage = Stage
change-lower-report = Lower report, kept as a note
change-failed = Failed
change-attempt-failed = Attempt failed
change-lost = Lost
change-stalled = Stalled
change-cancel-requested = Cancel requested
change-cancel-acknowledged = Cancel acknowledged
change-retried = Retried
change-deleted = Deleted

estimate-hours = { $hours } h
estimate-minutes = { $minutes } min

# one task
task-progress = Progress
task-overdue = Overdue
task-note = Note
task-note-optional = Note (optional)
task-note-save = Note
task-finish = Done
task-reopen = Reopen
task-undo = Undo
task-nobody = Nobody
task-none = None
task-report = Report progress
task-report-send = Report
task-percent = Percent
task-slider = Percent, as a slider
task-presence = You are now
task-presence-unsaid = Not said
task-complete = Complete
task-cancel = Cancel this task
task-cancel-why = Why it is cancelled (optional)
task-cancel-do = Cancel the task
task-ended = This task has ended. Reopen it to report progress.
task-reopen-why = Why it is reopened (optional)
task-edit = Edit
task-edit-save = Save changes
task-facts = Details
task-assignee = Assignee
task-creator = Created by
task-created-at = Created
task-started-at = Started
task-finished-at = Ended
task-estimate = Estimate
task-project = Project
task-priority = Priority
task-title = Title
task-description = Description
task-description-hint = Markdown may be used.
task-trail = Trail
task-trail-older = Older entries
task-trail-newest = Newest entries
task-comment = Add a comment
task-comment-send = Comment
task-text-before = The text before
task-via-api = by a program
task-not-yours = You see this task because it belongs to one of your projects. Only its assignee and admins move it.

# what was done, said on the next page
done-reported = “{ $title }” stands at { $percent } %.
done-completed = “{ $title }” is done.
done-reopened = “{ $title }” is open again.
done-cancelled = “{ $title }” is cancelled.
done-undone = Undone: “{ $title }” stands at { $percent } % again.
done-commented = Your comment is in the trail.
done-edited = Your changes are saved.
done-unchanged = Nothing was changed.
done-meanwhile = Meanwhile, by others: { $changes }.
done-assigned = { $count ->
    [one] { $count } task is assigned.
   *[other] { $count } tasks are assigned.
}

# my tasks
mine-overdue = Overdue
mine-today = Today
mine-later = Later
mine-no-date = No date
mine-done = Done lately
mine-more = All my tasks in the history
mine-empty = Nothing is waiting for you
mine-empty-hint = New work appears here by itself, as soon as somebody assigns it to you.
live-updated = Updated

# monitor
monitor-updates = Last five updates
monitor-total = Total
monitor-filter = Filter
monitor-clear = Clear
monitor-search = Search
monitor-any = Any
monitor-overdue-only = Overdue only
monitor-pause = Pause
monitor-resume = Resume
monitor-show = Show
monitor-task = Task
monitor-status = Status
monitor-person = Person
monitor-project = Project
monitor-priority = Priority
monitor-due = Due
monitor-counts = Tasks by status
monitor-filters = Filters
monitor-next = Next page
monitor-first = First page
monitor-empty = No task fits these filters
monitor-empty-hint = Clear a filter to see more.
monitor-none = There are no tasks yet
monitor-none-hint = Assign the first one, and it appears here, moving as its assignee works.
monitor-none-member = Tasks of yours and of your projects appear here, moving as people work.

# assign
assign-lead = Only a title and a person are needed. Paste several lines to create several tasks.
assign-title = Title
assign-title-hint = One line is one task.
assign-person = Assign to
assign-choose = Choose a person
assign-due = Due
assign-due-hint = A date; the time is optional.
assign-time = Time
assign-more = Project, priority, description, estimate
assign-no-project = No project
assign-estimate-hint = For example 45m, 2h or 1h 30m.
assign-send = Assign
assign-invite = Invite people

# history
history-lead = Every task, ended and open, newest first.
history-search = Search in titles and descriptions
history-kind = Kind
history-from = Created from
history-to = Created until
history-created = Created
history-ended = Ended
history-older = Older
history-newest = Newest
history-empty = Nothing fits these filters
history-empty-hint = Widen the dates, or clear the search.
history-table = Tasks found

error-estimate = Write a time such as 45m, 2h or 1h 30m.
