//! Arrays that no longer hold what they held when they were computed.
//!
//! `np.savez` after the pass sees what later lines left: in the notebook itself `dL_df` *is* `probs`,
//! edited in place, and `dL_dh11` is a view into `dL_dh12`; weights are often saved after their
//! update.  Such arrays are said, not called wrong.

use super::case::{Case, Quantity, Values, difference, same};
use ndarray::{Array2, s};

/// The name of the array that took this one's memory, if the numbers say so.
pub(super) fn overwritten_by(
    case: &Case,
    values: &Values,
    quantity: Quantity,
    right: &Array2<f64>,
) -> Option<String> {
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
            let a = right.mapv(|z| case.network.activation.value(z));
            let _ = values;
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
    let layers = case.layers();
    let dw = |l: usize| {
        case.given.get(&Quantity::Dw(l)).map(|g| &g.value).filter(|dw| dw.dim() == case.w[l].dim())
    };
    let db = |l: usize| {
        let given = case.given.get(&Quantity::Db(l)).map(|g| &g.value);
        given.filter(|db| db.dim() == case.b[l].dim())
    };
    // One layer whose input and output are known tells the step: z - (a w + b) = step * (a dw + db).
    let mut step = None;
    for l in 1..=layers {
        let given = |q: Quantity| case.given.get(&q).map(|g| &g.value);
        let below = if l == 1 { Some(&case.x) } else { given(Quantity::A(l - 1)) };
        let (Some(a), Some(z), Some(dw)) = (below, given(Quantity::Z(l)), dw(l)) else { continue };
        if a.dim() != (case.n(), case.w[l].nrows()) || z.dim() != (case.n(), case.w[l].ncols()) {
            continue;
        }
        let now = a.dot(&case.w[l]) + &case.b[l];
        if same(z, &now, case.tolerance, 0.0) {
            return; // these are the weights of the forward pass
        }
        let mut moved = a.dot(dw);
        if let Some(db) = db(l) {
            moved += db;
        }
        let fit = (&moved * &(z - &now)).sum() / (&moved * &moved).sum();
        if fit.is_finite() && fit > 0.0 && difference(z, &(now + moved * fit), 0.0) <= case.tolerance {
            step = Some(fit);
            break;
        }
    }
    let Some(step) = step else { return };
    let mut undone = case.clone();
    for l in 1..=layers {
        let Some(dw) = dw(l) else { return };
        undone.w[l] = &case.w[l] + &(dw * step);
        if let Some(db) = db(l) {
            undone.b[l] = &case.b[l] + &(db * step);
        }
    }
    undone.step.get_or_insert(step);
    undone.understood.push(format!(
        "the weights were saved after their update (step size {}); it was taken back before comparing",
        super::words::number(step)
    ));
    *case = undone;
}

/// Takes back an update with the step size that the file says, where no forward pass is given to show it.
#[must_use]
pub(super) fn before_update(case: &Case) -> Option<Case> {
    let step = case.step?;
    let forward = |q: &Quantity| matches!(q, Quantity::Z(_) | Quantity::A(_) | Quantity::Probs);
    if case.given.keys().any(forward) {
        return None;
    }
    let mut undone = case.clone();
    for l in 1..=case.layers() {
        let dw = case.given.get(&Quantity::Dw(l)).filter(|g| g.value.dim() == case.w[l].dim())?;
        undone.w[l] = &case.w[l] + &(&dw.value * step);
        if let Some(db) = case.given.get(&Quantity::Db(l)).filter(|g| g.value.dim() == case.b[l].dim()) {
            undone.b[l] = &case.b[l] + &(&db.value * step);
        }
    }
    undone.understood.push(format!(
        "the weights were saved after their update (step size {}); it was taken back before comparing",
        super::words::number(step)
    ));
    Some(undone)
}

/// The first number that is none, as `[row, column]`.
#[must_use]
pub(super) fn first_nan(value: &Array2<f64>) -> Option<(usize, usize)> {
    value.slice(s![.., ..]).indexed_iter().find(|(_, v)| !v.is_finite()).map(|(at, _)| at)
}
