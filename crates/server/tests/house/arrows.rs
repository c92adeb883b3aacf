//! Arrows: a room of `domain` uses only rooms on lower floors, ground modules use no room, and the
//! doors of `server` never use one another.
//!
//! The plan is the one in the header of `crates/domain/src/lib.rs`, so that plan and test are one.

use super::{holds, rust, tree};

/// Where the domain lives.
const DOMAIN: &str = "crates/domain/src/";
/// Where the doors live.
const SERVER: &str = "crates/server/src/";
/// Owns what outlives a request (database, caches, gathered marks), and so names the rooms.
const COMPOSITION_ROOT: &str = "instance.rs";
/// Ways in, peers of each other.
const DOORS: [&str; 7] = ["oauth", "account", "console", "api", "scim", "jobs", "cli"];
/// What every door may use, and what uses no door. The demonstration is no way in: it is a program
/// beside the server that the command line starts.
const FURNITURE: [&str; 11] = [
    "web",
    "app",
    "connections",
    "figures",
    "urls",
    "foundation",
    "config",
    "tls",
    "mail",
    "whereabouts",
    "demo",
];
/// Of the furniture, what has to start the doors.
const STARTS_DOORS: [&str; 1] = ["app"];

/// The rooms of a floor plan, the lowest floor first.
pub fn floors(header: &str) -> Vec<Vec<String>> {
    let plan = header.split("//! ```text").nth(1).and_then(|rest| rest.split("//! ```").next());
    let lines = plan.expect("lib.rs of domain holds the floor plan").lines();
    let rooms = lines.map(|line| line.trim_start_matches("//!").trim());
    let rooms = rooms.filter(|line| !line.is_empty() && !line.starts_with("ground:"));
    let mut floors: Vec<Vec<String>> =
        rooms.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    floors.reverse();
    floors
}

/// A use of a module at the root of a crate: which, and in which line.
#[derive(Debug, PartialEq, Eq)]
struct Use {
    module: String,
    line: usize,
}

/// Every module at the root that this source names by `crate::` or `super::`. `depth` is how many
/// modules deep the source itself is.
fn uses(code: &str, depth: usize) -> Vec<Use> {
    let mut found = Vec::new();
    for at in rust::words(code, "crate") {
        if let Some(path) = code[at + "crate".len()..].strip_prefix("::") {
            let offset = code.len() - path.len();
            collect(path, offset, code, &mut found);
        }
    }
    for at in rust::words(code, "super") {
        let chain = &code[at..];
        let steps = chain.split("::").take_while(|part| *part == "super").count();
        // A word in the middle of a longer chain is counted with its first.
        if steps == depth && !code[..at].ends_with("super::") {
            let path = &chain[steps * "super::".len()..];
            collect(path, code.len() - path.len(), code, &mut found);
        }
    }
    found.retain(|u| u.module.starts_with(char::is_lowercase));
    found
}

/// The first words of a path, or of each path of a group.
fn collect(path: &str, offset: usize, code: &str, found: &mut Vec<Use>) {
    let mut push = |at: usize, word: &str| {
        found.push(Use { module: word.to_owned(), line: rust::line_of(code, at) });
    };
    let Some(group) = path.strip_prefix('{') else {
        return push(offset, rust::identifier(path));
    };
    let (mut depth, mut expects) = (0_usize, true);
    for (n, c) in group.char_indices() {
        match c {
            '}' if depth == 0 => return,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => expects = true,
            c if expects && depth == 0 && (c.is_alphabetic() || c == '_') => {
                push(offset + 1 + n, rust::identifier(&group[n..]));
                expects = false;
            }
            _ => {}
        }
    }
}

/// The modules that a path below `src` is deep: `a.rs` and `a/mod.rs` one, `a/b.rs` two.
fn depth(path: &str) -> usize {
    path.split('/').count() - usize::from(path.ends_with("/mod.rs"))
}

