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
