//! What a file says is an encoder only if its numbers fit each other: nothing past this door looks again.

use super::{Answers, Coding, Encoder, Input};
use crate::error::{Error, ErrorKind, Result};

impl Encoder {
    /// Checks what was learnt in another run, and read from a file since.
    ///
    /// # Errors
    /// A mean or a median that is no number, a scale of 0, a range that ends before it begins, categories out of
    /// order, another number of means or of robust scales than there are columns.
    pub fn check(&self) -> Result<()> {
        for Input { column, coding } in &self.inputs {
            coding.check().map_err(|found| wrong(found).column(column))?;
        }
        if let Some(robust) = &self.robust {
            let (width, all) = (self.width(), robust.medians.iter().chain(&robust.factors));
            let sizes = [robust.medians.len(), robust.factors.len()];
            if sizes != [width; 2] || !all.clone().all(|value| value.is_finite()) {
                return Err(wrong("its robust scales are not those of its inputs"));
            }
        }
        match &self.answers {
            Answers::Numbers { columns, means, scales, .. } => {
                let sizes = [means.len(), scales.len()] == [columns.len(); 2];
                let numbers = means.iter().zip(scales).all(|(&mean, &scale)| is_scale(mean, scale));
                if sizes && numbers {
                    Ok(())
                } else {
                    Err(wrong("its means and scales are not those of its answers"))
                }
            }
            Answers::Classes { .. } | Answers::Labels { .. } => Ok(()),
        }
    }
}

impl Coding {
    fn check(&self) -> std::result::Result<(), &'static str> {
        match self {
            Self::Number { median, mean, scale, range, .. } => match range {
                _ if !median.is_finite() || !is_scale(*mean, *scale) => {
                    Err("its median, mean or scale is none")
                }
                Some((low, high)) if !(low.is_finite() && high.is_finite() && low <= high) => {
                    Err("its range ends before it begins")
                }
                _ => Ok(()),
            },
            Self::Words { categories, .. } => match categories.is_sorted_by(|a, b| a < b) {
                true => Ok(()),
                false => Err("its categories are not in alphabetical order"),
            },
            Self::Date { median, parts, .. } => {
                match median.is_finite() && parts.iter().all(|part| is_scale(part.mean, part.scale)) {
                    true => Ok(()),
                    false => Err("its median, mean or scale is none"),
                }
            }
        }
    }
}

fn is_scale(mean: f64, scale: f64) -> bool {
    mean.is_finite() && scale.is_finite() && scale > 0.0
}

fn wrong(found: &str) -> Error {
    Error::new(ErrorKind::File, format!("the columns of the model cannot be read: {found}"))
        .hint("train it anew")
}
