//! The trace as one self-contained page: formulas as MathML, matrices as heat maps in SVG, light and
//! dark, and every picture with its numbers in words.  It loads nothing.

use crate::paper::{Paper, shape, short};
use crate::trace::chain::{Sheet, heading, note, remark, right_sides, row_title, title};
use crate::trace::worked;
use clearprop::stage::{Piece, Way, in_notebooks_names, pieces};
use clearprop::trace::{Link, Names, Quantity, Worked};
use clearprop_plots::page::{self, escaped, typeset};
use ndarray::{ArrayView2, Axis};
use std::fmt::Write;

/// At most so many rows and columns of a matrix are drawn, evenly chosen.
const DRAWN: usize = 40;
/// At most so many rows and columns are written as numbers.
const WRITTEN: usize = 12;
/// Steps of colour on either side of zero.
const LEVELS: i8 = 7;

const STYLE: &str = include_str!("report.css");

/// The whole page; `example` is a number whose arithmetic is shown at the end.
pub(crate) fn report(sheet: Sheet<'_>, example: &Worked) -> String {
    let paper = Paper { width: 96, colour: false };
    let trace = sheet.trace;
    let mut page = String::new();
    let summary = title(trace, Paper { width: 1000, colour: false });
    let summary = summary.split_once(": ").map_or(summary.as_str(), |(_, rest)| rest);
    let row = sheet
        .row
        .map_or(String::new(), |row| format!("<p>{}</p>", escaped(&row_title(trace, row, sheet.names))));
    let levels: String = (1..=LEVELS)
        .map(|level| {
            let share = 100 * u32::from(level.unsigned_abs()) / u32::from(LEVELS.unsigned_abs());
            format!(
                ".n{level}{{fill:color-mix(in oklab,var(--negative) {share}%,var(--zero))}}\
                 .p{level}{{fill:color-mix(in oklab,var(--positive) {share}%,var(--zero))}}"
            )
        })
        .collect();
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "<h1>A forward and a backward pass</h1>\n<p class=\"summary\">{}</p>{row}\n\
         <p>Read the values <strong>down</strong>: each comes from those above it. Read the derivatives, whose names \
         begin with d, <strong>up</strong>: each is taken of the loss <strong>by the value beside or above \
         it</strong>, has that value's shape, and comes from the derivatives below it.</p>\n\
         <p class=\"legend\">{} is the loss, {} the logits, {} the probabilities, {} the product number by \
         number, {} is 1 where the condition holds and 0 elsewhere. {}</p>\n",
        escaped(summary.trim()),
        typeset("L"),
        typeset("f"),
        typeset("p"),
        typeset(r"\odot"),
        typeset("[\\ldots]"),
        scale(),
    );
    page.push_str("<h2 class=\"way\">Forward <span aria-hidden=\"true\">↓</span></h2>");
    page.push_str("<h2 class=\"way\">Backward <span aria-hidden=\"true\">↑</span></h2>\n");
    for link in trace.chain(sheet.names) {
        pair(&mut page, sheet, &link);
    }
    let _ = write!(
        page,
        "<section class=\"worked\" aria-label=\"One number worked out\">\n<h2>One number worked out: {}</h2>\n\
         <p>The terms of its sum and the chain rule through one row, to be redone by hand.</p>\n\
         <pre tabindex=\"0\">{}</pre>\n</section>\n",
        escaped(&example.name),
        escaped(&worked::worked(example, false, paper)),
    );
    page::page("A forward and a backward pass", &format!("{STYLE}{levels}"), &page)
}

/// A value and the derivative by it.
fn pair(page: &mut String, sheet: Sheet<'_>, link: &Link) {
    if let Some(heading) = heading(sheet, link) {
        let _ = writeln!(page, "<h2 class=\"layer\">{}</h2>", escaped(&heading));
    }
    card(page, sheet, &link.value, "forward", "");
    match &link.derivative {
        Some(derivative) => {
            let by = format!("by {}", link.value.name);
            card(page, sheet, derivative, "backward", &by);
        }
        None => {
            let _ = writeln!(page, "<p class=\"none\">{}</p>", escaped(&remark(sheet.trace, link)));
        }
    }
}

