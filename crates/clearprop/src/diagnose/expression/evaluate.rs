//! What an operation on values gives, by NumPy's rules of shapes.

use super::operation::{Binary, Compare, Keep, Op, Part, Reduce, Unary};
use super::shape::{Shape, along, range};
use super::value::Value;
use ndarray::{Array2, Axis, Zip, concatenate, s};

pub(super) fn evaluate(op: &Op<&Value>) -> Option<Value> {
    Some(match op {
        Op::Array(source) => (*source.value).clone(),
        Op::Number(value) | Op::Count(value, _) => Value::number(*value),
        Op::Absent(_, a) => (*a).clone(),
        Op::Transpose(a) if a.ndim < 2 => (*a).clone(),
        Op::Transpose(a) => Value::two(a.data.t().as_standard_layout().into_owned()),
        Op::Dot(a, b) => dot(a, b)?,
        Op::Binary(f, a, b) => binary(*f, a, b)?,
        Op::Compare(f, a, b) => broadcast(a, b, compare(*f))?,
        Op::Unary(f, a) => Value { ndim: a.ndim, data: a.data.mapv(unary(*f)) },
        Op::Where(mask, a, b) => {
            let chosen = broadcast(mask, a, |m, a| if m != 0.0 { a } else { 0.0 })?;
            let other = broadcast(mask, b, |m, b| if m != 0.0 { 0.0 } else { b })?;
            broadcast(&chosen, &other, |a, b| a + b)?
        }
        Op::Reduce(f, a, axis, keep) => reduce(*f, a, *axis, *keep)?,
        Op::Row(a) | Op::Flat(a) => {
            let ndim = if matches!(op, Op::Row(_)) { 2 } else { 1 };
            let data = Array2::from_shape_vec((1, a.data.len()), a.data.iter().copied().collect()).ok()?;
            Value { ndim, data }
        }
        Op::Column(a) => {
            Value::two(Array2::from_shape_vec((a.data.len(), 1), a.data.iter().copied().collect()).ok()?)
        }
        Op::Slice(a, axis, part) => slice(a, *axis, *part)?,
        Op::Take(a, index, axis) => {
            let along = Axis(if a.ndim == 1 { 1 } else { *axis });
            let chosen = chosen(index, a.data.len_of(along))?;
            Value { ndim: a.ndim, data: a.data.select(along, &chosen) }
        }
        Op::Join(axis, a, b) => Value::two(concatenate(Axis(*axis), &[a.data.view(), b.data.view()]).ok()?),
        Op::Fill(value, rows, columns) => Value::two(Array2::from_elem(filled(rows, columns)?, *value)),
        Op::OneHot(y, k, first) => {
            let n = y.data.len();
            let mut data = Array2::zeros((n, *k));
            for (i, y) in y.data.iter().enumerate() {
                let class = (0..*k).find(|class| *y - first == *class as f64)?;
                data[[i, class]] = 1.0;
            }
            Value::two(data)
        }
    })
}

/// The shape that two numbers say, unless it would take all memory.
fn filled(rows: &Value, columns: &Value) -> Option<(usize, usize)> {
    const LIMIT: f64 = 1e7;
    let (rows, columns) = (rows.data[[0, 0]], columns.data[[0, 0]]);
    if !(rows >= 0.0 && columns >= 0.0 && rows * columns < LIMIT) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Some((rows as usize, columns as usize))
}

fn dot(a: &Value, b: &Value) -> Option<Value> {
    if a.ndim == 0 || b.ndim == 0 {
        return None;
    }
    // A vector at the right stands as a column.
    let right = if b.ndim == 1 { b.data.t() } else { b.data.view() };
    if a.data.ncols() != right.nrows() {
        return None;
    }
    let product = a.data.dot(&right);
    Some(match (a.ndim, b.ndim) {
        (2, 2) => Value::two(product),
        (2, _) => Value { ndim: 1, data: product.reversed_axes().as_standard_layout().into_owned() },
        (_, 2) => Value { ndim: 1, data: product },
        _ => Value { ndim: 0, data: product },
    })
}

