//! The mark of Mandate and the few line drawings of its pages, drawn for it. Knows no page.

/// A seal pressed around an M whose middle points to a key's eye: authority, handed on.
const MARK: &str = concat!(
    r#"<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">"#,
    r#"<path class="mark-seal" d=""#,
    "M14.24 1.63Q16 0.4 17.76 1.63Q19.52 2.86 21.66 2.68Q23.8 2.49 24.71 4.44Q25.62 6.38 27.56 7.29Q29.51 8.2 29.32 10.34Q29.14 12.48 30.37 14.24Q31.6 16 30.37 17.76Q29.14 19.52 29.32 21.66Q29.51 23.8 27.56 24.71Q25.62 25.62 24.71 27.56Q23.8 29.51 21.66 29.32Q19.52 29.14 17.76 30.37Q16 31.6 14.24 30.37Q1",
    "2.48 29.14 10.34 29.32Q8.2 29.51 7.29 27.56Q6.38 25.62 4.44 24.71Q2.49 23.8 2.68 21.66Q2.86 19.52 1.63 17.76Q0.4 16 1.63 14.24Q2.86 12.48 2.68 10.34Q2.49 8.2 4.44 7.29Q6.38 6.38 7.29 4.44Q8.2 2.49 10.34 2.68Q12.48 2.86 14.24 1.63Z",
    r#""/><path class="mark-letter" d="M9.5 21.5v-10.2l6.5 6.4 6.5-6.4v10.2"/>"#,
    r#"<circle class="mark-eye" cx="16" cy="22.6" r="1.7"/></svg>"#
);

/// Inline SVG for a name, or nothing when it is not drawn. All of it is hidden from screen
/// readers: the words beside it say the same.
pub fn svg(name: &str) -> Option<String> {
    if name == "mark" {
        return Some(MARK.to_owned());
    }
    let strokes = strokes(name)?;
    Some(format!(
        r#"<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">{strokes}</svg>"#
    ))
}

