//! The rows of a run: where they come from, what each is used for, and how they become numbers.

use super::split::{Split, Splitter};
use crate::data::{Data, Spirals, spirals};
use crate::decision::Decision;
use crate::error::{Error, ErrorKind, Result};
use crate::real::Real;
use crate::settings::{Choices, Recipe, Settings};
use crate::table::{Answers, Coding, Column, Dropped, Encoder, Fit, Input, NumberForm, Table, Unseen};
use crate::target::Target;
use ndarray::{Array1, ArrayView2, Axis};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Fewer rows are in the order of their dates by chance.
const MANY: usize = 50;

/// Rows to learn from, and what stands beside them.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The columns.
    pub table: Table,
    /// Where they come from, which decides what is usual.
    pub origin: Origin,
    /// The columns to predict.
    pub targets: Vec<String>,
    /// How rows are kept apart for the test.
    pub split: Split,
    /// The column that says what each row counts, if they do not count the same.
    pub weights: Option<String>,
    /// The settings that stand beside the data; a person's choices go over them.
    pub beside: Choices,
}

/// Where rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The notebook's spirals.
    Notebook,
    /// Arrays, taken as they are.
    Arrays,
    /// A person's table, of which every column is learnt.
    Table,
}

impl Origin {
    /// The settings of a recipe for `rows` rows from there; plain is what the notebook's and arrays are taken by.
    #[must_use]
    pub fn defaults(self, rows: usize, recipe: Recipe) -> Settings {
        match (self, recipe) {
            (Self::Notebook, Recipe::Plain) => Settings::notebook(),
            (Self::Arrays, Recipe::Plain) => Settings::arrays(),
            _ => recipe.settings(rows),
        }
    }
}

impl Rows {
    /// A person's table.
    #[must_use]
    pub fn table(table: Table, targets: &[impl AsRef<str>]) -> Self {
        let targets = targets.iter().map(|name| name.as_ref().to_owned()).collect();
        let (split, weights, beside) = (Split::default(), None, Choices::new());
        Self { table, origin: Origin::Table, targets, split, weights, beside }
    }

    /// Arrays: the columns are called `x0 x1 ..`, and `y` or `y0 y1 ..`.
    ///
    /// # Errors
    /// Different numbers of rows.
    pub fn arrays(x: ArrayView2<'_, f64>, y: &Target<f64>) -> Result<Self> {
        let mut columns = numbered(x, "x");
        let answers = match y {
            Target::Classes(y) => {
                vec![("y".to_owned(), Column::numbers(y.iter().map(|&class| f64::from(class))))]
            }
            Target::Values(y) if y.ncols() == 1 => {
                vec![("y".to_owned(), Column::numbers(y.iter().copied()))]
            }
            Target::Values(y) => numbered(y.view(), "y"),
        };
        let targets: Vec<String> = answers.iter().map(|(name, _)| name.clone()).collect();
        columns.extend(answers);
        let table = Table::new(columns)?.with_lines(vec![(0, 0)]);
        Ok(Self { origin: Origin::Arrays, ..Self::table(table, &targets) })
    }

    /// The notebook's spirals.
    ///
    /// # Errors
    /// None with the notebook's numbers.
    pub fn notebook(seed: u64) -> Result<Self> {
        let data = spirals::<f64>(&Spirals::default(), seed)?;
        let rows = Self::arrays(data.x.view(), &data.y)?;
        Ok(Self { origin: Origin::Notebook, split: Split::Random, ..rows })
    }

    fn splitter<'a>(&'a self, settings: &'a Settings) -> Splitter<'a> {
        Splitter { how: &self.split, table: &self.table, targets: &self.targets, settings }
    }

