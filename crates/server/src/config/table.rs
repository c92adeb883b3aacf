//! The table of settings: one line each, from which the reader of the file, the reader of the
//! environment and the manual are made.

/// What a value looks like in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A text, or several in a list; in the environment they stand between commas.
    List,
    /// A text such as `12 h`, or a whole number of seconds.
    Duration,
    /// A text that nobody else may see. It may also be read from a file of its own.
    Secret,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key in the file.
    pub name: &'static str,
    /// What it looks like.
    pub shape: Shape,
    /// What holds where nobody sets it; empty: nothing.
    pub default: &'static str,
    /// One sentence.
    pub meaning: &'static str,
}

/// Before every key, in the environment.
pub const PREFIX: &str = "MANDATE_";
/// After the key of a secret that is read from a file.
pub const FILE_SUFFIX: &str = "_file";
/// The variable that names the file of settings; no key of that file itself.
pub const CONFIG_VARIABLE: &str = "MANDATE_CONFIG";
/// Variables of the project's own tests, none of ours.
pub const TEST_PREFIX: &str = "MANDATE_TEST_";
/// The file of settings when nobody names one.
pub const DEFAULT_FILE: &str = "mandate.toml";

impl Setting {
    /// Its name in the environment.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_ascii_uppercase())
    }

    /// May nobody else see it?
    pub fn is_secret(&self) -> bool {
        self.shape == Shape::Secret
    }
}

/// The setting of this key, and whether the key names a file that holds it.
pub fn find(key: &str) -> Option<(&'static Setting, bool)> {
    let of_name = |name: &str| SETTINGS.iter().find(|setting| setting.name == name);
    let in_file = || of_name(key.strip_suffix(FILE_SUFFIX)?).filter(|setting| setting.is_secret());
    of_name(key)
        .map(|setting| (setting, false))
        .or_else(|| in_file().map(|setting| (setting, true)))
}

/// The known key that is spelt most like this one.
pub fn nearest(key: &str) -> String {
    let key = key.to_ascii_lowercase();
    let secrets =
        SETTINGS.iter().filter(|s| s.is_secret()).map(|s| format!("{}{FILE_SUFFIX}", s.name));
    let known = SETTINGS.iter().map(|s| s.name.to_owned()).chain(secrets);
    known.min_by_key(|known| strsim::damerau_levenshtein(known, &key)).unwrap_or_default()
}

const fn setting(
    name: &'static str,
    shape: Shape,
    default: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting { name, shape, default, meaning }
}

