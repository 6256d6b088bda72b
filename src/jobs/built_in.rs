//! The kinds of job that Milepost runs itself, by name: what each is called, who may start it. What each takes stands in
//! `payloads`, what it does in `kinds`.

use crate::db::types::words;

words!(
    /// A kind that the workers inside the program run, and nobody else.
    BuiltIn {
        /// Work that comes in from a file.
        ImportTasks = "import-tasks",
        /// All that a filter names becomes otherwise.
        BulkEdit = "bulk-edit",
        /// All that has ended, of what a filter names, goes.
        BulkDelete = "bulk-delete",
        /// Work that comes in from another tracker.
        ImportTracker = "import-tracker",
        /// Tasks are kept in step with an address.
        SyncFeed = "sync-feed",
        /// The same text to many.
        Broadcast = "broadcast",
        /// A copy of the whole store, checked and rotated.
        Backup = "backup",
        /// Whether there is room, whether writes are quick, whether there are backups, whether jobs go on.
        CheckHealth = "check-health",
        /// Whether the store says what the trail says.
        CheckIntegrity = "check-integrity",
        /// Brings the sums of what happened up to date.
        Aggregate = "aggregate",
        /// The figures of a day.
        DailyStatistics = "daily-statistics",
        /// Removes what was kept for long enough.
        CleanUp = "clean-up",
        /// What a history filter shows, as a file.
        ExportHistory = "export-history",
        /// Does nothing, at the pace that one asks for.
        Rehearsal = "rehearsal",
        /// Looks through everything that was written.
        Search = "search",
    }
);
words!(
    /// What kinds are for, in the order in which they are offered.
    Purpose {
        /// Work comes in, goes out, is told of, is changed.
        Work = "work",
        /// The store is kept in order.
        Order = "order",
        /// To see how jobs are.
        Trial = "trial",
    }
);

impl BuiltIn {
    pub fn named(kind: &str) -> Option<BuiltIn> {
        kind.parse().ok()
    }

