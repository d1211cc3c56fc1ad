"""Where a step's time goes: the share of the processor's peak that each product reaches, for 256, 1000 and 2000 wide layers.

    python3 bench/products.py [50-1000-1000-2,256,f32,1,adam ..]      (Linux, with `perf` and the binutils)

One step of one thread is sampled a few thousand times; a sample counts for the innermost function of the kernels that it lies in.  A
product's share of peak is its multiplications and additions, by its share of the step's time, and by what the processor can do with
multiply-adds on registers alone (`clearprop-bench peak`).  The update has no product: its time is told as nanoseconds a weight.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = ROOT / "target" / "products"
POINTS = [f"{sizes},256,{real},1,adam" for sizes in ("50-256-256-256-2", "50-1000-1000-2", "50-2000-2000-2") for real in ("f32", "f64")]

# The functions of `crates/kernels` that a product or the update is made in, for narrow and for wide layers.
PARTS = {
    "forward": ["forward", "affine"],
    "da": ["backward", "back", "back_of"],
    "dw": ["gradient", "part", "pack_dz"],
    "update": ["update", "update_columns", "update_wide"],
}
PART_OF = {name: part for part, names in PARTS.items() for name in names}
REPEATS = 5


def output(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, cwd=ROOT).stdout


def build():
    """The kernels with frame pointers, for whole stacks, and lines, for the names of what was inlined."""
    env = os.environ | {"RUSTFLAGS": "-Cforce-frame-pointers=yes", "CARGO_PROFILE_RELEASE_DEBUG": "line-tables-only", "CARGO_TARGET_DIR": str(BUILT)}
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "clearprop-kernels", "--example", "step"], check=True, env=env, cwd=ROOT)
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "clearprop-bench"], check=True, cwd=ROOT)
    return BUILT / "release" / "examples" / "step"


def inlined(program, places):
    """The names of the functions at each place of the program's file, the innermost first."""
    # perf says where in the file a function is, addr2line asks where in memory.
    code = next(line.split() for line in output("readelf", "-lW", program).splitlines() if re.search(r"LOAD.* R E ", line))
    moved = int(code[2], 16) - int(code[1], 16)
    names, at = {}, None
    for line in output("addr2line", "-a", "-i", "-f", "-C", "-e", program, *(hex(place + moved) for place in places)).splitlines():
        if line.startswith("0x"):
            at, function = names.setdefault(int(line, 16) - moved, []), True
        else:
            if function:
                at.append(re.sub(r"<.*", "", line).split("::")[-1])
            function = not function
    return names


def sampled(program, point):
    """Milliseconds of a step, and how many samples lie in each part of it."""
    counts, times = collections.Counter(), []
    for _ in range(REPEATS):
        with tempfile.NamedTemporaryFile() as samples:
            said = output("perf", "record", "--quiet", "-g", "-F", "2000", "-o", samples.name, program, point)
            times.append(float(re.search(r"([\d.]+) ms", said)[1]))
            text = output("perf", "script", "-i", samples.name, "-F", "ip")
        stacks = [[int(place, 16) for place in stack.split()] for stack in text.split("\n\n")]
        # A caller's place is the one after its call; the program's own are small, the system's large.
        stacks = [[place - (i > 0) for i, place in enumerate(stack) if 0 < place < 1 << 32] for stack in stacks]
        names = inlined(program, sorted({place for stack in stacks for place in stack}))
        for stack in stacks:
            functions = [name for place in stack for name in names[place]]
            # What no team does is the making of the data.
            if "scope" in functions:
                counts[next((PART_OF[name] for name in functions if name in PART_OF), "rest")] += 1
    return sorted(times)[REPEATS // 2], counts


def main():
    program = build()
    # The widest vectors come first; a busy moment makes a peak smaller, nothing makes it larger.
    peaks = [json.loads(output(ROOT / "target/release/clearprop-bench", "peak"))[0] for _ in range(5)]
    peaks = {real: max(peak[real] for peak in peaks) / 1e9 for real in ("f32", "f64")}
    print(f"{'one thread, of peak':32} {'forward':>8} {'da':>8} {'dw':>8}   {'update':>14}   {'step':>9}   samples")
    for point in sys.argv[1:] or POINTS:
        sizes, batch, real = point.split(",")[:3]
        sizes = [int(size) for size in sizes.split("-")]
        weights = [a * b for a, b in zip(sizes, sizes[1:])]
        work = 2 * int(batch) * sum(weights)
        # No derivative of the inputs is wanted.
        works = {"forward": work, "da": work - 2 * int(batch) * weights[0], "dw": work}
        step, counts = sampled(program, point)
        every = sum(counts.values())
        shares = [f"{works[part] / (step * 1e6 * counts[part] / every) / peaks[real]:8.0%}" for part in works]
        update = counts["update"] / every
        print(f"{point:32} {' '.join(shares)}   {update:4.0%} {update * step * 1e6 / sum(weights):4.2f} ns/w   {step:6.2f} ms   {every}")


if __name__ == "__main__":
    main()
