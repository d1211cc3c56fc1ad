//! The chain on paper: values down the left, the derivative of the loss by each beside it, upward.
//! On narrow paper the derivative stands under its value.

use crate::paper::{Ink, Paper, TIE, length, padded, shape, short, wrap};
use clearprop::network::Penalized;
use clearprop::target::Target;
use clearprop::trace::{Kind, Link, Names, Quantity, Trace};

/// From this width on, values and derivatives stand side by side.
const SIDE_BY_SIDE: usize = 100;

/// What is drawn: a trace, in whose names, and of which row if not of all.
#[derive(Clone, Copy)]
pub(crate) struct Sheet<'a> {
    /// The numbers.
    pub(crate) trace: &'a Trace,
    /// Whose names.
    pub(crate) names: Names,
    /// One row instead of statistics.
    pub(crate) row: Option<usize>,
}

/// What the trace is of, in a line or two.
pub(crate) fn title(trace: &Trace, paper: Paper) -> String {
    let network = &trace.network;
    let sizes: Vec<String> = network.sizes.iter().map(usize::to_string).collect();
    let penalty = match (network.penalty.reg, network.penalty.over) {
        (0.0, _) => "no penalty".to_owned(),
        (reg, Penalized::All) => format!("reg {reg} over weights and biases"),
        (reg, Penalized::Weights) => format!("reg {reg} over weights"),
    };
    let text = format!(
        "One forward and backward pass: n = {} rows, units {}, {}, {} loss, {penalty}",
        trace.data.len(),
        sizes.join("-"),
        network.activation_text(),
        network.loss,
    );
    paper.wrap(&text, 0)
}

/// The whole chain; with `row`, the numbers of that row instead of statistics.
pub(crate) fn chain(sheet: Sheet<'_>, paper: Paper) -> String {
    let links = sheet.trace.chain(sheet.names);
    let mut out = title(sheet.trace, paper);
    if let Some(row) = sheet.row {
        out.push_str(&paper.wrap(&row_title(sheet.trace, row, sheet.names), 0));
    }
    out.push('\n');
    if paper.width >= SIDE_BY_SIDE {
        side_by_side(sheet, &links, paper, &mut out);
    } else {
        stacked(sheet, &links, paper, &mut out);
    }
    out
}

fn side_by_side(sheet: Sheet<'_>, links: &[Link], paper: Paper, out: &mut String) {
    let half = (paper.width - 3) / 2;
    let line = |out: &mut String, left: (Ink, &str), right: (Ink, &str)| {
        let left = paper.ink(left.0, &padded(left.1, half));
        let right = paper.ink(right.0, right.1);
        out.push_str(format!("{left} │ {right}").trim_end());
        out.push('\n');
    };
    line(out, (Ink::Bold, "FORWARD, read down ↓"), (Ink::Bold, "BACKWARD, read up ↑"));
    line(
        out,
        (Ink::Faint, "each value, from those above it"),
        (Ink::Faint, "the derivative of the loss BY the value beside"),
    );
    for link in links {
        line(out, (Ink::Faint, ""), (Ink::Faint, ""));
        if let Some(heading) = heading(sheet, link) {
            line(out, (Ink::Bold, &heading), (Ink::Faint, ""));
        }
        let left = cell(sheet, &link.value, half, "↓");
        let right = match &link.derivative {
            Some(derivative) => cell(sheet, derivative, half, "↑"),
            None => split(Line::Numbers(remark(sheet.trace, link)), half),
        };
        let right_ink = if link.derivative.is_some() { Ink::Backward } else { Ink::Faint };
        for i in 0..left.len().max(right.len()) {
            let ink = |ink: Ink, cell: &[Line]| match cell.get(i) {
                Some(Line::Formula(_)) => ink,
                Some(Line::Role(_)) => Ink::Plain,
                Some(Line::Kink(_)) => Ink::Alert,
                _ => Ink::Faint,
            };
            let text = |cell: &[Line]| cell.get(i).map_or(String::new(), |line| line.text().to_owned());
            line(out, (ink(Ink::Forward, &left), &text(&left)), (ink(right_ink, &right), &text(&right)));
        }
    }
}

