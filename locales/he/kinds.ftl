# The kinds of job that come with Milepost: what they are called, what they do, what their forms ask.

jobs-new = הפעלת עבודה
jobs-new-lead = מה ש־Milepost מריץ בשבילך. כל עבודה מראה כאן את התקדמותה, אפשר לבטל אותה, והיא אומרת מה יצא ממנה.
jobs-new-none = אין כאן משהו שאפשר להפעיל
jobs-new-none-hint = את העבודות שבאות עם Milepost מפעילה הנהלת הארגון. גם התוכניות שלך מראות כאן את התקדמותן.
jobs-start = הפעלה
jobs-back = חזרה
done-started = ”{ $title }“ נכנסה לתור.
job-creator-gone = למי שהפעיל את העבודה הזאת כבר אין הרשאה למה שהיא עושה, ולכן היא נעצרה.

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
