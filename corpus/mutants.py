"""Diagnoses of programs with a mistake that a machine made: no catalogue, only arithmetic.

    python corpus/mutants.py PROGRAM [--sample N | --third K] [--only KIND_OR_PROGRAM] [--failures N] [--keep FOLDER]

Every program of programs/ is mutated (mutate.py); a mutant whose saved numbers do not change is left out and counted.
The saved arrays of the others are handed to `PROGRAM diagnose FILE --json`.  The truth of a mutant:

- an array is wrong by itself if the right line gives something else from the mutant's own arrays before it;
- the first wrong stage is the first of those that the mutated line makes (any that is wrong by itself, where it makes
  only values that are not saved);
- a mutated forward line may also be seen where a derivative is not that of the loss as it now stands (by finite
  differences); if all of them are, the mutant is another right program and left out;
- a right line, run on the arrays of the file, gives what the right program gives from them.

Exit code 1 if a goal is missed.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import numpy as np

from lines import same, value_of
from mutate import mutants
from program import Run, compiled, programs

FORWARD = {"sum for mean", "sign", "axis", "a for z", "factor left out", "operands swapped", "mask turned"}
ROUNDING = 1e-6
# The words that name the mistake, for the kinds of mutation that the catalogue has.
NAMED = {
    "sign": ("sign", "negat", "minus", "turned"),
    "factor": ("factor", "twice", "times", "2 in every", "constant", "half"),
    "factor left out": ("factor", "1/n", "mean", "sum", "divi", "times", "penalty", "constant"),
    "sum for mean": ("factor", "1/n", "mean", "sum", "divi", "times"),
    "mask or slope left out": ("mask", "slope", "derivative", "act'", "relu", "factor", "missing", "left out"),
    "mask turned": ("mask", "inverted", "slope", "where"),
    "a for z": ("input", "output", " z", " a", "instead", "in place"),
    "axis": ("axis", "sum", "rows", "columns", "batch", "shape"),
    "transpose": ("transpose", "turned"),
    "= for +=": ("last", "+="),
}


class Case:
    """A mutant that changes numbers: what is saved, and the truth about it."""

    def __init__(self, program, mutant, saved):
        self.program, self.mutant, self.saved = program, mutant, saved
        self.single = any(getattr(v, "dtype", None) == np.float32 for v in saved.values())
        self.tolerance = 1e-3 if self.single else ROUNDING
        self.name = f"{program.name}-{crc32(f'{mutant.line} {mutant.kind} {mutant.after}'.encode()):08x}"

    def judge(self):
        """Sets the truth; False where there is no mistake in it."""
        program, mutant = self.program, self.mutant
        self.right = program.from_their_values(self.saved)
        guilty = [n for n, v in self.right.items() if n in self.saved and not same(self.saved[n], v, self.tolerance)]
        changed = [n for n in program.order if n in self.saved and not same(self.saved[n], program.right.saved[n], self.tolerance)]
        if not guilty:
            guilty = changed[:1]
        run = program.right
        mine = [n for n in guilty if any(event[0] == mutant.line for event in run.events(run.saved[n]))]
        if not mine and not guilty:
            return False            # an array is missing, and nothing that is there is wrong
        self.first, self.guilty, self.by_loss = set(mine[:1] or guilty), set(guilty), {}
        if mutant.part == "forward":
            names = [n for n in program.derivatives if n in self.saved]
            self.by_loss = program.slopes(compiled(mutant.tree()), names)
            self.first |= {n for n, v in self.by_loss.items() if not same(self.saved[n], v, 1e-4)}
            return bool(self.first - set(guilty)) or any(n in self.by_loss for n in guilty)
        return True

    def scale(self):
        """The constant by which all derivatives of the mutated loss differ from those of the program's; None if none does."""
        pairs = [(np.ravel(v), np.ravel(self.program.right.saved[n])) for n, v in self.by_loss.items()]
        pairs = [(a, b) for a, b in pairs if a.shape == b.shape and np.any(b)]
        scales = [a @ b / (b @ b) for a, b in pairs]
        alike = scales and all(abs(s - scales[0]) < 1e-5 * abs(scales[0]) and same(a, s * b, 1e-5) for s, (a, b) in zip(scales, pairs))
        return scales[0] if alike else None

    def line(self, stage):
        """Whether a printed line gives the right numbers: right, wrong or cannot run."""
        name = stage["name"]
        names = stage.get("names", [])
        value = value_of(stage["right"], name, self.saved, names)
        if value is None:
            return "cannot run"
        truths = [self.right.get(name), self.program.right.saved.get(name), self.by_loss.get(name)]
        if any(t is not None and same(value, t, self.tolerance) for t in truths):
            return "right"
        # A loss times a constant: so is each of its derivatives.
        if (scale := self.scale()) is not None and name in self.right and same(value, scale * self.right[name], self.tolerance):
            return "right"
        # The right line for the mutated forward pass: on the derivatives of its loss it gives the derivative of its loss.
        if name in self.by_loss:
            value = value_of(stage["right"], name, self.saved | self.by_loss, names)
            return "right" if value is not None and same(value, self.by_loss[name], 1e-4) else "wrong"
        return "wrong"


