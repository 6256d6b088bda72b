# מאין מגיעה עבודה מלבד מאנשים: שרתים של אחרים שנשאלים, קבצים של תוכנות מעקב אחרות, הזנות.

outbound-no-address = ‏“{ $address }” אינה כתובת שמתחילה ב־http://‎ או ב־https://‎.
outbound-private = ‏{ $host } היא כתובת פרטית או מובילה לאחת כזו, ואלה אינן נשאלות. מי שמפעיל את Milepost הזה יכול להתיר זאת (‎--allow-private-addresses).
outbound-unreached = לא ניתן היה להגיע אל { $host }: ‏{ $why }.
outbound-unconnected = אין חיבור אל { $host }: ‏{ $why }.
outbound-late = ‏{ $host } לא השיב בתוך { $seconds } שניות.
outbound-broken = התשובה של { $host } נקטעה: { $why }.
outbound-too-large = התשובה של { $host } גדולה מ־{ $limit } ק״ב.
outbound-redirects = ‏{ $host } מפנה הלאה, ויותר מ־{ $limit } פעמים.
outbound-no-client = אי אפשר לשאול דבר מהמחשב הזה: { $why }.

# תוכנות מעקב אחרות
kind-import-tracker = ייבוא מתוכנת מעקב אחרת
kind-import-tracker-about = מביא פנימה מה שיוצא מ־Vikunja, ‏Trello, ‏Kanboard או Todoist: משימות, הערות, תאריכים, תוויות ופרויקטים. אומר מה הושמט.
tracker-vikunja = Vikunja
tracker-vikunja-about = ‏Settings › Export your data: הארכיון שנוצר שם, או data.json שבתוכו (גרסה 0.21 ואילך).
tracker-trello = Trello
tracker-trello-about = בתפריט הלוח: Print, export, and share › Export as JSON. יש בו אלף הפעולות האחרונות, ולכן הערות ישנות יותר אינן בו.
tracker-kanboard = Kanboard
tracker-kanboard-about = בפרויקט: Export › Tasks (CSV), או תשובות של ה־API כ־JSON: getAllTasks, ולצדה getAllUsers, getAllProjects, getColumns, getAllComments ו־getAllSubtasks.
tracker-todoist = Todoist
tracker-todoist-about = בתפריט הפרויקט: Export as CSV, בלי תאריכים יחסיים. שם הקובץ הוא שם הפרויקט; משימות שבוצעו אינן בו.
tracker-lead = כאן מביאים את הקובץ שתוכנת המעקב האחרת ייצאה. קודם רואים מה יש בו; דבר לא נשמר עד שנאמר כך.
tracker-file-hint = { $count ->
    [one] ‏JSON, ‏CSV או ZIP, עד מגה־בייט אחד. אפשר לבחור אותו או לגרור אותו לכאן.
    [two] ‏JSON, ‏CSV או ZIP, עד { $count } מ״ב. אפשר לבחור אותו או לגרור אותו לכאן.
   *[other] ‏JSON, ‏CSV או ZIP, עד { $count } מ״ב. אפשר לבחור אותו או לגרור אותו לכאן.
}
tracker-help = איך משיגים את הקובץ
tracker-tracker = תוכנת מעקב
tracker-found-out = כפי שהקובץ מראה
tracker-projects = פרויקטים
tracker-projects-make = כפי שהם נקראים שם; חדשים נוצרים
tracker-projects-match = כפי שהם נקראים שם; בלי חדשים
tracker-projects-none = בלי
tracker-project = הכול לפרויקט אחד
tracker-project-none = לא
tracker-assignee = מי מקבל את מה שאינו של אף חבר
tracker-assignee-none = אף אחד: משימות כאלה נדחות
tracker-dates-hint = רק לקבצים שלא רואים בהם איך.
tracker-archived = גם משימות שבארכיון
tracker-archived-hint = כרטיסים שבארכיון, ופרויקטים שבארכיון שם.
tracker-found = בקובץ הזה
tracker-list = רשימה
tracker-hint = אנשים מזוהים לפי כתובת הדוא״ל שלהם אם היא בקובץ, ואחרת לפי שמם. משימה שכבר הגיעה משם מתעדכנת.
tracker-left = הושמט, כי אין לזה מקום כאן
tracker-left-count = כמה
tracker-left-of-task = הושמט: { $what }
tracker-told-tasks = { $count ->
    [one] משימה אחת
    [two] שתי משימות
   *[other] { $count } משימות
}
tracker-unknown = זה אינו ייצוא ש־Milepost מכיר. הוא קורא את אלה של Vikunja, ‏Trello, ‏Kanboard ו־Todoist.
tracker-other-form = זה אינו ייצוא של תוכנת המעקב הזאת, או של גרסה אחרת שלה.
tracker-broken = הקובץ אינו כפי שתוכנת המעקב כותבת אותו: שורה { $line }, עמודה { $column }. האם הוא שלם?
tracker-archive = אין בארכיון הזה data.json שאפשר לקרוא.
tracker-empty = אין משימות בקובץ הזה.
tracker-too-large = בקובץ הזה יש יותר ממה ש־Milepost קורא מייצוא: { $limit } מ״ב, אחרי פריסה.
tracker-too-many = אפשר לייבא לכל היותר { $limit } משימות בבת אחת. אפשר לייצא פחות פרויקטים.
tracker-many-projects = בקובץ הזה יש יותר מ־{ $limit } פרויקטים שאינם כאן. אפשר לבחור פרויקט אחד לכולו.

