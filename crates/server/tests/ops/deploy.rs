//! The files of `deploy/`: they parse, name only settings that there are, and promise what they say.

use std::path::Path;
use std::process::{Command, Stdio};

use saphyr::{LoadableYamlNode, Yaml};

fn deploy(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Every word that begins like a variable of ours.
fn variables(text: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_ascii_uppercase() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    words.filter(|word| word.starts_with("MANDATE_")).collect()
}

#[test]
fn names_only_settings_that_there_are() {
    let manual = mandate::config::markdown();
    for name in ["Containerfile", "compose.yaml", "kubernetes.yaml", "mandate.service", "README.md"]
    {
        let text = deploy(name);
        let found = variables(&text);
        assert!(!found.is_empty(), "{name}");
        for variable in found {
            assert!(manual.contains(&format!("`{variable}`")), "{name}: {variable}");
        }
    }
}

#[test]
fn compose_has_two_nodes_on_one_database_behind_one_proxy() {
    let text = deploy("compose.yaml");
    let file = &Yaml::load_from_str(&text).unwrap()[0];
    let services = file["services"].as_mapping().unwrap();
    let mut names: Vec<_> = services.keys().filter_map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["nginx", "node-a", "node-b", "postgres"]);
    let proxy = deploy("nginx.conf");
    for node in ["node-a", "node-b"] {
        assert!(proxy.contains(&format!("server {node}:8080")), "{node}");
    }
    let node = &file["x-node"];
    assert_eq!(node["read_only"].as_bool(), Some(true));
    // The proxy that is believed is the one that stands there.
    let believed = node["environment"]["MANDATE_TRUSTED_PROXIES"].as_str();
    assert_eq!(file["services"]["nginx"]["networks"]["inside"]["ipv4_address"].as_str(), believed);
    // No secret stands in the file.
    for secret in file["secrets"].as_mapping().unwrap().values() {
        assert!(secret["file"].as_str().unwrap().starts_with("./secrets/"));
    }
}

#[test]
fn kubernetes_runs_three_without_a_right_and_ends_them_gently() {
    let text = deploy("kubernetes.yaml");
    let objects = Yaml::load_from_str(&text).unwrap();
    let kinds: Vec<_> = objects.iter().filter_map(|object| object["kind"].as_str()).collect();
    assert_eq!(kinds, ["Deployment", "Service", "PodDisruptionBudget"]);
    let spec = &objects[0]["spec"];
    assert_eq!(spec["replicas"].as_integer(), Some(3));
    assert_eq!(spec["strategy"]["rollingUpdate"]["maxUnavailable"].as_integer(), Some(0));
    let pod = &spec["template"]["spec"];
    assert!(pod["terminationGracePeriodSeconds"].as_integer() > Some(40));
    assert_eq!(pod["securityContext"]["runAsNonRoot"].as_bool(), Some(true));
    let container = &pod["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"].as_bool(), Some(true));
    assert_eq!(container["securityContext"]["allowPrivilegeEscalation"].as_bool(), Some(false));
    assert_eq!(container["readinessProbe"]["httpGet"]["path"].as_str(), Some("/readyz"));
    assert_eq!(container["livenessProbe"]["httpGet"]["path"].as_str(), Some("/healthz"));
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    if Command::new("systemd-analyze").arg("--version").stdout(Stdio::null()).status().is_err() {
        let required = std::env::var("MANDATE_TEST_REQUIRE").unwrap_or_default();
        assert!(!required.contains("systemd"), "MANDATE_TEST_REQUIRE asks for systemd-analyze");
        eprintln!("no systemd-analyze: the unit was not looked at");
        return;
    }
    let unit = deploy("mandate.service");
    // It wants to see the program.
    let unit = unit.replace("/usr/local/bin/mandate", env!("CARGO_BIN_EXE_mandate"));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mandate.service");
    std::fs::write(&path, unit).unwrap();
    let told =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output().unwrap();
    let told = String::from_utf8(told.stderr).unwrap();
    // Other units of this machine are not ours to judge.
    let ours: Vec<_> = told.lines().filter(|line| line.contains("mandate.service")).collect();
    assert!(ours.is_empty(), "{ours:#?}");
}
