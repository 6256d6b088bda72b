# People: setup, sign-in, invitations, members, projects, settings, account.

field-organisation = ארגון
field-own-name = השם שלך
field-email = דוא״ל
field-password = סיסמה
field-new-password = סיסמה חדשה
field-current-password = הסיסמה הנוכחית
field-password-hint = לפחות { $count } תווים. כמה מילים קל לזכור וקשה לנחש.
field-role = תפקיד
field-zone = אזור זמן
field-zone-hint = לדוגמה Asia/Jerusalem. תאריכי יעד מסתיימים שם בחצות.
field-language = שפה
field-theme = מראה

save = שמירה
copy-link = העתקה
confirm-keep = להשאיר כמו שזה

role-owner = בעלות
role-admin = ניהול
role-member = חברות
role-hint = מי שבתפקיד ניהול מקצים עבודה, רואים הכול ומנהלים אנשים. מי שבבעלות יכולים גם לשנות בעלים אחרים.
role-submit = שינוי התפקיד

presence-active = בפעילות
presence-idle = בהמתנה
presence-offline = לא בחיבור
presence-state = מצב
presence-from = התחלה
presence-until = סיום
presence-source = לפי
presence-source-pages = שימוש בדפים
presence-source-declared = דיווח שלך

setup-title = הקמת Milepost
setup-lead = תנו שם לארגון וצרו את החשבון הראשון. הכול שייך לו; את השאר אפשר להזמין מיד אחר כך.
setup-submit = הקמה וכניסה

sign-in-title = כניסה אל Milepost
sign-in-submit = כניסה
sign-in-forgot = שכחת את הסיסמה? הנהלת הארגון יכולה ליצור לך קישור לקביעת סיסמה חדשה.

demo-line = אפשר להסתכל סביב כאחד משני אנשים:
demo-admin = בתפקיד ניהול
demo-member = בתפקיד עובד

invitation-title = הוזמנת
invitation-organisation = הצטרפות אל
invitation-has-account = לכתובת הזאת כבר יש חשבון. כדי להצטרף יש למסור את הסיסמה שלו.
invitation-submit = הצטרפות וכניסה
invitation-until = הקישור בתוקף עד
invitation-revoke = ביטול
invitation-revoked = ההזמנה בוטלה. הקישור שלה כבר לא עובד.

dead-link-title = הקישור הזה כבר לא עובד
dead-link-lead = הוא כבר נוצל, בוטל או ישן מדי. אפשר לבקש קישור חדש ממי שמסר אותו.

reset-title = קביעת סיסמה חדשה
reset-submit = קביעת הסיסמה וכניסה
reset-done = הסיסמה החדשה נקבעה.

people-title = אנשים
people-lead = { $count ->
    [one] אדם אחד בארגון. הזמינו את השאר: כל אחד מקבל קישור ובוחר סיסמה משלו.
    [two] שני אנשים בארגון
   *[other] { $count } אנשים בארגון
}
people-name = שם
people-load = משימות פתוחות
people-actions = פעולות
people-manage = ניהול
people-back = כל האנשים
people-invited = הוזמנו
people-invite = הזמנת אדם
invite-hint = יתקבל קישור להעברה בצ׳אט או בדואר. הוא עובד פעם אחת.
invite-submit = יצירת הקישור
invite-made = הנה הקישור. יש להעתיק אותו עכשיו: הוא לא יוצג שוב.
invite-made-hint = { $count ->
    [one] הוא עובד פעם אחת, במשך יום אחד.
    [two] הוא עובד פעם אחת, במשך יומיים.
   *[other] הוא עובד פעם אחת, במשך { $count } ימים.
}
invite-link = קישור הזמנה

member-deactivated = לא בשימוש
member-role-changed = התפקיד שונה.
member-deactivated-now = החשבון הושבת. ההיסטוריה שלו נשארת.
member-reactivated = אפשר שוב להיכנס עם החשבון הזה.
deactivate-title = השבתה
deactivate-hint = החשבון ינותק מיד מכל מקום ולא יהיה אפשר להיכנס איתו לכאן. המשימות וההיסטוריה נשארות, ותמיד אפשר להפעיל אותו מחדש.
deactivate-load = { $count ->
    [one] משימה פתוחה אחת נשארת מוקצית לחשבון.
    [two] שתי משימות פתוחות נשארות מוקצות לחשבון.
   *[other] { $count } משימות פתוחות נשארות מוקצות לחשבון.
}
deactivate-begin = השבתה…
deactivate-submit = להשבית עכשיו
reactivate-title = הפעלה מחדש
reactivate-hint = אפשר יהיה להיכנס שוב עם הסיסמה הקודמת.
reactivate-submit = הפעלה מחדש
reset-link-title = סיסמה אבודה
reset-link-hint = יצירת קישור שבאמצעותו האדם הזה קובע סיסמה חדשה. יש למסור אותו רק לו.
reset-link-submit = יצירת הקישור
reset-link = קישור לסיסמה
reset-link-made = הנה הקישור. יש להעתיק אותו עכשיו: הוא לא יוצג שוב.
reset-link-made-hint = { $count ->
    [one] הוא עובד פעם אחת, במשך שעה אחת.
    [two] הוא עובד פעם אחת, במשך שעתיים.
   *[other] הוא עובד פעם אחת, במשך { $count } שעות.
}

