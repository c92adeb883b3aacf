//! Judges the values: each by itself, then those that belong together.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use domain::clients::ADMIN_CLIENT;
use domain::clients::risk::Reason;
use domain::{MasterKeys, Plain, Policy};
use ipnet::IpNet;
use lettre::message::Mailbox;
use protocol::duration;
use tracing_subscriber::EnvFilter;

use super::sources::{Given, Values};
use super::{Config, Database, LogFormat, Mail, Mistakes, Tls, address, issuer};
use crate::foundation::{Bootstrap, FirstAdministrator, FirstSecret};

/// How long a browser session may last at most, used or not.
const SESSION: RangeInclusive<u64> = 300..=365 * 86_400;
/// How long a server that ends may wait for its balancer.
const DRAIN_DELAY: RangeInclusive<u64> = 0..=300;
/// How old what a standby shows may be.
const STANDBY: RangeInclusive<u64> = 2..=60;
/// How long it may lie idle.
const IDLE: RangeInclusive<u64> = 60..=365 * 86_400;
/// Access token lifetimes end at 24 h; a threshold beyond would never be met.
const HIGH_RISK: RangeInclusive<u64> = 60..=86_400;

/// The configuration, or `None` where a value that has to be there is not; what is wrong is in
/// `mistakes`.
pub(super) fn judged(values: &Values, mistakes: &mut Mistakes) -> Option<Config> {
    let mut judge = Judge { values, mistakes };
    let listen = judge.list("listen", address::socket);
    let issuer = judge.value("issuer", |text| issuer::check(text).map(|()| text.to_owned()));
    let database = judge.value("database", Database::parse);
    let master_key = judge.value("master_key", master_key);
    let trusted_proxies = judge.list("trusted_proxies", address::range);
    let metrics_listen = judge.metrics(&listen);
    let otel_endpoint = judge.value("otel_endpoint", address::collector);
    let drain_delay = judge.seconds("drain_delay", &DRAIN_DELAY).unwrap_or_default();
    let log = judge.value("log", filter);
    let log_format = judge.value("log_format", format);
    let config = Config {
        policy: judge.policy(),
        bootstrap: judge.bootstrap(),
        tls: judge.tls(),
        mail: judge.mail(),
        geoip_database: values.find("geoip_database").map(|given| PathBuf::from(&given.text)),
        listen: without_repetition(listen),
        issuer: issuer?,
        database: database?,
        master_key,
        trusted_proxies: without_repetition::<IpNet>(trusted_proxies),
        metrics_listen,
        otel_endpoint,
        drain_delay: Duration::from_secs(drain_delay.unsigned_abs()),
        standby: judge.standby(),
        standby_heartbeat: judge.heartbeat(),
        log: log?,
        log_format: log_format?,
        secret_file: values.secret_file.clone(),
    };
    if config.listen.is_empty() {
        judge.refuse("listen", "An address is needed.");
    }
    Some(config)
}

struct Judge<'a> {
    values: &'a Values,
    mistakes: &'a mut Mistakes,
}

