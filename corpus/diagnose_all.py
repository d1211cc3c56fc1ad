"""Runs `PROGRAM diagnose --json FILE` on every file of a corpus, one line of JSON each.

    python diagnose_all.py PROGRAM MANIFEST RESULTS.jsonl [--only PART]

Each line gets the file's name.  Where the program fails, the line is {"file", "error"} with what it said.
"""
import argparse
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def diagnose(program, path):
    try:
        done = subprocess.run([program, "diagnose", "--json", path], capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return {"file": path.name, "error": "no answer within 60 s"}
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        answer = None
    if done.returncode not in (0, 1) or not isinstance(answer, dict):
        return {"file": path.name, "error": f"exit code {done.returncode}: {done.stderr.strip()[-500:]}"}
    return {**answer, "file": path.name, "exit_code": done.returncode}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--only", help="one part of the corpus")
    options = parser.parse_args()
    lines = json.loads(options.manifest.read_text())
    paths = [options.manifest.parent / m["file"] for m in lines if options.only in (None, m["part"])]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda path: diagnose(options.program, path), paths)
        options.results.write_text("".join(json.dumps(a) + "\n" for a in answers))


if __name__ == "__main__":
    main()
