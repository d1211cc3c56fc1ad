"""Runs clearprop and every peer on every workload, in turn, and prints the table of ratios.

    cargo xtask bench [--only notebook-f32-1 ...] [--rounds 5] [--out FOLDER]

A row is void if a peer did not reach the loss that clearprop reached.  Rounds interleave the programs, so that
a busy moment of the machine hits all of them; what is printed are medians and the spread (largest - smallest) / median.
"""
import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import workloads

HERE = Path(__file__).resolve().parent
OURS = str(HERE.parent / "target/release/clearprop-bench")
COMMAND = str(HERE.parent / "target/release/clearprop")
# workload, precision, threads, peers.  NumPy's float64 is what the notebook runs at.
ROWS = [
    ("notebook", "f32", 1, ["numpy:f64", "numpy:f32", "sklearn:f64", "torch:f32", "torch-compiled:f32", "jax:f32"]),
    ("notebook", "f32", 2, ["numpy:f64", "torch:f32", "torch-compiled:f32", "jax:f32"]),
    ("notebook", "f64", 1, ["numpy:f64", "jax:f64"]),
    ("notebook", "f64", 2, ["numpy:f64"]),
    ("digits", "f32", 1, ["numpy:f32", "sklearn:f32", "torch:f32", "torch-compiled:f32", "jax:f32"]),
    ("digits", "f32", 2, ["sklearn:f32", "torch:f32", "jax:f32"]),
    ("images", "f32", 1, ["numpy:f32", "sklearn:f32", "torch:f32", "torch-compiled:f32", "jax:f32"]),
    ("images", "f32", 2, ["sklearn:f32", "torch:f32", "torch-compiled:f32", "jax:f32"]),
    ("table", "f32", 1, ["sklearn:f32", "torch:f32", "torch-compiled:f32", "jax:f32"]),
    ("table", "f32", 2, ["sklearn:f32", "torch:f32", "torch-compiled:f32", "jax:f32"]),
]
# The runs end at slightly different losses: other orders of the rows, other roundings.
NEAR = 0.10


def run(*args):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, args))}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def spread(seconds):
    return (max(seconds) - min(seconds)) / statistics.median(seconds)


def compare(programs, rounds):
    """{name: (seconds, loss)}, the programs taking turns."""
    seconds, losses = {name: [] for name in programs}, {}
    for _ in range(rounds):
        for name, args in programs.items():
            result = run(*args)
            seconds[name] += result["seconds"]
            losses[name] = result["loss"]
    return {name: (seconds[name], losses[name]) for name in programs}


def train_rows(only, rounds, peak, folder):
    table, flops = [], {}
    for name in {row[0] for row in ROWS if wanted(row_name(row), only)}:
        flops[name] = workloads.write(name, folder / f"{name}.npz")
    for row in ROWS:
        name, precision, threads, peers = row
        if not wanted(row_name(row), only):
            continue
        path = folder / f"{name}.npz"
        programs = {"clearprop": (OURS, "train", path, precision, threads, 3)}
        for peer in peers:
            program, its_precision = peer.split(":")
            programs[peer] = (sys.executable, HERE / "peer.py", program, path, its_precision, threads, 1)
        results = compare(programs, rounds)
        ours, loss = results.pop("clearprop")
        median = statistics.median(ours)
        floor = flops[name] / (peak[precision] * threads)
        for peer, (theirs, its_loss) in results.items():
            void = abs(its_loss - loss) > NEAR * max(abs(loss), 0.01)
            table.append(dict(
                workload=row_name(row), peer=peer, ours=median, ours_spread=spread(ours), theirs=statistics.median(theirs),
                theirs_spread=spread(theirs), ratio=None if void else statistics.median(theirs) / median,
                loss=loss, peer_loss=its_loss, floor=floor / median))
            show(table[-1])
    return table


def row_name(row):
    return f"{row[0]}-{row[1]}-{row[2]}"


def wanted(name, only):
    return not only or any(name.startswith(o) for o in only)


def show(r):
    ratio = "  void" if r["ratio"] is None else f"{r['ratio']:6.1f}"
    floor = "" if r.get("floor") is None else f"{100 * r['floor']:4.0f} % of the floor's speed"
    print(f"{r['workload']:18} {r['peer']:22} {ratio} x   clearprop {r['ours'] * 1e3:10.4g} ms ±{100 * r['ours_spread']:.0f} %"
          f"   peer {r['theirs'] * 1e3:10.4g} ms ±{100 * r['theirs_spread']:.0f} %   {floor}", flush=True)


