//! E-mail: one message for each recipient, handed to the operator's mail server step by step, because only the steps tell
//! whether anything can have arrived: until the last line of its content is sent, nothing has.

use std::error::Error as _;
use std::future::Future;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailCommand, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::{Address, Message as Written, transport::smtp::Error};
use tokio::time::{Instant, timeout};

use super::{Courier, Delivered, Letter, answer};
use crate::App;
use crate::clock::Clock;
use crate::error::{Message, msg};
use crate::notify::mail::{Mail, Tls};

/// How long a server may take to answer one command.
const STEP: Duration = Duration::from_secs(30);
/// And to take a message in: some look for viruses first.
const CONTENT: Duration = Duration::from_secs(120);
/// A connection that was not used for this long is not used again: most servers close them after some minutes.
const IDLE: Duration = Duration::from_secs(60);

pub struct Email {
    mail: Mail,
    clock: Clock,
    connection: Option<(AsyncSmtpConnection, Instant)>,
}

/// What went wrong at a step.
enum Trouble {
    /// The server's answer: 4xx or 5xx.
    Answer { is_lasting: bool, text: String },
    /// No answer, or none that can be read.
    Broken(String),
}

impl Trouble {
    fn of(error: &Error) -> Trouble {
        let source = error.source().map(ToString::to_string);
        match error.status() {
            Some(code) => {
                let text = source.map_or_else(|| code.to_string(), |said| format!("{code} {said}"));
                Trouble::Answer { is_lasting: error.is_permanent(), text: answer(&text) }
            }
            None => Trouble::Broken(answer(&source.unwrap_or_else(|| error.to_string()))),
        }
    }

    fn text(self) -> String {
        match self {
            Trouble::Answer { text, .. } | Trouble::Broken(text) => text,
        }
    }
}

/// One step of the conversation.
async fn step<T>(patience: Duration, doing: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match timeout(patience, doing).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Trouble::of(&error)),
        Err(_) => Err(Trouble::Broken("no answer in time".to_owned())),
    }
}

/// What a trouble means as long as nothing can have arrived.
fn before_content(trouble: Trouble) -> Delivered {
    match trouble {
        Trouble::Answer { is_lasting: true, text } => Delivered::Refused(said("mail-refused", text)),
        Trouble::Answer { text, .. } => Delivered::Later { why: said("mail-later", text), after: None },
        Trouble::Broken(text) => Delivered::Later { why: said("mail-broken", text), after: None },
    }
}

fn said(key: &'static str, answer: String) -> Message {
    msg(key).arg("answer", answer)
}

impl Email {
    pub fn new(app: &App, mail: Mail) -> Email {
        Email { mail, clock: app.clock.clone(), connection: None }
    }

    fn write(&self, to: &Address, letter: &Letter, id: &str) -> Result<Vec<u8>, Message> {
        let wrong = |error: lettre::error::Error| msg("mail-unwritable").arg("why", error.to_string());
        let host = self.mail.from.email.domain();
        let message = Written::builder()
            .from(self.mail.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(letter.subject.clone())
            .date(SystemTime::from(self.clock.now()))
            .message_id(Some(format!("<{id}@{host}>")))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .map_err(wrong)?;
        Ok(message.formatted())
    }

    /// A connection that is ready for a message: the last one's, if it still answers.
    async fn connected(&mut self) -> Result<AsyncSmtpConnection, Trouble> {
        if let Some((mut connection, used)) = self.connection.take()
            && used.elapsed() < IDLE
            && step(STEP, connection.command(Rset)).await.is_ok()
        {
            return Ok(connection);
        }
        let server = &self.mail.server;
        let hello = ClientId::default();
        let tls = || TlsParameters::new(server.host.clone()).map_err(|error| Trouble::of(&error));
        let wrapped = if server.tls == Tls::Wrapped { Some(tls()?) } else { None };
        let address = (server.host.as_str(), server.port);
        let connect = AsyncSmtpConnection::connect_tokio1(address, Some(STEP), &hello, wrapped, None);
        let mut connection = step(STEP, connect).await?;
        let upgrades = match server.tls {
            Tls::Required => true,
            Tls::Perhaps => connection.can_starttls(),
            Tls::Never | Tls::Wrapped => false,
        };
        if upgrades {
            step(STEP, connection.starttls(tls()?, &hello)).await?;
        }
        if let Some((user, password)) = &server.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            step(STEP, connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        Ok(connection)
    }

    /// Everything up to the content: nothing can have arrived yet.
    async fn announce(&self, connection: &mut AsyncSmtpConnection, to: &Address) -> Result<(), Delivered> {
        let mut options = Vec::new();
        if !AsRef::<str>::as_ref(to).is_ascii() || !AsRef::<str>::as_ref(&self.mail.from.email).is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Delivered::Refused(msg("mail-no-utf8")));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let from = MailCommand::new(Some(self.mail.from.email.clone()), options);
        step(STEP, connection.command(from)).await.map_err(before_content)?;
        step(STEP, connection.command(Rcpt::new(to.clone(), Vec::new()))).await.map_err(before_content)?;
        step(STEP, connection.command(Data)).await.map_err(before_content)?;
        Ok(())
    }
}

#[async_trait]
impl Courier for Email {
    /// `to` is an address.
    async fn deliver(&mut self, to: &str, letter: &Letter, id: &str) -> Delivered {
        let Ok(to) = to.parse::<Address>() else { return Delivered::Refused(msg("mail-no-address")) };
        let content = match self.write(&to, letter, id) {
            Ok(content) => content,
            Err(why) => return Delivered::Refused(why),
        };
        let mut connection = match self.connected().await {
            Ok(connection) => connection,
            Err(trouble) => return Delivered::Down(said("mail-down", trouble.text())),
        };
        if let Err(ended) = self.announce(&mut connection, &to).await {
            // A refusal leaves the connection as good as it was; what broke is let go.
            self.connection = Some((connection, Instant::now())).filter(|(one, _)| !one.has_broken());
            return ended;
        }
        match step(CONTENT, connection.message(&content)).await {
            Ok(_) => {
                self.connection = Some((connection, Instant::now()));
                Delivered::Sent
            }
            Err(trouble @ Trouble::Answer { .. }) => {
                self.connection = Some((connection, Instant::now()));
                before_content(trouble)
            }
            Err(Trouble::Broken(text)) => Delivered::Unknown(said("mail-unknown", text)),
        }
    }
}
