//! What the values of a column mean: numbers, or words as they stand in a CSV file.

use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use ::parquet::schema::types::ColumnDescriptor;

/// What a column's values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Number,
    /// Whole numbers without a sign, of 32 or 64 bits.
    Unsigned(u32),
    /// Whole numbers of which so many digits stand behind the point.
    Decimal(u32),
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
        Ok(scale @ 0..=38) => Ok(Meaning::Decimal(scale)),
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
        matches!(self, Self::Number | Self::Unsigned(_) | Self::Decimal(_))
    }

    pub(super) fn truth(self, value: bool) -> Value<'static> {
        Value::Word(if value { "true" } else { "false" })
    }

    /// A whole number, as what it means.
    #[expect(clippy::cast_precision_loss, reason = "the number that a CSV file's digits are read as")]
    pub(super) fn whole(self, value: i64, each: &mut impl FnMut(Option<Value<'_>>)) {
        let mut word = |word: String| each(Some(Value::Word(&word)));
        match self {
            Self::Date => word(date(value)),
            Self::Time(parts) => word(time(value, parts)),
            Self::Timestamp(parts) => {
                let day = parts * 86_400;
                let (days, rest) = (value.div_euclid(day), value.rem_euclid(day));
                // Midnight is the day itself: so dates stand in a CSV file.
                word(if rest == 0 { date(days) } else { format!("{} {}", date(days), time(rest, parts)) });
            }
            Self::Decimal(scale) => each(Some(decimal(value.into(), scale))),
            Self::Unsigned(32) => each(Some(Value::Number((value & 0xFFFF_FFFF) as f64))),
            Self::Unsigned(_) => each(Some(Value::Number(value.cast_unsigned() as f64))),
            _ => each(Some(Value::Number(value as f64))),
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
            Self::Decimal(_) => {
                each(Some(Value::Unreadable(format!("found a decimal of {} bytes", bytes.len()))))
            }
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

/// `2024-05-31`.  Source: Howard Hinnant, *chrono-compatible low-level date algorithms*.
fn date(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March: February with its leap day is the last.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `12:30:00`, with the parts of a second that there are.
fn time(value: i64, parts: i64) -> String {
    let (seconds, rest) = (value.div_euclid(parts), value.rem_euclid(parts));
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 {
        return time;
    }
    let digits = parts.ilog10() as usize;
    let mut rest = format!("{rest:0digits$}");
    // Milliseconds if that is all there is, else microseconds, else nanoseconds.
    while let Some(shorter) = rest.strip_suffix("000") {
        rest.truncate(shorter.len());
    }
    format!("{time}.{rest}")
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
    fn days_and_times_are_written_as_people_do() {
        assert_eq!(
            [0, -1, 19_782, 19_783, 11_016, -719_162].map(date),
            ["1970-01-01", "1969-12-31", "2024-02-29", "2024-03-01", "2000-02-29", "0001-01-01"]
        );
        assert_eq!(time(45_000_250, 1000), "12:30:00.250");
        assert_eq!(time(45_000, 1), "12:30:00");
    }
}
