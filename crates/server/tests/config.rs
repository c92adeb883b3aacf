//! Settings as an operator gives them: which source wins, what is refused, and in which words.
#![expect(clippy::unwrap_used, reason = "a test that cannot have its files has failed")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use mandate::config::{Config, KeyFile, LogFormat, SETTINGS, Sources, markdown, master_keys};

/// 32 zero bytes.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("config-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn environment(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Config, String> {
    load(None, variables)
}

fn load(file: Option<PathBuf>, variables: &[(&str, &str)]) -> Result<Config, String> {
    Config::load(&Sources { file, environment: environment(variables) })
        .map_err(|mistakes| mistakes.to_string())
}

/// What a file of settings is refused with; the path of the file is left out.
fn refusal(toml: &str) -> String {
    let place = Place::new();
    let file = place.write("mandate.toml", toml);
    let told = load(Some(file), &[]).unwrap_err();
    told.replace(&format!("{}/", place.0.display()), "")
}

#[test]
fn nothing_said_means_the_defaults() {
    let config = from_environment(&[
        ("PATH", "/bin"),
        ("MANDATE_TEST_POSTGRES", "x"),
        ("MANDATE_TLS_CERT", ""),
    ])
    .unwrap();
    assert_eq!(config.issuer, "http://localhost:8080");
    assert_eq!(config.database.uri(), "sqlite:mandate-data/mandate.db");
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.policy.session_lifetime, 12 * 3600);
    assert_eq!(config.policy.session_idle_lifetime, 2 * 3600);
    assert_eq!(config.policy.high_risk_lifetime, 3600);
    assert!(!config.policy.legacy_password && !config.policy.legacy_implicit);
    assert_eq!(config.log_format, LogFormat::Text);
    assert!(
        config.tls.is_none()
            && config.metrics_listen.is_none()
            && config.trusted_proxies.is_empty()
    );
    assert!(config.bootstrap.administrator.is_none() && config.bootstrap.client.is_none());
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let place = Place::new();
    let file = place.write(
        "mandate.toml",
        "issuer = \"https://of-file.test\"\nlog = \"warn\"\nlisten = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n\
         session_lifetime = \"8 h\"\nsession_idle_lifetime = 900\nlegacy_grants = [\"implicit\"]\n",
    );
    let config =
        load(Some(file.clone()), &[("MANDATE_ISSUER", "https://of-environment.test")]).unwrap();
    assert_eq!(config.issuer, "https://of-environment.test");
    assert_eq!(config.log, "warn");
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.policy.session_lifetime, 8 * 3600);
    assert_eq!(config.policy.session_idle_lifetime, 900);
    assert!(config.policy.legacy_implicit && !config.policy.legacy_password);
    // An empty variable says nothing.
    let config = load(Some(file.clone()), &[("MANDATE_ISSUER", "")]).unwrap();
    assert_eq!(config.issuer, "https://of-file.test");
    // The variable names the file as well.
    let config = load(None, &[("MANDATE_CONFIG", file.to_str().unwrap())]).unwrap();
    assert_eq!(config.issuer, "https://of-file.test");
}