fn stacked(sheet: Sheet<'_>, links: &[Link], paper: Paper, out: &mut String) {
    out.push_str(&paper.wrap("↓ forward, read down: each value, from those above it", 0));
    out.push_str(&paper.wrap("↑ backward, read up: the derivative of the loss BY the value above it", 0));
    for link in links {
        out.push('\n');
        if let Some(heading) = heading(sheet, link) {
            out.push_str(&format!("{}\n", paper.ink(Ink::Bold, &heading)));
        }
        let mut write = |cell: Vec<Line>, ink: Ink, indent: usize| {
            for line in cell {
                let ink = match line {
                    Line::Formula(_) => ink,
                    Line::Role(_) => Ink::Plain,
                    Line::Kink(_) => Ink::Alert,
                    Line::Numbers(_) => Ink::Faint,
                };
                let text = format!("{:indent$}{}", "", line.text());
                out.push_str(&paper.ink(ink, &text));
                out.push('\n');
            }
        };
        write(cell(sheet, &link.value, paper.width, "↓"), Ink::Forward, 0);
        match &link.derivative {
            Some(derivative) => write(cell(sheet, derivative, paper.width - 2, "↑"), Ink::Backward, 2),
            None => write(split(Line::Numbers(remark(sheet.trace, link)), paper.width - 2), Ink::Faint, 2),
        }
    }
}

/// Where a layer begins: its number, and the way from its input to its output.
pub(crate) fn heading(sheet: Sheet<'_>, link: &Link) -> Option<String> {
    let last = sheet.trace.layers();
    let value = |kind: Kind, l: usize| kind.name(l, &sheet.trace.network, sheet.names);
    Some(match link.begins? {
        0 => "DATA".to_owned(),
        l if l > last => "LOSS".to_owned(),
        l => {
            let input = if l == 1 { value(Kind::X, 0) } else { value(Kind::A, l - 1) };
            let output = if l == last { value(Kind::Z, l) } else { value(Kind::A, l) };
            format!("LAYER {l}: {input} in, {output} out")
        }
    })
}

/// A line of a cell.
enum Line {
    Formula(String),
    Role(String),
    Numbers(String),
    Kink(String),
}

impl Line {
    fn text(&self) -> &str {
        let (Self::Formula(text) | Self::Role(text) | Self::Numbers(text) | Self::Kink(text)) = self;
        text
    }
}

/// A quantity in lines of at most `width`: name, formula and shape, then numbers.
fn cell(sheet: Sheet<'_>, quantity: &Quantity, width: usize, arrow: &str) -> Vec<Line> {
    let mut head = quantity.name.clone();
    if quantity.other_name != quantity.name {
        head = format!("{head} ({})", quantity.other_name);
    }
    // A given value has no arrow: nothing flows into it.
    let arrow = if quantity.stages.is_empty() && quantity.name != "loss" { " " } else { arrow };
    let mut text = format!("{arrow} {head}");
    let indent = length(&text) + 1;
    let mut lines = Vec::new();
    for (i, formula) in right_sides(quantity, sheet.names).into_iter().enumerate() {
        if i == 0 && length(&text) + 1 + length(&formula) <= width {
            text = format!("{text} {formula}");
            continue;
        }
        lines.push(std::mem::take(&mut text));
        let indent = if indent + length(&formula) <= width { indent } else { 4 };
        let mut wrapped = wrap(&formula, width.saturating_sub(indent)).into_iter();
        let last = wrapped.next_back().unwrap_or_default();
        lines.extend(wrapped.map(|part| format!("{:indent$}{part}", "")));
        text = format!("{:indent$}{last}", "");
    }
    lines.push(text);
    lines.retain(|line| !line.trim().is_empty());
    // The shape stands at the right end of the first line that has room for it.
    let shape = shape(quantity.values.shape());
    match lines.iter_mut().find(|line| length(line) + 2 + length(&shape) <= width) {
        Some(line) => *line = format!("{}{shape}", padded(line, width - length(&shape))),
        None if shape.is_empty() => {}
        None => lines.push(format!("    {shape}")),
    }
    let mut cell: Vec<Line> =
        lines.into_iter().map(|line| Line::Formula(line.trim_end().to_owned())).collect();
    if !quantity.role.is_empty() {
        cell.extend(split(Line::Role(quantity.role.clone()), width));
    }
    cell.extend(numbers(sheet, quantity, width));
    cell
}

/// `= x w1 + b1`, `+= reg * w1`: the formulas of a quantity without the name they begin with.
pub(crate) fn right_sides(quantity: &Quantity, names: Names) -> Vec<String> {
    if quantity.name == "loss" {
        let penalty = if names == Names::Design { "penalty" } else { "reg_loss" };
        return vec![format!("= data_loss + {penalty}")];
    }
    let formulas = quantity.formulas.iter().map(|formula| match names {
        Names::Design => &formula.plain,
        Names::Notebook => &formula.numpy,
    });
    formulas
        .map(|formula| match formula.split_once(" += ").map(|(_, right)| ("+=", right)) {
            Some((sign, right)) => format!("{sign} {right}"),
            None => match formula.split_once(" = ") {
                Some((_, right)) => format!("= {right}"),
                None => formula.clone(),
            },
        })
        .collect()
}

