"""An earlier build beside this one, on the rows of training and predicting: did a change cost speed?

    git worktree add ../before COMMIT && (cd ../before && cargo build --release -p clearprop-bench)
    cargo build --release -p clearprop-bench
    python bench/before.py ../before/target/release/clearprop-bench [--only ROW ...] [--rounds 9]

The two take turns; a ratio above 1 says that this build is quicker.  The quotient is taken round by round, so that a busy
moment hits both sides of it; the median, and between which quotients half of the rounds lie.
"""
import argparse
import tempfile
from functools import partial
from pathlib import Path
from statistics import quantiles

from bench import OURS, TRAINING, called, in_turn
import workloads


def main():
    p = argparse.ArgumentParser(description="an earlier build beside this one")
    p.add_argument("program", type=Path, help="the earlier clearprop-bench")
    p.add_argument("--only", nargs="+", default=[""], metavar="ROW", help="rows whose name begins so")
    p.add_argument("--rounds", type=int, default=9)
    args = p.parse_args()
    rows = {f"{name}-{precision}-{threads}": (name, "train", precision, threads, 1) for name, precision, threads in TRAINING}
    rows |= {f"predict-{n}": ("digits", "predict", n) for n in (1, 1000)}
    with tempfile.TemporaryDirectory() as folder:
        for row, (name, what, *rest) in rows.items():
            if not row.startswith(tuple(args.only)):
                continue
            path = Path(folder, f"{name}.npz")
            if not path.exists():
                workloads.write(workloads.WORKLOADS[name], path)
            both = {who: partial(called, who, what, path, *rest) for who in (args.program, OURS)}
            before, now = (result["seconds"] for result in in_turn(both, args.rounds).values())
            low, middle, high = quantiles((b / n for b, n in zip(before, now)), n=4)
            print(f"{row:16} {middle:6.3f}   half of the rounds {low:.3f} to {high:.3f}", flush=True)


if __name__ == "__main__":
    main()
