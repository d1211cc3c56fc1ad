"""Runs clearprop and every peer on every workload, in turn, and prints the table of ratios.

    cargo xtask bench [--only NAME ...] [--rounds 3] [--out FOLDER]

Rounds interleave the programs, so that a busy moment of the machine hits all of them; what is printed are
medians, ± half of (largest - smallest) / median.  A row is void if the losses differ.
"""
import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import machine
import report
import workloads

HERE = Path(__file__).resolve().parent
OURS = HERE.parent / "target/release/clearprop-bench"
COMMAND = HERE.parent / "target/release/clearprop"

# workload, precision, threads: the peers.  NumPy at f64 is what the notebook runs at.
TRAINING = {
    ("notebook", "f32", 1): "numpy:f64 numpy:f32 sklearn:f32 torch:f32 torch-compiled:f32 jax:f32",
    ("notebook", "f32", 2): "numpy:f64 numpy:f32 sklearn:f32 torch:f32 torch-compiled:f32 jax:f32",
    ("notebook", "f64", 1): "numpy:f64 sklearn:f64 torch:f64 torch-compiled:f64 jax:f64",
    ("notebook", "f64", 2): "numpy:f64 sklearn:f64 torch:f64 torch-compiled:f64 jax:f64",
    ("digits", "f32", 1): "sklearn:f32 torch:f32 torch-compiled:f32 jax:f32",
    ("digits", "f32", 2): "sklearn:f32 torch:f32 jax:f32",
    ("images", "f32", 1): "sklearn:f32 torch:f32 torch-compiled:f32 jax:f32",
    ("images", "f32", 2): "sklearn:f32 torch:f32 torch-compiled:f32 jax:f32",
    ("table", "f32", 1): "sklearn:f32 torch:f32 torch-compiled:f32 jax:f32",
    ("table", "f32", 2): "sklearn:f32 torch:f32 torch-compiled:f32 jax:f32",
}
# The map: networks from thin to wide and batches from one row to thousands.
POINTS = [((2, 8, 2), 32), ((10, 32, 16, 2), 1), ((50, 32, 16, 2), 256), ((50, 100, 2), 256), ((64, 100, 10), 200),
          ((784, 200, 10), 128), ((28, 64, 64, 64, 64, 2), 4096), ((50, 256, 256, 256, 2), 256), ((50, 512, 512, 2), 256),
          ((50, 1000, 1000, 2), 32), ((50, 1000, 1000, 2), 256), ((50, 1000, 1000, 2), 1024), ((100, 500, 1000), 256),
          ((2000, 300, 10), 128), ((50, 2000, 2000, 2), 256), ((784, 4096, 10), 64)]
ALL = os.cpu_count()
# rule, activation, precision, threads: each network is measured so, or every third or fifth.
WAYS = [(("adam", "relu", "f32", 1), 1), (("adam", "relu", "f32", ALL), 1), (("adam", "relu", "f64", 1), 1),
        (("sgd", "relu", "f32", 1), 3), (("adam", "tanh", "f32", 1), 5), (("gd", "relu", "f32", ALL), 5),
        (("adam", "relu", "f64", ALL), 5)]
MAP = [(sizes, batch, *way) for i, (sizes, batch) in enumerate(POINTS)
       for j, (way, every) in enumerate(WAYS) if (i + j) % every == 0]
