# The frame around every page, and words that many pages share.

month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

count-open-tasks = { $count ->
    [0] no open tasks
    [one] { $count } open task
   *[other] { $count } open tasks
}
