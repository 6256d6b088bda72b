# The frame around every page, and words that many pages share.

month-1 = בינו׳
month-2 = בפבר׳
month-3 = במרץ
month-4 = באפר׳
month-5 = במאי
month-6 = ביוני
month-7 = ביולי
month-8 = באוג׳
month-9 = בספט׳
month-10 = באוק׳
month-11 = בנוב׳
month-12 = בדצמ׳

count-open-tasks = { $count ->
    [0] אין משימות פתוחות
    [one] משימה פתוחה אחת
    [two] שתי משימות פתוחות
   *[other] { $count } משימות פתוחות
}

layout-skip = דילוג אל התוכן
layout-navigation = עמודים
layout-menu = התפריט שלך
layout-organisation = ארגון
layout-switch = מעבר
layout-theme = תצוגה
layout-language = שפה
layout-sign-out = יציאה
layout-demo = זוהי הדגמה. העבודה מתקדמת מעצמה, ושום דבר שנעשה כאן לא נשמר.

nav-tasks = המשימות שלי
nav-monitor = לוח מעקב
nav-assign = הקצאה
nav-history = היסטוריה
nav-people = אנשים
nav-projects = פרויקטים
nav-settings = הגדרות
nav-account = חשבון

theme-auto = אוטומטי
theme-light = בהיר
theme-dark = כהה

light-live = חי
light-delayed = חי, באיחור
light-connecting = בהתחברות
light-reconnecting = בהתחברות מחדש
light-offline = לא מקוון
light-signed-out = לא מחובר
light-apart = לא חי

notice-signed-out = החיבור לחשבון הסתיים. מה שהוקלד עדיין כאן: אפשר להיכנס שוב בלשונית אחרת, והעמוד ימשיך מעצמו.
notice-sign-in = כניסה
notice-other = חשבון או ארגון אחר נמצא עכשיו בשימוש בדפדפן הזה. העמוד שייך לקודם: לא מגיעים אליו עדכונים ואי אפשר לשלוח ממנו דבר. מה שהוקלד עדיין כאן.
notice-open = פתיחת Milepost מחדש
notice-gone = מה שהעמוד הזה מציג כבר לא פתוח בפניך. מה שהוקלד עדיין כאן.
notice-portal = משהו אחר ענה במקום Milepost, אולי עמוד הכניסה של רשת אלחוטית. העמוד מנסה שוב מעצמו.
notice-look = לראות מה ענה

keys-title = קיצורי מקלדת
keys-close = סגירה
keys-search = חיפוש
keys-help = הרשימה הזו
keys-on = שימוש בקיצורי מקלדת

words-leave = מה שהוקלד עדיין לא נשלח. לעזוב את העמוד?
words-waiting = שינויים ממתינים
words-changed = משימות שהשתנו
words-copied = הועתק
words-failed = הבקשה לא הגיעה לשרת. דבר לא השתנה; אפשר לנסות שוב.
words-log-new = שורות חדשות
words-log-skipped = הושמט כאן, בהורדה הכול נמצא
