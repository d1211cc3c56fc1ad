//! A column while its cells come in.
//!
//! The first cells are kept as texts.  As soon as they show what the column is, numbers and dates are kept as
//! such, and only what does not fit is kept as text; so a column can still be judged as a whole at its end, and
//! a large one takes no more memory than its numbers.

use super::dates::{DURATION, DateReader, Dates};
use super::form::{Shows, is_long, shows};
use super::judge::{Hints, Judged, judge};
use super::kind::Kind;
use super::missing::{is_missing_number, is_missing_word};
use super::odd::{Odd, Seen, Strays, mixed, quoted};
use super::{Column, Decimal, NumberForm, Numbers, Words};
use crate::decision::Decision;
use crate::error::{Error, ErrorKind};
use std::sync::Arc;

/// So many cells are kept as texts before a column is judged for the first time.
pub(super) const UNDECIDED: usize = 1000;

/// What else a person says means a missing value.
#[derive(Clone, Debug, Default)]
pub(super) struct Markers {
    texts: Vec<String>,
    values: Vec<f64>,
}

impl Markers {
    pub(super) fn new(texts: &[String]) -> Self {
        let values = texts.iter().filter_map(|text| text.parse().ok()).collect();
        Self { texts: texts.to_vec(), values }
    }

    fn has(&self, cell: &str) -> bool {
        self.texts.iter().any(|text| text == cell)
    }
}

/// A column while its cells come in.
pub(super) struct Cells {
    kind: Kind,
    /// Whether it is a target: its words stay words, its numbers keep their texts.
    answers: bool,
    markers: Arc<Markers>,
    state: State,
}

enum State {
    Skip,
    Texts(Words),
    Numbers { numbers: Numbers, form: NumberForm, settled: bool, odd: Odd },
    Dates { seconds: Vec<f64>, reader: DateReader, odd: Odd },
}

/// A column at its end, and what is to be said about it.
pub(super) struct Finished {
    pub(super) column: Column,
    pub(super) decisions: Vec<Decision>,
    pub(super) strays: Strays,
}

impl Cells {
    pub(super) fn new(kind: Kind, answers: bool, markers: Arc<Markers>) -> Self {
        let state = match &kind {
            Kind::Skip => State::Skip,
            Kind::Number(form) => State::Numbers {
                numbers: Numbers::new(answers),
                form: form.clone(),
                settled: true,
                odd: Odd::default(),
            },
            Kind::Typed => State::Numbers {
                numbers: Numbers::new(answers),
                form: NumberForm::default(),
                settled: true,
                odd: Odd::default(),
            },
            Kind::Date(form) => match DateReader::new(form) {
                Some(reader) => State::Dates { seconds: Vec::new(), reader, odd: Odd::default() },
                None => State::Texts(Words::default()),
            },
            Kind::Found | Kind::Numbers | Kind::Dates | Kind::Words => State::Texts(Words::default()),
        };
        Self { kind, answers, markers, state }
    }

    /// The memory that the column takes so far, about.
    pub(super) fn memory(&self) -> u64 {
        match &self.state {
            State::Skip => 0,
            State::Texts(words) => words.memory(),
            State::Numbers { numbers, odd, .. } => numbers.memory() + odd.memory(),
            State::Dates { seconds, odd, .. } => 8 * seconds.len() as u64 + odd.memory(),
        }
    }

    fn is_missing(&self, cell: &str) -> bool {
        self.markers.has(cell) || (is_missing_word(cell) && !(self.answers && is_none(cell)))
    }

    /// One more cell.
    pub(super) fn push(&mut self, cell: &str) {
        let missing = match &self.state {
            State::Skip => return,
            State::Texts(_) => self.is_missing(cell),
            _ => false,
        };
        match &mut self.state {
            State::Skip => {}
            State::Texts(words) => words.push((!missing).then_some(cell)),
            State::Numbers { numbers, form, settled, odd } => {
                if !*settled && cell.contains(['.', ',']) {
                    match shows(cell) {
                        Some((Shows::Sign(decimal), _)) => (form.decimal, *settled) = (decimal, true),
                        Some((Shows::EitherByPoint | Shows::EitherByComma, _)) => {
                            odd.push(numbers.len(), cell);
                            return numbers.push(f64::NAN);
                        }
                        _ => {}
                    }
                }
                match form.number(cell) {
                    Some(number) if self.markers.values.contains(&number.value()) => numbers.push(f64::NAN),
                    Some(number) => {
                        numbers.push_number(number);
                        if self.answers {
                            numbers.note_text(cell);
                        }
                    }
                    None => {
                        if !cell.is_empty() {
                            odd.push(numbers.len(), cell);
                        }
                        numbers.push(f64::NAN);
                    }
                }
            }
            State::Dates { seconds, reader, odd } => {
                let value = reader.read(cell);
                if value.is_none() && !cell.is_empty() {
                    odd.push(seconds.len(), cell);
                }
                seconds.push(value.unwrap_or(f64::NAN));
            }
        }
    }

