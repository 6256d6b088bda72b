# The kinds of job that come with Milepost: what they are called, what they do, what their forms ask.

jobs-new = הפעלת עבודה
jobs-new-lead = מה ש־Milepost מריץ בשבילך. כל עבודה מראה כאן את התקדמותה, אפשר לבטל אותה, והיא אומרת מה יצא ממנה.
jobs-new-none = אין כאן משהו שאפשר להפעיל
jobs-new-none-hint = את העבודות שבאות עם Milepost מפעילה הנהלת הארגון. גם התוכניות שלך מראות כאן את התקדמותן.
jobs-start = הפעלה
jobs-back = חזרה
done-started = ”{ $title }“ נכנסה לתור.
job-creator-gone = למי שהפעיל את העבודה הזאת, או הריץ אותה שוב, כבר אין הרשאה למה שהיא עושה, ולכן היא נעצרה.

purpose-work = עבודה
purpose-order = סדר ותחזוקה
purpose-trial = התנסות

kind-backup = גיבוי
kind-backup-about = כותב עותק של הכול, של כל הארגונים, לתיקיית הגיבויים בזמן שהעבודה נמשכת; בודק אותו; ומסיר עותקים שחדשים מהם ממלאים את מקומם.
backup-keep-daily = ימים
backup-keep-daily-hint = הגיבוי החדש ביותר של כל אחד מהימים האלה נשאר.
backup-keep-weekly = שבועות
backup-keep-weekly-hint = הגיבוי החדש ביותר של כל אחד מהשבועות האלה נשאר. שלושת החדשים מכולם נשארים בכל מקרה.
kind-check-integrity = בדיקת המאגר
kind-check-integrity-about = בודקת שמסד הנתונים שלם ואומר מה שהיומן שלו אומר. היא לא משנה דבר; מה שנמצא מפורט ברשימה.
kind-rehearsal = חזרה כללית
kind-rehearsal-about = לא עושה דבר, בקצב שנבחר: כדי לראות איך עבודות נראות, איך מבטלים אותן ואיך הן נכשלות.

rehearsal-steps = צעדים
rehearsal-pace = אלפיות שנייה לכל צעד
rehearsal-fail-each = צעדים שנכשלים
rehearsal-fail-each-hint = עם 3, כל צעד שלישי הוא פריט שנכשל.
rehearsal-fail-at = העבודה נכשלת בצעד
rehearsal-panic-at = התוכנית נקטעת בצעד
rehearsal-panic-at-hint = כמו בתקלה של Milepost עצמו.

error-kind-of-the-house = זה נוגע לכל המערכת הזאת: רק הנהלת הארגון הראשון בה יכולה להפעיל את זה.
error-payload-none = לעבודה מהסוג הזה אין נתונים.
error-payload-unknown = אין שדה כזה. השדות הם: { $known }.
error-payload-text = צריך לכתוב טקסט.
error-payload-check = צריך לכתוב true או false.
error-payload-date = צריך לכתוב תאריך כמו 2026-11-22.
error-payload-choice = צריך לבחור באחד מאלה: { $choices }.
error-payload-file = צריך לציין קובץ שיש לעבודה: אובייקט עם "task", המספר שלה, ו־"name".
error-payload-inner = צריך לכתוב אובייקט.

# work from a file
kind-import-tasks = ייבוא משימות
kind-import-tasks-about = מביא עבודה מגיליון: CSV או XLSX, עד 200,000 שורות. קודם רואים מה יקרה; מה שאי אפשר לקרוא חוזר כקובץ לתיקון.
upload-title = העלאת { $name }
import-title = ייבוא { $name }
import-title-trial = הרצת ניסיון: { $name }
import-lead = כל שורה בקובץ נעשית משימה. קודם רואים מה יש בו ואומרים מה כל עמודה; שום דבר לא נשמר לפני שמאשרים.
import-file = קובץ
import-file-hint = { $count ->
    [one] CSV או XLSX, עד { $count } מ״ב. אפשר לבחור אותו או לגרור אותו לכאן.
   *[other] CSV או XLSX, עד { $count } מ״ב. אפשר לבחור אותו או לגרור אותו לכאן.
}
import-next = הצגת התוכן
import-help = מה עמודות יכולות להיות
import-columns-lead = אלה השורות הראשונות. צריך לומר מה כל עמודה, ואז לנסות או לייבא.
import-read-as = נקרא בתור
import-encoding = קידוד
import-delimiter = מה מפריד בין העמודות
import-tab = טאב
import-sheet = גיליון
import-dates = תאריכים כמו 03/04/2026
import-day-first = היום קודם: 3 באפריל
import-month-first = החודש קודם: 4 במרץ
import-assignee = למי שורות בלי שם
import-assignee-none = לאף אחד: שורות כאלה נדחות
import-header = השורה הראשונה היא שמות העמודות
import-again = קריאה מחדש
import-columns = עמודות
import-columns-hint = תא ריק לא משנה דבר. שורה שהמזהה החיצוני שלה כבר מוכר מעדכנת את המשימה ההיא; האחרות נעשות משימות חדשות.
import-dry-run = הרצת ניסיון: לומר מה יקרה, בלי לשמור
import-try = הרצת ניסיון
import-start = ייבוא
import-other-file = קובץ אחר
import-column = עמודה { $count }
import-column-twice = עמודה אחרת כבר כזאת.
import-no-title = צריך לומר איזו עמודה היא הכותרת.
import-no-rows = אין בו שורות.
import-empty-file = הקובץ הזה ריק.
import-reason = למה לא יובא
import-line = שורה { $count }
job-start-again = פעם נוספת, עם שינויים