fn broadcast(a: &Value, b: &Value, f: impl Fn(f64, f64) -> f64) -> Option<Value> {
    let Shape { ndim, dim } = super::shape::broadcast(Shape::of(a), Shape::of(b))?;
    let (left, right) = (a.data.broadcast(dim)?, b.data.broadcast(dim)?);
    Some(Value { ndim, data: Zip::from(left).and(right).map_collect(|&a, &b| f(a, b)) })
}

fn binary(f: Binary, a: &Value, b: &Value) -> Option<Value> {
    match f {
        Binary::Add => broadcast(a, b, |a, b| a + b),
        Binary::Sub => broadcast(a, b, |a, b| a - b),
        Binary::Mul => broadcast(a, b, |a, b| a * b),
        Binary::Div => broadcast(a, b, |a, b| a / b),
        Binary::Power => broadcast(a, b, |a, b| if b == 2.0 { a * a } else { a.powf(b) }),
    }
}

fn compare(f: Compare) -> fn(f64, f64) -> f64 {
    match f {
        Compare::Greater => |a, b| f64::from(u8::from(a > b)),
        Compare::AtLeast => |a, b| f64::from(u8::from(a >= b)),
        Compare::Less => |a, b| f64::from(u8::from(a < b)),
        Compare::AtMost => |a, b| f64::from(u8::from(a <= b)),
        Compare::Equal => |a, b| f64::from(u8::from(a == b)),
    }
}

fn unary(f: Unary) -> fn(f64) -> f64 {
    match f {
        Unary::Neg => |a| -a,
        Unary::Exp => f64::exp,
        Unary::Log => f64::ln,
        Unary::Log1p => f64::ln_1p,
        Unary::Tanh => f64::tanh,
        Unary::Abs => f64::abs,
        Unary::Sign => |a| if a == 0.0 { 0.0 } else { a.signum() },
        Unary::Positive => |a| if a < 0.0 { 0.0 } else { a },
        Unary::Erf => libm::erf,
    }
}

fn reduce(f: Reduce, a: &Value, axis: Option<usize>, keep: Keep) -> Option<Value> {
    let one = |lane: ndarray::ArrayView1<f64>| -> f64 {
        let n = lane.len() as f64;
        match f {
            Reduce::Sum => lane.sum(),
            Reduce::Mean => lane.sum() / n,
            Reduce::Max => lane.fold(f64::NEG_INFINITY, |m, &v| if v > m || v.is_nan() { v } else { m }),
        }
    };
    let Some(axis) = axis else {
        let all = a.data.as_standard_layout();
        return Some(Value::number(one(all.view().into_shape_with_order(a.data.len()).ok()?)));
    };
    if axis >= a.ndim {
        return None;
    }
    if a.ndim == 1 {
        let value = one(a.data.row(0));
        return Some(if keep == Keep::Axis {
            Value { ndim: 1, data: Array2::from_elem((1, 1), value) }
        } else {
            Value::number(value)
        });
    }
    let lanes: Vec<f64> = a.data.lanes(Axis(axis)).into_iter().map(one).collect();
    let n = lanes.len();
    let dim = if axis == 0 || keep == Keep::No { (1, n) } else { (n, 1) };
    let ndim = if keep == Keep::Axis { 2 } else { 1 };
    Some(Value { ndim, data: Array2::from_shape_vec(dim, lanes).ok()? })
}

fn slice(a: &Value, axis: usize, part: Part) -> Option<Value> {
    let along = along(Shape::of(a), axis)?;
    let (start, end) = range(part, a.data.len_of(Axis(along)))?;
    let view = if along == 0 { a.data.slice(s![start..end, ..]) } else { a.data.slice(s![.., start..end]) };
    Some(Value { ndim: a.ndim, data: view.to_owned() })
}

/// The places that an index of NumPy chooses out of n: by truth values, or by their numbers.
pub(in crate::diagnose) fn chosen(index: &Value, n: usize) -> Option<Vec<usize>> {
    let all = || index.data.iter();
    if index.data.len() == n && all().all(|&v| v == 0.0 || v == 1.0) {
        return Some(all().enumerate().filter(|(_, v)| **v == 1.0).map(|(i, _)| i).collect());
    }
    all().map(|v| (0..n).find(|&i| i as f64 == *v)).collect()
}