impl Judge<'_> {
    fn value<T, E: Display>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let given = self.values.find(name)?;
        read(&given.text).map_err(|error| self.mistakes.add(&given.place, &error.to_string())).ok()
    }

    fn list<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(given) = self.values.find(name) else { return Vec::new() };
        let parts = given.text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut list = Vec::new();
        for part in parts {
            match read(part) {
                Ok(value) => list.push(value),
                Err(sentence) => self.mistakes.add(&given.place, &sentence),
            }
        }
        list
    }

    fn refuse(&mut self, name: &str, sentence: &str) {
        let place =
            self.values.find(name).map_or_else(|| name.to_owned(), |given| given.place.clone());
        self.mistakes.add(&place, sentence);
    }

    /// How old what a standby shows may be. Only a database on a server of its own has standbys.
    fn standby(&mut self) -> Option<Duration> {
        let bound = self.seconds("standby", &STANDBY)?;
        let uri = self.values.find("database").map(|given| given.text.as_str());
        if uri.is_some_and(|uri| Database::parse(uri).is_ok_and(|it| it.file().is_some())) {
            self.refuse("standby", "A database in a file has no standby: leave this out.");
        }
        Some(Duration::from_secs(bound.unsigned_abs()))
    }

    fn heartbeat(&mut self) -> bool {
        let on = self.value("standby_heartbeat", |text| match text {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err("One of `on` and `off` is needed."),
        });
        on.unwrap_or_default()
    }

    fn policy(&mut self) -> Policy {
        let grants = self.list("legacy_grants", |text| match text {
            "password" | "implicit" => Ok(text.to_owned()),
            _ => Err(format!("`{text}` is no grant of the past; `password` and `implicit` are.")),
        });
        let profiles = self.list("profiles", |text| match text {
            "reltio" | "relativity" | "coralogix" => Ok(text.to_owned()),
            _ => {
                Err(format!("`{text}` is no profile; `reltio`, `relativity` and `coralogix` are."))
            }
        });
        let usual = Policy::default();
        let self_rotation = self.value("self_rotation", |text| match text {
            "allowed" => Ok(true),
            "refused" => Ok(false),
            _ => Err("One of `allowed` and `refused` is needed."),
        });
        Policy {
            self_rotation: self_rotation.unwrap_or(usual.self_rotation),
            risk_limits: without_repetition(self.list("risk_limits", reason)),
            profile_reltio: profiles.iter().any(|name| name == "reltio"),
            profile_relativity: profiles.iter().any(|name| name == "relativity"),
            legacy_password: grants.iter().any(|grant| grant == "password"),
            legacy_implicit: grants.iter().any(|grant| grant == "implicit"),
            high_risk_lifetime: self
                .seconds("high_risk_lifetime", &HIGH_RISK)
                .unwrap_or(usual.high_risk_lifetime),
            session_lifetime: self
                .seconds("session_lifetime", &SESSION)
                .unwrap_or(usual.session_lifetime),
            session_idle_lifetime: self
                .seconds("session_idle_lifetime", &IDLE)
                .unwrap_or(usual.session_idle_lifetime),
        }
    }

    fn seconds(&mut self, name: &str, allowed: &RangeInclusive<u64>) -> Option<i64> {
        self.value(name, |text| {
            let seconds = duration::parse(text).map_err(|refusal| refusal.to_string())?;
            if !allowed.contains(&seconds) {
                let (least, most) =
                    (duration::spell(*allowed.start()), duration::spell(*allowed.end()));
                return Err(format!(
                    "{} is not between {least} and {most}.",
                    duration::spell(seconds)
                ));
            }
            i64::try_from(seconds).map_err(|error| error.to_string())
        })
    }

    /// Two settings that only make sense together.
    fn pair(&mut self, names: [&str; 2]) -> Option<[Given; 2]> {
        match names.map(|name| self.values.find(name).cloned()) {
            [Some(first), Some(second)] => Some([first, second]),
            [None, None] => None,
            [Some(_), None] => {
                self.refuse(names[0], &format!("`{}` is needed as well.", names[1]));
                None
            }
            [None, Some(_)] => {
                self.refuse(names[1], &format!("`{}` is needed as well.", names[0]));
                None
            }
        }
    }

    fn bootstrap(&mut self) -> Bootstrap {
        let administrator = self.pair(["bootstrap_admin_email", "bootstrap_admin_password"]);
        let administrator = administrator.map(|[email, password]| FirstAdministrator {
            email: email.text,
            password: Plain::new(password.text),
        });
        let id = self.values.find("bootstrap_client_id").map(|given| given.text.clone());
        let secret = self
            .values
            .find("bootstrap_client_secret")
            .map(|given| Plain::new(given.text.as_str()));
        if id.is_some() && secret.is_none() {
            self.refuse("bootstrap_client_id", "`bootstrap_client_secret` is needed as well.");
        }
        let client_id = id.unwrap_or_else(|| ADMIN_CLIENT.into());
        Bootstrap { administrator, client: secret.map(|secret| FirstSecret { client_id, secret }) }
    }

    fn tls(&mut self) -> Option<Tls> {
        let [cert, key] = self.pair(["tls_cert", "tls_key"])?;
        if self.values.find("issuer").is_some_and(|issuer| issuer.text.starts_with("http:")) {
            self.refuse("tls_cert", "It serves https, but the issuer begins with http.");
        }
        Some(Tls { cert: PathBuf::from(cert.text), key: PathBuf::from(key.text) })
    }

    fn mail(&mut self) -> Option<Mail> {
        let [url, from] = self.pair(["smtp_url", "mail_from"])?;
        let Ok(from) = from.text.parse::<Mailbox>() else {
            let sentence = "An address is needed, as in Example <no-reply@example.com>.";
            self.mistakes.add(&from.place, sentence);
            return None;
        };
        Mail::parse(&url.text, from)
            .map_err(|sentence| self.mistakes.add(&url.place, sentence))
            .ok()
    }

    fn metrics(&mut self, listen: &[SocketAddr]) -> Option<SocketAddr> {
        let metrics = self.value("metrics_listen", address::socket)?;
        if metrics.port() != 0 && listen.contains(&metrics) {
            self.refuse(
                "metrics_listen",
                "`listen` holds this address too; metrics need one of their own.",
            );
        }
        Some(metrics)
    }
}

fn master_key(text: &str) -> Result<Plain, String> {
    match MasterKeys::parse(text) {
        Ok(_) => Ok(Plain::new(text)),
        Err(error) => Err(format!("This is no list of master keys: {error}.")),
    }
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::parse(text).ok_or_else(|| {
        let known: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("`{text}` is no reason of a risk; these are: {}.", known.join(", "))
    })
}

fn filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            Err(format!("This says not what to log ({error}); write info, or mandate=debug,info."))
        }
    }
}

fn format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("One of `text` and `json` is needed."),
    }
}

fn without_repetition<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    list.into_iter().fold(Vec::new(), |mut kept, value| {
        if !kept.contains(&value) {
            kept.push(value);
        }
        kept
    })
}
