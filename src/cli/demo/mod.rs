//! `milepost demo`: serves an organisation that is made up, in a database of
//! its own that goes when the program ends. It knows no way to another one.

mod calendar;
mod chance;
mod life;
mod machines;
mod phrases;
mod plan;
mod plant;
mod seed;
#[cfg(test)]
mod tests;
mod words;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use clap::Args;
use jiff::tz::TimeZone;

use super::serve::{bind, log_to_stderr, runtime, told_to_stop};
use crate::App;
use crate::clock::Clock;
use crate::config::Config;
use chance::Chance;
use life::Life;
use machines::Machines;
use words::Titles;

/// The story's seed: another number is another story.
const STORY: u64 = 1962;

#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Address and port to listen on; port 0 picks a free one and prints it
    #[arg(long, env = "MILEPOST_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// What to log, as level or target=level, separated by commas
    #[arg(long, env = "MILEPOST_LOG", default_value = super::LOG, value_name = "FILTER")]
    pub log: String,
}

pub fn run(args: DemoArgs) -> anyhow::Result<()> {
    log_to_stderr(&args.log)?;
    let folder = tempfile::Builder::new()
        .prefix("milepost-demo-")
        .tempdir()
        .context("no temporary folder could be made for the demo's database")?;
    runtime()?.block_on(serve(config(args.listen, folder.path())))?;
    folder.close().context("the demo's database could not be removed")
}

fn config(listen: SocketAddr, folder: &Path) -> Config {
    Config { listen, db: folder.join("demo.db"), demo: true, ..Config::default() }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let listener = bind(&config).await?;
    let app = App::open(config, Clock::system())?;
    let mut chance = Chance::new(STORY);
    let mut titles = Titles::new(&mut chance);
    let seeded = seed::fill(&app, &mut chance, &mut titles, &zone_here()).await?;
    calendar::fill(&app, &seeded, &zone_here()).await?;
    println!("Milepost's demo is at http://{} (made up, and gone when it ends)", listener.local_addr()?);
    let machines = Machines::start(&app, &seeded).await?;
    let life = [tokio::spawn(Life::new(app.clone(), seeded, chance, titles).go_on()), tokio::spawn(machines.go_on())];
    let stop = async move {
        told_to_stop().await;
        life.iter().for_each(tokio::task::JoinHandle::abort);
    };
    crate::serve(app, listener, stop).await?;
    Ok(())
}

/// A visitor's today is most likely that of the machine that shows the demo.
fn zone_here() -> String {
    let here = TimeZone::system();
    let name = here.iana_name().filter(|name| TimeZone::get(name).is_ok());
    name.unwrap_or("UTC").to_owned()
}
