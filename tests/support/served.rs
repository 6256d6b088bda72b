//! The real binary with the cast signed in, and scripts that look at it in a real browser.

use std::path::PathBuf;

use tempfile::TempDir;

use super::binary::Binary;
use super::browser::Script;
use super::client::Client;
use super::server::{People, template_copy};

/// The real binary, with the cast signed in.
pub struct Served {
    folder: TempDir,
    people: People,
    pub server: Option<Binary>,
    pub url: String,
}

impl Served {
    pub async fn open() -> Served {
        let (folder, people) = template_copy().await;
        let server = Binary::start(&folder.path().join("milepost.db"));
        let url = server.url.clone();
        Served { folder, people, server: Some(server), url }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("milepost.db")
    }

    pub fn client(&self, name: &str) -> Client {
        self.people.client(name, &self.url)
    }

    pub fn person(&self, name: &str) -> &str {
        self.people.id(name)
    }

    pub async fn assign(&self, title: &str) -> String {
        let form = [("title", title), ("assignee", self.people.id("bob"))];
        self.client("alice").post("/assign", &form).await.expect(303);
        let conn = rusqlite::Connection::open(self.database()).unwrap();
        let id: i64 = conn.query_row("select max(id) from tasks", [], |row| row.get(0)).unwrap();
        id.to_string()
    }

    pub fn script(&self, name: &'static str) -> Script {
        let people = ["alice", "bob", "carol"].map(|name| self.people.cookies(name));
        Script::new(name).server(&self.url).people(&people).env("MILEPOST_BOB", self.people.id("bob"))
    }
}
