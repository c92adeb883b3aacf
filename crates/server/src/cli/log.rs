//! The log: lines on standard error, so that standard output is the answer alone.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Begins to log warnings and errors alone, where there are no settings.
pub fn begin_quietly() {
    let filter = EnvFilter::new("warn");
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if lines.with_target(false).try_init().is_err() {
        tracing::debug!("the log had begun already");
    }
}

/// Begins to log as the settings say. A second time it changes nothing.
pub fn begin(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_default();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let begun = match config.log_format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    if begun.is_err() {
        tracing::debug!("the log had begun already");
    }
}
