//! What the values of a column mean: numbers, or words as they stand in a CSV file.

use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use ::parquet::schema::types::ColumnDescriptor;
use clearprop::table::DateForm;

/// What a column's values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Number,
    /// Whole numbers without a sign, of 32 or 64 bits.
    Unsigned(u32),
    /// Whole numbers of which so many digits stand behind the point.
    Decimal(u32),
    /// Numbers of two bytes.
    Half,
    Truth,
    Text,
    /// Days since 1970-01-01.
    Date,
    /// Time of the day, in so many parts of a second.
    Time(i64),
    /// Time since 1970-01-01, in so many parts of a second.
    Timestamp(i64),
    Uuid,
}

/// A value.
pub(super) enum Value<'v> {
    Number(f64),
    Whole(i128),
    /// Seconds since 1970.
    Seconds(f64),
    Word(&'v str),
    /// What was found instead of a value.
    Unreadable(String),
}

/// What a column means, or what it holds that is neither numbers nor words.
pub(super) fn of(column: &ColumnDescriptor) -> Result<Meaning, &'static str> {
    let converted = column.converted_type();
    if column.max_rep_level() > 0 {
        return Err("lists");
    }
    let decimal = |scale: i32| match u32::try_from(scale) {
        Ok(scale @ 0..=76) => Ok(Meaning::Decimal(scale)),
        _ => Err("decimals of an unknown scale"),
    };
    match (column.physical_type(), column.logical_type_ref(), converted) {
        (Type::BOOLEAN, ..) => Ok(Meaning::Truth),
        (Type::FLOAT | Type::DOUBLE, ..) => Ok(Meaning::Number),
        (Type::INT96, ..) => Ok(Meaning::Timestamp(1_000_000_000)),
        (_, Some(LogicalType::Decimal(decimals)), _) => decimal(decimals.scale),
        (_, None, ConvertedType::DECIMAL) => decimal(column.type_scale()),
        (Type::INT32, Some(LogicalType::Date), _) | (Type::INT32, None, ConvertedType::DATE) => {
            Ok(Meaning::Date)
        }
        (_, Some(LogicalType::Time(time)), _) => Ok(Meaning::Time(parts(&time.unit))),
        (_, None, ConvertedType::TIME_MILLIS) => Ok(Meaning::Time(1000)),
        (_, None, ConvertedType::TIME_MICROS) => Ok(Meaning::Time(1_000_000)),
        (_, Some(LogicalType::Timestamp(time)), _) => Ok(Meaning::Timestamp(parts(&time.unit))),
        (_, None, ConvertedType::TIMESTAMP_MILLIS) => Ok(Meaning::Timestamp(1000)),
        (_, None, ConvertedType::TIMESTAMP_MICROS) => Ok(Meaning::Timestamp(1_000_000)),
        (Type::INT32 | Type::INT64, Some(LogicalType::Integer(kind)), _) if !kind.is_signed => {
            Ok(Meaning::Unsigned(if column.physical_type() == Type::INT32 { 32 } else { 64 }))
        }
        (Type::INT32, None, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32) => {
            Ok(Meaning::Unsigned(32))
        }
        (Type::INT64, None, ConvertedType::UINT_64) => Ok(Meaning::Unsigned(64)),
        (Type::INT32 | Type::INT64, ..) => Ok(Meaning::Number),
        (Type::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16), _) => Ok(Meaning::Half),
        (_, Some(LogicalType::Uuid), _) => Ok(Meaning::Uuid),
        (Type::FIXED_LEN_BYTE_ARRAY, ..) => Err("bytes"),
        (Type::BYTE_ARRAY, Some(LogicalType::String | LogicalType::Enum | LogicalType::Json), _)
        | (
            Type::BYTE_ARRAY,
            None,
            ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON,
        ) => Ok(Meaning::Text),
        (Type::BYTE_ARRAY, ..) => Err("bytes"),
    }
}

