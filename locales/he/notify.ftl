# Notifications, the channels by which they come, and writing to many.

nav-notifications = התראות
notifications-unread = { $count ->
    [0] הכול נקרא.
    [one] התראה אחת לא נקראה.
    [two] שתי התראות לא נקראו.
   *[other] { $count } התראות לא נקראו.
}
notifications-none = אין מה לדעת
notifications-none-hint = כאן מופיע מה שההנהלה כותבת לך, והתראות של התזמונים שבאחריותך.
notifications-new = חדש
notifications-read = סימון כנקראה
notifications-read-all = סימון הכול כנקרא
notifications-schedule = פתיחת התזמון
notifications-first = שלא נקראו
notifications-more = עוד

channel-bell = התראה ב־Milepost
channel-email = דואר אלקטרוני
channel-webhook = ‏Webhook
channel-email-none = השרת הזה לא שולח דואר: מי שמפעיל אותו אומר איזה שרת דואר מקבל אותו (‎--smtp-url).
channel-bell-nobody = אין משתמש כזה.
channel-bell-broken = אי אפשר היה לרשום את ההתראה; היומן של Milepost אומר למה.
reason-broadcast = נכתב אליך
reason-alarm = תזמון דורש מבט

mail-refused = שרת הדואר סירב: { $answer }
mail-later = שרת הדואר לא קיבל את זה עכשיו: { $answer }
mail-broken = החיבור לשרת הדואר נקטע לפני שנשלח משהו: { $answer }
mail-down = אי אפשר להשתמש בשרת הדואר: { $answer }
mail-unknown = החיבור נקטע לפני ששרת הדואר אישר ({ $answer }).
mail-unwritable = אי אפשר להפוך את זה להודעה: { $why }
mail-no-address = אי אפשר לשלוח דואר לכתובת הזאת.
mail-no-utf8 = שרת הדואר לא מקבל כתובות עם אותיות כאלה.
webhook-refused = נדחה: { $status } { $answer }
webhook-redirect = התקבלה כתובת אחרת ({ $status }), ואליה לא ממשיכים. { $answer }
webhook-later = לא התקבל עכשיו: { $status } { $answer }
webhook-unknown = נשבר בזמן התשובה: { $status } { $answer }

