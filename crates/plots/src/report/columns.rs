//! What was read of the columns, and what they are worth.

use super::parts::{SHOWN, figure, heading, number, rows, short};
use crate::chart::{Bar, Chart, Layer, bars};
use crate::page::{escaped, table};
use clearprop::report::{Dependence, Report};
use std::fmt::Write;

const BARS: usize = 20;

pub(super) fn worth(body: &mut String, report: &Report) {
    if report.importance.is_empty() {
        return;
    }
    let score = report.figures.first().map_or("score", |(name, _)| name);
    heading(
        body,
        "What each column is worth",
        &format!(
            "By how much {score} falls on {} when the values of one column are shuffled among the rows \
             (permutation importance): the mean of five shuffles, ± their standard deviation. Columns that say the \
             same share their worth.",
            rows(report.importance_rows)
        ),
    );
    let shown: Vec<Bar<'_>> = report
        .importance
        .iter()
        .take(BARS)
        .map(|worth| Bar { name: &worth.column, value: worth.mean, spread: Some(worth.spread) })
        .collect();
    let all: Vec<String> = shown
        .iter()
        .map(|bar| format!("{} {:.3} ± {:.3}", bar.name, bar.value, bar.spread.unwrap_or(0.0)))
        .collect();
    let more = report.importance.len().saturating_sub(BARS);
    body.push_str(&bars(&format!("permutation importance: {}", all.join(", ")), &shown));
    if more > 0 {
        let _ = writeln!(body, "<p class=\"faint\">{more} more, worth less, are in the JSON.</p>");
    }
}

pub(super) fn dependence(body: &mut String, all: &[Dependence]) {
    if all.is_empty() {
        return;
    }
    heading(
        body,
        "How the answer follows a column",
        "The mean prediction if all rows had this one value and kept their others (partial dependence). It can \
         show what the model does, not what causes what.",
    );
    body.push_str("<div class=\"charts\">\n");
    for follows in all {
        let [output] = follows.outputs.as_slice() else {
            several(body, follows);
            continue;
        };
        if follows.words {
            let shown: Vec<Bar<'_>> = follows
                .places
                .iter()
                .map(|place| Bar { name: &place.text, value: place.means[0], spread: None })
                .collect();
            let name = format!("{output} by {}", follows.column);
            figure(body, &follows.column, &bars(&name, &shown), &escaped(output));
        } else {
            several(body, follows);
        }
    }
    body.push_str("</div>\n");
}

/// A curve an output, or of words a table.
fn several(body: &mut String, follows: &Dependence) {
    if follows.words {
        let column = escaped(&follows.column);
        let mut rows = format!("<thead><tr><th class=\"text\" scope=\"col\">{column}</th>");
        for output in &follows.outputs {
            let _ = write!(rows, "<th scope=\"col\">{}</th>", escaped(output));
        }
        rows.push_str("</tr></thead><tbody>");
        for place in &follows.places {
            let _ = write!(rows, "<tr><th class=\"text\" scope=\"row\">{}</th>", escaped(&place.text));
            place.means.iter().for_each(|&mean| {
                let _ = write!(rows, "<td>{}</td>", number(mean));
            });
            rows.push_str("</tr>");
        }
        rows.push_str("</tbody>");
        figure(body, &follows.column, &table(&follows.column, &rows), "");
        return;
    }
    let short = |name: &'_ str| name.strip_prefix("probability of ").unwrap_or(name).to_owned();
    let names: Vec<String> = follows.outputs.iter().map(|name| short(name)).collect();
    let layer = |(j, name)| {
        let points = follows.places.iter().map(|place| [place.at, place.means[j]]).collect();
        let name: &String = name;
        Layer::Dotted(if names.len() > 1 { name.as_str() } else { "" }, points)
    };
    let what = match names.as_slice() {
        [_] => follows.outputs[0].clone(),
        _ if follows.outputs[0].starts_with("probability") => "probability".to_owned(),
        _ => "mean prediction".to_owned(),
    };
    let chart = Chart {
        name: format!("{what} by {}", follows.column),
        axes: [&follows.column, &what],
        ends: [None, None],
        log: false,
        layers: names.iter().enumerate().map(layer).collect(),
    };
    figure(
        body,
        &follows.column,
        &chart.svg(),
        "Dots are values that rows have, from the lowest twentieth to the highest.",
    );
}

/// What was read and decided, column by column.
pub(super) fn read(body: &mut String, decisions: &[String], report: &Report) {
    heading(body, "What was read and decided", "Column by column, as the file has them.");
    let mut rows = "<thead><tr><th class=\"text\" scope=\"col\">column</th><th class=\"text\" scope=\"col\">read as</th>\
         <th scope=\"col\">missing</th><th class=\"text\" scope=\"col\">values</th>\
         <th class=\"text\" scope=\"col\">became</th><th class=\"text\" scope=\"col\">decided</th></tr></thead><tbody>"
        .to_owned();
    for column in report.columns.iter().take(SHOWN) {
        let (kind, missing, values) = match &column.holds {
            Some(holds) => (holds.read_as(), holds.missing.to_string(), holds.shown(short)),
            None => ("not read".to_owned(), String::new(), String::new()),
        };
        let about = report.decisions.iter().filter(|one| one.column.as_ref() == Some(&column.name));
        let decided: Vec<&str> = about.map(|one| one.what.as_str()).collect();
        let _ = write!(
            rows,
            "<tr><th class=\"text\" scope=\"row\">{}</th><td class=\"text\">{}</td><td>{}</td>\
             <td class=\"text long\">{}</td><td class=\"text\">{}</td><td class=\"text long\">{}</td></tr>",
            escaped(&column.name),
            escaped(&kind),
            missing,
            escaped(&values),
            escaped(&column.fate),
            escaped(&decided.join("; "))
        );
    }
    rows.push_str("</tbody>");
    body.push_str(&table("the columns", &rows));
    let more = report.columns.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(body, "<p class=\"faint\">{more} more columns are in the JSON.</p>");
    }
    if !decisions.is_empty() {
        body.push_str("<h3>Every decision, and how to overrule it</h3>\n<ul>\n");
        for line in decisions {
            let words: Vec<String> = line.split(' ').map(unbroken).collect();
            let _ = writeln!(body, "<li>{}</li>", words.join(" "));
        }
        body.push_str("</ul>\n");
    }
}

/// A word for a page; an option is not broken after its hyphens.
fn unbroken(word: &str) -> String {
    let word_on_page = escaped(word);
    if word.contains("--") { format!("<span class=\"option\">{word_on_page}</span>") } else { word_on_page }
}