/// One quantity: names, formula, shape, statistics, picture, and the derivation to open.
fn card(page: &mut String, sheet: Sheet<'_>, quantity: &Quantity, class: &str, by: &str) {
    let given = if quantity.stages.is_empty() && quantity.name != "loss" { " given" } else { "" };
    let _ = write!(page, "<section class=\"{class}{given}\" aria-label=\"{} {by}\">\n<h3>", quantity.name);
    let _ = write!(page, "<code>{}</code>", escaped(&quantity.name));
    if quantity.other_name != quantity.name {
        let _ = write!(page, " <span class=\"other\">{}</span>", escaped(&quantity.other_name));
    }
    let _ = writeln!(page, " <span class=\"shape\">{}</span></h3>", shape(quantity.values.shape()));
    if !quantity.role.is_empty() {
        let what = if by.is_empty() { "" } else { "the derivative of the loss " };
        let _ = writeln!(page, "<p class=\"role\">{what}{}</p>", escaped(&quantity.role));
    }
    for formula in &quantity.formulas {
        let shown = match sheet.names {
            Names::Design => typeset(&formula.tex),
            // A line with its bias in the last row is NumPy's.
            Names::Notebook => format!("<code>{}</code>", escaped(&formula.numpy)),
        };
        let _ = writeln!(page, "<p class=\"formula\">{shown}</p>");
    }
    if quantity.name == "loss" {
        let _ =
            writeln!(page, "<p class=\"plain\">loss {}</p>", escaped(&right_sides(quantity, sheet.names)[0]));
    }
    for line in note(sheet, quantity) {
        let _ = writeln!(page, "<p class=\"numbers\">{}</p>", escaped(&line));
    }
    heat_map(page, quantity);
    let last = sheet.trace.layers();
    for (stage, layer) in &quantity.stages {
        let filled = |text: &str| words(text, |text| stage.fill(text, *layer, last), sheet.names);
        let _ = writeln!(page, "<details><summary>{}</summary>", filled(stage.sentence));
        let by = if stage.way == Way::Backward { "By" } else { "It depends on" };
        let _ = write!(
            page,
            "<p>{by} {}.</p><p>Shape {}: {}.</p>\n<ol>",
            filled(stage.by),
            escaped(stage.shape),
            filled(stage.shape_rule)
        );
        for step in stage.steps() {
            let _ = write!(page, "<li>{}</li>", filled(&step));
        }
        page.push_str("</ol></details>\n");
    }
    numbers(page, quantity);
    page.push_str("</section>\n");
}

/// Words of a stage, their formulas typeset in the names that were asked for; `fill` puts in the layer.
fn words(text: &str, fill: impl Fn(&str) -> String, names: Names) -> String {
    let shown = |piece| match piece {
        Piece::Words(words) => escaped(&fill(words)),
        Piece::Formula(tex) if names == Names::Notebook => typeset(&in_notebooks_names(&fill(tex))),
        Piece::Formula(tex) => typeset(&fill(tex)),
    };
    pieces(text).into_iter().map(shown).collect()
}

