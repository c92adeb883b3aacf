//! Stylesheets, scripts and pictures, embedded in the binary and served under a name that
//! changes with their content, so that browsers may keep them for ever. Knows no page.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a browser is told: this name will never mean other bytes.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// One embedded file.
#[derive(Clone, Copy)]
pub struct Asset {
    /// The plain name, `base.css`.
    pub name: &'static str,
    /// The `Content-Type` it is served with.
    pub content_type: &'static str,
    /// The content.
    pub bytes: &'static [u8],
    fingerprint: u32,
}

impl Asset {
    /// The name in a URL: `base-1a2b3c4d.css`.
    pub fn file_name(&self) -> String {
        let (stem, extension) = self.name.rsplit_once('.').unwrap_or((self.name, ""));
        format!("{stem}-{:08x}.{extension}", self.fingerprint)
    }
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! asset {
    ($name:literal, $content_type:expr) => {{
        const BYTES: &[u8] = include_bytes!(concat!("assets/", $name));
        const FINGERPRINT: u32 = fingerprint(BYTES);
        Asset { name: $name, content_type: $content_type, bytes: BYTES, fingerprint: FINGERPRINT }
    }};
}

/// Every asset there is.
pub const ALL: &[Asset] = &[
    asset!("base.css", CSS),
    asset!("forms.css", CSS),
    asset!("quiet.css", CSS),
    asset!("console.css", CSS),
    asset!("people.css", CSS),
    asset!("demo.css", CSS),
    asset!("confirm.js", SCRIPT),
    asset!("console.js", SCRIPT),
    asset!("copy.js", SCRIPT),
    asset!("drawer.js", SCRIPT),
    asset!("durations.js", SCRIPT),
    asset!("filter.js", SCRIPT),
    asset!("form.js", SCRIPT),
    asset!("redirects.js", SCRIPT),
    asset!("submit.js", SCRIPT),
    asset!("testing.js", SCRIPT),
    asset!("time.js", SCRIPT),
    asset!("favicon.svg", SVG),
    asset!("harbour.svg", SVG),
];

/// The URL path of an asset by its plain name; nothing for a name that does not exist.
pub fn path(name: &str) -> Option<String> {
    let asset = ALL.iter().find(|asset| asset.name == name)?;
    Some(format!("/assets/{}", asset.file_name()))
}

/// The asset behind a name from a URL. An old fingerprint finds nothing.
pub fn find(file_name: &str) -> Option<&'static Asset> {
    ALL.iter().find(|asset| asset.file_name() == file_name)
}

/// `GET /assets/{name}`: the file, cacheable for ever, or 404.
pub async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = find(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, CACHE_CONTROL)];
    (headers, asset.bytes).into_response()
}

/// FNV-1a. It names content for caches and defends nothing.
const fn fingerprint(bytes: &[u8]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_asset_by_its_own_path_and_refuses_an_old_fingerprint() {
        for asset in ALL {
            let path = path(asset.name).unwrap();
            let file_name = path.strip_prefix("/assets/").unwrap();
            assert_eq!(find(file_name).unwrap().name, asset.name);
        }
        assert!(find("base-00000000.css").is_none());
        assert!(find("base.css").is_none());
        assert!(path("nothing.css").is_none());
    }

    #[test]
    fn names_content_so_that_one_byte_changes_the_name() {
        assert_eq!(fingerprint(b""), 0x811c_9dc5);
        assert_eq!(fingerprint(b"a"), 0xe40c_292c);
        assert_ne!(fingerprint(b"body{}"), fingerprint(b"body{ }"));
    }

    #[test]
    fn asks_no_other_host_for_anything() {
        for asset in ALL {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("url(http"), "{} loads from elsewhere", asset.name);
            assert!(!text.contains("@import"), "{} imports", asset.name);
            assert!(!text.contains("import "), "{} imports", asset.name);
        }
    }

    #[tokio::test]
    async fn serves_with_type_and_lasting_cache_and_answers_404_otherwise() {
        let name = path("base.css").unwrap().replace("/assets/", "");
        let answer = serve(Path(name)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], CSS);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], CACHE_CONTROL);
        let missing = serve(Path("../Cargo.toml".into())).await;
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    }
}
