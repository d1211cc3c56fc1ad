//! Numbers far from the training rows: one cell that is wrong by a factor of a million must not decide what a column
//! is worth, nor what a network says of its row.
//!
//! ```text
//! room = (high - low) / 4      low, high: the training rows' least and greatest value, those far from all others left out
//! edge = x within low - room .. high + room
//! x <- edge + t / sqrt(1 + (t/room)^2)      t = x - edge: nothing changes near the training rows
//! ```

/// A value so many times as far from the median as half of the others are is far from all others.
const FAR: f64 = 100.0;

/// The value that comes near to half a width beyond the range, wherever it was; within a quarter it is itself.
pub(super) fn limited((low, high): (f64, f64), value: f64) -> f64 {
    let room = high / 4.0 - low / 4.0;
    let edge = value.clamp(low - room, high + room);
    if value == edge {
        return value;
    }
    // Doubles end before the squares of the farthest.
    let t = ((value - edge) / room).clamp(-1e150, 1e150);
    edge + room * t / 1f64.hypot(t)
}

/// What half of the values of a column lie within, where a few are far from all others.
pub(super) struct Far {
    pub(super) median: f64,
    /// Half of the values are as near to the median.
    pub(super) spread: f64,
    /// How many are far.
    pub(super) count: usize,
}

impl Far {
    /// `None` where no value is far, or so many that they belong there.  The values are in another order after.
    pub(super) fn of(values: &mut [f64]) -> Option<Self> {
        if values.len() < 20 {
            return None;
        }
        let half = values.len() / 2;
        let median = *values.select_nth_unstable_by(half, f64::total_cmp).1;
        let mut away: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
        let spread = *away.select_nth_unstable_by(half, f64::total_cmp).1;
        let count = away.iter().filter(|&&away| away > FAR * spread).count();
        let few = count > 0 && count <= 1 + values.len() / 1000;
        (spread > 0.0 && few).then_some(Self { median, spread, count })
    }

    pub(super) fn is(&self, value: f64) -> bool {
        (value - self.median).abs() > FAR * self.spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_values_stay_and_far_ones_end_half_a_width_beyond() {
        let limited = |value| limited((0.0, 8.0), value);
        for value in [-2.0, 0.0, 0.1, 3.0, 8.0, 10.0] {
            assert_eq!(limited(value), value);
        }
        // 2 beyond the edge, with as much room: 10 + 2/sqrt(2).
        assert!((limited(12.0) - (10.0 + 2f64.sqrt())).abs() < 1e-15);
        assert!((limited(-4.0) - (-2.0 - 2f64.sqrt())).abs() < 1e-15);
        for far in [1e7, 1e308, f64::MAX] {
            assert!((limited(far) - 12.0).abs() < 1e-9 && (limited(-far) + 4.0).abs() < 1e-9);
        }
        assert!(limited(10.5) > 10.0 && limited(10.5) < limited(10.6));
    }

    #[test]
    fn the_widest_and_the_narrowest_range_give_numbers() {
        for (low, high) in [(-f64::MAX, f64::MAX), (0.0, f64::from_bits(1)), (1.0, 1.0 + f64::EPSILON)] {
            for value in [-f64::MAX, -1.0, 0.0, 1.0, f64::MAX] {
                assert!(limited((low, high), value).is_finite(), "{low} {high} {value}");
            }
        }
    }

    #[test]
    fn few_values_are_far_and_many_belong_there() {
        let plain = |n: u32| (0..n).map(f64::from);
        assert!(Far::of(&mut plain(40).collect::<Vec<_>>()).is_none());
        let mut one: Vec<f64> = plain(40).chain([1e6]).collect();
        let far = Far::of(&mut one).unwrap();
        assert_eq!((far.count, far.is(1e6), far.is(40.0)), (1, true, false));
        assert!(Far::of(&mut plain(40).chain([1e6, -1e6, 2e6]).collect::<Vec<_>>()).is_none());
        assert!(Far::of(&mut vec![1.0; 40]).is_none());
    }
}
