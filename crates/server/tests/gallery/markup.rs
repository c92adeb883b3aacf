//! Just enough of an HTML reader to judge our own pages: tags, attributes, text. It knows
//! nothing of error recovery, because our pages need none.

const VOID: [&str; 6] = ["input", "meta", "link", "br", "img", "hr"];

#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub inside_label: bool,
}

impl Tag {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub struct Markup {
    pub tags: Vec<Tag>,
    /// What stands between the tags, but for text that must come back byte for byte.
    pub text: String,
}

impl Markup {
    /// Reads a page. Panics where an element is closed that was not open.
    pub fn read(html: &str) -> Self {
        let mut page = Self { tags: Vec::new(), text: String::new() };
        let mut open: Vec<String> = Vec::new();
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            let quotes_user_input = open.iter().any(|name| name == "textarea" || name == "pre");
            if !quotes_user_input {
                page.text.push_str(&rest[..at]);
            }
            let end = tag_end(&rest[at..]) + at;
            let inner = &rest[at + 1..end];
            rest = &rest[end + 1..];
            if let Some(name) = inner.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name.trim()), "closes the wrong element");
            } else if !inner.starts_with('!') {
                let inside_label = open.iter().any(|name| name == "label");
                let tag = read_tag(inner.trim_end_matches('/'), inside_label);
                if !VOID.contains(&tag.name.as_str()) && !inner.ends_with('/') {
                    open.push(tag.name.clone());
                }
                page.tags.push(tag);
            }
        }
        page.text.push_str(rest);
        page
    }

    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tag> {
        self.tags.iter().filter(move |tag| tag.name == name)
    }

    pub fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.tags.iter().filter_map(move |tag| tag.attribute(name))
    }

    pub fn headings(&self) -> Vec<u8> {
        let level = |tag: &Tag| match tag.name.as_bytes() {
            [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
            _ => None,
        };
        self.tags.iter().filter_map(level).collect()
    }
}

/// The index of the `>` that ends the tag at the start of `text`, quotes respected.
fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return at,
            _ => {}
        }
    }
    panic!("a tag does not end: {}", text.chars().take(80).collect::<String>());
}

fn read_tag(inner: &str, inside_label: bool) -> Tag {
    let (name, mut rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        rest = &rest[end..];
        let Some(quoted) = rest.strip_prefix("=\"") else {
            assert!(!rest.starts_with('='), "an attribute without quotes: {inner}");
            attributes.push((key, String::new()));
            continue;
        };
        let close = quoted.find('"').unwrap();
        attributes.push((key, quoted[..close].to_owned()));
        rest = &quoted[close + 1..];
    }
    Tag { name: name.to_owned(), attributes, inside_label }
}

#[test]
fn reads_tags_attributes_and_text() {
    let markup = Markup::read(r#"<p id="a > b" hidden>one <b>two</b></p><input name="x">"#);
    assert_eq!(markup.text, "one two");
    assert_eq!(markup.attributes("id").collect::<Vec<_>>(), ["a > b"]);
    assert_eq!(markup.named("input").count(), 1);
}

#[test]
#[should_panic(expected = "closes the wrong element")]
fn refuses_elements_that_cross() {
    Markup::read("<p><b></p></b>");
}
