"""Writes learners' npz files with known mistakes, and what is known about each in manifest.json.

    python make_corpus.py OUT_DIR [--only singles,partial,poor,mixed,rights,pairs,notebook] [--limit N]
    python make_corpus.py --self-check [GOLDEN_DIR]

An oracle for `clearprop diagnose` that shares no code with it: see README.md.
"""
import argparse
import json
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np


def parts():
    import notebook_code
    import pairs
    import rights
    import singles
    return {"singles": singles.singles, "partial": singles.partial_singles, "poor": singles.poor_singles,
            "mixed": singles.in_other_conventions, "rights": rights.rights,
            "pairs": pairs.pairs, "notebook": notebook_code.files}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("--only", help="parts to write, with commas between them")
    parser.add_argument("--limit", type=int, help="at most this many files of each part")
    parser.add_argument("--self-check", nargs="?", const=Path(__file__).parent.parent / "golden", type=Path)
    options = parser.parse_args()
    if options.self_check:
        import self_check
        sys.exit(self_check.main(options.self_check))
    if options.out is None:
        parser.error("OUT_DIR is missing")
    write(options.out, options.only.split(",") if options.only else None, options.limit)


def write(out, only, limit):
    out.mkdir(parents=True, exist_ok=True)
    manifest, names = [], set()
    for part, make in parts().items():
        if only and part not in only:
            continue
        start, before = time.perf_counter(), len(manifest)
        for name, file, line in islice(make(), limit):
            unique = name
            while unique in names:
                unique = f"{name}-{sum(n.startswith(name) for n in names)}"
            names.add(unique)
            np.savez(out / f"{unique}.npz", **file)
            right = line.pop("right", None)
            if right:               # what every printed line has to give from right values before it
                mended = {n: v for n, v in right.items() if n in file and not np.array_equal(v, file[n])}
                np.savez(out / f"{unique}.right.npz", **mended)
            manifest.append({"file": f"{unique}.npz", "part": part, **line})
        print(f"{part:10} {len(manifest) - before:5} files  {time.perf_counter() - start:5.1f} s")
    (out / "manifest.json").write_text(json.dumps(manifest, indent=0) + "\n")


if __name__ == "__main__":
    main()