/// Statistics or the numbers of one row, and what there is to say of kinks; a page wraps them itself.
pub(crate) fn note(sheet: Sheet<'_>, quantity: &Quantity) -> Vec<String> {
    let lines = numbers(sheet, quantity, 100);
    let text = |kink: bool| {
        let wanted = lines.iter().filter(|line| matches!(line, Line::Kink(_)) == kink);
        wanted.map(|line| line.text().trim().replace("  ", ", ")).collect::<Vec<_>>().join(" ")
    };
    [text(false), text(true)].into_iter().filter(|text| !text.is_empty()).collect()
}

/// Statistics, or the numbers of one row.
fn numbers(sheet: Sheet<'_>, quantity: &Quantity, width: usize) -> Vec<Line> {
    let values = &quantity.values;
    if values.ndim() == 0 {
        return vec![Line::Numbers(format!(
            "    = {}",
            values.iter().map(|&v| short(v)).collect::<String>()
        ))];
    }
    if let Some(row) = sheet.row.filter(|_| quantity.of_rows) {
        let numbers: Vec<f64> = values.index_axis(ndarray::Axis(0), row).iter().copied().collect();
        let mut lines =
            vec![Line::Numbers(format!("    [{}", listed(&numbers, width.saturating_sub(5))) + "]")];
        let zeros: Vec<usize> = (0..numbers.len()).filter(|&j| numbers[j] == 0.0).collect();
        if quantity.zero_is_kink && !zeros.is_empty() {
            lines.push(Line::Kink(format!("    exactly 0, a kink: unit {}", few(&zeros))));
        }
        return lines.into_iter().flat_map(|line| split(line, width)).collect();
    }
    if let (true, Target::Classes(y)) = (quantity.name == "y", &sheet.trace.data.y) {
        let count = |class: usize| y.iter().filter(|&&c| c as usize == class).count();
        let counts = (0..sheet.trace.network.outputs())
            .map(|class| format!("class {class}: {}", count(class)).replace(' ', TIE));
        return split(Line::Numbers(format!("    rows of {}", counts.collect::<Vec<_>>().join(", "))), width);
    }
    let s = quantity.statistics();
    // A mean that is zero but for rounding is shown as the zero that it is.
    let mean = if s.mean.abs() < 1e-14 * s.min.abs().max(s.max.abs()) { 0.0 } else { s.mean };
    let mut parts = vec![("min", short(s.min)), ("mean", short(mean)), ("max", short(s.max))];
    if s.zeros > 0 && !quantity.zero_is_kink {
        parts.push(("zeros", percent(s.zeros, s.count)));
    }
    if quantity.zero_is_kink {
        let negative = values.iter().filter(|&&z| z < 0.0).count();
        parts.push(("below 0", percent(negative, s.count)));
    }
    // A word and its number stay in one line.
    let parts = parts.iter().map(|(word, number)| format!("{word} {number}").replace(' ', TIE));
    let text = parts.collect::<Vec<_>>().join("  ");
    let mut lines = split(Line::Numbers(format!("    {text}")), width);
    if quantity.zero_is_kink && s.zeros > 0 {
        lines.extend(split(
            Line::Kink(format!("    {} exactly 0: the kink of ReLU, slope taken as 0", s.zeros)),
            width,
        ));
    }
    lines
}

/// A line, broken where it must be.
fn split(line: Line, width: usize) -> Vec<Line> {
    let parts = wrap(line.text().trim_start(), width.saturating_sub(4));
    let parts = parts.iter().map(|part| part.trim().to_owned());
    let parts = parts.filter(|part| !part.is_empty());
    let make: fn(String) -> Line = match line {
        Line::Formula(_) => Line::Formula,
        Line::Role(_) => Line::Role,
        Line::Numbers(_) => Line::Numbers,
        Line::Kink(_) => Line::Kink,
    };
    parts.map(|part| make(format!("    {part}"))).collect()
}

fn percent(part: usize, whole: usize) -> String {
    let percent = 100.0 * part as f64 / whole.max(1) as f64;
    match percent {
        p if p < 0.1 => format!("{part} of {whole}"),
        p => format!("{p:.1}%"),
    }
}

