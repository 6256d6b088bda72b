//! What the benchmarks share: a filled database, a viewer, medians, a bare
//! HTTP/1.1 client that costs as little as it can.
#![allow(dead_code, reason = "each benchmark uses its part")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use milepost::App;
use milepost::clock::Clock;
use milepost::config::Config;
use milepost::people::actions::{SetUp, set_up};
use milepost::people::{SessionKey, Verified, Viewer, sql};
use milepost::tasks::actions::{NewJob, NewTask, create};
use milepost::tasks::{self, Status, Task, TaskId, Via};
use rusqlite::{Connection, params};
use tokio::net::{TcpListener, TcpStream};

/// What the client reads at a time.
const CHUNK_BYTES: usize = 32 * 1024;
pub const SESSION: i128 = 0x6d69_6c65_706f_7374;

/// An application over the file at `path`, set up, with its owner's viewer.
pub async fn app(path: &Path) -> (App, Viewer) {
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), db: path.to_owned(), ..Config::default() };
    let app = App::open(config, Clock::system()).expect("a fresh database opens");
    let form = SetUp {
        organisation: "Bench".into(),
        name: "Ada Lovelace".into(),
        email: "ada@example.org".into(),
        password: "a long password".into(),
        ..SetUp::default()
    };
    let Verified { user, organisation, .. } = set_up(&app, form).await.expect("sets up");
    let key = SessionKey::of(tower_sessions::session::Id(SESSION));
    let viewer = app
        .db
        .write(move |w| {
            let data = format!(r#"{{"user":{user},"organisation":{organisation}}}"#);
            let expires = (w.now + jiff::SignedDuration::from_hours(24)).as_microsecond();
            sql::put_session(w.conn, &key, Some(user.get()), &data, expires, w.now, true)?;
            Ok(sql::viewer(w.conn, &key, w.now)?.expect("just signed in"))
        })
        .await
        .expect("signs in");
    (app, viewer)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// As many as the environment asks for.
pub fn rows() -> usize {
    std::env::var("MILEPOST_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(50_000)
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows")]
pub fn per_second(rows: usize, time: Duration) -> f64 {
    rows as f64 / time.as_secs_f64()
}

pub async fn make_job(app: &App, viewer: &Viewer, job: NewJob) -> TaskId {
    let new = NewTask { title: "Bench".into(), job: Some(job), ..NewTask::default() };
    app.act(viewer, Via::Page, move |w, by| create(w, by, new)).await.expect("is made").task.id
}

/// Has a job of this kind done by the workers that run; gives it, and how long it took from its claim to its end.
pub async fn run_job(app: &App, viewer: &Viewer, kind: &str, payload: serde_json::Value) -> (Task, Duration) {
    let job = NewJob { job_kind: Some(kind.into()), payload, max_attempts: Some(1), ..NewJob::default() };
    let id = make_job(app, viewer, job).await;
    let task = loop {
        let task = app.db.read(move |conn| tasks::sql::find(conn, id)).await.expect("reads").expect("is there");
        if task.status.has_ended() {
            break task;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(task.status, Status::Done, "{:?}", task.job().and_then(|job| job.error.clone()));
    let (begun, ended) = (task.started_at.expect("begun"), task.finished_at.expect("ended"));
    (task, ended.duration_since(begun).unsigned_abs())
}

/// The value below which `share` (0 to 1) of them lie.
pub fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let at = ((values.len() - 1) as f64 * share) as usize;
    values[at]
}

/// Requests of one kind by `connections` keep-alive connections for `span`;
/// gives requests per second and every request's time. `request(connection, n)`
/// writes the bytes of the n-th request of a connection.
pub async fn load(
    address: SocketAddr,
    connections: usize,
    span: Duration,
    expect: &'static str,
    request: impl Fn(usize, usize) -> Vec<u8> + Clone + Send + 'static,
) -> (f64, Vec<Duration>) {
    let start = Instant::now();
    let mut clients = Vec::new();
    for connection in 0..connections {
        let request = request.clone();
        clients.push(tokio::spawn(async move {
            let stream = TcpStream::connect(address).await.expect("connects");
            stream.set_nodelay(true).expect("nodelay");
            let mut buffer = Vec::with_capacity(1 << 20);
            let mut chunk = vec![0; CHUNK_BYTES];
            let mut times = Vec::new();
            let mut n = 0;
            while start.elapsed() < span {
                let bytes = request(connection, n);
                n += 1;
                let sent = Instant::now();
                write_all(&stream, &bytes).await;
                read_response(&stream, &mut chunk, &mut buffer, expect).await;
                times.push(sent.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for client in clients {
        times.append(&mut client.await.expect("a client ends well"));
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    (rate, times)
}

/// Reads one response with a `content-length`, and checks its status.
async fn read_response(stream: &TcpStream, chunk: &mut [u8], buffer: &mut Vec<u8>, expect: &str) {
    buffer.clear();
    loop {
        let read = read_some(stream, chunk, buffer).await;
        assert!(read > 0, "the server closed the connection: {}", String::from_utf8_lossy(buffer));
        let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let headers = std::str::from_utf8(&buffer[..head]).expect("a head is text");
        assert!(headers.starts_with(expect), "expected {expect}: {}", String::from_utf8_lossy(buffer));
        let length = headers
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(|n| n.trim().parse::<usize>().expect("a length"))
            })
            .unwrap_or(0);
        let whole = head + 4 + length;
        while buffer.len() < whole {
            let read = read_some(stream, chunk, buffer).await;
            assert!(read > 0, "the server closed the connection inside a body");
        }
        return;
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        stream.writable().await.expect("stays open");
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => panic!("sends: {error}"),
        }
    }
}

/// `chunk` is kept between reads, so that the client does not spend its time clearing memory.
async fn read_some(stream: &TcpStream, chunk: &mut [u8], buffer: &mut Vec<u8>) -> usize {
    loop {
        stream.readable().await.expect("stays open");
        match stream.try_read(chunk) {
            Ok(read) => {
                buffer.extend_from_slice(&chunk[..read]);
                return read;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => panic!("answers: {error}"),
        }
    }
}

/// How many bytes the body of this answer has.
pub async fn size_of_page(address: SocketAddr, request: &[u8]) -> usize {
    let stream = TcpStream::connect(address).await.expect("connects");
    let mut buffer = Vec::new();
    write_all(&stream, request).await;
    read_response(&stream, &mut vec![0; CHUNK_BYTES], &mut buffer, "HTTP/1.1 200").await;
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
    buffer.len() - head - 4
}

/// Serves on a free port of this machine.
pub async fn serve(router: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// A copy of the database at `from`, under the same settings, reached without a line of Milepost.
pub fn raw(folder: &Path, from: &Path) -> Connection {
    let path = folder.join("raw.db");
    let target = path.to_str().expect("a plain path").to_owned();
    Connection::open(from).expect("opens").execute("vacuum into ?1", [target]).expect("copies");
    let conn = Connection::open(path).expect("opens");
    conn.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
         pragma cache_size = -65536; pragma wal_autocheckpoint = 4000;",
    )
    .expect("settings");
    conn
}

/// Find the task, save its progress, append to the trail; `group` a commit. Updates a second over the tasks 1 to `tasks`,
/// and how long each commit took from its begin.
pub fn raw_updates(
    conn: &Connection,
    tasks: usize,
    group: usize,
    span: Duration,
    pause: Duration,
) -> (f64, Vec<Duration>) {
    let mut find = conn.prepare_cached("select id, organisation_id, assignee_id, progress, version, title, status from tasks where id = ?1 and organisation_id = 1").expect("sql");
    let mut save = conn
        .prepare_cached("update tasks set progress = ?2, updated_at = ?3, version = ?4 where id = ?1")
        .expect("sql");
    let mut append = conn
        .prepare_cached(
            "insert into trail (organisation_id, task_id, version, change, actor_id, via, old, new, note, presence, at)
             values (1, ?1, ?2, 'progress', 1, 'page', ?3, ?4, null, 'active', ?5)",
        )
        .expect("sql");
    let start = Instant::now();
    let (mut done, mut times) = (0usize, Vec::new());
    while start.elapsed() < span {
        let begun = Instant::now();
        conn.execute_batch("begin immediate").expect("begins");
        for _ in 0..group {
            let id = (done % tasks + 1) as i64;
            let (progress, version): (f64, i64) =
                find.query_one([id], |row| Ok((row.get(3)?, row.get(4)?))).expect("is there");
            let next = (progress + 1.0) % 100.0;
            let at = done as i64;
            let (old, new) = (format!("{{\"progress\":{progress}}}"), format!("{{\"progress\":{next}}}"));
            save.execute(params![id, next, at, version + 1]).expect("saves");
            append.execute(params![id, version + 1, old, new, at]).expect("appends");
            done += 1;
        }
        conn.execute_batch("commit").expect("commits");
        times.push(begun.elapsed());
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    (done as f64 / start.elapsed().as_secs_f64(), times)
}
