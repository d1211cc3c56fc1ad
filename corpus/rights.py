"""Right passes in every accepted convention and layout: none of them may be called wrong."""
from dataclasses import replace

import numpy as np

from catalogue import gradients, shape_of
from layouts import LAYOUTS, arrays, name_of, stage_names
from network import Convention, Pass
import probes

CONVENTIONS = {
    "plain": Convention(),
    "bias penalised": Convention(biases=True),
    "late 1/N": Convention(late=True),
    "late 1/N, bias penalised": Convention(late=True, biases=True),
    "lambda": Convention(penalty="full"),
    "lambda, bias penalised": Convention(penalty="full", biases=True),
    "lambda/N": Convention(penalty="over_n"),
    "scikit-learn: late 1/N, lambda/N": Convention(late=True, penalty="over_n"),
    "late 1/N, lambda": Convention(late=True, penalty="full", biases=True),
    "summed": Convention(summed=True),
    "summed, bias penalised": Convention(summed=True, biases=True),
    "summed, lambda": Convention(summed=True, penalty="full"),
}


def bench():
    """Probes of every depth, activation and loss."""
    extra = [
        probes.good(201, 12, 5, (), 3), probes.good(202, 16, 3, (8, 6, 10), 5, activation="tanh"),
        probes.good(203, 11, 3, (6,), 1, loss="logistic"), probes.good(204, 15, 4, (9,), 6, activation="identity"),
        probes.good(205, 14, 3, (8,), 1, activation="tanh", loss="squared")]
    return probes.standard() + probes.other_losses() + extra


def line_of(p, layout, given, loss, what):
    usual = p.c.but(late=False, relu_at_zero=0) in (Convention(), Convention(biases=True))
    return {"kind": "right", "mistakes": [], "first_wrong_stage": None, "also_first_wrong": [],
            "expected": "correct" if loss or usual else "not wrong",
            "stages_given": given == "stages", "loss_given": loss, "dtype": str(p.x.dtype),
            "convention": vars(p.c), "layout": layout.name, "shape": shape_of(p.probe),
            "activation": p.probe.activation, "loss_name": p.probe.loss, "probe": p.probe.quality, "what": what}


def conventions_and_layouts():
    """Every convention in every layout; probe, precision, stages and loss alternate."""
    all_probes, turn = bench(), 0
    for c, (words, convention) in enumerate(CONVENTIONS.items()):
        for l, layout in enumerate(LAYOUTS.values()):
            turn += 1
            dtype = "float32" if (c + l) % 2 else "float64"
            given = "gradients" if turn % 3 == 0 else "stages"
            loss = turn % 4 != 0
            p = Pass(all_probes[turn % len(all_probes)].cast(dtype), convention)
            yield words, p, layout, given, loss, arrays(p, layout, given, loss)


def rename(p, layout, canonical):
    return name_of(layout, canonical, p.L)


# What people do to their files: (pass, layout, arrays) -> arrays, or a dictionary of arrays to replace.
def labels_uint8(p, layout, file):
    return {rename(p, layout, "y"): p.y.astype(np.uint8)}


def labels_float(p, layout, file):
    return {rename(p, layout, "y"): p.y.astype(float)}


def labels_column(p, layout, file):
    return {rename(p, layout, "y"): p.y[:, None]}


def labels_one_hot(p, layout, file):
    return {rename(p, layout, "y"): p.target.T if layout.columns else p.target}


def strays(p, layout, file):
    """np.savez(**locals())"""
    ragged = np.empty(2, dtype=object)
    ragged[:] = [np.zeros(3), [1, "two"]]
    return {"i": np.asarray(7), "step_size": np.asarray(0.1), "num_train": np.asarray(p.n), "mask": p.x > 0,
            "losses": np.asarray([1.2, 1.1]), "settings": np.array({"hidden": 5}, dtype=object),
            "nothing": np.array(None, dtype=object), "rows": ragged, "title": np.asarray("my net"),
            "rng_state": np.arange(9, dtype=np.uint64), "correct_logprobs": np.ones(p.n), "D": np.asarray(3)}


def updated(step, say):
    """w -= step * dw; b -= step * db; np.savez(...)"""
    def change(p, layout, file):
        new = {l: p.w[l] - np.asarray(step, p.x.dtype) * p.dw[l] for l in p.w}
        new_b = {l: p.b[l] - np.asarray(step, p.x.dtype) * p.db[l] for l in p.b}
        after = Pass(replace(p.probe, w=new, b=new_b), p.c)
        names = {rename(p, layout, k + str(l)) for l in p.w for k in ("w", "b")}
        changed = {n: v for n, v in arrays(after, layout).items() if n in names}
        return {**changed, **({"step_size": np.asarray(step)} if say else {})}
    return change


