# The kinds of job that come with Milepost: what they are called, what they do, what their forms ask.

jobs-new = Start a job
jobs-new-lead = What Milepost runs for you. Each shows its progress here, can be cancelled, and says what became of it.
jobs-new-none = There is nothing here for you to start
jobs-new-none-hint = The jobs that come with Milepost are started by admins. Your own programs show their progress here as well.
jobs-start = Start
jobs-back = Back
done-started = “{ $title }” is in its queue.
job-creator-gone = Whoever started this job, or ran it again, may not do what it does any more, so it was stopped.

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

# work from a file
kind-import-tasks = Import tasks
kind-import-tasks-about = Brings work in from a spreadsheet: CSV or XLSX, up to 200,000 rows. Shows first what would happen; what cannot be read comes back as a file to mend.
upload-title = Upload { $name }
import-title = Import { $name }
import-title-trial = Dry run: { $name }
import-lead = A row of your file becomes a task. First you see what is in it and say what each column is; nothing is saved until you say so.
import-file = File
import-file-hint = { $count ->
    [one] CSV or XLSX, up to { $count } MB. Choose it, or drop it here.
   *[other] CSV or XLSX, up to { $count } MB. Choose it, or drop it here.
}
import-next = Show what is in it
import-help = What columns can be
import-columns-lead = These are its first rows. Say what each column is, then try it or import it.
import-read-as = Read as
import-encoding = Encoding
import-delimiter = Columns are separated by
import-tab = Tab
import-sheet = Sheet
import-dates = Dates such as 03/04/2026
import-day-first = Day first: 3 April
import-month-first = Month first: 4 March
import-assignee = Who gets rows that name nobody
import-assignee-none = Nobody: such rows are refused
import-header = The first row names the columns
import-again = Read again
import-columns = Columns
import-columns-hint = An empty cell changes nothing. A row whose external id is known already updates that task; the others become new tasks.
import-dry-run = Dry run: say what would happen, and save nothing
import-try = Dry run
import-start = Import
import-other-file = Another file
import-column = Column { $count }
import-column-twice = Another column is this already.
import-no-title = Say which column is the title.
import-no-rows = There are no rows in it.
import-empty-file = This file is empty.
import-reason = Why it was not imported
import-line = line { $count }
job-start-again = Once more, with changes

column-none = (leave out)
column-title = Title
column-title-about = Needed in every row.
column-assignee = Assignee
column-assignee-about = A member's e-mail address or name.
column-project = Project
column-project-about = The name of a project that there is.
column-due = Due
column-due-about = A date such as 2026-11-22 or 22.11.2026, with a time if you like.
column-priority = Priority
column-priority-about = Low, medium, high or urgent.
column-status = Status
column-status-about = Open, in progress, done or cancelled, or a percent.
column-percent = Percent
column-percent-about = A number from 0 to 100.
column-estimate = Estimate
column-estimate-about = Minutes, or such as 1h 30m.
column-description = Description
column-description-about = Markdown, over several lines if you like.
column-external-id = External id
column-external-id-about = A name of your own. A second import updates the task that has it.

import-status = This is no status. Write open, in progress, done, cancelled, or a percent.
import-priority = This is no priority. Write low, medium, high or urgent.
import-garbled = This cannot be read in this encoding.
import-no-assignee = It says for nobody to do it.
import-unknown-person = “{ $name }” is no active member.
import-several-people = Several members are called “{ $name }”. Write the e-mail address.
import-unknown-project = There is no project “{ $name }”.
import-several-projects = Several projects are called “{ $name }”.
import-twin = Line { $line } has the same external id.
import-is-job = Task { $id }, a job, has this external id.
import-unknown-target = Columns cannot become “{ $name }”. They can become: { $known }.
import-unknown-column = There is no column { $name }.
import-told-rows = { $count ->
    [one] { $count } row
   *[other] { $count } rows
}
import-told-new = new
import-told-updated = updated
import-told-skipped = skipped, as they were so already
import-told-failed = failed
import-told-quality = quality of the file (of 100), made of
import-told-valid = rows that can be saved
import-told-complete = cells that are filled
import-told-distinct = rows unlike every other

sheet-too-many-rows = At most { $limit } rows can be imported at once. Split the file.
sheet-unreadable = This file cannot be read: { $why }.
sheet-unknown-encoding = “{ $name }” is no encoding that Milepost knows. Examples: utf-8, utf-16le, windows-1252.
sheet-delimiter = A delimiter is one sign, such as a comma, a semicolon or a tab.
sheet-long-row = The row that begins on line { $line } is longer than 1 MB. Is there a quotation mark that nothing closes?
sheet-unknown-sheet = There is no sheet “{ $name }”. There are: { $known }.
sheet-no-sheet = This workbook has no sheet with a table.
sheet-no-workbook = This is no XLSX workbook, or a broken one.
archive-many-parts = This file is an archive of more parts than Milepost looks through.
sheet-too-large = This workbook unpacks to more than Milepost takes. Save it as CSV.
sheet-old-excel = This is a workbook of the old kind (.xls). Save it as .xlsx or CSV.
sheet-broken = This file is broken in a way that cannot be read over.
job-file-gone = The file “{ $name }” is not there any more, or not for you to see.
