# Where work comes from besides people: others' servers that are asked, files of other trackers, feeds.

outbound-no-address = “{ $address }” is no address that begins with http:// or https://.
outbound-private = { $host } is, or leads to, a private address, and those are not asked. Whoever runs this Milepost can allow it (--allow-private-addresses).
outbound-unreached = { $host } was not reached: { $why }.
outbound-unconnected = There is no connection to { $host }: { $why }.
outbound-late = { $host } did not answer within { $seconds } seconds.
outbound-broken = The answer of { $host } broke off: { $why }.
outbound-too-large = The answer of { $host } is larger than { $limit } KB.
outbound-redirects = { $host } leads on, and that more than { $limit } times.
outbound-no-client = Nothing can be asked from this machine: { $why }.

# other trackers
kind-import-tracker = Import from another tracker
kind-import-tracker-about = Brings in what Vikunja, Trello, Kanboard or Todoist exported: tasks, comments, dates, labels, projects. Says what it leaves out.
tracker-vikunja = Vikunja
tracker-vikunja-about = Settings › Export your data: the archive that it makes, or the data.json in it (version 0.21 and later).
tracker-trello = Trello
tracker-trello-about = In a board's menu: Print, export, and share › Export as JSON. Has the last thousand actions, so older comments are not in it.
tracker-kanboard = Kanboard
tracker-kanboard-about = A project's Export › Tasks (CSV), or answers of its API as JSON: getAllTasks, and beside it getAllUsers, getAllProjects, getColumns, getAllComments and getAllSubtasks.
tracker-todoist = Todoist
tracker-todoist-about = In a project's menu: Export as CSV, with relative dates off. The file is named like the project; done tasks are not in it.
tracker-lead = Bring the file that the other tracker exported. First you see what is in it; nothing is saved until you say so.
tracker-file-hint = { $count ->
    [one] JSON, CSV or ZIP, up to { $count } MB. Choose it, or drop it here.
   *[other] JSON, CSV or ZIP, up to { $count } MB. Choose it, or drop it here.
}
tracker-help = How to get the file
tracker-tracker = Tracker
tracker-found-out = As the file shows
tracker-projects = Projects
tracker-projects-make = As they are called there; new ones are made
tracker-projects-match = As they are called there; no new ones
tracker-projects-none = None
tracker-project = All into one project
tracker-project-none = No
tracker-assignee = Who gets what belongs to no member
tracker-assignee-none = Nobody: such tasks are refused
tracker-dates-hint = Only for files that say it neither way.
tracker-archived = Archived tasks, too
tracker-archived-hint = Archived cards, and projects that are archived there.
tracker-found = In this file
tracker-list = List
tracker-hint = People are known by their e-mail address where the file has it, else by their name. A task that came from there before is brought up to date.
tracker-left = Left out, as there is no place for it here
tracker-left-count = How many
tracker-left-of-task = Left out: { $what }
tracker-told-tasks = { $count ->
    [one] { $count } task
   *[other] { $count } tasks
}
tracker-unknown = This is no export that Milepost knows. It reads those of Vikunja, Trello, Kanboard and Todoist.
tracker-other-form = This is no export of that tracker, or of another version.
tracker-broken = This file is not as its tracker writes it: line { $line }, column { $column }. Is it whole?
tracker-archive = There is no data.json in this archive that could be read.
tracker-empty = There are no tasks in this file.
tracker-too-large = This file has more than Milepost reads of an export: { $limit } MB, unpacked.
tracker-too-many = At most { $limit } tasks can be imported at once. Export fewer projects.
tracker-many-projects = This file has more than { $limit } projects that are not here. Choose one project for all of it.

left-archived = archived tasks
left-twins = tasks that are twice in the file
left-unknown-people = people who are no members
left-further-people = further people of one task
left-projects = projects of tasks
left-unread-dates = dates that cannot be read
left-start-dates = start dates
left-reminders = reminders
left-recurrence = recurrence
left-attachments = attachments
left-relations = links to other tasks
left-subtasks = places below another task
left-time-spent = time spent
left-custom-fields = fields of their own
left-labels = labels beyond the twentieth
left-texts = ends of texts that are too long
left-notes = descriptions of projects

# feeds
kind-sync-feed = Keep in step with a feed
kind-sync-feed-about = Asks an address for a table (CSV) or a calendar (ICS) and keeps tasks in step with it: what is new, changed, gone or back there. When the address fails, nothing changes.
feed-csv = Table (CSV)
feed-ics = Calendar (ICS)
feed-url = Address
feed-url-hint = Begins with http:// or https://. Whoever may see this job sees the address, and a key in it.
feed-format = What it gives
feed-project-hint = The name of the project for what names none.
feed-assignee-hint = A member's e-mail address or name: who gets what names nobody. Left open, it is you.
feed-gone = What is not in the feed any more
feed-gone-cancel = Is cancelled
feed-gone-leave = Stays as it is
feed-gone-note = It is not in the feed any more.
feed-columns-hint = Only for tables, a line each: “title: Summary” or “due: 4”. Left open, columns are taken by their names.
feed-many-gone = Believe it when most of it is gone
feed-many-gone-hint = Otherwise a feed that is suddenly empty, or of which more than half is gone, changes nothing.
feed-broken = What the address gives is a calendar that cannot be read. Nothing was changed.
feed-cut = What the address gives breaks off. Nothing was changed.
feed-empty = The address gives nothing at all. Nothing was changed.
feed-page = The address gives a web page, neither a table nor a calendar. Perhaps one has to sign in there. Nothing was changed.
feed-no-calendar = What the address gives is no calendar. Nothing was changed.
feed-no-table = What the address gives is a calendar, no table. Nothing was changed.
feed-too-many = At most { $limit } entries can be kept in step. Nothing was changed.
feed-status = { $host } answered with status { $status }. Nothing was changed.
feed-many-are-gone = { $gone } of { $known } entries are gone from the feed, which is hardly meant so. Nothing was changed. If it is meant so, start it once with “Believe it when most of it is gone”.
feed-columns = “{ $line }” does not say which column is what. Write it like this: title: Summary
feed-twin = Another entry of the feed has the same id.
feed-waits = Waits until job #{ $id }, which reads the same feed, has ended.
feed-told-unchanged = The feed is as it was.
feed-told-gone = gone from the feed
feed-told-again = of the updated: back again
feed-told-past = left out, as they were over before anybody here heard of them
feed-told-recurring = events that recur, of which the first time alone is taken
