//! Mail handed over encrypted and signed in, by the real binary to a real server whose certificate only those know who are told
//! of its authority.

use milepost::tasks::{Task, TaskId};
use rusqlite::Connection;
use serde_json::json;

use crate::support::binary::{Binary, command};
use crate::support::client::Client;
use crate::support::eventually;
use crate::support::mail::{Certificate, MailServer};
use crate::support::program;
use crate::support::server::{make_token, template_copy};

/// Writes to bob by this server; gives the ended job. `authority` is whose certificates are believed.
async fn written(url: &str, authority: &str) -> Task {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut started = command();
    started.env("SSL_CERT_FILE", authority);
    let more = ["--smtp-url", url, "--mail-from", "works@harbour.example"];
    let server = Binary::start_by(started, &database, "127.0.0.1:0", &more);
    let token = make_token(&people.client("alice", &server.url), "/account", "read work admin").await;
    let body = json!({
        "title": "To bob", "job_kind": "broadcast", "max_attempts": 1,
        "payload": { "channel": "email", "to": "people", "people": "bob@harbour.example", "subject": "Hello", "text": "x" },
    });
    let made = program::make(&Client::with_token(&server.url, &token), body).await;
    let id = TaskId::new(made["id"].as_i64().unwrap());
    let conn = Connection::open(&database).unwrap();
    let ended = || async { milepost::tasks::sql::find(&conn, id).unwrap().filter(|task| task.status.has_ended()) };
    eventually("the job ends", ended).await
}

fn error(task: &Task) -> &str {
    task.job().unwrap().error.as_deref().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_encrypted_and_signed_in_and_not_at_all_where_it_cannot() {
    let certificate = Certificate::make();
    let authority = certificate.path("authority.pem");
    for (how, scheme, asks) in [("starttls", "smtp", "?tls=required"), ("wrapped", "smtps", "")] {
        let mail = MailServer::secured(how, &certificate);
        let url = |password: &str| format!("{scheme}://ada:{password}@127.0.0.1:{}{asks}", mail.port());
        let refused = written(&url("wrong"), &authority).await;
        assert!(error(&refused).contains("535"), "{how}: {}", error(&refused));
        let unknown = written(&url("p%40ss%20word"), &Certificate::make().path("authority.pem")).await;
        assert!(error(&unknown).starts_with("The mail server cannot be used"), "{how}: {}", error(&unknown));
        assert!(mail.mails().is_empty(), "{how}: nothing is said to a server that nobody vouches for");
        let done = written(&url("p%40ss%20word"), &authority).await;
        assert_eq!(error(&done), "", "{how}");
        let mails = mail.mails();
        assert_eq!((mails.len(), &mails[0]["signed_in_as"]), (1, &json!("ada")), "{how}");
    }
    // A server that offers no encryption gets neither the password nor the mail.
    let plain = MailServer::start(1, 0);
    let url = format!("smtp://ada:p%40ss%20word@127.0.0.1:{}?tls=required", plain.port());
    let refused = written(&url, &authority).await;
    assert!(error(&refused).starts_with("The mail server cannot be used"), "{}", error(&refused));
    assert!(plain.mails().is_empty());
}
