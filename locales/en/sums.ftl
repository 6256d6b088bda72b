# Sums of what happened, for statistics, and the figures of a day.

kind-aggregate = Sum up
kind-aggregate-about = Brings the sums behind the statistics up to date with everything that happened: by day and month, for each person, project and category.
aggregate-rebuild = Make them anew
aggregate-rebuild-hint = Reads everything that ever happened once more. The present sums stay in use until the new ones are whole.
kind-daily-statistics = Daily statistics
kind-daily-statistics-about = The figures of a day for the organisation, each person and each project: what was given out, done, late, and how the jobs went. As a result and as a file.
daily-statistics-date = Day
daily-statistics-date-hint = Left open, it is yesterday.
daily-statistics-future = { $date } has not come yet.
daily-statistics-work = { $date }. Assignments: { $created } made, { $done } done.
daily-statistics-on-time = { $on_time } of { $due } with a due time were on time.
daily-statistics-jobs = Jobs: { $done } completed, { $failed } failed.
