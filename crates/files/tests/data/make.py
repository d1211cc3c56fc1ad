"""One table as CSV and as Parquet by three writers (pip install polars pyarrow): python make.py"""

import datetime as dt
import decimal
import gzip

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

n = 24
day = dt.date(2024, 2, 27)
table = pl.DataFrame(
    {
        "id": [1000 + i for i in range(n)],
        "cm": [None if i % 7 == 3 else 150 + i * 1.75 for i in range(n)],
        "city": [["Köln", 'Bonn "am" Rhein', None, "Kiel, Hafen"][i % 4] for i in range(n)],
        "member": [[True, False, None][i % 3] for i in range(n)],
        "day": [None if i == 5 else day + dt.timedelta(days=i) for i in range(n)],
        "seen": [dt.datetime(1969, 12, 31, 22, 15, 30, 250_000) + dt.timedelta(hours=i) for i in range(n)],
        "at": [dt.time(i, 30) for i in range(n)],
        "price": [decimal.Decimal(i * 105 - 300) / 100 for i in range(n)],
        "big": [2**63 + i * 4096 for i in range(n)],
        "small": [i - 12 for i in range(n)],
    },
    schema_overrides={"price": pl.Decimal(9, 2), "big": pl.UInt64, "small": pl.Int8},
)
csv = table.write_csv(datetime_format="%Y-%m-%d %H:%M:%S%.f", time_format="%H:%M:%S")
open("table.csv", "w").write(csv)
with open("table.csv.gz", "wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
    packed.write(csv.encode())
table.write_parquet("polars-zstd.parquet")
arrow = table.to_arrow()
arrow = arrow.cast(pa.schema([field.with_type(pa.string()) if field.name == "city" else field for field in arrow.schema]))
pq.write_table(arrow, "arrow-snappy.parquet", row_group_size=10)
pq.write_table(arrow, "arrow-gzip-v2.parquet", compression="gzip", data_page_version="2.0", use_dictionary=False)
pq.write_table(arrow.drop_columns(["at", "big"]), "arrow-int96.parquet", compression="none", use_deprecated_int96_timestamps=True)
