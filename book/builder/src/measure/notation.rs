//! The names of a pass, with the shapes and a few numbers of a small network; the bias trick in numbers.

use super::golden;
use super::measured::Measured;
use clearprop::error::Result;
use clearprop::params::with_ones;
use clearprop::trace::{Names, Trace, statistics};
use ndarray::Array2;
use std::fmt::Write;

/// What a quantity is that is no layer's input or output.
fn given(name: &str) -> String {
    match name.split_at(1) {
        ("w", layer) => format!("the weights of layer {layer}"),
        ("b", layer) => format!("the bias of layer {layer}"),
        ("y", _) => "the right answers".to_owned(),
        _ => match name {
            "data_loss" => "the mean of the rows' losses",
            "penalty" => "what large weights cost",
            _ => "the sum of both",
        }
        .to_owned(),
    }
}

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    let small = golden::read("notebook_small_stages")?;
    let trace = Trace::new(small.network.clone(), small.start.clone(), small.train.clone())?;
    let mut table = "<table><thead><tr><th>name</th><th>in the notebook</th><th>it is</th><th>shape</th><th>least</th>\
                     <th>largest</th><th>by&nbsp;it: name</th><th>in the notebook</th><th>least</th><th>largest</th></tr></thead>"
        .to_owned();
    for link in trace.chain(Names::Design) {
        let q = &link.value;
        let shape: Vec<String> = q.values.shape().iter().map(ToString::to_string).collect();
        let s = statistics(q.values.iter().copied());
        let shape = if shape.is_empty() { "a number".to_owned() } else { format!("({})", shape.join(", ")) };
        let _ = write!(
            table,
            "<tr><td><code>{}</code></td><td><code>{}</code></td><td>{}</td><td>{shape}</td><td>{}</td><td>{}</td>",
            q.name,
            q.other_name,
            if q.role.is_empty() { given(&q.name) } else { q.role.clone() },
            short(s.min),
            short(s.max)
        );
        match &link.derivative {
            Some(d) => {
                let s = statistics(d.values.iter().copied());
                let _ = write!(
                    table,
                    "<td><code>{}</code></td><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                    d.name,
                    d.other_name,
                    short(s.min),
                    short(s.max)
                );
            }
            None => table.push_str("<td></td><td></td><td></td><td></td></tr>"),
        }
    }
    m.show("notation.chain", format!("<div class=\"wide\">{table}</table></div>"));

    // [x, 1] W and x w + b
    let (x, pass) = (&small.train.x, &trace.pass);
    let one_product = with_ones(x).dot(&small.start.wb(1));
    m.set("bias.forward", largest(&(&one_product - &pass.z[1])));
    let penalised = small.network.penalty.reg * &small.start.wb(2);
    let last = with_ones(&pass.a[1]).t().dot(trace.dpass.logits()) + penalised;
    m.set("bias.backward", largest(&(&last - &trace.grads.wb(2))));
    let back = trace.dpass.logits().dot(&small.start.wb(2).t());
    m.set("bias.columns", back.ncols() as f64);
    m.set("bias.units", pass.a[1].ncols() as f64);
    Ok(())
}

fn largest(values: &Array2<f64>) -> f64 {
    values.iter().fold(0.0, |m: f64, v| m.max(v.abs()))
}

fn short(value: f64) -> String {
    let text =
        if value == 0.0 || value.abs() >= 0.01 { format!("{value:.2}") } else { format!("{value:.0e}") };
    text.replace('-', "&minus;")
}
