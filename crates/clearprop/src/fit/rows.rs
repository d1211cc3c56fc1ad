//! The rows of a run: where they come from, what each is used for, and how they become numbers.

use super::split::{self, Split};
use crate::data::{Data, Spirals, spirals};
use crate::decision::Decision;
use crate::error::{Error, ErrorKind, Result};
use crate::real::Real;
use crate::settings::{Choices, Recipe, Settings};
use crate::table::{Coding, Column, Dropped, Encoder, Fit, Input, NumberForm, Table, Unseen};
use crate::target::Target;
use ndarray::{ArrayView2, Axis};
use std::collections::{BTreeMap, HashSet};

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
        Self { table, origin: Origin::Table, targets, split: Split::default(), beside: Choices::new() }
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
        let targets = answers.iter().map(|(name, _)| name.clone()).collect();
        columns.extend(answers);
        let table = Table::new(columns)?.with_lines(vec![(0, 0)]);
        Ok(Self { table, origin: Origin::Arrays, targets, split: Split::default(), beside: Choices::new() })
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

    /// Which row is used for what.  What is watched and what is tested on is taken away first, so that nothing
    /// is learnt from it.
    pub(crate) fn parts(&self, settings: &Settings) -> Result<Parts> {
        u32::try_from(self.table.len()).map_err(|_| Error::new(ErrorKind::Data, "more than 2^32 rows"))?;
        let [train, validation, test] = split::parts(&self.split, &self.table, &self.targets, settings)?;
        if train.is_empty() {
            return Err(Error::new(ErrorKind::Data, "there are no rows to train on"));
        }
        Ok(Parts { train, validation, test })
    }

    /// What the columns mean, from these rows.
    pub(super) fn learn(&self, train: &[u32], settings: &Settings) -> Result<(Encoder, Vec<Decision>)> {
        check_targets(&self.targets, &self.table)?;
        let standardise = settings.scale.standardises();
        let robust = settings.scale.is_robust();
        let fit = Fit { targets: &self.targets, rows: train, loss: settings.loss, standardise, robust };
        let (mut encoder, mut decisions) = Encoder::fit(&self.table, &fit)?;
        if let Split::Groups(group) = &self.split
            && let Some(place) = encoder.inputs.iter().position(|input| input.column == *group)
        {
            // A test row's group is none of the training's.
            encoder.inputs.remove(place);
            encoder.dropped.push(Dropped { column: group.clone(), reason: "groups".to_owned() });
            decisions.retain(|decision| decision.column.as_ref() != Some(group));
            if encoder.inputs.is_empty() {
                return Err(Error::new(ErrorKind::Data, "there is no column but the target and the groups"));
            }
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
    pub(crate) train: Vec<u32>,
    validation: Vec<u32>,
    pub(crate) test: Vec<u32>,
}

/// The rows as numbers.
pub(super) struct Encoded<R> {
    pub(super) train: Data<R>,
    pub(super) validation: Option<Data<R>>,
    pub(super) test: Option<Data<R>>,
    pub(super) fingerprint: u64,
}

impl Parts {
    /// How many rows each part has, in words.
    pub(super) fn said(&self) -> String {
        let mut text = format!("{} to train on", self.train.len());
        for (rows, why) in [(&self.validation, "to tell when to stop"), (&self.test, "to test on")] {
            if !rows.is_empty() {
                text.push_str(&format!(", {} {why}", rows.len()));
            }
        }
        text
    }

    /// Encodes the rows of a table, which is needed no more.
    pub(super) fn encode<R: Real>(
        &self,
        encoder: &Encoder,
        table: Table,
        unseen: &mut Unseen,
    ) -> Result<Encoded<R>> {
        let all = [self.train.as_slice(), &self.validation, &self.test];
        let some: Vec<&[u32]> = all.into_iter().filter(|rows| !rows.is_empty()).collect();
        let encoded = encoder.transform_parts(table, &some, unseen)?;
        let fingerprint = fingerprint(&encoded);
        let mut encoded = encoded.into_iter();
        let [train, validation, test] = all.map(|rows| if rows.is_empty() { None } else { encoded.next() });
        let train = train.ok_or_else(|| Error::new(ErrorKind::Data, "there are no rows to train on"))?;
        Ok(Encoded { train, validation, test, fingerprint })
    }
}

/// The rows of every class count as much as those of any other.
pub(super) fn balanced<R: Real>(data: Data<R>) -> Result<Data<R>> {
    let Target::Classes(y) = &data.y else {
        return Err(Error::new(ErrorKind::Setting, "found 'balanced', the answers are no classes")
            .setting("class_weight")
            .hint("leave it out"));
    };
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    y.iter().for_each(|&class| *counts.entry(class).or_default() += 1);
    let (n, k) = (y.len() as f64, counts.len() as f64);
    let weights = y.iter().map(|class| R::of(n / (k * counts[class] as f64))).collect();
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
