//! What people and administrators send: names, passwords, addresses, drafts of clients, browsers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::accounts::passwords;
use domain::clients::Draft;
use domain::trusted_ips::List;
use domain::{FoldedName, Refusal, audit, name_key, sessions};
use ipnet::IpNet;

/// A name shows everything it holds, and its key is the key of its key.
pub fn names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(name) = FoldedName::parse("name", text) {
        assert!(!name.name.is_empty() && name.name.chars().count() <= 200);
        assert!(!name.name.chars().any(char::is_control));
        assert_eq!(name.key, name_key(text), "{text:?}");
    }
    let key = name_key(text);
    assert_eq!(name_key(&key), key, "{text:?}");
}

/// A password that is accepted has its length and no character that a keyboard has not.
pub fn passwords(bytes: &[u8]) {
    let Some([own, new]) = crate::parts(bytes) else { return };
    if passwords::check_for(new, &[own]).is_ok() {
        assert!(!new.is_empty() && passwords::check(new).is_ok());
    }
}

/// A list reads back the same, and each range holds its ends and not what lies beyond.
pub fn trusted_addresses(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let list = match List::parse(&[text]) {
        Ok(list) => list,
        Err(errors) => return assert!(!errors.is_empty()),
    };
    let lines = list.lines();
    assert_eq!(List::parse(&lines).as_ref(), Ok(&list));
    for line in lines {
        let alone = List::parse(&[&line]).expect("a line of a list");
        let net: IpNet =
            line.parse().unwrap_or_else(|_| line.parse::<IpAddr>().expect("an address").into());
        let (first, last) = (net.network(), net.broadcast());
        // An IPv4 address in the clothes of IPv6 is one of IPv4, so that no range of IPv6 holds it.
        for inside in [first, last].into_iter().filter(|ip| ip.to_canonical() == *ip) {
            assert!(list.contains(inside) && alone.contains(inside), "{inside} in {line}");
        }
        for outside in [before(first), after(last)].into_iter().flatten() {
            if outside.to_canonical() == outside {
                assert!(!alone.contains(outside), "{outside} in {line}");
            }
        }
        if let IpAddr::V4(v4) = first {
            assert!(alone.contains(IpAddr::V6(v4.to_ipv6_mapped())), "{line}");
        }
    }
}

fn before(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_sub(1).map(|b| Ipv4Addr::from_bits(b).into()),
        IpAddr::V6(v6) => v6.to_bits().checked_sub(1).map(|b| Ipv6Addr::from_bits(b).into()),
    }
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|b| Ipv4Addr::from_bits(b).into()),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|b| Ipv6Addr::from_bits(b).into()),
    }
}

/// Every wrong field is named, and what differs between two objects can be told.
pub fn drafts(bytes: &[u8]) {
    let Some([before, after]) = crate::parts(bytes) else { return };
    let Ok(before) = serde_json::from_str::<serde_json::Value>(before) else { return };
    match Draft::read(&before) {
        Ok(_) => assert!(before.is_object()),
        Err(Refusal::Invalid(errors)) => assert!(!errors.is_empty()),
        Err(other) => panic!("{other:?}"),
    }
    let Ok(after) = serde_json::from_str::<serde_json::Value>(after) else { return };
    let changes = audit::differences(&before, &after);
    assert!(changes.iter().all(|change| change.before != change.after));
}

/// Any text is some browser on some device.
pub fn user_agents(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (browser, device) = sessions::describe(text);
    assert!(!browser.is_empty() && !device.is_empty());
}