#[rustfmt::skip]
fn strokes(name: &str) -> Option<&'static str> {
    Some(match name {
        "agent" => r#"<rect x="3.5" y="6.5" width="13" height="9" rx="2.5"/><path d="M10 6.5V3.5M7.5 10.2v1.4M12.5 10.2v1.4M1.5 10v3M18.5 10v3"/>"#,
        "arrow" => r#"<path d="M4 10h12M11 5l5 5-5 5"/>"#,
        "audit" => r#"<path d="M5 3h7l3.5 3.5V17H5zM12 3v3.5h3.5M7.8 10.2h5M7.8 13.2h5"/>"#,
        "browser" => r#"<rect x="2.5" y="4" width="15" height="12" rx="2"/><path d="M2.5 8h15M5.3 6h.01M7.3 6h.01"/>"#,
        "change" => r#"<path d="M12.9 4.1l3 3L7.5 15.5l-3.8.8.8-3.8z"/>"#,
        "check" => r#"<path d="M4 10.5l4 4 8-9"/>"#,
        "chevron" => r#"<path d="M7.5 4.5l5.5 5.5-5.5 5.5"/>"#,
        "clients" => r#"<rect x="3" y="3" width="6" height="6" rx="1.6"/><rect x="11" y="3" width="6" height="6" rx="1.6"/><rect x="3" y="11" width="6" height="6" rx="1.6"/><path d="M14 11.2v5.6M11.2 14h5.6"/>"#,
        "clock" => r#"<circle cx="10" cy="10" r="7"/><path d="M10 6v4.2l2.8 1.8"/>"#,
        "copy" => r#"<rect x="7" y="7" width="10" height="10" rx="2"/><path d="M13 7V5a2 2 0 0 0-2-2H5a2 2 0 0 0-2 2v6a2 2 0 0 0 2 2h2"/>"#,
        "cross" => r#"<path d="M5 5l10 10M15 5L5 15"/>"#,
        "custom" => r#"<path d="M3 6h8M15 6h2M3 14h2M9 14h8"/><circle cx="13" cy="6" r="2"/><circle cx="7" cy="14" r="2"/>"#,
        "device" => r#"<rect x="6" y="2.5" width="8" height="15" rx="2"/><path d="M9.2 15h1.6"/>"#,
        "harbour" => r#"<circle cx="10" cy="4.2" r="1.8"/><path d="M10 6v11M6.5 9h7M3 11.5c.3 3.3 3.2 5.5 7 5.5s6.7-2.2 7-5.5M3 11.5l-1.2 1.8M3 11.5l2 1M17 11.5l1.2 1.8M17 11.5l-2 1"/>"#,
        "info" => r#"<circle cx="10" cy="10" r="7.2"/><path d="M10 9.2v4.2M10 6.4h.01"/>"#,
        "key" => r#"<circle cx="7" cy="13" r="3.6"/><path d="M9.6 10.4L16.5 3.5M13.6 6.4l2.4 2.4"/>"#,
        "lock" => r#"<rect x="4.5" y="9" width="11" height="8" rx="2"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>"#,
        "menu" => r#"<path d="M3 6h14M3 10h14M3 14h14"/>"#,
        "out" => r#"<path d="M11.5 3H5v14h6.5M9 10h8.5M14.5 7l3 3-3 3"/>"#,
        "more" => r#"<path d="M5 10h.01M10 10h.01M15 10h.01"/>"#,
        "pause" => r#"<path d="M7 4.500v11M13 4.500v11"/>"#,
        "play" => r#"<path d="M6.500 4l9 6-9 6z"/>"#,
        "plug" => r#"<path d="M7 3v4M13 3v4M5 7h10v3a5 5 0 0 1-10 0zM10 15v3"/>"#,
        "plus" => r#"<path d="M10 4v12M4 10h12"/>"#,
        "read" => r#"<path d="M1.8 10S4.7 4.8 10 4.8 18.2 10 18.2 10 15.3 15.2 10 15.2 1.8 10 1.8 10z"/><circle cx="10" cy="10" r="2.4"/>"#,
        "refusal" => r#"<circle cx="10" cy="10" r="7.2"/><path d="M5 5l10 10"/>"#,
        "repeat" => r#"<path d="M16.5 8.500A6.8 6.8 0 0 0 4 7M3.5 11.500A6.8 6.8 0 0 0 16 13M4 3.500V7h3.500M16 16.500V13h-3.5"/>"#,
        "roles" => r#"<circle cx="10" cy="6" r="3.2"/><path d="M7.6 8.300L6 17.2l4-2.400 4 2.400-1.6-8.900"/>"#,
        "scopes" => r#"<path d="M10 2.800l6.5 2.400v4.600c0 3.7-2.6 6.2-6.5 7.4-3.9-1.2-6.5-3.7-6.5-7.400V5.200z"/>"#,
        "search" => r#"<circle cx="9" cy="9" r="5.5"/><path d="M13.2 13.200L17 17"/>"#,
        "server" => r#"<rect x="3" y="3.5" width="14" height="5.5" rx="1.6"/><rect x="3" y="11" width="14" height="5.5" rx="1.6"/><path d="M6 6.250h.01M6 13.750h.01"/>"#,
        "sessions" => r#"<rect x="2.5" y="4" width="15" height="10" rx="2"/><path d="M7 17h6"/>"#,
        "settings" => r#"<circle cx="10" cy="10" r="2.6"/><path d="M10 2.500v2.300M10 15.200v2.300M17.5 10h-2.300M4.8 10H2.500M15.3 4.700l-1.6 1.600M6.3 13.700l-1.6 1.600M15.3 15.300l-1.6-1.600M6.3 6.300L4.7 4.7"/>"#,
        "teams" => r#"<circle cx="7.2" cy="7.5" r="2.7"/><path d="M2 16c.5-2.9 2.5-4.3 5.2-4.300s4.7 1.4 5.2 4.300M12.8 5.200a2.6 2.6 0 0 1 0 4.800M14.5 12c2 .5 3.2 1.8 3.5 4"/>"#,
        "trash" => r#"<path d="M3.5 5.500h13M8 5.500V3.500h4v2M5.5 5.500l.8 11h7.400l.8-11M8.5 8.800v4.700M11.5 8.800v4.7"/>"#,
        "person" | "users" => r#"<circle cx="10" cy="7" r="3.2"/><path d="M3.8 17c.6-3.4 3-5 6.2-5s5.6 1.6 6.2 5"/>"#,
        "verified" => r#"<path d="M10 2.800l6.5 2.400v4.600c0 3.7-2.6 6.2-6.5 7.4-3.9-1.2-6.5-3.7-6.5-7.400V5.200z"/><path d="M7 9.900l2.2 2.2 4-4.4"/>"#,
        "warning" => r#"<path d="M10 3.200l7.6 13.300H2.400zM10 8.200v3.800M10 14.200h.01"/>"#,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::svg;

    #[test]
    fn draws_without_script_style_or_reference() {
        for name in ["mark", "agent", "copy", "settings", "warning"] {
            let drawing = svg(name).unwrap();
            assert!(drawing.starts_with("<svg ") && drawing.ends_with("</svg>"));
            assert!(drawing.contains(r#"aria-hidden="true""#));
            for forbidden in ["style=", "<script", "href", " on"] {
                assert!(!drawing.contains(forbidden), "{name} holds {forbidden}");
            }
        }
        assert!(svg("unicorn").is_none());
    }
}