    /// One more number of a column that holds numbers by its type; NaN is a missing one.
    pub(super) fn push_number(&mut self, value: f64) {
        match &mut self.state {
            State::Numbers { numbers, .. } if self.markers.values.contains(&value) => numbers.push(f64::NAN),
            State::Numbers { numbers, .. } => numbers.push(value),
            State::Dates { seconds, reader, .. } if reader.form().pattern() == super::dates::UNIX => {
                seconds.push(value * super::dates::unit(value));
            }
            State::Skip => {}
            _ if value.is_nan() => self.push(""),
            _ => self.push(&value.to_string()),
        }
    }

    /// One more whole number, each digit of which counts.
    pub(super) fn push_whole(&mut self, value: i128) {
        match &mut self.state {
            State::Numbers { numbers, odd, .. }
                if value.unsigned_abs() > 1 << 53 && is_long(&value.to_string()) =>
            {
                odd.push(numbers.len(), &value.to_string());
                numbers.push(f64::NAN);
            }
            State::Texts(_) => self.push(&value.to_string()),
            _ => self.push_number(value as f64),
        }
    }

    /// One more instant of a column of dates by its type, in seconds since 1970.
    pub(super) fn push_seconds(&mut self, value: f64) {
        match &mut self.state {
            State::Dates { seconds, .. } => seconds.push(value),
            State::Numbers { numbers, .. } => numbers.push(value),
            State::Skip => {}
            State::Texts(words) => {
                let form = super::DateForm::new("%Y-%m-%d %H:%M:%S");
                let text = Dates::new(vec![value], form).text(0);
                words.push((!text.is_empty()).then_some(text.strip_suffix(" 00:00:00").unwrap_or(&text)));
            }
        }
    }

    /// What the texts so far show, for the other columns' sake.
    pub(super) fn judged(&self, hints: Hints) -> Option<Judged> {
        match &self.state {
            State::Texts(words) => {
                let texts: Vec<(&str, usize)> = words.known().zip(words.counts()).collect();
                Some(judge(&texts, &self.kind, self.answers, hints))
            }
            State::Numbers { form, settled, .. } => {
                Some(Judged::Numbers { form: form.clone(), settled: *settled })
            }
            State::Dates { reader, .. } => Some(Judged::Dates(reader.form().clone())),
            State::Skip => None,
        }
    }

    /// Goes on as what the first texts were judged to be.
    pub(super) fn become_judged(&mut self, judged: &Judged) {
        let State::Texts(words) = &self.state else { return };
        let state = match judged {
            Judged::Numbers { form, settled } => State::Numbers {
                numbers: Numbers::new(self.answers),
                form: form.clone(),
                settled: *settled,
                odd: Odd::default(),
            },
            Judged::Dates(form) => match DateReader::new(form) {
                Some(reader) => State::Dates { seconds: Vec::new(), reader, odd: Odd::default() },
                None => return,
            },
            Judged::Words(_) | Judged::Open { .. } => return,
        };
        let words = words.clone();
        self.state = state;
        for row in 0..words.len() {
            self.push(words.get(row).unwrap_or_default());
        }
    }

    /// For a number column in which no decimal sign was seen: what the rest of the table has.
    pub(super) fn settle(&mut self, hint: Option<Decimal>) {
        if let (State::Numbers { form, settled, .. }, Some(decimal)) = (&mut self.state, hint)
            && !*settled
        {
            (form.decimal, *settled) = (decimal, true);
        }
    }

