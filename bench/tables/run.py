"""Fits the models on the tables and appends one line of JSON per (table, split, model) to the results; what is there is not done again.

    python run.py --models clearprop,sklearn_mlp,linear,hgb,lightgbm,td_s --splits 3 --set given

clearprop is the program of the environment variable CLEARPROP, with nothing set but the target and no test split of its own;
CLEARPROP_COMMAND=tune and CLEARPROP_FLAGS="--minutes 5" are a search for settings.
Give its results another name by --tag (clearprop@new), else a changed program is taken for the old one; --redo does them again.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from datasets import SETS, is_words, load

HERE = pathlib.Path(__file__).resolve().parent
MODELS = ["linear", "lightgbm", "hgb", "xgboost", "catboost", "perpetual", "clearprop", "sklearn_mlp", "td_s"]
SEED = 1000


def split(name, k):
    """80/20, by classes; the CSV files hold exactly the frames that the peers get (words as words, missing as empty)."""
    d, target, task = load(name)
    strata = d[target] if task == "class" and d[target].value_counts().min() >= 2 else None
    train, test = train_test_split(d, test_size=0.2, random_state=SEED + k, stratify=strata)
    folder = pathlib.Path(os.environ.get("TABLES", pathlib.Path(tempfile.gettempdir()) / "tables")) / f"{name}-{k}"
    folder.mkdir(parents=True, exist_ok=True)
    train.to_csv(folder / "train.csv", index=False)
    test.drop(columns=target).to_csv(folder / "test.csv", index=False)
    test[[target]].to_csv(folder / "answer.csv", index=False)
    return folder, train.drop(columns=target), train[target].to_numpy(), test.drop(columns=target), test[target].to_numpy(), target, task


# ---- peers: each takes (task, train frame, y, test frame, seed) and gives the predictions

def _pipeline(frame, sparse):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    words = [c for c in frame.columns if is_words(frame[c])]
    numbers = [c for c in frame.columns if c not in words]
    parts = [("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
             ("words", OneHotEncoder(handle_unknown="ignore", min_frequency=0.005, sparse_output=sparse), words)]
    return ColumnTransformer([p for p in parts if p[2]], sparse_threshold=0.3 if sparse else 0.0)


def _scikit(task, x, y, xt, model):
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    if task == "regr":
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    return make_pipeline(_pipeline(x, False), model).fit(x, y).predict(xt)


def sklearn_mlp(task, x, y, xt, seed):
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    return _scikit(task, x, y, xt, (MLPClassifier if task == "class" else MLPRegressor)(early_stopping=True, random_state=seed))


def linear(task, x, y, xt, seed):
    from sklearn.linear_model import LogisticRegression, Ridge
    return _scikit(task, x, y, xt, LogisticRegression(max_iter=300) if task == "class" else Ridge())


def _codes(x, xt):
    """Words as numbers in the order of the alphabet (a date: in the order of time); those of up to 200 words are categories."""
    from sklearn.preprocessing import OrdinalEncoder
    words = [c for c in x.columns if is_words(x[c])]
    x, xt = x.copy(), xt.copy()
    if words:
        e = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
        a, b = e.fit_transform(x[words]), e.transform(xt[words])
        for i, c in enumerate(words):
            x[c], xt[c] = a[:, i], b[:, i]
    return x.astype(float), xt.astype(float), [c for c in words if x[c].nunique() <= 200]


def hgb(task, x, y, xt, seed):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    x, xt, cats = _codes(x, xt)
    m = (HistGradientBoostingClassifier if task == "class" else HistGradientBoostingRegressor)(categorical_features=cats or None, random_state=seed)
    return m.fit(x, y).predict(xt)


def _categories(x, xt):
    """The same with the words as pandas' categories, and names that every peer takes."""
    x, xt, cats = _codes(x, xt)
    for c in cats:
        kind = pd.CategoricalDtype(sorted(x[c].dropna().unique()))
        x[c], xt[c] = (d[c].astype(kind).cat.rename_categories(int) for d in (x, xt))
    safe = {c: f"c{i}" for i, c in enumerate(x.columns)}
    return x.rename(columns=safe), xt.rename(columns=safe), [safe[c] for c in cats]


def lightgbm(task, x, y, xt, seed):
    import lightgbm as lgb
    x, xt, _ = _categories(x, xt)
    m = (lgb.LGBMClassifier if task == "class" else lgb.LGBMRegressor)(n_jobs=1, random_state=seed, verbose=-1)
    return m.fit(x, y).predict(xt)


def xgboost(task, x, y, xt, seed):
    import xgboost as xgb
    x, xt, _ = _categories(x, xt)
    if task == "regr":
        return xgb.XGBRegressor(n_jobs=1, random_state=seed, enable_categorical=True).fit(x, y).predict(xt)
    classes, codes = np.unique(y, return_inverse=True)
    return classes[xgb.XGBClassifier(n_jobs=1, random_state=seed, enable_categorical=True).fit(x, codes).predict(xt)]


def catboost(task, x, y, xt, seed):
    import catboost as cb
    words = [c for c in x.columns if is_words(x[c])]
    x, xt = x.copy(), xt.copy()
    for c in words:  # its own way with words; it takes no missing one
        x[c], xt[c] = x[c].fillna("missing"), xt[c].fillna("missing")
    m = (cb.CatBoostClassifier if task == "class" else cb.CatBoostRegressor)(
        thread_count=1, random_seed=seed, verbose=False, allow_writing_files=False, cat_features=words)
    return np.asarray(m.fit(x, y).predict(xt)).ravel()


