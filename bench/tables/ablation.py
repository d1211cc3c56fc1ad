"""What each piece of the recipe of tables is worth: the errors on the tables of the benchmark when it alone is left out.

    python ablation.py [--splits 3] [--tables ames,german] [--results FOLDER]

What stands in ablation.jsonl of the folder is not trained again; take the file away after a change of the program.
"""
import argparse
import collections
import json
import os
import pathlib

import numpy as np

from datasets import TABLES
from report import SHIFT, grid
from run import HERE, clearprop, score, split

# One network, so that a piece shows and not the mean of several.
RECIPE = "--recipe tabular --ensemble 1"
# What stands in the place of a piece; a step size that is the same for all weights is that of a layer of 256 inputs.
PIECES = {
    "front scale": "--front-scale no",
    "robust scale, smooth clip": "--scale standard",
    "SELU, Mish": "--activation relu",
    "first weights, last layer 0": "--init he",
    "shares of the step size": "--step-shares equal --step-size 0.003",
    "four waves (coslog4)": "--schedule constant",
    "four waves, not one": "--schedule cosine",
    "label smoothing": "--label-smoothing 0",
    "beta2 of 0.95": "--beta2 0.999",
    "best score, not loss": "--watch loss",
    "three layers, not one": "--hidden 256",
    "all of it": "--recipe plain",
}


def train(name, k, piece, flags):
    folder, _, _, xt, answer, target, task = split(name, k)
    os.environ["CLEARPROP_FLAGS"] = f"--threads 1 {flags}"
    p, _, seconds, _ = clearprop(folder, target, task, len(xt), "clearprop@ablation")
    return {"table": name, "split": k, "piece": piece, "flags": flags, "error": score(task, answer, p), "cpu_s": seconds}


def worth(errors, piece, task):
    """The relative rise of the geometric mean of error + 0.01, its standard error over the tables, on how many tables it rises."""
    by = collections.defaultdict(list)
    for (name, k) in errors[piece].keys() & errors[""].keys():
        if TABLES[name][0] == task:
            by[name].append((errors[piece][name, k], errors[""][name, k]))
    if not by:
        return [""] * 2
    means = np.array([np.mean(pairs, axis=0) for pairs in by.values()])
    logs = np.diff(np.log(means[:, ::-1] + SHIFT), axis=1)[:, 0]
    spread = np.std(logs, ddof=1) / np.sqrt(len(logs)) if len(logs) > 1 else np.nan
    return [f"{100 * np.expm1(logs.mean()):+.1f} ± {100 * spread:.1f}", f"{np.sum(logs > 0)} of {len(logs)}"]


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--splits", type=int, default=1)
    a.add_argument("--tables", help="only these, separated by commas")
    a.add_argument("--results", type=pathlib.Path, default=HERE, help="folder of ablation.jsonl")
    a = a.parse_args()
    a.results.mkdir(parents=True, exist_ok=True)
    file = a.results / "ablation.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {(r["table"], r["split"], r["piece"], r["flags"]) for r in rows}
    tables = a.tables.split(",") if a.tables else list(TABLES)
    for k in range(a.splits):
        for name in tables:
            for piece, other in {"": "", **PIECES}.items():
                flags = other if "--recipe" in other else f"{RECIPE} {other}".strip()
                # Numbers to predict have no labels.
                useless = "--label-smoothing" in other and TABLES[name][0] == "regr"
                if useless or (name, k, piece, flags) in done:
                    continue
                row = train(name, k, piece, flags)
                rows.append(row)
                with open(file, "a") as f:
                    f.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
    errors = collections.defaultdict(dict)
    rows = [r for r in rows if r["split"] < a.splits and r["table"] in tables and r["flags"].endswith(PIECES.get(r["piece"], ""))]
    for r in rows:
        errors[r["piece"]][r["table"], r["split"]] = r["error"]
    seconds = lambda piece: sum(r["cpu_s"] for r in rows if r["piece"] == piece)
    lines = [[piece, PIECES[piece], *worth(errors, piece, "class"), *worth(errors, piece, "regr"), f"{seconds(piece):.0f}"]
             for piece in PIECES if errors[piece]]
    print(f"\nErrors without a piece of the recipe, beside those of the whole: {len({t for t, _ in errors['']})} tables, {a.splits} splits, "
          f"{sum(r['cpu_s'] for r in rows):.0f} s of processor\n(rise in %, its standard error over the tables, tables on which it rises)\n")
    print(grid(lines, ["without", "instead", "classes", "worse", "regression", "worse", "CPU s"]))
    # For the book: bench/tables/ABLATION.md is this file.
    (a.results / "ablation.md").write_text(
        f"Rise of the error in % without a piece of the recipe: {len({t for t, _ in errors['']})} tables, {a.splits} split(s), by `cargo xtask bench --only ablation`.\n\n"
        "| without | instead | classes | worse on | numbers | worse on |\n|---|---|---|---|---|---|\n"
        + "".join(f"| {piece} | `{flags}` | {' | '.join(worths)} |\n" for piece, flags, *worths, _ in lines))


if __name__ == "__main__":
    main()
