//! Every limit of the program, with its reason. What an operator can set stands above.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::SignedDuration;

use crate::db::backup::Keep;

/// Backups that stay: a mistake of last week is found within a week, one of last month within four; and the newest few,
/// so that one made by hand before an upgrade outlives that night's.
pub const BACKUPS_KEPT: Keep = Keep { daily: 7, weekly: 4, newest: 3 };
pub const BACKUPS_DAILY: std::ops::RangeInclusive<i64> = 0..=366;
pub const BACKUPS_WEEKLY: std::ops::RangeInclusive<i64> = 0..=520;

/// Unless an operator says otherwise: a thousand a second.
pub const REQUESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60_000).expect("it is not zero");
/// A minute's requests come in this many bursts at the least: ten seconds' worth may come at once, as a program does
/// that was offline.
pub const BURSTS_PER_MINUTE: u32 = 6;
/// How often the full buckets of whoever went away are forgotten: some megabytes' worth.
pub const REQUESTS_BETWEEN_SWEEPS: usize = 100_000;

/// Rows that a list of the API gives, unless it is asked for fewer or more; and the most.
pub const LIST_USUAL: usize = 100;
pub const LIST_MOST: usize = 500;
/// Reports in one call: a commit of some milliseconds.
pub const REPORTS_AT_ONCE: usize = 1_000;
/// Kinds and queues that one claim names.
pub const NAMES_AT_ONCE: usize = 100;
/// The longest wait that a claim can ask for.
pub const CLAIM_WAIT_SECONDS: i64 = 60;
/// How long a file may take to arrive: the largest over a slow line.
pub const UPLOAD_TIME: Duration = Duration::from_secs(3600);
/// How long the answer to a write with an `Idempotency-Key` is kept: whoever tries again does so within a day.
pub const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Bytes of such a key: the longest that clients of other programs send.
pub const KEY_CHARS: usize = 255;
/// Rows that house-keeping removes in one write, so that nobody waits for it.
pub const ROWS_SWEPT: usize = 500;

/// A form or request body, in bytes: the longest description (below) in
/// percent-encoded UTF-8, with room for the other fields.
pub const BODY_BYTES: usize = 256 * 1024;
/// The same where many items or reports come at once: a thousand items with keys and messages as long as they may be are
/// 2.2 million characters, and some of these are more than one byte.
pub const ITEMS_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A body that is larger than this is read where it delays nobody else: above it, reading takes more than a millisecond.
pub const READ_APART_BYTES: usize = 64 * 1024;
/// Wrong fields that one refusal names. More help nobody, and a body can have millions.
pub const ERRORS_TOLD: usize = 20;

/// Characters. A title fits two lines of a card; a description is a page or
/// two; a note is a paragraph.
pub const TITLE_CHARS: usize = 200;
pub const DESCRIPTION_CHARS: usize = 20_000;
pub const NOTE_CHARS: usize = 2_000;
pub const NAME_CHARS: usize = 100;
pub const EMAIL_CHARS: usize = 254; // RFC 5321, 4.5.3.1.3
/// The shortest password that NIST SP 800-63B allows; the longest only bounds
/// the work of hashing it.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
pub const PROJECT_MEMBERS: usize = 1_000;
/// Tasks made by one pasted list.
pub const TASKS_AT_ONCE: usize = 100;
/// Minutes: a year of working days is more than one task should take.
pub const ESTIMATE_MINUTES: std::ops::RangeInclusive<i64> = 1..=120_000;

/// Asking others' servers: how long a connection, and how long everything may take; a feed of some ten thousand events
/// fits in the bytes; who is led on more often runs in a circle.
pub const OUTBOUND_CONNECT: Duration = Duration::from_secs(10);
pub const OUTBOUND_TIME: Duration = Duration::from_secs(60);
pub const OUTBOUND_BYTES: usize = 16 * 1024 * 1024;
pub const OUTBOUND_REDIRECTS: usize = 5;
/// Bytes of the address of a webhook.
pub const WEBHOOK_BYTES: usize = 2_048;
/// What browsers and proxies take of an address, at the least.
pub const ADDRESS_CHARS: usize = 2_000;

/// What of a search is heard: each word is another walk through the index.
pub const SEARCH_CHARS: usize = 200;
pub const SEARCH_WORDS: usize = 12;

