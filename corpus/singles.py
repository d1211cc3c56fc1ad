"""One mistake a file: every mistake on every probe, at both precisions, with all stages and with gradients alone."""
from catalogue import (BROADCAST, MISTAKES, Readings, first_wrong, given_stages, shape_of, usual)
from layouts import LAYOUTS, SINGLE_LAYOUTS, arrays, name_of, stage_names
from network import Pass
import probes
import numpy as np

DTYPES = ("float64", "float32")
# Without the loss these equal an accepted convention.
AMBIGUOUS = (1, 20, 21, 25)
# So do these with some losses: a mean of squares without the 1/2, a mean over the outputs too.
FACTORS = {15: "squared", 3: "logistic"}


def root_names(mistakes, layout, n_layers):
    return sorted({name_of(layout, s, n_layers) for m in mistakes for s in m.stages()})


def entry(readings, p, m, layout, given, loss, kept=None, **convention):
    """The arrays of one file with a planted mistake, and its line of the manifest; None where it does not show.
    kept: the canonical names of the only stages in the file; None: all that `given` says."""
    names = [n for n in given_stages(p, given, loss) if kept is None or n in kept]
    reference = readings.run(p.c)
    file = arrays(p, layout, given, loss)
    right = arrays(reference, layout, given, loss)
    if kept is not None:
        in_file = {name_of(layout, n, p.L) for n in names}
        for n in set(stage_names(file)) - in_file:
            del file[n]
    stage, visible = first_wrong(file, right, stage_names(file))
    if not visible:
        return None
    base = usual(layout, **convention).but(**m.convention)
    ties = readings.tied(p, names, layout, base)
    if m.convention:                # the same numbers in the usual convention, by another mistake
        ties += readings.tied(p, names, layout, usual(layout))
    ids = sorted({t.id for t in ties} | {m.id})
    also = set()
    if given == "gradients" or kept is not None:        # the first wrong one given, or the stage not given that it comes from
        first_gradient, _ = first_wrong(file, right, [n for n in stage_names(file) if n != "loss"])
        roots = {s for t in ties + [m] for s in t.stages()}
        also = {first_gradient or stage, *roots, *root_names(ties + [m], layout, p.L)}
    if m.id == 50:                  # the cache is wrong, what is computed from it too
        also |= {name_of(layout, f"dz{max(m.layers)}", p.L), name_of(layout, f"z{min(m.layers)}", p.L)}
        if readings.probe.activation == "relu":
            ids = sorted({40, 41, 50, *ids})        # as seen from the mask that never fires
    if m.edits_probs and "loss" in names:   # the edited probs are an overwritten buffer, the loss is what is wrong
        also.add(stage)
        stage = "loss"
    if m.id == 38:
        also.add(name_of(layout, "da1", p.L))
    if not loss and m.id in (20, 25):   # only the loss could say which layers' penalty is the wrong one
        also |= {name_of(layout, f"{kind}{l}", p.L) for kind in m.code for l in range(1, p.L + 1)}
    accepted = readings.accepted(p, names, layout)
    if any(loss or c.but(late=False) == usual(layout) for c in accepted):
        return None                 # the plain reading of this file is that it is right
    line = {
        "kind": "single", "mistakes": [{"id": m.id, "variant": m.variant, "stages": root_names([m], layout, p.L),
                                        "accept": ids}],
        "first_wrong_stage": stage, "also_first_wrong": sorted(also - {stage}),
        "expected": "ambiguous" if accepted or not loss and FACTORS.get(m.id) == readings.probe.loss else "wrong",
        "stages_given": given == "stages" if kept is None else names, "loss_given": loss, "dtype": readings.dtype,
        "convention": vars(p.c), "layout": layout.name, "shape": shape_of(readings.probe),
        "activation": readings.probe.activation, "loss_name": readings.probe.loss, "probe": readings.probe.quality, "right": right}
    return file, line


def plant(readings, m, layout, **convention):
    try:
        return Pass(readings.probe, usual(layout, **convention).but(**m.convention), [m])
    except ValueError:
        return None


def choices(readings, variants, turn):
    """(mistake with its layers, layout) in an order that differs from turn to turn."""
    names = SINGLE_LAYOUTS[turn % len(SINGLE_LAYOUTS):] + SINGLE_LAYOUTS[:turn % len(SINGLE_LAYOUTS)]
    out = []
    for m in variants:
        fitting = [LAYOUTS[n] for n in names if m.fits(readings.probe, LAYOUTS[n])]
        if m.plant and fitting:
            out += [(placed, fitting[i % len(fitting)]) for i, placed in enumerate(m.placements(len(readings.probe.w)))]
    start = turn % len(out) if out else 0
    return out[start:] + out[:start]


