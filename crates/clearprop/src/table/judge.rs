//! What the texts of a column are: numbers (in which form), dates (in which form), or words.
//!
//! A column is judged as a whole, by its different texts and how often each stands there.  Nine in ten must be
//! numbers for a column of numbers; what the rest are is counted and said.

use super::beside::{Bound, bare, is_currency, magnitude};
use super::dates::{DURATION, DateForm, DateReader, duration};
use super::form::{Shows, shows, singular};
use super::kind::Kind;
use super::missing::is_missing_number;
use super::{Decimal, NumberForm};
use crate::decision::Decision;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Of ten values so many may be strange to the form of their column.
const STRANGE_OF_TEN: usize = 1;

/// So many different texts, that stand there so often on average, are categories.
const FEW: usize = 12;
const CATEGORY_ROWS: usize = 3;

/// So many different texts are tried for forms of dates before all are read.
const SAMPLE: usize = 60;

/// What the other columns of the table, or a person, say about forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints {
    pub(super) decimal: Option<Decimal>,
    pub(super) day_first: Option<bool>,
}

/// What a column is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Judged {
    /// Numbers; `settled` if a decimal sign was seen.
    Numbers {
        form: NumberForm,
        settled: bool,
    },
    Dates(DateForm),
    Words(Option<Decision>),
    /// A text that has two readings, and what they are.
    Open {
        example: String,
        readings: [String; 2],
        setting: &'static str,
        values: [&'static str; 2],
    },
}

impl Judged {
    /// Whether every text is a number of this form, or a missing one.
    fn reads_all(&self, texts: &[(&str, usize)]) -> bool {
        let Self::Numbers { form, .. } = self else { return false };
        texts.iter().all(|(text, _)| form.number(text).is_some() || is_missing_number(text))
    }
}

/// Judges a column by its texts, each with its count.
pub(super) fn judge(texts: &[(&str, usize)], kind: &Kind, answers: bool, hints: Hints) -> Judged {
    match kind {
        Kind::Words | Kind::Skip => Judged::Words(None),
        Kind::Number(form) => Judged::Numbers { form: form.clone(), settled: true },
        Kind::Typed => Judged::Numbers { form: NumberForm::default(), settled: true },
        Kind::Date(form) => Judged::Dates(form.clone()),
        Kind::Numbers => numbers(texts, true, hints).or_else(|| durations(texts)).unwrap_or_else(|| {
            Judged::Numbers { form: NumberForm { zeros: true, ..NumberForm::default() }, settled: false }
        }),
        Kind::Dates => dates(texts, true, hints).unwrap_or(Judged::Words(None)),
        Kind::Found => {
            // Times that are to be predicted are measured, unless they are few.
            let dated = || match answers {
                true => durations(texts).filter(|_| !few_categories(texts)),
                false => dates(texts, false, hints),
            };
            let annotated = || annotated(texts, false, hints);
            match numbers(texts, false, hints) {
                // What looks like numbers with many units may be dates.
                Some(words @ Judged::Words(_)) => dated().or_else(annotated).unwrap_or(words),
                Some(numbers) if numbers.reads_all(texts) => numbers,
                Some(numbers) => annotated().unwrap_or(numbers),
                None => dated().or_else(annotated).unwrap_or_else(|| Judged::Words(part_numbers(texts))),
            }
        }
    }
}

fn few(strange: usize, present: usize) -> bool {
    strange * 10 <= present * STRANGE_OF_TEN
}

