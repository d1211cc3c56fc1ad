"""Small files that ask for much: each is refused in one line, with exit code 2, in little memory and under a second of the
processor.

    cargo build --release && python peers/hostile.py

Linux, Python alone.  A refused file may take 64 MB and four times its size (an npz file 32 times), whatever it
promises.  Below that, what sound tables of many classes, columns and words take.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("CLEARPROP", str(ROOT / "target/release/clearprop"))
SEEDS = ROOT / "fuzz/seeds"


def run(*arguments):
    """Exit code, standard error, peak memory in MB, seconds of the processor."""
    with open("out.txt", "wb") as out, open("err.txt", "wb") as err:
        child = subprocess.Popen([PROGRAM, *arguments], stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    error = Path("err.txt").read_text(errors="replace")
    return child.returncode, error, usage.ru_maxrss / 1000, usage.ru_utime + usage.ru_stime


def npy(shape, descr="<f8", values=b"", fortran=False):
    head = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + values


def npz(**arrays):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", array)
    return out.getvalue()


def hostile():
    """Name, bytes and what reads them."""
    train = "train FILE --target y"
    x, y = npy((3, 2), values=bytes(48)), npy((3,), "<i8", struct.pack("<3q", 0, 1, 0))
    # Axes of length 0 beside huge ones.
    yield "w1_0_by_1e9.npz", npz(X=x, y=y, W1=npy((0, 10**9))), "train FILE"
    yield "x_0_by_1e7.npz", npz(X=npy((0, 10**7)), y=npy((0,), "<i8")), "train FILE"
    yield "x_1e9_by_0.npz", npz(X=npy((10**9, 0)), y=npy((10**9, 0), "<i8")), "train FILE"
    yield "y_0_by_1e8.npz", npz(X=x, y=npy((0, 10**8))), "train FILE"
    yield "w2_1e8_by_0.npz", npz(X=x, y=y, W1=npy((3, 0)), W2=npy((10**8, 0))), "diagnose FILE"
    yield "cube.npz", npz(X=npy((10**5, 0, 10**5))), "train FILE"
    # Promises that nothing stands behind, and products that do not fit.
    yield "x_1e12.npz", npz(X=npy((10**6, 10**6), values=bytes(16)), y=y), "train FILE"
    yield "overflow.npz", npz(X=npy((2**33, 2**33), values=bytes(16)), y=y), "train FILE"
    yield "words_1e9.npz", npz(X=x, y=npy((3,), "<U1000000000", bytes(12))), "train FILE"
    yield "cube_with_0.npz", npz(X=x, y=y, W1=npy((2, 0, 10**9))), "train FILE"
    yield "b1_0_by_1e9.npz", npz(X=x, y=y, b1=npy((0, 10**9))), "diagnose FILE"
    yield "words_of_no_letters.npz", npz(X=x, y=npy((10**9,), "|S0")), "train FILE"
    yield "bools_1e8.npz", npz(X=npy((10**8,), "|b1", bytes(10**8)), y=y), "train FILE"
    one = npy((1,), values=bytes(8))
    yield "entries_60000.npz", npz(**{f"a{i}": one for i in range(60_000)}), "train FILE"
    yield "answers_65000.npz", npz(X=npy((2, 1), values=bytes(16)), y=npy((2, 65_000), values=bytes(16 * 65_000))), "train FILE"
    yield "zeros.npz", npz(X=npy((15 * 10**6,), values=bytes(120 * 10**6)), y=y), "train FILE"
    # Columns, rows and letters that are packed well.
    commas = b"," * 4_000_000 + b"\n"
    yield "columns_4M.csv.gz", gzip.compress(commas), train
    yield "names_1M.csv", b",".join(b"c%d" % i for i in range(1_000_000)) + b"\n" + b"1," * 999_999 + b"1\n", train
    yield "quoted_2M.csv.gz", gzip.compress(b'"",' * 2_000_000 + b"y\n"), train
    yield "columns_second_row.csv.gz", gzip.compress(b"a,y\n" + commas), train
    yield "no_end_of_line.csv.gz", gzip.compress(b"a" * 100_000_000), train
    yield "open_quote.csv.gz", gzip.compress(b'a,y\n"' + b"x" * 100_000_000), train
    yield "blanks_4M.csv.gz", gzip.compress(b"a b y\n" + b"1 2 u\n3 4 v\n" * 100 + b"1 " * 3_900_000 + b"\n"), train
    quoted = b'"' + b"x" * 1000 + b"\n" + b'x",'
    yield "quoted_lines.csv.gz", gzip.compress(b"a,b,y\n1,2,u\n" + quoted * 200_000 + b"y\n"), train
    cells = b"".join(b"%d" % i + b"a" * 3_500_000 + b",u\n" for i in range(60))
    yield "long_cells.csv.gz", gzip.compress(b"a,y\n" + cells), train
    yield "long_answers.csv.gz", gzip.compress(b"y,a\n" + cells), train
    yield "lines_of_blanks.csv.gz", gzip.compress(b"a,y\n" + (b" " * 4_000_000 + b"\n") * 200), train
    yield "rows_of_commas.csv.gz", gzip.compress(b"c," * 8999 + b"y\n" + (b"," * 8999 + b"\n") * 20_000), train
    yield "comments.csv.gz", gzip.compress(b"#a\na,y\n1,u\n2,v\n" + (b"#" + b"x" * 1000 + b"\n") * 200_000), train
    yield "rows_100MB.csv.bz2", bz2.compress(b"a,y\n" + b"1,2\n" * 25_000_000), train
    yield "columns_4M.csv.xz", lzma.compress(commas), train
    yield "utf16.csv.gz", gzip.compress(("a,y\n" + "1,2\n" * 10_000_000).encode("utf-16")), train
    yield "classes_500000.csv", b"a,y\n" + b"".join(b"%d,w%d\n" % (i % 7, i) for i in range(500_000)), train
    yield "rows_100MB.csv.gz", gzip.compress(b"a,y\n" + b"1,2\n" * 25_000_000), train
    yield "empty_lines.csv.gz", gzip.compress(b"a,y\n" + b"\n" * 100_000_000), train
    yield "tilde_runs.csv.gz", gzip.compress(b"a  b  y\n" + b" " * 100_000_000), train
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", b"a,y\n" + b"1,2\n" * 25_000_000)
    yield "rows_100MB.zip", out.getvalue(), train
    # Parquet whose parts are not where they should be.
    train = "train FILE --target label"
    missing = (SEEDS / "parquet/dictionary_page_missing").read_bytes()
    sound = (SEEDS / "parquet/predictions").read_bytes()
    yield "dictionary_page_missing.parquet", missing, "train FILE --target y"
    yield "footer_of_2GB.parquet", sound[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1", train
    yield "pages_zeroed.parquet", sound[:4] + bytes(60) + sound[64:], train
    yield "footer_alone.parquet", b"PAR1" + sound[-(8 + struct.unpack("<I", sound[-8:-4])[0]):], train
    # Models.
    yield "head_of_1e18.safetensors", struct.pack("<Q", 10**18) + b"{}", "info FILE"
    shape = b'{"w1":{"dtype":"F32","shape":[0,4000000000],"data_offsets":[0,0]}}'
    yield "w1_0_by_4e9.safetensors", struct.pack("<Q", len(shape)) + shape, "info FILE"
    deep = b"[" * 1_000_000
    yield "deep_head.safetensors", struct.pack("<Q", len(deep)) + deep, "info FILE"
    def safetensors(head):
        return struct.pack("<Q", len(head)) + head

    tensor = b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    tensors = b",".join(tensor % i for i in range(250_000))
    yield "tensors_250000.safetensors", safetensors(b"{" + tensors + b"}"), "info FILE"
    axes = b'{"a":{"dtype":"F32","shape":[' + b"1," * 7_000_000 + b'0],"data_offsets":[0,0]}}'
    yield "axes_7M.safetensors", safetensors(axes), "info FILE"
    texts = b",".join(b'"%d":"x"' % i for i in range(900_000))
    yield "texts_900000.safetensors", safetensors(b'{"__metadata__":{' + texts + b"}}"), "info FILE"
    yield "names.json", json.dumps({"n" * 100_000: [{"a": 1}] * 10_000}).encode(), "diagnose FILE"
    yield "objects.json", b'{"X":[' + b'{"a":1},' * 500_000 + b'{"a":1}]}', "diagnose FILE"
    yield "lists.json", b'{"X":[' + b"[0]," * 1_000_000 + b"[0]]}", "diagnose FILE"
    yield "empties.json", b'{"X":[' + b"{}," * 2_000_000 + b"{}]}", "diagnose FILE"

    def element(kind, data):
        return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

    def mat(array):
        packed = zlib.compress(array)
        return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + struct.pack("<II", 15, len(packed)) + packed

    def array(kind, count, rest):
        shape = struct.pack("<II", 1, count)
        return element(14, element(6, struct.pack("<II", kind, 0)) + element(5, shape) + element(1, b"X") + rest)

    yield "cells_4M.mat", mat(array(1, 4_000_000, struct.pack("<II", 14, 0) * 4_000_000)), "diagnose FILE"
    yield "numbers_12M.mat", mat(array(6, 12_000_000, element(9, bytes(96_000_000)))), "diagnose FILE"
    yield "deep.json", b'{"X": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "diagnose FILE"


def small(make):
    """Runs `make` in a process of its own: what a program takes is counted from what started it."""
    child = os.fork()
    if child == 0:
        make()
        os._exit(0)
    os.waitpid(child, 0)


def write_hostile():
    with open("all.txt", "w") as names:
        for name, data, command in hostile():
            Path(name).write_bytes(data)
            names.write(f"{name}\t{command}\n")


def refused():
    """Whether all are."""
    good = True
    small(write_hostile)
    print(f"{'file':34} {'bytes':>9} {'code':>4} {'MB':>6} {'most':>6} {'s':>5}  said")
    for line in Path("all.txt").read_text().splitlines():
        name, command = line.split("\t")
        size = os.path.getsize(name)
        code, error, memory, seconds = run(*command.replace("FILE", name).split())
        most = 64 + (32 if name.endswith("npz") else 4) * size / 1e6
        lines = error.count("\n")
        held = code == 2 and lines == 1 and memory <= most and seconds < 1
        good &= held
        said = error.strip().replace(name, "FILE")[:110]
        mark = "" if held else "  <- NO"
        print(f"{name:34} {size:9} {code:4} {memory:6.1f} {most:6.1f} {seconds:5.2f}  {said}{mark}")
        os.remove(name)
    return good


def write_many():
    rows = [f"{i % 997},{i % 89},c{i % 10_000}\n" for i in range(40_000)]
    Path("classes.csv").write_text("a,b,y\n" + "".join(rows))
    Path("new.csv").write_text("a,b,y\n" + "".join(rows[:4_000]))
    words = "".join(f"word{i},{i % 7},{'uv'[i % 2]}\n" for i in range(1_000_000))
    Path("words.csv").write_text("w,a,y\n" + words)


def many():
    """Sound tables of much: what they take."""
    print(f"\n{'table':42} {'command':9} {'file MB':>7} {'code':>4} {'MB':>7} {'s':>6}")

    def show(what, command, file, *arguments):
        code, error, memory, seconds = run(*arguments)
        size = os.path.getsize(file) / 1e6
        said = "" if code == 0 else "  " + error.strip()[:110]
        print(f"{what:42} {command:9} {size:7.2f} {code:4} {memory:7.1f} {seconds:6.2f}{said}")
        return memory

    small(write_many)
    what = "10,000 classes, 40,000 rows"
    options = "--target y --hidden 20 --epochs 1 --quiet --out run"
    held = [show(what, "train", "classes.csv", "train", "classes.csv", *options.split())]
    held += [show(what, "evaluate", "classes.csv", "evaluate", "run", "classes.csv")]
    # Four billion bytes of text or two of Parquet say no more than a tenth.
    what = "10,000 classes, 4,000 rows"
    held += [show(what, "predict", "new.csv", "predict", "run", "new.csv", "-o", "p.csv")]
    held += [show(what + ", to Parquet", "predict", "new.csv", "predict", "run", "new.csv", "-o", "p.parquet")]
    options = "--target y --epochs 1 --quiet --out words"
    held += [show("1,000,000 different words", "train", "words.csv", "train", "words.csv", *options.split())]
    return max(held) < 500


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        good = [refused(), many()]
        os.chdir(ROOT)
    sys.exit(0 if all(good) else "more memory or time than allowed, or not refused in one line")