    /// The column, as it was judged; an error carries the row of what cannot be read.
    pub(super) fn finish(mut self, judged: &Judged) -> std::result::Result<Option<Finished>, (usize, Error)> {
        self.become_judged(judged);
        let (kind, markers) = (self.kind, self.markers);
        let is_missing = |text: &str| markers.has(text) || is_missing_word(text) || is_missing_number(text);
        let finished = |column, decisions, strays| Ok(Some(Finished { column, decisions, strays }));
        match self.state {
            State::Skip => Ok(None),
            State::Texts(words) => {
                let decision = match judged {
                    Judged::Words(decision) => decision.clone(),
                    _ => None,
                };
                finished(Column::Words(words), decision.into_iter().collect(), Strays::default())
            }
            State::Numbers { mut numbers, form, odd, settled } => {
                let strict = matches!(kind, Kind::Number(_));
                let mut words = None;
                let mut seen = Seen::default();
                for (i, &row) in odd.rows.iter().enumerate() {
                    let Some(text) = odd.texts.get(i) else { continue };
                    let row = row as usize;
                    if is_missing(text) {
                        seen.marker(text, is_missing_word(text));
                    } else if let Some(number) = form.number(text).filter(|_| strict || !is_long(text)) {
                        numbers.set(row, number);
                    } else {
                        let open = matches!(kind, Kind::Found | Kind::Typed);
                        if open && matches!(shows(text), Some((Shows::Code | Shows::Long, _))) {
                            words = words.or(Some(row));
                        }
                        seen.stray(row, text);
                    }
                }
                if let Some(row) = (0..numbers.len()).find(|&row| numbers.get(row).is_infinite()) {
                    return Err((row, infinite()));
                }
                let present = (0..numbers.len()).filter(|&row| !numbers.get(row).is_nan()).count();
                let many = seen.strays.count * 10 > (present + seen.strays.count);
                if let (true, Some((row, text))) = (many && strict, &seen.first) {
                    return Err((*row, a_word(text)));
                }
                if (many && kind == Kind::Found) || (words.is_some() && !strict) {
                    let mixed = mixed(&numbers, &odd);
                    let why = match words {
                        Some(_) => {
                            "numbers begin with 0, or have more digits than can be kept exactly".to_owned()
                        }
                        None => format!(
                            "{present} of {} values are numbers, the others are words ({})",
                            present + seen.strays.count,
                            quoted(&seen.strays.examples)
                        ),
                    };
                    let decision = Decision::new("words", "taken as words", why).warning();
                    return finished(Column::Words(mixed), vec![decision], Strays::default());
                }
                let mut decisions = seen.decisions();
                if kind != Kind::Number(form.clone()) {
                    decisions.extend(said_form(&form, settled));
                }
                numbers.set_form(form);
                finished(Column::Numbers(numbers), decisions, seen.strays)
            }
            State::Dates { seconds, reader, odd } => {
                let mut seen = Seen::default();
                for (i, &row) in odd.rows.iter().enumerate() {
                    let Some(text) = odd.texts.get(i) else { continue };
                    if is_missing(text) {
                        seen.marker(text, is_missing_word(text));
                    } else {
                        seen.stray(row as usize, text);
                    }
                }
                let present = seconds.iter().filter(|value| !value.is_nan()).count();
                let many = seen.strays.count * 10 > (present + seen.strays.count);
                if let (true, Some((row, text))) = (many && kind != Kind::Dates, &seen.first) {
                    let found = format!("found {text:?}, expected a date like {}", reader.form().pattern());
                    let error = Error::new(ErrorKind::Data, found).hint("mend the cell, or leave it empty");
                    return Err((*row, error));
                }
                let mut decisions = seen.decisions();
                if matches!(kind, Kind::Found | Kind::Dates) {
                    let why = format!("written as {}", reader.form().pattern());
                    decisions.push(Decision::new("dates", "read as dates", why));
                }
                let dates = Dates::new(seconds, reader.form().clone());
                finished(Column::Dates(dates), decisions, seen.strays)
            }
        }
    }
}

/// What is said about the form of numbers, if it is not the plain one.
fn said_form(form: &NumberForm, settled: bool) -> Option<Decision> {
    let mut what = Vec::new();
    if settled && form.decimal == Decimal::Comma {
        what.push("read with a decimal comma, dots between thousands".to_owned());
    }
    match form.unit.as_str() {
        "" => {}
        DURATION => what.push("durations (hours first), read as seconds".to_owned()),
        unit => what.push(format!("numbers in {unit}")),
    }
    if form.magnitudes {
        what.push("K, M and the like multiplied out".to_owned());
    }
    if form.notes {
        what.push("bounds and notes beside numbers (<, >, ~, +, *) left out".to_owned());
    }
    (!what.is_empty()).then(|| Decision::new("numbers", what.join("; "), ""))
}

/// It may be the name of a class.
fn is_none(cell: &str) -> bool {
    cell.eq_ignore_ascii_case("none")
}

fn a_word(word: &str) -> Error {
    Error::new(ErrorKind::Data, format!("found {word:?}, expected a number"))
        .hint("mend the cell, or leave it empty")
}

fn infinite() -> Error {
    Error::new(ErrorKind::Data, "found an infinite number")
        .hint("only finite numbers can be learnt from: mend the cell, or leave it empty")
}
