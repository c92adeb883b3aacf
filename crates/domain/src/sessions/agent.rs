//! What a browser says it is, in words that help a person to recognise their own.

use woothee::parser::Parser;

/// Browser and device: `("Firefox 141", "Linux")`. What cannot be read is called unknown; nothing
/// is decided by it, since anybody can send anything.
pub fn describe(user_agent: &str) -> (String, String) {
    let Some(read) = Parser::new().parse(user_agent) else {
        return ("Unknown browser".into(), "unknown device".into());
    };
    let known = |text: &str| !text.is_empty() && text != "UNKNOWN";
    let browser = match read.version.split('.').next() {
        Some(version) if known(read.name) && known(version) => format!("{} {version}", read.name),
        _ if known(read.name) => read.name.to_owned(),
        _ => "Unknown browser".to_owned(),
    };
    let device = match read.os {
        "Mac OSX" => "macOS",
        os if known(os) => os,
        _ => "unknown device",
    };
    (browser, device.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_browsers_and_devices() {
        for (text, browser, device) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
                "Firefox 141",
                "Linux",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Safari/605.1.15",
                "Safari 18",
                "macOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/139.0.0.0 Safari/537.36",
                "Chrome 139",
                "Windows 10",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari 18",
                "iPhone",
            ),
            ("", "Unknown browser", "unknown device"),
            ("\u{1F600}<script>", "Unknown browser", "unknown device"),
        ] {
            assert_eq!(describe(text), (browser.to_owned(), device.to_owned()), "{text}");
        }
    }
}
