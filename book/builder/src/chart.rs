//! Line charts and maps of a plane as SVG.  Colours come from the page's style, so that they follow its theme.

use std::fmt::Write;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 42.0;

/// One axis: its label, its ends, and whether equal distances are equal factors.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    label: &'static str,
    from: f64,
    to: f64,
    log: bool,
}

impl Axis {
    /// Equal distances are equal differences.
    pub(crate) fn linear(label: &'static str, from: f64, to: f64) -> Self {
        Self { label, from, to, log: false }
    }

    /// Equal distances are equal factors.
    pub(crate) fn log(label: &'static str, from: f64, to: f64) -> Self {
        Self { label, from, to, log: true }
    }

    /// Where a value lies, 0 at the beginning of the axis and 1 at its end.
    fn share(&self, value: f64) -> f64 {
        let place = |v: f64| if self.log { v.max(f64::MIN_POSITIVE).log10() } else { v };
        (place(value) - place(self.from)) / (place(self.to) - place(self.from))
    }

    /// Round values for about five ticks.
    fn ticks(&self) -> Vec<f64> {
        if self.log {
            let (first, last) = (self.from.log10().ceil(), self.to.log10().floor());
            let every = ((last - first) / 5.0).ceil().max(1.0);
            return steps(first, last, every).map(|power| 10f64.powf(power)).collect();
        }
        let rough = (self.to - self.from) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough * 0.99);
        let step = step.unwrap_or(10.0 * power);
        steps((self.from / step).ceil() * step, self.to, step).collect()
    }

    fn tick_text(&self, value: f64) -> String {
        if self.log {
            let power = value.log10().round();
            if (-2.0..=3.0).contains(&power) {
                return format!("{value}");
            }
            let raised: String = format!("{power}").chars().map(superscript).collect();
            return format!("10{raised}");
        }
        // 0.30000000000000004 is 0.3
        let text = format!("{:.6}", value);
        text.trim_end_matches('0').trim_end_matches('.').replace('-', "\u{2212}")
    }
}

fn steps(first: f64, last: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..1000).map(move |i| first + f64::from(i) * step).take_while(move |v| *v <= last + 1e-9 * step)
}

fn superscript(c: char) -> char {
    match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' => '⁰',
        digit => char::from_u32(u32::from(digit) - u32::from('4') + u32::from('⁴')).unwrap_or(digit),
    }
}

/// A named line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its name in the legend.
    pub(crate) name: &'static str,
    /// Its points; what is not finite is a gap.
    pub(crate) points: Vec<(f64, f64)>,
}

/// A chart of up to three lines.
pub(crate) fn lines(alt: &str, x: &Axis, y: &Axis, lines: &[Line]) -> String {
    let at_x = |v: f64| LEFT + x.share(v) * (WIDTH - LEFT - RIGHT);
    let at_y = |v: f64| HEIGHT - BOTTOM - y.share(v) * (HEIGHT - TOP - BOTTOM);
    let mut svg =
        format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{alt}\">");
    for tick in y.ticks() {
        let (at, text) = (at_y(tick), y.tick_text(tick));
        let _ = write!(svg, "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/>", WIDTH - RIGHT);
        let _ = write!(svg, "<text x=\"{}\" y=\"{:.1}\" class=\"end\">{text}</text>", LEFT - 6.0, at + 4.0);
    }
    for tick in x.ticks() {
        let (at, text) = (at_x(tick), x.tick_text(tick));
        let _ = write!(svg, "<path class=\"grid\" d=\"M{at:.1} {TOP}V{:.1}\"/>", HEIGHT - BOTTOM);
        let _ = write!(
            svg,
            "<text x=\"{at:.1}\" y=\"{}\" class=\"middle\">{text}</text>",
            HEIGHT - BOTTOM + 16.0
        );
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let _ = write!(svg, "<text x=\"{middle}\" y=\"{}\" class=\"middle\">{}</text>", HEIGHT - 6.0, x.label);
    let mut legend = LEFT;
    if !y.label.is_empty() {
        let _ = write!(svg, "<text x=\"4\" y=\"14\">{}</text>", y.label);
        legend = (8.0 * y.label.chars().count() as f64 + 20.0).max(LEFT);
    }
    for (number, line) in lines.iter().enumerate() {
        let mut path = String::new();
        let mut pen = 'M';
        for &(px, py) in &line.points {
            let inside = (-1e-9..=1.0 + 1e-9).contains(&x.share(px)) && px.is_finite() && py.is_finite();
            if !inside {
                pen = 'M';
                continue;
            }
            let py = at_y(py).clamp(TOP, HEIGHT - BOTTOM);
            let _ = write!(path, "{pen}{:.1} {py:.1}", at_x(px));
            pen = 'L';
        }
        let _ = write!(svg, "<path class=\"line s{number}\" d=\"{path}\"/>");
        let _ = write!(svg, "<path class=\"line s{number}\" d=\"M{legend} 10h18\"/>");
        let _ = write!(svg, "<text x=\"{}\" y=\"14\">{}</text>", legend + 23.0, line.name);
        legend += 38.0 + 7.2 * line.name.chars().count() as f64;
    }
    svg.push_str("</svg>");
    svg
}

