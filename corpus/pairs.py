"""Two independent mistakes in one file, at different stages, each of them visible beside the other."""
import numpy as np

from catalogue import MISTAKES, Readings, agree, first_wrong, given_stages, shape_of, usual
from layouts import LAYOUTS, SINGLE_LAYOUTS, arrays, name_of, stage_names
from network import Pass
from singles import DTYPES, root_names
import probes

COUNT = 300
LEFT_OUT = (38, 50, 57)     # they change shapes or saved buffers: nothing independent comes after them
CLEAR = 10e-3               # each of the two moves some array by this share of its largest entry


def run(readings, layout, *mistakes):
    changes = {k: v for m in mistakes for k, v in m.convention.items()}
    try:
        return Pass(readings.probe, usual(layout, **changes), mistakes)
    except ValueError:
        return None


def combine(readings, layout, first, second):
    """The pass with both mistakes, if they are independent and both show; else None."""
    if first.id == second.id or first.stages() & second.stages() or first.convention != second.convention != {}:
        return None
    both = run(readings, layout, first, second)
    if both is None:
        return None
    names = given_stages(both, "stages", True)
    alone = [run(readings, layout, m) for m in (first, second)]
    for one in alone:
        if one is None or agree_loosely(both, one, names):
            return None
    if any(agree(q, both, names, readings.dtype) for c in {both.c, both.c.but(late=True)}
           for _, q in readings.singles(layout.bias, c)):
        return None                     # one mistake explains it
    if readings.accepted(both, names, layout):
        return None
    return both


def agree_loosely(p, q, names):
    """Whether no stage differs by more than a clear margin."""
    for n in names:
        a, b = p.stages[n], q.stages[n]
        if np.shape(a) != np.shape(b):
            return False
        if np.abs(a - b).max() > CLEAR * np.abs(b).max() + 1e-9:
            return False
    return True


def accepted_ids(readings, layout, both, mine, other, names):
    """The mistakes that could stand in place of one of the two and give the same numbers."""
    kinds, ids = set(mine.code), {mine.id}
    for m in readings.plan(layout.bias):
        if m.id not in ids and kinds & set(m.code) and not m.stages() & other.stages():
            p = run(readings, layout, m, other)
            if p is not None and p.c == both.c and agree(p, both, names, readings.dtype):
                ids.add(m.id)
    return sorted(ids)


def line_of(readings, layout, both, pair, file):
    names = given_stages(both, "stages", True)
    right = arrays(readings.run(both.c), layout)
    stage, _ = first_wrong(file, right, stage_names(file))
    order = list(both.stages)
    pair = sorted(pair, key=lambda m: min(order.index(s) for s in m.stages()))
    planted = [{"id": m.id, "variant": m.variant, "stages": root_names([m], layout, both.L),
                "accept": accepted_ids(readings, layout, both, m, pair[1 - i], names)} for i, m in enumerate(pair)]
    return {"kind": "pair", "mistakes": planted, "first_wrong_stage": stage, "also_first_wrong": [],
            "expected": "wrong", "stages_given": True, "loss_given": True, "dtype": readings.dtype,
            "convention": vars(both.c), "layout": layout.name, "shape": shape_of(readings.probe),
            "activation": readings.probe.activation, "loss_name": readings.probe.loss,
            "probe": readings.probe.quality, "right": right}


def pairs():
    rng = np.random.default_rng(5)
    readings = [Readings(p, d) for p in probes.standard() for d in DTYPES]
    made, seen = 0, {}
    while made < COUNT:
        r = readings[made % len(readings)]
        layout = LAYOUTS[SINGLE_LAYOUTS[rng.integers(len(SINGLE_LAYOUTS))]]
        pool = [m for m in MISTAKES if m.plant and m.id not in LEFT_OUT and m.fits(r.probe, layout)]
        ids = sorted({m.id for m in pool})
        chosen = rng.choice(ids, 2, replace=False)
        pair = []
        for number in chosen:           # every number of the catalogue is as likely as every other
            placed = [q for m in pool if m.id == number for q in m.placements(len(r.probe.w))]
            pair.append(placed[rng.integers(len(placed))])
        both = combine(r, layout, *pair)
        if both is None or seen.get(tuple(sorted(chosen)), 0) >= 2:
            continue
        seen[tuple(sorted(chosen))] = seen.get(tuple(sorted(chosen)), 0) + 1
        file = arrays(both, layout)
        line = line_of(r, layout, both, pair, file)
        made += 1
        numbers = "-".join(f"{m['id']:02}" for m in line["mistakes"])
        yield f"pair{made:03}-m{numbers}-{r.probe.name}-{r.dtype}-{layout.name}", file, line
