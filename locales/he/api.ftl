# What the API says of what it was sent.

error-not-json = כאן שולחים JSON, עם הכותרת ‎Content-Type: application/json‎. דבר לא השתנה.
error-broken-json = זה אינו JSON תקין (שורה { $line }, עמודה { $column }). דבר לא השתנה.
error-odd-json = אי אפשר לקרוא את ה־JSON הזה (שורה { $line }, עמודה { $column }): האם שדה מופיע פעמיים? דבר לא השתנה.
error-unknown-field = אין כאן שדה כזה. יש: { $known }.
error-no-fields = הקריאה הזאת אינה מקבלת שדות.
error-one-of = אחד מאלה: { $choices }.
error-wants-text = נדרש טקסט.
error-wants-number = נדרש מספר.
error-wants-whole-number = נדרש מספר שלם.
error-wants-boolean = נדרש true או false.
error-wants-list = נדרשת רשימה.
error-wants-object = נדרש אובייקט.
error-range = מ־{ $least } עד { $most }.
error-least = לפחות { $least }.
error-most = לכל היותר { $most }.
error-idempotency-key = נדרשים 1 עד { $limit } תווי ASCII נראים, פעם אחת.
error-idempotency-reused = המפתח הזה (Idempotency-Key) הגיע עם בקשה אחרת ביממה האחרונה. לבקשה חדשה נדרש מפתח חדש. דבר לא השתנה.
error-api-not-found = אין כאן דבר כזה, או שאסור לאסימון הזה לדעת עליו.
error-given-twice = יש לתת אותו פעם אחת.
error-wants-time = יש לכתוב זמן כגון ‎2026-11-22T10:00:00Z‎.
error-cursor = זה אינו סמן של הרשימה הזאת.
error-unknown-parameter = אין כאן פרמטר בשם { $name }.
error-only-jobs = יש את זה רק לעבודה.
error-not-text = כאן שולחים טקסט (‎Content-Type: text/plain‎), או JSON עם השדה text. דבר לא השתנה.
error-body-broken = החיבור נותק לפני שהקובץ כולו הגיע. דבר לא נשמר.
error-content-type = סוג תוכן נראה כמו text/plain, ואורכו עד 100 תווים.

docs-title = API
docs-lead = מה תוכנות יכולות לבקש מ־Milepost, ומה עונים להן. למכונות:
docs-scope = היקף
docs-parameters = פרמטרים
docs-body = גוף (JSON)
docs-example = דוגמה
docs-answers = תשובות
docs-required = חובה
