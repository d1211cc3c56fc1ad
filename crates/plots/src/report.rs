//! The page of a report: what was read and decided, how the training went, how good the model is, and why.

use crate::chart::{Bar, Chart, Layer, bars};
use crate::page::{escaped, page, table};
use clearprop::metrics::{Bin, ClassFigures, Point};
use clearprop::report::{Dependence, Found, Ranked, Report, Wrong};
use std::fmt::Write;

const STYLE: &str = include_str!("report.css");
/// So many columns are shown; all are in the JSON beside the page.
const COLUMNS: usize = 100;
const BARS: usize = 20;
/// A matrix of more classes does not fit a page.
const CLASSES: usize = 20;

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
    answers(&mut body, report);
    worth(&mut body, report);
    dependence(&mut body, &report.dependence);
    worst(&mut body, report);
    training(&mut body, report);
    read(&mut body, head, report);
    let _ = writeln!(
        body,
        "<p class=\"faint\">The same numbers, all of them: <a href=\"{0}\">{0}</a>.</p>",
        escaped(&head.json)
    );
    page(&head.title, STYLE, &body)
}

fn heading(body: &mut String, text: &str, what: &str) {
    let _ = writeln!(body, "<h2>{text}</h2>\n<p class=\"faint\">{what}</p>");
}

fn figure(body: &mut String, title: &str, svg: &str, caption: &str) {
    let title = escaped(title);
    let _ = write!(body, "<figure><h3>{title}</h3>{svg}<figcaption>{caption}</figcaption></figure>\n");
}

/// Which rows, and how good.
fn figures(body: &mut String, report: &Report) {
    let seen = match report.part {
        "training rows" => "<strong>the rows that it was trained on</strong>: new rows will be worse",
        "test rows" => "rows that it was not trained on",
        _ => "the rows of this file",
    };
    let some = match report.rows < report.of {
        true => format!("{} of {}, drawn at random: ", counted(report.rows), counted(report.of)),
        false => format!("{} rows: ", counted(report.rows)),
    };
    let sizes: Vec<String> = report.sizes.iter().map(ToString::to_string).collect();
    let _ = writeln!(
        body,
        "<p>A network of {} units, looked at on {some}{seen}.</p>\n<dl class=\"figures\">",
        sizes.join(" → ")
    );
    for (name, value) in &report.figures {
        let _ = writeln!(body, "<div><dt>{name}</dt><dd>{}</dd></div>", number(*value));
    }
    body.push_str("</dl>\n");
}

fn answers(body: &mut String, report: &Report) {
    match &report.answers {
        Found::Classes { names, confusion, figures, calibration, second } => {
            if !confusion.is_empty() && names.len() <= CLASSES {
                heading(
                    body,
                    "Who is taken for whom",
                    "A row for each class, a column for what its rows are called. Framed: called right.",
                );
                matrix(body, names, confusion);
            }
            each_class(body, "class", names, figures);
            let of = match names.as_slice() {
                [_, second] => format!("the probability of {second}"),
                _ => "the probability of the class a row is called".to_owned(),
            };
            heading(body, "How far the probabilities can be trusted", "");
            body.push_str("<div class=\"charts\">\n");
            calibrated(body, calibration, &of);
            if let (Some(Ranked { roc, precision_recall, areas }), [_, name]) = (second, names.as_slice()) {
                let points = |points: &[Point]| points.iter().map(|p| [p.x, p.y]).collect::<Vec<_>>();
                let share = areas.average_precision;
                curve(
                    body,
                    (
                        "ROC curve",
                        &format!(
                            "Each threshold for calling a row {name}. The area is {:.3}; 0.5 is what chance gives, on the dashed line.",
                            areas.roc_auc
                        ),
                    ),
                    ["share of false alarms", "share found"],
                    points(roc),
                    Some(([0.0, 0.0], [1.0, 1.0])),
                );
                curve(
                    body,
                    (
                        "Precision and recall",
                        &format!(
                            "Of the rows called {name}, the share that are, against the share of all such rows that is found. The average precision is {share:.3}."
                        ),
                    ),
                    ["share found (recall)", "share right (precision)"],
                    points(precision_recall),
                    None,
                );
            }
            body.push_str("</div>\n");
        }
        Found::Labels { names, figures, calibration } => {
            heading(body, "Each label by itself", "");
            each_class(body, "label", names, figures);
            heading(body, "How far the probabilities can be trusted", "");
            body.push_str("<div class=\"charts\">\n");
            calibrated(body, calibration, "the probability of a label");
            body.push_str("</div>\n");
        }
        Found::Numbers { names, pairs } => {
            heading(body, "Predicted against true", "On the dashed line a prediction is right.");
            body.push_str("<div class=\"charts\">\n");
            for (name, pairs) in names.iter().zip(pairs).take(4) {
                predicted(body, name, pairs);
            }
            body.push_str("</div>\n");
        }
        _ => {}
    }
}