# The network of tables with its own activations.
MAP += [((50, 256, 256, 256, 2), 256, "adam", activation, "f32", threads) for activation in ("selu", "mish") for threads in (1, ALL)]
MAP_PEERS = dict(jax="jax", torch="torch", sklearn="sklearn")
PREDICTING = "onnxruntime-binding onnxruntime numpy torch jax sklearn".split()
# The ratios that clearprop has promised.
GOALS = {
    ("notebook-f32-1", "numpy:f64"): 50, ("notebook-f32-1", "jax:f32"): 13, ("notebook-f32-1", "torch-compiled:f32"): 14,
    ("notebook-f32-2", "numpy:f64"): 85, ("notebook-f64-1", "numpy:f64"): 28,
    ("digits-f32-1", "jax:f32"): 2.5, ("digits-f32-1", "sklearn:f32"): 6, ("digits-f32-1", "torch:f32"): 6.5,
    ("images-f32-1", "jax:f32"): 1.6, ("images-f32-2", "jax:f32"): 2, ("table-f32-2", "torch-compiled:f32"): 4,
    ("predict-1", "onnxruntime-binding"): 20, ("predict-1000", "onnxruntime-binding"): 1.5, ("command", "notebook.py"): 15,
}
# Other orders of the rows and other roundings end at slightly different losses.
NEAR = dict(relative=0.1, absolute=0.004)
# With a spinning process on each core two threads may take so many times what one takes.
BUSY_GOAL = 1.3
# rows, hidden units, threads
GROWTH = [(10**i, "32", 1) for i in range(3, 8)] + [(10**5, h, 1) for h in ("8", "128", "512")] + [
    (10**6, "128", threads) for threads in (1, 2)] + [(5000, "4096-4096", threads) for threads in (1, 2)]
SCRATCH_MIB = 16
WIDE_SCRATCH_MIB = 32e6 / 2**20


def called(*args):
    """The JSON that a program prints; None, and a line that says why, if it fails."""
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    why = (done.stderr.strip().splitlines() or [""])[-1]
    print(f"{' '.join(map(str, args[1:5]))}: exit code {done.returncode}: {why}", file=sys.stderr)
    return None


def waited(path, threads):
    """How long a person waits for ours, whatever else the processor does."""
    result = called(OURS, "train", path, "f32", threads, 3)
    return result and dict(result, seconds=result["waited"])


def in_turn(programs, rounds):
    """{name: its seconds and loss}, the programs taking turns; None for one that fails."""
    results = {}
    for _ in range(rounds):
        for name, program in programs.items():
            result = program()
            before = results.setdefault(name, dict(seconds=[], loss=None))
            if result is None or before is None:
                results[name] = None
            else:
                results[name] = dict(seconds=before["seconds"] + result["seconds"], loss=result["loss"])
    return results


def timed(seconds):
    return dict(seconds=median(seconds), spread=(max(seconds) - min(seconds)) / 2 / median(seconds))


def compare(workload, programs, rounds, floor=None, near=NEAR):
    """A row for each peer: both times, their ratio unless the losses differ, and the goal.

    `floor` is the time of the textbook's operations at the machine's peak.
    """
    results = in_turn(programs, rounds)
    ours = results.pop("clearprop") or sys.exit(f"clearprop fails on {workload}")
    rows = []
    for peer, theirs in results.items():
        row = dict(workload=workload, peer=peer, clearprop=timed(ours["seconds"]), loss=ours["loss"], ratio=None)
        if theirs:
            row |= dict(theirs=timed(theirs["seconds"]), peer_loss=theirs["loss"])
            allowed = max(near["absolute"], near["relative"] * abs(ours["loss"]))
            # So written that a loss of NaN is none.
            if abs(theirs["loss"] - ours["loss"]) <= allowed:
                row["ratio"] = row["theirs"]["seconds"] / row["clearprop"]["seconds"]
        row["of_peak"] = floor and floor / row["clearprop"]["seconds"]
        row["goal"] = GOALS.get((workload, peer))
        rows.append(row)
        print(report.line(row), flush=True)
    return rows


