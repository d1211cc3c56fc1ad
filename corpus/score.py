"""Scores diagnoses against the corpus.

    python score.py MANIFEST RESULTS.jsonl [--failures N] [--only PART]

RESULTS.jsonl has one line of JSON for each file of the manifest, in the manifest's order, as `clearprop diagnose
--json FILE` prints it: {"verdict", "first_wrong_stage", "mistakes": [{"id", "name", "stage"}], ...}.  A line may
name its file ({"file": ...}); then order does not matter.  A line that is not such an object is a failure.

Exit code 1 if a goal of the table is missed.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np

from lines import same, value_of


def read(manifest, results, only):
    """Pairs of a manifest line and its answer, {} where there is none."""
    lines = [m for m in json.loads(manifest.read_text()) if only in (None, m["part"])]
    answers = []
    for text in results.read_text().splitlines():
        try:
            answer = json.loads(text)
        except json.JSONDecodeError:
            answer = None
        answers.append(answer if isinstance(answer, dict) else {})
    if answers and all("file" in a for a in answers):
        by_file = {Path(a["file"]).name: a for a in answers}
        return [(line, by_file.get(line["file"], {})) for line in lines]
    if len(answers) != len(lines):
        sys.exit(f"{results}: {len(answers)} lines, {manifest} has {len(lines)} files; nothing says which is which")
    return list(zip(lines, answers))


def ids(answer):
    return [m.get("id") for m in answer.get("mistakes") or []]


def stage_right(line, answer):
    return answer.get("verdict") == "wrong" and answer.get("first_wrong_stage") in (
        [line["first_wrong_stage"], *line["also_first_wrong"]])


def verdict_of(answer):
    """The verdict in the words of the manifest: what only the loss could tell is ambiguous there."""
    return {"not known": "ambiguous", "incomplete": "correct"}.get(answer.get("verdict"), answer.get("verdict"))


def named(line, answer):
    """Every planted mistake is among the named ones, and the verdict is the expected one."""
    if verdict_of(answer) != line["expected"]:
        return False
    return all(set(m["accept"]) & set(ids(answer)) for m in line["mistakes"])


def named_alone(line, answer):
    """Named, and nothing else beside it that gives other numbers."""
    accepted = {i for m in line["mistakes"] for i in m["accept"]}
    return named(line, answer) and set(ids(answer)) <= accepted


def not_called_wrong(line, answer):
    return verdict_of(answer) in ("correct", "ambiguous")


def verdict_right(line, answer):
    return verdict_of(answer) == "correct" or line["expected"] == "not wrong" and not_called_wrong(line, answer)


def single(line, stages):
    return line["part"] == "singles" and line["stages_given"] == stages


def load(path):
    with np.load(path, allow_pickle=True) as file:
        return {n: file[n] for n in file.files if file[n].dtype != object}


def printed_lines(folder, scored):
    """Every line printed for a wrong stage, run where all other arrays are right: (line of the manifest, printed line,
    what became of it)."""
    for m, a in scored:
        stages = [s for s in a.get("stages", []) if s["status"] == "wrong" and s.get("right")]
        if not stages:
            continue
        right = folder / m["file"].replace(".npz", ".right.npz")
        mended = load(right) if right.exists() else {}
        own = load(folder / m["file"])
        arrays = {n: v[()] if v.ndim == 0 else v for n, v in (own | mended).items()}
        for stage in stages:
            name = stage["name"]
            if name not in arrays:
                continue
            value = value_of(stage["right"], name, arrays, stage.get("names", []))
            if value is None:
                yield m, stage["right"], "cannot run"
            else:
                right = arrays[name]
                if np.ndim(right) == 2 and np.shape(value) == (len(right), right.shape[1] - 1) == np.shape(own[name]):
                    right = right[:, :-1]       # their array never had the bias's column
                fits = same(value, right, 1e-6 if m["dtype"] == "float64" else 1e-3)
                yield m, stage["right"], "right" if fits else "wrong"


# What is reached of the printed lines; the goal is all of them.
LINES_REACHED = 0.997

# name, which lines of the manifest, what is asked of the answer, goal as a share (None: for information)
TABLE = [
    ("first wrong stage, singles with stages", lambda m: single(m, True) and m["expected"] == "wrong", stage_right, 1),
    ("first wrong stage, gradients alone", lambda m: single(m, False) and m["expected"] == "wrong", stage_right, 1),
    ("first wrong stage, pairs", lambda m: m["kind"] == "pair", stage_right, 1),
    ("mistake named, singles with stages", lambda m: single(m, True), named, 1),
    ("   float64", lambda m: single(m, True) and m["dtype"] == "float64", named, None),
    ("   float32", lambda m: single(m, True) and m["dtype"] == "float32", named, None),
    ("   and no other beside it", lambda m: single(m, True), named_alone, None),
    ("mistake named, gradients alone", lambda m: single(m, False), named, 0.97),
    ("   float64", lambda m: single(m, False) and m["dtype"] == "float64", named, None),
    ("   float32", lambda m: single(m, False) and m["dtype"] == "float32", named, None),
    ("   without the loss", lambda m: single(m, False) and not m["loss_given"], named, None),
    ("   and no other beside it", lambda m: single(m, False), named_alone, None),
    ("first wrong stage, some of the stages", lambda m: m["part"] == "partial" and m["expected"] == "wrong",
     stage_right, 0.97),
    ("mistake named, some of the stages", lambda m: m["part"] == "partial", named, 0.97),
    ("ambiguous called so, both readings", lambda m: m["expected"] == "ambiguous", named, None),
    ("both named, pairs", lambda m: m["kind"] == "pair", named, 0.9),
    ("right passes not called wrong", lambda m: m["kind"] == "right", not_called_wrong, 1),
    ("   and called correct where nothing is open", lambda m: m["kind"] == "right", verdict_right, None),
    ("   the notebook's own code", lambda m: m["part"] == "notebook", verdict_right, 1),
    ("other conventions: first wrong stage", lambda m: m["part"] == "mixed", stage_right, None),
    ("other conventions: mistake named", lambda m: m["part"] == "mixed", named, None),
    ("poor probes: mistake named", lambda m: m["part"] == "poor", named, None),
]


def row(name, lines, asked, goal):
    right = sum(asked(m, a) for m, a in lines)
    if not lines:
        return f"{name:46} {'none':>11}", True
    share = right / len(lines)
    reached = goal is None or share >= goal
    mark = "" if goal is None else f"goal {goal:.0%} {'reached' if reached else 'MISSED'}"
    return f"{name:46} {right:5}/{len(lines):<5} {share:7.2%}  {mark}".rstrip(), reached


def by_number(lines):
    """For each mistake with a failure: how often its singles are named."""
    tally = {}
    for m, a in lines:
        if m["kind"] == "single":
            counts = tally.setdefault(m["mistakes"][0]["id"], [0, 0])
            counts[0] += named(m, a)
            counts[1] += 1
    return "  ".join(f"#{i} {ok}/{n}" for i, (ok, n) in sorted(tally.items()) if ok < n)


def said(answer):
    if not answer:
        return "no answer"
    if "error" in answer:
        return answer["error"]
    return f"{answer.get('verdict')}, first {answer.get('first_wrong_stage')}, mistakes {ids(answer)}"


def wanted(line):
    planted = "; ".join(f"{m['id']} ({m['variant']}) as {m['accept']} at {'/'.join(m['stages'])}"
                        for m in line["mistakes"])
    return f"{line['expected']}, first {line['first_wrong_stage']}, {planted or line.get('what', '')}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--only", help="one part of the corpus")
    parser.add_argument("--failures", type=int, default=40, help="how many failures to list, 0 for none")
    options = parser.parse_args()
    scored = read(options.manifest, options.results, options.only)
    all_reached, failures = True, {}
    for name, chosen, asked, goal in TABLE:
        lines = [(m, a) for m, a in scored if chosen(m)]
        text, reached = row(name, lines, asked, goal)
        all_reached &= reached
        print(text)
        for m, a in lines:
            if goal is not None and not asked(m, a):
                failures.setdefault(m["file"], (m, a, []))[2].append(name.strip())
    lines = list(printed_lines(options.manifest.parent, scored))
    wrong = [(m, line, fate) for m, line, fate in lines if fate != "right"]
    share = 1 - len(wrong) / max(1, len(lines))
    print(f"{'printed lines, each run on right values':46} {len(lines) - len(wrong):5}/{len(lines):<5} {share:7.2%}  "
          f"goal 100% {'MISSED' if wrong else 'reached'} (fails below {LINES_REACHED:.1%})")
    all_reached &= share >= LINES_REACHED
    for m, line, fate in wrong[:options.failures]:
        print(f"    {m['file']}: {fate}: {line}")
    missing = by_number(scored)
    if missing:
        print(f"\nnot always named: {missing}")
    if failures and options.failures:
        print(f"\n{len(failures)} files with a failure" + (
            f", the first {options.failures}:" if len(failures) > options.failures else ":"))
        for file, (m, a, names) in list(failures.items())[:options.failures]:
            print(f"{file}\n    {', '.join(names)}\n    wanted {wanted(m)}\n    got    {said(a)}")
    sys.exit(0 if all_reached else 1)


if __name__ == "__main__":
    main()
