"""A table from real life through train and evaluate, beside scikit-learn's pipeline with the same settings.

    python peers/mixed_table.py [--seeds 20] [--binary target/release/clearprop]

The table is drawn from a known rule: numbers with missing values, words with missing values, dates and an
ID.  It is split by scikit-learn.  The mean test accuracy over the seeds must be within one percentage point of
ColumnTransformer + MLPClassifier's; the table as CSV, packed by gzip, on standard input and
as Parquet must give one model, byte for byte.
"""
import argparse
import csv
import gzip
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS, HIDDEN, BATCH, EPOCHS, STEP, ALPHA, TOLERANCE, PATIENCE = 1000, 50, 32, 40, 0.003, 1e-3, 1e-4, 10
NUMBERS, WORDS = ["age", "income", "visits"], ["city", "plan"]
COLUMNS = ["id", "joined"] + NUMBERS + WORDS + ["stays"]


def draw(seed):
    """Rows of text, and the table's columns as objects: None is missing."""
    random = np.random.default_rng(seed)
    age, income = random.normal(45, 15, ROWS).round(1), random.lognormal(8, 0.5, ROWS).round(2)
    visits = random.poisson(4, ROWS).astype(float)
    city, plan = random.choice(["Bonn", "Kiel", "Ulm", "Jena"], ROWS), random.choice(["free", "pro"], ROWS)
    days = np.datetime64("2024-01-01") + random.integers(0, 700, ROWS)
    score = (age - 45) / 15 + np.log(income) - 8 + 0.3 * (visits - 4) * np.where(plan == "pro", 1, -1)
    score += np.select([city == "Bonn", city == "Kiel"], [1.0, -1.0], 0.0) + random.normal(0, 0.5, ROWS)
    table = dict(id=np.arange(ROWS) + 5000, joined=days.astype(str), age=age, income=income, visits=visits, city=city,
                 plan=plan, stays=np.where(score > 0.3, "yes", "no"))
    table = {name: column.astype(object) for name, column in table.items()}
    for name in NUMBERS + WORDS:
        table[name][random.random(ROWS) < 0.05] = None
    return table


def write_csv(path, table, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows([["" if table[c][i] is None else table[c][i] for c in COLUMNS] for i in rows])


class Clearprop:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def run(self, *args, stdin=None):
        done = subprocess.run([self.binary, *map(str, args)], capture_output=True, cwd=self.folder, stdin=stdin)
        if done.returncode != 0:
            sys.exit(f"clearprop {' '.join(map(str, args))}: exit code {done.returncode}\n{done.stderr.decode()}")
        return done.stdout.decode()

    def train(self, data, seed, out, stdin=None):
        self.run("train", data, "--target", "stays", "--drop", "id,joined", "--hidden", HIDDEN, "--solver", "adam",
                 "--step-size", STEP, "--batch-size", BATCH, "--epochs", EPOCHS, "--reg", ALPHA / BATCH,
                 "--penalize", "weights", "--init", "glorot", "--tolerance", TOLERANCE, "--patience", PATIENCE,
                 "--validation-size", 0, "--test-size", 0, "--seed", seed, "--out", out, "--quiet", stdin=stdin)
        return (self.folder / out / "model.safetensors").read_bytes()


def same_model_from_every_format(program, seed):
    folder = program.folder
    model = program.train("train.csv", seed, "as-csv")
    with open(folder / "train.csv", "rb") as file, gzip.open(folder / "train.csv.gz", "wb") as packed:
        packed.write(file.read())
    formats = {"gzip": program.train("train.csv.gz", seed, "as-gzip")}
    with open(folder / "train.csv", "rb") as file:
        formats["standard input"] = program.train("-", seed, "as-stdin", stdin=file)
    words_may_be_null = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
    table = pyarrow.csv.read_csv(folder / "train.csv", convert_options=words_may_be_null)
    pyarrow.parquet.write_table(table, folder / "train.parquet")
    formats["Parquet"] = program.train("train.parquet", seed, "as-parquet")
    for name, other in formats.items():
        if other != model:
            sys.exit(f"{name} gives another model than CSV")
    print(f"CSV, {', '.join(formats)}: the same model, {len(model)} bytes")


def scikit_learn(table, train, test, seed):
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="constant", fill_value="(missing)", missing_values=None),
                          OneHotEncoder(handle_unknown="ignore"))
    columns = {name: i for i, name in enumerate(NUMBERS + WORDS)}
    peer = make_pipeline(
        ColumnTransformer([("numbers", numbers, [columns[c] for c in NUMBERS]), ("words", words, [columns[c] for c in WORDS])]),
        MLPClassifier((HIDDEN,), solver="adam", learning_rate_init=STEP, batch_size=BATCH, max_iter=EPOCHS,
                      alpha=ALPHA, tol=TOLERANCE, n_iter_no_change=PATIENCE, random_state=seed))
    x = np.column_stack([table[c] for c in NUMBERS + WORDS])
    for j in range(len(NUMBERS)):
        x[:, j] = [np.nan if v is None else v for v in x[:, j]]
    y = table["stays"].astype(str)
    return peer.fit(x[train], y[train]).score(x[test], y[test])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seeds", type=int, default=20)
    p.add_argument("--binary", default="target/release/clearprop")
    a = p.parse_args()
    binary = str(Path(a.binary).resolve())
    warnings.simplefilter("ignore", ConvergenceWarning)  # both stop at the same number of epochs
    table, ours, theirs = draw(0), [], []
    for seed in range(a.seeds):
        train, test = train_test_split(np.arange(ROWS), test_size=0.3, random_state=seed, stratify=table["stays"].astype(str))
        with tempfile.TemporaryDirectory() as folder:
            program = Clearprop(binary, Path(folder))
            write_csv(Path(folder, "train.csv"), table, train)
            write_csv(Path(folder, "test.csv"), table, test)
            if seed == 0:
                same_model_from_every_format(program, seed)
            program.train("train.csv", seed, "run")
            report = program.run("evaluate", "run/model.safetensors", "test.csv", "--json")
            ours.append(json.loads(report)["accuracy"])
        theirs.append(scikit_learn(table, train, test, seed))
    difference = 100 * (np.mean(ours) - np.mean(theirs))
    print(f"clearprop {100 * np.mean(ours):.2f} %   scikit-learn {100 * np.mean(theirs):.2f} %   "
          f"difference {difference:+.2f} points over {a.seeds} seeds", flush=True)
    sys.exit("the means differ by more than one point" if abs(difference) > 1 else 0)


if __name__ == "__main__":
    main()
