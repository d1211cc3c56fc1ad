//! The embedded font: how wide a text is, how to shorten one.  No font of the system is ever read,
//! so a picture has the same bytes on every machine.

use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb::Database;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

const REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../fonts/Inter-SemiBold.otf");

/// The width of an average letter, in font sizes, where the font does not know the letter.
const UNKNOWN_LETTER: f64 = 0.62;

/// The two fonts for the rasteriser, loaded once.
pub(crate) fn fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let mut fonts = Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(SEMIBOLD.to_vec());
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(load))
}

/// How wide `text` is at font size `size`; kerning, which makes it a hair narrower, is left out.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let Ok(font) = FontRef::new(SEMIBOLD) else {
        return text.chars().count() as f64 * size * UNKNOWN_LETTER;
    };
    let (letters, widths) = (font.charmap(), font.glyph_metrics(Size::new(1.0), LocationRef::default()));
    let advance = |letter| widths.advance_width(letters.map(letter)?).map(f64::from);
    text.chars().map(|letter| size * advance(letter).unwrap_or(UNKNOWN_LETTER)).sum()
}

/// `text` in at most `limit` pixels: if it is longer, its middle is left out, since names that
/// share a beginning often differ at the end.
pub(crate) fn shorten(text: &str, size: f64, limit: f64) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if width(&text, size) <= limit {
        return text;
    }
    // No name of more letters than this fits; so a name of a megabyte costs no more than a short one.
    let most = 200;
    let head: Vec<char> = text.chars().take(most).collect();
    let mut tail: Vec<char> = text.chars().rev().take(most).collect();
    tail.reverse();
    let fits = |kept: usize| {
        let (first, last) = (kept.div_ceil(2).min(head.len()), (kept / 2).min(tail.len()));
        let mut short: String = head[..first].iter().collect();
        short.push('…');
        short.extend(&tail[tail.len() - last..]);
        (width(&short, size) <= limit).then_some(short)
    };
    (1..most).rev().find_map(fits).unwrap_or_else(|| "…".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_beginning_and_end() {
        let short = shorten("a_very_long_class_name_that_ends_in_7", 13.0, 120.0);
        assert!(short.starts_with("a_very") && short.ends_with('7') && short.contains('…'), "{short}");
        assert!(width(&short, 13.0) <= 120.0);
        assert_eq!(shorten("ёлка", 13.0, 120.0), "ёлка");
        assert_eq!(shorten("a\nb", 13.0, 120.0), "a b");
    }
}
