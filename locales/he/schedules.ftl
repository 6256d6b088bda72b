# תזמונים: מה שנוצר שוב ושוב.

nav-schedules = תזמונים
schedules-lead = מה שנוצר לפי לוח השנה: עבודות מחשב, ומשימות לאנשים.
schedules-new = תזמון חדש
schedules-empty = עדיין לא קורה דבר לפי לוח השנה
schedules-empty-hint = תזמון יוצר עבודה, או משימה למישהו, בכל פעם שמגיעה השעה. כדאי שיהיו אלה:
schedules-next = הריצה הבאה
schedules-last = הריצה האחרונה
schedules-never = עוד לא רץ
schedules-runs = הריצות האחרונות
schedules-strip = { $count } ריצות: { $done } הושלמו, { $failed } נכשלו, { $other } אחרת
schedules-paused = מושהה
schedules-no-next = אין
schedules-more = תזמונים נוספים
schedules-first = מההתחלה
schedules-actions = פעולות

# בחירה
schedule-choose = מה ליצור?
schedule-choose-lead = בכל פעם שמגיעה השעה, אחד מאלה.
schedule-choose-assignment = משימה למישהו
schedule-choose-assignment-hint = משימה שחוזרת: הדוח השבועי, הבדיקה החודשית.
schedule-choose-own = עבודה לתוכנית שלך
schedule-choose-own-hint = עבודה שעובד חיצוני שלך לוקח, לפי שם הסוג שלה.
schedule-choose-built-in = עבודות ש־Milepost מריץ בעצמו

# הטופס
schedule-edit = עריכה
schedule-edit-title = עריכת תזמון
schedule-title = כותרת
schedule-title-hint = של כל עבודה או משימה. { "{date}" }, { "{time}" }, { "{week}" } ו־{ "{month}" } מתמלאים לפי המועד.
schedule-job-kind = סוג העבודה
schedule-job-kind-hint = מה שהעובד לוקח, למשל letters.
schedule-payload = מטען
schedule-payload-hint = אובייקט JSON שהעובד מקבל.
schedule-queue = תור
schedule-queue-hint = ריק: default.
schedule-when = מתי
schedule-cron = ביטוי
schedule-cron-hint = דקה, שעה, יום בחודש, חודש, יום בשבוע; שניות יכולות לעמוד ראשונות. או שם:
schedule-zone = אזור זמן
schedule-zone-hint = למשל Asia/Jerusalem. ריק: שלך.
schedule-check = בדיקה
schedule-preview = במילים
schedule-upcoming = החמש הבאות
schedule-in-zone = ב־{ $zone }
schedule-here = אצלך
schedule-due-after = תאריך יעד
schedule-due-unit = יחידת תאריך היעד
schedule-due-hint = אחרי המועד; 0 ימים הוא סוף אותו יום. ריק: בלי תאריך יעד.
schedule-days = ימים אחרי
schedule-hours = שעות אחרי
schedule-rules = כללים
schedule-jitter = פיזור, בשניות
schedule-jitter-hint = מתחיל עד כדי כך אחרי המועד, תמיד באותו הפרש: תזמונים רבים של אותה שעה לא מתחילים יחד.
schedule-downtime = אחרי זמן ש־Milepost לא פעל
schedule-downtime-hint = מועד שנבדק בתוך דקה הוא בזמן.
schedule-downtime-skip = לוותר על מה שהוחמץ
schedule-downtime-once = להריץ פעם אחת
schedule-downtime-all = להריץ הכול, עד 100
schedule-overlap = כשריצה קודמת עוד פתוחה
schedule-overlap-skip = לוותר על זו
schedule-overlap-queue = לחכות לסופה
schedule-overlap-allow = להריץ לצידה
schedule-alarm-failures = כישלונות ברצף שהם אזעקה
schedule-save = שמירה
schedule-create = יצירת תזמון

