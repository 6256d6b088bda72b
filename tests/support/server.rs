//! The real server in the test's own process, on a free port, with a clock that the test moves;
//! and its cast: alice the owner, ada another admin, bob a member, carol a member without tasks,
//! all of Harbour Works; the stranger owns Hilltop Bakery, of which Harbour Works must never hear.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use milepost::App;
use milepost::clock::Clock;
use milepost::config::Config;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::{OnceCell, oneshot};
use tokio::task::JoinHandle;

use super::client::{Client, Cookies};
use super::in_time;

/// A Monday morning. The clock of an in-process server stands still here until a test moves it.
pub const MONDAY: &str = "2025-03-03T09:00:00Z";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";
/// A word that stands in everything that Harbour Works has; whoever is outside never reads it.
pub const MARK: &str = "Seagull";

/// A server that runs in this process.
pub struct Running {
    pub url: String,
    pub app: App,
    pub clock: Clock,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    pub async fn start(database: &Path, clock: Clock) -> Running {
        let listen = "127.0.0.1:0".parse().unwrap();
        Running::with(Config { listen, db: database.into(), default_schedules: false, ..Config::default() }, clock)
            .await
    }

    pub async fn with(config: Config, clock: Clock) -> Running {
        let app = App::open(config, clock.clone()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = milepost::serve(app.clone(), listener, async {
            let _ = stopped.await;
        });
        let task = tokio::spawn(async { serving.await.unwrap() });
        Running { url, app, clock, stop: Some(stop), task }
    }

    /// Ends it as a signal would, and waits for the end.
    pub async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        in_time("the server ends", self.task).await.unwrap();
    }
}

/// The cast, signed in.
#[derive(Clone, Default)]
pub struct People {
    cookies: BTreeMap<&'static str, Cookies>,
    ids: BTreeMap<&'static str, String>,
}

impl People {
    pub fn client(&self, name: &str, url: &str) -> Client {
        Client::with_cookies(url, self.cookies[name].clone())
    }

    pub fn id(&self, name: &str) -> &str {
        &self.ids[name]
    }

    pub fn cookies(&self, name: &'static str) -> (&'static str, Cookies) {
        (name, self.cookies[name].clone())
    }
}

struct Template {
    database: Vec<u8>,
    people: People,
}

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();

/// A fresh copy of the database in which the cast is signed in, named `milepost.db`.
pub async fn template_copy() -> (TempDir, People) {
    let template = TEMPLATE.get_or_init(make_template).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("milepost.db"), &template.database).unwrap();
    (folder, template.people.clone())
}

pub fn monday() -> Timestamp {
    MONDAY.parse().unwrap()
}

async fn make_template() -> Template {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("milepost.db");
    let server = Running::start(&database, Clock::manual(monday())).await;
    let mut people = People::default();
    let alice = set_up(&server.url).await;
    for (name, full_name, role) in
        [("ada", "Ada Admin", "admin"), ("bob", "Bob Member", "member"), ("carol", "Carol Idle", "member")]
    {
        let client = join(&server.url, &alice, name, full_name, role).await;
        people.cookies.insert(name, client.cookies());
    }
    people.cookies.insert("alice", alice.cookies());
    add_other_organisation(&database);
    let stranger = Client::new(&server.url);
    stranger.sign_in("stranger@hilltop.example", PASSWORD).await.expect(303);
    people.cookies.insert("stranger", stranger.cookies());
    server.stop().await;
    people.ids = ids(&database);
    Template { database: std::fs::read(&database).unwrap(), people }
}

/// Makes Harbour Works as its owner does on first run.
pub async fn set_up(url: &str) -> Client {
    let alice = Client::new(url);
    let form = alice.open("/").await.form("[action='/setup']");
    let form = form.fill("organisation", &format!("{MARK} Harbour Works")).fill("name", &format!("Alice {MARK}"));
    let form = form.fill("email", "alice@harbour.example").fill("password", PASSWORD);
    alice.submit(&form).await.expect(303);
    alice
}

/// Invites somebody, who accepts.
pub async fn join(url: &str, admin: &Client, name: &str, full_name: &str, role: &str) -> Client {
    let link = invite(admin, &format!("{name}@harbour.example"), full_name, role).await;
    let newcomer = Client::new(url);
    let form = newcomer.open(&link).await.form("[action*='/invitations/']");
    let form = form.fill("name", &format!("{full_name} {MARK}")).fill("password", PASSWORD);
    newcomer.submit(&form).await.expect(303);
    newcomer
}

/// Invites by the form on the people page; gives the path of the link to copy.
pub async fn invite(admin: &Client, email: &str, name: &str, role: &str) -> String {
    let people = admin.open("/people").await;
    let form = people.form(":has([name='email']):has([name='role'])");
    let form = form.fill("email", email).fill("name", name).fill("role", role);
    let shown = admin.submit_and_follow(&form).await;
    link_in(&shown, "/invitations/")
}

/// The path of a link that a page shows for copying.
pub fn link_in(page: &super::html::Page, path: &str) -> String {
    let inputs = page.attributes(&format!("input[value*='{path}']"), "value");
    let links = page.attributes(&format!("a[href*='{path}']"), "href");
    let link = inputs.into_iter().chain(links).next();
    let link = link.unwrap_or_else(|| panic!("{} shows no link to {path}: {}", page.path, page.said()));
    link[link.find(path).unwrap()..].to_owned()
}

