//! A text as a picture that a camera reads (QR code), as the path of an SVG. The library decides
//! which squares are dark; this file draws them.

use std::fmt::Write;

use domain::Fault;
use qrcode::{Color, QrCode};

/// Squares of light around the picture, which a camera needs.
const MARGIN: usize = 4;

/// A picture of squares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    /// Squares in a row, the margin counted in.
    pub size: usize,
    /// The dark ones, as the `d` of a path.
    pub path: String,
}

/// Draws `text`.
///
/// # Errors
/// When it is longer than any code holds.
pub(super) fn draw(text: &str) -> Result<Picture, Fault> {
    let code = QrCode::new(text).map_err(|e| Fault::Broken(format!("QR code: {e}")))?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            let length = run.len();
            if run.first() == Some(&Color::Dark) {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + MARGIN, y + MARGIN);
            }
            x += length;
        }
    }
    Ok(Picture { size: width + 2 * MARGIN, path })
}

#[cfg(test)]
mod tests {
    use super::{Picture, draw};

    /// What another library reads from the picture, each square drawn three by three.
    #[test]
    fn a_camera_reads_what_was_drawn() {
        const SCALE: usize = 3;
        let text = "otpauth://totp/login.example%208443:ada%40harbour.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=x";
        let Picture { size, path } = draw(text).unwrap();
        let mut dark = vec![false; size * size];
        for run in path.split('M').skip(1) {
            let number = |text: &str| text.parse::<usize>().unwrap();
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (length, _) = rest.split_once('v').unwrap();
            let from = number(y) * size + number(x);
            dark[from..from + number(length)].fill(true);
        }
        let mut seen =
            rqrr::PreparedImage::prepare_from_greyscale(size * SCALE, size * SCALE, |x, y| {
                if dark[y / SCALE * size + x / SCALE] { 0 } else { 255 }
            });
        let grids = seen.detect_grids();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].decode().unwrap().1, text);
    }

    /// The three corners by which a camera finds the picture: a row of seven dark squares each.
    #[test]
    fn draws_the_corners_that_cameras_look_for() {
        let picture = draw("otpauth://totp/x").unwrap();
        assert_eq!(picture.size, 25 + 8);
        for corner in ["M4 4h7v1", "M22 4h7v1", "M4 22h7v1"] {
            assert!(picture.path.contains(corner), "{corner} in {}", picture.path);
        }
        assert!(draw(&"x".repeat(5_000)).is_err());
    }
}
