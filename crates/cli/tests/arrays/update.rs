//! The update step: the rule found, the usual mistakes by name, the right line run.

use super::{json, python};

/// A right pass, and updates of it; `CASE` is put in its place.
const PROGRAM: &str = r"
import numpy as np
r = np.random.default_rng(1)
X, y = r.normal(size=(11, 4)), r.integers(0, 3, 11)
W1, b1, W2, b2 = r.normal(size=(4, 6)) * .6, r.normal(size=6) * .3, r.normal(size=(6, 3)) * .6, r.normal(size=3) * .3
def grads(reg):
    z1 = X @ W1 + b1; a1 = np.maximum(0, z1); e = np.exp(a1 @ W2 + b2); p = e / e.sum(1, keepdims=True)
    loss = -np.mean(np.log(p[range(11), y])) + reg / 2 * ((W1**2).sum() + (W2**2).sum())
    dz2 = (p - np.eye(3)[y]) / 11; dz1 = dz2 @ W2.T * (z1 > 0)
    return dict(X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, loss=loss, reg=reg, dW1=X.T @ dz1 + reg * W1, db1=dz1.sum(0),
                dW2=a1.T @ dz2 + reg * W2, db2=dz2.sum(0))
P, lr, mu = ['W1', 'b1', 'W2', 'b2'], 0.1, 0.9
g, gr = grads(0.0), grads(0.1)
each = lambda f: {p: f(p) for p in P}
new = lambda d, before='', after='_new': {before + p + after: d[p] for p in P}
step = each(lambda p: g[p] - lr * g['d' + p])
v = each(lambda p: r.normal(size=g[p].shape) * .05); vn = each(lambda p: mu * v[p] - lr * g['d' + p])
m = each(lambda p: r.normal(size=g[p].shape) * .05); mn = each(lambda p: .9 * m[p] + .1 * g['d' + p])
s = each(lambda p: r.random(size=g[p].shape) * .01); sn = each(lambda p: .999 * s[p] + .001 * g['d' + p]**2)
def adam(p, t, c1=1, c2=1, m=mn):
    a = m[p] / (1 - .9**t if c1 else 1); b = sn[p] / (1 - .999**t if c2 else 1)
    return g[p] - lr * a / (np.sqrt(b) + 1e-8)
velocity = dict(**new(v, 'v', ''), **new(vn, 'v'), mu=mu)
moments = dict(**new(m, 'm_', ''), **new(mn, 'm_'), **new(s, 'v_', ''), **new(sn, 'v_'), t=5)
np.savez('mine.npz', **(CASE))
";

/// The arrays of a case; the rule that is said, or the mistakes and the first array that shows one.
fn check(case: &str, rule: Option<&str>, mistakes: &[u64], first: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    python(folder.path(), &["-c", &PROGRAM.replace("CASE", case)]);
    let diagnosis = json(folder.path(), &["diagnose", "mine.npz", "--json"]).unwrap();
    let mut ids: Vec<u64> =
        diagnosis["mistakes"].as_array().unwrap().iter().map(|m| m["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids, mistakes, "{case}: {diagnosis:#}");
    assert_eq!(diagnosis["first_wrong_stage"].as_str(), first, "{case}: {diagnosis:#}");
    if let Some(rule) = rule {
        let said = diagnosis["conventions"].as_array().unwrap();
        assert!(said.iter().any(|words| words.as_str().unwrap().contains(rule)), "{case}, {rule}: {said:?}");
    }
    for stage in diagnosis["stages"].as_array().unwrap() {
        let (Some(line), Some(name)) = (stage["right"].as_str(), stage["name"].as_str()) else { continue };
        let run = format!(
            "import numpy as np\nfor k, a in np.load('mine.npz').items(): globals()[k] = a if a.ndim else a[()]\n\
             own = {name}\n{line}\nassert {name}.shape == own.shape and np.abs({name} - own).max() > 1e-9"
        );
        python(folder.path(), &["-c", &run]);
    }
}

#[test]
fn rules_are_found_with_their_numbers() {
    let right = |case: &str, rule: &str| check(case, Some(rule), &[], None);
    right("{**g, **new(step)}", "gradient descent with step size 0.1");
    right(
        "{**{k + '_old' if k in P else k: w for k, w in g.items()}, **step}",
        "gradient descent with step size 0.1",
    );
    right(
        "{**g, **new(each(lambda p: g[p] - lr * (g['d' + p] + (.05 * g[p] if 'W' in p else 0))))}",
        "weight decay 0.05",
    );
    right(
        "{**g, **velocity, 'lr': lr, **new(each(lambda p: g[p] + vn[p]))}",
        "momentum with step size 0.1, mu 0.9",
    );
    right(
        "{**g, **velocity, **new(each(lambda p: g[p] - mu * v[p] + (1 + mu) * vn[p]))}",
        "Nesterov with step size 0.1, mu 0.9",
    );
    right(
        "{**g, **new(s, 'cache_', ''), **new(sn, 'cache_'), **new(each(lambda p: g[p] - lr * g['d' + p] / (np.sqrt(sn[p]) + 1e-8)))}",
        "RMSprop with step size 0.1",
    );
    right(
        "{**g, **moments, 'lr': lr, **new(each(lambda p: adam(p, 5)))}",
        "Adam with step size 0.1, beta1 0.9, beta2 0.999, t 5",
    );
    right("{**g, **moments, 'lr': lr, **new(each(lambda p: adam(p, 5, 0, 0)))}", "Adam with step size 0.1");
}

#[test]
fn the_usual_mistakes_of_an_update_are_named() {
    let wrong = |case: &str, id: u64, first: &str| check(case, None, &[id], Some(first));
    wrong("{**g, 'lr': lr, **new(each(lambda p: g[p] + lr * g['d' + p]))}", 101, "W1_new");
    wrong("{**g, **new(each(lambda p: g[p] + (lr if p == 'W2' else -lr) * g['d' + p]))}", 101, "W2_new");
    wrong("{**g, **velocity, **new(each(lambda p: -lr * g['d' + p]), 'v'), **new(step)}", 102, "vW1_new");
    wrong("{**g, **velocity, **new(each(lambda p: g[p] + v[p]))}", 103, "W1_new");
    wrong("{**g, **moments, 'lr': lr, **new(each(lambda p: adam(p, 1)))}", 104, "W1_new");
    wrong("{**g, **moments, 'lr': lr, **new(each(lambda p: adam(p, 5, 1, 0)))}", 105, "W1_new");
    wrong(
        "{**g, **new(s, 'cache_', ''), **new(sn, 'cache_'), **new(each(lambda p: g[p] - lr * g['d' + p] / (sn[p] + 1e-8)))}",
        106,
        "W1_new",
    );
    wrong("{**g, 'lr': 0.5, **new(step)}", 108, "W1_new");
    wrong(
        "{**gr, **new(each(lambda p: gr[p] - lr * (gr['d' + p] + (.1 * gr[p] if 'W' in p else 0))))}",
        109,
        "W1_new",
    );
    wrong("{**g, 'lr': lr, **new(each(lambda p: g[p]))}", 110, "W1_new");
}
