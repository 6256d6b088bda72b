# Refusals and error pages.

error-title-sign-in = צריך להיכנס
error-title-forbidden = אין לך הרשאה לזה
error-title-not-found = אין כאן כלום
error-title-conflict = זה כבר לא מתאים
error-title-too-large = זה יותר מדי בבת אחת
error-title-invalid = משהו בטופס לא תקין
error-title-too-many = יותר מדי ניסיונות
error-title-refused = זה לא הצליח
error-title-internal = משהו השתבש כאן
error-home = להתחלה
error-reference = בבקשת עזרה כדאי למסור את הסימן הזה: { $reference }

error-sign-in-needed = החשבון לא מחובר, או כבר לא מחובר. דבר לא השתנה.
error-not-found = אין דף כזה, או שאין לך הרשאה לראות אותו.
error-admins-only = רק הנהלת הארגון יכולה לעשות את זה.
error-owners-only = רק בעלי הארגון יכולים לעשות את זה.
error-cross-site = הטופס הגיע מאתר אחר, ולכן דבר לא נעשה. אם זו הייתה הכוונה, אפשר לפתוח את Milepost עצמו ולנסות שוב.
error-other-account = חשבון אחר מחובר כאן עכשיו, או שארגון אחר פתוח. יש לפתוח את העמוד מחדש.
error-bad-request = ל־Milepost לא הייתה אפשרות לקרוא את הכתובת הזאת.
error-method = הכתובת הזאת לא עונה כך. דבר לא השתנה.
error-too-large = אפשר לשלוח לכל היותר { $limit } ק״ב בבת אחת. דבר לא השתנה.
error-not-a-form = כאן היה אמור להגיע טופס. דבר לא השתנה.
error-not-utf8 = בטופס היה טקסט שאינו UTF-8 תקין. דבר לא השתנה.
error-timeout = זה לקח יותר מדי זמן ונעצר. אפשר לנסות שוב עוד רגע.
error-internal = זה לא בגללך, וזה נרשם ביומן. אפשר לנסות שוב עוד רגע.
error-throttled = { $count ->
    [one] יותר מדי ניסיונות. אפשר לנסות שוב בעוד דקה.
    [two] יותר מדי ניסיונות. אפשר לנסות שוב בעוד שתי דקות.
   *[other] יותר מדי ניסיונות. אפשר לנסות שוב בעוד { $count } דקות.
}

error-too-many-requests = { $count ->
    [one] האסימון הזה שלח יותר מדי בקשות. יש לנסות שוב בעוד שנייה.
    [two] האסימון הזה שלח יותר מדי בקשות. יש לנסות שוב בעוד שתי שניות.
   *[other] האסימון הזה שלח יותר מדי בקשות. יש לנסות שוב בעוד { $count } שניות.
}
error-token-needed = יש להציג אסימון, בכותרת ‎Authorization: Bearer‎ ואחריה האסימון.
error-token-wrong = האסימון הזה לא עובד. הוא לא מוכר, בוטל או שפג תוקפו, או שמי שבשמו הוא פועל כבר לא בארגון.
error-scope = לאסימון הזה אסור לעשות זאת: חסר לו ההיקף ‎{ $scope }‎.
error-fields = חלק ממה שנשלח אינו תקין. דבר לא השתנה.

error-required = צריך למלא את השדה הזה.
error-too-long = לכל היותר { $limit } תווים.
error-too-many = לכל היותר { $limit } בבת אחת.
error-control-characters = אפשר טקסט רגיל בלבד, בלי תווי בקרה.
error-choice = צריך לבחור אחת מהאפשרויות.
error-email = זו אינה כתובת דוא״ל.
error-email-taken = לכתובת הזאת נפתח חשבון ממש עכשיו. אפשר לטעון את הדף מחדש ולהצטרף איתו.
error-zone = { $name } אינו אזור זמן. לדוגמה: Asia/Jerusalem, Europe/Berlin, UTC.
error-password-short = לפחות { $limit } תווים.
error-password-wrong = זו לא הסיסמה.
error-sign-in = הדוא״ל והסיסמה לא מתאימים זה לזה.
error-already-set-up = ה־Milepost הזה כבר הוקם. אפשר להיכנס.
error-already-member = הכתובת הזאת כבר שייכת לארגון.
error-role-above-own = רק בעלי הארגון יכולים לעשות את זה.
error-last-owner = לארגון לא נשאר בעלים אחר. קודם צריך למנות מישהו נוסף לבעלות.
error-reset-elsewhere = החשבון שייך גם לארגון אחר, ולכן אי אפשר לקבוע לו סיסמה מכאן.
error-no-scope = יש לבחור לפחות דבר אחד שמותר לו.
error-too-many-tokens = כבר יש { $limit } אסימונים. אפשר לבטל אחד שאינו בשימוש.
error-expiry = יש לכתוב תאריך כמו 2027-01-31, או להשאיר ריק.
error-expiry-past = המועד הזה כבר עבר. יש לבחור תאריך מאוחר יותר.
error-unknown-member = אין חבר כזה בארגון.
error-unknown-project = אין פרויקט כזה, או שהוא בארכיון.
error-project-exists = כבר יש פרויקט בשם הזה.
error-percent = צריך מספר מ־0 עד 100.
error-date = צריך תאריך כמו 2026-11-22, או תאריך ושעה כמו 2026-11-22 14:30.
error-date-gap = ב־{ $date } השעון מדלג על { $time }. צריך לבחור שעה אחרת.
error-changed-meanwhile = מישהו אחר שינה את זה בינתיים. אפשר להשוות ולשמור שוב.
error-not-your-task = המשימה הזאת מוקצית למישהו אחר.