/// Every setting, in the order of the manual.
pub const SETTINGS: &[Setting] = &[
    setting(
        "listen",
        Shape::List,
        "127.0.0.1:8080,[::1]:8080",
        "Addresses with a port to answer on. An IPv6 one that this machine does not have is left out while another works.",
    ),
    setting(
        "issuer",
        Shape::Text,
        "http://localhost:8080",
        "The public URL, byte for byte the `issuer` of every token. Fixed once tokens exist; `http` only on a loopback host.",
    ),
    setting(
        "database",
        Shape::Secret,
        "sqlite:mandate-data/mandate.db",
        "Where everything is kept: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/NAME`. The URI alone picks the engine.",
    ),
    setting(
        "master_key",
        Shape::Secret,
        "",
        "32 bytes in base64url that everything secret is sealed under; several between commas, the newest first, while it is \
         being replaced. Without it the file `master.key` beside the SQLite database, made at the first start. PostgreSQL \
         needs it set.",
    ),
    setting(
        "bootstrap_admin_email",
        Shape::Text,
        "",
        "The e-mail address of the first administrator, used only while there is none.",
    ),
    setting(
        "bootstrap_admin_password",
        Shape::Secret,
        "",
        "The password of the first administrator, 15 characters at least.",
    ),
    setting(
        "bootstrap_client_id",
        Shape::Text,
        "",
        "The id of the client whose secret follows: `mandate-admin` where only the secret is set.",
    ),
    setting(
        "bootstrap_client_secret",
        Shape::Secret,
        "",
        "The secret, of 32 characters at least, of the client of the management API, used only while that has none.",
    ),
    setting(
        "trusted_proxies",
        Shape::List,
        "",
        "Addresses and CIDR ranges of proxies whose `Forwarded` or `X-Forwarded-For` is believed.",
    ),
    setting(
        "legacy_grants",
        Shape::List,
        "",
        "Grants of the past that clients may then hold: `password`, `implicit`. Off for good reason.",
    ),
    setting(
        "profiles",
        Shape::List,
        "",
        "Products whose paths and answers are served too, so that their scripts run unchanged: `reltio`, `relativity`. \
         `coralogix` may be named and changes nothing: its paths are always there.",
    ),
    setting(
        "tls_cert",
        Shape::Text,
        "",
        "The PEM file of the certificate chain, to serve https without a proxy.",
    ),
    setting("tls_key", Shape::Text, "", "The PEM file of its private key."),
    setting(
        "smtp_url",
        Shape::Secret,
        "",
        "The server that takes mail, so that invitations and links to another password reach people by themselves, and the \
         login page offers such a link: `smtps://USER:PASSWORD@HOST:465`, `smtp://USER:PASSWORD@HOST:587?tls=required`, or \
         `smtp://HOST:25` for a relay nearby. USER and PASSWORD are percent-encoded.",
    ),
    setting(
        "mail_from",
        Shape::Text,
        "",
        "Whom that mail comes from, as in `Example <no-reply@example.com>`. Needed with `smtp_url`.",
    ),
    setting(
        "geoip_database",
        Shape::Text,
        "",
        "A file in the MaxMind format with cities or countries, such as GeoLite2-City.mmdb, by which sessions show a place \
         beside their address. It is read at the start.",
    ),
    setting(
        "metrics_listen",
        Shape::Text,
        "",
        "The address and port of `/metrics`, which exists only there.",
    ),
    setting(
        "otel_endpoint",
        Shape::Text,
        "",
        "The OpenTelemetry collector that gets a span for each request: an `http` address such as `http://127.0.0.1:4318`, to \
         which `/v1/traces` is added (OTLP over HTTP, JSON).",
    ),
    setting(
        "drain_delay",
        Shape::Duration,
        "0 s",
        "How long requests are still taken after SIGTERM, while `/readyz` already says no: longer than your balancer needs to \
         notice.",
    ),
    setting(
        "standby",
        Shape::Duration,
        "",
        "Set where `database` is a read-only PostgreSQL standby: this server then answers introspection, keys and metadata \
         alone, and 503 to everything else. The value, 2 s to 60 s, is how old an answer may be; while the standby has heard \
         of no commit for longer, introspection is 503 too. Needs `standby_heartbeat` at a server of the primary. See \
         [scale](scale.md).",
    ),
    setting(
        "standby_heartbeat",
        Shape::Text,
        "off",
        "`on` where a standby is read by servers with `standby`: this server then writes one small row every second, so that \
         a standby of an idle primary knows that it misses nothing.",
    ),
    setting(
        "log",
        Shape::Text,
        "info",
        "What is logged to standard error: `error`, `warn`, `info`, `debug`, or by module.",
    ),
    setting("log_format", Shape::Text, "text", "`text` for people, `json` for machines."),
    setting(
        "session_lifetime",
        Shape::Duration,
        "12 h",
        "When a browser session ends, used or not.",
    ),
    setting(
        "session_idle_lifetime",
        Shape::Duration,
        "2 h",
        "When a browser session ends that nobody uses.",
    ),
    setting(
        "high_risk_lifetime",
        Shape::Duration,
        "1 h",
        "A client with full access and a longer access token lifetime has to be confirmed.",
    ),
    setting(
        "self_rotation",
        Shape::Text,
        "allowed",
        "May a client add itself a secret by one it has (`POST /api/v1/clients/self/secrets`)? `allowed`, so that secrets are \
         replaced often and without anybody seeing them: it gives a client no right it has not, every rotation is in the audit \
         trail, and trusted addresses count. `refused` where only people may make secrets. A secret that leaked is retired at \
         once, not later: while it lives, who has it can make another.",
    ),
    setting(
        "risk_limits",
        Shape::List,
        "",
        "Risks that no client may have: the codes of the reasons in a client's `risk`, such as `no_trusted_ips` or \
         `pkce_optional`. Creating, changing or enabling a client that would show one is refused; those that are there keep \
         working until they are changed, and can always be paused, rotated and deleted.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_file_only_for_a_secret() {
        assert!(
            find("master_key_file")
                .is_some_and(|(setting, in_file)| setting.name == "master_key" && in_file)
        );
        assert!(find("issuer").is_some_and(|(_, in_file)| !in_file));
        for unknown in ["issuer_file", "Issuer", "", "_file", "master_key_file_file"] {
            assert!(find(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn names_the_key_that_was_meant() {
        for (typed, meant) in [
            ("lisen", "listen"),
            ("trusted-proxies", "trusted_proxies"),
            ("MASTER_KEY", "master_key"),
            ("masterkey_file", "master_key_file"),
            ("log_fromat", "log_format"),
            ("tls_certificate", "tls_cert"),
        ] {
            assert_eq!(nearest(typed), meant, "{typed}");
        }
    }

    #[test]
    fn every_setting_is_explained_in_sentences() {
        for setting in SETTINGS {
            assert!(setting.meaning.ends_with('.'), "{}", setting.name);
            assert!(setting.variable().starts_with(PREFIX));
        }
    }
}
