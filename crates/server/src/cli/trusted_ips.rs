//! How the trusted addresses of a client or a person are told at the terminal: the list, who would
//! be refused, and the lines that would let them in.

use domain::trusted_ips::{self, List, Mode, Observed};
use serde_json::{Value, json};

use super::text;

/// In the words of the API.
pub fn json(list: &List, mode: Mode, observed: &[Observed]) -> Value {
    let seen = |it: &Observed| {
        json!({
            "address": it.address, "seen": it.seen, "first_at": text::json_instant(Some(it.first_at)),
            "last_at": text::json_instant(Some(it.last_at)), "via": it.via,
        })
    };
    json!({
        "trusted_ips": list.lines(), "trusted_ips_mode": mode,
        "observed": observed.iter().map(seen).collect::<Vec<_>>(),
        "proposed": trusted_ips::propose(observed.iter().map(|it| it.address)),
    })
}

/// In lines; `whose` says what they may do from there.
pub fn lines(whose: &str, list: &List, mode: Mode, observed: &[Observed]) -> String {
    let from = if list.is_empty() { "anywhere".to_owned() } else { list.lines().join(", ") };
    let observe = mode == Mode::Observe && !list.is_empty();
    let only = if observe { "; for now others are let in and recorded" } else { "" };
    let mut lines = vec![format!("{} from {from}{only}.", text::safe(whose))];
    for it in observed {
        let (address, times, latest) = (it.address, it.seen, text::instant(it.last_at));
        lines.push(format!("  {address}  seen {times} times, last {latest}: would be refused"));
    }
    let proposed = trusted_ips::propose(observed.iter().map(|it| it.address));
    if !proposed.is_empty() {
        lines.push(format!("Lines that would let them in: {}", proposed.join(" ")));
    }
    lines.join("\n") + "\n"
}
