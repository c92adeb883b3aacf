//! Spans as a collector reads them: the JSON of OTLP 1.x (`ExportTraceServiceRequest`), with the
//! attribute names of OpenTelemetry's conventions for HTTP servers.

use serde_json::{Value, json};

use super::Span;

/// `SPAN_KIND_SERVER`
const SERVER: u8 = 2;
/// `STATUS_CODE_ERROR`
const ERROR: u8 = 2;

/// The body of one post.
pub(super) fn request(spans: &[Span]) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [text("service.name", "mandate"), text("service.version", version)];
    let body = json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{
            "scope": { "name": "mandate", "version": version },
            "spans": spans.iter().map(span).collect::<Vec<_>>(),
        }],
    }] });
    body.to_string().into_bytes()
}

fn span(span: &Span) -> Value {
    let mut attributes = vec![
        text("http.request.method", span.method),
        json!({ "key": "http.response.status_code",
                "value": { "intValue": span.status.as_u16().to_string() } }),
    ];
    let route = span.route.as_ref().map(axum::extract::MatchedPath::as_str);
    let request_id = span.request_id.as_ref().and_then(|id| id.to_str().ok());
    for (name, value) in [
        ("http.route", route),
        ("mandate.request_id", request_id),
        ("mandate.error_id", span.error_id.as_deref()),
    ] {
        attributes.extend(value.map(|value| text(name, value)));
    }
    let name = route.map_or_else(|| span.method.to_owned(), |it| format!("{} {it}", span.method));
    let began = i128::from(span.began) * 1_000_000;
    let ended = began + i128::try_from(nanoseconds(span.seconds)).unwrap_or_default();
    json!({
        "traceId": format!("{:032x}", u128::from_be_bytes(span.place.trace)),
        "spanId": hex(span.place.id),
        "parentSpanId": span.place.parent.map(hex).unwrap_or_default(),
        "name": name,
        "kind": SERVER,
        "startTimeUnixNano": began.to_string(),
        "endTimeUnixNano": ended.to_string(),
        "attributes": attributes,
        "status": if span.status.is_server_error() { json!({ "code": ERROR }) } else { json!({}) },
    })
}

fn hex(id: [u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(id))
}

fn nanoseconds(seconds: f64) -> u128 {
    std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default().as_nanos()
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}
