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
