//! Who works in the demo's organisation, on what, and what they say. Only
//! words: what people write is data, so it stands here and not in `locales/`.

use super::chance::Chance;
use crate::people::Role;

pub const ORGANISATION: &str = "Tidewater Museum";

/// In which language somebody writes; it also decides on their working week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tongue {
    English,
    Hebrew,
}

pub struct Person {
    pub name: &'static str,
    pub email: &'static str,
    pub role: Role,
    pub tongue: Tongue,
    /// Positions in [`PROJECTS`].
    pub projects: &'static [usize],
    /// How much of the work falls to them, against the others.
    pub load: i64,
}

/// The first admin and the first member are the two that visitors look around
/// as; nothing is done in their name while the demo runs.
pub const VISITING_ADMIN: usize = 0;
pub const VISITING_MEMBER: usize = 2;

pub const CAST: [Person; 12] = [
    person("Leila Haddad", "leila@tidewater.example", Role::Admin, &[0, 1, 2, 3, 4], 3),
    person("Amara Okafor", "amara@tidewater.example", Role::Owner, &[0, 1], 3),
    person("Sofia Marques", "sofia@tidewater.example", Role::Member, &[0, 1], 0),
    person("Henrik Lindqvist", "henrik@tidewater.example", Role::Admin, &[2, 3, 4], 4),
    hebrew("נועה ברק", "noa@tidewater.example", &[4, 0], 9),
    person("Kenji Watanabe", "kenji@tidewater.example", Role::Member, &[1, 4], 9),
    person("Priya Raman", "priya@tidewater.example", Role::Member, &[2, 0], 10),
    hebrew("יואב פרידמן", "yoav@tidewater.example", &[4, 1], 8),
    person("Tomasz Wójcik", "tomasz@tidewater.example", Role::Member, &[3, 0], 9),
    person("Fatoumata Diallo", "fatoumata@tidewater.example", Role::Member, &[2, 3], 10),
    person("Lucía Benítez", "lucia@tidewater.example", Role::Member, &[1, 3, 4], 8),
    hebrew("תמר אוחיון", "tamar@tidewater.example", &[4, 2], 8),
];

const fn person(name: &'static str, email: &'static str, role: Role, projects: &'static [usize], load: i64) -> Person {
    Person { name, email, role, tongue: Tongue::English, projects, load }
}

const fn hebrew(name: &'static str, email: &'static str, projects: &'static [usize], load: i64) -> Person {
    Person { name, email, role: Role::Member, tongue: Tongue::Hebrew, projects, load }
}

pub const PROJECTS: [&str; 5] =
    ["Winter exhibition", "New website", "School visits", "Shop and café", "ארכיון התצלומים"];
/// Beside the projects: work that belongs to none.
const NO_PROJECT: usize = PROJECTS.len();

/// Every action fits every thing; together they are titles.
struct Work {
    project: usize,
    tongue: Tongue,
    actions: &'static [&'static str],
    things: &'static [&'static str],
}

