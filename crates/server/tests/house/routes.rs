//! Routes: every path of the contract that is there is in the URL map, and the protocol's part of
//! the map holds nothing else. Who may go there is tested through HTTP.

use super::{holds, rust, tree};

/// The paths that scripts, libraries and people rely on.
const CONTRACT: [&str; 18] = [
    "/",
    "/oauth2/authorize",
    "/oauth2/token",
    "/oauth2/revoke",
    "/oauth2/introspect",
    "/oauth2/userinfo",
    "/oauth2/jwks",
    "/oauth2/logout",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth/.well-known/oauth-authorization-server",
    "/oauth/.well-known/openid-configuration",
    "/api/v1",
    "/console",
    "/login",
    "/account",
    "/forward-auth",
    "/healthz",
];
/// What is spoken for and not there yet; it moves up when it lands.
const LATER: [&str; 3] = ["/oauth2/par", "/oauth2/device_authorization", "/oauth2/register"];

/// The texts of a source, comments apart.
fn texts(source: &str) -> Vec<String> {
    let code = rust::without_comments(source);
    code.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The texts of the URL map and of the doors' own routers.
fn mapped() -> Vec<String> {
    let is_router = |path: &str| path.ends_with("/src/routes.rs") || path.ends_with("/mod.rs");
    let sources =
        tree::files("crates/server/src", &[".rs"]).into_iter().filter(|file| is_router(&file.path));
    sources.flat_map(|file| texts(&file.text)).collect()
}

#[test]
fn every_path_of_the_contract_is_in_the_url_map() {
    let mapped = mapped();
    let missing: Vec<String> = CONTRACT
        .iter()
        .filter(|path| !mapped.iter().any(|text| text == *path))
        .map(|path| format!("{path} is in no router"))
        .collect();
    holds("The contract's paths are served (routes.rs and the routers of the doors).", &missing);
}

#[test]
fn the_protocol_serves_nothing_beside_the_contract() {
    let is_protocol = |path: &str| path.starts_with("/oauth") || path.starts_with("/.well-known");
    let routes = texts(&tree::read("crates/server/src/routes.rs"));
    let unknown: Vec<String> = routes
        .into_iter()
        .filter(|path| is_protocol(path) && !CONTRACT.contains(&path.as_str()))
        .map(|path| {
            let later = LATER.contains(&path.as_str());
            let what = if later { "has landed: move it up" } else { "is no path of the contract" };
            format!("crates/server/src/routes.rs: {path} {what}")
        })
        .collect();
    holds("Paths of the protocol are part of the contract.", &unknown);
}

#[test]
fn a_route_in_a_comment_does_not_count() {
    assert_eq!(texts("a(\"/x\") // b(\"/y\")\n.c(\"/z\")"), ["/x", "/z"]);
}
