//! Makes up the past of the demo's tasks: when each was created, what happened
//! to it since, and how it stands. Nothing is stored here; `seed` does that.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::chance::Chance;
use super::words::{CAST, Occasion, Titles, Tongue, VISITING_ADMIN, VISITING_MEMBER, say};
use crate::tasks::{Due, Priority};

/// How many tasks there are, and how many of them have not ended.
pub const TASKS: usize = 300;
pub const OPEN: usize = 148;
const DONE: usize = 130;

/// One task's past. Positions stand for people ([`CAST`]) and projects.
pub struct Plan {
    pub title: String,
    pub description: &'static str,
    pub project: Option<usize>,
    /// As it was created; steps may change these three.
    pub assignee: usize,
    pub due: Option<Due>,
    pub priority: Priority,
    pub estimate_minutes: Option<i64>,
    /// In the order of time; the first is its creation.
    pub steps: Vec<Step>,
}

pub struct Step {
    pub at: Timestamp,
    pub by: usize,
    pub does: Does,
    pub note: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    Create,
    Report(i64),
    Complete,
    Cancel,
    Reopen,
    Comment,
    Assign(usize),
    Due(Option<Due>),
    Priority(Priority),
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    Pending,
    InProgress,
    Done,
    Cancelled,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum DueIn {
    Overdue,
    Today,
    Soon,
    Later,
    Never,
}

/// How a task shall stand now, and how many hours ago it was last heard of.
struct Wish {
    assignee: usize,
    end: End,
    due: DueIn,
    heard: i64,
}

/// What the visiting member finds: something under every heading.
const MEMBERS: [(End, DueIn, i64); 24] = [
    (End::InProgress, DueIn::Overdue, 30),
    (End::InProgress, DueIn::Overdue, 76),
    (End::Pending, DueIn::Overdue, 120),
    (End::InProgress, DueIn::Today, 1),
    (End::InProgress, DueIn::Today, 26),
    (End::Pending, DueIn::Today, 50),
    (End::InProgress, DueIn::Soon, 4),
    (End::Pending, DueIn::Soon, 28),
    (End::InProgress, DueIn::Later, 52),
    (End::Pending, DueIn::Later, 20),
    (End::InProgress, DueIn::Later, 200),
    (End::Pending, DueIn::Later, 5),
    (End::InProgress, DueIn::Never, 75),
    (End::Pending, DueIn::Never, 100),
    (End::Pending, DueIn::Never, 2),
    (End::Done, DueIn::Later, 3),
    (End::Done, DueIn::Soon, 22),
    (End::Done, DueIn::Never, 48),
    (End::Done, DueIn::Later, 75),
    (End::Done, DueIn::Soon, 118),
    (End::Done, DueIn::Later, 260),
    (End::Done, DueIn::Never, 400),
    (End::Done, DueIn::Later, 560),
    (End::Cancelled, DueIn::Later, 90),
];
/// And the visiting admin, whose work is mostly to look after the others'.
const ADMINS: [(End, DueIn, i64); 8] = [
    (End::InProgress, DueIn::Overdue, 46),
    (End::InProgress, DueIn::Today, 3),
    (End::Pending, DueIn::Soon, 27),
    (End::InProgress, DueIn::Later, 95),
    (End::Pending, DueIn::Never, 51),
    (End::Done, DueIn::Soon, 6),
    (End::Done, DueIn::Later, 70),
    (End::Done, DueIn::Never, 99),
];

/// The past of every task, as it looks at `now` to people in `zone`.
pub fn plan(chance: &mut Chance, titles: &mut Titles, zone: &TimeZone, now: Timestamp) -> Vec<Plan> {
    let calendar = Calendar { zone: zone.clone(), now };
    wishes(chance).into_iter().map(|wish| past_of(&wish, chance, titles, &calendar)).collect()
}

fn wishes(chance: &mut Chance) -> Vec<Wish> {
    let of = |assignee| move |&(end, due, heard): &(End, DueIn, i64)| Wish { assignee, end, due, heard };
    let mut wishes: Vec<Wish> =
        MEMBERS.iter().map(of(VISITING_MEMBER)).chain(ADMINS.iter().map(of(VISITING_ADMIN))).collect();
    let has = |wishes: &[Wish], end| wishes.iter().filter(|wish| wish.end == end).count();
    while wishes.len() < TASKS {
        let open = has(&wishes, End::Pending) + has(&wishes, End::InProgress);
        let end = if has(&wishes, End::Done) < DONE {
            End::Done
        } else if open < OPEN {
            if chance.percent(57) { End::InProgress } else { End::Pending }
        } else {
            End::Cancelled
        };
        let due = match chance.between(1, 100) {
            1..=15 => DueIn::Overdue,
            16..=24 => DueIn::Today,
            25..=39 => DueIn::Soon,
            40..=77 => DueIn::Later,
            _ => DueIn::Never,
        };
        let heard = match (end, chance.between(1, 100)) {
            (End::Done | End::Cancelled, _) => chance.between(2, 30 * 24),
            (_, 1..=16) => chance.between(0, 1),
            (_, 17..=65) => chance.between(2, 70),
            (_, 66..=92) => chance.between(70, 160),
            _ => chance.between(170, 330),
        };
        wishes.push(Wish { assignee: somebody(chance), end, due, heard });
    }
    wishes
}

/// Somebody of the cast, by their load.
pub fn somebody(chance: &mut Chance) -> usize {
    let mut drawn = chance.between(1, CAST.iter().map(|person| person.load).sum());
    for (position, person) in CAST.iter().enumerate() {
        drawn -= person.load;
        if drawn <= 0 {
            return position;
        }
    }
    VISITING_MEMBER
}

fn past_of(wish: &Wish, chance: &mut Chance, titles: &mut Titles, calendar: &Calendar) -> Plan {
    let person = &CAST[wish.assignee];
    let project = if chance.percent(88) { Some(chance.pick(person.projects)) } else { None };
    let heard = calendar.now - SignedDuration::from_secs(wish.heard * 3_600 + chance.between(100, 3_500));
    let ended = matches!(wish.end, End::Done | End::Cancelled);
    let due = calendar.due(wish.due, if ended { heard } else { calendar.now }, chance);
    let mut created = heard - SignedDuration::from_hours(chance.between(20, 9 * 24));
    if wish.end == End::Pending {
        created = heard - SignedDuration::from_hours(chance.between(0, 30));
    }
    if let (DueIn::Overdue, Some(due)) = (wish.due, &due) {
        created = created.min(due.instant() - SignedDuration::from_hours(chance.between(48, 150)));
    }
    let priority = match chance.between(1, 100) {
        1..=18 => Priority::Low,
        19..=64 => Priority::Medium,
        65..=89 => Priority::High,
        _ => Priority::Urgent,
    };
    let creator = chance.pick(&[0, 0, 1, 3, 3]);
    let mut plan = Plan {
        title: titles.draw(project, person.tongue),
        description: if chance.percent(55) { say(chance, person.tongue, Occasion::Description) } else { "" },
        project,
        assignee: wish.assignee,
        due,
        priority,
        estimate_minutes: chance.percent(60).then(|| chance.pick(&[30, 45, 60, 90, 120, 180, 240, 480, 960])),
        steps: Vec::new(),
    };
    let acts = acts(wish, &mut plan, chance, calendar);
    plan.steps = steps(acts, &plan, creator, (created, heard), chance, calendar);
    plan
}

/// What happens between creation and now, in order.
fn acts(wish: &Wish, plan: &mut Plan, chance: &mut Chance, calendar: &Calendar) -> Vec<Does> {
    let mut acts = Vec::new();
    let reaches = match wish.end {
        End::Pending => 0,
        End::Cancelled => chance.between(0, 6) * 5,
        End::InProgress | End::Done => chance.between(2, 19) * 5,
    };
    // Nobody does all of it in one go.
    let reports = (reaches + 24) / 25 + if reaches > 20 { chance.between(0, 2) } else { 0 };
    for report in 1..=reports {
        acts.push(Does::Report((reaches * report / reports / 5 * 5).max(5)));
    }
    if reports > 1 && chance.percent(9) {
        acts.extend([Does::Complete, Does::Reopen]);
        if chance.percent(50) {
            acts.push(Does::Report(chance.pick(&[40, 60, 80])));
        }
    }
    if chance.percent(15) {
        // It was somebody else's at first.
        let tongue = CAST[plan.assignee].tongue;
        let first = somebody(chance);
        if first != plan.assignee && CAST[first].tongue == tongue {
            acts.insert(0, Does::Assign(plan.assignee));
            plan.assignee = first;
        }
    }
    if plan.due.is_some() && wish.due != DueIn::Overdue && chance.percent(14) {
        let earlier = calendar.earlier(plan.due.as_ref(), chance);
        acts.insert(chance.below(acts.len() + 1), Does::Due(std::mem::replace(&mut plan.due, earlier)));
    }
    if chance.percent(8) {
        acts.insert(chance.below(acts.len() + 1), Does::Priority(plan.priority));
        plan.priority = if plan.priority == Priority::Medium { Priority::High } else { Priority::Medium };
    }
    for _ in 0..chance.pick(&[0, 0, 0, 1, 1, 2]) {
        acts.insert(chance.below(acts.len() + 1), Does::Comment);
    }
    match wish.end {
        End::Done => acts.push(if chance.percent(15) { Does::Report(100) } else { Does::Complete }),
        End::Cancelled => acts.push(Does::Cancel),
        End::Pending | End::InProgress => {}
    }
    acts
}

/// Gives each act its time, its actor and its words.
fn steps(
    acts: Vec<Does>,
    plan: &Plan,
    creator: usize,
    (created, heard): (Timestamp, Timestamp),
    chance: &mut Chance,
    calendar: &Calendar,
) -> Vec<Step> {
    let span = heard.duration_since(created).as_secs().max(60);
    let mut moments: Vec<Timestamp> =
        acts.iter().map(|_| created + SignedDuration::from_secs(chance.between(60, span))).collect();
    moments.sort();
    if let Some(last) = moments.last_mut() {
        *last = heard;
    }
    let mut assignee = plan.assignee;
    let mut steps = vec![Step { at: calendar.at_work(created, creator), by: creator, does: Does::Create, note: None }];
    for (does, moment) in acts.into_iter().zip(moments) {
        let by = match &does {
            Does::Report(_) | Does::Complete => assignee,
            Does::Comment => chance.pick(&[creator, assignee, assignee]),
            _ => creator,
        };
        if let Does::Assign(next) = does {
            assignee = next;
        }
        let note = note_on(&does, CAST[by].tongue, chance);
        steps.push(Step { at: calendar.at_work(moment, by), by, does, note });
    }
    in_order(&mut steps, calendar.now, chance);
    steps
}

fn note_on(does: &Does, tongue: Tongue, chance: &mut Chance) -> Option<&'static str> {
    let (occasion, often) = match does {
        Does::Report(_) => (Occasion::Progress, 55),
        Does::Complete => (Occasion::Done, 50),
        Does::Reopen => (Occasion::Reopened, 100),
        Does::Cancel => (Occasion::Cancelled, 85),
        Does::Comment => (Occasion::Comment, 100),
        _ => return None,
    };
    chance.percent(often).then(|| say(chance, tongue, occasion))
}

