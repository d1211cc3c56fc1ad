//! The embedded font: the outlines of a text, how wide it is, how to shorten it.  No font of the
//! system is ever read, so a picture has the same bytes on every machine.

use std::sync::OnceLock;

use tiny_skia::{Path, PathBuilder};
use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};
use ttf_parser::{Face, GlyphId, OutlineBuilder, Tag};

use crate::drawing::Font;

const REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../fonts/Inter-SemiBold.otf");

/// The width of an average letter, in font sizes, where the font does not know the letter.
const UNKNOWN_LETTER: f64 = 0.62;

/// The embedded font; a test reads both, so there always is one.
fn face(bold: bool) -> Option<&'static Face<'static>> {
    static FACES: [OnceLock<Option<Face<'static>>>; 2] = [OnceLock::new(), OnceLock::new()];
    let load = || Face::parse(if bold { SEMIBOLD } else { REGULAR }, 0).ok();
    FACES[usize::from(bold)].get_or_init(load).as_ref()
}

/// A line of text that starts at the origin.
pub(crate) struct Line {
    /// Its outlines; `None` if nothing is seen.
    pub(crate) path: Option<Path>,
    /// How far it reaches, in pixels.
    pub(crate) width: f32,
}

/// Sets `text`: letter beside letter, kerned.  A letter that the font lacks is a box.
pub(crate) fn line(text: &str, font: Font) -> Line {
    let Some(face) = face(font.bold) else { return Line { path: None, width: 0.0 } };
    #[expect(clippy::cast_possible_truncation, reason = "a font size needs no more digits than f32 has")]
    let scale = font.size as f32 / f32::from(face.units_per_em());
    let mut pen = Pen { path: PathBuilder::new(), at: 0.0, scale };
    let mut last = None;
    for letter in text.chars().filter(|letter| !unseen(*letter)) {
        let Some(glyph) = face.glyph_index(letter) else {
            pen.add_box(font.size);
            last = None;
            continue;
        };
        if let Some(last) = last {
            pen.at += f32::from(kerning(face, last, glyph)) * scale;
        }
        face.outline_glyph(glyph, &mut pen);
        pen.at += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
        last = Some(glyph);
    }
    Line { path: pen.path.finish(), width: pen.at }
}

/// Whether a letter has no shape of its own: it joins or breaks others, or is an accent apart from
/// its letter, for which the font has no place.
fn unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
        || matches!(letter, '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// How much closer (negative) or farther a pair of letters stands, in units of the font: the pair
/// adjustments of its GPOS table.
fn kerning(face: &Face<'_>, first: GlyphId, second: GlyphId) -> i16 {
    let Some(gpos) = face.tables().gpos else { return 0 };
    let Some(feature) = gpos.features.find(Tag::from_bytes(b"kern")) else { return 0 };
    let lookups = feature.lookup_indices.into_iter().filter_map(|index| gpos.lookups.get(index));
    let of_pair = |subtable: PositioningSubtable<'_>| {
        let PositioningSubtable::Pair(pairs) = subtable else { return None };
        let place = pairs.coverage().get(first)?;
        let (adjusted, _) = match pairs {
            PairAdjustment::Format1 { sets, .. } => sets.get(place)?.get(second)?,
            PairAdjustment::Format2 { classes, matrix, .. } => {
                matrix.get((classes.0.get(first), classes.1.get(second)))?
            }
        };
        Some(adjusted.x_advance)
    };
    // In a lookup the first table that knows the pair decides.
    lookups.map(|lookup| lookup.subtables.into_iter().find_map(of_pair).unwrap_or(0)).sum()
}

/// Draws glyphs one after the other; a font's y points up.
struct Pen {
    path: PathBuilder,
    at: f32,
    scale: f32,
}

impl Pen {
    /// What stands for an unknown letter: a box as wide as an average letter and as high as a capital.
    #[expect(clippy::cast_possible_truncation, reason = "a font size needs no more digits than f32 has")]
    fn add_box(&mut self, size: f64) {
        let (width, size) = ((UNKNOWN_LETTER * size) as f32, size as f32);
        let edge = size / 16.0;
        // The inner border runs the other way round, so that the inside stays empty.
        for (inset, steps) in [(edge, [0, 1, 2, 3]), (2.0 * edge, [0, 3, 2, 1])] {
            let (left, right) = (self.at + inset, self.at + width - inset);
            let (top, bottom) = (inset - 0.75 * size, edge - inset);
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
            for (i, corner) in steps.into_iter().map(|step: usize| corners[step]).enumerate() {
                if i == 0 {
                    self.path.move_to(corner.0, corner.1)
                } else {
                    self.path.line_to(corner.0, corner.1)
                }
            }
            self.path.close();
        }
        self.at += width;
    }

    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        (self.at + self.scale * x, -self.scale * y)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

/// How wide `text` is at font size `size`; kerning, which makes it a hair narrower, is left out.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let advance = |letter| {
        let face = face(true)?;
        let width = face.glyph_hor_advance(face.glyph_index(letter)?)?;
        Some(f64::from(width) / f64::from(face.units_per_em()))
    };
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
    fn letters_are_set_side_by_side_and_kerned() {
        for bold in [false, true] {
            let font = Font { size: 20.0, bold, colour: crate::drawing::INK };
            let set = |text| line(text, font);
            let [whole, a, v] = ["AV", "A", "V"].map(set);
            assert!(a.width > 5.0 && v.width > 5.0, "the font cannot be read");
            // Inter moves this pair together by 0.05 to 0.1 of the font size.
            assert!((1.0..2.0).contains(&(a.width + v.width - whole.width)), "{}", whole.width);
            let bounds = whole.path.unwrap().bounds();
            assert!(bounds.left() >= 0.0 && bounds.right() <= whole.width && bounds.bottom() <= 0.0);
            assert!(set(" ").path.is_none() && set(" ").width > 3.0);
            // A box for what the font lacks, nothing for what has no shape.
            assert!(set("\u{6f22}").path.is_some() && set("\u{200b}\u{301}").width == 0.0);
        }
    }

    #[test]
    fn long_names_keep_their_beginning_and_end() {
        let short = shorten("a_very_long_class_name_that_ends_in_7", 13.0, 120.0);
        assert!(short.starts_with("a_very") && short.ends_with('7') && short.contains('…'), "{short}");
        assert!(width(&short, 13.0) <= 120.0);
        assert_eq!(shorten("ёлка", 13.0, 120.0), "ёлка");
        assert_eq!(shorten("a\nb", 13.0, 120.0), "a b");
    }
}
