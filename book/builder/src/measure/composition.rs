//! f = f3(f2(f1(x))) with numbers: the same derivative, wherever the composition is cut, and one cut that fails.

use super::measured::Measured;
use clearprop::error::Result;
use clearprop::loss::Loss;
use clearprop::target::Target;
use ndarray::{Array2, array};
use std::fmt::Write;

pub(super) fn measure(m: &mut Measured) -> Result<()> {
    // f1(x) = 3 x, f2(u) = tanh u, f3(v) = v^2 at x = 0.2
    let x: f64 = 0.2;
    let u = 3.0 * x;
    let v = u.tanh();
    let (by_v, v_by_u, u_by_x) = (2.0 * v, 1.0 - v * v, 3.0);
    // g(u) = tanh(u)^2, differentiated as one function: 2 tanh u / cosh^2 u
    let by_u = 2.0 * u.tanh() / u.cosh().powi(2);
    let f = |x: f64| (3.0 * x).tanh().powi(2);
    for (name, value) in [
        ("u", u),
        ("v", v),
        ("f", f(x)),
        ("by_v", by_v),
        ("v_by_u", v_by_u),
        ("by_u", by_u),
        ("by_x", by_v * v_by_u * u_by_x),
        ("cuts_differ", (by_v * v_by_u * u_by_x - by_u * u_by_x).abs()),
        ("difference", (f(x + 1e-6) - f(x - 1e-6)) / 2e-6),
    ] {
        m.set(format!("composition.{name}"), value);
    }

    // Softmax and the logarithm, cut apart and together, while the logits move away from the right class.
    let mut table = "<table><thead><tr><th>logits</th><th>p of the right class</th>\
                     <th>cut between: by probs, times the Jacobian</th><th>not cut: probs &minus; onehot</th></tr></thead>"
        .to_owned();
    for far in [1.0, 10.0, 700.0, 800.0] {
        let logits = array![[far, 0.0]];
        let probs = Loss::Softmax.outputs(&logits);
        let together = Loss::Softmax.dlogits(&probs, &Target::Classes(array![1]));
        let _ = write!(
            table,
            "<tr><td>{far}, 0</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            entry(probs[[0, 1]]),
            pair(&cut(&probs, 1)),
            pair(&together)
        );
    }
    m.show("composition.cut", format!("<div class=\"wide\">{table}</table></div>"));
    Ok(())
}

/// `-1/p` at the right class, times the Jacobian of softmax `dp_y/dz_j = p_y ([j = y] - p_j)`.
fn cut(probs: &Array2<f64>, y: usize) -> Array2<f64> {
    let p = probs[[0, y]];
    Array2::from_shape_fn((1, 2), |(_, j)| {
        let onehot = if j == y { 1.0 } else { 0.0 };
        -1.0 / p * (p * (onehot - probs[[0, j]]))
    })
}

fn pair(values: &Array2<f64>) -> String {
    format!("{}, {}", entry(values[[0, 0]]), entry(values[[0, 1]]))
}

fn entry(value: f64) -> String {
    let text =
        if value != 0.0 && value.abs() < 1e-3 { format!("{value:.1e}") } else { format!("{value:.3}") };
    text.replace('-', "&minus;")
}
