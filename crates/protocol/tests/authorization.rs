//! The authorization endpoint, from the parameters of the request to the spelling of the answer.

use protocol::authorization_request::{AuthorizationRequest, MAX_STATE};
use protocol::authorization_response::{Answer, AuthorizationResponse, ImplicitTokens, Outcome};
use protocol::prompt::Prompt;
use protocol::response::{ResponseMode, ResponseType};
use protocol::{Code, Error, Params, Scopes};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn params(query: &str) -> Params {
    Params::parse(query.as_bytes()).unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn parse(query: &str) -> Result<AuthorizationRequest, Error> {
    AuthorizationRequest::parse(&params(query))
}

fn refusal(query: &str) -> String {
    parse(query).map_or_else(|error| error.to_string(), |request| format!("accepted {request:?}"))
}

#[test]
fn reads_a_whole_request() {
    let request = parse(&format!(
        "client_id=app&redirect_uri=https://app.example/cb&response_type=code&response_mode=form_post\
         &scope=profile+openid&state=s%20%22%E2%82%AC&nonce=n&code_challenge={CHALLENGE}\
         &code_challenge_method=S256&prompt=login&max_age=60&login_hint=a@b.example\
         &ui_locales=de-CH+en+<b>&resource=https://a.example&resource=urn:b:1&resource=urn:b:1\
         &id_token_hint=a.b.c&claims=%7B%7D&display=page&extra=foobar"
    ))
    .unwrap();
    assert_eq!(request.response_type, ResponseType::Code);
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert_eq!(request.scope.as_ref().map(Scopes::as_str), Some("openid profile"));
    assert_eq!(request.state.as_deref(), Some("s \"\u{20ac}"));
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.challenge.unwrap().to_string(), CHALLENGE);
    assert!(request.prompts.contains(Prompt::Login));
    assert_eq!(request.max_age, Some(60));
    assert_eq!(request.login_hint.as_deref(), Some("a@b.example"));
    assert_eq!(request.ui_locales, ["de-CH", "en"]);
    assert_eq!(request.resources.len(), 2);
    assert_eq!(request.id_token_hint.as_deref(), Some("a.b.c"));

    let sealed = serde_json::to_vec(&request).unwrap();
    assert!(serde_json::from_slice::<AuthorizationRequest>(&sealed).unwrap() == request);
}

#[test]
fn takes_empty_for_left_out() {
    let request =
        parse("response_type=code&scope=&state=&response_mode=&max_age=&request=").unwrap();
    assert_eq!((request.scope, request.state, request.max_age), (None, None, None));
    assert_eq!(request.response_mode, ResponseMode::Query);
}

#[test]
fn refuses_each_fault_in_words() {
    insta::assert_snapshot!(refusal("state=s"), @"invalid_request: The parameter response_type is missing.");
    insta::assert_snapshot!(refusal("response_type=code+token"), @"unsupported_response_type: This response_type is not supported. Use code.");
    insta::assert_snapshot!(refusal("response_type=code&response_mode=fragment"), @"invalid_request: This response_mode does not go with this response_type.");
    insta::assert_snapshot!(refusal("response_type=code&response_mode=jwt"), @"invalid_request: This response_mode is not supported. Use query or form_post.");
    insta::assert_snapshot!(refusal("response_type=code&scope=a&scope=b"), @"invalid_request: The parameter scope stands more than once.");
    insta::assert_snapshot!(refusal("response_type=code&prompt=none+login"), @"invalid_request: prompt=none must not stand beside another value.");
    insta::assert_snapshot!(refusal("response_type=code&max_age=-1"), @"invalid_request: max_age must be a whole number of seconds, 0 or more.");
    insta::assert_snapshot!(refusal("response_type=code&resource=/api"), @"invalid_target: The resource must be an absolute URI.");
    insta::assert_snapshot!(refusal("response_type=code&scope=a%22b"), @"invalid_scope: The scope holds a character that no scope name may hold.");
    insta::assert_snapshot!(refusal(&format!("response_type=code&code_challenge={CHALLENGE}")), @"invalid_request: code_challenge_method was left out, which means plain. Send S256.");
    let many: Vec<String> = (0..17).map(|n| format!("resource=urn:a:{n}")).collect();
    insta::assert_snapshot!(refusal(&format!("response_type=code&{}", many.join("&"))), @"invalid_target: There are too many resources.");
}

#[test]
fn refuses_request_objects_before_anything_else() {
    for (query, code) in [
        ("request=a.b.c&response_type=token+code", Code::RequestNotSupported),
        ("request_uri=http://127.0.0.1:9/&response_type=code", Code::RequestUriNotSupported),
        ("registration=%7B%7D&response_type=code", Code::RegistrationNotSupported),
    ] {
        assert_eq!(parse(query).unwrap_err().code, code, "{query}");
    }
}

#[test]
fn echoes_a_long_state_and_refuses_a_longer_one() {
    let long = "s".repeat(MAX_STATE);
    let query = format!("response_type=code&state={long}");
    assert_eq!(parse(&query).unwrap().state, Some(long));
    insta::assert_snapshot!(refusal(&format!("{query}s")), @"invalid_request: The parameter state is too long.");
    assert_eq!(AuthorizationRequest::error_reply(&params(&format!("{query}s"))).0, None);
}

