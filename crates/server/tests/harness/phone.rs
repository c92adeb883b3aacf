//! A phone with an app for one-time codes.

use totp_rs::{Builder, Secret, Totp};

use std::sync::Arc;

use super::{ADMIN_EMAIL, Answer, PASSWORD, Server};

/// The app, which typed the key from a page.
pub struct Phone(Totp);

impl Phone {
    /// Types what the page shows to who has no camera.
    #[track_caller]
    pub fn reading(page: &Answer) -> Self {
        let (_, rest) = page.body.split_once("otpauth://totp/").expect("a page to scan");
        let uri = rest.split('"').next().unwrap();
        let (_, rest) = uri.split_once("secret=").expect("a secret");
        let text: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let shown = page.body.replace(' ', "");
        assert!(shown.contains(&text), "the key is shown too");
        let secret = Secret::try_from_base32(text).expect("base32");
        Self(Builder::new().with_secret(secret.as_ref().to_vec()).build().unwrap())
    }

    /// Sets a second factor up for the first administrator, a minute ago.
    pub async fn of_the_administrator(server: &Arc<Server>) -> Self {
        Self::of(server, ADMIN_EMAIL).await.0
    }

    /// The same for somebody with the usual password; with their recovery codes.
    pub async fn of(server: &Arc<Server>, email: &str) -> (Self, Vec<String>) {
        const PAGE: &str = "/account/second-factor";
        let mut browser = server.browser();
        browser.sign_in(email).await;
        let page = browser.get(PAGE).await;
        let fields = [("deed", "set-up"), ("password", PASSWORD)];
        let begun = browser.submit(&page, PAGE, &fields).await;
        let phone = Self::reading(&begun);
        let confirm = format!("{PAGE}/confirm");
        let done = browser.submit(&begun, &confirm, &[("code", &phone.code(server))]).await;
        assert!(done.body.contains("Keep your recovery codes"), "{}", done.body);
        server.clock.step(60);
        let items = done.body.split("<li><code>").skip(1);
        (phone, items.map(|item| item.split('<').next().unwrap().to_owned()).collect())
    }

    /// The code that it shows now.
    pub fn code(&self, server: &Server) -> String {
        self.0.generate(server.clock.now().unsigned_abs()).to_string()
    }
}
