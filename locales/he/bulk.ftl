# מה שנעשה לכל המשימות שמסנן מוצא, וביטולו.

kind-bulk-edit = שינוי משימות רבות
kind-bulk-edit-about = מקצה, מעביר, משנה תאריכים ועדיפות, מבטל או מריץ שוב את כל מה שמתאים למסנן. קודם רואים מה יקרה; סירוב של משימה אחת לא עוצר את האחרות, ושינויים אפשר להחזיר.
kind-bulk-delete = מחיקת משימות שהסתיימו
kind-bulk-delete-about = מוחק את כל מה שהסתיים ומתאים למסנן, אחרי שהראה מה זה. מה שפתוח נשאר.

bulk-which = אילו משימות
bulk-what = מה נעשה בהן
bulk-act = הפעולה
bulk-act-change = לשנות אותן
bulk-act-cancel = לבטל אותן
bulk-act-retry = להריץ שוב עבודות שהסתיימו
bulk-act-undo = להחזיר מה שעבודה שינתה
bulk-act-delete = למחוק אותן
bulk-as-is = כמו שהוא
bulk-set-assignee = להקצות אל
bulk-set-assignee-hint = המספר של אדם; 0 הוא אף אחד.
bulk-set-project = להעביר לפרויקט
bulk-set-project-hint = המספר של פרויקט; 0 הוא בלי פרויקט.
bulk-set-due = תאריך יעד
bulk-shift-days = או להזיז תאריכי יעד בימים
bulk-shift-days-hint = 7 הוא שבוע מאוחר יותר, ‎-1 יום מוקדם יותר.
bulk-set-priority = לקבוע עדיפות
bulk-of-job = להחזיר את השינויים של עבודה
bulk-of-job-hint = המספר של עבודה ששינתה משימות רבות.
bulk-standing = רק עבודות שהן
bulk-standing-hint = כפי שרשימת העבודות מבחינה ביניהן.
bulk-outcome = איך הסתיים
bulk-open = לא הסתיים
bulk-overdue-now = עכשיו
bulk-of-job-kind = רק מסוג העבודה הזה
bulk-of-queue = רק בתור הזה
bulk-of-category = רק בקטגוריה הזאת
bulk-until = לא חדשות ממשימה
bulk-until-hint = המספר של משימה. בלעדיו: לא כאלה שנוצרו אחרי העבודה.

bulk-show = להראות מה יקרה
bulk-edit-instead = לשנות אותן במקום
bulk-delete-instead = למחוק אותן במקום
bulk-change-all = שינוי כל אלה
bulk-delete-all = מחיקת כל אלה
bulk-undo = החזרת השינויים שלה
bulk-undo-title = החזרה: { $title }
bulk-title-change = { $count ->
    [one] שינוי משימה אחת
    [two] שינוי שתי משימות
   *[other] שינוי { $count } משימות
}
bulk-title-cancel = { $count ->
    [one] ביטול משימה אחת
    [two] ביטול שתי משימות
   *[other] ביטול { $count } משימות
}
bulk-title-retry = { $count ->
    [one] הרצה חוזרת של עבודה אחת
    [two] הרצה חוזרת של שתי עבודות
   *[other] הרצה חוזרת של { $count } עבודות
}
bulk-title-undo = { $count ->
    [one] החזרת שינוי של משימה אחת
    [two] החזרת שינוי של שתי משימות
   *[other] החזרת שינוי של { $count } משימות
}
bulk-title-delete = { $count ->
    [one] מחיקת משימה אחת
    [two] מחיקת שתי משימות
   *[other] מחיקת { $count } משימות
}
bulk-would = זה ייעשה ב־{ $would } מתוך { $judged }.
bulk-would-part = מתוך { $judged } הראשונות, זה ייעשה ב־{ $would }.
bulk-would-none-yet = אף אחת מ־{ $looked } הראשונות לא מתאימה. יש עוד, והעבודה בודקת את כולן.
bulk-preview = מה יקרה
bulk-examples = הראשונות מביניהן
bulk-what-changes = מה ישתנה
bulk-idle = דבר לא ישתנה.
bulk-nothing-fits = אף משימה לא מתאימה
bulk-nothing-fits-hint = אפשר לבחור אחרות למעלה.
bulk-change-hint = היומן של כל משימה אומר מה השתנה. בעמוד העבודה אפשר להחזיר את זה.
bulk-cancel-tasks-hint = אין החזרה לכולן בבת אחת: כל אחת אפשר לפתוח מחדש או להריץ שוב בפני עצמה.
bulk-undo-hint = כל ערך חוזר למה שהיה, במקום שבו הוא עדיין כפי שאותה עבודה השאירה. מה שמישהו שינה מאז נשאר.
bulk-delete-hint = הן יוסרו מכל הרשימות, עם הפלט, הפריטים והקבצים שלהן. היומנים שלהן נשארים. אי אפשר להחזיר את זה.

