"""Scores `clearprop diagnose FILE.npz --json` against the truths of the cases beside this file.

python corpus/field/score.py PROGRAM [--totals]

Runs every case's make.py and truth.py and the program in a temporary folder.  Hard checks of a file:
verdict     the truth's; for `unknown` a refusal (exit code 2) or any verdict but correct and wrong
first       first_wrong_stage is one of the names that the truth allows
innocent    no array whose line is right has status `wrong`
line        the right line of the first wrong stage, run with numpy as np and the file's arrays (and what the
            JSON's `names` says: ["dz", "dZ2"] or ["dZ2", "A2 - Y"]), gives the true numbers (1e-6, max norm)
`cause` is soft: one of the truth's words stands in the mistakes' names or the evidence.
A refusal where names are nobody's fault is allowed: neither good nor bad.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from lines import same, value_of

warnings.filterwarnings("ignore")
np.seterr(all="ignore")


def load(path):
    with np.load(path, allow_pickle=True) as npz:
        return {k: npz[k] for k in npz.files if npz[k].dtype != object}


def ask(binary, file, folder):
    """(kind, answer, words on stderr); kind is correct, wrong, unknown, refused or crashed."""
    try:
        run = subprocess.run([binary, "diagnose", file, "--json"], cwd=folder, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return "crashed", None, "timeout"
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    try:
        answer = json.loads(lines[0])
        said = answer["verdict"]
    except (IndexError, KeyError, ValueError):
        return ("refused" if run.returncode == 2 else "crashed"), None, run.stdout + run.stderr
    answer.setdefault("stages", [])
    said = "correct" if said == "incomplete" else said
    return (said if said in ("correct", "wrong") else "unknown"), answer, run.stderr


def judge_line(stage, arrays, truths, stem, reading):
    """ok, ok (old W), wrong, cannot run, no truth or none."""
    line = (stage or {}).get("right")
    if not line:
        return "none"
    name = stage["name"]
    key = f"{stem}/{name}"
    own = f"{key}/reading{reading}"
    good = [truths[own]] if own in truths else [v for k, v in truths.items() if k == key or k.startswith(key + "/") and k.rsplit("/", 1)[1].isdigit()]
    names = stage.get("names", [])
    names = list(names.items()) if isinstance(names, dict) else names
    value = value_of(line, name, arrays, names)
    if any(same(value, one) for one in good) and value is not None:
        return "ok"
    old = {k.split("/old/")[1]: v for k, v in truths.items() if k.startswith(f"{stem}/old/")}
    if old:
        # The line stands in the person's program, where the weights were those of the forward pass.
        again = value_of(line, name, arrays | old, names)
        if again is not None and any(same(again, one) for one in good):
            return "ok (old W)"
    if value is None:
        return "cannot run"
    return "wrong" if good else "no truth"


def all_lines(answer, arrays, truths, stem):
    """Every printed line run on right values, as if what comes before were mended: (right, printed)."""
    mended = dict(arrays)
    for key, value in truths.items():
        parts = key.split("/")
        if parts[0] == stem and len(parts) == 2 and parts[1] in arrays:
            mended[parts[1]] = value
    right = printed = 0
    for stage in answer["stages"]:
        if stage.get("right"):
            printed += 1
            right += judge_line(stage, mended, truths, stem, 0) in ("ok", "ok (old W)")
    return right, printed


def words_of(answer, names, stderr):
    if answer is None:
        return stderr.lower()
    out = [mistake["name"] for mistake in answer.get("mistakes", []) if mistake.get("stage") in names]
    for stage in answer["stages"]:
        if stage["name"] in names:
            for key, value in stage.items():
                if key not in ("name", "stage", "role", "status", "right", "names", "shape", "mistakes"):
                    out += [value] if isinstance(value, str) else [str(one) for one in value]
    if answer["verdict"] not in ("correct", "wrong"):
        out += answer.get("warnings", []) + answer.get("questions", []) + [stderr]
    out += [answer[key] for key in ("cause", "why") if isinstance(answer.get(key), str)]
    return " ".join(out).lower()


def judge(kind, answer, stderr, truth, arrays, truths, stem):
    readings = [truth] + [{"guilty": [], "first_wrong": [], "verdict": truth["verdict"]} | one for one in truth["also"]]
    best = None
    for nth, reading in enumerate(readings):
        wanted = reading["verdict"]
        if wanted not in ("correct", "wrong"):
            ok = kind in ("unknown", "refused") if wanted == "unknown" else kind == "unknown"
        else:
            ok = kind == wanted
        refused = kind == "refused" and truth["refusal_ok"] and not ok
        accused = []
        first = line = "-"
        may = set(reading.get("guilty", [])) | set(reading.get("first_wrong", [])) | set(truth["either"])
        if answer is not None:
            accused = [s["name"] for s in answer["stages"] if s["status"] == "wrong" and s["name"] not in may]
            if kind == "wrong":
                said = answer.get("first_wrong_stage") or "nothing"
                first = "ok" if said in reading.get("first_wrong", []) else "no"
                if wanted != "wrong" and not accused:
                    accused = [said]
                stage = next((s for s in answer["stages"] if s["name"] == said), None)
                line = judge_line(stage, arrays, truths, stem, nth)
        elif wanted == "wrong" and kind != "refused":
            first = "no"
        if wanted == "wrong" and kind != "wrong" and not refused:
            first = "no"
        if truth["verdict"] == "unknown" and kind == "wrong":
            # To judge what need not be judged is right only if all of it is right.
            ok = ok and first == "ok" and not accused
        line_ok = line.startswith("ok") or wanted != "wrong" or line == "none" and not truth["line_needed"]
        cause = "-"
        if wanted != "correct" and kind != "crashed" and not refused and truth["cause_words"]:
            text = words_of(answer, may, stderr)
            cause = "yes" if any(word in text for word in truth["cause_words"]) else "no"
        good = ok and first != "no" and not accused and line_ok
        one = dict(ok=ok, refused=refused, first=first, accused=accused, line=line, cause=cause, good=good)
        rank = (good, ok, first == "ok", -len(accused), line.startswith("ok"), -nth)
        if best is None or rank > best[0]:
            best = (rank, one)
    return best[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--totals", action="store_true", help="no table")
    args = parser.parse_args()
    binary = str(Path(args.binary).resolve())
    s = Counter()
    if not args.totals:
        print(f"{'case':34} {'file':28} {'truth':8} {'said':8} {'verdict':8} {'first wrong':26} {'line':11} {'cause':5} good  innocent accused")
    for folder in sorted(path.parent for path in HERE.glob("*/truth.py")):
        all_good, any_good = True, False
        with tempfile.TemporaryDirectory() as where:
            for program in ("make.py", "truth.py"):
                run = subprocess.run([sys.executable, "-B", "-W", "ignore", str(folder / program)], cwd=where, capture_output=True, text=True)
                if run.returncode != 0:
                    sys.exit(f"{folder.name}/{program} stopped:\n{run.stderr}")
            truth_of = json.loads((Path(where) / "truth.json").read_text())
            truths = load(Path(where) / "truth.npz")
            for file, truth in truth_of.items():
                kind, answer, stderr = ask(binary, file, where)
                arrays = load(Path(where) / file)
                stem = file[:-4]
                got = judge(kind, answer, stderr, truth, arrays, truths, stem)
                said = (answer or {}).get("first_wrong_stage") or "-"
                s["files"] += 1
                s["verdict"] += got["ok"]
                s["first"] += got["first"] == "ok"
                s["wrong"] += truth["verdict"] == "wrong"
                s["accused files"] += bool(got["accused"])
                s["accused"] += len(got["accused"])
                s["printed"] += got["line"] not in ("-", "none")
                s["lines"] += got["line"].startswith("ok")
                s["cause"] += got["cause"] == "yes"
                s["good"] += got["good"]
                s["refused"] += got["refused"]
                s["crashed"] += kind == "crashed"
                if answer is not None:
                    right, printed = all_lines(answer, arrays, truths, stem)
                    s["every"] += right
                    s["every printed"] += printed
                all_good &= got["good"] or got["refused"]
                any_good |= got["good"]
                if not args.totals:
                    verdict = "ok" if got["ok"] else "refused" if got["refused"] else "NO"
                    first = "-" if got["first"] == "-" else f"{got['first'] if got['first'] == 'ok' else 'NO'} {said}"
                    mark = "good" if got["good"] else ".   "
                    print(f"{folder.name[:34]:34} {file:28} {truth['verdict']:8} {kind:8} {verdict:8} {first:26} {got['line']:11} {got['cause']:5} {mark}  {' '.join(got['accused'])}")
        s["cases"] += 1
        s["good cases"] += all_good and any_good
    print(f"""
{s['cases']} cases, {s['files']} files
  verdict right                    {s['verdict']} of {s['files']}  (refused where that is allowed: {s['refused']}; crashed: {s['crashed']})
  first wrong stage right          {s['first']} of {s['wrong']}
  right code called wrong          {s['accused files']} files, {s['accused']} arrays  (must be 0)
  right line of the first wrong    {s['lines']} run and are right, of {s['printed']} printed
  all printed lines, each run on right values   {s['every']} of {s['every printed']}
  cause named                      {s['cause']} of {s['wrong']}
  good                             {s['good']} of {s['files']} files, {s['good cases']} of {s['cases']} cases""")
    reached = s["verdict"] + s["refused"] == s["files"] and s["accused"] == 0 and s["lines"] == s["printed"] and s["every"] == s["every printed"]
    sys.exit(0 if reached else 1)


main()