/// The form of numbers, if the texts are such; `asked` if a person says so.
fn numbers(texts: &[(&str, usize)], asked: bool, hints: Hints) -> Option<Judged> {
    let (mut present, mut strange) = (0, 0);
    let (mut signs, mut either) = ([0; 2], Vec::new());
    let mut examples: [Option<&str>; 2] = [None; 2];
    let (mut code, mut long) = (None, None);
    let mut units: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for &(text, count) in texts {
        let Some((shows, unit)) = shows(text) else {
            if !is_missing_number(text) {
                (present, strange) = (present + count, strange + count);
            }
            continue;
        };
        present += count;
        units.entry(singular(unit)).or_insert((0, text)).0 += count;
        match shows {
            Shows::Whole => {}
            Shows::Sign(decimal) => {
                signs[decimal as usize] += count;
                examples[decimal as usize].get_or_insert(text);
            }
            Shows::EitherByPoint | Shows::EitherByComma => either.push((text, count, shows)),
            Shows::Code => code = code.or(Some(text)),
            Shows::Long => long = long.or(Some(text)),
        }
    }
    if present == 0 || (!asked && !few(strange, present)) {
        return None;
    }
    let zeros = asked;
    let words = |what: &str, why: String| Some(Judged::Words(Some(Decision::new("words", what, why))));
    if !asked && let Some(code) = code {
        return words("taken as words", format!("numbers begin with 0 (\"{code}\")"));
    }
    if !asked && let Some(long) = long {
        return words(
            "taken as words",
            format!("numbers have more digits than can be kept exactly (\"{long}\")"),
        );
    }
    let (&unit, &(most, _)) = units.iter().max_by_key(|(_, (count, _))| *count)?;
    // A currency may stand beside some of the numbers alone.
    let currency = units.keys().find(|unit| is_currency(unit)).copied();
    let joined = currency.filter(|&currency| units.keys().all(|unit| unit.is_empty() || *unit == currency));
    let unit = joined.unwrap_or(unit);
    if joined.is_none() && !asked && !few(present - most, present) {
        let shown: Vec<String> = units.values().take(3).map(|(_, text)| format!("\"{text}\"")).collect();
        let why = format!("what stands beside the numbers differs ({})", shown.join(", "));
        return words("taken as words", why);
    }
    let form = |decimal| NumberForm { decimal, unit: unit.to_owned(), zeros, ..NumberForm::default() };
    let settled = |decimal| Some(Judged::Numbers { form: form(decimal), settled: true });
    let [points, commas] = signs;
    match (hints.decimal, points, commas) {
        // What a person or the rest of the table says counts where the texts do not contradict.
        (_, 1.., 1..) if few(points.min(commas), present) || asked => {
            settled(if points >= commas { Decimal::Point } else { Decimal::Comma })
        }
        (_, 1.., 1..) => {
            let [point, comma] = examples.map(Option::unwrap_or_default);
            words(
                "taken as words",
                format!("some numbers have a decimal point (\"{point}\"), some a comma (\"{comma}\")"),
            )
        }
        (_, 1.., 0) => settled(Decimal::Point),
        (_, 0, 1..) => settled(Decimal::Comma),
        (Some(decimal), 0, 0) if !either.is_empty() => settled(decimal),
        (None, 0, 0) if !either.is_empty() => {
            let (example, _, shows) = either[0];
            let plain = example.replace(['.', ','], "");
            let decimals = example.replace(',', ".");
            let values = if shows == Shows::EitherByPoint { ["point", "comma"] } else { ["comma", "point"] };
            Some(Judged::Open {
                example: example.to_owned(),
                readings: [decimals, plain],
                setting: "decimal",
                values,
            })
        }
        _ => Some(Judged::Numbers { form: form(Decimal::Point), settled: false }),
    }
}