    /// Which row is used for what.  What is watched and what is tested on is taken away first, so that nothing
    /// is learnt from it.
    pub(crate) fn parts(&self, settings: &Settings) -> Result<Parts> {
        u32::try_from(self.table.len()).map_err(|_| Error::new(ErrorKind::Data, "more than 2^32 rows"))?;
        let [mut left, test] = self.splitter(settings).test()?;
        if settings.members() == 1 || (settings.folds.is_none() && settings.validation_size == 0.0) {
            let [train, validation] = self.splitter(settings).validation(&left)?;
            return Ok(Parts { train, validation, test, members: None });
        }
        // In the order of the file, as their predictions are told.
        left.sort_unstable();
        let fold = settings.folds.map(|count| self.splitter(settings).folds(&left, count)).transpose()?;
        let places: HashMap<u32, u32> = left.iter().copied().zip(0..).collect();
        let each = (0..settings.members()).map(|member| {
            let is_other = |place: usize| fold.as_ref().is_none_or(|fold| fold[place] as usize != member);
            let others: Vec<u32> =
                left.iter().enumerate().filter(|&(place, _)| is_other(place)).map(|(_, &row)| row).collect();
            // From its own seed: what one watches, the others learn from.
            let parts = self.splitter(&settings.of_member(member)).validation(&others)?;
            Ok(parts.map(|rows| rows.iter().map(|row| places[row]).collect()))
        });
        let members = Some(MemberRows { each: each.collect::<Result<_>>()?, fold });
        Ok(Parts { train: left, validation: Vec::new(), test, members })
    }

    /// A class with fewer rows than there are folds.
    pub(super) fn rare(&self, parts: &Parts, encoder: &Encoder) -> Option<Decision> {
        let members = parts.members.as_ref().filter(|members| members.fold.is_some())?;
        let folds = members.each.len();
        let Answers::Classes { names, .. } = &encoder.answers else { return None };
        let Ok(Target::Classes(y)) = encoder.transform_answers::<f32>(&self.table, &parts.train) else {
            return None;
        };
        let mut counts = vec![0usize; names.len()];
        y.iter().for_each(|&class| counts[class as usize] += 1);
        let (rows, name) = counts.into_iter().zip(names).filter(|&(rows, _)| rows < folds).min()?;
        let rows_of = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        let what = format!("class \"{name}\" has {rows_of}, fewer than the {folds} folds");
        let why = format!("{} of them test no row of it", folds - rows);
        Some(Decision::new("folds", what, why).warning())
    }

    /// A column of dates in whose order the rows stand, while those that are tested on are drawn by chance.
    pub(super) fn in_time(&self) -> Option<Decision> {
        if !matches!(self.split, Split::Stratified | Split::Random) || self.table.len() < MANY {
            return None;
        }
        let (name, _) = self.table.columns().iter().find(|(_, column)| match column {
            Column::Dates(dates) => dates.goes_on(),
            Column::Numbers(_) | Column::Words(_) => false,
        })?;
        let what = "the rows stand in its order, and those to test on are drawn from among them";
        let why = format!(
            "what comes later is harder to foretell; `split=time` `by={name}` tests on the last rows"
        );
        Some(Decision::new("time", what, why).column(name))
    }

    /// What the columns mean, from these rows.
    pub(super) fn learn(&self, train: &[u32], settings: &Settings) -> Result<(Encoder, Vec<Decision>)> {
        check_targets(&self.targets, &self.table)?;
        let standardise = settings.scale.standardises();
        let (robust, joins) = (settings.scale.is_robust(), settings.alike.joins());
        let fit =
            Fit { targets: &self.targets, rows: train, loss: settings.loss, standardise, robust, joins };
        let (mut encoder, mut decisions) = Encoder::fit(&self.table, &fit)?;
        if let Split::Groups(group) = &self.split {
            // A test row's group is none of the training's.
            no_input(&mut encoder, &mut decisions, group, "groups")?;
        }
        if let Some(weights) = &self.weights {
            no_input(&mut encoder, &mut decisions, weights, "weights")?;
        }
        if self.origin != Origin::Table && !standardise {
            let targets: HashSet<&str> = self.targets.iter().map(String::as_str).collect();
            let inputs = self.table.names().filter(|name| !targets.contains(name));
            let form = NumberForm::default();
            let coding = Coding::Number { median: 0.0, mean: 0.0, scale: 1.0, range: None, form };
            let as_it_is = |name: &str| Input { column: name.to_owned(), coding: coding.clone() };
            encoder.inputs = inputs.map(as_it_is).collect();
            encoder.dropped.clear();
            // What was decided about the columns is not so.
            decisions.truncate(1);
        }
        Ok((encoder, decisions))
    }
}

