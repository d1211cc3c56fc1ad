//! The page of a report: how good the model is, and why, how the training went, what was read and decided.

mod answers;
mod columns;
mod members;
mod parts;

use crate::chart::{Chart, Layer};
use crate::page::{escaped, page, table};
use clearprop::report::{Found, Report, Wrong};
use parts::{counted, heading, number, rows, short};
use std::fmt::Write;

const STYLE: &str = include_str!("report.css");

/// What stands above the numbers, in the words of the door.
#[derive(Clone, Debug)]
pub struct Head {
    /// What is reported.
    pub title: String,
    /// Where the rows and the model come from.
    pub from: String,
    /// The decisions, a line each.
    pub decisions: Vec<String>,
    /// The file with the same numbers.
    pub json: String,
}

/// The page.
#[must_use]
pub fn report_page(head: &Head, report: &Report) -> String {
    let mut body = format!("<h1>{}</h1>\n<p>{}</p>\n", escaped(&head.title), escaped(&head.from));
    figures(&mut body, report);
    answers::answers(&mut body, report);
    members::members(&mut body, report);
    columns::worth(&mut body, report);
    columns::dependence(&mut body, &report.dependence);
    worst(&mut body, report);
    training(&mut body, report);
    columns::read(&mut body, &head.decisions, report);
    let _ = writeln!(
        body,
        "<p class=\"faint\">The same numbers, all of them: <a href=\"{0}\">{0}</a>.</p>",
        escaped(&head.json)
    );
    page(&head.title, STYLE, &body)
}

/// Which rows, and how good.
fn figures(body: &mut String, report: &Report) {
    let seen = match report.part {
        "training rows" => "<strong>the rows that it was trained on</strong>: new rows will be worse",
        "rows of folds" => "each by the member that was not trained on it",
        "test rows" => "rows that it was not trained on",
        _ => "the rows of this file",
    };
    let some = match report.rows < report.of {
        true => format!("{} of {}, drawn at random: ", counted(report.rows), counted(report.of)),
        false => format!("{}: ", rows(report.rows)),
    };
    let sizes: Vec<String> = report.sizes.iter().map(ToString::to_string).collect();
    let networks = match report.members.len() {
        0 => "A network".to_owned(),
        count => format!("The mean of {count} networks"),
    };
    let _ = writeln!(
        body,
        "<p>{networks} of {} units, looked at on {some}{seen}.</p>\n<dl class=\"figures\">",
        sizes.join(" → ")
    );
    for (name, value) in &report.figures {
        let _ = writeln!(body, "<div><dt>{name}</dt><dd>{}</dd></div>", number(*value));
    }
    body.push_str("</dl>\n");
}

fn worst(body: &mut String, report: &Report) {
    let Some(first) = report.worst.first() else { return };
    let [said, by] = match report.answers {
        Found::Classes { .. } => ["called", "given to it"],
        _ => ["predicted", "off by"],
    };
    heading(
        body,
        "Where it is most wrong",
        "The rows with the largest errors. If several have something in common, or look mistyped, it is worth a look.",
    );
    let mut rows = format!(
        "<thead><tr><th scope=\"col\">row</th><th class=\"text\" scope=\"col\">is</th>\
         <th class=\"text\" scope=\"col\">{said}</th><th scope=\"col\">{by}</th>"
    );
    for (column, _) in &first.cells {
        let _ = write!(rows, "<th class=\"text\" scope=\"col\">{}</th>", escaped(column));
    }
    rows.push_str("</tr></thead><tbody>");
    for Wrong { line, is, called, by, cells } in &report.worst {
        let (is, called) = (escaped(is), escaped(called));
        let _ = write!(rows, "<tr><th scope=\"row\">{line}</th><td class=\"text\">{is}</td>");
        let _ = write!(rows, "<td class=\"text\">{called}</td><td>{}</td>", number(*by));
        for (_, value) in cells {
            let _ = write!(rows, "<td class=\"text\">{}</td>", escaped(&short(value)));
        }
        rows.push_str("</tr>");
    }
    rows.push_str("</tbody>");
    body.push_str(&table("rows that the model gets most wrong", &rows));
}

fn training(body: &mut String, report: &Report) {
    if report.losses.is_empty() {
        return;
    }
    let turns = match report.members.len() {
        0 => String::new(),
        count => format!(" The {count} networks stand one after the other, each from its beginning."),
    };
    let text = "The loss by step. Where the validation loss rises while the training loss falls, the network learns its rows by heart.";
    heading(body, "The training", &format!("{text}{turns}"));
    let layers = report.losses.iter().map(|(name, points)| Layer::Curve(name, points.clone())).collect();
    let chart = Chart {
        name: "loss by step".to_owned(),
        axes: ["step", "loss"],
        ends: [None, None],
        log: true,
        layers,
    };
    body.push_str(&chart.svg());
}
