//! Colours and marker shapes of classes, colours of values.
//!
//! The notebook colours classes with Spectral.  Its even samples are hard to tell apart for people
//! with a colour vision deficiency, so the samples (and shades of them) here are those for which the
//! smallest colour difference is large under simulated protanopia, deuteranopia and tritanopia too;
//! and every class has its own marker shape, so that colour is never the only cue.

use std::fmt;

/// A colour, as sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) [u8; 3]);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([r, g, b]) = self;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Colour {
    const fn hex(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Self([r, g, b])
    }

    /// This colour laid over white with opacity `alpha`.
    pub(crate) fn over_white(self, alpha: f64) -> Self {
        self.mixed(Self([255; 3]), 1.0 - alpha)
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of two bytes")]
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        let (Self(a), Self(b)) = (self, other);
        Self([mix(a[0], b[0]), mix(a[1], b[1]), mix(a[2], b[2])])
    }
}

const FEW: [&[u32]; 9] = [
    &[],
    &[0x3288bd],
    &[0xd53e4f, 0x3288bd],
    &[0xc2294a, 0xfdc776, 0x4a68b0],
    &[0xa81e3f, 0xfdc776, 0x59b3ab, 0x4b3f82],
    &[0x842631, 0xe45649, 0xfee08b, 0x4ca5b1, 0x4b3f82],
    &[0x890d37, 0xe45649, 0xfee08b, 0x88d0a4, 0x3d848e, 0x5e4fa2],
    &[0x892e2f, 0xfdae61, 0x9e905e, 0xabdda4, 0x59b3ab, 0x2f666e, 0x4b3f82],
    &[0x890d37, 0xf67d4a, 0x9a5833, 0xfee08b, 0x9ad6a4, 0x376f6a, 0x4ca5b1, 0x4b3f82],
];

/// Colours of curves: blue and red from the ends of Spectral, then shades between.
pub(crate) const CURVES: [Colour; 5] = [
    Colour([0x32, 0x88, 0xbd]),
    Colour([0xd5, 0x3e, 0x4f]),
    Colour([0x5e, 0x4f, 0xa2]),
    Colour([0xe0, 0x8a, 0x2c]),
    Colour([0x4d, 0x9f, 0x70]),
];
/// Their dashes, so that colour is not the only cue.
pub(crate) const DASHES: [&[f64]; 5] = [&[], &[7.0, 3.0], &[2.0, 2.5], &[9.0, 3.0, 2.0, 3.0], &[1.0, 2.0]];

/// The colours of `k` classes.
pub(crate) fn class_colours(k: usize) -> Vec<Colour> {
    if let Some(colours) = FEW.get(k) {
        return colours.iter().map(|&rgb| Colour::hex(rgb)).collect();
    }
    // More than anyone tells apart by colour: even samples, every other one darkened.
    let black = Colour([0; 3]);
    (0..k)
        .map(|class| {
            let colorous::Color { r, g, b } = colorous::SPECTRAL.eval_rational(class, k);
            Colour([r, g, b]).mixed(black, if class % 2 == 0 { 0.35 } else { 0.0 })
        })
        .collect()
}

/// The colour of a value whose place in the range is `position`, 0 to 1.
pub(crate) fn value_colour(position: f64) -> Colour {
    let colorous::Color { r, g, b } = colorous::VIRIDIS.eval_continuous(position.clamp(0.0, 1.0));
    Colour([r, g, b])
}

/// How many marker shapes there are; class `c` has shape `c % SHAPES`.
pub(crate) const SHAPES: usize = 8;

/// The outline of a marker around its centre.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Marker {
    /// With its radius.
    Circle(f64),
    /// With its corners.
    Polygon(Vec<[f64; 2]>),
}

/// A class's marker.  All shapes have about the area of a circle with radius `r`.
pub(crate) fn marker(class: usize, r: f64) -> Marker {
    let star = |tips: usize, outer: f64, inner: f64| -> Vec<[f64; 2]> {
        (0..2 * tips).map(|i| corner(i, 2 * tips, if i % 2 == 0 { outer } else { inner })).collect()
    };
    let polygon = |corners: usize, radius: f64| (0..corners).map(|i| corner(i, corners, radius)).collect();
    let corners: Vec<[f64; 2]> = match class % SHAPES {
        0 => return Marker::Circle(r),
        1 => [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]].map(|c| c.map(|v| 0.89 * r * v)).to_vec(),
        2 => polygon(3, 1.45 * r),
        3 => polygon(4, 1.3 * r),
        4 => polygon(3, -1.45 * r),
        5 => star(5, 1.45 * r, 0.68 * r),
        6 => polygon(6, 1.12 * r),
        _ => {
            let (a, b) = (1.3 * r, 0.45 * r);
            vec![
                [-b, -a],
                [b, -a],
                [b, -b],
                [a, -b],
                [a, b],
                [b, b],
                [b, a],
                [-b, a],
                [-b, b],
                [-a, b],
                [-a, -b],
                [-b, -b],
            ]
        }
    };
    Marker::Polygon(corners)
}

/// Corner `i` of `n` on a circle, from the top clockwise.
fn corner(i: usize, n: usize, radius: f64) -> [f64; 2] {
    let angle = i as f64 / n as f64 * std::f64::consts::TAU;
    [radius * angle.sin(), -radius * angle.cos()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
    const VISIONS: [(&str, [[f64; 3]; 3]); 4] = [
        ("none", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
        ),
    ];

    fn times(matrix: [[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    /// CIE L*a*b* of a colour as seen.
    fn lab(colour: Colour, vision: [[f64; 3]; 3]) -> [f64; 3] {
        let linear = colour.0.map(|byte| {
            let c = f64::from(byte) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        let seen = times(vision, linear).map(|c| c.clamp(0.0, 1.0));
        let to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
        let xyz = times(to_xyz, seen);
        let f = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let [x, y, z] = [f(xyz[0] / 0.9505), f(xyz[1]), f(xyz[2] / 1.089)];
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn classes_are_told_apart_under_every_colour_vision() {
        // Even samples of Spectral fall to 4.5 at 6 classes and 3.6 at 8; 2.3 is a just noticeable difference.
        for (k, floor) in [(2, 45.0), (3, 43.0), (4, 35.0), (5, 26.0), (6, 26.0), (7, 23.0), (8, 22.0)] {
            let colours = class_colours(k);
            for (name, vision) in VISIONS {
                for (i, a) in colours.iter().enumerate() {
                    for b in &colours[i + 1..] {
                        let (p, q) = (lab(*a, vision), lab(*b, vision));
                        let difference = (0..3).map(|c| (p[c] - q[c]).powi(2)).sum::<f64>().sqrt();
                        assert!(
                            difference > floor,
                            "{k} classes, {name}: {a} and {b} differ by {difference:.1}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn many_classes_have_their_own_pair_of_colour_and_shape() {
        for k in [0, 1, 9, 20, 100] {
            let colours = class_colours(k);
            assert_eq!(colours.len(), k);
            let mut pairs: Vec<_> =
                colours.iter().enumerate().map(|(c, colour)| (colour.0, c % SHAPES)).collect();
            pairs.sort_unstable();
            pairs.dedup();
            assert_eq!(pairs.len(), k);
        }
    }
}
