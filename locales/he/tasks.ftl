# Tasks: my tasks, assign, monitor, task, history.

status-pending = ממתינה
status-queued = בתור
status-in-progress = בעבודה
status-running = רצה
status-done = בוצעה
status-completed = הושלמה
status-failed = נכשלה
status-cancelled = בוטלה

priority-low = נמוכה
priority-medium = רגילה
priority-high = גבוהה
priority-urgent = דחופה

kind-assignment = הקצאה
kind-job = עבודת מחשב


change-created = נוצרה
change-assigned = הוקצתה
change-progress = התקדמות
change-completed = הושלמה
change-reopened = נפתחה מחדש
change-cancelled = בוטלה
change-undone = בוטל הדיווח
change-title = כותרת
change-description = תיאור
change-due = מועד יעד
change-priority = עדיפות
change-project = פרויקט
change-estimate = הערכת זמן
change-comment = תגובה
change-category = קטגוריה
change-labels = תוויות
change-run-at = תוזמן
change-queue-priority = עדיפות בתור
change-claimed = התחיל
change-stage = שלב
change-lower-report = דיווח נמוך יותר, נשמר כהערה
change-failed = נכשל
change-attempt-failed = הניסיון נכשל
change-lost = אבד
change-stalled = נתקע
change-cancel-requested = התבקש ביטול
change-cancel-acknowledged = הביטול אושר
change-retried = הורץ שוב
change-deleted = נמחק

estimate-hours = { $hours } שע׳
estimate-minutes = { $minutes } דק׳

# משימה אחת
task-progress = התקדמות
task-overdue = באיחור
task-note = הערה
task-note-optional = הערה (לא חובה)
task-note-save = הערה
task-finish = בוצע
task-reopen = פתיחה מחדש
task-undo = ביטול הפעולה
task-nobody = אף אחד
task-none = ללא
task-report = דיווח התקדמות
task-report-send = דיווח
task-percent = אחוז
task-slider = אחוז, בסרגל
task-presence = מצבך כעת
task-presence-unsaid = לא צוין
task-complete = השלמה
task-cancel = ביטול המשימה
task-cancel-why = סיבת הביטול (לא חובה)
task-cancel-do = לבטל את המשימה
task-ended = המשימה הסתיימה. כדי לדווח התקדמות יש לפתוח אותה מחדש.
task-reopen-why = סיבת הפתיחה מחדש (לא חובה)
task-edit = עריכה
task-edit-save = שמירת השינויים
task-facts = פרטים
task-assignee = באחריות
task-creator = נוצרה על ידי
task-created-at = נוצרה
task-started-at = התחילה
task-finished-at = הסתיימה
task-estimate = הערכת זמן
task-project = פרויקט
task-priority = עדיפות
task-title = כותרת
task-description = תיאור
task-description-hint = אפשר להשתמש ב־Markdown.
task-trail = יומן
task-trail-older = רשומות ישנות יותר
task-trail-newest = הרשומות האחרונות
task-comment = הוספת תגובה
task-comment-send = תגובה
task-text-before = הנוסח הקודם
task-via-api = על ידי תוכנה
task-not-yours = המשימה מוצגת כי היא שייכת לאחד הפרויקטים שלך. רק האחראי למשימה ומנהלים מקדמים אותה.

# מה שנעשה, נאמר בעמוד הבא
done-reported = ”{ $title }“ עומדת על { $percent }%.
done-completed = ”{ $title }“ בוצעה.
done-reopened = ”{ $title }“ פתוחה שוב.
done-cancelled = ”{ $title }“ בוטלה.
done-undone = הפעולה בוטלה: ”{ $title }“ עומדת שוב על { $percent }%.
done-commented = התגובה נוספה ליומן.
done-edited = השינויים נשמרו.
done-unchanged = דבר לא השתנה.
done-meanwhile = בינתיים, מאחרים: { $changes }.
done-assigned = { $count ->
    [one] הוקצתה משימה אחת.
    [two] הוקצו שתי משימות.
   *[other] הוקצו { $count } משימות.
}

# המשימות שלי
mine-overdue = באיחור
mine-today = היום
mine-later = בהמשך
mine-no-date = ללא מועד
mine-done = בוצעו לאחרונה
mine-more = כל המשימות שלי בהיסטוריה
mine-empty = אין משימות ממתינות
mine-empty-hint = עבודה חדשה תופיע כאן מעצמה, ברגע שתוקצה לך.
live-updated = עודכן

# לוח מעקב
monitor-updates = חמשת העדכונים האחרונים
monitor-total = סך הכול
monitor-filter = סינון
monitor-clear = ניקוי
monitor-search = חיפוש
monitor-any = הכול
monitor-overdue-only = באיחור בלבד
monitor-pause = השהיה
monitor-resume = המשך
monitor-show = הצגה
monitor-task = משימה
monitor-status = מצב
monitor-person = אדם
monitor-project = פרויקט
monitor-priority = עדיפות
monitor-due = מועד יעד
monitor-counts = משימות לפי מצב
monitor-filters = מסננים
monitor-next = העמוד הבא
monitor-first = העמוד הראשון
monitor-empty = אין משימה שמתאימה למסננים
monitor-empty-hint = ניקוי של מסנן יציג יותר.
monitor-none = עוד אין משימות
monitor-none-hint = אחרי שתוקצה הראשונה, היא תופיע כאן ותתקדם עם העבודה.
monitor-none-member = משימות שלך ושל הפרויקטים שלך יופיעו כאן ויתקדמו עם העבודה.

# הקצאה
assign-lead = נחוצים רק כותרת ואדם. הדבקה של כמה שורות יוצרת כמה משימות.
assign-title = כותרת
assign-title-hint = כל שורה היא משימה.
assign-person = הקצאה אל
assign-choose = בחירת אדם
assign-due = מועד יעד
assign-due-hint = תאריך; השעה אינה חובה.
assign-time = שעה
assign-more = פרויקט, עדיפות, תיאור, הערכת זמן
assign-no-project = ללא פרויקט
assign-estimate-hint = למשל 45m,‏ 2h או 1h 30m.
assign-send = הקצאה
assign-invite = הזמנת אנשים

# היסטוריה
history-lead = כל המשימות, שהסתיימו ופתוחות, מהחדשה לישנה.
history-search = חיפוש בכותרות ובתיאורים
history-kind = סוג
history-from = נוצרו מתאריך
history-to = נוצרו עד תאריך
history-created = נוצרה
history-ended = הסתיימה
history-older = ישנות יותר
history-newest = החדשות ביותר
history-empty = דבר לא מתאים למסננים
history-empty-hint = אפשר להרחיב את טווח התאריכים או לנקות את החיפוש.
history-table = המשימות שנמצאו

error-estimate = יש לכתוב זמן כמו 45m,‏ 2h או 1h 30m.
