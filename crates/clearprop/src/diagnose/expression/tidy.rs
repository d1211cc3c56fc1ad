//! An expression in other words: what a person would write for the same numbers.

use super::{Expr, Op};

impl Expr {
    /// The same without transposing twice: a value that is not in the file and is used once stands in the
    /// orientation of what it is used in, `W2.T @ dz2` for `(dz2.T @ W2).T`.  `used` are those that are used more
    /// often and get lines of their own, as they are or (`turned`) transposed, as one writes them with samples in
    /// columns.
    pub(super) fn tidied(&self, used: &dyn Fn(&Self) -> bool, turned: bool) -> Self {
        Tidy { used, turned, known: Vec::new() }.of(self)
    }

    /// Whether both have the same shape and, but for rounding, the same numbers.
    pub(super) fn gives(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (self.value(), other.value()) else { return false };
        let largest = b.data.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let near = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * largest;
        a.shape() == b.shape() && a.data.iter().zip(&b.data).all(|(a, b)| near(*a, *b))
    }
}

struct Tidy<'a> {
    used: &'a dyn Fn(&Expr) -> bool,
    turned: bool,
    known: Vec<(Expr, Expr)>,
}

impl Tidy<'_> {
    fn of(&mut self, e: &Expr) -> Expr {
        if let Some((_, tidy)) = self.known.iter().find(|(known, _)| known.is(e)) {
            return tidy.clone();
        }
        let tidy = match e.op() {
            Op::Absent(name, inner) => {
                let inner = self.of(inner);
                match ((self.used)(e), self.turned) {
                    (false, _) => inner,
                    (true, true) => Expr::new(Op::Absent(name.clone(), inner.t())).t(),
                    (true, false) => Expr::new(Op::Absent(name.clone(), inner)),
                }
            }
            Op::Transpose(inner) => self.of(inner).t(),
            _ => {
                let parts: Vec<Expr> = e.parts().into_iter().map(|part| self.of(part)).collect();
                e.with_parts(&parts)
            }
        };
        self.known.push((e.clone(), tidy.clone()));
        tidy
    }
}
