# What is done to all tasks that a filter names, and its undo.

kind-bulk-edit = Change many tasks
kind-bulk-edit-about = Assigns, moves, re-dates, prioritises, cancels or runs again all that fits a filter. First you see what would happen; one task's refusal does not stop the others, and changes can be undone.
kind-bulk-delete = Delete ended tasks
kind-bulk-delete-about = Deletes all that has ended and fits a filter, after it has shown what that is. What is open stays.

bulk-which = Which tasks
bulk-what = What is done to them
bulk-act = Do what
bulk-act-change = Change them
bulk-act-cancel = Cancel them
bulk-act-retry = Run ended jobs again
bulk-act-undo = Undo what a job changed
bulk-act-delete = Delete them
bulk-as-is = As it is
bulk-set-assignee = Assign to
bulk-set-assignee-hint = The number of a person; 0 is nobody.
bulk-set-project = Move to project
bulk-set-project-hint = The number of a project; 0 is none.
bulk-set-due = Due on
bulk-shift-days = Or move due dates by days
bulk-shift-days-hint = 7 is a week later, -1 a day earlier.
bulk-set-priority = Set priority
bulk-of-job = Undo the changes of job
bulk-of-job-hint = The number of a job that changed many tasks.
bulk-standing = Only jobs that are
bulk-standing-hint = As the list of jobs tells them apart.
bulk-outcome = How it ended
bulk-open = Not ended
bulk-overdue-now = Now
bulk-of-job-kind = Only of this kind of job
bulk-of-queue = Only in this queue
bulk-of-category = Only in this category
bulk-until = None newer than task
bulk-until-hint = The number of a task. Without it: none that is made after the job.

bulk-show = Show what would happen
bulk-edit-instead = Change them instead
bulk-delete-instead = Delete them instead
bulk-change-all = Change all of these
bulk-delete-all = Delete all of these
bulk-undo = Undo its changes
bulk-undo-title = Undo: { $title }
bulk-title-change = { $count ->
    [one] Change 1 task
   *[other] Change { $count } tasks
}
bulk-title-cancel = { $count ->
    [one] Cancel 1 task
   *[other] Cancel { $count } tasks
}
bulk-title-retry = { $count ->
    [one] Run 1 job again
   *[other] Run { $count } jobs again
}
bulk-title-undo = { $count ->
    [one] Undo a change of 1 task
   *[other] Undo a change of { $count } tasks
}
bulk-title-delete = { $count ->
    [one] Delete 1 task
   *[other] Delete { $count } tasks
}
bulk-would = It would be done to { $would } of { $judged }.
bulk-would-part = Of the first { $judged }, it would be done to { $would }.
bulk-would-none-yet = None of the first { $looked } fits. There are more, and the job looks at all of them.
bulk-preview = What would happen
bulk-examples = The first of them
bulk-what-changes = What would change
bulk-idle = Nothing would change.
bulk-nothing-fits = No task fits
bulk-nothing-fits-hint = Choose others above.
bulk-change-hint = The trail of each task says what changed. The job's page can undo it.
bulk-cancel-tasks-hint = There is no undo for all of them at once: each can be reopened or run again by itself.
bulk-undo-hint = Each value goes back to what it was, where it is still as that job left it. What somebody changed since stays.
bulk-delete-hint = They go from all lists, with their logs, items and files. Their trails stay. This cannot be undone.

bulk-told = Done: { $done }. Left as they were: { $skipped }. Refused: { $failed }.
bulk-same = It is so already.
bulk-gone = It is not there any more.
bulk-no-due = It has no due date to move.
bulk-undo-gone = The job whose changes were to be undone is not there any more.
bulk-begun-otherwise = The job has begun. When it was shown it was { $then }; by now it is { $now }.
bulk-error-members = What tasks are, admins change. You can cancel jobs of yours, and run your ended ones again.
bulk-undo-running = Job #{ $id } has not ended yet: let it end or cancel it, then undo what it did.
bulk-undo-nothing = There is nothing left to undo
bulk-undo-nothing-hint = What that job changed was undone already, or the tasks are not there any more.
bulk-told-before = { $count ->
    [one] One of them was done by an earlier attempt, and is left as it is now.
   *[other] { $count } of them were done by earlier attempts, and are left as they are now.
}
bulk-retry-part = Of { $failed } that were refused only { $recorded } are recorded one by one, so they cannot be tried again alone. Run the job again as a whole: what it has done is left as it is.
bulk-undo-none = That job changed nothing here that can be undone.
bulk-undo-changed = It was changed again since.
bulk-undo-part = A part of it was changed again since, and stays.

bulk-error-payload = The payload cannot be read: { $why }
bulk-error-nothing = Say what is to change: who does it, its project, its due date or its priority.
bulk-error-both = What is cancelled or run again is not changed at the same time.
bulk-error-due = Give a date, or a number of days, not both.
bulk-error-standing = Say how the jobs are to stand: queue, category and kind of job go with it.
bulk-error-lists = How jobs stand goes with project and search only, not with the filters of the history.
bulk-error-words = A search has at most { $limit } words: the rest would be left out.
bulk-error-all = Say which tasks: a filter, or the newest one that is meant.
bulk-is-a-job = It is a job: who made it and where it belongs stay.
