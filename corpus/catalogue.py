"""All mistakes, and which of them cannot be told apart on a given file."""
from functools import lru_cache
from itertools import product

import numpy as np

from mistakes_hidden import HIDDEN
from mistakes_params import PARAMS
from mistakes_scores import BROADCAST, SCORES
from network import Convention, Pass, same

MISTAKES = SCORES + PARAMS + HIDDEN
IDS = sorted({m.id for m in MISTAKES + BROADCAST})

# Two readings of a file give the same numbers if all its arrays agree within this.
TIE = {"float64": 1e-7, "float32": 1e-3}
FLOOR = {"float64": 1e-12, "float32": 1e-6}
VISIBLE = 1e-3


def usual(layout, **changes):
    """A bias in the last row of W is penalised with it, a separate one is not."""
    return Convention(biases=layout.bias == "row").but(**changes)


def gradients(stages):
    return [n for n in stages if n[:2] in ("dw", "db")]


def given_stages(p, given, loss):
    """The canonical names of the stages that a file holds."""
    names = list(p.stages) if given == "stages" else gradients(p.stages) + ["loss"]
    return [n for n in names if n != "loss" or loss]


def agree(p, q, names, dtype):
    """Whether two passes hold the same numbers in these stages. The last stages differ most often: they go first."""
    return all(same(p.stages[n], q.stages[n], TIE[dtype], FLOOR[dtype]) for n in reversed(names))


class Readings:
    """Every mistake of the catalogue, computed on one probe at one precision."""

    def __init__(self, probe, dtype):
        self.probe, self.dtype = probe.cast(dtype), dtype
        self.run = lru_cache(maxsize=None)(self.run)
        self.singles = lru_cache(maxsize=None)(self.singles)
        self.conventions = lru_cache(maxsize=None)(self.conventions)

    def run(self, convention):
        return Pass(self.probe, convention)

    def plan(self, bias):
        """Every mistake in every placement that has a meaning here, with the bias "row" or "separate"."""
        return [placed for m in MISTAKES if m.makes_sense(self.probe, bias)
                for placed in m.placements(len(self.probe.w))]

    def singles(self, bias, convention):
        """(mistake, pass) of every mistake made alone."""
        out = []
        for m in self.plan(bias):
            try:
                out.append((m, Pass(self.probe, convention.but(**m.convention), [m])))
            except ValueError:          # shapes that do not fit: the person's code stops
                pass
        return out

    def tied(self, p, names, layout, convention):
        """The mistakes that give the very numbers of p in the named stages."""
        return [m for m, q in self.singles(layout.bias, convention) if agree(q, p, names, self.dtype)]

    def conventions(self, biases):
        """Right passes in every accepted convention of loss and penalty."""
        return [Pass(self.probe, Convention(late, summed, penalty, b)) for late, summed, penalty, b in product(
            (False, True), (False, True), ("half", "full", "over_n"), (biases, not biases))]

    def accepted(self, p, names, layout):
        """Whether a right pass in some accepted convention gives the numbers of p in the named stages."""
        return [q.c for q in self.conventions(layout.bias == "row") if agree(q, p, names, self.dtype)]


def first_wrong(file, reference, names):
    """The first stage of a file that differs from the right file, and whether it is visible at float32."""
    for name in names:
        if name not in reference or not same(file[name], reference[name], 1e-9):
            return name, name not in reference or not same(file[name], reference[name], VISIBLE)
    return None, False


def shape_of(probe):
    sizes = probe.sizes
    return {"N": len(probe.x), "D": sizes[0], "H": sizes[1:-1], "K": sizes[-1]}
