//! Dates and times: which form a column's texts have, and the instants that they name.
//!
//! Calendar and patterns are the crate `chrono`'s (light, well kept, and builds for wasm32).

use super::months::in_english;
use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use serde::{Deserialize, Serialize};

/// How the dates of a column are written: a pattern of `strftime` (`%d.%m.%Y %H:%M`), or a count since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateForm(String);

/// Seconds since 1970.
pub(super) const UNIX: &str = "%s";
/// Durations like `36:15:00` and `1 days 12:15:00`: numbers, in seconds.
pub(super) const DURATION: &str = "h:mm:ss";

/// Dates and times as seconds since 1970-01-01 (of the day, for times without a date); NaN is missing.
#[derive(Clone, Debug)]
pub struct Dates {
    pub(super) seconds: Vec<f64>,
    pub(super) form: DateForm,
}

impl PartialEq for Dates {
    fn eq(&self, other: &Self) -> bool {
        let bits = |dates: &Self| dates.seconds.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        bits(self) == bits(other)
    }
}

/// Reads texts of one form.
pub(super) struct DateReader {
    form: DateForm,
    items: Vec<Item<'static>>,
}

const DAYS: [&str; 28] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d. %m. %Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%d. %B %Y",
    "%d. %b %y",
    "%b %d %Y",
    "%B %d %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%a, %d %b %Y",
    "%A, %B %d, %Y",
    "%Y-%b-%d",
    "%d%b%Y",
];
const MONTHS: [&str; 10] =
    ["%Y-%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%YM%m", "%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y"];
const TIMES: [&str; 6] = ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I %p", "%I:%M%p"];
const ZONES: [&str; 5] = ["", "%:z", " %:z", " %z", "Z"];

/// The patterns that name the day before the month, and those that differ from them in that alone.
const ORDERS: [(&str, &str); 4] =
    [("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"), ("%d/%m/%y", "%m/%d/%y"), ("%d-%m-%y", "%m-%d-%y")];

impl DateForm {
    /// By its pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }

    /// The pattern.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.0
    }

    /// The same with day and month exchanged, if that is a form too.
    pub(super) fn other_order(&self) -> Option<Self> {
        ORDERS.iter().find_map(|(day, month)| {
            let swap = |from: &str, to: &str| self.0.starts_with(from).then(|| self.0.replacen(from, to, 1));
            swap(day, month).or_else(|| swap(month, day)).map(Self)
        })
    }

    /// Whether the day stands before the month, where that is a question.
    pub(super) fn day_first(&self) -> Option<bool> {
        self.other_order().map(|_| self.0.starts_with("%d"))
    }

    /// Whether it names a day, or only a time.
    pub(super) fn has_day(&self) -> bool {
        self.0 == UNIX || ["%Y", "%y", "%b"].iter().any(|sign| self.0.contains(sign))
    }

    /// Whether the month is a word.
    fn names_month(&self) -> bool {
        self.0.contains("%b") || self.0.contains("%B")
    }

    /// The forms that a text may have.
    pub(super) fn of(text: &str) -> Vec<Self> {
        if text.len() > 40 || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Vec::new();
        }
        let found = Self::of_english(text);
        match in_english(text) {
            Some(text) if found.is_empty() => Self::of_english(&text),
            _ => found,
        }
    }

    fn of_english(text: &str) -> Vec<Self> {
        let mut found = Vec::new();
        for pattern in TIMES {
            let form = Self::new(pattern);
            if DateReader::new(&form).is_some_and(|reader| reader.read(text).is_some()) {
                found.push(form);
            }
        }
        if found.is_empty() && duration(text).is_some() {
            found.push(Self::new(DURATION));
        }
        for day in DAYS.iter().chain(&MONTHS) {
            let Some(rest) = rest(text, day) else { continue };
            let between = if rest.is_empty() {
                ""
            } else {
                let sign = ["T", ", ", " "].into_iter().find(|sign| rest.starts_with(sign));
                let Some(sign) = sign else { continue };
                sign
            };
            let mut forms: Vec<String> = Vec::new();
            if rest.is_empty() {
                forms.push((*day).to_owned());
            } else {
                for time in TIMES {
                    forms.extend(ZONES.iter().map(|zone| format!("{day}{between}{time}{zone}")));
                }
            }
            let fits = |form: &String| {
                DateReader::new(&Self::new(form)).is_some_and(|reader| reader.read(text).is_some())
            };
            found.extend(forms.into_iter().find(fits).map(Self));
        }
        found
    }
}

/// What follows the day, if the text begins with one of this pattern.
fn rest<'t>(text: &'t str, pattern: &str) -> Option<&'t str> {
    if MONTHS.contains(&pattern) {
        let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
        return parse(&mut Parsed::new(), text, items.iter()).is_ok().then_some("");
    }
    NaiveDate::parse_and_remainder(text, pattern).ok().map(|(_, rest)| rest)
}