    /// What it is called where people start it; its jobs are called so too.
    pub const fn title_key(self) -> &'static str {
        match self {
            BuiltIn::ImportTasks => "kind-import-tasks",
            BuiltIn::BulkEdit => "kind-bulk-edit",
            BuiltIn::BulkDelete => "kind-bulk-delete",
            BuiltIn::ImportTracker => "kind-import-tracker",
            BuiltIn::SyncFeed => "kind-sync-feed",
            BuiltIn::Backup => "kind-backup",
            BuiltIn::Broadcast => "kind-broadcast",
            BuiltIn::CheckHealth => "kind-check-health",
            BuiltIn::CheckIntegrity => "kind-check-integrity",
            BuiltIn::Aggregate => "kind-aggregate",
            BuiltIn::DailyStatistics => "kind-daily-statistics",
            BuiltIn::CleanUp => "kind-clean-up",
            BuiltIn::ExportHistory => "kind-export-history",
            BuiltIn::Rehearsal => "kind-rehearsal",
            BuiltIn::Search => "kind-search",
        }
    }

    /// A sentence that says what it does.
    pub const fn about_key(self) -> &'static str {
        match self {
            BuiltIn::ImportTasks => "kind-import-tasks-about",
            BuiltIn::BulkEdit => "kind-bulk-edit-about",
            BuiltIn::BulkDelete => "kind-bulk-delete-about",
            BuiltIn::ImportTracker => "kind-import-tracker-about",
            BuiltIn::SyncFeed => "kind-sync-feed-about",
            BuiltIn::Backup => "kind-backup-about",
            BuiltIn::Broadcast => "kind-broadcast-about",
            BuiltIn::CheckHealth => "kind-check-health-about",
            BuiltIn::CheckIntegrity => "kind-check-integrity-about",
            BuiltIn::Aggregate => "kind-aggregate-about",
            BuiltIn::DailyStatistics => "kind-daily-statistics-about",
            BuiltIn::CleanUp => "kind-clean-up-about",
            BuiltIn::ExportHistory => "kind-export-history-about",
            BuiltIn::Rehearsal => "kind-rehearsal-about",
            BuiltIn::Search => "kind-search-about",
        }
    }

    pub const fn purpose(self) -> Purpose {
        match self {
            BuiltIn::ExportHistory
            | BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Search
            | BuiltIn::Broadcast
            | BuiltIn::DailyStatistics
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => Purpose::Work,
            BuiltIn::Aggregate
            | BuiltIn::Backup
            | BuiltIn::CheckHealth
            | BuiltIn::CheckIntegrity
            | BuiltIn::CleanUp => Purpose::Order,
            BuiltIn::Rehearsal => Purpose::Trial,
        }
    }

    /// Whether members find it at the lists of what they see, and not among the kinds that one starts.
    pub const fn begins_at_a_list(self) -> bool {
        matches!(self, BuiltIn::BulkEdit | BuiltIn::BulkDelete)
    }

    /// Whether only admins start jobs of this kind.
    pub const fn is_for_admins(self) -> bool {
        match self {
            BuiltIn::Aggregate
            | BuiltIn::Backup
            | BuiltIn::Broadcast
            | BuiltIn::CheckHealth
            | BuiltIn::CheckIntegrity
            | BuiltIn::CleanUp
            | BuiltIn::DailyStatistics
            | BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Rehearsal => true,
            BuiltIn::ExportHistory | BuiltIn::Search | BuiltIn::BulkEdit | BuiltIn::BulkDelete => false,
        }
    }

    /// The schedule that every organisation is given once, in its own zone (that of the whole store, only the first).
    pub const fn default_schedule(self) -> Option<&'static str> {
        match self {
            BuiltIn::CheckIntegrity => Some("@hourly"),
            BuiltIn::CheckHealth => Some("*/15 * * * *"),
            BuiltIn::DailyStatistics => Some("0 1 * * *"),
            BuiltIn::CleanUp => Some("0 2 * * *"),
            BuiltIn::Backup => Some("0 3 * * *"),
            BuiltIn::Aggregate
            | BuiltIn::ExportHistory
            | BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Broadcast
            | BuiltIn::Search
            | BuiltIn::Rehearsal
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => None,
        }
    }

    /// Whether it concerns the whole store: only admins of the first organisation start it.
    pub const fn is_of_the_house(self) -> bool {
        match self {
            BuiltIn::Backup | BuiltIn::CheckHealth | BuiltIn::CleanUp => true,
            BuiltIn::Aggregate
            | BuiltIn::CheckIntegrity
            | BuiltIn::DailyStatistics
            | BuiltIn::ExportHistory
            | BuiltIn::Search
            | BuiltIn::ImportTasks
            | BuiltIn::Broadcast
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Rehearsal
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => false,
        }
    }

    /// Whether most of its time is waiting: such jobs keep no others from running.
    pub const fn waits(self) -> bool {
        matches!(self, BuiltIn::Broadcast)
    }

    /// Whether it keeps the house by the clock: one run is like the next, and is kept for days only.
    pub const fn is_routine(self) -> bool {
        match self {
            BuiltIn::Aggregate
            | BuiltIn::Backup
            | BuiltIn::CheckHealth
            | BuiltIn::CheckIntegrity
            | BuiltIn::CleanUp => true,
            BuiltIn::DailyStatistics
            | BuiltIn::ExportHistory
            | BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Broadcast
            | BuiltIn::Search
            | BuiltIn::Rehearsal
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => false,
        }
    }

    /// Whether its jobs change tasks, or write to people, in the name of whoever started them. A token starts one only if
    /// it may do by itself what an admin may.
    pub const fn acts_for_its_creator(self) -> bool {
        match self {
            BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Broadcast
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => true,
            BuiltIn::Aggregate
            | BuiltIn::Backup
            | BuiltIn::CheckHealth
            | BuiltIn::CheckIntegrity
            | BuiltIn::CleanUp
            | BuiltIn::DailyStatistics
            | BuiltIn::ExportHistory
            | BuiltIn::Search
            | BuiltIn::Rehearsal => false,
        }
    }

    /// Whether its jobs tell whoever started them what these may see: a token starts one only if it may read.
    pub const fn reads_for_its_creator(self) -> bool {
        matches!(self, BuiltIn::ExportHistory | BuiltIn::Search)
    }
}

impl Purpose {
    pub const fn title_key(self) -> &'static str {
        match self {
            Purpose::Work => "purpose-work",
            Purpose::Order => "purpose-order",
            Purpose::Trial => "purpose-trial",
        }
    }
}
