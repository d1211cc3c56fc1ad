//! The line search of Moré and Thuente (1994): how far to go along a direction that leads down.
//!
//! `f(t)` is the loss at `x + t d`, `slope(t)` its derivative by t.  A step is enough if
//!
//! ```text
//! f(t) <= f(0) + 0.001 t slope(0)       the loss falls
//! |slope(t)| <= 0.9 |slope(0)|          and has flattened
//! ```
//! Source: *Line search algorithms with guaranteed sufficient decrease*, ACM TOMS 20, and MINPACK-2's `dcsrch`
//! and `dcstep`, whose steps these are one by one.

/// How much of the first slope must be gained.
const FALLS: f64 = 1e-3;
/// How much of the first slope may be left.
const FLATTENED: f64 = 0.9;
/// An interval of this relative width holds no better step.
const NARROW: f64 = 0.1;
/// The longest step.
pub(super) const LONGEST: f64 = 1e10;

/// A step that was tried.
#[derive(Clone, Copy, Debug)]
struct Tried {
    t: f64,
    f: f64,
    slope: f64,
}

impl Tried {
    /// Of the function without the line that it must fall below, which has this slope.
    fn without(self, line: f64) -> Self {
        Self { f: self.f - self.t * line, slope: self.slope - line, ..self }
    }
}

/// A search under way.
#[derive(Clone, Debug)]
pub(super) struct Search {
    first: Tried,
    /// The best step so far.
    best: Tried,
    /// With `best` it encloses a minimum, once `encloses`.
    other: Tried,
    encloses: bool,
    /// Until a step has been enough, the function is taken without the line that it must fall below.
    below: bool,
    range: (f64, f64),
    widths: [f64; 2],
    /// The step to try next.
    pub(super) t: f64,
}

impl Search {
    /// From t = 0 with loss and slope there; the first step to try.
    pub(super) fn new(f: f64, slope: f64, t: f64) -> Self {
        let first = Tried { t: 0.0, f, slope };
        Self {
            first,
            best: first,
            other: first,
            encloses: false,
            below: false,
            range: (0.0, t + 4.0 * t),
            widths: [LONGEST, 2.0 * LONGEST],
            t,
        }
    }

    /// Takes in what was found at `self.t`; true if the search ends there.
    pub(super) fn ends(&mut self, f: f64, slope: f64) -> bool {
        let (t, tried) = (self.t, Tried { t: self.t, f, slope });
        if !(f.is_finite() && slope.is_finite()) {
            // Too far: nothing can be said but that.
            self.range.1 = t;
            self.t = self.best.t + 0.1 * (t - self.best.t);
            return false;
        }
        let line = FALLS * self.first.slope;
        let most = self.first.f + t * line;
        self.below |= f <= most && slope >= 0.0;
        let (least_t, most_t) = self.range;
        let stuck = self.encloses && (t <= least_t || t >= most_t || most_t - least_t <= NARROW * most_t);
        let longest = t >= LONGEST && f <= most && slope <= line;
        if stuck || longest || (f <= most && slope.abs() <= FLATTENED * -self.first.slope) {
            return true;
        }
        if !self.below && f <= self.best.f && f > most {
            let [best, other, tried] = [self.best, self.other, tried].map(|tried| tried.without(line));
            self.narrow(best, other, tried);
            self.best = self.best.without(-line);
            self.other = self.other.without(-line);
        } else {
            self.narrow(self.best, self.other, tried);
        }
        if self.encloses {
            let width = (self.other.t - self.best.t).abs();
            if width >= 0.66 * self.widths[1] {
                self.t = self.best.t + 0.5 * (self.other.t - self.best.t);
            }
            self.widths = [width, self.widths[0]];
            self.range = (self.best.t.min(self.other.t), self.best.t.max(self.other.t));
        } else {
            self.range = (self.t + 1.1 * (self.t - self.best.t), self.t + 4.0 * (self.t - self.best.t));
        }
        self.t = self.t.clamp(0.0, LONGEST);
        let (least_t, most_t) = self.range;
        if self.encloses && (self.t <= least_t || self.t >= most_t || most_t - least_t <= NARROW * most_t) {
            self.t = self.best.t;
        }
        false
    }

