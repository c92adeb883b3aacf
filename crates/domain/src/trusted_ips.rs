//! Trusted addresses of a client or a person: one address or CIDR range a line.
//!
//! Pure. IPv4 addresses written inside IPv6 (`::ffff:10.0.0.5`) are the IPv4 address, on both
//! sides of the comparison, so that no spelling goes round the list. It refuses to know requests
//! and proxies: the address that is asked about was resolved before.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::FieldError;

/// More lines than this are refused.
pub const MAX_LINES: usize = 1_000;

/// What happens to somebody who comes from elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are refused.
    #[default]
    Enforce,
    /// They are served, and the address is recorded.
    Observe,
}

impl Mode {
    /// Every value, in the order of the documentation.
    pub const ALL: &[Self] = &[Self::Enforce, Self::Observe];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
        }
    }

    /// The value a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mode| mode.as_str() == word)
    }
}

/// An address that would have been refused, were the trusted ones enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// From where.
    pub address: IpAddr,
    /// How often.
    pub seen: i64,
    /// When first, seconds since 1970.
    pub first_at: i64,
    /// When last.
    pub last_at: i64,
    /// Whose word the address was then; `None`: the connection itself came from there.
    pub via: Option<String>,
}

impl Observed {
    /// One row of address, times seen, first and last instant, and whose word it was; nothing where
    /// the list names the address by now. An empty list names none.
    pub(crate) fn read(row: &db::Row, trusted: &List) -> Result<Option<Self>, db::Error> {
        let Ok(address) = row.get::<String>(0)?.parse::<IpAddr>() else { return Ok(None) };
        if !trusted.is_empty() && trusted.contains(address) {
            return Ok(None);
        }
        let (seen, first_at, last_at) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Some(Self { address, seen, first_at, last_at, via: row.get(4)? }))
    }
}

/// The addresses somebody may come from. Empty: from anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List(Vec<IpNet>);

impl List {
    /// Reads lines: blank ones are skipped, spaces around an entry fall away, repeated entries
    /// become one. An item may itself hold several lines, as a text field sends them.
    ///
    /// # Errors
    /// One error for each line that is no address or range, named by its number.
    pub fn parse<S: AsRef<str>>(items: &[S]) -> Result<Self, Vec<FieldError>> {
        let (mut nets, mut errors) = (Vec::new(), Vec::new());
        let lines = items.iter().flat_map(|item| item.as_ref().lines()).enumerate();
        for (n, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            match parse_line(line.trim()) {
                Ok(net) if nets.contains(&net) => {}
                Ok(net) => nets.push(net),
                Err(why) => errors.push(refuse(format!("Line {}: {why}", n + 1))),
            }
            if nets.len() > MAX_LINES || errors.len() > 20 {
                break;
            }
        }
        if nets.len() > MAX_LINES {
            errors.push(refuse(format!(
                "At most {MAX_LINES} addresses and ranges; give wider ranges instead."
            )));
        }
        if errors.is_empty() { Ok(Self(nets)) } else { Err(errors) }
    }

    /// The list as it was stored. An entry that cannot be read any more trusts nobody.
    pub(crate) fn stored(lines: &[String]) -> Self {
        let nobody = || IpNet::from(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED));
        Self(lines.iter().map(|line| parse_line(line).unwrap_or_else(|_| nobody())).collect())
    }

    /// Is the address one of the list? An empty list holds every address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.is_empty() || self.0.iter().any(|net| net.contains(&address))
    }

    /// No restriction at all?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does some range hold every address of its family?
    pub fn holds_everything(&self) -> bool {
        self.0.iter().any(|net| net.prefix_len() == 0)
    }

    /// The entries as they are stored and shown: a single address without its prefix length.
    pub fn lines(&self) -> Vec<String> {
        let is_single = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
        self.0
            .iter()
            .map(|net| if is_single(net) { net.addr().to_string() } else { net.to_string() })
            .collect()
    }
}

impl std::fmt::Display for List {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines().join(", "))
    }
}

/// The lines that would let these addresses in, for somebody to look at: an address alone in its
/// neighbourhood as itself, several of one as the range (`/24`, `/64`) that holds them.
pub fn propose(addresses: impl IntoIterator<Item = IpAddr>) -> Vec<String> {
    let mut ranges: BTreeMap<IpNet, Vec<IpAddr>> = BTreeMap::new();
    for address in addresses {
        let address = address.to_canonical();
        let prefix = if address.is_ipv4() { 24 } else { 64 };
        let Ok(range) = IpNet::new(address, prefix) else { continue };
        let of_range = ranges.entry(range.trunc()).or_default();
        if !of_range.contains(&address) {
            of_range.push(address);
        }
    }
    let line = |(range, addresses): (IpNet, Vec<IpAddr>)| match addresses.as_slice() {
        [only] => only.to_string(),
        _ => range.to_string(),
    };
    ranges.into_iter().map(line).collect()
}

fn refuse(message: String) -> FieldError {
    FieldError { field: "trusted_ips".into(), message }
}

fn parse_line(line: &str) -> Result<IpNet, String> {
    let shown: String = line.chars().take(60).filter(|c| !crate::text::is_invisible(*c)).collect();
    let not_one = || format!("`{shown}` is not an IPv4 or IPv6 address or CIDR range.");
    let Some((address, prefix)) = line.split_once('/') else {
        let address: IpAddr = line.parse().map_err(|_| not_one())?;
        return Ok(IpNet::from(address.to_canonical()));
    };
    let address: IpAddr = address.parse().map_err(|_| not_one())?;
    let is_plain = (1..=3).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_digit());
    let prefix: u8 =
        Some(prefix).filter(|_| is_plain).and_then(|p| p.parse().ok()).ok_or_else(not_one)?;
    let net = IpNet::new(address, prefix).map_err(|_| not_one())?;
    if net.network() != net.addr() {
        let network = net.trunc();
        return Err(format!("`{shown}` has bits set beyond its prefix. Did you mean `{network}`?"));
    }
    Ok(mapped(net).unwrap_or(net))
}