/// The form of numbers beside which stand bounds, notes or magnitudes, if the texts are such.
fn annotated(texts: &[(&str, usize)], asked: bool, hints: Hints) -> Option<Judged> {
    let (mut present, mut below, mut above) = (0, 0, 0);
    let (mut notes, mut magnitudes, mut large, mut currency) = (false, false, false, false);
    let mut inner: Vec<(Cow<'_, str>, usize)> = Vec::with_capacity(texts.len());
    for &(text, count) in texts {
        present += if is_missing_number(text) { 0 } else { count };
        let bare = bare(text).filter(|bare| shows(bare.number).is_some() || magnitude(bare.number).is_some());
        if let Some(bare) = bare {
            notes = true;
            below += if bare.bound == Some(Bound::Below) { count } else { 0 };
            above += if bare.bound == Some(Bound::Above) { count } else { 0 };
        }
        let number = bare.map_or(text, |bare| bare.number);
        match magnitude(number).filter(|(rest, ..)| shows(rest).is_some()) {
            Some((rest, word, _)) => {
                magnitudes = true;
                large |= !["m", "b", "B"].contains(&word);
                currency |= shows(&rest).is_some_and(|(_, unit)| !unit.is_empty());
                inner.push((rest, count));
            }
            None => inner.push((Cow::Borrowed(number), count)),
        }
    }
    // `5 m` and `5` are metres and nothing; `<50` and `>50` are two classes, not one number; `2+` and `2-` are grades.
    let ends = |sign: char| texts.iter().any(|(text, _)| text.ends_with(sign));
    let sides = below == 0 || above == 0 || (below + above) * 2 < present;
    let clear = (!magnitudes || large || currency) && sides && !(ends('+') && ends('-'));
    if !(notes || magnitudes) || !(asked || (clear && !few_categories(texts))) {
        return None;
    }
    let inner: Vec<(&str, usize)> = inner.iter().map(|(text, count)| (text.as_ref(), *count)).collect();
    match numbers(&inner, asked, hints)? {
        Judged::Numbers { form, settled } => {
            Some(Judged::Numbers { form: NumberForm { notes, magnitudes, ..form }, settled })
        }
        _ => None,
    }
}

/// Hours, minutes and perhaps seconds as numbers, if the texts are such.
fn durations(texts: &[(&str, usize)]) -> Option<Judged> {
    let (mut present, mut strange) = (0, 0);
    for &(text, count) in texts.iter().filter(|(text, _)| !is_missing_number(text)) {
        present += count;
        strange += if duration(text).is_none() { count } else { 0 };
    }
    let form = NumberForm { unit: DURATION.to_owned(), ..NumberForm::default() };
    (present > 0 && few(strange, present)).then_some(Judged::Numbers { form, settled: true })
}

/// A few different texts, each of which stands in several rows.
fn few_categories(texts: &[(&str, usize)]) -> bool {
    let present: usize = texts.iter().map(|(_, count)| count).sum();
    texts.len() <= FEW && present >= CATEGORY_ROWS * texts.len()
}

/// The form of dates, if the texts are such.
fn dates(texts: &[(&str, usize)], asked: bool, hints: Hints) -> Option<Judged> {
    if asked {
        let values: Option<Vec<f64>> = texts
            .iter()
            .filter(|(text, _)| !is_missing_number(text))
            .map(|(text, _)| text.parse().ok())
            .collect();
        if let Some(values) = values.filter(|values| !values.is_empty()) {
            let day = |value: &f64| value.fract() == 0.0 && (10_000_101.0..=29_991_231.0).contains(value);
            let year = |value: &f64| value.fract() == 0.0 && (1000.0..=2999.0).contains(value);
            let form = match () {
                () if values.iter().all(year) => "%Y",
                () if values.iter().all(day) => "%Y%m%d",
                () => super::dates::UNIX,
            };
            return Some(Judged::Dates(DateForm::new(form)));
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let step = texts.len().div_ceil(SAMPLE).max(1);
    let mut sampled = 0;
    for (text, _) in texts.iter().step_by(step) {
        let forms = DateForm::of(text);
        sampled += usize::from(!forms.is_empty());
        for form in forms {
            *counts.entry(form.pattern().to_owned()).or_default() += 1;
        }
    }
    let tried = texts.len().div_ceil(step);
    if sampled == 0 || (!asked && sampled * 2 < tried) {
        return None;
    }
    // The best forms of the sample are tried on all texts.
    let mut forms: Vec<(usize, String)> = counts.into_iter().map(|(form, count)| (count, form)).collect();
    forms.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    forms.truncate(4);
    let present: usize =
        texts.iter().filter(|(text, _)| !is_missing_number(text)).map(|(_, count)| count).sum();
    let read = |form: &str| {
        let reader = DateReader::new(&DateForm::new(form))?;
        let fits = texts.iter().filter(|(text, _)| reader.read(text).is_some()).map(|(_, count)| count);
        Some((fits.sum::<usize>(), form.to_owned()))
    };
    let all: Vec<(usize, String)> = forms.iter().filter_map(|(_, form)| read(form)).collect();
    let (best, form) = all.iter().max_by_key(|(fits, _)| *fits)?;
    let form = DateForm::new(form);
    if form.pattern() == DURATION {
        let form = NumberForm { unit: DURATION.to_owned(), ..NumberForm::default() };
        return (asked || few(present - best, present)).then_some(Judged::Numbers { form, settled: true });
    }
    if let Some(other) = form.other_order() {
        let fits = all.iter().find(|(_, pattern)| *pattern == *other.pattern()).map_or(0, |(fits, _)| *fits);
        if fits == *best {
            let first = |day: bool| if form.day_first() == Some(day) { form.clone() } else { other.clone() };
            if let Some(day) = hints.day_first {
                return Some(Judged::Dates(first(day)));
            }
            let example = texts.iter().map(|(text, _)| *text).find(|text| !is_missing_number(text))?;
            let named = |day: bool| {
                let reader = DateReader::new(&first(day))?;
                let date = super::Dates::new(vec![reader.read(example)?], DateForm::new("%-d %B %Y"));
                Some(date.text(0))
            };
            return Some(Judged::Open {
                example: example.to_owned(),
                readings: [named(true)?, named(false)?],
                setting: "date_order",
                values: ["day-first", "month-first"],
            });
        }
        if !few(present - best, present) && few(present.saturating_sub(best + fits), present) {
            let why = format!("two orders of dates are mixed ({} and {})", form.pattern(), other.pattern());
            return Some(Judged::Words(Some(Decision::new("words", "taken as words", why).warning())));
        }
    }
    (asked || few(present - best, present)).then_some(Judged::Dates(form))
}

/// What is said of words among which are many numbers, unless they are a few categories, like `4`, `f` and `r`.
fn part_numbers(texts: &[(&str, usize)]) -> Option<Decision> {
    let present: usize = texts.iter().map(|(_, count)| count).sum();
    let numbers: usize = texts.iter().filter(|(text, _)| shows(text).is_some()).map(|(_, count)| count).sum();
    let word = texts.iter().find(|(text, _)| shows(text).is_none())?;
    (!few_categories(texts) && numbers * 5 >= present && present >= 5).then(|| {
        let why = format!("{numbers} of {present} values are numbers, the others are words (\"{}\")", word.0);
        Decision::new("words", "taken as words", why).warning()
    })
}
