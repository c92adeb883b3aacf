//! The database, and what only it can tell: key, clock, signing keys, administrators.

use domain::audit::{self, Filter};
use domain::keys::{self, Phase};
use domain::{Fault, accounts};

use super::super::operator::Desk;
use super::Finding;
use crate::config::Config;

/// A commit that takes longer than this, in milliseconds, is felt by everybody who signs in.
const SLOW_COMMIT: i64 = 100;
/// Seconds that the clocks of two nodes may differ.
const CLOCK_TOLERANCE: i64 = 60;
/// 2025-01-01: this program did not exist before.
const EARLIEST: i64 = 1_735_689_600;
/// Seconds after which signing keys should be rotated.
const OLD_KEY: i64 = 365 * 86_400;

/// Opens it and looks; nothing else can be checked where that fails.
pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let desk = match Desk::open(config).await {
        Ok(desk) => desk,
        Err(failure) => return vec![Finding::fail("database", failure.to_string())],
    };
    let mut findings = vec![Finding::ok("key", "The master key and the issuer fit the database.")];
    findings.push(told("database", writable(&desk, config).await));
    findings.push(told("clock", clock(&desk).await));
    findings.push(told("keys", signing_keys(&desk).await));
    findings.push(told("people", people(&desk, config).await));
    findings
}

fn told(check: &'static str, finding: Result<Finding, Fault>) -> Finding {
    finding.unwrap_or_else(|fault| Finding::fail(check, format!("It cannot be asked: {fault}.")))
}

async fn writable(desk: &Desk, config: &Config) -> Result<Finding, Fault> {
    let clock = desk.instance.clock();
    let begun = clock.milliseconds();
    desk.instance.ready().await?;
    let took = clock.milliseconds() - begun;
    let place = &config.database;
    Ok(if took > SLOW_COMMIT {
        Finding::warn(
            "database",
            format!("{place} takes writes, but slowly: {took} ms. Look at its disk or network."),
        )
    } else {
        Finding::ok("database", format!("{place} takes writes."))
    })
}

/// Compares with the newest thing that anybody did.
async fn clock(desk: &Desk) -> Result<Finding, Fault> {
    let now = desk.instance.clock().now();
    let newest = audit::list(&mut desk.read(), &Filter { limit: 1, ..Filter::default() }).await?;
    let ahead = newest.first().map_or(0, |event| event.at - now);
    Ok(if now < EARLIEST {
        Finding::fail(
            "clock",
            "This machine lives in the past; set its clock, and keep it right by NTP.",
        )
    } else if ahead > CLOCK_TOLERANCE {
        let sentence = format!(
            "The newest entry of the audit trail is {ahead} seconds in the future: this clock is behind, or that of \
             another node ahead. Keep them right by NTP."
        );
        Finding::fail("clock", sentence)
    } else {
        Finding::ok("clock", "It is not behind what was recorded.")
    })
}

async fn signing_keys(desk: &Desk) -> Result<Finding, Fault> {
    let now = desk.instance.clock().now();
    let published = keys::published(&mut desk.read(), now).await?;
    let signing: Vec<_> = published.iter().filter(|key| key.phase(now) == Phase::Signing).collect();
    let oldest = signing.iter().map(|key| now - key.signs_from).max();
    Ok(match oldest {
        None => Finding::fail(
            "keys",
            "No key signs; `mandate migrate` makes the keys that are missing.",
        ),
        Some(age) if age > OLD_KEY => {
            let days = age / 86_400;
            Finding::warn(
                "keys",
                format!("A key has signed for {days} days; `mandate keys rotate` replaces them."),
            )
        }
        Some(_) => Finding::ok(
            "keys",
            format!("{} sign, {} are published.", signing.len(), published.len()),
        ),
    })
}

async fn people(desk: &Desk, config: &Config) -> Result<Finding, Fault> {
    let has_administrator = accounts::has_administrator(&mut desk.read()).await?;
    Ok(match (has_administrator, &config.bootstrap.administrator) {
        (false, None) => Finding::warn(
            "people",
            "Nobody administers this server; `mandate serve` prints a link to begin with.",
        ),
        (false, Some(_)) => Finding::warn(
            "people",
            "Nobody administers this server yet; `mandate serve` makes the first.",
        ),
        (true, Some(_)) => Finding::warn(
            "people",
            "There is an administrator, so the password in `bootstrap_admin_password` has no use any more; take it away.",
        ),
        (true, None) => second_factors(desk).await?,
    })
}

async fn second_factors(desk: &Desk) -> Result<Finding, Fault> {
    let without = accounts::administrators_without_second_factor(&mut desk.read()).await?;
    if without == 0 {
        return Ok(Finding::ok("people", "Whoever administers this server has a second factor."));
    }
    let who = if without == 1 {
        "A platform administrator has".to_owned()
    } else {
        format!("{without} platform administrators have")
    };
    let sentence = format!(
        "{who} no second factor. They set one up on the page of their account; a sign-in policy for their role asks \
         it of all of them."
    );
    Ok(Finding::warn("people", sentence))
}
