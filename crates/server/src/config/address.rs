//! Addresses to answer on, ranges of addresses to believe, and where the collector of spans is.

use std::net::{IpAddr, SocketAddr};

use axum::http::Uri;
use ipnet::{IpNet, Ipv4Net};
use url::Url;

/// An address with its port.
pub(super) fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let port = text.rsplit_once(':').map_or(text, |(_, port)| port);
        let example = port.parse::<u16>().unwrap_or(8080);
        format!("`{text}` is no address with a port, such as 127.0.0.1:{example}, [::1]:{example} or 0.0.0.0:{example}.")
    })
}

/// A range, or a single address. IPv4 in the clothes of IPv6 becomes IPv4, as peers do.
pub(super) fn range(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let Ok(range) = text.parse::<IpNet>() else {
        return Err(format!(
            "`{text}` is neither an address nor a range such as 10.0.0.0/8 or 2001:db8::/32."
        ));
    };
    if range.addr() != range.network() {
        return Err(format!(
            "`{text}` has bits beyond its prefix; the range is {}.",
            range.trunc()
        ));
    }
    Ok(canonical(range))
}

/// Where a collector takes spans, below the address that is named.
pub(super) fn collector(text: &str) -> Result<Uri, String> {
    let is_plain =
        |url: &Url| url.username().is_empty() && url.password().is_none() && url.query().is_none();
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" => Err(format!(
            "`{text}` is https; spans are sent to a collector on this machine or its network by \
             http, and it is the collector that sends them on by https."
        )),
        Ok(url) if url.scheme() == "http" && is_plain(&url) && url.fragment().is_none() => {
            let below = format!("{}/v1/traces", url.as_str().trim_end_matches('/'));
            below.parse().map_err(|error| format!("`{text}` is no address: {error}."))
        }
        _ => Err(format!("`{text}` is no address of a collector, such as http://127.0.0.1:4318.")),
    }
}

fn canonical(range: IpNet) -> IpNet {
    let IpNet::V6(wide) = range else { return range };
    let (address, prefix) = (wide.addr().to_ipv4_mapped(), wide.prefix_len().checked_sub(96));
    let narrow =
        address.zip(prefix).and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    narrow.map_or(range, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges_and_single_addresses() {
        for (text, read) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(range(text).unwrap().to_string(), read, "{text}");
        }
    }

    #[test]
    fn refuses_a_collector_that_is_no_plain_http_address() {
        let at = |text| collector(text).map(|uri| uri.to_string());
        assert_eq!(at("http://127.0.0.1:4318").unwrap(), "http://127.0.0.1:4318/v1/traces");
        assert_eq!(at("http://otel:4318/in/").unwrap(), "http://otel:4318/in/v1/traces");
        insta::assert_snapshot!(at("https://otel:4318").unwrap_err(), @"`https://otel:4318` is https; spans are sent to a collector on this machine or its network by http, and it is the collector that sends them on by https.");
        insta::assert_snapshot!(at("otel:4318").unwrap_err(), @"`otel:4318` is no address of a collector, such as http://127.0.0.1:4318.");
        for text in ["", "http://u:p@otel", "http://otel/?x", "http://otel/#x", "unix:/x"] {
            assert!(at(text).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_a_range_that_means_another() {
        insta::assert_snapshot!(range("10.1.2.3/8").unwrap_err(), @"`10.1.2.3/8` has bits beyond its prefix; the range is 10.0.0.0/8.");
        for text in ["", "10.0.0.0/33", "10.0.0", "proxy.example.com", "10.0.0.0/8/8"] {
            assert!(range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_an_address_without_a_port_and_shows_one_with() {
        insta::assert_snapshot!(socket("localhost:9000").unwrap_err(), @"`localhost:9000` is no address with a port, such as 127.0.0.1:9000, [::1]:9000 or 0.0.0.0:9000.");
        insta::assert_snapshot!(socket("127.0.0.1").unwrap_err(), @"`127.0.0.1` is no address with a port, such as 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:8080.");
        assert!(socket("[::1]:0").is_ok());
    }
}