const WORK: [Work; 16] = [
    Work {
        project: 0,
        tongue: Tongue::English,
        actions: &["Draft {}", "Proofread {}", "Lay out {}", "Send {} to the printer"],
        things: &[
            "the wall texts for room 1",
            "the wall texts for room 2",
            "the object labels",
            "the exhibition leaflet",
            "the catalogue foreword",
            "the invitation cards",
            "the floor plan for visitors",
            "the large-print guide",
        ],
    },
    Work {
        project: 0,
        tongue: Tongue::English,
        actions: &["Order {}", "Get three offers for {}", "Arrange the delivery of {}"],
        things: &[
            "the display cases",
            "the picture frames",
            "the gallery lamps",
            "the loan crates",
            "the vinyl lettering",
            "the projector mounts",
            "the barrier ropes",
            "the humidity sensors",
        ],
    },
    Work {
        project: 1,
        tongue: Tongue::English,
        actions: &["Design {}", "Build {}", "Test {} on a phone", "Make {} work by keyboard"],
        things: &[
            "the ticket page",
            "the opening hours page",
            "the event calendar",
            "the newsletter form",
            "the photo gallery",
            "the search results",
            "the donation page",
            "the cookie-free map",
        ],
    },
    Work {
        project: 1,
        tongue: Tongue::English,
        actions: &["Rewrite {}", "Shorten {}", "Check the facts in {}"],
        things: &[
            "the history page",
            "the page about getting here",
            "the accessibility page",
            "the group booking page",
            "the staff profiles",
            "the volunteer page",
            "the press kit",
        ],
    },
    Work {
        project: 2,
        tongue: Tongue::English,
        actions: &["Prepare {}", "Print {}", "Update {}", "Ask a teacher to try {}"],
        things: &[
            "the worksheet for ages 6 to 8",
            "the worksheet for ages 9 to 12",
            "the teachers' guide",
            "the treasure-hunt map",
            "the feedback form",
            "the knot-tying kit list",
            "the quiz for the ship hall",
        ],
    },
    Work {
        project: 2,
        tongue: Tongue::English,
        actions: &["Confirm {}", "Plan {}", "Find two guides for {}", "Write up {}"],
        things: &[
            "the visit of Elm Park School",
            "the visit of St Brendan's",
            "the visit of Northgate Academy",
            "the holiday workshop",
            "the lighthouse walk",
            "the teachers' evening",
            "the family Sunday",
            "the harbour boat trip",
        ],
    },
    Work {
        project: 3,
        tongue: Tongue::English,
        actions: &["Reorder {}", "Count the stock of {}", "Price {}", "Find a second supplier for {}"],
        things: &[
            "postcards",
            "tea towels",
            "children's books",
            "model boats",
            "tote bags",
            "sea-glass jewellery",
            "local honey",
            "calendars",
        ],
    },
    Work {
        project: 3,
        tongue: Tongue::English,
        actions: &["Agree {} with the kitchen", "Revise {}", "Put up {}"],
        things: &[
            "the winter menu",
            "the allergen list",
            "the weekend rota",
            "the cleaning plan",
            "the price board",
            "the offer for groups",
            "the children's menu",
        ],
    },
    Work {
        project: 4,
        tongue: Tongue::English,
        actions: &["Scan {}", "Catalogue {}", "Clear the rights for {}", "Replace the sleeves of {}"],
        things: &[
            "the harbour negatives",
            "the Cohen family albums",
            "the shipyard glass plates",
            "the 1950s postcards",
            "the lighthouse keepers' portraits",
            "the regatta slides",
            "the fishing fleet prints",
            "the storm photographs of 1962",
        ],
    },
    Work {
        project: NO_PROJECT,
        tongue: Tongue::English,
        actions: &["Renew {}", "Get quotes for {}", "Report on {}"],
        things: &[
            "the fire safety contract",
            "the lift maintenance",
            "the insurance policy",
            "the first-aid course",
            "the heating service",
            "the alarm system",
            "the parking permits",
            "the window cleaning",
        ],
    },
    Work {
        project: 4,
        tongue: Tongue::Hebrew,
        actions: &["סריקת {}", "קטלוג {}", "בירור זכויות עבור {}", "החלפת עטיפות של {}", "תיאור {}"],
        things: &[
            "תשלילי הנמל",
            "אלבומי משפחת כהן",
            "לוחות הזכוכית מהמספנה",
            "גלויות משנות החמישים",
            "דיוקנאות שומרי המגדלור",
            "שקופיות השיט",
            "תצלומי צי הדיג",
            "תצלומי הסערה של 1962",
        ],
    },
    Work {
        project: 0,
        tongue: Tongue::Hebrew,
        actions: &["כתיבת {}", "הגהת {}", "תרגום {}", "עיצוב {}"],
        things: &["טקסטים לאולם 1", "טקסטים לאולם 2", "כיתובי המוצגים", "עלון התערוכה", "מדריך הקול"],
    },
    Work {
        project: 1,
        tongue: Tongue::Hebrew,
        actions: &["תרגום {}", "בדיקת {} בטלפון", "עדכון {}", "שיפור הנגישות של {}"],
        things: &["דף הכרטיסים", "לוח האירועים", "דף ההגעה", "טופס הרשמה לידיעון", "דף התרומות"],
    },
    Work {
        project: 2,
        tongue: Tongue::Hebrew,
        actions: &["הכנת {}", "תיאום {}", "סיכום {}", "עדכון {}"],
        things: &["ביקור בית ספר הגליל", "ביקור בית ספר ארזים", "סדנת החופש", "ערב המורים", "מסלול המגדלור"],
    },
    Work {
        project: 3,
        tongue: Tongue::Hebrew,
        actions: &["בדיקת {}", "עדכון {}"],
        things: &["מלאי הגלויות", "מחירון החנות", "תפריט החורף"],
    },
    Work {
        project: NO_PROJECT,
        tongue: Tongue::Hebrew,
        actions: &["חידוש {}", "קבלת הצעות מחיר עבור {}"],
        things: &["ביטוח המבנה", "תחזוקת המעלית", "קורס עזרה ראשונה", "מערכת האזעקה", "שירות המזגנים", "ניקוי החלונות"],
    },
];

/// All titles, shuffled, drawn one after the other; used up, they come again.
pub struct Titles {
    decks: Vec<(usize, Tongue, Vec<String>, usize)>,
}

impl Titles {
    pub fn new(chance: &mut Chance) -> Titles {
        let mut decks: Vec<(usize, Tongue, Vec<String>, usize)> = Vec::new();
        for work in &WORK {
            let titles = work.things.iter().flat_map(|thing| work.actions.iter().map(|act| act.replace("{}", thing)));
            match decks.iter_mut().find(|deck| (deck.0, deck.1) == (work.project, work.tongue)) {
                Some(deck) => deck.2.extend(titles),
                None => decks.push((work.project, work.tongue, titles.collect(), 0)),
            }
        }
        for deck in &mut decks {
            chance.shuffle(&mut deck.2);
        }
        Titles { decks }
    }

    /// `project`: a position in [`PROJECTS`], or none.
    pub fn draw(&mut self, project: Option<usize>, tongue: Tongue) -> String {
        let project = project.unwrap_or(NO_PROJECT);
        let deck = self.decks.iter_mut().find(|deck| (deck.0, deck.1) == (project, tongue));
        let Some((_, _, titles, drawn)) = deck else { return PROJECTS[project.min(NO_PROJECT - 1)].to_owned() };
        let title = titles[*drawn % titles.len()].clone();
        *drawn += 1;
        title
    }
}

/// On which occasion somebody says something.
#[derive(Clone, Copy, Debug)]
pub enum Occasion {
    Progress,
    Setback,
    Done,
    Reopened,
    Cancelled,
    Comment,
    Description,
}

pub fn say(chance: &mut Chance, tongue: Tongue, occasion: Occasion) -> &'static str {
    chance.pick(match tongue {
        Tongue::English => super::phrases::english(occasion),
        Tongue::Hebrew => super::phrases::hebrew(occasion),
    })
}
