"""Memory and speed on large tables: train on a million rows by 50 columns, predict ten million rows.

    python peers/large_table.py [--rows 1000000] [--predict 100000,1000000,10000000] [--binary target/release/clearprop]
    python peers/large_table.py --columns 2500,5000,10000,20000      time and memory by the number of columns alone
    python peers/large_table.py --speed                              MB/s of reading beside pandas and polars, if they are installed

Training may take 2.5 times the data in single precision; the bar must move while the file is read.
Predicting may take no more memory for ten million rows than for a hundred thousand (8 MB are noise).
The rows are 10,000 drawn ones over and over: what is measured does not depend on what they say.
"""
import argparse
import os
import pty
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

COLUMNS, BLOCK = 50, 10_000


def block(columns):
    """10,000 rows of CSV, and the line of names."""
    draw = random.Random(1)
    rows = []
    for _ in range(BLOCK):
        x = [draw.gauss(0, 1) for _ in range(columns)]
        rows.append(",".join(f"{value:.4f}" for value in x) + (",yes\n" if x[0] + x[1] > 0 else ",no\n"))
    return (",".join([f"x{j}" for j in range(columns)] + ["y"]) + "\n").encode(), "".join(rows).encode()


def measured(command, feed=None, **pipes):
    """Runs a command; its peak memory in MB, and its seconds."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.PIPE if feed else None, **pipes)
    peaks = [0]
    watch = threading.Thread(target=peak_of, args=(child.pid, peaks))
    watch.start()
    if feed:
        feed(child.stdin)
        child.stdin.close()
    code, seconds = child.wait(), time.monotonic() - began
    watch.join()
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {code}")
    return max(peaks) / 1024, seconds


def peak_of(process, peaks):
    """Notes the most memory of a process so far, in KB, until it has ended (Linux)."""
    while True:
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:
            return
        found = re.search(r"VmHWM:\s+(\d+)", status)
        if not found:  # it has ended
            return
        peaks.append(int(found[1]))
        time.sleep(0.01)


def bar_of(terminal, frames):
    """Collects what a program draws on a terminal."""
    while True:
        try:
            frames.append(os.read(terminal, 65536).decode(errors="replace"))
        except OSError:  # the program has ended
            return


def write(folder, rows):
    """A table of so many rows, whole blocks of them."""
    head, some = block(COLUMNS)
    big = folder / "big.csv"
    with open(big, "wb") as file:
        file.write(head)
        for _ in range(rows // BLOCK):
            file.write(some)
    return big


def train(binary, folder, rows):
    big = write(folder, rows)
    master, slave = pty.openpty()
    drawn = []
    reader = threading.Thread(target=bar_of, args=(master, drawn), daemon=True)
    reader.start()
    peak, seconds = measured([binary, "train", big, "--target", "y", "--epochs", "1", "--out", folder / "run"],
                             stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    reader.join(timeout=5)
    frames = re.findall(r"read [0-9.]+ \w+ of", "".join(drawn))
    data = rows * COLUMNS * 4 / 2**20
    size = big.stat().st_size / 2**20
    print(f"train, {rows} rows x {COLUMNS} columns ({size:.0f} MB of CSV): peak {peak:.0f} MB, {peak / data:.2f} times the "
          f"data's {data:.0f} MB; {seconds:.1f} s; the bar moved {len(set(frames))} times while reading", flush=True)
    big.unlink()
    return peak <= 2.5 * data and len(set(frames)) > 5


def predict(binary, folder, sizes):
    head, some = block(5)
    (folder / "small.csv").write_bytes(head + some)
    measured([binary, "train", "small.csv", "--target", "y", "--epochs", "1", "--out", "model", "--quiet"], cwd=folder)
    peaks = []
    for rows in sizes:
        def feed(pipe):
            pipe.write(head)
            for _ in range(rows // BLOCK):
                pipe.write(some)
        out = folder / "predicted.csv"
        command = [binary, "predict", "model/model.safetensors", "-", "-o", out]
        peak, seconds = measured(command, feed, cwd=folder)
        with open(out, "rb") as file:
            lines = sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
        if lines != rows + 1:
            sys.exit(f"{lines} lines for {rows} rows")
        peaks.append(peak)
        print(f"predict, {rows} rows: peak {peak:.1f} MB, {seconds:.1f} s, {rows / seconds:.0f} rows a second", flush=True)
    return max(peaks) <= min(peaks) + 8


def columns(binary, folder, counts):
    """A hundred rows of many columns: linear time, that is at most 1.5 times as long for each column of the most as of the fewest."""
    costs = []
    for count in counts:
        draw = random.Random(1)
        wide = folder / "wide.csv"
        with open(wide, "w") as file:
            file.write(",".join(f"x{j}" for j in range(count)) + ",y\n")
            for _ in range(100):
                x = [draw.gauss(0, 1) for _ in range(count)]
                file.write(",".join(f"{value:.4f}" for value in x) + (",yes\n" if x[0] > 0 else ",no\n"))
        before = os.times()
        peak, _ = measured([binary, "train", wide, "--target", "y", "--epochs", "1", "--out", folder / "run", "--overwrite", "--quiet"])
        after = os.times()
        cost = after.children_user + after.children_system - before.children_user - before.children_system
        costs.append(cost / count)
        print(f"train, 100 rows x {count} columns ({wide.stat().st_size / 2**20:.1f} MB of CSV): peak {peak:.0f} MB, {cost:.2f} s of processor", flush=True)
    return costs[-1] <= 1.5 * costs[0]


def speed(binary, folder, rows):
    """Seconds of processor for reading the same file; each reads and finds out by itself."""
    big = write(folder, rows)
    size = big.stat().st_size / 2**20
    readers = {"clearprop": [binary, "inspect", big, "--json"],
               "pandas": [sys.executable, "-c", f"import pandas; pandas.read_csv({str(big)!r})"],
               "pandas, pyarrow": [sys.executable, "-c", f"import pandas; pandas.read_csv({str(big)!r}, engine='pyarrow')"],
               "polars": [sys.executable, "-c", f"import polars; polars.read_csv({str(big)!r})"]}
    for name, command in readers.items():
        best = None
        for _ in range(3):
            before = os.times()
            began = time.monotonic()
            if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
                break
            seconds, after = time.monotonic() - began, os.times()
            cost = after.children_user + after.children_system - before.children_user - before.children_system
            best = min(best or (cost, seconds), (cost, seconds))
        print(f"read, {size:.0f} MB, {name}: " + ("not installed" if best is None else
              f"{size / best[0]:.0f} MB a second of processor, {size / best[1]:.0f} MB/s by the clock"), flush=True)
    return True


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rows", type=int, default=1_000_000)
    p.add_argument("--predict", default="100000,1000000,10000000")
    p.add_argument("--binary", default="target/release/clearprop")
    p.add_argument("--columns", help="numbers of columns, separated by commas")
    p.add_argument("--speed", action="store_true")
    a = p.parse_args()
    binary = Path(a.binary).resolve()
    with tempfile.TemporaryDirectory() as folder:
        if a.columns:
            linear = columns(binary, Path(folder), [int(n) for n in a.columns.split(",")])
            sys.exit(0 if linear else "more than linear time")
        if a.speed:
            sys.exit(0 if speed(binary, Path(folder), a.rows) else 1)
        good = [train(binary, Path(folder), a.rows), predict(binary, Path(folder), [int(n) for n in a.predict.split(",")])]
    sys.exit(0 if all(good) else "more memory than allowed, or a bar that stands still")


if __name__ == "__main__":
    main()
