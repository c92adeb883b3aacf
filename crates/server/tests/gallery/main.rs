//! The gallery: every page, once with friendly words and once with hostile ones, judged for
//! escaping and accessibility, and written to `target/gallery` so that people can look at it.
#![expect(clippy::unwrap_used, reason = "a page that cannot be drawn has failed")]

mod account;
mod client;
mod clients;
mod console;
mod demo;
mod markup;
mod roles;
mod sessions;
mod teams;
mod voice;
mod web;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mandate::web::assets;
use markup::Markup;
use voice::{HOSTILE_SIGNS, Voice};

/// A page of the gallery: its name and its HTML.
type Page = (&'static str, String);

fn pages(voice: Voice) -> Vec<Page> {
    let rooms = [
        web::pages,
        account::pages,
        clients::pages,
        client::pages,
        console::pages,
        roles::pages,
        sessions::pages,
        teams::pages,
        demo::pages,
    ];
    rooms.into_iter().flat_map(|room: fn(Voice) -> Vec<Page>| room(voice)).collect()
}

fn folder(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let folder = target.join("gallery").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn shows_every_page() {
    for (name, voice) in [("friendly", Voice::Friendly), ("hostile", Voice::Hostile)] {
        let folder = folder(name);
        for asset in assets::ALL {
            std::fs::write(folder.join(asset.name), asset.bytes).unwrap();
        }
        let mut index = vec![String::from("<!doctype html><title>Gallery</title><ul>")];
        for (page, html) in pages(voice) {
            let linked = assets::ALL.iter().fold(html, |html, asset| {
                html.replace(&assets::path(asset.name).unwrap(), asset.name)
            });
            std::fs::write(folder.join(format!("{page}.html")), linked).unwrap();
            index.push(format!("<li><a href=\"{page}.html\">{page}</a>"));
        }
        std::fs::write(folder.join("index.html"), index.concat()).unwrap();
    }
}

#[test]
fn escapes_every_word_that_someone_else_chose() {
    for (page, html) in pages(Voice::Hostile) {
        for sign in HOSTILE_SIGNS {
            assert!(!html.contains(sign), "{page} lets {sign:?} through");
        }
        assert!(html.contains("&#60;script&#62;"), "{page} shows no hostile word at all");
        assert_eq!(Markup::read(&html).named("img").count(), 0, "{page} grew an element");
    }
}

#[test]
fn lets_no_word_reorder_or_hide_its_neighbours() {
    for (page, html) in pages(Voice::Hostile) {
        let seen = Markup::read(&html).text;
        for c in ['\u{202e}', '\u{2066}', '\u{200b}'] {
            assert!(!seen.contains(c), "{page} shows U+{:04X}", u32::from(c));
        }
    }
}

#[test]
fn needs_no_inline_script_or_style() {
    for (page, html) in pages(Voice::Friendly) {
        for tag in &Markup::read(&html).tags {
            assert_ne!(tag.name, "style", "{page}");
            for (name, value) in &tag.attributes {
                assert!(name != "style" && !name.starts_with("on"), "{page}: {name}={value}");
                assert!(!value.starts_with("javascript:"), "{page}: {name}={value}");
            }
            if tag.name == "script" {
                assert!(tag.attribute("src").unwrap().starts_with("/assets/"), "{page}");
                assert_eq!(tag.attribute("type"), Some("module"), "{page}");
            }
        }
    }
}

#[test]
fn carries_a_form_token_in_every_form_that_changes_something() {
    for (page, html) in pages(Voice::Friendly) {
        if page == "form-post" || page.starts_with("sample-") {
            continue;
        }
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            if form.contains("method=\"post\"") {
                assert!(form.contains("name=\"form_token\""), "{page}: {form}");
            }
        }
    }
}

#[test]
fn gives_every_page_one_heading_a_title_a_language_and_landmarks() {
    for (page, html) in pages(Voice::Friendly) {
        let markup = Markup::read(&html);
        assert_eq!(markup.named("h1").count(), 1, "{page}: one h1");
        assert_eq!(markup.named("main").count(), 1, "{page}: one main");
        assert_eq!(markup.named("title").count(), 1, "{page}: one title");
        assert_eq!(markup.named("html").next().unwrap().attribute("lang"), Some("en"), "{page}");
        assert!(html.contains("class=\"skip\" href=\"#main\""), "{page}: skip link");
        let levels = markup.headings();
        for pair in levels.windows(2) {
            assert!(pair[1] <= pair[0] + 1, "{page}: heading levels {levels:?}");
        }
    }
}

#[test]
fn points_every_reference_at_something_that_is_there() {
    for voice in [Voice::Friendly, Voice::Hostile] {
        for (page, html) in pages(voice) {
            let markup = Markup::read(&html);
            let ids: Vec<&str> = markup.attributes("id").collect();
            let unique: BTreeSet<&str> = ids.iter().copied().collect();
            assert_eq!(ids.len(), unique.len(), "{page}: an id twice in {ids:?}");
            for name in ["for", "aria-describedby", "aria-labelledby", "popovertarget", "data-into"]
            {
                for id in markup.attributes(name).flat_map(str::split_whitespace) {
                    assert!(unique.contains(id), "{page}: {name}={id}");
                }
            }
            for anchor in markup.attributes("href").filter_map(|href| href.strip_prefix('#')) {
                assert!(unique.contains(anchor), "{page}: href=#{anchor}");
            }
        }
    }
}

#[test]
fn names_every_control() {
    for (page, html) in pages(Voice::Friendly) {
        let markup = Markup::read(&html);
        let labelled: BTreeSet<&str> = markup.attributes("for").collect();
        for tag in &markup.tags {
            let typed = tag.attribute("type").unwrap_or_default();
            let control = matches!(tag.name.as_str(), "input" | "textarea" | "select");
            if !control || typed == "hidden" || tag.attribute("aria-hidden").is_some() {
                continue;
            }
            let named = tag.inside_label
                || tag.attribute("aria-label").is_some()
                || tag.attribute("id").is_some_and(|id| labelled.contains(id));
            assert!(named, "{page}: {tag:?} has no label");
        }
        for button in html.split("<button").skip(1) {
            let button = button.split("</button>").next().unwrap();
            let text = Markup::read(&format!("<button{button}")).text;
            assert!(!text.trim().is_empty(), "{page}: a button without words: {button}");
        }
    }
}
