//! The report of a run or of an evaluation: a page, and the same numbers as JSON.

use crate::arguments::option;
use crate::source;
use clearprop::decision::{self, Decision};
use clearprop::error::{Error, ErrorKind, Result, with_settings};
use clearprop::fit::History;
use clearprop::model::Model;
use clearprop::real::Real;
use clearprop::report::{Report, Sample};
use clearprop_files::foreign::foreign;
use clearprop_plots::{Head, report_page};
use std::path::Path;

/// What is reported.
pub(crate) struct From<'a> {
    pub(crate) title: String,
    /// Where the rows come from.
    pub(crate) rows: String,
    /// What the file with the numbers is called.
    pub(crate) json: &'a str,
}

/// A file without its folders, which are nobody else's business; `-` is standard input.
pub(crate) fn file_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| name != "-").unwrap_or_else(|| source::called(path))
}

/// The page and the JSON.
pub(crate) fn files<R: Real>(
    model: &Model<R>,
    sample: &Sample,
    from: &From<'_>,
    decisions: &[Decision],
    history: Option<&History>,
) -> Result<[String; 2]> {
    let failed = || Error::new(ErrorKind::Data, "the report failed");
    let report = foreign(|| Report::new(model, sample, decisions, history)).ok_or_else(failed)??;
    let lines = decision::lines(decisions).iter().map(|line| with_settings(line, option)).collect();
    let head = Head {
        title: from.title.clone(),
        from: match sample.all_rows() {
            1 => format!("{}, 1 row.", from.rows),
            n => format!("{}, {n} rows.", from.rows),
        },
        decisions: lines,
        json: from.json.to_owned(),
    };
    let page = foreign(|| report_page(&head, &report)).ok_or_else(failed)?;
    let json = serde_json::to_string(&report).map_err(|error| failed().hint(error.to_string()))?;
    Ok([page, json + "\n"])
}
