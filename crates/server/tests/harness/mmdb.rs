//! A database of places as the `MaxMind` DB format 2.0 writes it: IPv4 networks, 24-bit records.

/// A tiny database: networks of IPv4 with a city and a country each.
pub fn database(networks: &[([u8; 4], u8, &str, &str)]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut offsets = Vec::new();
    for (_, _, city, country) in networks {
        offsets.push(data.len());
        let named = |name: &str| map(&[("names", map(&[("en", text(name))]))]);
        data.extend(map(&[("city", named(city)), ("country", named(country))]));
    }
    let nodes = tree(networks);
    let count = nodes.len();
    let mut file = Vec::new();
    for record in nodes.iter().flatten() {
        let value = match record {
            Record::Nothing => count,
            Record::Node(node) => *node,
            Record::Data(network) => count + 16 + offsets[*network],
        };
        file.extend(&u32::try_from(value).unwrap().to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    file.extend(map(&[
        ("node_count", number(6, u64::try_from(count).unwrap())),
        ("record_size", number(5, 24)),
        ("ip_version", number(5, 4)),
        ("database_type", text("Test-City")),
        ("languages", [vec![1, 4], text("en")].concat()),
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", number(9, 1_800_000_000)),
        ("description", map(&[("en", text("places of a test"))])),
    ]));
    file
}

#[derive(Clone, Copy)]
enum Record {
    Nothing,
    Node(usize),
    Data(usize),
}

/// One node for each bit that is looked at, two records in each.
fn tree(networks: &[([u8; 4], u8, &str, &str)]) -> Vec<[Record; 2]> {
    let mut nodes = vec![[Record::Nothing; 2]];
    for (n, (address, length, ..)) in networks.iter().enumerate() {
        let bits = u32::from_be_bytes(*address);
        let mut node = 0;
        for depth in 0..*length {
            let side = usize::from(bits >> (31 - depth) & 1 == 1);
            if depth + 1 == *length {
                nodes[node][side] = Record::Data(n);
            } else if let Record::Node(next) = nodes[node][side] {
                node = next;
            } else {
                nodes.push([Record::Nothing; 2]);
                let next = nodes.len() - 1;
                nodes[node][side] = Record::Node(next);
                node = next;
            }
        }
    }
    nodes
}

fn text(text: &str) -> Vec<u8> {
    let size = u8::try_from(text.len()).unwrap();
    let mut bytes = if size < 29 { vec![0x40 | size] } else { vec![0x5D, size - 29] };
    bytes.extend(text.as_bytes());
    bytes
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0xE0 | u8::try_from(pairs.len()).unwrap()];
    for (key, value) in pairs {
        bytes.extend(text(key));
        bytes.extend(value);
    }
    bytes
}

/// An unsigned number: kind 5 has 16 bits, 6 has 32, 9 has 64.
fn number(kind: u8, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let all = &bytes[bytes.len()
        - if kind == 5 {
            2
        } else if kind == 6 {
            4
        } else {
            8
        }..];
    let size = u8::try_from(all.len()).unwrap();
    let control = if kind < 8 { vec![kind << 5 | size] } else { vec![size, kind - 7] };
    [control.as_slice(), all].concat()
}