def cases(program, wanted):
    """The cases of a program and what became of the other mutants."""
    fate, out, seen = Counter(), [], set()
    for mutant in mutants(program):
        if mutant.part == "forward" and mutant.kind not in FORWARD or not wanted(program, mutant):
            continue
        try:
            saved = Run(compiled(mutant.tree())).saved
            values = {n: np.asarray(v, float) for n, v in saved.items()}
            rounding = 1e-3 if any(getattr(v, "dtype", None) == np.float32 for v in saved.values()) else ROUNDING
        except Exception as error:
            fate[f"does not run: {type(error).__name__}"] += 1
            continue
        right = program.right.saved
        if not all(np.all(np.isfinite(v)) for v in values.values()):
            fate["not finite"] += 1
        elif all(n in values and same(values[n], right[n], rounding) for n in program.order):
            fate["no number changes, or only by rounding"] += 1
        elif (key := tuple(np.round(v, 7).tobytes() for v in values.values())) in seen:
            fate["the same numbers as another mutant"] += 1
        else:
            seen.add(key)
            out.append(Case(program, mutant, saved))
    return out, fate


def ask(binary, saved, path):
    """(answer or None, seconds, what it said on standard error)"""
    np.savez(path, **saved)
    start = time.perf_counter()
    try:
        run = subprocess.run([binary, "diagnose", path, "--json"], capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None, 60.0, "no answer within 60 s"
    seconds = time.perf_counter() - start
    try:
        return json.loads(run.stdout.splitlines()[0]), seconds, run.stderr
    except (ValueError, IndexError):
        return None, seconds, f"exit code {run.returncode}: {run.stderr.strip()}"


class Tally:
    """Shares by kind of mutation, and their mean over the kinds."""

    def __init__(self):
        self.counts = defaultdict(lambda: defaultdict(lambda: [0, 0]))

    def add(self, column, kind, yes):
        self.counts[column][kind][0] += bool(yes)
        self.counts[column][kind][1] += 1

    def share(self, column):
        shares = [yes / of for yes, of in self.counts[column].values() if of]
        return statistics.mean(shares) if shares else float("nan")

    def cell(self, column, kind):
        yes, of = self.counts[column].get(kind, (0, 0))
        return f"{yes}/{of}" if of else "-"

    def total(self, column):
        return [sum(c[i] for c in self.counts[column].values()) for i in (0, 1)]


COLUMNS = ("detected", "first wrong", "line printed", "line right", "named")


def score(case, answer, tally, failures):
    kind = case.mutant.kind if case.mutant.part == "backward" else f"forward: {case.mutant.kind}"
    stages = (answer or {}).get("stages", [])
    verdict, first = (answer or {}).get("verdict"), (answer or {}).get("first_wrong_stage")
    stage = next((s for s in stages if s["name"] == first), {})
    detected, at = verdict == "wrong", first in case.first
    tally.add("detected", kind, detected)
    tally.add("first wrong", kind, detected and at)
    tally.add("line printed", kind, bool(stage.get("right")))
    trouble = [] if detected and at else [f"said {verdict}, first {first}; truth {' or '.join(sorted(case.first))}"]
    for one in stages:
        if one.get("right") and one["status"] == "wrong":
            found = case.line(one)
            tally.add("line right", kind, found == "right")
            if found != "right":
                trouble.append(f"{found}: {one['right']}")
    if kind in NAMED and detected and at:
        mistakes = [m["name"] for m in answer.get("mistakes", []) if m.get("stage") == first]
        words = " ".join([*mistakes, *map(str, stage.get("evidence", []))]).lower()
        tally.add("named", kind, any(word in words for word in NAMED[kind]))
    if trouble:
        failures.append((case, trouble))


def innocents(binary, chosen, folder):
    """The programs themselves: which are called wrong; refused; the printed lines are none."""
    accused, not_correct, seconds = [], [], []
    for program in chosen:
        answer, took, error = ask(binary, program.right.saved, folder / "right.npz")
        seconds.append(took)
        wrong = [s["name"] for s in (answer or {}).get("stages", []) if s["status"] == "wrong"]
        if wrong or (answer or {}).get("verdict") == "wrong":
            accused.append(f"{program.name}: {' '.join(wrong)}")
        elif (answer or {}).get("verdict") != "correct":
            not_correct.append(f"{program.name}: {(answer or {}).get('verdict') or error}")
    return accused, not_correct, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--sample", type=int, help="about so many mutants, always the same ones")
    parser.add_argument("--third", type=int, choices=(0, 1, 2), help="one third of all: work on one, evaluate on another")
    parser.add_argument("--only", help="a kind of mutation, or a program")
    parser.add_argument("--failures", type=int, default=30, help="how many failures to list")
    parser.add_argument("--keep", type=Path, help="leave the files of failures here")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    binary = str(Path(options.binary).resolve())
    chosen = [p for p in programs() if options.only in (None, p.name) or options.only in NAMED or " " in options.only]
    # The sample is drawn by the text of a mutation: it stays the same when others come or go.
    one_in = max(1, round(3300 / options.sample)) if options.sample else 1

    def wanted(program, mutant):
        lot = crc32(f"{program.name} {mutant.line} {mutant.kind} {mutant.after}".encode())
        drawn = lot % one_in == 0 if options.third is None else lot % 3 == options.third
        return drawn and options.only in (None, program.name, mutant.kind)
    tally, failures, fate, seconds, count = Tally(), [], Counter(), [], 0
    with tempfile.TemporaryDirectory() as where, ThreadPoolExecutor(2) as pool:
        where = Path(where)
        accused, not_correct, times = innocents(binary, chosen, where)
        for program in chosen:
            found, fates = cases(program, wanted)
            fate += fates
            kept = [case for case in found if case.judge()]
            fate["right in another way, or nothing that is saved is wrong"] += len(found) - len(kept)
            count += len(kept)
            answers = list(pool.map(lambda case: ask(binary, case.saved, where / f"{case.name}.npz"), kept))
            for case, (answer, took, error) in zip(kept, answers):
                seconds.append(took)
                before = len(failures)
                score(case, answer, tally, failures)
                if len(failures) > before and answer is None:
                    failures[-1][1].append(error)
                if len(failures) > before and options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    np.savez(options.keep / f"{case.name}.npz", **case.saved)
                (where / f"{case.name}.npz").unlink()
    report(chosen, count, fate, tally, accused, not_correct, failures, options.failures)
    print(f"time of a diagnosis: median {statistics.median(seconds + times):.3f} s, worst {max(seconds + times):.3f} s")
    goals = [("detected", tally.share("detected"), 0.99), ("first wrong stage", tally.share("first wrong"), 0.97),
             ("right line printed", tally.share("line printed"), 0.9), ("printed lines right", tally.share("line right"), 1.0),
             ("programs not accused", 1 - len(accused) / len(chosen), 1.0)]
    for name, share, goal in goals:
        print(f"{name:22} {share:7.2%}   goal {goal:.0%} {'reached' if share >= goal else 'MISSED'}")
    sys.exit(0 if all(share >= goal for _, share, goal in goals) else 1)


def report(chosen, count, fate, tally, accused, not_correct, failures, listed):
    print(f"{len(chosen)} programs, {count} mutants that change numbers; left out: "
          + "; ".join(f"{n} {what}" for what, n in sorted(fate.items())))
    print(f"\n{'kind of mutation':32}" + "".join(f"{c:>14}" for c in COLUMNS))
    for kind in sorted(tally.counts["detected"]):
        print(f"{kind:32}" + "".join(f"{tally.cell(c, kind):>14}" for c in COLUMNS))
    print(f"{'all':32}" + "".join(f"{'/'.join(map(str, tally.total(c))):>14}" for c in COLUMNS))
    print(f"{'mean over the kinds':32}" + "".join(f"{tally.share(c):>14.2%}" for c in COLUMNS))
    print(f"\nunmutated programs: {len(accused)} of {len(chosen)} called wrong, {len(not_correct)} not called correct")
    for one in [*accused, *not_correct][:listed]:
        print(f"    {one}")
    if failures and listed:
        print(f"\n{len(failures)} mutants with a failure, the first {min(listed, len(failures))}:")
        for case, trouble in failures[:listed]:
            print(f"{case.name} ({case.mutant.part}, {case.mutant.kind})\n    {case.mutant.before}\n    {case.mutant.after}")
            print("\n".join(f"      {one}" for one in trouble))
    print()


if __name__ == "__main__":
    main()