/// Takes a column out of the inputs.
fn no_input(encoder: &mut Encoder, decisions: &mut Vec<Decision>, name: &str, reason: &str) -> Result<()> {
    let Some(place) = encoder.inputs.iter().position(|input| input.column == name) else { return Ok(()) };
    encoder.inputs.remove(place);
    encoder.dropped.push(Dropped { column: name.to_owned(), reason: reason.to_owned() });
    decisions.retain(|decision| decision.column.as_deref() != Some(name));
    if encoder.inputs.is_empty() {
        let found = format!("there is no column but the target and the {reason}");
        return Err(Error::new(ErrorKind::Data, found));
    }
    Ok(())
}

fn check_targets(targets: &[String], table: &Table) -> Result<()> {
    let setting = |found: String| Error::new(ErrorKind::Setting, found).setting("target");
    if targets.is_empty() {
        let mut names: Vec<&str> = table.names().take(10).collect();
        if table.columns().len() > 10 {
            names.push("..");
        }
        let hint = format!("name the column to predict; the columns are {}", names.join(", "));
        return Err(setting("is missing".into()).hint(hint));
    }
    let mut seen = HashSet::new();
    match targets.iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(setting(format!("'{name}' is named twice")).hint("leave out one of them")),
        None => Ok(()),
    }
}

fn numbered(values: ArrayView2<'_, f64>, letter: &str) -> Vec<(String, Column)> {
    let columns = values.axis_iter(Axis(1)).enumerate();
    columns.map(|(j, column)| (format!("{letter}{j}"), Column::numbers(column.iter().copied()))).collect()
}

/// Row numbers by what the rows are used for.
pub(crate) struct Parts {
    /// With several members these are all rows that are not tested on, in the order of the table.
    pub(crate) train: Vec<u32>,
    validation: Vec<u32>,
    pub(crate) test: Vec<u32>,
    pub(crate) members: Option<MemberRows>,
}

/// Which rows each member is trained on.
#[derive(Debug)]
pub(crate) struct MemberRows {
    /// For each member the places of the rows that it is trained on, and of those that tell it when to stop.
    pub(super) each: Vec<[Vec<u32>; 2]>,
    /// With folds the fold of each row: the member that neither is trained on it nor watches it.
    pub(crate) fold: Option<Vec<u32>>,
}

impl MemberRows {
    /// How many rows the smallest training has.
    pub(super) fn least(&self) -> usize {
        self.each.iter().map(|[train, _]| train.len()).min().unwrap_or(0)
    }
}

/// The rows as numbers.
pub(super) struct Encoded<R> {
    pub(super) train: Data<R>,
    pub(super) validation: Option<Data<R>>,
    pub(super) test: Option<Data<R>>,
    pub(super) fingerprint: u64,
}

impl Parts {
    /// How many rows the smallest training of a member has.
    pub(super) fn least(&self) -> usize {
        self.members.as_ref().map_or(self.train.len(), MemberRows::least)
    }

    /// How many rows each part has, in words.
    pub(super) fn said(&self) -> String {
        let rows = self.train.len();
        let mut text = match &self.members {
            None => format!("{rows} to train on"),
            Some(MemberRows { each, fold }) => {
                let [train, validation] = each[0].each_ref().map(Vec::len);
                let validation = match validation {
                    0 => String::new(),
                    n => format!(", {n} tell it when to stop"),
                };
                match (fold, each.len()) {
                    (Some(_), count) => format!(
                        "{rows} in {count} folds: each is predicted by a member that {train} others train{validation}"
                    ),
                    (None, _) => format!("{rows} to train on (each network on its own {train}{validation})"),
                }
            }
        };
        for (rows, why) in [(&self.validation, "to tell when to stop"), (&self.test, "to test on")] {
            if !rows.is_empty() {
                text.push_str(&format!(", {} {why}", rows.len()));
            }
        }
        text
    }