def predict_rows(only, rounds, folder):
    table = []
    for rows in (1, 1000):
        name = f"predict-{rows}"
        if not wanted(name, only):
            continue
        workloads.write("digits", folder / "digits.npz")
        programs = {"clearprop": (OURS, "predict", folder / "digits.npz", "f32", 1, rows)}
        for peer in ("onnxruntime", "onnxruntime-binding", "numpy", "sklearn", "torch", "jax"):
            programs[peer] = (sys.executable, HERE / "predict.py", peer, folder / "digits.npz", rows)
        results = compare(programs, rounds)
        ours, total = results.pop("clearprop")
        for peer, (theirs, its_total) in results.items():
            void = abs(its_total - total) > 1e-3 * abs(total)
            median = statistics.median(ours)
            table.append(dict(workload=name, peer=peer, ours=median, ours_spread=spread(ours),
                              theirs=statistics.median(theirs), theirs_spread=spread(theirs),
                              ratio=None if void else statistics.median(theirs) / median, loss=total, peer_loss=its_total))
            show(table[-1])
    return table


def command_row(only, rounds, folder):
    """The whole process: `clearprop train` against the notebook as a script, import and pictures included."""
    if not wanted("command", only):
        return []
    import time
    ours, theirs = [], []
    for i in range(rounds):
        start = time.perf_counter()
        subprocess.run([COMMAND, "train", "--out", str(folder / f"run{i}")], check=True, capture_output=True)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        subprocess.run([sys.executable, str(HERE / "notebook.py"), str(folder)], check=True, capture_output=True)
        theirs.append(time.perf_counter() - start)
    row = dict(workload="command", peer="notebook.py", ours=statistics.median(ours), ours_spread=spread(ours),
               theirs=statistics.median(theirs), theirs_spread=spread(theirs),
               ratio=statistics.median(theirs) / statistics.median(ours))
    show(row)
    return [row]


def growth(folder):
    """Seconds and peak memory as rows, hidden units and threads grow."""
    rows = []
    for n in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
        rows.append(dict(run(OURS, "growth", n, 32, 1), rows=n, hidden=32, threads=1))
    for hidden in (8, 32, 128, 512):
        rows.append(dict(run(OURS, "growth", 100_000, hidden, 1), rows=100_000, hidden=hidden, threads=1))
    for threads in (1, 2):
        rows.append(dict(run(OURS, "growth", 1_000_000, 128, threads), rows=1_000_000, hidden=128, threads=threads))
    for r in rows:
        print(f"rows {r['rows']:>9}  hidden {r['hidden']:>4}  threads {r['threads']}   {r['seconds']:.4f} s an epoch   "
              f"{r['peak_mib']:.0f} MiB, of them data {r['data_mib']:.0f}", flush=True)
    return rows


def picture(table, path):
    """The ratios as bars."""
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    rows = [r for r in table if r["ratio"]]
    names = [f"{r['workload']}  vs  {r['peer']}" for r in rows]
    figure, axes = plt.subplots(figsize=(9, 0.28 * len(rows) + 1))
    axes.barh(names, [r["ratio"] for r in rows], color="#3b6fb6")
    axes.bar_label(axes.containers[0], [f"{r['ratio']:.1f} ×" for r in rows], padding=3)
    axes.set(xscale="log", xlabel="the peer's time / clearprop's time (log scale; more is faster)")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--only", nargs="*", default=[])
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--out", default="target/bench-results")
    a = p.parse_args()
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        peak = run(OURS, "peak")
        print(f"{platform.machine()}, peak of one core: {peak['f32'] / 1e9:.0f} GFLOP/s at f32, "
              f"{peak['f64'] / 1e9:.0f} at f64 ({peak['level']})", flush=True)
        table = train_rows(a.only, a.rounds, peak, folder)
        table += predict_rows(a.only, a.rounds, folder)
        table += command_row(a.only, a.rounds, folder)
        grown = growth(folder) if wanted("growth", a.only) else []
    (out / "bench.json").write_text(json.dumps(dict(peak=peak, table=table, growth=grown), indent=1))
    if table:
        picture(table, out / "bench.svg")


if __name__ == "__main__":
    main()
