//! Mail: a one-time link on its way to the person it is for, as plain text over SMTP.
//!
//! Sent after the commit that made the link, outside any unit of work, and given up after ten
//! seconds. It knows no rule and no page; whoever made the link says what became of the mail.

use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use domain::accounts::{INVITATION_LIFETIME, RESET_LIFETIME, User};
use domain::{Call, Plain};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::Mail;
use crate::urls::Urls;
use crate::web::views::When;

/// A server that has not taken a mail by then is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to the server that takes our mail.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The next server has it.
    Sent,
    /// It could not be handed over; the log says why.
    Failed,
    /// Mail is not set up.
    Off,
}

impl Delivery {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Off => "off",
        }
    }
}

/// Who wanted the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// An administrator.
    ByAdministrator,
    /// Somebody who said that they forgot the password.
    ByThemselves,
}

impl Mailer {
    /// The way that the settings name.
    ///
    /// # Errors
    /// A sentence: what of them cannot be used.
    pub fn new(settings: &Mail) -> Result<Self, String> {
        let from = settings.from().clone();
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url())
            .map_err(|error| format!("smtp_url: {settings} cannot be used: {error}."))?;
        let name = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self { transport: builder.hello_name(name).timeout(Some(PATIENCE)).build(), from })
    }

    /// Does the server answer, and let us in?
    ///
    /// # Errors
    /// Why not, in full.
    pub async fn probe(&self) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("it hung up".into()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(given_up()),
        }
    }

    async fn send(&self, message: Message) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(given_up()),
        }
    }

    fn message(
        &self,
        urls: &Urls,
        call: &Call,
        (user, token): (&User, &Plain),
        wanted: Wanted,
    ) -> Result<Message, String> {
        let address = Address::from_str(&user.email).map_err(|error| error.to_string())?;
        let (subject, text) = words(urls, call, (user, token), wanted);
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let now = Duration::from_secs(call.now.unsigned_abs());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(user.display_name.clone()), address))
            .date(UNIX_EPOCH + now)
            .message_id(Some(format!("<{}@{}>", call.request_id, self.from.email.domain())))
            .subject(subject)
            .raw_header(HeaderValue::new(automatic, "auto-generated".into()))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| error.to_string())
    }
}

fn given_up() -> String {
    format!("no answer within {} seconds", PATIENCE.as_secs())
}

/// Mails the one-time link of somebody to them, where mail is set up. The link is good whatever
/// becomes of the mail.
pub async fn deliver(
    (mailer, urls): (Option<&Mailer>, &Urls),
    call: &Call,
    (user, token): (&User, &Plain),
    wanted: Wanted,
) -> Delivery {
    let Some(mailer) = mailer else { return Delivery::Off };
    let outcome = match mailer.message(urls, call, (user, token), wanted) {
        Ok(message) => mailer.send(message).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Delivery::Sent,
        Err(error) => {
            let (user, request_id) = (user.id.as_str(), call.request_id.as_str());
            tracing::warn!(error, user, request_id, "a mail could not be sent");
            Delivery::Failed
        }
    }
}

/// Subject and text.
fn words(
    urls: &Urls,
    call: &Call,
    (user, token): (&User, &Plain),
    wanted: Wanted,
) -> (String, String) {
    let (name, link) = (&user.display_name, urls.password_link(user, token));
    let (link, server) = (link.reveal(), urls.issuer());
    let until = |lifetime: i64| When::exact(call.now + lifetime).text;
    if !user.has_password {
        let text = format!(
            "Hello {name},\n\nYou have an account at {server}. Choose a password to start using it:\n\n{link}\n\n\
             The link works once, until {}. Whoever opens it owns the\n\
             account, so pass it on to nobody.\n\n\
             If you did not expect this mail, you need not do anything.\n",
            until(INVITATION_LIFETIME)
        );
        return ("Choose a password for your account".into(), text);
    }
    let why = match wanted {
        Wanted::ByAdministrator => "An administrator made this link for you.".to_owned(),
        Wanted::ByThemselves => format!(
            "Somebody, perhaps you, asked for this link from the address {}.",
            call.address_text()
        ),
    };
    let text = format!(
        "Hello {name},\n\nHere you can choose another password for your account at {server}:\n\n{link}\n\n\
         The link works once, until {}, and signs you out everywhere\n\
         else. Whoever opens it owns the account, so pass it on to nobody.\n\n\
         {why}\n\
         If you do not need it, you need not do anything: your password stays as it is.\n",
        until(RESET_LIFETIME)
    );
    ("Choose another password".into(), text)
}