projects-title = פרויקטים
projects-lead = פרויקט מקבץ משימות. מי שחברים בו יכולים לראות את משימותיו, אם הארגון מרשה.
projects-empty = אין עדיין פרויקטים
projects-empty-hint = אפשר ליצור פרויקט כדי לקבץ משימות ששייכות יחד. משימות לא חייבות פרויקט.
projects-back = כל הפרויקטים
project-new = פרויקט חדש
project-name = שם הפרויקט
project-create = יצירה
project-created = הפרויקט נוצר.
project-saved = הפרויקט נשמר.
project-members = חברים
project-members-hint = מי עובדים בפרויקט הזה
project-rename = שם
project-archive = העברה לארכיון
project-archive-hint = המשימות נשארות, והפרויקט כבר לא מוצע למשימות חדשות. אפשר להחזיר אותו.
project-archived = בארכיון
project-archived-now = הפרויקט הועבר לארכיון.
project-restore = החזרה מהארכיון
project-restore-hint = הפרויקט יוצע שוב למשימות חדשות.
project-restored = הפרויקט הוחזר.

settings-title = הגדרות
settings-lead = מה שתקף לכולם בארגון הזה.
settings-members-see = חברי הארגון רואים את כל המשימות בפרויקטים שלהם
settings-saved = ההגדרות נשמרו.
organisation-another = ארגון נוסף
organisation-another-hint = הוא נפרד לגמרי מהארגון הזה: אנשים אחרים ומשימות אחרות. הבעלות עליו שלך, והמעבר בין השניים הוא בתפריט.
organisation-another-name = שם הארגון הנוסף
organisation-create = הקמת הארגון
organisation-created = הארגון הוקם. השלב הבא: להזמין אליו אנשים.

account-title = החשבון שלך
account-name = שם
account-saved = נשמר.
account-preferences = מראה הדפים
account-zone-hint = ריק: אזור הזמן של הארגון, { $zone }.
account-password = סיסמה
account-password-submit = שינוי הסיסמה
account-password-hint = כל שאר המכשירים ינותקו.
account-password-changed = הסיסמה שונתה. שאר המכשירים נותקו.
account-sessions = איפה החשבון מחובר
account-presence = מה נרשם על הנוכחות שלך
account-presence-hint = ב־Milepost נרשם מתי השתמשת בדפים שלו: בפעילות, בהמתנה אחרי חמש דקות בלי סימן לשימוש, לא בחיבור אחרי חמש עשרה. שום דבר אחר במכשיר לא נצפה. מי שעובדים איתך רואים את המצב הנוכחי; הרשימה הזאת היא שלך.
account-presence-none = עדיין לא נרשם דבר.
language-browser = לפי הדפדפן
session-current = כאן
session-since = מאז
session-seen = נראה לאחרונה
session-end = ניתוק
session-ended = החיבור הזה נותק.
session-unknown = דפדפן לא מוכר
sessions-end-others = ניתוק מכל מקום אחר
sessions-ended = { $count ->
    [0] לא היית בחיבור בשום מקום אחר.
    [one] חיבור אחר אחד נותק.
    [two] שני חיבורים אחרים נותקו.
   *[other] { $count } חיבורים אחרים נותקו.
}

tokens-title = אסימוני API
tokens-hint = תוכנה שמציגה אסימון כזה פועלת בשמך, כאן בארגון { $organisation }, בתפקיד שיש לך באותו רגע.
tokens-docs = איך תוכניות משתמשות בהם
tokens-organisation-title = אסימוני ה־API של הארגון
tokens-organisation-hint = לתוכנות שאינן שייכות לאדם מסוים. כל אסימון פועל בשם עצמו, וממשיך לעבוד גם כשמי שיצרו אותו עוזבים.
token-name = שם האסימון
token-name-hint = למה הוא משמש, למשל ”ייבוא לילי“
token-scopes = מה מותר לו
scope-read = קריאה
scope-read-hint = לראות משימות, את ההיסטוריה שלהן ואת העדכונים החיים
scope-report = דיווח
scope-report-hint = ליצור עבודות, לדווח עליהן, לסיים, לבטל ולנסות אותן שוב, ולהגיב
scope-work = עבודה
scope-work-hint = לקחת עבודות מהתור, וכל מה שהדיווח מאפשר
scope-admin = ניהול
scope-admin-hint = כל השאר שמותר למי שבתפקיד ניהול
scope-admin-organisation-hint = לפעול בתפקיד ניהול: לראות את כל המשימות ולעשות את מה שמותר רק להנהלה
token-expires = בתוקף עד
token-expires-hint = עד סוף היום הזה. ריק: עד שיבוטל.
token-create = יצירת האסימון
token-made = הנה האסימון. יש להעתיק אותו עכשיו: הוא לא יוצג שוב.
token-made-hint = תוכנות שולחות אותו בכותרת: ‎Authorization: Bearer‎ ואחריה האסימון.
token-secret = אסימון
token-expired = פג תוקף
token-used = שימוש אחרון
token-unused = עוד לא היה בשימוש
token-until = בתוקף עד
token-endless = בתוקף עד שיבוטל
token-by = נוצר בידי
token-revoke-begin = ביטול…
token-revoke-title = ביטול אסימון
token-revoke-hint = תוכנות שמשתמשות בו יסורבו מעכשיו, והעדכונים החיים שלהן ייפסקו. אין דרך חזרה.
token-revoke-submit = לבטל עכשיו
token-revoked = האסימון בוטל. הוא כבר לא עובד.
