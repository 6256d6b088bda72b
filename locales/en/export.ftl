# What goes out as a file: the history as a table, and what a search of everything finds.

kind-export-history = Export the history
kind-export-history-about = Writes all that the history shows, as far as you may see it, into a spreadsheet: XLSX or CSV, with numbers, percents and dates as such. The file goes after a week.
export-format = Format
export-xlsx = XLSX
export-csv = CSV
export-descriptions = With descriptions
export-these = Export these
export-kept-until = kept until
export-sheet = History
export-number = Number
export-percent = Percent
export-category = Category
export-labels = Labels
export-estimate = Minutes estimated
export-started = Started
export-creator = Created by
export-external-id = External id
export-description = Description
export-told-rows = { $count ->
    [one] 1 row
   *[other] { $count } rows
}
export-too-large = The file would have more than { $megabytes } MB, the most that a job may keep as one file. Narrow the filter, or leave out the descriptions.

filter-person = Person
filter-person-hint = The number in the address of their page: 7 for /people/7.
filter-project = Project
filter-project-hint = The number in the address of its page: 3 for /projects/3.

kind-search = Search everything
kind-search-about = Looks through titles, descriptions, notes, comments and what jobs logged, as far as you may see it, and writes each place where it finds something into a file. It takes its time: logs are read line by line.
search-for = Search for
search-match = Find
search-by-words = Words, in any order
search-by-text = Exactly this text
search-titles = In titles
search-descriptions = In descriptions
search-notes = In notes
search-comments = In comments
search-logs = In logs of jobs
search-everything = Search everything, logs too
search-nothing = There is no word in it to look for.
search-sheet = Found
search-where = Where
search-when = When
search-excerpt = Excerpt
search-link = Link
search-note = Note
search-comment = Comment
search-told-hits = { $count ->
    [one] Found in 1 place
   *[other] Found in { $count } places
}
search-told-cut = { $count ->
    [one] It stopped at the first one. Narrow the search to find the others.
   *[other] It stopped after { $count }, the most that it keeps. Narrow the search to find the others.
}