/// People's weeks differ, so that two steps of one task may have changed
/// places: moves the later one on, but never past now.
fn in_order(steps: &mut [Step], now: Timestamp, chance: &mut Chance) {
    for later in 1..steps.len() {
        if steps[later].at <= steps[later - 1].at {
            steps[later].at = steps[later - 1].at + SignedDuration::from_secs(chance.between(40, 2_400));
        }
    }
    let mut latest = now - SignedDuration::from_secs(20);
    for step in steps.iter_mut().rev() {
        step.at = step.at.min(latest);
        latest = step.at - SignedDuration::from_secs(20);
    }
}

struct Calendar {
    zone: TimeZone,
    now: Timestamp,
}

impl Calendar {
    /// A moment in this person's working hours, on that day or a working day
    /// before it. What was a moment ago stays: work goes on while one watches.
    fn at_work(&self, at: Timestamp, person: usize) -> Timestamp {
        if self.now.duration_since(at) < SignedDuration::from_mins(150) {
            return at;
        }
        let off = match CAST[person].tongue {
            Tongue::English => [Weekday::Saturday, Weekday::Sunday],
            Tongue::Hebrew => [Weekday::Friday, Weekday::Saturday],
        };
        let local = at.to_zoned(self.zone.clone());
        let of_day = local.time().duration_since(jiff::civil::Time::midnight()).as_secs();
        // The whole day's round, pressed into the hours from half past eight to six.
        let minutes = 510 + of_day * 570 / 86_400;
        let mut date = local.date();
        for _ in 0..7 {
            let worked = date
                .to_zoned(self.zone.clone())
                .map_or(at, |midnight| midnight.timestamp() + SignedDuration::from_secs(minutes * 60 + of_day % 60));
            if !off.contains(&date.weekday()) && worked < self.now {
                return worked;
            }
            // Not all of a weekend's share on the Friday.
            let back = if off.contains(&date.weekday()) { 1 + of_day % 5 } else { 1 };
            date = date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date);
        }
        at
    }

    /// What was agreed before a due date was moved: some days less, or nothing.
    fn earlier(&self, due: Option<&Due>, chance: &mut Chance) -> Option<Due> {
        let date = due?.date()?.checked_sub(jiff::Span::new().days(chance.between(1, 6))).ok()?;
        Due::parse(&date.to_string(), &self.zone).ok().flatten()
    }

    /// A due date as it lies from `seen`: for what has ended, its end.
    fn due(&self, due: DueIn, seen: Timestamp, chance: &mut Chance) -> Option<Due> {
        let today = seen.to_zoned(self.zone.clone()).date();
        let days = match due {
            DueIn::Never => return None,
            DueIn::Overdue => -chance.between(1, 8),
            DueIn::Today => 0,
            DueIn::Soon => chance.between(1, 2),
            DueIn::Later => chance.between(3, 24),
        };
        let date = today.checked_add(jiff::Span::new().days(days)).ok()?;
        let hour = chance.pick(&["T10:00", "T12:00", "T15:30", "T17:00"]);
        let timed = chance.percent(22) && due != DueIn::Today;
        let text = if timed { format!("{date}{hour}") } else { date.to_string() };
        Due::parse(&text, &self.zone).ok().flatten()
    }
}
