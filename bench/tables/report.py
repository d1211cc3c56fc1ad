"""The results as text: per table, shifted geometric means (error + 0.01), wins, seconds.

    python report.py [--models a,b] [--against sklearn_mlp]

error: share of wrong classes, or RMSE over the standard deviation of the test answers; averaged over a table's splits. A table that a
model refused counts as guessing (the most frequent class, the mean) and carries an 'x'; a '*' has fewer splits than others. Two models are always compared on the
(table, split) pairs that both have; 'n' says how many.
"""
import argparse
import collections
import json
import pathlib

import numpy as np

from datasets import SETS, TABLES, load

SHIFT = 0.01


def sgm(errors):
    return float(np.exp(np.mean(np.log(np.asarray(errors) + SHIFT))) - SHIFT)


def guess(table):
    if TABLES[table][0] == "regr":
        return 1.0
    d, target, _ = load(table)
    return 1 - d[target].value_counts(normalize=True).iloc[0]


def means(cells, model, shared):
    """table -> mean error of the shared splits"""
    by = collections.defaultdict(list)
    for table, k in shared:
        by[table].append(cells[model][table, k]["error"])
    return {t: float(np.mean(v)) for t, v in by.items()}


def grid(rows, head):
    rows = [head] + rows
    width = [max(len(r[i]) for r in rows) for i in range(len(head))]
    return "\n".join("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, width))).rstrip() for r in rows)


def report(cells, models, tables, against, title):
    print(f"\n===== {title}: {len(tables)} tables =====\n")
    names = [m for m in models if any(t in tables for t, _ in cells[m])]
    keys = {m: {c for c in cells[m] if c[0] in tables} for m in names}
    rows = []
    for t in tables:
        line = [t, TABLES[t][0]]
        values = {}
        for m in names:
            got = [cells[m][c] for c in sorted(keys[m]) if c[0] == t]
            values[m] = np.mean([g["error"] for g in got]) if got else None
            few = len(got) < max(sum(c[0] == t for c in keys[o]) for o in names)
            line.append("" if not got else f"{values[m]:.4f}" + ("x" if any("refused" in g for g in got) else "") + ("*" if few else ""))
        known = [m for m in names if values[m] is not None]
        best = min(known, key=lambda m: values[m]) if known else ""
        rows.append(line + [best])
    print(grid(rows, ["table", "task"] + names + ["best"]))

    print(f"\nShifted geometric means of a model / of {against} on the same tables and splits \n(below 1: better; median: of the tables' ratios, few tables cannot carry it; 90 %: interval of the ratio, tables drawn anew)")
    rng = np.random.default_rng(0)
    rows = []
    for m in names:
        shared = keys[m] & keys.get(against, set())
        line = [m, str(len({t for t, _ in shared})), str(len(shared))]
        for task in ("class", "regr", None):
            part = {c for c in shared if task in (None, TABLES[c[0]][0])}
            if not part:
                line += [""] * 4
                continue
            a, b = means(cells, m, part), means(cells, against, part)
            logs = np.log([(a[t] + SHIFT) / (b[t] + SHIFT) for t in sorted(a)])
            draws = np.exp(rng.choice(logs, (4000, len(logs))).mean(axis=1))
            line += [f"{sgm(list(a.values())):.4f}", f"{np.exp(logs.mean()):.3f}", f"{np.exp(np.median(logs)):.3f}", f"{np.quantile(draws, 0.05):.2f}-{np.quantile(draws, 0.95):.2f}"]
        rows.append(line)
    print(grid(rows, ["model", "tables", "n"] + [h for task in ("class", "regr", "all") for h in (task, "ratio", "median", "90 %")]))

    print("\nWins: on how many tables the row is better than the column (equal: half), of those that both have")
    rows = []
    for m in names:
        line = [m]
        for o in names:
            shared = keys[m] & keys[o]
            a, b = means(cells, m, shared), means(cells, o, shared)
            wins = sum(0.5 if a[t] == b[t] else float(a[t] < b[t]) for t in a)
            line.append("-" if m == o else f"{wins:g}/{len(a)}")
        rows.append(line)
    print(grid(rows, ["wins of \\ over"] + names))

    print("\nSeconds of fit, one thread: sum over tables of the mean of the splits (td_s with JAX's compile time)")
    rows = []
    for m in names:
        sums = {}
        for what in ("cpu_s", "fit_s"):
            by = collections.defaultdict(list)
            for c in keys[m]:
                if what in cells[m][c]:
                    by[c[0]].append(cells[m][c][what])
            sums[what] = sum(np.mean(v) for v in by.values())
        rows.append([m, f"{sums['cpu_s']:.1f}", f"{sums['fit_s']:.1f}", str(len({t for t, _ in keys[m]}))])
    print(grid(rows, ["model", "CPU", "wall", "tables"]))
    refused = [(m, c, cells[m][c]["refused"]) for m in names for c in sorted(keys[m]) if "refused" in cells[m][c]]
    for m, (t, k), why in refused:
        print(f"refused: {m} on {t}, split {k}: {why}")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--set", default="given", choices=list(SETS))
    a.add_argument("--models")
    a.add_argument("--against", default="sklearn_mlp")
    a.add_argument("--splits", type=int, default=99)
    a.add_argument("--results", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    a = a.parse_args()
    cells = collections.defaultdict(dict)
    guesses = {}
    for line in (ln for f in sorted(a.results.glob("results-*.jsonl")) for ln in f.read_text().splitlines()):
        r = json.loads(line)
        if r["split"] >= a.splits or r["table"] not in TABLES:
            continue
        if "refused" in r:
            if r["table"] not in guesses:
                guesses[r["table"]] = guess(r["table"])
            r["error"] = guesses[r["table"]]
        cells[r["model"]][r["table"], r["split"]] = r  # the newest counts
    order = ["linear", "sklearn_mlp", "lightgbm", "hgb", "td_s"]
    models = a.models.split(",") if a.models else sorted(cells, key=lambda m: (order.index(m) if m in order else -1, m))
    report(cells, models, SETS[a.set], a.against, a.set)


if __name__ == "__main__":
    main()