def numbered(mistakes):
    by_id = {}
    for m in mistakes:
        by_id.setdefault(m.id, []).append(m)
    return by_id


def on_probe(readings, mistakes, turn, per_probe=1):
    """Files of every mistake on one probe: (name, arrays, line)."""
    for number, variants in sorted(numbered(mistakes).items()):
        made = 0
        for m, layout in choices(readings, variants, turn + number):
            if made == per_probe:
                break
            p = plant(readings, m, layout)
            if p is None:
                continue
            loss_alone = number in (56, 57) or (turn + number) % 2 == 0
            both = [("stages", True), ("gradients", loss_alone)]
            if number in AMBIGUOUS:
                both += [("stages", False), ("gradients", not loss_alone)]
            files = [(given, loss, entry(readings, p, m, layout, given, loss)) for given, loss in both]
            if files[0][2] is None:
                continue
            made += 1
            for given, loss, made_file in files:
                if made_file is None and given == "gradients" and not loss:     # nothing to see without the loss
                    loss, made_file = True, entry(readings, p, m, layout, given, True)
                    if number in AMBIGUOUS:
                        continue
                if made_file:
                    name = f"m{number:02}-{readings.probe.name}-{readings.dtype}-{given}-{'' if loss else 'no'}loss"
                    yield name, *made_file


def singles():
    """Every mistake on good probes."""
    groups = [(probes.standard(), MISTAKES), (probes.other_losses(), MISTAKES),
              (probes.square(), [m for m in MISTAKES if m.square]),
              (probes.single_output("squared"), BROADCAST), (probes.single_output("logistic"), BROADCAST)]
    for group, mistakes in groups:
        for i, probe in enumerate(group):
            for j, dtype in enumerate(DTYPES):
                per_probe = 2 if len(group) == len(probes.SHAPES) else 1
                yield from on_probe(Readings(probe, dtype), mistakes, 2 * i + j, per_probe)


def some_stages(p, layout, rng):
    """About half of the stages, as a person has them: with the bias in W its derivative comes along."""
    names = [n for n in given_stages(p, "stages", True) if rng.random() < 0.5]
    if layout.bias == "row":
        names = [n for n in names if n[:2] != "db"] + ["db" + n[2:] for n in names if n[:2] == "dw"]
    return names


def shows(m, kept):
    """A buffer that was overwritten is no mistake as long as nothing given was computed from it."""
    if m.edits_probs:
        return "loss" in kept
    return not m.overwrites_z or any(f"dz{l}" in kept for l in m.layers)


def partial_singles():
    """Every mistake on good probes, with only some of the stages given."""
    rng = np.random.default_rng(57)
    for i, probe in enumerate(probes.standard()):
        readings = Readings(probe, DTYPES[i % 2])
        for number, variants in sorted(numbered(MISTAKES).items()):
            for m, layout in choices(readings, variants, i + number):
                p = plant(readings, m, layout)
                kept = p and some_stages(p, layout, rng)
                made = kept and shows(m, kept) and entry(readings, p, m, layout, "stages", "loss" in kept, kept)
                if made:
                    yield f"partial-m{number:02}-{readings.probe.name}-{readings.dtype}-{layout.name}", *made
                    break


def poor_singles():
    """Every mistake that still shows on a poor probe."""
    for i, probe in enumerate(probes.poor()):
        yield from on_probe(Readings(probe, "float64"), MISTAKES, i)


OTHER = [{"late": True}, {"penalty": "full"}, {"penalty": "over_n"}, {"summed": True},
         {"late": True, "penalty": "over_n"}]


def in_other_conventions():
    """Mistakes in passes whose conventions are right but not the notebook's; the loss is given."""
    for i, probe in enumerate(probes.standard()):
        readings = Readings(probe, DTYPES[i % 2])
        convention = OTHER[i % len(OTHER)]
        for number, variants in sorted(numbered(MISTAKES).items()):
            variants = [m for m in variants if number not in AMBIGUOUS and not m.convention
                        and not {"probs", "loss", "dlogits"} & set(m.code)]
            for m, layout in choices(readings, variants, i + number):
                p = plant(readings, m, layout, **convention)
                made = p and entry(readings, p, m, layout, "stages", True, **convention)
                if made:
                    yield f"mixed-m{number:02}-{readings.probe.name}-{readings.dtype}-{layout.name}", *made
                    break
