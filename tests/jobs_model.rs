//! Two workers never hold one job: ten thousand jobs, sixteen workers some of whom die at random, and the trail read as a
//! model of every job's life.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use milepost::jobs::Backoff;
use milepost::tasks::Via;
use milepost::tasks::actions::{NewJob, NewTask, create};

use crate::streams::viewer_of;
use crate::support::in_time;
use crate::support::lives::{Held, Program, check_lives};
use crate::support::random::Random;
use crate::support::say;
use crate::support::server::House;

const JOBS: usize = 10_000;
const WORKERS: u64 = 16;
const LEASE: i64 = 30;

/// In chunks, each one commit.
async fn make_jobs(house: &House) {
    let bob = viewer_of(house, "bob").await;
    for chunk in 0..JOBS / 500 {
        let job = || NewJob {
            job_kind: Some("letters".into()),
            max_attempts: Some(100),
            backoff: Some(Backoff::Fixed(vec![0])),
            ..NewJob::default()
        };
        let title = move |number: usize| format!("Letter {}", chunk * 500 + number);
        let made = house.server.app.act(&bob, Via::Api, move |w, by| {
            for number in 0..500 {
                create(w, by, NewTask { title: title(number), job: Some(job()), ..NewTask::default() })?;
            }
            Ok(())
        });
        made.await.unwrap();
    }
}

/// What one worker was given, and what the server took from it as an end.
#[derive(Default)]
struct Work {
    claimed: Vec<Held>,
    finished: Vec<Held>,
}

/// Takes jobs until none is left. Now and then it dies on one, and somebody with the same name begins anew; the dead one's
/// late word is refused once another has the job.
async fn work(program: Program, mut random: Random, house: Arc<House>, done: Arc<AtomicUsize>) -> Work {
    let mut work = Work::default();
    let mut zombies: Vec<Held> = Vec::new();
    while done.load(Ordering::SeqCst) < JOBS {
        let Some(held) = program.claim("letters", LEASE).await else {
            // What is left is held, perhaps by a dead one: time goes by until that is known.
            house.advance(SignedDuration::from_secs(LEASE));
            tokio::task::yield_now().await;
            continue;
        };
        work.claimed.push(held);
        match random.below(100) {
            0 => zombies.push(held),
            1 => {
                if let Some(zombie) = zombies.pop() {
                    let said = program.finish(zombie, "done").await;
                    assert!([200, 409].contains(&said.status.as_u16()), "{}", said.said());
                    if said.status == 200 {
                        work.finished.push(zombie);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                }
                zombies.push(held);
            }
            _ => {
                let said = program.finish(held, "done").await;
                // Another's impatience may have cost it the lease.
                assert!([200, 409].contains(&said.status.as_u16()), "{}", said.said());
                if said.status == 200 {
                    work.finished.push(held);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    }
    work
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_jobs_each_is_held_by_one_of_sixteen_workers_at_a_time_and_done_once() {
    let mut random = Random::new("ten thousand jobs");
    let house = Arc::new(House::open_with(|config| config.requests_per_minute = 10_000_000.try_into().unwrap()).await);
    make_jobs(&house).await;
    let program = Program(house.program("bob", "work").await);
    let done = Arc::new(AtomicUsize::new(0));
    let workers = (0..WORKERS).map(|_| tokio::spawn(work(program.clone(), random.fork(), house.clone(), done.clone())));
    let mut all = Work::default();
    for worker in workers.collect::<Vec<_>>() {
        let work = worker.await.unwrap();
        all.claimed.extend(work.claimed);
        all.finished.extend(work.finished);
    }
    let (told, ends) = check_lives(&house.look());
    assert_eq!(ends.get("completed"), Some(&JOBS), "{ends:?}");
    let given: BTreeSet<Held> = all.claimed.iter().copied().collect();
    assert_eq!(given.len(), all.claimed.len(), "no attempt was given to two");
    assert_eq!(given, told.iter().copied().collect(), "what was given is what the trail says");
    let ended: BTreeSet<i64> = all.finished.iter().map(|held| held.id).collect();
    assert_eq!((ended.len(), all.finished.len()), (JOBS, JOBS), "each end was taken once");
    say(&format!("{JOBS} jobs, {} attempts, {} of them lost", told.len(), told.len() - JOBS));
    let house = Arc::try_unwrap(house).map_err(|_| "somebody still works").unwrap();
    in_time("the server ends", house.server.stop()).await;
}