/// The classes of a square grid of cells over a plane from -1.1 to 1.1, and the points (x, y, class) on it.
pub(crate) fn plane(alt: &str, side: usize, classes: &[u32], points: &[(f64, f64, u32)]) -> String {
    const REACH: f64 = 1.1;
    let size = 200.0;
    let cell = size / side as f64;
    let mut svg =
        format!("<svg class=\"plane\" viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"{alt}\">");
    for class in 0..3 {
        let mut path = String::new();
        for (i, row) in classes.chunks(side).enumerate() {
            let mut j = 0;
            while j < side {
                let run = row[j..].iter().take_while(|c| **c == class).count();
                if run > 0 {
                    let (x, y, w) = (j as f64 * cell, i as f64 * cell, run as f64 * cell);
                    let _ = write!(path, "M{x:.2} {y:.2}h{w:.2}v{cell:.2}h-{w:.2}z");
                }
                j += run.max(1);
            }
        }
        let _ = write!(svg, "<path class=\"c{class}\" d=\"{path}\"/>");
    }
    for &(x, y, class) in points {
        let at = |v: f64| (v + REACH) / (2.0 * REACH) * size;
        let _ =
            write!(svg, "<circle class=\"p{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.6\"/>", at(x), at(-y));
    }
    svg.push_str("</svg>");
    svg
}

/// The middles of the cells that [`plane`] draws, row by row from the top.
pub(crate) fn cells(side: usize) -> Vec<[f64; 2]> {
    let at = |i: usize| -1.1 + 2.2 * (i as f64 + 0.5) / side as f64;
    (0..side).flat_map(|i| (0..side).map(move |j| [at(j), -at(i)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(Axis::linear("", 0.0, 1.0).ticks().len(), 6);
        assert_eq!(Axis::linear("", 0.0, 5000.0).ticks(), [0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0]);
        let log = Axis::log("", 1e-16, 1e4);
        assert!(log.ticks().iter().all(|t| (1e-16..=1e4).contains(t)));
        assert_eq!(log.tick_text(1e-12), "10⁻¹²");
        assert_eq!(log.tick_text(1e4), "10⁴");
        assert_eq!(Axis::linear("", 0.0, 1.0).tick_text(0.1 + 0.2), "0.3");
    }

    #[test]
    fn a_line_has_a_gap_where_a_value_is_missing() {
        let points = vec![(0.0, 0.0), (0.5, f64::NAN), (1.0, 1.0)];
        let axis = Axis::linear("", 0.0, 1.0);
        let svg = lines("", &axis, &axis, &[Line { name: "a", points }]);
        let path =
            svg.split("class=\"line s0\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(path.matches('M').count(), 2, "{path}");
    }
}
