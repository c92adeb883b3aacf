//! Where an address is, as far as a database of the operator says: "Berlin, Germany".
//!
//! Looked up when it is shown and stored nowhere. It helps people to recognise their own sessions;
//! nothing is decided by it.

use std::net::IpAddr;
use std::path::Path;

use maxminddb::{Reader, geoip2};

/// A database in the `MaxMind` format, held in memory.
pub struct Whereabouts(Reader<Vec<u8>>);

impl Whereabouts {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence that names the setting and the file.
    pub fn open(path: &Path) -> Result<Self, String> {
        let read = Reader::open_readfile(path).map_err(|error| {
            let path = path.display();
            format!(
                "geoip_database: {path} cannot be used: {error}. A file in the MaxMind format is needed, such as \
                 GeoLite2-City.mmdb."
            )
        });
        Ok(Self(read?))
    }

    /// What kind of database it is.
    pub fn kind(&self) -> &str {
        &self.0.metadata().database_type
    }

    /// City and country of an address, or what is known of them; `None` where nothing is.
    pub fn of(&self, address: &str) -> Option<String> {
        let address: IpAddr = address.parse().ok()?;
        let found = self.0.lookup(address.to_canonical()).ok()?;
        let place = found.decode::<geoip2::City<'_>>().ok()??;
        let parts = [place.city.names.english, place.country.names.english];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
