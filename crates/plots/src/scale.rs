//! Scales: from values to a position between 0 and 1, and the ticks a person expects to read.

/// A linear or logarithmic scale over a finite range with `min < max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) log: bool,
}

/// A tick; a minor one has no label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: Option<String>,
}

/// The ticks of an axis, and the factor that their labels leave out, as in `×10⁻⁹`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) ticks: Vec<Tick>,
    pub(crate) factor: Option<String>,
}

impl Scale {
    /// Where `value` stands: 0 at `min`, 1 at `max`.
    pub(crate) fn position(&self, value: f64) -> f64 {
        if self.log {
            (value / self.min).ln() / (self.max / self.min).ln()
        } else {
            // Halves keep the difference of two huge numbers finite.
            (value / 2.0 - self.min / 2.0) / (self.max / 2.0 - self.min / 2.0)
        }
    }

    /// At most about `most` labelled ticks.
    pub(crate) fn ticks(&self, most: f64) -> Ticks {
        if self.log { self.log_ticks(most) } else { self.linear_ticks(most) }
    }

    fn linear_ticks(&self, most: f64) -> Ticks {
        let step = nice_step((self.max - self.min) / most);
        let largest = self.min.abs().max(self.max.abs());
        let exponent = if (1e-3..1e5).contains(&largest) { 0 } else { magnitude(largest) };
        let decimals = usize::try_from(exponent - magnitude(step)).unwrap_or(0);
        let (first, last) = ((self.min / step).ceil(), (self.max / step).floor());
        let mut ticks = Vec::new();
        let mut index = first;
        // A step below the spacing of floating point numbers would never end.
        while index <= last && index + 1.0 > index && ticks.len() < 100 {
            let label = format!("{:.decimals$}", index * step / 10_f64.powi(exponent));
            ticks.push(Tick { at: index * step, label: Some(minus(&label)) });
            index += 1.0;
        }
        Ticks { ticks, factor: (exponent != 0).then(|| format!("×{}", power(exponent))) }
    }

    fn log_ticks(&self, most: f64) -> Ticks {
        let decades: Vec<i32> = (magnitude(self.min)..=magnitude(self.max)).collect();
        let inside = |value: f64| (self.min..=self.max).contains(&value);
        let whole = decades.iter().filter(|&&decade| inside(10_f64.powi(decade))).count();
        let multiples: &[f64] = match whole {
            0 => &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
            1 | 2 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let every = (whole as f64 / most).ceil().max(1.0);
        let mut ticks = Vec::new();
        for (count, &decade) in decades.iter().enumerate() {
            for multiple in 1..=9 {
                let multiple = f64::from(multiple);
                let at = multiple * 10_f64.powi(decade);
                let labelled = multiples.contains(&multiple) && count as f64 % every == 0.0;
                if inside(at) && (labelled || every == 1.0) {
                    ticks.push(Tick { at, label: labelled.then(|| log_label(multiple, decade)) });
                }
            }
        }
        Ticks { ticks, factor: None }
    }
}

/// 1, 2 or 5 times a power of ten, at least `rough`.
pub(crate) fn nice_step(rough: f64) -> f64 {
    let power = 10_f64.powi(magnitude(rough));
    [1.0, 2.0, 5.0].iter().map(|m| m * power).find(|step| *step >= rough * 0.999_999).unwrap_or(10.0 * power)
}

/// The exponent of the power of ten at or below `value`.
fn magnitude(value: f64) -> i32 {
    // A hair above, since log10 of a power of ten may fall short of it.
    #[expect(clippy::cast_possible_truncation, reason = "between -324 and 308")]
    let exponent = (value.log10() + 1e-9).floor() as i32;
    exponent.clamp(-307, 308)
}

fn log_label(multiple: f64, decade: i32) -> String {
    match decade {
        0..=3 => format!("{}", multiple * 10_f64.powi(decade)),
        -3..=-1 => format!("{:.*}", decade.unsigned_abs() as usize, multiple * 10_f64.powi(decade)),
        _ if multiple == 1.0 => power(decade),
        _ => format!("{multiple}×{}", power(decade)),
    }
}

/// `10⁻⁹`: the font has raised digits, so a text needs no second line.
fn power(exponent: i32) -> String {
    let raise = |digit| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        other => char::from_u32(0x2070 + (u32::from(other) - u32::from('0'))).unwrap_or(other),
    };
    format!("10{}", exponent.to_string().chars().map(raise).collect::<String>())
}

/// A true minus sign, and no minus before zero.
fn minus(label: &str) -> String {
    match label.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(min: f64, max: f64, log: bool) -> (Vec<String>, Option<String>) {
        let ticks = Scale { min, max, log }.ticks(6.0);
        (ticks.ticks.into_iter().filter_map(|tick| tick.label).collect(), ticks.factor)
    }

    #[track_caller]
    fn check(min: f64, max: f64, log: bool, expected: &[&str], factor: Option<&str>) {
        let (found, found_factor) = labels(min, max, log);
        assert_eq!(found, expected);
        assert_eq!(found_factor.as_deref(), factor);
    }

    #[test]
    fn ticks_are_round_numbers() {
        check(-1.96, 1.98, false, &["−1", "0", "1"], None);
        check(0.0, 5000.0, false, &["0", "1000", "2000", "3000", "4000", "5000"], None);
        check(-2e-9, 2e-9, false, &["−2", "−1", "0", "1", "2"], Some("×10⁻⁹"));
        check(0.0, 1e9, false, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"], Some("×10⁹"));
        check(0.3, 11.0, true, &["0.5", "1", "2", "5", "10"], None);
        check(1e-6, 1.0, true, &["10⁻⁶", "10⁻⁴", "0.01", "1"], None);
    }

    #[test]
    fn extreme_ranges_end() {
        for (min, max) in [(1e9, 1e9 + 1e-7), (-1e300, 1e300), (1e-300, 2e-300), (1.0, 1.0 + 1e-15)] {
            let ticks = Scale { min, max, log: false }.ticks(6.0).ticks;
            assert!(ticks.len() <= 100, "{min} {max}");
        }
    }
}
