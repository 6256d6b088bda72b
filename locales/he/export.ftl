# מה שיוצא כקובץ: ההיסטוריה כטבלה, ומה שחיפוש בכול מוצא.

kind-export-history = ייצוא ההיסטוריה
kind-export-history-about = כותב את כל מה שההיסטוריה מציגה, ככל שמותר לכם לראות, לגיליון: XLSX או CSV, עם מספרים, אחוזים ותאריכים ככאלה. הקובץ נמחק אחרי שבוע.
export-format = תבנית
export-xlsx = XLSX
export-csv = CSV
export-descriptions = עם תיאורים
export-these = ייצוא של אלה
export-kept-until = נשמר עד
export-sheet = היסטוריה
export-number = מספר
export-percent = אחוז
export-category = קטגוריה
export-labels = תוויות
export-estimate = הערכה בדקות
export-started = התחילה
export-creator = נוצרה על ידי
export-external-id = מזהה חיצוני
export-description = תיאור
export-told-rows = { $count ->
    [one] שורה אחת
    [two] שתי שורות
   *[other] { $count } שורות
}
export-too-large = בקובץ יהיו יותר מ־{ $megabytes } מ״ב, המרב שעבודה יכולה לשמור כקובץ אחד. צמצמו את הסינון, או השאירו בחוץ את התיאורים.

filter-person = אדם
filter-person-hint = המספר שבכתובת העמוד שלו: 7 בשביל ‎/people/7.
filter-project = פרויקט
filter-project-hint = המספר שבכתובת העמוד שלו: 3 בשביל ‎/projects/3.

kind-search = חיפוש בכול
kind-search-about = מחפש בכותרות, בתיאורים, בהערות, בתגובות ובמה שעבודות רשמו ביומן, ככל שמותר לכם לראות, וכותב לקובץ כל מקום שבו מצא משהו. זה לוקח זמן: יומנים נקראים שורה אחר שורה.
search-for = מה לחפש
search-match = איך למצוא
search-by-words = מילים, בכל סדר
search-by-text = בדיוק הטקסט הזה
search-titles = בכותרות
search-descriptions = בתיאורים
search-notes = בהערות
search-comments = בתגובות
search-logs = ביומנים של עבודות
search-everything = חיפוש בכול, גם ביומנים
search-nothing = אין בזה מילה לחפש.
search-sheet = נמצא
search-where = איפה
search-when = מתי
search-excerpt = קטע
search-link = קישור
search-note = הערה
search-comment = תגובה
search-told-hits = { $count ->
    [one] נמצא במקום אחד
    [two] נמצא בשני מקומות
   *[other] נמצא ב־{ $count } מקומות
}
search-told-cut = { $count ->
    [one] החיפוש נעצר אחרי הראשון. צמצמו את החיפוש כדי למצוא את האחרים.
    [two] החיפוש נעצר אחרי שניים. צמצמו את החיפוש כדי למצוא את האחרים.
   *[other] החיפוש נעצר אחרי { $count }, המרב שהוא שומר. צמצמו את החיפוש כדי למצוא את האחרים.
}
