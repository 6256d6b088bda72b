//! What the demo's people write in notes, comments and descriptions, in the
//! two languages of the house. Only words.

use super::words::Occasion;

pub fn english(occasion: Occasion) -> &'static [&'static str] {
    match occasion {
        Occasion::Progress => &[
            "First draft is in the shared folder.",
            "Half of it is done, the rest tomorrow.",
            "Spoke to the supplier, they need until Thursday.",
            "Went through all of it once more.",
            "Waiting for an answer, went on with the second part.",
            "Comments worked in.",
            "Looks good so far.",
            "Found the old files, that saves a day.",
            "Second round of corrections.",
            "Nearly there, only the small print is left.",
            "Took longer than I thought.",
            "Got an answer this morning, going on.",
        ],
        Occasion::Setback => &[
            "There is more of it than I thought, so less done than I said.",
            "The offer was withdrawn, asking again.",
            "One part was wrong, redoing it.",
            "Part of it has to wait for an answer from outside.",
        ],
        Occasion::Done => &[
            "Done and filed.",
            "All checked, nothing open.",
            "Sent off this afternoon.",
            "Finished; everybody has seen it.",
            "Signed by both sides.",
            "Finished at noon, see the folder.",
        ],
        Occasion::Reopened => &[
            "Something was missing, please have another look.",
            "A mistake turned up, see my comment.",
            "There are a few wishes after all.",
            "We got new figures, so this needs another round.",
        ],
        Occasion::Cancelled => &[
            "Not needed any more.",
            "Merged with another task.",
            "Put off to next year's budget.",
            "The supplier does this for us now.",
        ],
        Occasion::Comment => &[
            "Can you add the new opening hours, please?",
            "The budget for this is **£450**, all in.",
            "I left the key at the front desk.",
            "Looks great. One question: is this for spring as well?",
            "Let's talk about this on Monday.",
            "Here is the contact: `office@harbour-prints.example`",
            "I can help with this on Wednesday afternoon.",
            "Thank you, that was quick!",
            "Please keep the front desk informed.",
            "Numbers for last year: 1,240 visitors, 38 groups.",
        ],
        Occasion::Description => &[
            "What is needed:\n\n- who does what, and by when\n- **a price that includes everything**\n- a photo of the result\n\nAsk me if anything is unclear.",
            "See the notes of the last meeting. In short: *keep it simple*, and nothing that has to be replaced within five years.",
            "1. Call and ask for a written offer\n2. Compare with last year\n3. Decide together\n\nBudget: **£1,200** including delivery.",
            "Last year's files are in `shared/2025/winter`. Copy them, don't change them.",
            "### Why\n\nVisitors asked for this again and again.\n\n### How\n\nStart small, show it to three people, then finish it.",
            "> Please keep it easy for everybody.\n\nThat was the main wish of the access group.",
            "Short and friendly. If in doubt, leave it out.",
        ],
    }
}

pub fn hebrew(occasion: Occasion) -> &'static [&'static str] {
    match occasion {
        Occasion::Progress => &[
            "טיוטה ראשונה נמצאת בתיקייה המשותפת.",
            "חצי מהעבודה מאחוריי, ההמשך מחר.",
            "הספק ביקש להמתין עד יום חמישי.",
            "ההערות הוטמעו.",
            "נשארו רק התיקונים הקטנים.",
            "הקבצים הישנים נמצאו, זה חוסך יום עבודה.",
            "התשובה הגיעה הבוקר, ממשיכים.",
            "לקח יותר זמן ממה שחשבתי.",
        ],
        Occasion::Setback => {
            &["יש כאן יותר ממה שחשבתי, אז נעשה פחות ממה שדיווחתי.", "נפלה טעות, חלק מהעבודה מתחיל מחדש."]
        }
        Occasion::Done => {
            &["הושלם ותויק.", "הכול נבדק, לא נשאר דבר פתוח.", "נשלח היום בצהריים.", "הסתיים, התמונות בתיקייה."]
        }
        Occasion::Reopened => &["חסר משהו, צריך לעבור על זה שוב.", "נמצאה טעות, הפרטים בהערה."],
        Occasion::Cancelled => &["כבר אין צורך בזה.", "אוחד עם משימה אחרת.", "נדחה לתקציב של השנה הבאה."],
        Occasion::Comment => &[
            "אפשר להוסיף את שעות הפתיחה החדשות?",
            "התקציב הוא **450 ליש״ט**, כולל הכול.",
            "המפתח נמצא בדלפק הכניסה.",
            "נראה מצוין. זה נחוץ גם לאביב?",
            "אפשר לעזור בזה ביום רביעי אחר הצהריים.",
            "תודה, זה היה מהיר!",
        ],
        Occasion::Description => &[
            "מה צריך:\n\n- מי עושה מה, ועד מתי\n- **מחיר שכולל הכול**\n- תמונה של התוצאה",
            "1. לבקש הצעה בכתב\n2. להשוות לשנה שעברה\n3. להחליט יחד\n\nתקציב: **1,200 ליש״ט** כולל משלוח.",
            "הקבצים משנה שעברה נמצאים ב־`shared/2025/winter`. להעתיק, לא לשנות.",
            "קצר וידידותי. אם יש ספק, עדיף להשמיט.",
        ],
    }
}
