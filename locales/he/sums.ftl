# Sums of what happened, for statistics, and the figures of a day.

kind-aggregate = סיכום
kind-aggregate-about = מעדכן את הסכומים שהסטטיסטיקה נשענת עליהם לפי כל מה שקרה: לפי יום וחודש, לכל אדם, פרויקט וקטגוריה.
aggregate-rebuild = לחשב מחדש
aggregate-rebuild-hint = קורא שוב את כל מה שקרה אי פעם. הסכומים הקיימים נשארים בשימוש עד שהחדשים שלמים.
kind-daily-statistics = סטטיסטיקה יומית
kind-daily-statistics-about = הנתונים של יום אחד לארגון, לכל אדם ולכל פרויקט: מה הוטל, מה הושלם, מה איחר, ואיך רצו העבודות. כתוצאה וכקובץ.
daily-statistics-date = יום
daily-statistics-date-hint = אם נשאר ריק, זה אתמול.
daily-statistics-future = { $date } עוד לא הגיע.
daily-statistics-work = { $date }. משימות: נוצרו { $created }, הושלמו { $done }.
daily-statistics-on-time = { $on_time } מתוך { $due } עם מועד הושלמו בזמן.
daily-statistics-jobs = עבודות: { $done } הושלמו, { $failed } נכשלו.
