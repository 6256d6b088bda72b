# Jobs: their list, one job, what is done to many at once.

nav-jobs = עבודות מחשב

status-scheduled = מתוזמנת
status-blocked = חסומה
status-stalled = תקועה
status-lost = אבדה
status-ended = הסתיימו

# one job
job-counts = { $processed } מתוך { $total }
job-counts-open = { $processed } עד כה, הסך הכול לא ידוע
job-failed = { $count } נכשלו
job-skipped = { $count } דולגו
job-stage-place = ({ $index } מתוך { $of })
job-waits = { $count ->
    [one] ממתינה למשימה אחת ({ $count })
   *[other] ממתינה ל־{ $count } משימות
}
job-eta = צפי
job-no-eta = אין עדיין הערכה
job-attempt = ניסיון { $attempt } מתוך { $most }
job-attempt-number = מס׳
job-actions = פעולות
job-cancel = ביטול
job-cancel-title = ביטול העבודה
job-cancel-hint = היא ממתינה בתור, ולכן תסתיים מיד.
job-cancel-running-hint = מי שמריץ אותה יקבל הודעה בדיווח הבא שלו, ויהיה לו זמן לסיים כראוי.
job-retry = ניסיון נוסף
job-retry-failed = ניסיון נוסף לפריטים שנכשלו
job-dismiss = הסרה
job-dismiss-title = להסיר את העבודה?
job-dismiss-hint = היא תוסר מכל הרשימות, עם הפלט, הפריטים והקבצים שלה. היומן שלה נשאר.
job-open = פתיחה
job-again = העבודה הסתיימה
job-log = פלט
job-log-follow = מעקב
job-log-raw = הורדה
job-log-empty = עדיין לא נכתב דבר.
job-log-none = לא נכתב דבר.
job-log-cut = { $count ->
    [one] השורה האחרונה ({ $count }). בקובץ להורדה נמצא הכול.
   *[other] { $count } השורות האחרונות. בקובץ להורדה נמצא הכול.
}
job-errors = שגיאות לפי הודעה
job-errors-csv = הפריטים שנכשלו (CSV)
job-errors-more = יש הודעות נוספות. בקובץ ה־CSV נמצא הכול.
job-no-message = ללא הודעה
job-times = { $count } ×
job-attempts = ניסיונות
job-outcome = תוצאה
job-error = שגיאה
job-payload = נתוני קלט
job-result = נתוני פלט
job-files = קבצים
job-children = עבודות בנות
job-children-count = { $ended } מתוך { $total } הסתיימו
job-children-more = עבודות בנות נוספות
job-parent = חלק מתוך
job-unseen = משימה
job-waits-title = ממתינה ל־
job-kind = סוג
job-queue = תור
job-queue-priority = עדיפות בתור
job-worker = מריץ
job-heard = נשמעה לאחרונה
job-max-attempts = מספר ניסיונות מרבי
job-timeout = מגבלת זמן
job-run-at = לא לפני
job-unique-key = מפתח ייחודי
job-external-id = מזהה חיצוני
job-labels = תוויות
job-seconds = { $seconds } שנ׳
job-bytes = { $bytes } בתים
job-kilobytes = { $kilobytes } ק״ב
job-megabytes = { $megabytes } מ״ב

# the cancel chain
job-cancel-chain = ביטול
cancel-requested = התבקש ביטול
cancel-acknowledged = הבקשה לביטול התקבלה
cancel-awaited = המריץ עדיין לא ענה
cancel-ending = המריץ מסיים
cancel-ended = בוטלה
cancel-too-late = הסתיימה לפני שהביטול הגיע אליה
cancel-failed = נכשלה אחרי הבקשה

outcome-done = הושלם
outcome-failed = נכשל
outcome-cancelled = בוטל
outcome-lost = אבד
outcome-running = רץ

# the list
jobs-counts = עבודות לפי מצבן
jobs-kind = סוג
jobs-queue = תור
jobs-category = קטגוריה
jobs-ended-lately = הסתיימו לאחרונה
jobs-all-of-these = כל אלה
jobs-none = אין עדיין עבודות מחשב
jobs-none-hint = כל תוכנה יכולה להציג כאן את התקדמותה. יוצרים אסימון, ומוסיפים זאת לפני פקודה:
jobs-none-token = יצירת אסימון
jobs-empty = אין עבודה שמתאימה למסננים האלה
jobs-none-here = לא נמצא דבר בין החדשות
jobs-none-here-hint = נבדקו עבודות רבות. העמוד הבא ממשיך לחפש.
jobs-cancel-all = ביטול כולן
jobs-retry-all = ניסיון נוסף לכולן
jobs-dismiss-all = הסרת כולן
jobs-lanes = תורים וסוגים
jobs-lanes-hint = כשתור או סוג מושהים, לא מתחילות בהם עבודות נוספות; אלה שרצות ממשיכות. מגבלה קובעת כמה רצות בו בזמן.
jobs-queues = תור
jobs-kinds = סוג
jobs-at-once = בו בזמן
jobs-no-limit = ללא מגבלה
jobs-paused = מושהה
jobs-pause = השהיה
jobs-resume = המשך

# many at once
bulk-cancel = ביטול { $count } עבודות
bulk-retry = ניסיון נוסף ל־{ $count } עבודות
bulk-dismiss = הסרת { $count } עבודות
bulk-lead = { $status }, לפי המסננים, עד עכשיו.
bulk-cancel-hint = אלה שממתינות יסתיימו מיד; מי שמריץ את האחרות יקבל הודעה.
bulk-retry-hint = כל אחת חוזרת לתור שלה לניסיון נוסף.
bulk-dismiss-hint = הן יוסרו מכל הרשימות, עם הפלט, הפריטים והקבצים שלהן. היומנים שלהן נשארים. אי אפשר לבטל זאת.
bulk-none = לא נותר מה לעשות
bulk-none-hint = אף אחת מאלה כבר לא נמצאת.
bulk-done = בוצע עבור { $done }.
bulk-done-refused = בוצע עבור { $done }, סורב עבור { $refused }.
bulk-begun = זה התחיל. העמוד הזה מראה כמה כבר בוצע.

# said on the next page
done-cancel-requested = ”{ $title }“ התבקשה לעצור.
done-retried = ”{ $title }“ חזרה לתור.
done-dismissed = ”{ $title }“ הוסרה.
done-limit = נשמר: ”{ $name }“.
done-paused = ”{ $name }“ בהשהיה.
done-resumed = ”{ $name }“ ממשיך.
