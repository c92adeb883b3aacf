//! The database of places, where there is one.

use super::Finding;
use crate::config::Config;
use crate::whereabouts::Whereabouts;

/// Can it be read?
pub(super) fn check(config: &Config) -> Finding {
    let Some(path) = &config.geoip_database else {
        return Finding::ok("places", "Not set up: sessions show an address without its place.");
    };
    match Whereabouts::open(path) {
        Ok(found) => Finding::ok("places", format!("{} ({}).", path.display(), found.kind())),
        Err(sentence) => Finding::fail("places", sentence),
    }
}
