//! Arrays that no longer hold what they held when they were computed.
//!
//! `np.savez` after the pass sees what later lines left: in the notebook itself `dL_df` *is* `probs`,
//! edited in place, and `dL_dh11` is a view into `dL_dh12`; weights are often saved after their
//! update.  Such arrays are said, not called wrong.

use super::case::{Case, Quantity, difference, same};
use ndarray::Array2;

/// The name of the array that took this one's memory, if the numbers say so.
pub(super) fn overwritten_by(case: &Case, quantity: Quantity, right: &Array2<f64>) -> Option<String> {
    let given = &case.given.get(&quantity)?.value;
    let later = |q: Quantity| case.given.get(&q);
    let equal = |q: Quantity| later(q).filter(|other| other.value == *given).map(|other| other.name.clone());
    match quantity {
        Quantity::Probs if right.dim() != case.target.dim() => None,
        Quantity::Probs => equal(Quantity::Dlogits).or_else(|| {
            // Edited in place, and divided into another array.
            let (n, target) = (case.rows(), &case.target);
            let edits = [right - target, right / n, (right - target) / n];
            edits
                .iter()
                .any(|edit| same(given, edit, case.tolerance, 0.0))
                .then(|| format!("the first lines that make {}", case.name(Quantity::Dlogits)))
        }),
        Quantity::Da(l) => equal(Quantity::Dz(l)),
        Quantity::Z(l) if l < case.layers() => {
            let a = right.mapv(|z| case.network.activations[l - 1].value(z));
            equal(Quantity::A(l))
                .filter(|_| same(given, &a, case.tolerance, 0.0))
                .or_else(|| same(given, &a, case.tolerance, 0.0).then(|| case.name(Quantity::A(l))))
        }
        _ => None,
    }
}

/// Takes back an update `w -= step * dw` that was made before the weights were saved, if the person's own
/// forward pass shows that there was one.
pub(super) fn undo_update(case: &mut Case) {
    // One layer whose input and output are known tells the step: z - (a w + b) = step * (a dw + db).
    for l in 1..=case.layers() {
        let given = |q: Quantity| case.given.get(&q).map(|g| &g.value);
        let below = if l == 1 { Some(&case.x) } else { given(Quantity::A(l - 1)) };
        let dw = of_shape(case, Quantity::Dw(l), &case.w[l]);
        let (Some(a), Some(z), Some(dw)) = (below, given(Quantity::Z(l)), dw) else { continue };
        if a.dim() != (case.n(), case.w[l].nrows()) || z.dim() != (case.n(), case.w[l].ncols()) {
            continue;
        }
        let now = a.dot(&case.w[l]) + &case.b[l];
        if same(z, &now, case.tolerance, 0.0) {
            return; // these are the weights of the forward pass
        }
        let mut moved = a.dot(dw);
        if let Some(db) = of_shape(case, Quantity::Db(l), &case.b[l]) {
            moved += db;
        }
        let fit = (&moved * &(z - &now)).sum() / (&moved * &moved).sum();
        if fit.is_finite() && fit > 0.0 && difference(z, &(now + moved * fit), 0.0) <= case.tolerance {
            if let Some(undone) = taken_back(case, fit) {
                *case = undone;
            }
            return;
        }
    }
}

/// Takes back an update with the step size that the file says, where no forward pass is given to show it.
#[must_use]
pub(super) fn before_update(case: &Case) -> Option<Case> {
    let step = case.step?;
    let forward = |q: &Quantity| matches!(q, Quantity::Z(_) | Quantity::A(_) | Quantity::Probs);
    if case.given.keys().any(forward) {
        return None;
    }
    taken_back(case, step)
}

/// The case with its weights as they were before `w -= step * dw`; `None` if not all of dw is given.
fn taken_back(case: &Case, step: f64) -> Option<Case> {
    let mut undone = case.clone();
    for l in 1..=case.layers() {
        undone.w[l] = &case.w[l] + &(of_shape(case, Quantity::Dw(l), &case.w[l])? * step);
        if let Some(db) = of_shape(case, Quantity::Db(l), &case.b[l]) {
            undone.b[l] = &case.b[l] + &(db * step);
        }
    }
    undone.step.get_or_insert(step);
    undone.understood.push(format!(
        "the weights were saved after their update (step size {}); it was taken back before comparing",
        super::words::number(step)
    ));
    Some(undone)
}

/// The person's derivative by a parameter, if it has the parameter's shape.
fn of_shape<'a>(case: &'a Case, derivative: Quantity, parameter: &Array2<f64>) -> Option<&'a Array2<f64>> {
    case.given.get(&derivative).map(|given| &given.value).filter(|value| value.dim() == parameter.dim())
}

/// The first number that is none, as `[row, column]`.
#[must_use]
pub(super) fn first_nan(value: &Array2<f64>) -> Option<(usize, usize)> {
    value.indexed_iter().find(|(_, v)| !v.is_finite()).map(|(at, _)| at)
}