bulk-told = נעשו: { $done }. נשארו כפי שהיו: { $skipped }. סורבו: { $failed }.
bulk-same = זה כבר כך.
bulk-gone = היא כבר לא נמצאת.
bulk-no-due = אין לה תאריך יעד שאפשר להזיז.
bulk-undo-gone = העבודה שהשינויים שלה היו אמורים לחזור כבר לא נמצאת.
bulk-begun-otherwise = העבודה התחילה. כשהוצגה היו { $then }; עכשיו הן { $now }.
bulk-error-members = את פרטי המשימות משנים מנהלים. אפשר לבטל עבודות שלך, ולהריץ שוב את אלה שהסתיימו.
bulk-undo-running = העבודה #{ $id } עוד לא הסתיימה: יש לחכות לסופה או לבטל אותה, ואז להחזיר את מה שעשתה.
bulk-undo-nothing = לא נשאר מה להחזיר
bulk-undo-nothing-hint = מה שאותה עבודה שינתה כבר הוחזר, או שהמשימות כבר לא נמצאות.
bulk-told-before = { $count ->
    [one] אחת מהן נעשתה בניסיון קודם, ונשארת כפי שהיא עכשיו.
    [two] שתיים מהן נעשו בניסיונות קודמים, ונשארות כפי שהן עכשיו.
   *[other] { $count } מהן נעשו בניסיונות קודמים, ונשארות כפי שהן עכשיו.
}
bulk-retry-part = מתוך { $failed } שסורבו רק { $recorded } רשומות אחת־אחת, ולכן אי אפשר לנסות רק אותן שוב. אפשר להריץ את העבודה שוב בשלמותה: מה שכבר עשתה נשאר כפי שהוא.
bulk-undo-none = אותה עבודה לא שינתה כאן דבר שאפשר להחזיר.
bulk-undo-changed = היא שונתה שוב מאז.
bulk-undo-part = חלק ממנה שונה שוב מאז, ונשאר.

bulk-error-payload = אי אפשר לקרוא את התוכן: { $why }
bulk-error-nothing = צריך לומר מה ישתנה: מי מבצע, הפרויקט, תאריך היעד או העדיפות.
bulk-error-both = מה שמבוטל או מורץ שוב לא משתנה באותה עת.
bulk-error-due = או תאריך או מספר ימים, לא שניהם.
bulk-error-standing = צריך לומר איך העבודות עומדות: תור, קטגוריה וסוג עבודה באים יחד עם זה.
bulk-error-lists = איך עבודות עומדות בא יחד עם פרויקט וחיפוש בלבד, לא עם המסננים של ההיסטוריה.
bulk-error-words = בחיפוש יש לכל היותר { $limit } מילים: השאר לא היו נספרות.
bulk-error-all = צריך לומר אילו משימות: סינון, או החדשה ביותר שמתכוונים אליה.
bulk-is-a-job = זו עבודת מחשב: מי שיצר אותה והמקום שלה נשארים.
