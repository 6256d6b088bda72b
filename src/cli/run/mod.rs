//! `milepost run -- COMMAND…`: runs any command as it would run without us, and reports it as a job beside.
//! The command comes first: it is started before anything is asked of a server, and nothing that becomes of the server
//! slows it down. Here: the arguments, and the one loop that hears of signals, of the command and of the server.
//! `process` and `terminal` know the system, `output` what is printed, `parse` what it says, `report` the server.

pub mod client;
pub mod outbox;
pub mod output;
pub mod parse;
pub mod process;
pub mod report;
mod terminal;
pub mod wrap;

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use self::client::Address;
use self::parse::Parse;

/// What both `run` and `worker` need to know of the server.
#[derive(Args, Clone, Debug)]
pub struct ServerArgs {
    /// Where Milepost is
    #[arg(long, env = "MILEPOST_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub url: String,
    /// The token to show; better given in the environment, where other users of the machine do not see it
    #[arg(long, env = "MILEPOST_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,
}

impl ServerArgs {
    pub fn address(&self) -> Address {
        Address { url: self.url.clone(), token: self.token.clone() }
    }
}

#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// What the job is called; without it, the command line, which then everybody who sees the job can read
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    /// A word by which jobs are told apart
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// How progress is read from the output: `auto`, `none`, or a regular expression with groups named percent, done, total, stage or note
    #[arg(long, default_value = "auto", value_name = "REGEX|auto|none", allow_hyphen_values = true)]
    parse: Parse,
    /// After a cancel: seconds between SIGTERM and SIGKILL
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    grace: u64,
    /// After the command's end: seconds that the last report may take
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    wait: u64,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Characters of a command line that make a title.
const TITLE: usize = 120;
/// Words of it that stand in the payload, and bytes of each.
const SHOWN_WORDS: usize = 50;
const SHOWN_BYTES: usize = 500;

impl RunArgs {
    fn grace(&self) -> Duration {
        Duration::from_secs(self.grace)
    }

    fn wait(&self) -> Duration {
        Duration::from_secs(self.wait)
    }

    fn words(&self) -> Vec<String> {
        self.command.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// The body that creates the job.
    fn job(&self) -> serde_json::Value {
        let words = self.words();
        let line = || {
            let line = words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
            let short: String = line.chars().take(TITLE).collect();
            if short.len() < line.len() { format!("{short}…") } else { short }
        };
        let title: String =
            self.title.clone().unwrap_or_else(line).chars().filter(|c| !c.is_control()).take(TITLE + 1).collect();
        let title = if title.trim().is_empty() { "?".to_owned() } else { title };
        let host = host();
        // One attempt: nobody but us runs it, and we do so once.
        let mut job = serde_json::json!({ "kind": "job", "title": title, "max_attempts": 1 });
        // A payload has a limit; the first words say most.
        let shown: Vec<&String> = words.iter().take(SHOWN_WORDS).filter(|word| word.len() <= SHOWN_BYTES).collect();
        job["payload"] = serde_json::json!({ "command": shown, "host": host });
        if let Some(category) = &self.category {
            job["category"] = category.as_str().into();
        }
        job
    }
}

/// This machine's name.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Runs the command and ends as it ended.
pub fn run(args: &RunArgs) -> ! {
    wrap::run(args).repeat()
}