kind-broadcast = הודעה לרבים
kind-broadcast-about = כותבת אותו דבר לרבים: לאנשי הארגון בהתראה או בדואר, או לכתובות ול־webhooks מקובץ. איש לא מקבל אותה פעמיים.
broadcast-lead = כל נמען מקבל הודעה משלו, בזה אחר זה. אפשר לבטל בין נמען לנמען, ואפשר לנסות שוב רק את מה שנכשל.
broadcast-title = הודעה לרבים: { $subject }
broadcast-channel = איך
broadcast-to = אל
audience-all = כולם
audience-role = תפקיד
audience-project = פרויקט
audience-people = כמה אנשים
audience-file = השורות של קובץ
broadcast-role = תפקיד
broadcast-project = פרויקט
broadcast-no-project = (אין)
broadcast-people = אנשים
broadcast-people-hint = כתובות הדואר של אנשי הארגון, עם פסיקים או שורות חדשות ביניהן.
broadcast-file = קובץ
broadcast-file-title = לכתובות מקובץ
broadcast-file-hint = נמען בכל שורה: כתובת דואר, או כתובת של webhook.
broadcast-file-next = שימוש בקובץ הזה
broadcast-of-file = אל השורות של
broadcast-to-members = לאנשי הארגון במקום זה
broadcast-column = העמודה של הנמענים
broadcast-column-hint = השם שלה, או המספר שלה החל מ־1. כשהיא ריקה, מוצאים אותה.
broadcast-subject = נושא
broadcast-text = טקסט
broadcast-rate = נמענים בדקה
broadcast-rate-hint = לעולם לא יותר מזה: שרתי דואר סופרים.
broadcast-look = למי זה יישלח
broadcast-change = שינוי
broadcast-would-bell = { $count ->
    [one] חבר ארגון אחד יקבל התראה ב־Milepost.
    [two] שני חברי ארגון יקבלו התראה ב־Milepost.
   *[other] { $count } חברי ארגון יקבלו התראה ב־Milepost.
}
broadcast-would-email = { $count ->
    [one] חבר ארגון אחד, בדואר.
    [two] שני חברי ארגון, בדואר, הודעה לכל אחד.
   *[other] { $count } חברי ארגון, בדואר, הודעה לכל אחד.
}
broadcast-would-addresses = { $count ->
    [one] כתובת אחת, בדואר.
    [two] שתי כתובות, בדואר, הודעה לכל אחת.
   *[other] { $count } כתובות, בדואר, הודעה לכל אחת.
}
broadcast-would-webhooks = { $count ->
    [one] ‏webhook אחד.
    [two] שני webhooks, בזה אחר זה.
   *[other] { $count } webhooks, בזה אחר זה.
}
broadcast-takes-moment = זה ייקח פחות מדקה.
broadcast-takes = זה ייקח בערך { $took }.
broadcast-against = לשורות האלה לא יישלח דבר:
broadcast-against-more = { $count ->
    [one] עוד שורה אחת
    [two] עוד שתי שורות
   *[other] עוד { $count } שורות
}
broadcast-first = הראשונים שבהם:
broadcast-send-to = { $count ->
    [one] שליחה לאחד
    [two] שליחה לשניים
   *[other] שליחה ל־{ $count }
}
broadcast-once = זה כבר נשלח, ולא נשלח פעמיים. כאן רואים כמה זה התקדם.
broadcast-once-gone = זה כבר נשלח, ולא נשלח פעמיים. העבודה שלו הוסרה מאז.
broadcast-stale = לא נשלח דבר: זה לא מה שהוצג לפני כן, או שהוצג בארגון אחר או לפני יותר מיום. זה מה שיישלח עכשיו.
broadcast-uncertain-title = לא ידוע אם זה הגיע
broadcast-uncertain-hint = על חלק מהנמענים לא ידוע אם קיבלו: החיבור נקטע בזמן השליחה, או ש־Milepost נעצר. ניסיון חוזר של מה שנכשל מדלג עליהם. אם שולחים אליהם שוב, חלקם עלולים לקבל פעמיים.
broadcast-uncertain-send = שליחה אליהם שוב
refused-retry-no-uncertain = על כל נמען בעבודה הזאת ידוע אם זה הגיע, ואין למי לשלוח שוב.
refused-retry-both = או אלה שלא ידוע אם זה הגיע אליהם, או מה שנכשל: לא שניהם בניסיון אחד.
refused-retry-waiting = יש נמענים שעוד מחכים לתורם, וגם הם יקבלו. קודם יש להריץ את העבודה שוב, ואחר כך לשלוח לאלה שלא ידוע אם זה הגיע אליהם.
refused-retry-uncertain = לא נשאר אף נמען שבטוח שלא הגיע אליו דבר. בדף של העבודה, תחת „לא ידוע אם זה הגיע”, אפשר לשלוח לאחרים שוב.
refused-retry-lines = מה שנכשל הן שורות בלי נמען, והן ייכשלו שוב. צריך לתקן את הקובץ ולשלוח לשורות האלה בהודעה חדשה.
broadcast-told = { $channel }
broadcast-nobody = אין למי לכתוב.
broadcast-too-many = בהודעה אחת יש מקום ל־{ $limit } נמענים לכל היותר. צריך לפצל את הקובץ.
broadcast-no-column = אין בקובץ הזה עמודה עם כתובות כאלה.
broadcast-twice = כבר מופיע ברשימה קודם.
broadcast-maybe = ייתכן שזה נשלח. { $why }
broadcast-unknown = ייתכן שזה נשלח: Milepost נעצר בזמן השליחה.
broadcast-gone = כבר לא בארגון: לא נשלח דבר.
broadcast-no-url = זאת לא כתובת של webhook: כתובת כזאת מתחילה ב־‎http://‎ או ב־‎https://‎.
broadcast-long-url = הכתובת ארוכה מדי בשביל webhook: { $limit } תווים לכל היותר.
broadcast-bell-of-file = התראות ב־Milepost מגיעות רק לאנשי הארגון: לקובץ צריך לבחור דואר או webhook.
broadcast-webhook-of-members = לאנשי הארגון אין webhooks: צריך לבחור קובץ עם כתובות.

account-alarms = התראות של תזמונים
account-alarms-mail = גם בדואר אלקטרוני
account-alarms-hint = כשתזמון נכשל או לא מגיע, המנהלים שלו מקבלים התראה ב־Milepost, פעם אחת בכל פעם שזה מתחיל.
alarm-mail-subject = תזמון דורש מבט: { $title }
alarm-mail-why = ‏Milepost כותב את זה פעם אחת כשזה מתחיל, כי ביקשת בחשבון שלך לקבל התראות כאלה בדואר.

health-mail = סיסמת הדואר
health-mail-is = { $count ->
    [0] אי אפשר לקרוא בדרך סיסמה של שרת דואר.
   *[other] הסיסמה של שרת הדואר עוברת ברשת לא מוצפנת, או שהיא עלולה לעבור כך.
}
health-mail-advice = כדאי לכתוב smtps://‎ או ‎?tls=required ב־‎--smtp-url.
health-channels = ערוצים
health-channels-is = { $count ->
    [0] אף ערוץ לא נכשל כולו ביממה האחרונה.
    [one] ערוץ אחד לא פעל בפעם האחרונה שניסו אותו, ביממה האחרונה.
    [two] שני ערוצים לא פעלו בפעם האחרונה שניסו אותם, ביממה האחרונה.
   *[other] { $count } ערוצים לא פעלו בפעם האחרונה שניסו אותם, ביממה האחרונה.
}
health-channels-advice = כדאי להסתכל על ההודעה לרבים האחרונה: השגיאה שלה אומרת מה שרת הדואר ענה. כדאי לבדוק את ‎--smtp-url. זה נגמר עם ההודעה הבאה שמגיעה, או אחרי יממה.