/// Rows on one page of a list, and in each section of one's own tasks.
pub const PAGE_ROWS: usize = 50;
/// Entries of the trail on a task's page before "older".
pub const TRAIL_ROWS: usize = 50;
/// Past this a count is shown as "1,000+": counting further costs and says nothing.
pub const COUNT_CAP: i64 = 1_000;
/// Jobs of each standing on their first page, but for those that run.
pub const GROUP_ROWS: usize = 10;
/// Rows that one page of jobs looks through for what no index knows, and one count: some 50 ms of reading.
pub const SCAN_ROWS: usize = 20_000;
/// Names of kinds, queues and categories that a filter offers, and that the table of queues shows.
pub const JOB_NAMES: usize = 100;
/// Jobs that one request acts on by itself; through more, a job goes, with a progress of its own.
pub const BULK_AT_ONCE: usize = 50;
/// Tasks that are acted on in one write: others' writes come in between.
pub const BULK_CHUNK: usize = 50;
/// Tasks that a page asks one by one what would become of them: some 50 ms of reading.
pub const BULK_PREVIEW: usize = 1_000;
/// Files that were brought and are looked at for a page at the same time: each may unpack to a hundred megabytes or two.
pub const LOOKS_AT_ONCE: usize = 2;
/// Groups of errors on a job's page, and keys of each: the rest is in the CSV file.
pub const ERROR_GROUPS: usize = 20;
pub const ERROR_KEYS: usize = 5;
/// Attempts on a job's page.
pub const ATTEMPT_ROWS: usize = 20;
/// Lines of a log on its job's page, and bytes of them.
pub const LOG_LINES: usize = 500;
pub const LOG_PAGE_BYTES: usize = 64 * 1024;
/// Of a payload or result, characters on its job's page; the API has the whole.
pub const CONTENT_CHARS: usize = 20_000;

/// How long "done lately" reaches back.
pub const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Due within this is "due soon".
pub const SOON: SignedDuration = SignedDuration::from_hours(2 * 24);
/// Open without a word for this long is "stalled".
pub const STALLED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An invitation's life: long enough for a holiday.
pub const INVITATION_LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A password reset link is used while both people still talk about it.
pub const RESET_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Tokens that a member has, and that an organisation has: more could not be told apart.
pub const TOKENS: usize = 100;
/// Days until a new token expires, unless its maker says otherwise: long enough to forget it, short enough to matter.
pub const TOKEN_DAYS: i64 = 90;
/// A token's last use is written at most this often.
pub const TOKEN_USE_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Failed sign-ins before waiting: per account slow enough that guessing is
/// hopeless, per address wide enough for an office behind one address.
pub const SIGN_IN_FAILURES_PER_ACCOUNT: u32 = 10;
pub const SIGN_IN_FAILURES_PER_ADDRESS: u32 = 60;
pub const SIGN_IN_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Accounts and addresses remembered for the above; the least used go first.
pub const SIGN_IN_REMEMBERED: usize = 10_000;
/// Passwords hashed at a time: each takes a core and 19 MB for some 20 ms.
pub const HASHES_AT_ONCE: usize = 2;

/// A member is idle without a sign of use for this long, then offline.
pub const IDLE_AFTER: SignedDuration = SignedDuration::from_mins(5);
pub const OFFLINE_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// A presence span is written this often while it lasts.
pub const PRESENCE_WRITE_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Commits that a stream may lag behind before it is cut and comes back by replay: for the admins of an organisation,
/// who share one channel, and for each member, whose channel must be small because there are many.
pub const ORGANISATION_BUFFER: usize = 256;
pub const MEMBER_BUFFER: usize = 16;
/// Bytes that wait for a slow reader before letters wait in the channel.
pub const OUTBOX_BYTES: usize = 64 * 1024;
/// Ticks of one task are sent at most this often, the last one always: the eye sees no more.
pub const TICK_EVERY: Duration = Duration::from_millis(100);
/// And each task that ticks makes the others wait this much longer: two thousand ticks a second in all, however many tick.
pub const TICK_SHARE: Duration = Duration::from_micros(500);
/// Ticks that waited go out together, at most this often: each time is a commit to those who lag behind.
pub const TICKS_TOGETHER: Duration = Duration::from_millis(10);
/// Entries read at a time when replaying the trail.
pub const REPLAY_ROWS: i64 = 500;
/// A page that missed more than this is fetched anew instead.
pub const REPLAY_FRAGMENTS: i64 = 2_000;
/// Tasks that leave one's sight at once and are each told of; past this all is asked for again.
pub const GONE_TASKS: usize = 1_000;
/// Bytes of rendered fragments kept for reuse.
pub const FRAGMENT_CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// Sessions whose viewer is kept in memory: those of all streams, and some more that come and go.
pub const VIEWERS_REMEMBERED: usize = 25_000;