/// Hours (also beyond a day), minutes and perhaps seconds, with days before them as pandas and Python write them.
pub(super) fn duration(text: &str) -> Option<f64> {
    let (days, clock) = match text.split_once("day") {
        Some((days, rest)) => {
            let clock = rest.trim_start_matches(['s', ',', ' ', '+']);
            (days.trim().parse().ok()?, clock)
        }
        None => (0.0, text),
    };
    let (negative, clock) = match clock.strip_prefix('-') {
        Some(clock) => (true, clock),
        None => (false, clock),
    };
    let mut parts = clock.split(':');
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let hours: f64 = parts.next().filter(digits)?.parse().ok()?;
    let sixty = |part: &str| part.parse::<f64>().ok().filter(|v| (0.0..60.0).contains(v) && part.len() >= 2);
    let minutes = sixty(parts.next()?)?;
    let seconds = parts.next().map_or(Some(0.0), sixty)?;
    let clock = hours * 3600.0 + minutes * 60.0 + seconds;
    parts.next().is_none().then_some(days * 86_400.0 + if negative { -clock } else { clock })
}

impl DateReader {
    /// `None` if the pattern is none.
    pub(super) fn new(form: &DateForm) -> Option<Self> {
        let items = match form.0.as_str() {
            UNIX => Vec::new(),
            pattern => StrftimeItems::new(pattern).parse_to_owned().ok()?,
        };
        Some(Self { form: form.clone(), items })
    }

    pub(super) fn form(&self) -> &DateForm {
        &self.form
    }

    /// The seconds that a text names.
    pub(super) fn read(&self, text: &str) -> Option<f64> {
        if self.form.0 == DURATION {
            return duration(text);
        }
        if self.form.0 == UNIX {
            return text.parse::<f64>().ok().map(|value| value * unit(value));
        }
        let mut parsed = Parsed::new();
        if parse(&mut parsed, text, self.items.iter()).is_err() {
            let text = Some(text).filter(|_| self.form.names_month()).and_then(in_english)?;
            parsed = Parsed::new();
            parse(&mut parsed, &text, self.items.iter()).ok()?;
        }
        if let (Some(quarter), None) = (parsed.quarter(), parsed.month()) {
            parsed.set_month(i64::from(3 * quarter - 2)).ok()?;
        }
        if parsed.month().is_some() && parsed.day().is_none() {
            parsed.set_day(1).ok()?;
        }
        let time = match parsed.to_naive_time() {
            Ok(time) => time,
            Err(_) if parsed.hour_mod_12().is_some() => {
                parsed.set_minute(0).ok()?;
                parsed.to_naive_time().ok()?
            }
            Err(_) => NaiveTime::MIN,
        };
        let of_day = f64::from(time.num_seconds_from_midnight()) + f64::from(time.nanosecond()) / 1e9;
        if !self.form.has_day() {
            return Some(of_day);
        }
        let date = parsed.to_naive_date().ok()?;
        // A year of two digits that is read as one of four.
        (1000..=2999).contains(&date.year()).then(|| days(date) as f64 * 86_400.0 + of_day)
    }
}

/// The unit of a count since 1970, in seconds: by its size, as counts of this century have it.
pub(super) fn unit(value: f64) -> f64 {
    match value.abs() {
        size if size < 1e11 => 1.0,
        size if size < 1e14 => 1e-3,
        size if size < 1e17 => 1e-6,
        _ => 1e-9,
    }
}

fn days(date: NaiveDate) -> i64 {
    NaiveDateTime::from(date).and_utc().timestamp().div_euclid(86_400)
}

/// What a date or time says to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatePart {
    /// Days since 1970-01-01, with their fraction.
    Days,
    /// The year.
    Year,
    /// The month of the year: sine and cosine.
    Month,
    /// The day of the month: sine and cosine.
    Day,
    /// The day of the week: sine and cosine.
    Weekday,
    /// The time of the day: sine and cosine.
    Hour,
}

impl DatePart {
    pub(super) const ALL: [Self; 6] =
        [Self::Days, Self::Year, Self::Month, Self::Day, Self::Weekday, Self::Hour];

    /// What it is called behind the column's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Weekday => "weekday",
            Self::Hour => "hour",
        }
    }

    /// Whether it comes round again: then it is two inputs.
    #[must_use]
    pub fn is_cyclic(self) -> bool {
        !matches!(self, Self::Days | Self::Year)
    }

    /// Its value; of a cyclic part the share of its round, from 0 to 1.
    #[must_use]
    pub fn value(self, seconds: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let whole = seconds.floor() as i64;
        let time = DateTime::from_timestamp(whole, 0).unwrap_or_default();
        match self {
            Self::Days => seconds / 86_400.0,
            Self::Year => f64::from(time.year()),
            Self::Month => f64::from(time.month0()) / 12.0,
            Self::Day => f64::from(time.day0()) / 31.0,
            Self::Weekday => f64::from(time.weekday().num_days_from_monday()) / 7.0,
            Self::Hour => seconds.rem_euclid(86_400.0) / 86_400.0,
        }
    }
}

