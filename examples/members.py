"""The example tables of the README, drawn from a known rule: numbers, words, dates, an ID, missing values.

    python examples/members.py            # needs pyarrow for members.parquet

members.csv and members.parquet: 500 members of a club, and whether they stayed.
newcomers.csv: 120 others, with the columns in another order, one more of them, and a town nobody had.
"""
import csv
from datetime import date, timedelta
from math import log
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
COLUMNS = ["id", "joined", "age", "income", "visits", "town", "plan", "stays"]


def member(random, number, towns):
    age, income = round(random.gauss(45, 15), 1), round(random.lognormvariate(8, 0.5), 2)
    visits, town, plan = int(random.expovariate(0.25)), random.choice(towns), random.choice(["basic", "family", "pro"])
    joined = date(2023, 1, 1) + timedelta(days=random.randrange(1000))
    score = (age - 45) / 15 + log(income) - 8 + 0.3 * (visits - 4) * (1 if plan == "pro" else -0.5)
    score += {"Bonn": 1.0, "Kiel": -1.0}.get(town, 0.0) + random.gauss(0, 0.4)
    row = dict(id=number, joined=joined.isoformat(), age=age, income=income, visits=visits, town=town, plan=plan)
    for column in ["age", "income", "visits", "town", "plan"]:
        if random.random() < 0.04:
            row[column] = ""
    return row | {"stays": "yes" if score > 0.2 else "no"}


def write(name, columns, rows):
    with open(HERE / name, "w", newline="") as file:
        out = csv.DictWriter(file, columns, lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def main():
    random = Random(1)
    towns = ["Bonn", "Jena", "Kiel", "Ulm"]
    write("members.csv", COLUMNS, [member(random, 5000 + i, towns) for i in range(500)])
    newcomers = [member(random, 7000 + i, towns) for i in range(120)]
    newcomers[17]["town"] = "Trier"
    write("newcomers.csv", ["stays", "id", "phone"] + COLUMNS[2:-1], [
        {column: row.get(column, f"0555-{row['id']}") for column in ["stays", "id", "phone"] + COLUMNS[2:-1]} for row in newcomers
    ])

    from pyarrow import csv as reader, parquet
    words_may_be_missing = reader.ConvertOptions(strings_can_be_null=True)
    parquet.write_table(reader.read_csv(HERE / "members.csv", convert_options=words_may_be_missing), HERE / "members.parquet")


if __name__ == "__main__":
    main()
