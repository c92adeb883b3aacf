//! Rust source as the rules read it: without comments, without the content of strings, without
//! the tests at its end. Lines stay where they are. Knows no grammar beyond that.

/// The source with comments and the content of strings and characters blanked.
pub fn code(text: &str) -> String {
    blank(text, true)
}

/// The source with comments blanked; strings stay.
pub fn without_comments(text: &str) -> String {
    blank(text, false)
}

/// `code` with every module under `#[cfg(test)]` blanked.
pub fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(at) = out.find("#[cfg(test)]") {
        let after = at + "#[cfg(test)]".len();
        let end = match out[after..].find(['{', ';']) {
            Some(n) if out.as_bytes()[after + n] == b'{' => closing(&out, after + n) + 1,
            Some(n) => after + n + 1,
            None => out.len(),
        };
        out.replace_range(at..end, &spaces(&out[at..end]));
    }
    out
}

/// The place of the brace that closes the one at `open`; the end where there is none.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len() - 1
}

/// The number of the line that holds the byte `at`, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Every place where `word` stands as a whole word.
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The identifier that `text` begins with; empty where there is none.
pub fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// A function: its name and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub line: usize,
    /// From the signature to the closing brace.
    pub lines: usize,
}

/// Every function with a body.
pub fn functions(code: &str) -> Vec<Function> {
    let found = words(code, "fn").filter_map(|at| {
        let name = identifier(code[at + 2..].trim_start());
        let end = at + code[at..].find(['{', ';'])?;
        // `fn(…)` is a type; `fn name(…);` is a promise.
        if name.is_empty() || code.as_bytes()[end] == b';' {
            return None;
        }
        let (first, last) = (line_of(code, at), line_of(code, closing(code, end)));
        Some(Function { name: name.into(), line: first, lines: last - first + 1 })
    });
    found.collect()
}

fn spaces(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) })
        .collect()
}

fn blank(text: &str, with_strings: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let before = out.chars().next_back();
        let comment = comment(rest);
        let length = comment.or_else(|| string(rest, before)).or_else(|| character(rest));
        let Some(length) = length else {
            let c = rest.chars().next().unwrap();
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        let (token, after) = rest.split_at(length);
        if comment.is_some() {
            out.push_str(&spaces(token));
        } else if with_strings {
            // The quotes stay, so that what stands beside them is not glued together.
            let inner = token.len().saturating_sub(1).max(1);
            out.push('"');
            out.push_str(&spaces(&token[1..inner]));
            out.push('"');
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    out
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest[at..].chars().next().unwrap().len_utf8();
        }
    }
    Some(rest.len())
}

/// A string, plain or raw, with or without a letter before it.
fn string(rest: &str, before: Option<char>) -> Option<usize> {
    let glued = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|p| {
        rest.strip_prefix(p)
            .is_some_and(|r| r.starts_with('"') || (p.ends_with('r') && r.starts_with('#')))
    })?;
    if glued && !prefix.is_empty() {
        return None;
    }
    let after = &rest[prefix.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    if !after[hashes..].starts_with('"') {
        return None;
    }
    let body = prefix.len() + hashes + 1;
    if prefix.ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(rest[body..].find(&end).map_or(rest.len(), |n| body + n + end.len()));
    }
    let mut escaped = false;
    for (n, c) in rest[body..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(body + n + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// A character, which is not a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let mut characters = inner.chars();
    let first = characters.next()?;
    if first == '\\' {
        let end = inner[2.min(inner.len())..].find('\'')?;
        return Some(1 + 2 + end + 1);
    }
    (characters.next() == Some('\'')).then(|| 1 + first.len_utf8() + 1)
}

#[test]
fn blanks_what_is_not_code() {
    for (text, want) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("crate::x", '"', 'a) g"#, r#"f("        ", " ", 'a) g"#),
        ("r#\"a\"b\"# c", "\"      \" c"),
        (r#"b"\"x" y"#, "\"    \" y"),
        (r"'\'' z '\u{1F600}'", "\"  \" z \"         \""),
        ("<'a, 'b>", "<'a, 'b>"),
    ] {
        assert_eq!(code(text), want, "{text}");
        assert_eq!(code(text).len(), text.len(), "{text}");
    }
}

#[test]
fn keeps_strings_where_asked() {
    assert_eq!(without_comments("x(\"// no\") // yes"), "x(\"// no\")       ");
}

#[test]
fn finds_functions_and_leaves_promises() {
    let text = "fn a() {\n}\ntrait T { fn b(&self); }\ntype F = fn(u8) -> u8;\nasync fn c(\n) {\n { }\n}\n";
    let found: Vec<_> = functions(text).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(found, [("a".to_owned(), 1, 2), ("c".to_owned(), 5, 4)]);
}

#[test]
fn leaves_the_tests_out() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n";
    let names: Vec<_> = functions(&without_tests(text)).into_iter().map(|f| f.name).collect();
    assert_eq!(names, ["a", "c"]);
}