left-archived = משימות שבארכיון
left-twins = משימות שמופיעות פעמיים בקובץ
left-unknown-people = אנשים שאינם חברים
left-further-people = אנשים נוספים של אותה משימה
left-projects = פרויקטים של משימות
left-unread-dates = תאריכים שאי אפשר לקרוא
left-start-dates = תאריכי התחלה
left-reminders = תזכורות
left-recurrence = חזרות
left-attachments = קבצים מצורפים
left-relations = קישורים למשימות אחרות
left-subtasks = מקום תחת משימה אחרת
left-time-spent = זמן שהושקע
left-custom-fields = שדות משלהם
left-labels = תוויות מעבר לעשרים
left-texts = סופי טקסטים ארוכים מדי
left-notes = תיאורים של פרויקטים

# הזנות
kind-sync-feed = התאמה להזנה
kind-sync-feed-about = שואל כתובת על טבלה (CSV) או יומן (ICS) ומתאים אליה את המשימות: מה שחדש, השתנה, נעלם או חזר שם. אם הכתובת נכשלת, דבר לא משתנה.
feed-csv = טבלה (CSV)
feed-ics = יומן (ICS)
feed-url = כתובת
feed-url-hint = מתחילה ב־http://‎ או ב־https://‎. מי שרואה את העבודה הזאת רואה גם את הכתובת, ומפתח שבתוכה.
feed-format = מה היא נותנת
feed-project-hint = שם הפרויקט למה שאינו נוקב באחד.
feed-assignee-hint = כתובת דוא״ל או שם של חבר: מי מקבל את מה שאינו נוקב באיש. אם נשאר ריק, מי שמפעיל.
feed-gone = מה שכבר אינו בהזנה
feed-gone-cancel = מתבטל
feed-gone-leave = נשאר כפי שהוא
feed-gone-note = זה כבר אינו בהזנה.
feed-columns-hint = רק לטבלאות, שורה לכל אחת: ‏“title: Summary” או “due: 4”. אם נשאר ריק, העמודות נקבעות לפי שמותיהן.
feed-many-gone = להאמין גם כשרובה נעלם
feed-many-gone-hint = אחרת, הזנה שהתרוקנה פתאום, או שיותר ממחציתה נעלמה, אינה משנה דבר.
feed-broken = הכתובת נותנת יומן שאי אפשר לקרוא. דבר לא השתנה.
feed-cut = מה שהכתובת נותנת נקטע באמצע. דבר לא השתנה.
feed-empty = הכתובת אינה נותנת דבר. דבר לא השתנה.
feed-page = הכתובת נותנת דף אינטרנט, לא טבלה ולא יומן. אולי צריך להיכנס שם. דבר לא השתנה.
feed-no-calendar = מה שהכתובת נותנת אינו יומן. דבר לא השתנה.
feed-no-table = מה שהכתובת נותנת הוא יומן, לא טבלה. דבר לא השתנה.
feed-too-many = אפשר להתאים לכל היותר { $limit } רשומות. דבר לא השתנה.
feed-status = ‏{ $host } השיב במצב { $status }. דבר לא השתנה.
feed-many-are-gone = ‏{ $gone } מתוך { $known } רשומות נעלמו מההזנה, וקשה להאמין שזו הכוונה. דבר לא השתנה. אם זו הכוונה, אפשר להפעיל פעם אחת עם ”להאמין גם כשרובה נעלם“.
feed-columns = ‏“{ $line }” אינה אומרת איזו עמודה היא מה. כותבים כך: title: Summary
feed-twin = לרשומה אחרת בהזנה יש אותו מזהה.
feed-waits = מחכה עד שתסתיים העבודה #{ $id }, שקוראת את אותה הזנה.
feed-told-unchanged = ההזנה כפי שהייתה.
feed-told-gone = נעלמו מההזנה
feed-told-again = מתוך המעודכנות: חזרו
feed-told-past = הושמטו, כי הסתיימו לפני שמישהו כאן שמע עליהן
feed-told-recurring = אירועים חוזרים, שמהם נלקחת הפעם הראשונה בלבד