def perpetual(task, x, y, xt, seed):
    from perpetual import PerpetualBooster
    x, xt, cats = _categories(x, xt)
    kinds = {"categorical_features": cats} if cats else {}
    if task == "regr":
        return PerpetualBooster(objective="SquaredLoss", num_threads=1, seed=seed, **kinds).fit(x, y).predict(xt)
    classes, codes = np.unique(y, return_inverse=True)
    return classes[np.asarray(PerpetualBooster(objective="LogLoss", num_threads=1, seed=seed, **kinds).fit(x, codes).predict(xt)).astype(int)]


def td_s(task, x, y, xt, seed):
    from td_s import TDS
    return TDS(task, seed).fit(x, y).predict(xt)


def td_64(task, x, y, xt, seed, *pieces):
    from pieces import TD64
    return TD64(task, pieces, seed).fit(x, y).predict(xt)


def clearprop(folder, target, task, rows, tag):
    """Its defaults on the files; gives predictions, seconds of fit (wall, CPU), and what it printed."""
    program = os.environ.get("CLEARPROP", "target/release/clearprop")
    out = folder / ("run-" + tag.replace("@", "-"))
    extra = os.environ.get("CLEARPROP_FLAGS", "--threads 1").split()  # the same bits as with more threads, says its README
    before, t = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    command = os.environ.get("CLEARPROP_COMMAND", "train")
    done = subprocess.run([program, command, folder / "train.csv", "--target", target, "--test-size", "0", "--out", out, "--overwrite", *extra],
                          capture_output=True, text=True)
    wall, after = time.time() - t, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (folder / f"{tag}.log").write_text(done.stdout + "\n--- stderr\n" + done.stderr)
    if done.returncode:
        raise RuntimeError(f"{command}: " + (done.stderr.strip() or done.stdout.strip())[-300:])
    pred = folder / f"{tag}.csv"
    t = time.time()
    done = subprocess.run([program, "predict", out / "model.safetensors", folder / "test.csv", "-o", pred], capture_output=True, text=True)
    predict = time.time() - t
    with open(folder / f"{tag}.log", "a") as f:
        f.write("\n--- predict\n" + done.stdout + done.stderr)
    if done.returncode:
        raise RuntimeError("predict: " + (done.stderr.strip() or done.stdout.strip())[-300:])
    if task == "class":
        p = pd.read_csv(pred, dtype=str, keep_default_na=False).iloc[:, 0].to_numpy()
    else:
        p = pd.read_csv(pred).iloc[:, 0].to_numpy(float)  # a regression must give numbers
    if len(p) != rows:
        raise RuntimeError(f"predict wrote {len(p)} rows of {rows}")
    return p, wall, cpu, predict


def score(task, answer, p):
    if task == "class":
        return float(np.mean(np.asarray(answer, str) != np.asarray(p, str)))
    return float(np.sqrt(np.mean((np.asarray(p, float) - answer) ** 2)) / np.std(answer))


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--models", default=",".join(MODELS))
    a.add_argument("--splits", type=int, default=3)
    a.add_argument("--set", default="given", choices=list(SETS))
    a.add_argument("--tables", help="only these, separated by commas")
    a.add_argument("--results", type=pathlib.Path, default=HERE, help="folder of results-given.jsonl")
    a.add_argument("--tag", help="name of clearprop's results [clearprop]")
    a.add_argument("--redo", action="store_true", help="do clearprop's again (the newest line counts)")
    a = a.parse_args()
    names = a.tables.split(",") if a.tables else SETS[a.set]
    a.results.mkdir(parents=True, exist_ok=True)
    files = {n: a.results / "results-given.jsonl" for n in names}
    done = set()
    for file in a.results.glob("results-*.jsonl"):
        done |= {(r["table"], r["split"], r["model"]) for r in map(json.loads, file.read_text().splitlines())}
    for k in range(a.splits):
        for name in names:
            data = None
            for model in a.models.split(","):
                tag = (a.tag or "clearprop") if model == "clearprop" else model
                if (name, k, tag) in done and not (a.redo and model == "clearprop"):
                    continue
                data = data or split(name, k)
                folder, x, y, xt, answer, target, task = data
                row = {"table": name, "split": k, "model": tag, "task": task}
                try:
                    if model == "clearprop":
                        p, row["fit_s"], row["cpu_s"], row["predict_s"] = clearprop(folder, target, task, len(xt), tag)
                    else:
                        t, c = time.time(), time.process_time()
                        with warnings.catch_warnings():
                            warnings.simplefilter("ignore")
                            peer, *pieces = model.split("+")
                            p = globals()[peer](task, x, y, xt, k, *pieces)
                        row["fit_s"], row["cpu_s"] = time.time() - t, time.process_time() - c
                    row["error"] = score(task, answer, p)
                except Exception as e:  # a refusal is a result: it counts as guessing, see report.py
                    row["refused"] = f"{type(e).__name__}: {e}"[:400]
                row = {key: round(v, 6) if isinstance(v, float) else v for key, v in row.items()}
                with open(files[name], "a") as f:
                    f.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    sys.exit(main())