fn parts(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

impl Meaning {
    /// Whether the values are numbers.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Half | Self::Unsigned(_) | Self::Decimal(_))
    }

    /// How its instants are written, if they are such.
    pub(super) fn date_form(self) -> Option<DateForm> {
        match self {
            Self::Date => Some(DateForm::new("%Y-%m-%d")),
            Self::Time(_) => Some(DateForm::new("%H:%M:%S%.f")),
            Self::Timestamp(_) => Some(DateForm::new("%Y-%m-%d %H:%M:%S%.f")),
            _ => None,
        }
    }

    pub(super) fn truth(self, value: bool) -> Value<'static> {
        Value::Word(if value { "true" } else { "false" })
    }

    /// A whole number, as what it means.
    #[expect(clippy::cast_precision_loss, reason = "the number that a CSV file's digits are read as")]
    pub(super) fn whole(self, value: i64, each: &mut impl FnMut(Option<Value<'_>>)) {
        match self {
            Self::Date => each(Some(Value::Seconds(value as f64 * 86_400.0))),
            Self::Time(parts) | Self::Timestamp(parts) => {
                each(Some(Value::Seconds(value as f64 / parts as f64)));
            }
            Self::Decimal(scale) => each(Some(decimal(value.into(), scale))),
            Self::Unsigned(32) => each(Some(Value::Number((value & 0xFFFF_FFFF) as f64))),
            Self::Unsigned(_) => each(Some(Value::Whole(value.cast_unsigned().into()))),
            _ => each(Some(Value::Whole(value.into()))),
        }
    }

    /// Bytes, as what they mean.
    pub(super) fn bytes(self, bytes: &[u8], each: &mut impl FnMut(Option<Value<'_>>)) {
        match self {
            Self::Decimal(scale) if (1..=16).contains(&bytes.len()) => {
                let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
                let value = bytes.iter().fold(sign, |value: i128, &byte| value << 8 | i128::from(byte));
                each(Some(decimal(value, scale)));
            }
            // Of 32 bytes the highest say the sign alone, unless the number is beyond 38 digits.
            Self::Decimal(scale) if bytes.len() > 16 => {
                let sign = if bytes[0] & 0x80 == 0 { 0.0 } else { -1.0 };
                let value = bytes.iter().fold(sign, |value: f64, &byte| value * 256.0 + f64::from(byte));
                let (high, low) = bytes.split_at(bytes.len() - 16);
                let fill = if bytes[0] & 0x80 == 0 { 0 } else { 0xFF };
                if high.iter().all(|&byte| byte == fill) && (low[0] & 0x80 == fill & 0x80) {
                    Self::Decimal(scale).bytes(low, each);
                } else {
                    each(Some(Value::Number(value / 10f64.powi(scale.cast_signed()))));
                }
            }
            Self::Decimal(_) => each(None),
            Self::Half => match bytes {
                &[low, high] => each(Some(Value::Number(half(u16::from_le_bytes([low, high]))))),
                _ => each(Some(Value::Unreadable(format!("found a float16 of {} bytes", bytes.len())))),
            },
            Self::Uuid => each(Some(Value::Word(&uuid(bytes)))),
            _ => match std::str::from_utf8(bytes) {
                Ok(word) => each(Some(Value::Word(word))),
                Err(error) => {
                    let found = format!("byte {} of the word is not UTF-8", error.valid_up_to() + 1);
                    each(Some(Value::Unreadable(found)));
                }
            },
        }
    }
}

/// The number nearest to `value / 10^scale`: read from its digits, as in a CSV file.
fn decimal(value: i128, scale: u32) -> Value<'static> {
    match format!("{value}e-{scale}").parse() {
        Ok(value) => Value::Number(value),
        Err(_) => Value::Unreadable("found no decimal".to_owned()),
    }
}

/// A half-precision number: 1 bit of sign, 5 of exponent, 10 of fraction (IEEE 754).
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

/// `c0ffee00-1234-..`: 16 bytes in groups of 4, 2, 2, 2, 6.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        let values = [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x3555, 0x8000].map(half);
        assert_eq!(values, [1.0, -2.0, 65_504.0, 2f64.powi(-24), 0.333_251_953_125, 0.0]);
        assert!(half(0x7C00).is_infinite() && half(0x7E00).is_nan());
    }
}
