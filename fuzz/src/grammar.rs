//! Parameters, scopes, and the two requests made of them.

use std::collections::BTreeSet;

use protocol::authorization_request::AuthorizationRequest;
use protocol::error::Error;
use protocol::scope::is_token;
use protocol::token_request::TokenRequest;
use protocol::{Params, Scopes};

/// A refusal goes into headers and JSON: its sentence holds nothing that needs care there.
pub fn speaks_plainly(error: &Error) {
    let plain = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    assert!(error.description.bytes().all(plain), "{:?}", error.description);
    let body = serde_json::to_string(error).expect("an error can be written");
    assert!(body.starts_with("{\"error\":\""), "{body}");
}

/// What is accepted is what any form decoder reads, and printing it changes nothing.
pub fn params(bytes: &[u8]) {
    let params = match Params::parse(bytes) {
        Ok(params) => params,
        Err(error) => return speaks_plainly(&error),
    };
    let usual: Vec<_> = form_urlencoded::parse(bytes).collect();
    assert!(params.iter().eq(usual.iter().map(|(n, v)| (n.as_ref(), v.as_ref()))));
    assert_eq!(Params::parse(params.to_query().as_bytes()).as_ref(), Ok(&params));
    for (name, value) in params.iter() {
        assert!(!name.contains('\0') && !value.contains('\0'));
        let times = params.iter().filter(|(n, _)| *n == name).count();
        assert_eq!(params.sent(name), (times == 1).then_some(value));
        assert_eq!(params.get(name), params.sent(name).filter(|value| !value.is_empty()));
        assert_eq!(params.duplicates().contains(&name), times > 1);
        if times > 1 && name != "resource" {
            assert!(params.single().is_err());
        }
    }
}

/// A set is sorted, each scope once, and agrees with a plain set in everything it can be asked.
pub fn scopes(bytes: &[u8]) {
    let Some([ours, theirs]) = crate::parts(bytes) else { return };
    let (ours, theirs) = match (Scopes::parse(ours), Scopes::parse(theirs)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(error), _) | (_, Err(error)) => return speaks_plainly(&error),
    };
    assert!(ours.iter().all(is_token) && ours.iter().is_sorted_by(|a, b| a < b));
    assert_eq!(Scopes::parse(ours.as_str()).as_ref(), Ok(&ours));
    let json = serde_json::to_string(&ours).expect("a list");
    assert_eq!(serde_json::from_str::<Scopes>(&json).ok().as_ref(), Some(&ours));
    let (a, b): (BTreeSet<&str>, BTreeSet<&str>) = (ours.iter().collect(), theirs.iter().collect());
    assert!(ours.union(&theirs).iter().eq((&a | &b).iter().copied()));
    assert!(ours.intersection(&theirs).iter().eq((&a & &b).iter().copied()));
    assert!(ours.difference(&theirs).iter().eq((&a - &b).iter().copied()));
    assert_eq!(ours.is_subset(&theirs), a.is_subset(&b));
    assert_eq!(ours.len(), a.len());
}

/// A request that is accepted can be sealed and opened without a change.
pub fn authorization_requests(bytes: &[u8]) {
    let Ok(params) = Params::parse(bytes) else { return };
    let (client, redirect_uri) = AuthorizationRequest::client_and_redirect(&params);
    assert!(client != Some("") && redirect_uri != Some(""));
    let (state, _) = AuthorizationRequest::error_reply(&params);
    assert!(state.is_none_or(|state| params.sent("state") == Some(state)));
    match AuthorizationRequest::parse(&params) {
        Ok(request) => {
            let sealed = serde_json::to_vec(&request).expect("it can be sealed");
            let opened = serde_json::from_slice(&sealed).ok();
            assert!(opened.as_ref() == Some(&request), "sealing changed it");
            assert!(request.response_mode.check_for(request.response_type).is_ok());
            assert_eq!(request.state.as_deref(), params.get("state"));
        }
        Err(error) => speaks_plainly(&error),
    }
}

/// The grant is the one that was asked for, and each resource is there once.
pub fn token_requests(bytes: &[u8]) {
    let Ok(params) = Params::parse(bytes) else { return };
    match TokenRequest::parse(&params) {
        Ok(request) => {
            let asked = params.get("grant_type").unwrap_or_default();
            assert!(asked.starts_with(request.grant.as_str()), "{asked}");
            let resources: Vec<_> = request.resources.iter().map(|r| r.as_str()).collect();
            let distinct: BTreeSet<_> = resources.iter().collect();
            assert_eq!(distinct.len(), resources.len());
            assert!(params.all("resource").all(|asked| resources.contains(&asked)));
        }
        Err(error) => speaks_plainly(&error),
    }
}
