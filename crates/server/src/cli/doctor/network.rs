//! What the settings say about the way from a browser to this server.

use super::Finding;
use crate::config::Config;

/// Issuer and proxies.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    vec![issuer(config), proxies(config)]
}

fn issuer(config: &Config) -> Finding {
    let issuer = &config.issuer;
    if config.loopback_port().is_some() {
        let sentence = format!(
            "{issuer} is good for this machine alone; set `issuer` to the public https URL."
        );
        return Finding::warn("issuer", sentence);
    }
    if issuer.ends_with('/') {
        let sentence =
            format!("{issuer} ends with a slash, which everybody who compares it must write too.");
        return Finding::warn("issuer", sentence);
    }
    Finding::ok("issuer", issuer.as_str())
}

fn proxies(config: &Config) -> Finding {
    let proxies = &config.trusted_proxies;
    if let Some(all) = proxies.iter().find(|range| range.prefix_len() == 0) {
        let sentence = format!(
            "{all} lets everybody choose the address they seem to come from; name the proxies alone."
        );
        return Finding::fail("proxies", sentence);
    }
    if let Some(wide) =
        proxies.iter().find(|range| range.addr().is_ipv4() && range.prefix_len() < 8)
    {
        return Finding::warn("proxies", format!("{wide} is very wide; name the proxies alone."));
    }
    let behind_one = config.issuer.starts_with("https://") && config.tls.is_none();
    match (proxies.is_empty(), behind_one) {
        (true, true) => Finding::warn(
            "proxies",
            "The issuer is https and this server does not serve it, so there is a proxy, but none is trusted: every \
             request seems to come from it. Set `trusted_proxies`.",
        ),
        (true, false) => Finding::ok("proxies", "None; forwarding headers are not believed."),
        (false, _) => {
            let ranges: Vec<String> = proxies.iter().map(ToString::to_string).collect();
            Finding::ok("proxies", ranges.join(", "))
        }
    }
}
