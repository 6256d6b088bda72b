# The frame around every page, and words that many pages share.

month-1 = בינו׳
month-2 = בפבר׳
month-3 = במרץ
month-4 = באפר׳
month-5 = במאי
month-6 = ביוני
month-7 = ביולי
month-8 = באוג׳
month-9 = בספט׳
month-10 = באוק׳
month-11 = בנוב׳
month-12 = בדצמ׳

count-open-tasks = { $count ->
    [0] אין משימות פתוחות
    [one] משימה פתוחה אחת
    [two] שתי משימות פתוחות
   *[other] { $count } משימות פתוחות
}