refused-cancelled = המשימה הסתיימה. קודם צריך לפתוח אותה מחדש, ואז לדווח על התקדמות.
refused-cancel-ended = המשימה כבר הסתיימה, אז אין מה לבטל.
refused-reopen-open = המשימה כבר פתוחה.
refused-undo-kind = אפשר לבטל רק דיווחי התקדמות ושינויי מצב.
refused-undo-moved = המשימה השתנתה מאז, ולכן כבר אי אפשר לבטל את זה.
error-streams-user = פתוחים אצלך יותר מדי דפים וחיבורים חיים. סגרו כמה מהם ונסו שוב.
error-streams-organisation = לארגון שלך פתוחים יותר מדי חיבורים חיים. נסו שוב בעוד זמן מה.
error-streams-server = אין בשרת מקום לחיבורים חיים נוספים. נסו שוב בעוד זמן מה.

error-count = מונה הוא מספר שלם מ־0 עד { $limit }.
error-processed-sum = processed ({ $processed }) אינו הסכום של succeeded ({ $succeeded }), failed ({ $failed }) ו־skipped ({ $skipped }).
error-lease = חכירה נמשכת בין { $from } ל־{ $to } שניות.
error-attempt-needed = יש לציין באיזה ניסיון מדובר: המספר נמסר עם לקיחת המשימה.
error-unknown-task = אין משימה כזו.
error-parent-no-job = רק לעבודה יש ילדים, ורק עבודות הן ילדים.
error-number-range = יש לכתוב מספר שלם מ־{ $from } עד { $to }.
error-bytes = לכל היותר { $limit } בתים.
error-backoff = יש לכתוב exponential, או רשימה של עד { $limit } הפסקות בשניות, כל אחת שבוע לכל היותר.
error-stages = לכל שלב שם משלו ומשקל מ־0 עד 1,000,000.
error-stage-place = לשלב יש שם; index ו־of הם מספרים שלמים מ־1, ו־index אינו עולה על of.
error-counts-assignment = ההתקדמות של מטלה היא אחוז שאדם נותן: מונים ושלבים שייכים לעבודה.
refused-no-job = זו מטלה, לא עבודה.
refused-by-hand-job = עבודה מקודמת על ידי התוכנית שלה. אפשר לבטל אותה או להריץ אותה שוב.
refused-old-attempt = זהו ניסיון { $attempt }, אבל העבודה כבר בניסיון { $now }. יש לעצור: היא אצל מישהו אחר.
refused-job-ended = העבודה הסתיימה ({ $status }). אפשר להריץ אותה שוב.
refused-not-claimed = איש לא לקח את העבודה הזו. קודם יש לקחת אותה.
refused-parent-ended = עבודת האב הסתיימה או מתבטלת, ואינה מקבלת עוד ילדים.
refused-retry-open = העבודה לא הסתיימה ({ $status }), ולכן אי אפשר עדיין להריץ אותה שוב.
refused-retry-undone = השינויים שלה מוחזרים ברגע זה: יש לחכות לסוף ההחזרה או לבטל אותה, ואז להריץ שוב.
refused-retry-parent = יש להריץ שוב את הילדים: האב הולך אחריהם.
refused-retry-no-items = אף פריט בעבודה לא נכשל, ואין על מה לחזור.
refused-external-id = למשימה { $id } כבר יש מזהה חיצוני זה.
refused-unique-key = משימה { $id } פתוחה ויש לה מפתח ייחודי זה.
refused-unique-key-unseen = למשימה פתוחה אחרת יש מפתח ייחודי זה.
refused-delete-open = אפשר למחוק רק מה שהסתיים; מצב המשימה: { $status }. קודם יש לבטל אותה.
refused-delete-parent = למשימה יש ילדים. קודם יש למחוק אותם.
error-item-key = פריט { $number }: מפתח הוא שורה אחת של { $limit } תווים לכל היותר.
error-items-a-call = בקריאה אחת יכולים להיות לכל היותר { $limit } פריטים בכל הדיווחים יחד. שלחו אותם בכמה קריאות.
error-items-full = לכל היותר { $limit } פריטים של עבודה אחת נשמרים. דווחו ספירות, ופריטים רק למה שנכשל.
error-artifact-name = שם של קובץ הוא שורה אחת של { $limit } תווים לכל היותר, בלי לוכסנים.
error-artifact-size = קובץ יכול להכיל { $limit } מ"ב לכל היותר.
error-artifacts-size = הקבצים של עבודה אחת יכולים להכיל יחד { $limit } מ"ב לכל היותר.
error-too-many-artifacts = לכל היותר { $limit } קבצים של עבודה אחת נשמרים.
refused-edit-running = העבודה רצה או הסתיימה: הזמן שלה ומקומה בתור כבר אינם משנים.
refused-delete-awaited = משימות פתוחות ממתינות לסיום המשימה הזו. יש להריץ אותה שוב, או לבטל אותן קודם.
refused-run-by-milepost = העבודה הזאת מורצת על ידי Milepost עצמו, ולכן רק Milepost מדווח עליה. אפשר לבטל אותה או להריץ אותה שוב.
error-kind-built-in = עבודות מסוג { $kind } מורצות על ידי Milepost עצמו. השמיטו אותו מהסוגים.
error-after-parent = ילד אינו יכול להמתין לאב שלו: האב מסתיים כשילדיו הסתיימו.
error-parent-depth = לכל היותר { $limit } אבות זה מעל זה.