# תזמון אחד
schedule-what = מה
schedule-what-job = עבודה מסוג { $kind }
schedule-what-assignment = משימה ל{ $name }
schedule-somebody = מישהו שכבר איננו
schedule-maker = רץ בשם { $name }
schedule-maker-milepost = הגיע עם Milepost, ורץ בשמו
schedule-delay = מתחיל { $seconds } שניות אחרי כל מועד
schedule-run-now = להריץ עכשיו
schedule-pause = השהיה
schedule-resume = המשך
schedule-delete = מחיקה
schedule-delete-title = למחוק את התזמון?
schedule-delete-hint = הוא לא ייצור עוד דבר. מה שיצר נשאר, עם ההיסטוריה שלו.
schedule-slot = מועד
schedule-outcome = תוצאה
schedule-duration = משך
schedule-task = יצר
schedule-runs-empty = הוא עוד לא רץ.
schedule-by-hand = ידנית
schedule-left-out = { $count ->
    [one] מועד אחד לפניו הושמט
    [two] שני מועדים לפניו הושמטו
   *[other] { $count } מועדים לפניו הושמטו
}
schedule-median = מחציתן נמשכות לכל היותר { $took }.
schedule-back = כל התזמונים
schedule-seconds = { $seconds } שנ׳
schedule-minutes = { $minutes } דק׳
schedule-hours-minutes = { $hours } שע׳ { $minutes } דק׳
schedule-days-hours = { $days } י׳ { $hours } שע׳

run-open = בעיצומה
run-waiting = מחכה לקודמת
run-done = הושלמה
run-failed = נכשלה
run-cancelled = בוטלה
run-skipped = הושמטה: הקודמת הייתה פתוחה
run-missed = { $count ->
    [one] הושמטה: Milepost לא פעל
    [two] שני מועדים הושמטו: Milepost לא פעל
   *[other] { $count } מועדים הושמטו: Milepost לא פעל
}
run-refused = לא נוצרה

# מה לא בסדר
alarm-failing = { $count } ריצות נכשלו ברצף.
alarm-missed = { $count ->
    [one] מועד אחד עבר בזמן ש־Milepost לא פעל, ומאז לא רץ דבר.
    [two] שני מועדים עברו בזמן ש־Milepost לא פעל, ומאז לא רץ דבר.
   *[other] { $count } מועדים עברו בזמן ש־Milepost לא פעל, ומאז לא רץ דבר.
}
alarm-late = השעה הגיעה ולא קרה דבר: ביומן של Milepost כתוב למה.
alarm-not-begun = מה שנוצר מחכה כבר { $count } דקות, ואיש לא התחיל.
alarm-slow = הריצה האחרונה נמשכה { $took }; מחציתן נמשכות לכל היותר { $median }.

schedule-made = התזמון ”{ $title }” נוצר.
schedule-saved = ”{ $title }” נשמר.
schedule-deleted = ”{ $title }” נמחק.
schedule-is-paused = ”{ $title }” מושהה.
schedule-is-resumed = ”{ $title }” ממשיך.
schedule-is-run = ”{ $title }” הופעל.
schedule-is-queued = ”{ $title }” מחכה לריצה הפתוחה.

refused-schedule-maker = מי שיצר את התזמון כבר אינו מנהל כאן. שמירה הופכת אותו לשלך.
refused-schedule-assignee = מי שאמור לבצע כבר אינו חבר כאן. אפשר לערוך את התזמון ולבחור מישהו אחר.
refused-schedule-project = הפרויקט שלו בארכיון או איננו. אפשר לערוך את התזמון ולבחור אחר.
refused-schedule-other = מה שהוא אמור ליצור כבר אינו מתקבל. עריכה ושמירה יאמרו למה.
refused-schedule-open = ריצה קודמת עוד פתוחה, והתזמון הזה אינו רץ לצד עצמו.
refused-schedule-kind = התזמון הזה הגיע עם סוג העבודה שלו. אפשר לשנות את הזמן והכללים, לא את הסוג.
refused-schedule-version = מישהו שמר את התזמון הזה אחרי שנפתח כאן, ולכן דבר לא שונה. ליד כל שדה ששונה כתוב מה יש בו עכשיו; שמירה נוספת תכניס את מה שהוקלד.
schedule-is-now = עכשיו: { $value }
schedule-is-set = מסומן
schedule-is-not-set = לא מסומן
schedule-is-blank = ריק
refused-schedules-full = יש כבר { $limit } תזמונים. צריך קודם למחוק אחד.

