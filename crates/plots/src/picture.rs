//! A finished picture: a drawing as SVG text, and as a PNG on demand.

use clearprop::error::{Error, ErrorKind, Result};
use tiny_skia::Pixmap;

use crate::drawing::Drawing;
use crate::{raster, svg};

/// The longest side of a PNG, in pixels; beyond it memory, not the picture, would be the matter.
const LONGEST_SIDE: f64 = 20_000.0;

/// A finished picture.  The same input makes the same bytes, on every machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    drawing: Drawing,
    svg: String,
    width: f64,
    height: f64,
}

impl Picture {
    /// `name` is what a screen reader says.
    pub(crate) fn new(drawing: Drawing, name: &str, width: f64, height: f64) -> Self {
        let (width, height) = (width.ceil(), height.ceil());
        let svg = svg::document(&drawing, name, width, height);
        Self { drawing, svg, width, height }
    }

    /// The drawing as an SVG document.
    #[must_use]
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Width in CSS pixels.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Height in CSS pixels.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The drawing as a PNG file of `scale * width` by `scale * height` pixels; 2 is sharp on any
    /// screen and in print.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Setting`] if `scale` is not positive, or so large that a side has more than
    /// 20,000 pixels, or so small that none are left.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>> {
        let sides = [self.width * scale, self.height * scale].map(f64::round);
        if !sides.iter().all(|side| (1.0..=LONGEST_SIDE).contains(side)) {
            return Err(Error::new(ErrorKind::Setting, format!("a picture cannot be scaled by {scale}"))
                .name("scale")
                .hint("choose a number near 2"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: 1 to 20,000")]
        let [width, height] = sides.map(|side| side as u32);
        let mut canvas = Pixmap::new(width, height).ok_or_else(|| failed("no memory"))?;
        raster::paint(&self.drawing, &mut canvas, scale);
        encode(&canvas)
    }
}

/// The canvas is opaque, so that premultiplied colours are the colours, and alpha is left out.
fn encode(canvas: &Pixmap) -> Result<Vec<u8>> {
    let rgb: Vec<u8> =
        canvas.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, canvas.width(), canvas.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // The fast setting costs a few milliseconds; a smaller file would cost a hundred.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::File, format!("the picture could not be rasterised: {why}")).hint("write it as SVG")
}