impl Dates {
    /// Whether the days go up, or down, from row to row, nearly all of them different.
    pub(crate) fn goes_on(&self) -> bool {
        let steps = || self.seconds.windows(2).map(|two| two[1] - two[0]);
        let different = steps().filter(|step| *step != 0.0).count();
        self.form.has_day()
            && different * 10 > self.seconds.len() * 9
            && (steps().all(|step| step >= 0.0) || steps().all(|step| step <= 0.0))
    }

    /// Dates and times of one form, as seconds since 1970; NaN is missing.
    #[must_use]
    pub fn new(seconds: Vec<f64>, form: DateForm) -> Self {
        Self { seconds, form }
    }

    /// n, the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seconds.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seconds.is_empty()
    }

    /// Seconds since 1970, NaN if missing.
    #[must_use]
    pub fn get(&self, row: usize) -> f64 {
        self.seconds[row]
    }

    /// How they are written.
    #[must_use]
    pub fn form(&self) -> &DateForm {
        &self.form
    }

    /// The date as its form writes it.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        let seconds = self.seconds[row];
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let (whole, part) = (seconds.floor() as i64, (seconds.rem_euclid(1.0) * 1e6).round() as u32);
        match DateTime::from_timestamp(whole, part.min(999_999) * 1000) {
            _ if seconds.is_nan() => String::new(),
            Some(time) if DateReader::new(&self.form).is_some_and(|reader| !reader.items.is_empty()) => {
                time.format(&self.form.0).to_string()
            }
            _ => seconds.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Vec<(String, f64)> {
        let read = |form: DateForm| {
            let seconds = DateReader::new(&form).unwrap().read(text).unwrap();
            (form.0, seconds)
        };
        DateForm::of(text).into_iter().map(read).collect()
    }

    #[test]
    fn forms_of_dates() {
        let day = 1_583_020_800.0; // 2020-03-01
        for text in [
            "2020-03-01",
            "2020/03/01",
            "2020.03.01",
            "01.03.2020",
            "1.3.2020",
            "01-Mar-20",
            "01-Mar-2020",
            "1 Mar 2020",
            "March 1 2020",
            "March 1, 2020",
            "Mar 1 2020",
            "1 March 2020",
            "1. March 2020",
            "Sun, 01 Mar 2020",
            "01.03.20",
            "2020-Mar-01",
            "01MAR2020",
            "2020-03",
            "Mar 2020",
            "March 2020",
            "2020M03",
        ] {
            let found = seconds(text);
            assert!(!found.is_empty() && found.iter().all(|(_, s)| *s == day), "{text}: {found:?}");
        }
        for text in ["2020Q1", "2020-Q1", "2020 Q1", "Q1 2020"] {
            assert_eq!(seconds(text).first().map(|(_, s)| *s), Some(day - 60.0 * 86_400.0), "{text}");
        }
        // Two readings.
        let found = seconds("03/01/2020");
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(seconds("13/01/2020").len(), 1);
        for (text, expected) in [
            ("2020-03-01T12:30:05Z", day + 45_005.0),
            ("2020-03-01 12:30", day + 45_000.0),
            ("2020-03-01 12:30:05.250", day + 45_005.25),
            ("2020-03-01T12:30:05+02:00", day + 45_005.0),
            ("01.03.2020 12:30:05", day + 45_005.0),
            ("Mar 1, 2020 12:30 PM", day + 45_000.0),
            ("12:30", 45_000.0),
            ("12:30:05", 45_005.0),
            ("1:30 pm", 48_600.0),
            ("36:15:00", 130_500.0),
            ("1 days 12:15:00", 130_500.0),
            ("1 day, 12:15:00", 130_500.0),
            ("-1 days +23:59:59.5", -0.5),
            ("0 days 00:00:01", 1.0),
        ] {
            let found = seconds(text);
            assert_eq!(found.first().map(|(_, s)| *s), Some(expected), "{text}: {found:?}");
        }
        for text in ["abc", "12", "1.5", "2020", "32.01.2020", "192.168.0.1", "1-2", "A-12-2020"] {
            assert_eq!(seconds(text), [], "{text}");
        }
    }

    #[test]
    fn parts_of_a_date() {
        // 2024-02-29 06:00, a Thursday.
        let seconds = 1_709_186_400.0;
        let values = DatePart::ALL.map(|part| part.value(seconds));
        assert_eq!(values, [19_782.25, 2024.0, 1.0 / 12.0, 28.0 / 31.0, 3.0 / 7.0, 0.25]);
        let dates = Dates { seconds: vec![seconds, f64::NAN], form: DateForm::new("%d.%m.%Y %H:%M") };
        assert_eq!([dates.text(0), dates.text(1)], ["29.02.2024 06:00", ""]);
    }
}