    /// A smaller interval that holds a minimum, and the next step: from the cubic through values and slopes of two
    /// tried steps, or the parabola through two slopes (or a value and two slopes), whichever is nearer to the best.
    fn narrow(&mut self, best: Tried, other: Tried, new: Tried) {
        let turns = new.slope * best.slope.signum() < 0.0;
        let t = if new.f > best.f {
            // Higher: a minimum lies between.
            let Cubic { theta, gamma } = Cubic::through(best, new, new.t < best.t);
            let r = (gamma - best.slope + theta) / (gamma - best.slope + gamma + new.slope);
            let cubic = best.t + r * (new.t - best.t);
            let secant = (best.f - new.f) / (new.t - best.t) + best.slope;
            let parabola = best.t + best.slope / secant / 2.0 * (new.t - best.t);
            self.encloses = true;
            if (cubic - best.t).abs() < (parabola - best.t).abs() {
                cubic
            } else {
                cubic + (parabola - cubic) / 2.0
            }
        } else if turns {
            // Lower, and rising again: a minimum lies between.
            let Cubic { theta, gamma } = Cubic::through(best, new, new.t > best.t);
            let r = (gamma - new.slope + theta) / (gamma - new.slope + gamma + best.slope);
            let cubic = new.t + r * (best.t - new.t);
            let parabola = new.t + new.slope / (new.slope - best.slope) * (best.t - new.t);
            self.encloses = true;
            if (cubic - new.t).abs() > (parabola - new.t).abs() { cubic } else { parabola }
        } else if new.slope.abs() < best.slope.abs() {
            self.beyond(best, other, new)
        } else if self.encloses {
            let Cubic { theta, gamma } = Cubic::through(other, new, new.t > other.t);
            let r = (gamma - new.slope + theta) / (gamma - new.slope + gamma + other.slope);
            new.t + r * (other.t - new.t)
        } else if new.t > best.t {
            self.range.1
        } else {
            self.range.0
        };
        (self.best, self.other) = match (new.f > best.f, turns) {
            (true, _) => (best, new),
            (false, true) => (new, best),
            (false, false) => (new, other),
        };
        self.t = t;
    }

    /// Lower, flatter, not yet rising: the cubic may have no minimum on that side.
    fn beyond(&self, best: Tried, other: Tried, new: Tried) -> f64 {
        let Cubic { theta, gamma } = Cubic::through(best, new, new.t > best.t);
        let r = (gamma - new.slope + theta) / (gamma + (best.slope - new.slope) + gamma);
        let cubic = match () {
            () if r < 0.0 && gamma != 0.0 => new.t + r * (best.t - new.t),
            () if new.t > best.t => self.range.1,
            () => self.range.0,
        };
        let parabola = new.t + new.slope / (new.slope - best.slope) * (best.t - new.t);
        let cubic_is_nearer = (cubic - new.t).abs() < (parabola - new.t).abs();
        if self.encloses {
            let t = if cubic_is_nearer { cubic } else { parabola };
            let most = new.t + 0.66 * (other.t - new.t);
            if new.t > best.t { t.min(most) } else { t.max(most) }
        } else {
            let farther = (cubic - new.t).abs() > (parabola - new.t).abs();
            (if farther { cubic } else { parabola }).max(self.range.0).min(self.range.1)
        }
    }
}

/// The cubic through two steps' values and slopes: its minimum follows from these two numbers.
struct Cubic {
    theta: f64,
    gamma: f64,
}

impl Cubic {
    fn through(a: Tried, b: Tried, negative: bool) -> Self {
        let theta = 3.0 * (a.f - b.f) / (b.t - a.t) + a.slope + b.slope;
        let scale = theta.abs().max(a.slope.abs()).max(b.slope.abs());
        let square = (theta / scale).powi(2) - a.slope / scale * (b.slope / scale);
        let gamma = scale * square.max(0.0).sqrt();
        Self { theta, gamma: if negative { -gamma } else { gamma } }
    }
}