column-none = (לא לייבא)
column-title = כותרת
column-title-about = חובה בכל שורה.
column-assignee = אחראי
column-assignee-about = כתובת הדואר או השם של מי שבארגון.
column-project = פרויקט
column-project-about = שם של פרויקט קיים.
column-due = מועד
column-due-about = תאריך כמו 2026-11-22 או 22.11.2026, אפשר עם שעה.
column-priority = עדיפות
column-priority-about = נמוכה, בינונית, גבוהה או דחופה.
column-status = סטטוס
column-status-about = פתוחה, בביצוע, בוצעה או בוטלה, או אחוז.
column-percent = אחוז
column-percent-about = מספר מ־0 עד 100.
column-estimate = הערכת זמן
column-estimate-about = דקות, או למשל 1h 30m.
column-description = תיאור
column-description-about = ‏Markdown, אפשר בכמה שורות.
column-external-id = מזהה חיצוני
column-external-id-about = שם משלכם. ייבוא נוסף מעדכן את המשימה שיש לה אותו.

import-status = זה לא סטטוס. אפשר לכתוב פתוחה, בביצוע, בוצעה, בוטלה, או אחוז.
import-priority = זו לא עדיפות. אפשר לכתוב נמוכה, בינונית, גבוהה או דחופה.
import-garbled = אי אפשר לקרוא את זה בקידוד הזה.
import-no-assignee = לא כתוב למי זה.
import-unknown-person = ”{ $name }“ לא בין הפעילים בארגון.
import-several-people = יש כמה אנשים בשם ”{ $name }“. צריך לכתוב את כתובת הדואר.
import-unknown-project = אין פרויקט ”{ $name }“.
import-several-projects = יש כמה פרויקטים בשם ”{ $name }“.
import-twin = לשורה { $line } יש אותו מזהה חיצוני.
import-is-job = למשימה { $id }, שהיא עבודת מחשב, יש המזהה החיצוני הזה.
import-unknown-target = עמודה לא יכולה להיות ”{ $name }“. אפשר: { $known }.
import-unknown-column = אין עמודה { $name }.
import-told-rows = { $count ->
    [one] שורה אחת ({ $count })
   *[other] { $count } שורות
}
import-told-new = חדשות
import-told-updated = עודכנו
import-told-skipped = דולגו, כי כבר היו כך
import-told-failed = נכשלו
import-told-quality = איכות הקובץ (מתוך 100), מורכבת מ
import-told-valid = שורות שאפשר לשמור
import-told-complete = תאים מלאים
import-told-distinct = שורות שאינן דומות לאחרות

sheet-too-many-rows = אפשר לייבא לכל היותר { $limit } שורות בבת אחת. צריך לפצל את הקובץ.
sheet-unreadable = אי אפשר לקרוא את הקובץ: { $why }.
sheet-unknown-encoding = ”{ $name }“ הוא לא קידוד ש־Milepost מכיר. דוגמאות: utf-8, utf-16le, windows-1255.
sheet-delimiter = מפריד הוא סימן אחד, כמו פסיק, נקודה ופסיק או טאב.
sheet-long-row = השורה שמתחילה בשורה { $line } ארוכה ממגה־בייט. האם יש מירכאות שלא נסגרו?
sheet-unknown-sheet = אין גיליון ”{ $name }“. הגיליונות הם: { $known }.
sheet-no-sheet = אין בחוברת הזאת גיליון עם טבלה.
sheet-no-workbook = זו לא חוברת XLSX, או שהיא פגומה.
archive-many-parts = הקובץ הזה הוא ארכיון של יותר חלקים ממה ש־Milepost עובר עליהם.
sheet-too-large = החוברת הזאת נפרסת ליותר ממה ש־Milepost מקבל. כדאי לשמור אותה כ־CSV.
sheet-old-excel = זו חוברת מהסוג הישן (‎.xls). צריך לשמור אותה כ־xlsx או CSV.
sheet-broken = הקובץ הזה פגום כך שאי אפשר לקרוא אותו.
job-file-gone = הקובץ ”{ $name }“ כבר לא שם, או שאין לך הרשאה לראות אותו.