/// The sources below `src`, without tests: path below it, and code.
fn sources(src: &str) -> Vec<(String, String)> {
    let files = tree::files(src, &[".rs"]).into_iter();
    files
        .map(|file| {
            (file.path[src.len()..].to_owned(), rust::without_tests(&rust::code(&file.text)))
        })
        .collect()
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let floors = floors(&tree::read("crates/domain/src/lib.rs"));
    let floor = |room: &str| floors.iter().position(|rooms| rooms.iter().any(|r| r == room));
    let mut broken = Vec::new();
    for (path, code) in sources(DOMAIN) {
        let Some((room, _)) = path.split_once('/') else { continue };
        let Some(own) = floor(room) else {
            broken.push(format!("{DOMAIN}{path}: the room {room} is not on the floor plan"));
            continue;
        };
        for used in uses(&code, depth(&path)) {
            let Some(other) = floor(&used.module) else { continue };
            if used.module != room && other >= own {
                let place = if other == own { "beside" } else { "above" };
                let module = used.module;
                broken.push(format!(
                    "{DOMAIN}{path}:{}: {room} uses {module}, which is {place} it",
                    used.line
                ));
            }
        }
    }
    holds(
        "A room of domain uses only rooms on lower floors (plan: header of domain/src/lib.rs).",
        &broken,
    );
}

#[test]
fn the_ground_uses_no_room() {
    let floors = floors(&tree::read("crates/domain/src/lib.rs"));
    let rooms: Vec<&String> = floors.iter().flatten().collect();
    let mut broken = Vec::new();
    for (path, code) in sources(DOMAIN) {
        if path.contains('/') || path == "lib.rs" || path == COMPOSITION_ROOT {
            continue;
        }
        for used in uses(&code, depth(&path)).into_iter().filter(|u| rooms.contains(&&u.module)) {
            broken.push(format!(
                "{DOMAIN}{path}:{}: the ground uses the room {}",
                used.line, used.module
            ));
        }
    }
    holds("Ground modules of domain use no room; instance.rs alone composes.", &broken);
}

#[test]
fn every_room_is_on_the_plan_once() {
    let floors = floors(&tree::read("crates/domain/src/lib.rs"));
    let mut planned: Vec<&str> = floors.iter().flatten().map(String::as_str).collect();
    let sources = sources(DOMAIN);
    let mut there: Vec<&str> =
        sources.iter().filter_map(|(path, _)| Some(path.split_once('/')?.0)).collect();
    there.dedup();
    planned.sort_unstable();
    assert_eq!(planned, there, "the floor plan and the folders of {DOMAIN} differ");
}

#[test]
fn a_door_never_uses_another_door() {
    let mut broken = Vec::new();
    for (path, code) in sources(SERVER) {
        let own = path.split_once('/').map_or(path.trim_end_matches(".rs"), |(room, _)| room);
        for used in uses(&code, depth(&path)) {
            let module = used.module.as_str();
            let is_door = DOORS.contains(&own);
            let may = module == own || FURNITURE.contains(&module);
            if is_door && !may {
                broken.push(format!("{SERVER}{path}:{}: the door {own} uses {module}", used.line));
            }
            let is_furniture = FURNITURE.contains(&own) && !STARTS_DOORS.contains(&own);
            if is_furniture && DOORS.contains(&module) {
                broken.push(format!(
                    "{SERVER}{path}:{}: the furniture {own} uses the door {module}",
                    used.line
                ));
            }
        }
    }
    holds(
        "Doors are peers: they share web, app, urls, foundation, config and tls, and nothing else.",
        &broken,
    );
}

#[test]
fn finds_every_way_to_name_a_module() {
    let code = "use crate::a::B;\nuse crate::{c, d::{e, f}, G};\nlet x = crate::h::i();\nuse super::super::j;\n\
                use super::k;\npub(crate) fn l() {}\n";
    let found: Vec<_> = uses(code, 2).into_iter().map(|u| (u.module, u.line)).collect();
    let want = [("a", 1), ("c", 2), ("d", 2), ("h", 3), ("j", 4)].map(|(m, n)| (m.to_owned(), n));
    assert_eq!(found, want);
}

#[test]
fn reads_the_plan_from_the_bottom() {
    let header = "//! x\n//! ```text\n//! c\n//! a  b\n//! ground: g\n//! ```\n";
    assert_eq!(floors(header), [vec!["a", "b"], vec!["c"]]);
}