#[test]
fn names_client_and_redirect_uri_only_when_each_stands_once() {
    for (query, named) in [
        ("client_id=a&redirect_uri=b", (Some("a"), Some("b"))),
        ("client_id=a", (Some("a"), None)),
        ("client_id=a&redirect_uri=", (Some("a"), None)),
        ("redirect_uri=b", (None, Some("b"))),
        ("client_id=a&client_id=a&redirect_uri=b", (None, None)),
        ("client_id=a&redirect_uri=b&redirect_uri=c", (None, None)),
        ("client_id=a&redirect_uri=&redirect_uri=", (None, None)),
        ("client_id=a&scope=x&scope=y", (Some("a"), None)),
    ] {
        assert_eq!(AuthorizationRequest::client_and_redirect(&params(query)), named, "{query}");
    }
}

#[test]
fn replies_to_a_faulty_request_without_a_fragment() {
    for (query, reply) in [
        ("state=s&response_mode=form_post", (Some("s"), ResponseMode::FormPost)),
        ("state=s&response_mode=fragment&response_type=token", (Some("s"), ResponseMode::Query)),
        ("state=s&state=t&response_mode=jwt", (None, ResponseMode::Query)),
        ("", (None, ResponseMode::Query)),
    ] {
        assert_eq!(AuthorizationRequest::error_reply(&params(query)), reply, "{query}");
    }
}

#[test]
fn keeps_what_is_personal_out_of_debug() {
    let request =
        parse("response_type=code&state=hush&nonce=hush&login_hint=hush&id_token_hint=hush");
    let shown = format!("{:?}", request.unwrap());
    assert!(!shown.contains("hush"), "{shown}");
}

fn answer<'a>(outcome: Outcome<'a>, state: Option<&'a str>) -> Answer<'a> {
    Answer { outcome, state, issuer: "https://id.example" }
}

fn location(redirect_uri: &str, mode: ResponseMode, answer: &Answer<'_>) -> String {
    match AuthorizationResponse::new(redirect_uri, mode, answer) {
        AuthorizationResponse::Redirect { location } => location,
        AuthorizationResponse::FormPost { .. } => panic!("a form instead of a redirect"),
    }
}

#[test]
fn answers_in_the_query_with_state_and_issuer() {
    let code = answer(Outcome::Code("c0de"), Some("s \"\u{20ac}&+"));
    insta::assert_snapshot!(
        location("https://app.example/cb", ResponseMode::Query, &code),
        @"https://app.example/cb?code=c0de&state=s%20%22%E2%82%AC%26%2B&iss=https%3A%2F%2Fid.example"
    );
    let error = Error::new(Code::AccessDenied, "The person refused.").because("hush");
    let refused = answer(Outcome::Refused(&error), None);
    insta::assert_snapshot!(
        location("com.example.app:/cb", ResponseMode::Query, &refused),
        @"com.example.app:/cb?error=access_denied&error_description=The%20person%20refused.&iss=https%3A%2F%2Fid.example"
    );
}

#[test]
fn keeps_the_query_of_the_redirect_uri() {
    let code = answer(Outcome::Code("c"), None);
    let at = |uri| location(uri, ResponseMode::Query, &code);
    let tail = "code=c&iss=https%3A%2F%2Fid.example";
    assert_eq!(at("https://a.example"), format!("https://a.example?{tail}"));
    assert_eq!(at("https://a.example/?"), format!("https://a.example/?{tail}"));
    assert_eq!(at("https://a.example/?x=1"), format!("https://a.example/?x=1&{tail}"));
    assert_eq!(at("https://a.example/?x=1&"), format!("https://a.example/?x=1&{tail}"));
}

#[test]
fn gives_back_the_state_byte_for_byte() {
    let state = "a+b c%20&=#?/\u{e9}\u{1f600}'\"<>";
    let code = answer(Outcome::Code("c"), Some(state));
    let location = location("https://a.example/cb?x=1", ResponseMode::Query, &code);
    assert!(location.is_ascii() && !location.contains([' ', '#', '"', '<']));
    let (_, query) = location.split_once('?').unwrap();
    assert_eq!(params(query).get("state"), Some(state));
}

#[test]
fn posts_a_form_with_the_same_fields() {
    let code = answer(Outcome::Code("c"), Some("<s>"));
    let form =
        AuthorizationResponse::new("https://a.example/cb?x=1", ResponseMode::FormPost, &code);
    let AuthorizationResponse::FormPost { action, fields } = form else { panic!("no form") };
    assert_eq!(action, "https://a.example/cb?x=1");
    let expected = [("code", "c"), ("state", "<s>"), ("iss", "https://id.example")];
    assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn puts_implicit_tokens_into_the_fragment() {
    let scope = Scopes::parse("openid a").unwrap();
    let tokens = ImplicitTokens {
        access_token: Some(("mat_1", 3600)),
        id_token: Some("a.b.c"),
        scope: Some(&scope),
    };
    insta::assert_snapshot!(
        location("https://a.example/cb", ResponseMode::Fragment, &answer(Outcome::Tokens(tokens), Some("s"))),
        @"https://a.example/cb#access_token=mat_1&token_type=Bearer&expires_in=3600&id_token=a.b.c&scope=a%20openid&state=s&iss=https%3A%2F%2Fid.example"
    );
}