error-due-after = יש לכתוב ימים מ־0 עד { $days }, למשל 2d, או שעות, למשל 6h.
error-cron = זה אינו ביטוי.
error-cron-parts = צריך חמישה חלקים (דקה, שעה, יום, חודש, יום בשבוע), או שישה כשהשניות ראשונות; כאן יש { $count }.
error-cron-name = { $name } אינו אחד השמות: @hourly, @daily, @weekly, @monthly, @yearly.
error-cron-never = זה לא מגיע לעולם.
error-cron-second = { $value } אינו מובן כשניות, הראשון משישה חלקים: 0 עד 59, רשימות (0,30), טווחים (0-10), צעדים (*/10).
error-cron-minute = { $value } אינו מובן כדקות: 0 עד 59, רשימות (0,30), טווחים (0-10), צעדים (*/15).
error-cron-hour = { $value } אינו מובן כשעות: 0 עד 23, רשימות (9,17), טווחים (9-17), צעדים (*/2).
error-cron-day = { $value } אינו מובן כימים בחודש: 1 עד 31, L לאחרון.
error-cron-month = { $value } אינו מובן כחודשים: 1 עד 12, או JAN עד DEC.
error-cron-weekday = { $value } אינו מובן כימים בשבוע: 0 עד 7 (0 ו־7 הם ראשון), או SUN עד SAT; MON#1 הוא יום שני הראשון.
error-json-object = יש לכתוב אובייקט JSON, למשל {"{"}"list": "spring"{"}"}.
error-due-number = יש לכתוב מספר שלם.
error-schedule-what = יש לומר מה ליצור: עבודה או משימה.

# ביטוי במילים
cron-unsaid = לפי הביטוי { $cron }
cron-every-second = בכל שנייה
cron-every-seconds = { $count ->
    [two] בכל שתי שניות
   *[other] בכל { $count } שניות
}
cron-every-minute = בכל דקה
cron-every-minutes = { $count ->
    [two] בכל שתי דקות
   *[other] בכל { $count } דקות
}
cron-every-hour = בכל שעה עגולה
cron-hourly = בכל שעה
cron-every-hour-at = בכל שעה, בדקה { $minutes }
cron-every-hours = { $count ->
    [two] בכל שעתיים, בדקה { $minutes }
   *[other] בכל { $count } שעות, בדקה { $minutes }
}
cron-from-to = { $what } מ־{ $from } עד { $to }
cron-at = בשעה { $times }
cron-every-day = בכל יום
cron-weekdays = מ{ $first } עד { $last }
cron-on-weekdays = ב{ $days }
cron-nth-weekday = ב{ $weekday } { $place } בחודש
cron-last-weekday = ב{ $weekday } האחרון בחודש
cron-on-day = ב־{ $day } בחודש
cron-on-days = בימים { $days } בחודש
cron-on-date = ב־{ $day } ב{ $month }
cron-last-day = ביום האחרון בחודש
cron-last-working-day = ביום העבודה האחרון (שני עד שישי) בחודש
cron-nearest-working-day = ביום העבודה (שני עד שישי) הקרוב ל־{ $day } בחודש
cron-or = { $one } או { $other }
cron-in-months = ב{ $months }
cron-months = מ{ $first } עד { $last }
cron-and = { $first } ו{ $last }
cron-and-number = { $first } ו־{ $last }
cron-place-1 = הראשון
cron-place-2 = השני
cron-place-3 = השלישי
cron-place-4 = הרביעי
cron-place-5 = החמישי
cron-weekday-0 = יום ראשון
cron-weekday-1 = יום שני
cron-weekday-2 = יום שלישי
cron-weekday-3 = יום רביעי
cron-weekday-4 = יום חמישי
cron-weekday-5 = יום שישי
cron-weekday-6 = יום שבת
cron-month-1 = ינואר
cron-month-2 = פברואר
cron-month-3 = מרץ
cron-month-4 = אפריל
cron-month-5 = מאי
cron-month-6 = יוני
cron-month-7 = יולי
cron-month-8 = אוגוסט
cron-month-9 = ספטמבר
cron-month-10 = אוקטובר
cron-month-11 = נובמבר
cron-month-12 = דצמבר
