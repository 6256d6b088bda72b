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