/// An IPv4-mapped range as the IPv4 range it is. Its prefix has 96 bits at least: a shorter one
/// would leave bits of `::ffff` set beyond it.
fn mapped(net: IpNet) -> Option<IpNet> {
    let IpNet::V6(v6) = net else { return None };
    let v4 = v6.addr().to_ipv4_mapped()?;
    Ipv4Net::new(v4, v6.prefix_len().checked_sub(96)?).map(IpNet::V4).ok()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn list(lines: &[&str]) -> List {
        List::parse(lines).unwrap()
    }

    fn why(line: &str) -> String {
        let errors = List::parse(&[line]).unwrap_err();
        errors.into_iter().map(|e| e.message).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn holds_what_its_lines_name() {
        let list = list(&["10.0.0.0/8\n\n 192.0.2.7 ", "2001:db8::/32", "10.0.0.0/8"]);
        assert_eq!(list.lines(), ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]);
        for (address, inside) in [
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
            ("::ffff:10.1.2.3", true),
            ("::ffff:11.1.2.3", false),
        ] {
            assert_eq!(list.contains(address.parse().unwrap()), inside, "{address}");
        }
    }

    #[test]
    fn an_empty_list_restricts_nothing() {
        assert!(list(&["", "  \n "]).contains("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn reads_ipv4_inside_ipv6_as_ipv4() {
        assert_eq!(list(&["::ffff:10.0.0.5"]).lines(), ["10.0.0.5"]);
        assert_eq!(list(&["::ffff:10.0.0.0/104"]).lines(), ["10.0.0.0/8"]);
        assert!(why("::ffff:0.0.0.0/80").contains("bits set beyond"));
    }

    #[test]
    fn refuses_host_bits_and_says_the_range_that_was_meant() {
        insta::assert_snapshot!(why("10.0.0.5/8"), @"Line 1: `10.0.0.5/8` has bits set beyond its prefix. Did you mean `10.0.0.0/8`?");
        insta::assert_snapshot!(why("2001:db8::1/64"), @"Line 1: `2001:db8::1/64` has bits set beyond its prefix. Did you mean `2001:db8::/64`?");
    }

    #[test]
    fn refuses_what_is_no_address() {
        for bad in [
            "localhost",
            "10.0.0",
            "10.0.0.256",
            "010.0.0.1",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "/8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "fe80::1%eth0",
            "10.0.0.1, 10.0.0.2",
            "10.0.0.0-10.0.0.9",
            "::/129",
            "0x7f.1",
            "*",
            "<script>",
        ] {
            assert!(why(bad).contains("is not an IPv4 or IPv6 address"), "{bad}: {}", why(bad));
        }
    }

    #[test]
    fn names_each_wrong_line_by_its_number() {
        let errors = List::parse(&["10.0.0.1\nx\n10.0.0.2\ny"]).unwrap_err();
        let lines: Vec<_> = errors.iter().map(|e| &e.message[..7]).collect();
        assert_eq!(lines, ["Line 2:", "Line 4:"]);
    }

    #[test]
    fn refuses_line_1001() {
        let thousand: Vec<String> =
            (0..1000).map(|n| format!("10.1.{}.{}", n / 256, n % 256)).collect();
        assert_eq!(List::parse(&thousand).unwrap().lines().len(), 1000);
        let more = [thousand, vec!["192.0.2.1".into()]].concat();
        assert!(List::parse(&more).unwrap_err()[0].message.starts_with("At most 1000"));
    }

    #[test]
    fn proposes_a_range_only_where_there_are_neighbours() {
        let propose = |texts: &[&str]| super::propose(texts.iter().map(|t| t.parse().unwrap()));
        for (seen, want) in [
            (&[] as &[&str], &[] as &[&str]),
            (&["192.0.2.7"], &["192.0.2.7"]),
            (&["192.0.2.7", "::ffff:192.0.2.7"], &["192.0.2.7"]),
            (&["192.0.2.7", "192.0.2.200"], &["192.0.2.0/24"]),
            (&["192.0.2.7", "192.0.3.7"], &["192.0.2.7", "192.0.3.7"]),
            (
                &["2001:db8::1", "2001:db8::2:1", "2001:db8:0:1::1"],
                &["2001:db8::/64", "2001:db8:0:1::1"],
            ),
        ] {
            assert_eq!(propose(seen), want, "{seen:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(line in any::<String>()) {
            let _ = List::parse(&[line]);
        }

        #[test]
        fn an_ipv4_range_holds_exactly_the_addresses_with_its_prefix(
            base in any::<u32>(), prefix in 0_u8..=32, asked in any::<u32>(), near in any::<bool>(),
        ) {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            let asked = if near { (base & mask) | (asked & !mask) } else { asked };
            let list = List::parse(&[format!("{}/{prefix}", Ipv4Addr::from(base & mask))]).unwrap();
            let address = Ipv4Addr::from(asked);
            prop_assert_eq!(list.contains(IpAddr::V4(address)), asked & mask == base & mask);
            prop_assert_eq!(list.contains(IpAddr::V6(address.to_ipv6_mapped())), asked & mask == base & mask);
        }

        #[test]
        fn what_is_stored_reads_back_the_same(base in any::<u128>(), prefix in 0_u8..=128) {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            let line = format!("{}/{prefix}", Ipv6Addr::from(base & mask));
            if let Ok(list) = List::parse(&[line]) {
                prop_assert_eq!(List::parse(&list.lines()), Ok(list));
            }
        }
    }
}
