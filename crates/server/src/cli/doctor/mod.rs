//! `mandate doctor`: looks for what is wrong and says what to do.
//!
//! Each check is a line: ok, warn or fail. It changes nothing but what opening the database
//! changes anyway (its schema is brought up to date). One failure makes exit code 1.

mod database;
mod files;
mod mail;
mod network;
mod whereabouts;

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::json;

use super::{Failure, text};
use crate::config::Config;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    /// What was found, and what to do about it.
    sentence: String,
}

impl Finding {
    fn ok(check: &'static str, sentence: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, sentence: sentence.into() }
    }

    fn warn(check: &'static str, sentence: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, sentence: sentence.into() }
    }

    fn fail(check: &'static str, sentence: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, sentence: sentence.into() }
    }
}

/// Runs every check that can be run.
pub async fn run(config: Result<Config, Failure>, json: bool) -> (String, ExitCode) {
    let mut findings = Vec::new();
    match config {
        Err(failure) => {
            let sentences = failure.to_string();
            findings.extend(sentences.lines().map(|sentence| Finding::fail("settings", sentence)));
        }
        Ok(config) => {
            findings.push(Finding::ok("settings", "They can be read, and all of them are known."));
            findings.extend(network::check(&config));
            findings.extend(files::check(&config));
            findings.push(mail::check(&config).await);
            findings.push(whereabouts::check(&config));
            findings.extend(database::check(&config).await);
        }
    }
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    (report(&findings, json), if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn report(findings: &[Finding], json: bool) -> String {
    if json {
        let items = findings
            .iter()
            .map(|f| json!({ "check": f.check, "verdict": f.verdict, "finding": f.sentence }));
        return text::json_list(&items.collect::<Vec<_>>()).unwrap_or_default();
    }
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let mut out = String::new();
    for Finding { check, verdict, sentence } in findings {
        let verdict = match verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        let _ = writeln!(out, "{verdict}  {check:width$}  {}", text::safe(sentence));
    }
    out
}