    /// Encodes the rows of a table, which is needed no more; `weights` is the column that says what they count.
    pub(super) fn encode<R: Real>(
        &self,
        encoder: &Encoder,
        (table, weights): (Table, Option<&str>),
        unseen: &mut Unseen,
    ) -> Result<Encoded<R>> {
        let all = [self.train.as_slice(), &self.validation, &self.test];
        let some: Vec<&[u32]> = all.into_iter().filter(|rows| !rows.is_empty()).collect();
        let weights_name = weights;
        let weights = weights.map(|name| some.iter().map(|rows| weights_of(&table, name, rows)).collect());
        let weights: Option<Vec<Array1<R>>> = weights.transpose()?;
        let mut encoded = encoder.transform_parts(table, &some, unseen)?;
        if let (Some(weights), Some(name)) = (weights, weights_name) {
            let all = encoded.into_iter().zip(weights);
            let weighted = all.map(|(data, weights)| data.with_weights(weights));
            encoded = weighted.collect::<Result<_>>().map_err(|error| error.column(name))?;
        }
        let fingerprint = fingerprint(&encoded);
        let mut encoded = encoded.into_iter();
        let [train, validation, test] = all.map(|rows| if rows.is_empty() { None } else { encoded.next() });
        let train = train.ok_or_else(|| Error::new(ErrorKind::Data, "there are no rows to train on"))?;
        Ok(Encoded { train, validation, test, fingerprint })
    }
}

/// What some rows count by the column `name`.
fn weights_of<R: Real>(table: &Table, name: &str, rows: &[u32]) -> Result<Array1<R>> {
    let weight = |&row: &u32| {
        let column = table.column(name)?;
        let value = match column {
            Column::Numbers(numbers) => numbers.get(row as usize),
            Column::Words(_) | Column::Dates(_) => f64::NAN,
        };
        if value >= 0.0 && value.is_finite() {
            return Ok(R::of(value));
        }
        let found = match column.text(row as usize) {
            text if text.is_empty() => "the weight is missing".to_owned(),
            text => format!("found {text:?}"),
        };
        let error = Error::new(ErrorKind::Data, found).row(table.line(row as usize)).column(name);
        Err(error.hint("a weight is a number from 0 up"))
    };
    rows.iter().map(weight).collect()
}

/// The rows of every class count as much as those of any other, and among themselves as they did.
pub(super) fn balanced<R: Real>(data: Data<R>) -> Result<Data<R>> {
    let Target::Classes(y) = &data.y else {
        return Err(Error::new(ErrorKind::Setting, "found 'balanced', the answers are no classes")
            .setting("class_weight")
            .hint("leave it out"));
    };
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    y.iter().for_each(|&class| *counts.entry(class).or_default() += 1);
    let (n, k) = (y.len() as f64, counts.len() as f64);
    let weights: Array1<R> = y.iter().map(|class| R::of(n / (k * counts[class] as f64))).collect();
    let weights = match &data.weights {
        Some(own) => weights * own,
        None => weights,
    };
    data.with_weights(weights)
}

/// Tells the same rows from others: FNV-1a over the bits of their numbers.
fn fingerprint<R: Real>(parts: &[Data<R>]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bits: u64| {
        hash = (hash ^ bits).wrapping_mul(0x0100_0000_01b3);
        // Else the high bits of a word would never reach the low ones.
        hash ^= hash >> 32;
    };
    for Data { x, y, weights } in parts {
        x.shape().iter().for_each(|&n| add(n as u64));
        x.iter().for_each(|value| add(value.f64().to_bits()));
        match y {
            Target::Classes(y) => y.iter().for_each(|&class| add(u64::from(class))),
            Target::Values(y) => y.iter().for_each(|value| add(value.f64().to_bits())),
        }
        weights.iter().flatten().for_each(|weight| add(weight.f64().to_bits()));
    }
    hash
}