class Bench:
    def __init__(self, only, rounds, folder, points=len(MAP), before=None):
        self.only, self.rounds, self.folder, self.points, self.before = only, rounds, folder, points, before
        # A busy moment makes a peak smaller, nothing makes it larger.
        peaks = [called(OURS, "peak") for _ in range(5)]
        self.widths = [dict(level=width[0]["level"], **{p: max(w[p] for w in width) for p in ("f32", "f64")})
                       for width in zip(*peaks)]
        self.peak = self.widths[0]

    def wanted(self, name):
        return not self.only or any(name.startswith(o) for o in self.only)

    def file(self, name, made=None):
        path = self.folder / f"{name}.npz"
        if not path.exists():
            workloads.write(made or workloads.WORKLOADS[name], path)
        return path

    def training(self):
        for (name, precision, threads), peers in TRAINING.items():
            row = f"{name}-{precision}-{threads}"
            if not self.wanted(row):
                continue
            path = self.file(name)
            programs = {"clearprop": partial(called, OURS, "train", path, precision, threads, 3)}
            if self.before:
                programs["before"] = partial(called, self.before, "train", path, precision, threads, 3)
            for peer in () if self.before else peers.split():
                program, its_precision = peer.split(":")
                programs[peer] = partial(
                    called, sys.executable, HERE / "peer.py", program, path, its_precision, threads, 1)
            floor = workloads.flops(path) / (self.peak[precision] * threads)
            yield from compare(row, programs, self.rounds, floor)

    def predicting(self):
        for rows in (1, 1000):
            if not self.wanted(f"predict-{rows}"):
                continue
            path = self.file("digits")
            programs = {"clearprop": partial(called, OURS, "predict", path, rows)}
            if self.before:
                programs["before"] = partial(called, self.before, "predict", path, rows)
            for peer in () if self.before else PREDICTING:
                programs[peer] = partial(called, sys.executable, HERE / "predict.py", peer, path, rows)
            floor = workloads.flops_of_a_row([64, 100, 10]) * rows / self.peak["f32"]
            yield from compare(f"predict-{rows}", programs, self.rounds, floor, dict(relative=1e-3, absolute=0))

    def map(self):
        """A step of many networks against the best peer, and against the readable engine."""
        peers = [peer for peer, module in MAP_PEERS.items() if importlib.util.find_spec(module)]
        rows = [(f"map-{'-'.join(map(str, row[0]))}x{'-'.join(map(str, row[1:]))}", *row) for row in MAP]
        rows = [row for row in rows if self.wanted(row[0])]
        # So many of them, from all over the map.
        few = min(self.points, len(rows))
        for name, sizes, batch, rule, activation, precision, threads in (rows[i * len(rows) // few] for i in range(few)):
            path = self.file(f"{name}.point", workloads.point(list(sizes), batch, rule, activation))
            programs = {"clearprop": partial(called, OURS, "train", path, precision, threads, 3),
                        "readable": partial(called, OURS, "train", path, precision, threads, 1, "plain")}
            if self.before:
                programs["before"] = partial(called, self.before, "train", path, precision, threads, 3)
            for peer in peers:
                if peer == "sklearn" and activation not in ("relu", "tanh"):
                    continue
                programs[peer] = partial(called, sys.executable, HERE / "peer.py", peer, path, precision, threads, 1)
            results, flops = in_turn(programs, self.rounds), workloads.flops(path)
            path.unlink()
            ours = results.pop("clearprop") or sys.exit(f"clearprop fails on {name}")
            seconds = {peer: median(result["seconds"]) for peer, result in results.items() if result}
            its = median(ours["seconds"])
            readable, before = (seconds.pop(name, float("nan")) / its for name in ("readable", "before"))
            best = min(seconds, key=seconds.get) if seconds else None
            row = dict(sizes=sizes, batch=batch, rule=rule, activation=activation, precision=precision, threads=threads,
                       flops=flops / its, of_peak=flops / its / (self.peak[precision] * threads), readable=readable, before=before,
                       best=best, ratio=seconds[best] / its if best else None, seconds=its, peers=seconds)
            print(report.map_line(row), flush=True)
            yield row

    def command(self):
        """The whole process: `clearprop train` against the notebook as a script, import and pictures included."""
        if not self.wanted("command"):
            return
        runs = self.folder / "runs"
        runs.mkdir()

        def process(*args):
            start = time.perf_counter()
            done = subprocess.run([str(a) for a in args], capture_output=True, text=True, cwd=runs, check=True)
            seconds = time.perf_counter() - start
            # Both print the 5001st step's loss; their spirals are their own, so it is near, not the same.
            return dict(seconds=[seconds], loss=float(re.search(r"^Step 5000\. Loss=(\S+),", done.stdout, re.M)[1]))
        yield from compare("command", {
            "clearprop": partial(process, COMMAND, "train"),
            "notebook.py": partial(process, sys.executable, HERE / "notebook.py", runs),
        }, self.rounds)

    def busy(self):
        """One and two threads of ours, a spinning process on each core beside them."""
        for name in ("notebook", "digits", "images"):
            if not self.wanted(f"busy-{name}"):
                continue
            path = self.file(name)
            with spinning():
                times = in_turn({t: partial(waited, path, t) for t in (1, 2)}, self.rounds)
            one, two = (timed(times[t]["seconds"]) for t in (1, 2))
            ratio = two["seconds"] / one["seconds"]
            row = dict(workload=f"busy-{name}", one=one, two=two, ratio=ratio, met=ratio <= BUSY_GOAL)
            print(report.busy_line(row), flush=True)
            yield row

    def growth(self):
        """Seconds and the most memory as rows, hidden units and threads grow."""
        for rows, hidden, threads in GROWTH if self.wanted("growth") else ():
            row = dict(rows=rows, hidden=hidden, threads=threads, **called(OURS, "growth", rows, hidden, threads))
            row["within"] = row["peak_mib"] <= row["accounted_mib"] + (WIDE_SCRATCH_MIB if "-" in hidden else SCRATCH_MIB)
            print(report.growth_line(row), flush=True)
            yield row


@contextmanager
def spinning():
    """A process on each core that does nothing but use it."""
    code = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"
    spinners = [subprocess.Popen([sys.executable, "-c", code, str(core)]) for core in os.sched_getaffinity(0)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def main():
    p = argparse.ArgumentParser(prog="cargo xtask bench", description="clearprop and its peers, side by side")
    p.add_argument("--only", nargs="+", default=[], metavar="NAME", help="rows whose name begins so, like images "
                   "notebook-f32-1 predict command map busy growth")
    p.add_argument("--rounds", type=int, default=3, help="how often each program runs [default: 3]")
    p.add_argument("--points", type=int, default=len(MAP), help="so many points of the map, from all over it")
    p.add_argument("--before", help="another build of clearprop-bench: measured in turn at each "
                   "point of the map, and alone in training and predicting; a ratio above 1 says that this build is quicker")
    p.add_argument("--out", type=Path, default=HERE.parent / "target/bench-results", help="where bench.json, bench.md "
                   "and bench.svg go [default: target/bench-results]")
    options = p.parse_args()
    # Before anything is measured.
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"--out {options.out}: {error.strerror}; name a folder")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.only, options.rounds, Path(folder), options.points, options.before)
        result = dict(machine=machine.about(), widths=bench.widths, rounds=options.rounds, table=[], map=[], busy=[], growth=[])
        print(report.head(result), flush=True)
        parts = [("table", bench.training()), ("table", bench.predicting()), ("table", bench.command()),
                 ("map", bench.map()), ("busy", bench.busy()), ("growth", bench.growth())]
        try:
            for part, rows in parts:
                for row in rows:
                    result[part].append(row)
        except KeyboardInterrupt:
            print("interrupted: written is what was measured until now", file=sys.stderr)
    if not any(result[part] for part in ("table", "map", "busy", "growth")):
        sys.exit(f"--only: no row begins with {' or '.join(options.only)}")
    result["minutes"] = (time.perf_counter() - start) / 60
    report.write(result, options.out)


if __name__ == "__main__":
    main()