/// Numbers in a row, as many as fill two lines.
fn listed(numbers: &[f64], width: usize) -> String {
    let mut text = String::new();
    for (j, &number) in numbers.iter().enumerate() {
        let next = short(number);
        if length(&text) + length(&next) + 12 > 2 * width {
            return format!("{text} …{TIE}{}{TIE}more", numbers.len() - j);
        }
        if j > 0 {
            text.push(' ');
        }
        text.push_str(&next);
    }
    text
}

/// `0, 3, 7 and 12 more`.
pub(crate) fn few(places: &[usize]) -> String {
    let shown: Vec<String> = places.iter().take(8).map(usize::to_string).collect();
    match places.len() {
        n if n > 8 => format!("{} and {} more", shown.join(", "), n - 8),
        _ => shown.join(", "),
    }
}

/// Why there is no derivative beside a value.
pub(crate) fn remark(trace: &Trace, link: &Link) -> String {
    let penalised = if trace.network.penalty.over == Penalized::All { "every w and b" } else { "every w" };
    match link.value.name.as_str() {
        "x" | "X" => "none: the data do not learn".to_owned(),
        "probs" => "none: softmax and loss are differentiated together, by the logits".replace(
            "softmax",
            if trace.network.loss == clearprop::loss::Loss::Softmax { "softmax" } else { "output" },
        ),
        "data_loss" => "its derivative by itself is 1: here the way up begins".to_owned(),
        "penalty" | "reg_loss" => format!("does not pass through the layers: goes straight to {penalised}"),
        _ => String::new(),
    }
}

/// Which row, and how it came out.
pub(crate) fn row_title(trace: &Trace, row: usize, names: Names) -> String {
    let answer = match &trace.data.y {
        Target::Classes(y) => format!("class {}", y[row]),
        Target::Values(y) => {
            format!("y = [{}]", y.row(row).iter().map(|&v| short(v)).collect::<Vec<_>>().join(" "))
        }
    };
    let loss = trace.row_loss(row, names);
    format!("Row {row}: {answer}, its loss {} = {}", loss.name, short(loss.value))
}

/// One unit of a hidden layer: when it is on, and what it hears and says.
pub(crate) fn unit(trace: &Trace, layer: usize, j: usize, paper: Paper) -> String {
    let hidden = layer < trace.layers();
    let kind = if hidden { format!("Unit {j} of layer {layer}") } else { format!("Output {j}") };
    let (z, dz) = (trace.pass.z[layer].column(j), trace.dpass.z[layer].column(j));
    let mut out = format!("{}\n", paper.ink(Ink::Bold, &kind));
    if hidden && trace.network.activations[layer - 1].can_die() {
        let on = z.iter().filter(|&&z| z > 0.0).count();
        let kinks = z.iter().filter(|&&z| z == 0.0).count();
        let mut text = format!("on (z > 0) in {on} of {} rows", z.len());
        if kinks > 0 {
            text.push_str(&format!(", exactly 0 in {kinks}"));
        }
        if on == 0 {
            text.push_str(": dead on these rows, no derivative passes");
        }
        out.push_str(&paper.wrap(&text, 2));
    }
    let line = |what: &str, name: String, numbers: Vec<f64>| {
        let room = paper.width.saturating_sub(26);
        let text = format!("{name} = [{}]", listed(&numbers, room.saturating_sub(length(&name) / 2)));
        let left = paper.ink(Ink::Faint, &padded(what, 22));
        format!("  {left}{}\n", wrap(&text, room).join(&format!("\n{:26}", "")))
    };
    let (w, dw) = (trace.params.w(layer), trace.grads.w(layer));
    out.push_str(&line("weights to it", format!("w{layer}[:,{j}]"), w.column(j).to_vec()));
    out.push_str(&line("its bias", format!("b{layer}[{j}]"), vec![trace.params.b(layer)[j]]));
    out.push_str(&line("derivative by these", format!("dw{layer}[:,{j}]"), dw.column(j).to_vec()));
    out.push_str(&line("", format!("db{layer}[{j}]"), vec![trace.grads.b(layer)[j]]));
    if hidden {
        let above = trace.params.w(layer + 1).row(j).to_vec();
        out.push_str(&line("weights on from it", format!("w{}[{j},:]", layer + 1), above));
    }
    let share = dz.iter().filter(|&&d| d != 0.0).count();
    out.push_str(&paper.wrap(&format!("a derivative comes back to it from {share} of {} rows", dz.len()), 2));
    out
}