/// A job's lease, in seconds: shorter ones end by a hiccup of the network, longer ones leave a dead job standing.
pub const LEASE_SECONDS: std::ops::RangeInclusive<i64> = 1..=3600;
/// As DESIGN has it; workers show themselves three times in it.
pub const LEASE_DEFAULT_SECONDS: i64 = 30;
/// Alive but without progress for this long is an alarm, unless the job says otherwise: most steps of most jobs are
/// shorter.
pub const JOB_STALLED: Duration = Duration::from_secs(30 * 60);
/// A cancelled job without a lease, of which nothing is heard for this long, has nobody who would heed it.
pub const UNHEEDED: Duration = Duration::from_secs(60);
/// Progress of one job is written to the trail at most this often; in between it is live only, and in the row.
pub const TRAIL_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Jobs changed by Milepost itself in one step of the writer: a few milliseconds.
pub const JOBS_A_STEP: usize = 100;
/// How often Milepost looks after jobs.
pub const LOOK_AFTER_EVERY: Duration = Duration::from_millis(250);
pub const MAX_ATTEMPTS: std::ops::RangeInclusive<i64> = 1..=100;
/// Tries of a job that does not say how many: a hiccup is forgiven, a fault is not repeated all day.
pub const ATTEMPTS_DEFAULT: i64 = 3;
pub const TIMEOUT_SECONDS: std::ops::RangeInclusive<i64> = 1..=30 * 24 * 3600;
/// So many of a queue or a kind at a time.
pub const AT_ONCE: std::ops::RangeInclusive<i64> = 1..=10_000;
/// Bytes of a job's payload and of its result, as JSON: parameters and figures; what is larger is an artifact.
pub const PAYLOAD_BYTES: usize = 64 * 1024;
pub const ERROR_CHARS: usize = 4_000;
/// Stages announced, labels of a task, tasks that one waits for.
pub const STAGES: usize = 50;
pub const LABELS: usize = 20;
pub const AFTER: usize = 100;
/// Pauses of a fixed backoff, each in seconds.
pub const BACKOFF_PAUSES: usize = 20;
pub const BACKOFF_SECONDS: std::ops::RangeInclusive<i64> = 0..=7 * 24 * 3600;
/// A long job of a built-in kind leaves room for another one.
pub const WORKERS: usize = 2;
/// Those of kinds that wait most of their time, as for the rate of a broadcast: they cost next to nothing.
pub const WORKERS_THAT_WAIT: usize = 8;
/// More would only wait for each other: there is one writer, and eight readers.
pub const WORKERS_MOST: usize = 64;
/// Items in one report, so that one call is one short write.
pub const ITEMS_AT_ONCE: usize = 1_000;
/// Items in all reports of one call: they are one commit, for which everybody's next write waits.
pub const ITEMS_A_CALL: usize = 5_000;
/// Characters. A key is a word or a line of a file; a longer message is cut.
pub const ITEM_KEY_CHARS: usize = 200;
pub const ITEM_MESSAGE_CHARS: usize = 2_000;
/// Characters of a file's name, as most file systems take them.
pub const ARTIFACT_NAME_CHARS: usize = 200;
/// Bytes of a log that are read at a time.
pub const LOG_PIECE_BYTES: usize = 256 * 1024;
/// Parents above one another: what a child says rolls up through all of them in one write.
pub const PARENTS: usize = 8;
/// Claims of one user that wait at a time: workers of a large machine.
pub const WAITS: usize = 256;

