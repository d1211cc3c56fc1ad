//! Numbers that the network's precision cannot hold: told with the precision that can.

use super::numbers::short;
use crate::error::{Error, ErrorKind, Result};
use crate::real::Real;

/// An error if a finite number is infinite at the precision of the network.
pub(super) fn holds<R: Real>(value: f64) -> Result<()> {
    if !value.is_finite() || R::of(value).is_finite() {
        return Ok(());
    }
    let found = format!("found {}, too large for {}", short(value), R::NAME);
    Err(Error::new(ErrorKind::Data, found).hint("give `precision=f64`"))
}

/// An error if answers about `mean` that differ by `scale` are nearly one number at the precision of the network, in
/// which its predictions are told.
pub(super) fn tells_apart<R: Real>(mean: f64, scale: f64) -> Result<()> {
    holds::<R>(mean)?;
    holds::<R>(scale)?;
    if R::of(mean + scale / 16.0) != R::of(mean) {
        return Ok(());
    }
    let found = format!(
        "the answers lie {} about {}, which {} cannot tell apart",
        short(scale),
        short(mean),
        R::NAME
    );
    let hint = match R::NAME {
        "f32" => "give `precision=f64`, or subtract what they have in common",
        _ => "subtract what they have in common",
    };
    Err(Error::new(ErrorKind::Data, found).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_ends_at_3e38_and_double_does_not() {
        let said = |result: Result<()>| result.unwrap_err().to_string();
        assert_eq!(said(holds::<f32>(1e300)), "found 1e300, too large for f32; give `precision=f64`");
        assert!(holds::<f32>(3.4e38).is_ok() && holds::<f64>(1e300).is_ok());
    }

    #[test]
    fn answers_that_differ_by_less_than_a_rounding_are_told() {
        let said = |result: Result<()>| result.unwrap_err().to_string();
        let error = tells_apart::<f32>(1e9, 30.0).unwrap_err().to_string();
        assert_eq!(
            error,
            "the answers lie 30 about 1000000000, which f32 cannot tell apart; give `precision=f64`, or subtract what they have in common"
        );
        assert!(tells_apart::<f32>(1e9, 1e4).is_ok() && tells_apart::<f64>(1e9, 30.0).is_ok());
        assert!(tells_apart::<f64>(1e18, 30.0).is_err());
        assert_eq!(
            said(tells_apart::<f32>(5.0, 1e300)),
            "found 1e300, too large for f32; give `precision=f64`"
        );
    }
}