#[test]
fn refuses_unknown_keys_by_line_and_names_the_nearest() {
    insta::assert_snapshot!(refusal("issuer = \"https://id.test\"\n\nlisen = \"127.0.0.1:1\"\n[server]\nport = 1\n"), @r"
    mandate.toml, line 3: There is no setting `lisen`; the nearest known one is `listen`.
    mandate.toml, line 4: There is no setting `server`; the nearest known one is `issuer`.
    ");
    insta::assert_snapshot!(from_environment(&[("MANDATE_ISUER", "https://id.test")]).unwrap_err(), @"MANDATE_ISUER: There is no such setting; the nearest known one is MANDATE_ISSUER.");
    insta::assert_snapshot!(from_environment(&[("MANDATE_issuer", "https://id.test")]).unwrap_err(), @"MANDATE_issuer: There is no such setting; the nearest known one is MANDATE_ISSUER.");
    insta::assert_snapshot!(from_environment(&[("MANDATE_ISSUER_FILE", "x")]).unwrap_err(), @"MANDATE_ISSUER_FILE: There is no such setting; the nearest known one is MANDATE_ISSUER.");
}

#[test]
fn refuses_values_of_another_kind_by_line() {
    insta::assert_snapshot!(refusal("listen = 8080\nissuer = [\"a\"]\nsession_lifetime = 1.5\ntrusted_proxies = [1]\nmaster_key = 7\n"), @r#"
    mandate.toml, line 1, listen: A text in quotes or a list of them is needed.
    mandate.toml, line 2, issuer: A text in quotes is needed.
    mandate.toml, line 3, session_lifetime: A text such as "12 h" or a whole number of seconds is needed.
    mandate.toml, line 4, trusted_proxies: Every entry of the list has to stand in quotes.
    mandate.toml, line 5, master_key: A text in quotes is needed.
    "#);
}

#[test]
fn a_broken_file_is_told_by_line_and_never_quoted() {
    let told = refusal("issuer = \"https://id.test\"\nmaster_key = \"tiger\nlog = \"info\"\n");
    assert!(told.starts_with("mandate.toml, line 2: This is no TOML:"), "{told}");
    assert!(!told.contains("tiger"), "{told}");
    let told = refusal("log = \"info\"\nlog = \"warn\"\n");
    assert!(told.starts_with("mandate.toml, line 2: This is no TOML:"), "{told}");
}

#[test]
fn mail_needs_a_server_and_a_sender_and_shows_no_password() {
    let of = |url: &str, from: &str| {
        from_environment(&[("MANDATE_SMTP_URL", url), ("MANDATE_MAIL_FROM", from)])
    };
    let config = of("smtps://ann:tiger@mx.test:465", "Example <id@example.com>").unwrap();
    let mail = config.mail.as_ref().unwrap();
    assert_eq!(mail.to_string(), "smtps://mx.test:465 from id@example.com");
    assert!(!format!("{config:?}").contains("tiger"));
    assert!(from_environment(&[]).unwrap().mail.is_none());
    insta::assert_snapshot!(of("smtps://mx.test", "").unwrap_err(), @"MANDATE_SMTP_URL: `mail_from` is needed as well.");
    insta::assert_snapshot!(of("", "id@example.com").unwrap_err(), @"MANDATE_MAIL_FROM: `smtp_url` is needed as well.");
    insta::assert_snapshot!(of("smtps://mx.test", "nobody").unwrap_err(), @"MANDATE_MAIL_FROM: An address is needed, as in Example <no-reply@example.com>.");
    insta::assert_snapshot!(of("smtp://ann:tiger@mx.test:25", "id@example.com").unwrap_err(), @"MANDATE_SMTP_URL: A password would go over the network for everybody to read. Write smtps://, or ?tls=required at the end.");
    let place = Place::new();
    let file = place.write("smtp", "smtp://ann:tiger@mx.test:587?tls=required\n");
    let variables =
        [("MANDATE_SMTP_URL_FILE", file.to_str().unwrap()), ("MANDATE_MAIL_FROM", "id@mx.test")];
    assert!(from_environment(&variables).unwrap().mail.is_some());
}

#[test]
fn a_standby_is_that_of_a_server_and_has_a_bound() {
    let server = ("MANDATE_DATABASE", "postgres://mandate@localhost/mandate");
    let read = |bound| from_environment(&[server, ("MANDATE_STANDBY", bound)]);
    assert_eq!(read("5 s").unwrap().standby, Some(std::time::Duration::from_secs(5)));
    for wrong in ["1 s", "2 min", "soon"] {
        assert!(read(wrong).unwrap_err().contains("MANDATE_STANDBY"), "{wrong}");
    }
    let file = from_environment(&[("MANDATE_STANDBY", "5 s")]).unwrap_err();
    assert!(file.contains("A database in a file has no standby"), "{file}");
    let beat = from_environment(&[("MANDATE_STANDBY_HEARTBEAT", "on")]).unwrap();
    assert!(beat.standby_heartbeat && beat.standby.is_none());
    let wrong = from_environment(&[("MANDATE_STANDBY_HEARTBEAT", "yes")]).unwrap_err();
    assert!(wrong.contains("One of `on` and `off` is needed."), "{wrong}");
}

#[test]
fn a_named_file_has_to_be_there() {
    insta::assert_snapshot!(load(Some("/nowhere/mandate.toml".into()), &[]).unwrap_err(), @"/nowhere/mandate.toml: There is no such file of settings.");
    assert!(load(None, &[("MANDATE_CONFIG", "/nowhere/mandate.toml")]).is_err());
}

#[test]
fn a_secret_is_read_from_a_file_without_its_line_break() {
    let place = Place::new();
    let path = place.write("key", &format!("{KEY}\r\n"));
    let config = from_environment(&[("MANDATE_MASTER_KEY_FILE", path.to_str().unwrap())]).unwrap();
    assert_eq!(config.master_key.as_ref().unwrap().reveal(), KEY);
    let toml =
        place.write("mandate.toml", &format!("master_key_file = {:?}\n", path.to_str().unwrap()));
    let config = load(Some(toml.clone()), &[]).unwrap();
    assert_eq!(config.master_key.as_ref().unwrap().reveal(), KEY);
    // A secret of the environment replaces the file that the settings name.
    let other = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";
    let config = load(Some(toml), &[("MANDATE_MASTER_KEY", other)]).unwrap();
    assert_eq!(config.master_key.as_ref().unwrap().reveal(), other);
}

#[test]
fn refuses_a_secret_given_twice_or_from_a_file_that_has_none() {
    let place = Place::new();
    let path = place.write("key", "\n");
    let file = path.to_str().unwrap();
    let told = from_environment(&[("MANDATE_MASTER_KEY_FILE", file)]).unwrap_err();
    assert!(told.ends_with("/key is empty."), "{told}");
    std::fs::write(&path, KEY).unwrap();
    let told = from_environment(&[("MANDATE_MASTER_KEY", KEY), ("MANDATE_MASTER_KEY_FILE", file)])
        .unwrap_err();
    assert!(told.contains("Keep one of `master_key` and `master_key_file`."), "{told}");
    let told = from_environment(&[("MANDATE_MASTER_KEY_FILE", "/nowhere")]).unwrap_err();
    assert!(told.starts_with("MANDATE_MASTER_KEY_FILE: /nowhere cannot be read:"), "{told}");
}

#[test]
fn refuses_values_in_sentences_all_at_once() {
    insta::assert_snapshot!(from_environment(&[
        ("MANDATE_ISSUER", "http://id.example.com"),
        ("MANDATE_DATABASE", "mysql://a:tiger@b/c"),
        ("MANDATE_LISTEN", "localhost:80"),
        ("MANDATE_TRUSTED_PROXIES", "10.1.2.3/8,proxy"),
        ("MANDATE_LEGACY_GRANTS", "password,device"),
        ("MANDATE_TLS_CERT", "cert.pem"),
        ("MANDATE_MASTER_KEY", "AAAA,tiger"),
        ("MANDATE_LOG", "info,=x=y"),
        ("MANDATE_LOG_FORMAT", "xml"),
        ("MANDATE_SESSION_LIFETIME", "1 s"),
        ("MANDATE_HIGH_RISK_LIFETIME", "1 month"),
        ("MANDATE_BOOTSTRAP_ADMIN_EMAIL", "ann@example.com"),
        ("MANDATE_BOOTSTRAP_CLIENT_ID", "ci"),
    ]).unwrap_err(), @r"
    MANDATE_LISTEN: `localhost:80` is no address with a port, such as 127.0.0.1:80, [::1]:80 or 0.0.0.0:80.
    MANDATE_ISSUER: http is good enough for localhost, 127.0.0.1 and [::1] alone; anywhere else an issuer is https.
    MANDATE_DATABASE: It has to begin with sqlite: or postgres://; that picks the engine.
    MANDATE_MASTER_KEY: This is no list of master keys: entry 1 is not 32 bytes in base64url.
    MANDATE_TRUSTED_PROXIES: `10.1.2.3/8` has bits beyond its prefix; the range is 10.0.0.0/8.
    MANDATE_TRUSTED_PROXIES: `proxy` is neither an address nor a range such as 10.0.0.0/8 or 2001:db8::/32.
    MANDATE_LOG: This says not what to log (invalid filter directive); write info, or mandate=debug,info.
    MANDATE_LOG_FORMAT: One of `text` and `json` is needed.
    MANDATE_LEGACY_GRANTS: `device` is no grant of the past; `password` and `implicit` are.
    MANDATE_HIGH_RISK_LIFETIME: Months and years differ in length. Write days.
    MANDATE_SESSION_LIFETIME: 1 second is not between 5 minutes and 365 days.
    MANDATE_BOOTSTRAP_ADMIN_EMAIL: `bootstrap_admin_password` is needed as well.
    MANDATE_BOOTSTRAP_CLIENT_ID: `bootstrap_client_secret` is needed as well.
    MANDATE_TLS_CERT: `tls_key` is needed as well.
    ");
}

#[test]
fn refuses_metrics_on_a_public_address_and_no_address_at_all() {
    let told = from_environment(&[
        ("MANDATE_LISTEN", "127.0.0.1:1"),
        ("MANDATE_METRICS_LISTEN", "127.0.0.1:1"),
    ]);
    insta::assert_snapshot!(told.unwrap_err(), @"MANDATE_METRICS_LISTEN: `listen` holds this address too; metrics need one of their own.");
    insta::assert_snapshot!(from_environment(&[("MANDATE_LISTEN", " , ")]).unwrap_err(), @"MANDATE_LISTEN: An address is needed.");
}

#[test]
fn the_secret_alone_is_that_of_the_admin_client() {
    let config = from_environment(&[("MANDATE_BOOTSTRAP_CLIENT_SECRET", "0123456789")]).unwrap();
    assert_eq!(config.bootstrap.client.unwrap().client_id, "mandate-admin");
}

#[test]
fn no_secret_is_ever_in_debug() {
    let place = Place::new();
    let path = place.write("password", "tiger-password");
    let config = from_environment(&[
        ("MANDATE_MASTER_KEY", KEY),
        ("MANDATE_DATABASE", "postgres://ann:tiger@db.test/mandate"),
        ("MANDATE_BOOTSTRAP_ADMIN_EMAIL", "ann@example.com"),
        ("MANDATE_BOOTSTRAP_ADMIN_PASSWORD_FILE", path.to_str().unwrap()),
        ("MANDATE_BOOTSTRAP_CLIENT_SECRET", "tiger-secret"),
    ])
    .unwrap();
    let shown = format!("{config:?} {config:#?}");
    assert!(shown.contains("ann@example.com"));
    assert!(!shown.contains("tiger") && !shown.contains(KEY), "{shown}");
}

#[test]
fn a_key_is_made_once_for_nobody_else_to_read() {
    let place = Place::new();
    let uri = format!("sqlite:{}", place.0.join("data/mandate.db").display());
    let config = from_environment(&[("MANDATE_DATABASE", &uri)]).unwrap();
    assert!(master_keys(&config, KeyFile::Expect).is_err());
    master_keys(&config, KeyFile::Make).map_err(|mistakes| mistakes.to_string()).unwrap();
    let path = config.key_file().unwrap();
    let made = std::fs::read_to_string(&path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(
            std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777,
            0o700
        );
    }
    assert!(master_keys(&config, KeyFile::Make).is_ok());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), made);
    // Nothing else was left behind.
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_database_without_its_key_is_never_given_a_new_one() {
    let place = Place::new();
    let uri = format!("sqlite:{}", place.write("mandate.db", "SQLite format 3").display());
    let config = from_environment(&[("MANDATE_DATABASE", &uri)]).unwrap();
    let Err(refusal) = master_keys(&config, KeyFile::Make) else { panic!("a key was made") };
    let told = refusal.to_string();
    assert!(told.contains("There is a database") && told.contains("but no master key"), "{told}");
    assert!(!config.key_file().unwrap().exists());
}

#[test]
fn a_server_needs_the_key_to_be_said() {
    let config = from_environment(&[("MANDATE_DATABASE", "postgres://db.test/mandate")]).unwrap();
    let Err(refusal) = master_keys(&config, KeyFile::Make) else { panic!("a key was made") };
    assert!(refusal.to_string().contains("it has to be set"), "{refusal}");
}

#[test]
fn of_many_first_starts_one_makes_the_key() {
    let place = Place::new();
    let uri = format!("sqlite:{}", place.0.join("mandate.db").display());
    let config = from_environment(&[("MANDATE_DATABASE", &uri)]).unwrap();
    let key_ids: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let Ok(keys) = master_keys(&config, KeyFile::Make) else { panic!("no key") };
                    domain::Vault::new(&keys, domain::Chance::System).unwrap().key_id().to_owned()
                })
            })
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(key_ids.len(), 1);
}

/// `UPDATE_DOCS=1` writes the page anew.
#[test]
fn the_manual_page_is_written_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
    let page = markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/config.md differs from the table: run this test with UPDATE_DOCS=1"
    );
    for setting in SETTINGS {
        assert!(page.contains(&format!("| `{}`", setting.name)));
    }
}