/// Health. Under this the disk is nearly full: a day's growth of a busy house, with room for SQLite's own files. Where the
/// database itself is larger, its size counts: then no backup fits any more.
pub const HEALTH_FREE_BYTES: i64 = 2_000_000_000;
/// Under this, writes may fail within minutes.
pub const HEALTH_FREE_BYTES_FAILING: i64 = 256_000_000;
/// Past this backups and checks take long; time to keep less.
pub const HEALTH_DATABASE_BYTES: i64 = 50_000_000_000;
/// The log is 16 MB as a rule, and some hundreds while a backup is made: more means that something reads one moment for
/// ever, so that it cannot begin anew.
pub const HEALTH_LOG_BYTES: i64 = 512_000_000;
pub const HEALTH_LOG_BYTES_FAILING: i64 = 4_000_000_000;
/// Milliseconds. A commit takes a few; past a second people notice, past ten their browsers give up.
pub const HEALTH_WRITER_MILLISECONDS: i64 = 1_000;
pub const HEALTH_WRITER_MILLISECONDS_FAILING: i64 = 10_000;
/// How long a look waits for the writer.
pub const HEALTH_WRITER_PATIENCE: Duration = Duration::from_secs(15);
/// How long a supervisor waits for it: less than its own patience usually is.
pub const READY_PATIENCE: Duration = Duration::from_secs(4);
/// Minutes. A night's backup may come late by two hours; a week without one is one that nobody looks after.
pub const HEALTH_BACKUP_MINUTES: i64 = 26 * 60;
pub const HEALTH_BACKUP_MINUTES_FAILING: i64 = 7 * 24 * 60;
/// A job that waits for longer has no worker, or too few.
pub const HEALTH_WAITING: SignedDuration = SignedDuration::from_hours(1);
/// A channel that failed longer ago, and was not used since, says nothing of now.
pub const HEALTH_CHANNEL: SignedDuration = SignedDuration::from_hours(24);
/// It is looked at each quarter of an hour: what is older was missed four times.
pub const HEALTH_FRESH: SignedDuration = SignedDuration::from_hours(1);

/// Days for which what has ended is kept, unless somebody says otherwise. Whoever asks what became of a job does so within
/// the month; what failed is looked into later, and compared with what failed then.
pub const DONE_DAYS: i64 = 30;
pub const CANCELLED_DAYS: i64 = 30;
pub const FAILED_DAYS: i64 = 90;
/// Of jobs that keep the house: a hundred a day, all alike.
pub const ROUTINE_DAYS: i64 = 3;
/// A file that was brought in has been read by then.
pub const UPLOAD_DAYS: i64 = 7;
/// Files are large, and made again on demand; their job says for longer that they were there.
pub const FILE_DAYS: i64 = 14;
/// What was exported or found is old by then, and asked for again in a moment.
pub const EXPORTS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Places that one search tells of: more nobody reads, and their file has some tens of megabytes.
pub const SEARCH_HITS: usize = 100_000;
/// Of links and tokens that cannot be used any more; the audit says who made them.
pub const LINK_DAYS: i64 = 30;
pub const TOKEN_ROW_DAYS: i64 = 90;
/// A day at least, so that nothing goes under the eyes of who made it; ten years are for ever.
pub const RETENTION_DAYS: std::ops::RangeInclusive<i64> = 1..=3650;
/// The category of jobs that only hold a file that was brought in.
pub const UPLOAD_CATEGORY: &str = "upload";

/// Notifications of one user in one organisation; older ones go.
pub const NOTIFICATIONS_KEPT: i64 = 1_000;

/// Slots that are shown ahead, and runs that are shown back.
pub const SLOTS_AHEAD: usize = 5;
pub const RUNS_SHOWN: usize = 20;
/// Runs of a schedule that are kept, and by how many they may be more before they are cut.
pub const RUNS_KEPT: i64 = 200;
pub const RUNS_OVER: i64 = 50;
/// A slot that is looked at this late is still on time: as long as a restart takes.
pub const SCHEDULE_LATE: SignedDuration = SignedDuration::from_secs(60);
/// Slots of a downtime that are made up for at the most, and those that are counted.
pub const SLOTS_MADE_UP: usize = 100;
pub const SLOTS_COUNTED: usize = 1_000;
/// Runs of one schedule that wait for earlier ones; further ones are skipped.
pub const RUNS_WAITING: i64 = 100;
/// How often schedules are looked at to which nothing happens: whether a run takes too long, or nobody begins.
pub const ALARMS_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Schedules looked at in one step of the writer.
pub const SCHEDULES_A_STEP: usize = 50;
/// Schedules of an organisation.
pub const SCHEDULES: i64 = 10_000;
/// What a schedule made and nobody began for so long did not come.
pub const SCHEDULE_NOT_BEGUN: SignedDuration = SignedDuration::from_mins(15);
/// A run is slow when it takes so many times the median, and so much longer; the median is one of so many runs at least.
pub const SCHEDULE_SLOW_TIMES: i32 = 3;
pub const SCHEDULE_SLOW_LEAST: SignedDuration = SignedDuration::from_mins(1);
pub const SCHEDULE_MEDIAN_OF: usize = 3;
/// Seconds: a day's slots can be spread over all of it.
pub const JITTER_SECONDS: std::ops::RangeInclusive<i64> = 0..=24 * 3600;
pub const ALARM_FAILURES: std::ops::RangeInclusive<i64> = 1..=100;
/// Days from a slot to when its assignment is due.
pub const DUE_AFTER_DAYS: i64 = 366;