/// A matrix as coloured squares: one path a colour, so that even large ones stay small.
fn heat_map(page: &mut String, quantity: &Quantity) {
    let Some(values) = matrix(quantity) else { return };
    if values.len() < 2 || quantity.name == "y" {
        return;
    }
    let (rows, columns) = (chosen(values.nrows(), DRAWN), chosen(values.ncols(), DRAWN));
    let largest = values.iter().filter(|v| v.is_finite()).fold(0.0_f64, |largest, v| largest.max(v.abs()));
    let s = quantity.statistics();
    let part =
        |drawn: usize, all: usize, what: &str| (drawn < all).then(|| format!("{drawn} of {all} {what}"));
    let parts = [part(rows.len(), values.nrows(), "rows"), part(columns.len(), values.ncols(), "columns")];
    let drawn = match parts.into_iter().flatten().collect::<Vec<_>>().join(" and ") {
        parts if parts.is_empty() => parts,
        parts => format!(", {parts} drawn"),
    };
    let label = format!(
        "heat map of {}, shape {}{drawn}: from {} to {}, mean {}, {} exactly zero",
        quantity.name,
        shape(quantity.values.shape()),
        short(s.min),
        short(s.max),
        short(s.mean),
        s.zeros
    );
    let (width, height) = (columns.len(), rows.len());
    let (across, down) = ((320 / width).clamp(4, 18), (160 / height).clamp(4, 18));
    let _ = write!(
        page,
        "<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width} {height}\" \
         preserveAspectRatio=\"none\" width=\"{}\" height=\"{}\">",
        escaped(&label),
        width * across,
        height * down
    );
    for level in -LEVELS..=LEVELS {
        let mut path = String::new();
        for (y, &i) in rows.iter().enumerate() {
            for (x, &j) in columns.iter().enumerate() {
                if level_of(values[[i, j]], largest) == Some(level) {
                    let _ = write!(path, "M{x} {y}h1v1h-1z");
                }
            }
        }
        if !path.is_empty() {
            let class = match level {
                0 => "z".to_owned(),
                level if level < 0 => format!("n{}", -level),
                level => format!("p{level}"),
            };
            let _ = write!(page, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }
    page.push_str("</svg>\n");
    if !drawn.is_empty() {
        let _ = writeln!(page, "<p class=\"drawn\">{}</p>", escaped(drawn.trim_start_matches(", ")));
    }
}

/// Which colour a number has: 0 for exactly zero alone, none for NaN.
#[expect(clippy::cast_possible_truncation, reason = "the quotient is at most LEVELS")]
fn level_of(value: f64, largest: f64) -> Option<i8> {
    if value == 0.0 || largest == 0.0 {
        return (!value.is_nan()).then_some(0);
    }
    let level = (value.abs() / largest * f64::from(LEVELS)).ceil().clamp(1.0, f64::from(LEVELS));
    (!value.is_nan()).then(|| (level as i8) * if value < 0.0 { -1 } else { 1 })
}

/// The colours from the largest negative to the largest positive number.
fn scale() -> String {
    let mut svg = format!(
        "<span class=\"scale\">negative <svg role=\"img\" aria-label=\"colours from negative over zero to positive\" \
         viewBox=\"0 0 {} 1\" width=\"150\" height=\"10\">",
        2 * LEVELS + 1
    );
    for level in -LEVELS..=LEVELS {
        let class = match level {
            0 => "z".to_owned(),
            level if level < 0 => format!("n{}", -level),
            level => format!("p{level}"),
        };
        let _ = write!(svg, "<path class=\"{class}\" d=\"M{} 0h1v1h-1z\"/>", level + LEVELS);
    }
    svg.push_str("</svg> positive, grey exactly 0</span>");
    svg
}

/// The numbers themselves in a table to open, the first rows and columns of a large array.
fn numbers(page: &mut String, quantity: &Quantity) {
    let Some(values) = matrix(quantity) else { return };
    let (rows, columns) = (values.nrows().min(WRITTEN), values.ncols().min(WRITTEN));
    let part =
        if rows < values.nrows() || columns < values.ncols() { "the first numbers" } else { "the numbers" };
    let mut table = "<thead><tr><td></td>".to_owned();
    for j in 0..columns {
        let _ = write!(table, "<th scope=\"col\">{j}</th>");
    }
    table.push_str("</tr></thead><tbody>");
    for i in 0..rows {
        let _ = write!(table, "<tr><th scope=\"row\">{i}</th>");
        for j in 0..columns {
            let _ = write!(table, "<td>{}</td>", short(values[[i, j]]).replace('-', "−"));
        }
        table.push_str("</tr>");
    }
    table.push_str("</tbody>");
    let table = page::table(&format!("numbers of {}", quantity.name), &table);
    let _ = writeln!(page, "<details><summary>{part}</summary>{table}</details>");
}

/// The array as a matrix; a bias is a row.
fn matrix(quantity: &Quantity) -> Option<ArrayView2<'_, f64>> {
    match quantity.values.ndim() {
        1 => {
            let row = quantity.values.view().into_dimensionality::<ndarray::Ix1>().ok()?;
            Some(row.insert_axis(Axis(usize::from(quantity.of_rows))))
        }
        2 => quantity.values.view().into_dimensionality().ok(),
        _ => None,
    }
}

/// At most `most` of 0..n, evenly chosen.
fn chosen(n: usize, most: usize) -> Vec<usize> {
    if n <= most { (0..n).collect() } else { (0..most).map(|at| at * n / most).collect() }
}

/// The number whose arithmetic a report shows if none is asked for: the largest of the first `dw`.
pub(crate) fn example(sheet: Sheet<'_>) -> Worked {
    let trace = sheet.trace;
    let dw = trace.grads.w(1);
    let mut best = (0, 0);
    for (index, value) in dw.indexed_iter() {
        if value.abs() > dw[best].abs() {
            best = index;
        }
    }
    let entry =
        clearprop::trace::Entry { kind: clearprop::trace::Kind::Dw, layer: 1, index: vec![best.0, best.1] };
    trace.worked(&entry, sheet.row, sheet.names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::some_trace;
    use clearprop::stage::STAGES;

    #[test]
    fn every_formula_of_the_table_can_be_typeset() {
        for stage in STAGES {
            for formula in stage.formulas() {
                let shown = typeset(&stage.fill(&formula.tex, 1, 3));
                assert!(shown.starts_with("<math"), "{}: {shown}", formula.tex);
                assert!(!shown.contains("merror") && !shown.contains("<code>"), "{}", formula.tex);
            }
        }
        assert!(typeset(r"\nonsense{").contains("merror") || typeset(r"\nonsense{").contains("<code>"));
    }

    #[test]
    fn the_page_loads_nothing_and_each_picture_has_words() {
        for names in [Names::Design, Names::Notebook] {
            let trace = some_trace(1);
            let sheet = Sheet { trace: &trace, names, row: Some(2) };
            let page = report(sheet, &example(sheet));
            for word in ["<script", "http:", "https:", "src=", "@import", "url("] {
                let found = page.replace("http://www.w3.org", "").contains(word);
                assert!(!found, "the page contains {word}");
            }
            assert_eq!(page.matches("<svg role=\"img\" aria-label=").count(), page.matches("<svg").count());
            for tag in ["section", "details", "table", "svg", "math", "p", "main", "pre"] {
                let opened =
                    page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
                assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
            }
            assert!(page.contains("prefers-color-scheme: dark"));
            // Its sums are lines, and nothing is called left or right: on a phone there is one column.
            let worked = page.split("<pre").nth(1).unwrap();
            assert!(worked.lines().count() > 5, "{worked}");
            for word in ["the left", "left column", "right column"] {
                assert!(!page.contains(word), "the page says {word}");
            }
        }
    }

    #[test]
    fn only_zero_has_the_colour_of_zero() {
        assert_eq!(level_of(0.0, 3.0), Some(0));
        assert_eq!(level_of(1e-9, 3.0), Some(1));
        assert_eq!(level_of(-3.0, 3.0), Some(-LEVELS));
        assert_eq!(level_of(f64::NAN, 3.0), None);
        assert_eq!(level_of(f64::INFINITY, 3.0), Some(LEVELS));
    }

    #[test]
    fn a_large_matrix_is_drawn_in_part_and_the_page_says_so() {
        assert_eq!(chosen(3, 40), [0, 1, 2]);
        let some = chosen(603, 40);
        assert_eq!((some.len(), some[0]), (40, 0));
        assert!(some.windows(2).all(|pair| pair[1] - pair[0] >= 15) && some[39] < 603);
    }
}