def overwritten(p, layout, file):
    """dlogits is the array probs, dz the array da (in the notebook a view into it), as the notebook does"""
    change = {}
    if p.probe.loss != "squared":
        change[rename(p, layout, "probs")] = file[rename(p, layout, "dlogits")]
    for l in range(1, p.L):
        da, dz = rename(p, layout, f"da{l}"), rename(p, layout, f"dz{l}")
        change[da] = file[da].copy()
        if layout.h_ones:
            change[da][:, :-1] = file[dz]
        else:
            change[da] = file[dz]
    return change


def z_overwritten(p, layout, file):
    """np.maximum(0, z, out=z): harmless for ReLU with the mask z <= 0"""
    return {rename(p, layout, f"z{l}"): p.a[l].T if layout.columns else p.a[l] for l in range(1, p.L)}


def rounding(p, layout, file):
    """another order of summation, or a detour over float32 in one place"""
    rng = np.random.default_rng(9)
    return {n: file[n] * (1 + 5e-9 * rng.standard_normal(np.shape(file[n]))) for n in stage_names(file)}


def few_stages(p, layout, file):
    kept = {rename(p, layout, n) for n in ["dlogits", "loss", *gradients(p.stages)]}
    return {n: None for n in stage_names(file) if n not in kept}


def loss_parts(p, layout, file):
    return {"data_loss": np.asarray(p.data_loss), "penalty": np.asarray(p.penalty)}


def with_exact_zeros(probe, layout_name):
    """A row of zeros and a unit without bias: z is exactly 0 there."""
    x, b = probe.x.copy(), {l: v.copy() for l, v in probe.b.items()}
    x[2], b[1][1] = 0, 0
    return replace(probe, x=x, b=b)


def whole_numbers(probe, layout_name):
    return replace(probe, x=np.round(probe.x * 3))


CHANGES = [
    ("labels as uint8", labels_uint8, ["notebook", "za"]),
    ("labels as floats", labels_float, ["notebook-plain", "design"]),
    ("labels (N, 1)", labels_column, ["notebook-separate", "design-1h"]),
    ("one-hot labels", labels_one_hot, ["za-columns", "notebook", "design", "notebook-columns"]),
    ("stray and object arrays", strays, ["notebook", "za", "design", "notebook-separate", "za-columns"]),
    ("weights saved after the update, step_size given", updated(0.1, True), ["notebook", "za", "design", "za-columns"]),
    ("weights saved after the update", updated(0.5, False), ["notebook", "notebook-separate", "design", "za-columns"]),
    ("arrays overwritten in place", overwritten, ["notebook", "notebook-plain", "design", "za", "notebook-separate"]),
    ("z overwritten by a, masked by z <= 0", z_overwritten, ["notebook", "design", "za-columns"]),
    ("rounding 5e-9", rounding, ["notebook", "design", "za"]),
    ("few stages", few_stages, ["notebook", "za", "notebook-columns"]),
    ("data_loss and penalty apart", loss_parts, ["design", "design-1h"]),
]


def what_people_do():
    """Each habit on two or three probes."""
    standard = probes.standard()
    for c, (words, change, layouts) in enumerate(CHANGES):
        for l, name in enumerate(layouts):
            for turn in range(2 if len(layouts) > 3 else 3):
                layout = LAYOUTS[name]
                probe = standard[(c + 3 * l + turn) % (6 if change is z_overwritten else len(standard))]
                dtype = "float32" if (l + turn) % 2 and change is not rounding else "float64"
                p = Pass(probe.cast(dtype), Convention(biases=layout.bias == "row"))
                file = arrays(p, layout)
                file.update(change(p, layout, file))
                yield words, p, layout, "stages", True, {n: v for n, v in file.items() if v is not None}


def exact_zeros():
    """ReLU'(0) = 0 or 1, where z is exactly 0."""
    for turn, name in enumerate(["notebook", "design", "za", "notebook-plain"]):
        for at_zero in (0, 1):
            layout = LAYOUTS[name]
            probe = with_exact_zeros(probes.standard()[turn], name)
            p = Pass(probe, Convention(biases=layout.bias == "row", relu_at_zero=at_zero))
            yield f"ReLU'(0) = {at_zero}", p, layout, "stages", True, arrays(p, layout)


def integer_inputs():
    for turn, name in enumerate(["notebook-plain", "design"]):
        layout = LAYOUTS[name]
        p = Pass(whole_numbers(probes.standard()[turn], name), Convention(biases=layout.bias == "row"))
        file = arrays(p, layout)
        file[rename(p, layout, "x")] = p.x.astype(np.int64)
        yield "integer X", p, layout, "stages", True, file


def rights():
    for number, (words, p, layout, given, loss, file) in enumerate(
            [*conventions_and_layouts(), *what_people_do(), *exact_zeros(), *integer_inputs()], 1):
        slug = "".join(c if c.isalnum() else "-" for c in words.lower())
        name = f"right{number:03}-{slug}-{layout.name}-{p.probe.name}-{p.x.dtype}-{given}-{'' if loss else 'no'}loss"
        yield name, file, line_of(p, layout, given, loss, words)
