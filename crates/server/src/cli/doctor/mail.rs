//! Mail: does the server that takes it answer, and let us in?

use super::Finding;
use crate::config::Config;
use crate::mail::Mailer;

/// Connects and says nothing; no mail is sent.
pub(super) async fn check(config: &Config) -> Finding {
    let Some(mail) = &config.mail else {
        return Finding::ok("mail", "Not set up: people get their links from an administrator.");
    };
    let mailer = match Mailer::new(mail) {
        Ok(mailer) => mailer,
        Err(sentence) => return Finding::fail("mail", sentence),
    };
    if let Err(reason) = mailer.probe().await {
        let sentence = format!("{mail} cannot be reached: {reason}. Look at `smtp_url`.");
        return Finding::fail("mail", sentence);
    }
    if mail.is_open() {
        let sentence = format!(
            "{mail} answers, but mail with links to passwords goes there unencrypted; write ?tls=required."
        );
        return Finding::warn("mail", sentence);
    }
    Finding::ok("mail", format!("{mail} answers."))
}
