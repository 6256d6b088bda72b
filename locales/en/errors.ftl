# Refusals and error pages.

error-title-sign-in = Please sign in
error-title-forbidden = You may not do that
error-title-not-found = Nothing is here
error-title-conflict = That does not fit any more
error-title-too-large = That is too much at once
error-title-invalid = Something in the form is not right
error-title-too-many = Too many tries
error-title-refused = That did not work
error-title-internal = Something went wrong here
error-home = To the start
error-reference = If you ask for help, give this reference: { $reference }

error-sign-in-needed = You are not signed in, or no longer. Nothing was changed.
error-not-found = There is no such page, or it is not one that you may see.
error-admins-only = Only admins of this organisation can do that.
error-owners-only = Only owners of this organisation can do that.
error-cross-site = The form came from another site, so nothing was done. If you meant it, open Milepost itself and try again.
error-other-account = Somebody else is signed in here now, or another organisation is open. Open the page again.
error-bad-request = Milepost could not read this address.
error-method = This address does not answer that way. Nothing was changed.
error-too-large = At most { $limit } KB can be sent at once. Nothing was changed.
error-not-a-form = Milepost expected a form here. Nothing was changed.
error-not-utf8 = The form had text in it that is not valid UTF-8. Nothing was changed.
error-timeout = This took too long and was stopped. Please try again in a moment.
error-internal = It is not your doing, and it is in the log. Please try again in a moment.
error-throttled = { $count ->
    [one] Too many tries. Please wait a minute, then try again.
   *[other] Too many tries. Please wait { $count } minutes, then try again.
}

error-too-many-requests = { $count ->
    [one] This token made too many requests. Try again in a second.
   *[other] This token made too many requests. Try again in { $count } seconds.
}
error-token-needed = Show a token, in a header Authorization: Bearer and the token.
error-token-wrong = This token does not work. It is unknown, revoked or expired, or whoever it acts for is no member any more.
error-scope = This token may not do that: it needs the scope { $scope }.
error-fields = Some of what was sent is not right. Nothing was changed.

error-required = Please fill this in.
error-too-long = At most { $limit } characters.
error-too-many = At most { $limit } at once.
error-control-characters = Please use plain text, without control characters.
error-choice = Please choose one of the options.
error-email = This is not an e-mail address.
error-email-taken = Somebody has just made an account with this address. Reload this page to join with it.
error-zone = { $name } is not a time zone. Examples: Europe/Berlin, Asia/Jerusalem, UTC.
error-password-short = At least { $limit } characters.
error-password-wrong = That is not the password.
error-sign-in = E-mail and password do not fit together.
error-already-set-up = This Milepost is set up already. Please sign in.
error-already-member = This person is a member already.
error-role-above-own = Only an owner can do that.
error-last-owner = This is the only owner left. Make somebody else an owner first.
error-reset-elsewhere = This person belongs to another organisation too, so you cannot set their password.
error-no-scope = Choose at least one thing that it may do.
error-too-many-tokens = There are { $limit } tokens already. Revoke one that is no longer used.
error-expiry = Write a date such as 2027-01-31, or leave it empty.
error-expiry-past = This is over already. Choose a later date.
error-unknown-member = There is no such member.
error-unknown-project = There is no such project, or it is archived.
error-project-exists = There is a project of this name already.
error-percent = Write a number from 0 to 100.
error-date = Write a date such as 2026-11-22, or a date and time such as 2026-11-22 14:30.
error-date-gap = On { $date } the clocks skip { $time }. Please choose another time.
error-changed-meanwhile = Somebody else changed this meanwhile. Compare, then save again.
error-not-your-task = This task is assigned to somebody else.

refused-cancelled = This task has ended. Reopen it first, then report progress.
refused-cancel-ended = This task has ended already, so there is nothing to cancel.
refused-reopen-open = This task is open already.
refused-undo-kind = Only progress and changes of status can be undone.
refused-undo-moved = The task has changed since, so that can no longer be undone.
error-streams-user = You have too many live pages and connections open. Close some, then try again.
error-streams-organisation = Your organisation has too many live connections open. Try again in a while.
error-streams-server = The server has no room for more live connections. Try again in a while.

error-count = A count is a whole number from 0 to { $limit }.
error-processed-sum = processed ({ $processed }) is not the sum of succeeded ({ $succeeded }), failed ({ $failed }) and skipped ({ $skipped }).
error-lease = A lease lasts from { $from } to { $to } seconds.
error-attempt-needed = Say which attempt this is: the claim answered its number.
error-unknown-task = There is no such task.
error-parent-no-job = Only a job has children, and only jobs are children.
error-number-range = Write a whole number from { $from } to { $to }.
error-bytes = At most { $limit } bytes.
error-backoff = Write exponential, or a list of up to { $limit } pauses in seconds, each at most a week.
error-stages = Each stage has a name of its own and a weight from 0 to 1,000,000.
error-stage-place = A stage has a name; its index and of are whole numbers from 1, and the index is not beyond of.
error-counts-assignment = The progress of an assignment is a percent, given by a person: counts and stages are a job's.
refused-no-job = This is an assignment, not a job.
refused-by-hand-job = A job is moved by its program. It can be cancelled, or run again.
refused-old-attempt = This is attempt { $attempt }, but the job is at attempt { $now }. Stop: somebody else has it now.
refused-job-ended = This job has ended ({ $status }). It can be run again.
refused-not-claimed = Nobody has claimed this job. Claim it first.
refused-parent-ended = The parent has ended, or is being cancelled: it takes no more children.
refused-retry-open = This job has not ended ({ $status }), so it cannot be run again yet.
refused-retry-undone = Its changes are being undone just now: let that end or cancel it, then run it again.
refused-retry-parent = Run its children again: a parent follows them.
refused-retry-no-items = No item of this job failed, so there is nothing to repeat.
refused-external-id = Task { $id } has this external id already.
refused-unique-key = Task { $id } is open and has this unique key.
refused-unique-key-unseen = Another open task has this unique key.
refused-delete-open = Only what has ended can be deleted; this is { $status }. Cancel it first.
refused-delete-parent = This task has children. Delete them first.
error-item-key = Item { $number }: a key is one line of at most { $limit } characters.
error-items-a-call = One call may have at most { $limit } items in all its reports together. Send them in several.
error-items-full = At most { $limit } items of one job are kept. Report counts instead, and items only for what failed.
error-artifact-name = A file's name is one line of at most { $limit } characters, without slashes.
error-artifact-size = A file may have at most { $limit } MB.
error-artifacts-size = The files of one job may have at most { $limit } MB together.
error-too-many-artifacts = At most { $limit } files of one job are kept.
refused-edit-running = This job runs or has ended: its time and its place in the queue no longer matter.
refused-delete-awaited = Open tasks wait for this one to be done. Run it again, or cancel them first.
refused-run-by-milepost = Milepost itself runs this job, so only Milepost says how it goes. You can cancel it, or run it again.
error-kind-built-in = Jobs of the kind { $kind } are run by Milepost itself. Leave it out of the kinds.
error-after-parent = A child cannot wait for its own parent: the parent ends when its children have.
error-parent-depth = At most { $limit } parents above one another.