/// Only the first organisation is made in the browser: the second is put beside it, its owner with alice's password.
fn add_other_organisation(database: &Path) {
    let conn = rusqlite::Connection::open(database).unwrap();
    conn.busy_timeout(super::PATIENCE).unwrap();
    conn.execute_batch(
        "insert into organisations (name, created_at) select 'Hilltop Bakery', created_at from organisations;
         insert into users (email, name, password_hash, created_at)
           select 'stranger@hilltop.example', 'Sam Stranger', password_hash, created_at from users where email = 'alice@harbour.example';
         insert into members (organisation_id, user_id, role, joined_at)
           select o.id, u.id, 'owner', u.created_at from organisations o, users u
           where o.name = 'Hilltop Bakery' and u.email = 'stranger@hilltop.example';",
    )
    .unwrap();
}

fn ids(database: &Path) -> BTreeMap<&'static str, String> {
    let conn = rusqlite::Connection::open(database).unwrap();
    let id = |email: &str| -> i64 {
        conn.query_row("select id from users where email = ?", [email], |row| row.get(0)).unwrap()
    };
    let names = ["alice", "ada", "bob", "carol"].map(|name| (name, id(&format!("{name}@harbour.example")).to_string()));
    names.into_iter().chain([("stranger", id("stranger@hilltop.example").to_string())]).collect()
}

/// A server with the cast.
pub struct House {
    folder: Arc<TempDir>,
    pub server: Running,
    pub people: People,
}

impl House {
    pub async fn open() -> House {
        House::open_at(Clock::manual(monday())).await
    }

    pub async fn open_at(clock: Clock) -> House {
        House::prepared(clock, |_| {}, |_| {}).await
    }

    /// A house with other limits.
    pub async fn open_with(change: impl FnOnce(&mut Config)) -> House {
        House::prepared(Clock::manual(monday()), change, |_| {}).await
    }

    /// A house with something in its database that no page makes.
    pub async fn prepared(clock: Clock, change: impl FnOnce(&mut Config), prepare: impl FnOnce(&Connection)) -> House {
        let (folder, people) = template_copy().await;
        let mut config = Config { db: folder.path().join("milepost.db"), ..Config::default() };
        // What comes by the clock would come between what a test looks at.
        config.default_schedules = false;
        change(&mut config);
        prepare(&Connection::open(&config.db).unwrap());
        let server = Running::with(config, clock).await;
        House { folder: Arc::new(folder), server, people }
    }

    /// The server alone, to be stopped, and what keeps its database.
    pub fn into_parts(self) -> (Arc<TempDir>, Running) {
        (self.folder, self.server)
    }

    pub fn url(&self) -> &str {
        &self.server.url
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("milepost.db")
    }

    /// The file, for looking behind the pages; never for changing it.
    pub fn look(&self) -> rusqlite::Connection {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        rusqlite::Connection::open_with_flags(self.database(), flags).unwrap()
    }

    pub fn client(&self, name: &str) -> Client {
        if name == "nobody" { Client::new(self.url()) } else { self.people.client(name, self.url()) }
    }

    pub fn alice(&self) -> Client {
        self.client("alice")
    }

    pub fn ada(&self) -> Client {
        self.client("ada")
    }

    pub fn bob(&self) -> Client {
        self.client("bob")
    }

    pub fn carol(&self) -> Client {
        self.client("carol")
    }

    pub fn stranger(&self) -> Client {
        self.client("stranger")
    }

    pub fn nobody(&self) -> Client {
        self.client("nobody")
    }

    pub fn advance(&self, by: SignedDuration) {
        self.server.clock.advance(by);
    }

    /// Alice assigns a task by the form; gives its id.
    pub async fn assign(&self, title: &str, to: &str) -> String {
        self.assign_with(title, to, &[]).await
    }

    pub async fn assign_with(&self, title: &str, to: &str, fields: &[(&str, &str)]) -> String {
        let alice = self.alice();
        let form = alice.open("/assign").await.form("[action='/assign']");
        let form = fields.iter().fold(form, |form, (name, value)| form.fill(name, value));
        let form = form.fill("title", title).fill("assignee", self.people.id(to));
        alice.submit(&form).await.expect(303);
        let id: i64 = self
            .look()
            .query_row("select id from tasks where title = ? order by id desc", [title.trim()], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{title} was not made: {error}"));
        id.to_string()
    }

    /// A program with a token of somebody's.
    pub async fn program(&self, name: &str, scopes: &str) -> Client {
        Client::with_token(self.url(), &self.token(name, scopes).await)
    }

    /// A token that somebody makes under `/account`, with these scopes (`read work`); gives its secret.
    pub async fn token(&self, name: &str, scopes: &str) -> String {
        make_token(&self.client(name), "/account", scopes).await
    }

    /// A token that alice makes for the organisation.
    pub async fn organisation_token(&self, scopes: &str) -> String {
        make_token(&self.alice(), "/settings", scopes).await
    }
}

/// Makes a token by the form of that page; gives its secret, which is shown this once.
pub async fn make_token(client: &Client, page: &str, scopes: &str) -> String {
    let mut form = client.open(page).await.form("[action$='/tokens']").fill("name", &format!("{MARK} script"));
    form.fields.retain(|(name, _)| name != "scopes");
    form.fields.extend(scopes.split(' ').map(|scope| ("scopes".to_owned(), scope.to_owned())));
    let shown = client.submit(&form).await.expect(200);
    shown.attribute("#token-secret", "value").expect("a new token is shown")
}
