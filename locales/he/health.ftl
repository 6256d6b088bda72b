# מצב המערכת עצמה, ומה נשמר לכמה זמן.
# סביב גדלים עומדים סימני כיוון, כדי שהמספר יעמוד לפני היחידה.

health-title = מצב המערכת
health-lead = נבדק בכל רבע שעה, עבור כל הארגונים במערכת הזאת.
health-none = עדיין לא נבדק.
health-old = הבדיקה האחרונה הייתה לפני יותר משעה: האם התזמון של „בדיקת מצב” מושהה, או שאין מי שמריץ עבודות?
health-check-now = לבדוק עכשיו
health-backup-now = לגבות…
health-well = תקין
health-warning = כדאי לבדוק
health-failing = דורש טיפול עכשיו

health-disk = דיסק
health-database = מסד הנתונים
health-log = יומן הכתיבה
health-writer = כתיבה
health-backup = הגיבוי האחרון
health-stuck = עבודות שעומדות במקום
health-waiting = עבודות שאיש אינו לוקח
health-unknown = המערכת אינה אומרת.
health-disk-is = ⁦{ $size }⁩ פנויים.
health-size-is = ⁦{ $size }⁩.
health-writer-is = { $count ->
    [one] שינוי בטוח על הדיסק אחרי מילישנייה אחת.
   *[other] שינוי בטוח על הדיסק אחרי { $count } מילישניות.
}
health-writer-silent = שינויים אינם מגיעים לדיסק.
health-backup-none = עדיין אין.
health-backup-minutes = { $count ->
    [one] לפני דקה.
    [two] לפני שתי דקות.
   *[other] לפני { $count } דקות.
}
health-backup-hours = { $count ->
    [one] לפני שעה.
    [two] לפני שעתיים.
   *[other] לפני { $count } שעות.
}
health-backup-days = { $count ->
    [one] לפני יום.
    [two] לפני יומיים.
   *[other] לפני { $count } ימים.
}
health-stuck-is = { $count ->
    [0] אין.
    [one] עבודה אחת רצה בלי להתקדם, או שמי שהריץ אותה נעלם.
    [two] שתי עבודות רצות בלי להתקדם, או שמי שהריץ אותן נעלם.
   *[other] { $count } עבודות רצות בלי להתקדם, או שמי שהריץ אותן נעלם.
}
health-waiting-is = { $count ->
    [0] אין.
    [one] עבודה אחת ממתינה יותר משעה.
    [two] שתי עבודות ממתינות יותר משעה.
   *[other] { $count } עבודות ממתינות יותר משעה.
}
health-disk-advice = יש לפנות מקום בדיסק: לשמור פחות גיבויים, לנקות, או לעבור לדיסק גדול יותר. כשהוא מתמלא אי אפשר לשמור דבר.
health-database-advice = כדאי לשמור עבודות שהסתיימו וקבצים לזמן קצר יותר (ניקיון). גיבויים ובדיקות כבר נמשכים זמן רב.
health-log-advice = משהו קורא רגע אחד של מסד הנתונים זמן רב מאוד, ולכן היומן אינו יכול להתחיל מחדש. כדאי לחפש תוכנה אחרת שהקובץ פתוח אצלה.
health-writer-advice = כדאי לבדוק במה הדיסק עסוק וכמה שינויים מגיעים.
health-backup-advice = כדאי לבדוק את התזמון „גיבוי” ואת העבודות האחרונות מהסוג הזה.
health-stuck-advice = אפשר למצוא אותן תחת עבודות, ולבטל אותן או לנסות שוב.
health-waiting-advice = אפשר למצוא אותן תחת עבודות, תור אחר תור: ייתכן שאין מי שמריץ אותן, או שאין די.

kind-check-health = בדיקת מצב
kind-check-health-about = בודק את הדיסק, את מסד הנתונים, כמה מהר שינויים נשמרים, את הגיבוי האחרון, ועבודות שאינן מתקדמות. ההגדרות מראות מה נמצא.
kind-clean-up = ניקיון
kind-clean-up-about = מסיר עבודות שהסתיימו עם היומנים והקבצים שלהן, קבצים ישנים, קישורים ואסימונים, אחרי הזמן שלו כל אחד מהם נשמר. הרישום של מה שאנשים עשו נשאר, וגם המטלות.
clean-up-dry-run = רק לספור
clean-up-dry-run-hint = אומר מה היה מוסר, ואינו מסיר דבר.
clean-up-done = עבודות שהושלמו, ימים
clean-up-failed = עבודות שנכשלו, ימים
clean-up-cancelled = עבודות שבוטלו, ימים
clean-up-routine = עבודות שגרה, ימים
clean-up-routine-hint = גיבויים, בדיקות וניקיונות שלא נכשלו.
clean-up-uploads = קבצים שהועלו, ימים
clean-up-files = קבצים של עבודות שהסתיימו, ימים
clean-up-files-hint = עבודה יכולה להישמר זמן רב יותר מהקבצים שלה.
clean-up-links = הזמנות וקישורי איפוס שנוצלו או פגו, ימים
clean-up-tokens = אסימונים שבוטלו או פגו, ימים
clean-up-kinds = סוגים עם זמנים משלהם
