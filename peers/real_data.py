"""Real tables through train, evaluate and predict, beside scikit-learn with the same settings and splits.

    python peers/real_data.py [--seeds 20] [--binary target/release/clearprop]

Iris, wine, breast cancer and digits come with scikit-learn's package; they are written to CSV, split by
scikit-learn, and go through the three commands as a person would type them.  The mean test accuracy over
the seeds must be within one percentage point of MLPClassifier's.
"""
import argparse
import csv
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

HIDDEN, BATCH, EPOCHS, STEP, ALPHA, TOLERANCE, PATIENCE = 50, 32, 60, 0.003, 1e-3, 1e-4, 10
TABLES = dict(iris=load_iris, wine=load_wine, breast_cancer=load_breast_cancer, digits=load_digits)


def write_csv(path, table, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow([f"x{i}" for i in range(table.data.shape[1])] + ["label"])
        for row in rows:
            out.writerow([repr(float(v)) for v in table.data[row]] + [table.target_names[table.target[row]]])


def clearprop(binary, folder, seed):
    """Test accuracy after train, evaluate and predict; the last two must agree."""
    def run(*args):
        done = subprocess.run([binary, *map(str, args)], capture_output=True, text=True, cwd=folder)
        if done.returncode != 0:
            sys.exit(f"clearprop {' '.join(map(str, args))}: exit code {done.returncode}\n{done.stderr}")
        return done.stdout

    run("train", "train.csv", "--target", "label", "--hidden", HIDDEN, "--solver", "adam", "--step-size", STEP,
        "--batch-size", BATCH, "--epochs", EPOCHS, "--reg", ALPHA / BATCH, "--penalize", "weights",
        "--init", "glorot", "--tolerance", TOLERANCE, "--patience", PATIENCE, "--validation-size", 0,
        "--test-size", 0, "--seed", seed, "--out", f"run-{seed}", "--quiet")
    model = f"run-{seed}/model.safetensors"
    accuracy = json.loads(run("evaluate", model, "test.csv", "--json"))["accuracy"]
    run("predict", model, "test.csv", "-o", "predicted.csv")
    with open(folder / "predicted.csv") as file:
        predicted = [row["label"] for row in csv.DictReader(file)]
    with open(folder / "test.csv") as file:
        labels = [row["label"] for row in csv.DictReader(file)]
    share = np.mean([p == label for p, label in zip(predicted, labels, strict=True)])
    if abs(share - accuracy) > 1e-9:
        sys.exit(f"predict is right on {share} of the rows, evaluate says {accuracy}")
    return accuracy


def scikit_learn(table, train, test, seed):
    scale = StandardScaler().fit(table.data[train])
    peer = MLPClassifier((HIDDEN,), solver="adam", learning_rate_init=STEP, batch_size=BATCH, max_iter=EPOCHS,
                         alpha=ALPHA, tol=TOLERANCE, n_iter_no_change=PATIENCE, random_state=seed)
    peer.fit(scale.transform(table.data[train]), table.target[train])
    return peer.score(scale.transform(table.data[test]), table.target[test])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seeds", type=int, default=20)
    p.add_argument("--binary", default="target/release/clearprop")
    a = p.parse_args()
    binary = str(Path(a.binary).resolve())
    warnings.simplefilter("ignore", ConvergenceWarning)  # both stop at the same number of epochs
    failed = False
    for name, load in TABLES.items():
        table, ours, theirs = load(), [], []
        for seed in range(a.seeds):
            rows = np.arange(len(table.target))
            train, test = train_test_split(rows, test_size=0.3, random_state=seed, stratify=table.target)
            with tempfile.TemporaryDirectory() as folder:
                write_csv(Path(folder, "train.csv"), table, train)
                write_csv(Path(folder, "test.csv"), table, test)
                ours.append(clearprop(binary, Path(folder), seed))
            theirs.append(scikit_learn(table, train, test, seed))
        difference = 100 * (np.mean(ours) - np.mean(theirs))
        failed |= abs(difference) > 1
        print(f"{name:14} clearprop {100 * np.mean(ours):6.2f} %   scikit-learn {100 * np.mean(theirs):6.2f} %   "
              f"difference {difference:+.2f} points over {a.seeds} seeds", flush=True)
    sys.exit("a mean differs by more than one point" if failed else 0)


if __name__ == "__main__":
    main()
