//! `milepost report`: one report of the job under which this runs, for commands that say themselves how far they are.

use anyhow::anyhow;
use clap::Args;
use serde_json::{Map, Value};

use super::run::ServerArgs;
use super::run::client::{Answer, Call, Client};

#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The job; `milepost worker` sets it for its commands
    #[arg(long, env = "MILEPOST_TASK_ID", value_name = "ID")]
    task: i64,
    /// Its attempt, if it was claimed
    #[arg(long, env = "MILEPOST_ATTEMPT", value_name = "NUMBER")]
    attempt: Option<i64>,
    /// Percent
    #[arg(long, value_name = "PERCENT")]
    progress: Option<f64>,
    /// How many are done
    #[arg(long, value_name = "NUMBER")]
    done: Option<i64>,
    /// Of how many
    #[arg(long, value_name = "NUMBER")]
    total: Option<i64>,
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

impl ReportArgs {
    fn body(&self) -> Value {
        let fields = [
            ("attempt", self.attempt.map(Value::from)),
            ("progress", self.progress.map(Value::from)),
            ("processed", self.done.map(Value::from)),
            ("total", self.total.map(Value::from)),
            ("stage", self.stage.clone().map(Value::from)),
            ("note", self.note.clone().map(Value::from)),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

/// An error is a sentence; whoever calls this decides whether it matters.
pub fn run(args: &ReportArgs) -> anyhow::Result<()> {
    let client = Client::new(&args.server.address()).map_err(|why| anyhow!("nothing is reported: {why}"))?;
    let call = Call::json(format!("/tasks/{}/progress", args.task), args.body());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let url = &args.server.url;
    match runtime.block_on(client.send(&call)) {
        Answer::Done(_) => Ok(()),
        Answer::Refused(refusal) => Err(anyhow!("{url}: {}", refusal.sentence)),
        Answer::Away { why, .. } => Err(anyhow!("{url} is away: {why}")),
    }
}