/// Numbers as dots, and what is left over.
fn predicted(body: &mut String, name: &str, pairs: &[[f64; 2]]) {
    let turned: Vec<[f64; 2]> = pairs.iter().map(|&[predicted, is]| [is, predicted]).collect();
    let ends = pairs.iter().flatten().filter(|v| v.is_finite());
    let ends = ends.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &v| [a.min(v), b.max(v)]);
    let room = (0.04 * (ends[1] - ends[0])).max(1e-9);
    let ends = [ends[0] - room, ends[1] + room];
    if !ends.iter().all(|v| v.is_finite()) {
        return;
    }
    let ideal = Layer::Ideal("right", [ends[0]; 2], [ends[1]; 2]);
    let chart = Chart {
        name: format!("{name}: predicted against true, {} rows", pairs.len()),
        axes: ["true", "predicted"],
        ends: [Some(ends), Some(ends)],
        log: false,
        layers: vec![ideal, Layer::Dots(turned)],
    };
    figure(body, name, &chart.svg(), "Each dot is a row.");
    let left: Vec<[f64; 2]> = pairs.iter().map(|&[predicted, is]| [predicted, predicted - is]).collect();
    let chart = Chart {
        name: format!("{name}: residuals against predictions"),
        axes: ["predicted", "predicted − true"],
        ends: [Some(ends), None],
        log: false,
        layers: vec![Layer::Ideal("right", [ends[0], 0.0], [ends[1], 0.0]), Layer::Dots(left)],
    };
    figure(
        body,
        &format!("{name}: residuals"),
        &chart.svg(),
        "A pattern here is something that the network has not learnt.",
    );
}

fn matrix(body: &mut String, names: &[String], confusion: &[Vec<u64>]) {
    let mut rows = "<thead><tr><th class=\"text\" scope=\"col\">is \\ called</th>".to_owned();
    for name in names {
        let _ = write!(rows, "<th scope=\"col\">{}</th>", escaped(name));
    }
    rows.push_str("</tr></thead><tbody>");
    for (i, (name, row)) in names.iter().zip(confusion).enumerate() {
        let all = row.iter().sum::<u64>().max(1) as f64;
        let _ = write!(rows, "<tr><th class=\"text\" scope=\"row\">{}</th>", escaped(name));
        for (j, &count) in row.iter().enumerate() {
            let right = if i == j { " right" } else { "" };
            let share = count as f64 / all;
            let _ = write!(rows, "<td class=\"cell{right}\" style=\"--share:{share:.2}\">{count}</td>");
        }
        rows.push_str("</tr>");
    }
    rows.push_str("</tbody>");
    body.push_str(&table("confusion matrix", &rows));
}

fn each_class(body: &mut String, what: &str, names: &[String], figures: &[ClassFigures]) {
    let mut rows = format!("<thead><tr><th class=\"text\" scope=\"col\">{what}</th>");
    rows.push_str("<th scope=\"col\">precision</th><th scope=\"col\">recall</th><th scope=\"col\">F1</th><th scope=\"col\">rows</th></tr></thead><tbody>");
    for (name, f) in names.iter().zip(figures).take(COLUMNS) {
        let _ = write!(rows, "<tr><th class=\"text\" scope=\"row\">{}</th>", escaped(name));
        for share in [f.precision, f.recall, f.f1] {
            let _ = write!(rows, "<td>{}</td>", number(share));
        }
        let _ = write!(rows, "<td>{}</td></tr>", f.rows);
    }
    rows.push_str("</tbody>");
    body.push_str(&table("figures of each class", &rows));
}

fn calibrated(body: &mut String, bins: &[Bin], of: &str) {
    if bins.is_empty() {
        body.push_str("<p>The outputs are scores, no probabilities.</p>\n");
        return;
    }
    let points = bins.iter().map(|bin| [bin.score, bin.share]).collect();
    let chart = Chart {
        name: format!("calibration: {of} against how often it is so"),
        axes: ["said", "so"],
        ends: [Some([0.0, 1.0]), Some([-0.02, 1.02])],
        log: false,
        layers: vec![Layer::Ideal("honest", [0.0, 0.0], [1.0, 1.0]), Layer::Dotted("model", points)],
    };
    let rows: Vec<String> =
        bins.iter().map(|bin| format!("{:.2} → {:.2} ({})", bin.score, bin.share, bin.rows)).collect();
    let caption = format!(
        "Rows in ten groups by {}: what is said, and how often it is so. Below the dashed line it is \
         promised too much.<details><summary>said → so (rows)</summary>{}</details>",
        escaped(of),
        rows.join("; ")
    );
    figure(body, "Calibration", &chart.svg(), &caption);
}

