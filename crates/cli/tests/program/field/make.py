"""The Parquet files of this folder (pip install pyarrow): python make.py"""

import decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

a = np.random.default_rng(2).normal(size=60)
y = np.where(a > 0, "yes", "no")
for packing in ["lz4", "brotli"]:
    pq.write_table(pa.table({"a": a, "y": y}), f"{packing}.parquet", compression=packing)
pq.write_table(pa.table({"a": pa.array(a.astype(np.float16)), "y": y}), "float16.parquet")
cents = [decimal.Decimal(int(x * 100)) / 100 for x in a]
pq.write_table(pa.table({"a": pa.array(cents, pa.decimal256(50, 2)), "y": y}), "decimal256.parquet")
pq.write_table(pa.table({"raw": pa.array([b"\x00\xff"] * 60), "a": a, "y": y}), "binary.parquet")
