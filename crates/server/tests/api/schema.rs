//! Holds answers against the published document: the status is one it names, and the body is
//! exactly of the shape it promises. Knows as much of JSON Schema as the document uses.

use std::sync::LazyLock;

use axum::http::Method;
use serde_json::Value;

use crate::harness::Answer;

/// The document.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(&mandate::api::document()).unwrap());
    &DOCUMENT
}

/// Every operation: method, path, what the document says.
pub fn operations() -> &'static [(Method, String, Value)] {
    static OPERATIONS: LazyLock<Vec<(Method, String, Value)>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for (path, methods) in document()["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let method = method.to_uppercase().parse().unwrap();
                all.push((method, path.clone(), operation.clone()));
            }
        }
        all
    });
    &OPERATIONS
}

/// Does the answer fit the document? Answers to paths that are not in it must be problems.
#[track_caller]
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let document = document();
    let path = path.split('?').next().unwrap();
    let found =
        operations().iter().filter(|(m, template, _)| m == method && matches(template, path));
    let status = answer.status.as_u16();
    let Some((_, template, operation)) =
        found.min_by_key(|(_, template, _)| template.matches('{').count())
    else {
        assert!(matches!(status, 401 | 404 | 405), "{method} {path} answered {status}");
        return;
    };
    let said = &operation["responses"][status.to_string()];
    assert!(
        !said.is_null(),
        "{method} {template} does not say that it may answer {status}: {}",
        answer.body
    );
    let said = resolve(document, said);
    let media = answer.header("content-type").split(';').next().unwrap().to_owned();
    let Some(content) = said.get("content") else {
        assert!(answer.body.is_empty(), "{method} {template} should answer with nothing");
        return;
    };
    assert!(
        !content[&media].is_null(),
        "{method} {template} does not say that it may answer with {media:?}"
    );
    if media.ends_with("json") {
        let problems = judge(document, &content[&media]["schema"], &answer.json(), "");
        assert!(
            problems.is_empty(),
            "{method} {template} {status}: {problems:#?}\n{}",
            answer.body
        );
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(t, p)| t.starts_with('{') || t == p)
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document
            .pointer(reference.trim_start_matches('#'))
            .expect("the reference leads somewhere"),
        None => value,
    }
}

/// What does not fit, with its place.
pub fn judge(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = resolve(document, schema);
    let mut wrong = Vec::new();
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    if !types.is_empty() && !types.iter().any(|name| is(name, value)) {
        wrong.push(format!("{at}: {value} is not {types:?}"));
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
        wrong.push(format!("{at}: {value} is none of {words:?}"));
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        wrong.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    if let Some(number) = value.as_i64() {
        let fits = schema["minimum"].as_i64().is_none_or(|least| least <= number)
            && schema["maximum"].as_i64().is_none_or(|most| number <= most);
        if !fits {
            wrong.push(format!("{at}: {number} is out of bounds"));
        }
    }
    if schema["format"] == "date-time"
        && let Some(text) = value.as_str()
        && !(text.parse::<jiff::Timestamp>().is_ok() && text.ends_with('Z'))
    {
        wrong.push(format!("{at}: {text} is no instant in UTC"));
    }
    if let Some(items) = value.as_array() {
        for (n, item) in items.iter().enumerate() {
            wrong.extend(judge(document, &schema["items"], item, &format!("{at}[{n}]")));
        }
    }
    if let Some(members) = value.as_object() {
        wrong.extend(judge_members(document, schema, members, at));
    }
    wrong
}

fn judge_members(
    document: &Value,
    schema: &Value,
    members: &serde_json::Map<String, Value>,
    at: &str,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !members.contains_key(name) {
            wrong.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, value) in members {
        match schema["properties"].get(name) {
            Some(of_member) => {
                wrong.extend(judge(document, of_member, value, &format!("{at}.{name}")));
            }
            None if schema["additionalProperties"] == false => {
                wrong.push(format!("{at}: {name} is not documented"));
            }
            None => {}
        }
    }
    wrong
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("the document uses the type {other}"),
    }
}