fn curve(
    body: &mut String,
    (title, caption): (&str, &str),
    axes: [&str; 2],
    points: Vec<[f64; 2]>,
    chance: Option<([f64; 2], [f64; 2])>,
) {
    if points.is_empty() {
        return;
    }
    let mut layers: Vec<Layer<'_>> =
        chance.map(|(from, to)| Layer::Ideal("chance", from, to)).into_iter().collect();
    layers.push(Layer::Curve("model", points));
    let ends = [Some([0.0, 1.0]), Some([-0.02, 1.02])];
    let chart = Chart { name: title.to_owned(), axes, ends, log: false, layers };
    figure(body, title, &chart.svg(), &escaped(caption));
}

fn worth(body: &mut String, report: &Report) {
    if report.importance.is_empty() {
        return;
    }
    let score = report.figures.first().map_or("score", |(name, _)| name);
    heading(
        body,
        "What each column is worth",
        &format!(
            "By how much {score} falls on {} rows when the values of one column are shuffled among the rows \
             (permutation importance): the mean of five shuffles, ± their standard deviation. Columns that say the \
             same share their worth.",
            counted(report.importance_rows)
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

fn dependence(body: &mut String, all: &[Dependence]) {
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
        let mut rows = "<thead><tr><th></th>".to_owned();
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

fn worst(body: &mut String, report: &Report) {
    let Some(first) = report.worst.first() else { return };
    let by = match report.answers {
        Found::Classes { .. } => "given to it",
        _ => "off by",
    };
    heading(
        body,
        "Where it is most wrong",
        "The rows with the largest errors. If several have something in common, or look mistyped, it is worth a look.",
    );
    let mut rows = format!(
        "<thead><tr><th scope=\"col\">row</th><th class=\"text\" scope=\"col\">is</th>\
         <th class=\"text\" scope=\"col\">called</th><th scope=\"col\">{by}</th>"
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
    heading(
        body,
        "The training",
        "The loss by step. Where the validation loss rises while the training loss falls, the network learns its rows by heart.",
    );
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

/// What was read and decided, column by column.
fn read(body: &mut String, head: &Head, report: &Report) {
    heading(body, "What was read and decided", "Column by column, as the file has them.");
    let mut rows = "<thead><tr><th class=\"text\" scope=\"col\">column</th><th class=\"text\" scope=\"col\">read as</th>\
         <th scope=\"col\">missing</th><th class=\"text\" scope=\"col\">values</th>\
         <th class=\"text\" scope=\"col\">became</th><th class=\"text\" scope=\"col\">decided</th></tr></thead><tbody>"
        .to_owned();
    for column in report.columns.iter().take(COLUMNS) {
        let kind = match column.holds.form.as_str() {
            "" => column.holds.kind.to_owned(),
            form => format!("{} ({form})", column.holds.kind),
        };
        let values = match column.holds.different {
            None => column.holds.values.iter().map(|value| short(value)).collect::<Vec<_>>().join(" to "),
            Some(n) if n > column.holds.values.len() => {
                format!("{}, .. ({n} different)", column.holds.values.join(", "))
            }
            Some(_) => column.holds.values.join(", "),
        };
        let about = report.decisions.iter().filter(|one| one.column.as_ref() == Some(&column.name));
        let decided: Vec<&str> = about.map(|one| one.what.as_str()).collect();
        let _ = write!(
            rows,
            "<tr><th class=\"text\" scope=\"row\">{}</th><td class=\"text\">{}</td><td>{}</td>\
             <td class=\"text\">{}</td><td class=\"text\">{}</td><td class=\"text why\">{}</td></tr>",
            escaped(&column.name),
            escaped(&kind),
            column.holds.missing,
            escaped(&values),
            escaped(&column.fate),
            escaped(&decided.join("; "))
        );
    }
    rows.push_str("</tbody>");
    body.push_str(&table("the columns", &rows));
    let more = report.columns.len().saturating_sub(COLUMNS);
    if more > 0 {
        let _ = writeln!(body, "<p class=\"faint\">{more} more columns are in the JSON.</p>");
    }
    if !head.decisions.is_empty() {
        body.push_str("<h3>Every decision, and how to overrule it</h3>\n<ul>\n");
        for line in &head.decisions {
            let _ = writeln!(body, "<li>{}</li>", escaped(line));
        }
        body.push_str("</ul>\n");
    }
}

/// A number as a person reads it.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    let text = match value.abs() {
        0.0 => "0".to_owned(),
        size if (1e-3..10.0).contains(&size) => format!("{value:.3}"),
        size if (10.0..1e5).contains(&size) => format!("{value:.1}"),
        _ => format!("{value:.2e}"),
    };
    text.replace('-', "−")
}

/// A long number with fewer digits; anything else as it is.
fn short(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(value) if text.len() > 9 && value.fract() != 0.0 => {
            format!("{value:.4e}").parse::<f64>().unwrap_or(value).to_string()
        }
        _ => text.to_owned(),
    }
}

/// 12345 as 12,345.
fn counted(n: usize) -> String {
    let digits = n.to_string();
    let grouped = digits.bytes().enumerate().fold(String::new(), |mut text, (i, digit)| {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(char::from(digit));
        text
    });
    grouped
}
