//! The arrays of a trace by name, ours or the notebook's.

use super::{Kind, Names, Trace};
use crate::params::with_ones;
use crate::target::Target;
use ndarray::{Array0, ArrayD};

/// Every array of a trace with its name, in the order of the computation: what `--npz` and `--json` write.
#[must_use]
pub fn arrays(trace: &Trace, names: Names) -> Vec<(String, ArrayD<f64>)> {
    let last = trace.layers();
    let both = names == Names::Design;
    let mut kinds = vec![(Kind::X, 0), (Kind::Y, 0)];
    for l in 1..=last {
        kinds.push((Kind::W, l));
        kinds.extend(both.then_some((Kind::B, l)));
    }
    for l in 1..=last {
        kinds.push((Kind::Z, l));
        kinds.extend((l < last).then_some((Kind::A, l)));
    }
    kinds.extend([(Kind::Probs, last), (Kind::DataLoss, last), (Kind::Penalty, last), (Kind::Loss, last)]);
    for l in (1..=last).rev() {
        kinds.extend((l < last).then_some((Kind::Da, l)));
        kinds.extend([(Kind::Dz, l), (Kind::Dw, l)]);
        kinds.extend(both.then_some((Kind::Db, l)));
    }
    let mut arrays: Vec<_> = kinds
        .into_iter()
        .map(|(kind, l)| (trace.name(kind, l, names), trace.values(kind, l, names)))
        .collect();
    arrays.push(("reg".to_owned(), Array0::from_elem((), trace.network.penalty.reg).into_dyn()));
    // In the notebook's names W1 is one array, and its name is that of all its rows.
    arrays
}

impl Trace {
    /// What a quantity is called.
    pub(super) fn name(&self, kind: Kind, l: usize, names: Names) -> String {
        kind.name(l, &self.network, names)
    }

    /// The numbers of a quantity, laid out as its name promises.
    pub(super) fn values(&self, kind: Kind, l: usize, names: Names) -> ArrayD<f64> {
        let number = |value| Array0::from_elem((), value).into_dyn();
        let notebook = names == Names::Notebook;
        match kind {
            Kind::X | Kind::A if notebook => with_ones(&self.pass.a[l]).into_dyn(),
            Kind::X => self.data.x.clone().into_dyn(),
            Kind::A => self.pass.a[l].clone().into_dyn(),
            Kind::Y => match &self.data.y {
                Target::Classes(y) => y.mapv(f64::from).into_dyn(),
                Target::Values(y) => y.clone().into_dyn(),
            },
            Kind::W | Kind::B if notebook => self.params.wb(l).to_owned().into_dyn(),
            Kind::W => self.params.w(l).to_owned().into_dyn(),
            Kind::B => self.params.b(l).to_owned().into_dyn(),
            Kind::Dw | Kind::Db if notebook => self.grads.wb(l).to_owned().into_dyn(),
            Kind::Dw => self.grads.w(l).to_owned().into_dyn(),
            Kind::Db => self.grads.b(l).to_owned().into_dyn(),
            Kind::Z => self.pass.z[l].clone().into_dyn(),
            Kind::Dz => self.dpass.z[l].clone().into_dyn(),
            // The notebook drops the ones' column one line later.
            Kind::Da if notebook => self.dpass.z[l + 1].dot(&self.params.wb(l + 1).t()).into_dyn(),
            Kind::Da => self.dpass.a[l].clone().into_dyn(),
            Kind::Probs => self.pass.probs().clone().into_dyn(),
            Kind::DataLoss => number(self.objective.data_loss),
            Kind::Penalty => number(self.objective.penalty),
            Kind::Loss => number(self.objective.loss()),
        }
    }
}
