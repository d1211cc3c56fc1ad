"""How a result is told: lines while it runs, then bench.json, bench.md and bench.svg."""
import json

PEERS = {"numpy": "NumPy", "sklearn": "scikit-learn", "torch": "PyTorch", "torch-compiled": "PyTorch compiled", "jax": "JAX",
         "onnxruntime": "onnxruntime", "onnxruntime-binding": "onnxruntime, io-binding", "notebook.py": "Python script",
         "before": "an earlier build"}
WORKLOADS = {"notebook": "notebook 603 × 2-200-3, 5001 steps", "digits": "digits 1797 × 64-100-10, Adam, 200 epochs",
             "images": "images 60000 × 784-200-10, 2 epochs", "table": "table 500000 × 28-100-50-2, Adam, 1 epoch",
             "predict": "predict 64-100-10", "command": "whole command, with pictures"}
MARKS = {"numpy": ("o", "#3b6fb6"), "sklearn": ("s", "#e08a1e"), "torch": ("^", "#d1495b"), "torch-compiled": ("v", "#8f2d56"),
         "jax": ("D", "#2a9d6f"), "onnxruntime": ("P", "#8a6d5a"), "onnxruntime-binding": ("X", "#4d3b30"),
         "notebook.py": ("*", "#3b6fb6"), "before": (".", "#666666")}


def three(x):
    """Three digits."""
    return f"{x:.0f}" if x >= 99.95 else f"{x:.3g}"


def amount(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{three(seconds / size)} {unit}"
    return f"{three(seconds / 1e-9)} ns"


def spread(timed):
    return f"{amount(timed['seconds'])} ±{100 * timed['spread']:.0f} %"


def percent(share):
    return "" if share is None else f"{100 * share:.0f} %"


def ratio(row):
    return "void" if row["ratio"] is None else f"{three(row['ratio'])} ×"


def met(row):
    return row["ratio"] is not None and row["ratio"] >= row["goal"]


def goal(row):
    return "" if row["goal"] is None else f"{row['goal']} × {'met' if met(row) else 'MISSED'}"


def peer(name):
    name, _, precision = name.partition(":")
    return f"{PEERS[name]} {precision}".strip()


def workload(name):
    """notebook-f32-1 in words: what, precision, threads."""
    first, *rest = name.split("-")
    if first == "predict":
        return f"predict {rest[0]} × 64-100-10", "f32", "1"
    return WORKLOADS[first], *(rest or ("f32", "any"))


def head(result):
    about, (best, *other) = result["machine"], result["widths"]
    peaks = [f"{w['f32'] / 1e9:.0f} GFLOP/s at f32 and {w['f64'] / 1e9:.0f} at f64 with {w['level']}" for w in (best, *other)]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (f"{about['date']}, {about['processor']}, {about['cores']} cores, {about['system']}\n"
            f"{versions}\npeak of one core: {'; '.join(peaks)}")


def line(row):
    theirs = spread(row["theirs"]) if "theirs" in row else "failed"
    share = row["of_peak"] and f"{percent(row['of_peak'])} of peak" or ""
    losses = f"loss {row['loss']:.5g} and {row.get('peer_loss', float('nan')):.5g}"
    return (f"{row['workload']:15} {row['peer']:20} {ratio(row):>8}   clearprop {spread(row['clearprop']):14}  "
            f"peer {theirs:14}  {share:13}  {losses:26} {goal(row)}")


def busy_line(row):
    return (f"{row['workload']:15} 2 threads {spread(row['two']):14}  1 thread {spread(row['one']):14}  "
            f"{row['ratio']:.2f} ×, {'met' if row['met'] else 'MISSED'}")


def growth_line(row):
    return (f"growth  {row['rows']:>9} rows {row['hidden']:>9} hidden {row['threads']} threads   "
            f"{amount(row['seconds']):>8} = {amount(row['seconds'] / row['rows']):>8} a row   "
            f"{row['peak_mib']:7.1f} MiB = accounted + {row['peak_mib'] - row['accounted_mib']:.1f}, "
            f"{'within' if row['within'] else 'TOO MUCH'}")


def network(row):
    return f"{'-'.join(map(str, row['sizes']))} × {row['batch']}"


def way(row):
    threads = f"{row['threads']} thread{'s' * (row['threads'] != 1)}"
    activation = "" if row["activation"] == "relu" else f" {row['activation']}"
    return f"{row['rule']}{activation} {row['precision']}, {threads}"


def map_line(row):
    peer = f"{three(row['ratio'])} × {PEERS[row['best']]}" if row["best"] else "no peer"
    return (f"map  {network(row):30} {way(row):22} {row['flops'] / 1e9:7.1f} GFLOP/s  {percent(row['of_peak']):>5} of peak  "
            f"{peer:20} {three(row['readable'])} × the readable engine"
            + (f", {three(row['before'])} × before" if row["before"] == row["before"] else ""))


def grid(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def markdown(result):
    """Tables that a README can hold."""
    parts = [head(result).replace("\n", "  \n") + "\n"]
    if result["table"]:
        rows, before = [], None
        for row in result["table"]:
            what = [*workload(row["workload"]), spread(row["clearprop"]), percent(row["of_peak"])]
            theirs = spread(row["theirs"]) if "theirs" in row else "failed"
            rows.append([*(what if row["workload"] != before else [""] * len(what)), peer(row["peer"]), theirs, ratio(row), goal(row)])
            before = row["workload"]
        parts.append(grid(["workload", "", "threads", "clearprop", "of peak", "peer", "its time", "ratio", "goal"], rows))
    if result["map"]:
        earlier = any(r["before"] == r["before"] for r in result["map"])
        parts.append("The time of the best peer, and of the readable engine, by ours:\n\n" + grid(
            ["network × batch", "", "GFLOP/s", "of peak", "best peer", "ratio", "readable engine"] + ["an earlier build"] * earlier,
            [[network(r), way(r), f"{r['flops'] / 1e9:.1f}", percent(r["of_peak"]), PEERS.get(r["best"], "none"),
              f"{three(r['ratio'])} ×" if r["best"] else "", f"{three(r['readable'])} ×"]
             + [f"{three(r['before'])} ×"] * earlier for r in result["map"]]))
    if result["busy"]:
        parts.append("With a spinning process on each core:\n\n" + grid(
            ["workload", "2 threads", "1 thread", "ratio"],
            [[r["workload"].removeprefix("busy-"), spread(r["two"]), spread(r["one"]), f"{r['ratio']:.2f}"] for r in result["busy"]]))
    if result["growth"]:
        parts.append("One epoch of Adam, rows × 28-hidden-2, batches of 1000:\n\n" + grid(
            ["rows", "hidden", "threads", "time", "a row", "most memory", "beyond data, weights, …"],
            [[f"{r['rows']:,}", r["hidden"], r["threads"], amount(r["seconds"]), amount(r["seconds"] / r["rows"]),
              f"{r['peak_mib']:.1f} MiB", f"{r['peak_mib'] - r['accounted_mib']:.1f} MiB"] for r in result["growth"]]))
    return "\n".join(parts)


def goals(result):
    """The promises, one a line, and how many are kept."""
    promised = [row for row in result["table"] if row["goal"] is not None]
    lines = [f"  {row['workload']:15} {row['peer']:20} {ratio(row):>8}   goal {goal(row)}" for row in promised]
    for what, kept in [("ratios", [met(row) for row in promised]), ("busy machine", [row["met"] for row in result["busy"]]),
                       ("memory", [row["within"] for row in result["growth"]])]:
        if kept:
            lines.append(f"{what}: {sum(kept)} of {len(kept)} goals met")
    return "\n".join(["", *lines])


def label(name):
    """A row's name for the picture."""
    first, *rest = name.split("-")
    if first == "predict":
        return f"predict {rest[0]} row{'s' * (rest[0] != '1')}"
    if rest:
        return f"{first} {rest[0]}, {rest[1]} thread{'s' * (rest[1] != '1')}"
    return "whole command"


def picture(table, path):
    """The ratios: a line for each workload, a mark for each peer, a tick of its colour for a goal."""
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.hashsalt": "clearprop", "font.size": 10})
    rows = [row | dict(name=row["peer"].split(":")[0]) for row in table if row["ratio"]]
    names = list(dict.fromkeys(row["workload"] for row in rows))
    figure, axes = plt.subplots(figsize=(9, 0.38 * len(names) + 1.7))
    for name, (mark, colour) in MARKS.items():
        its = [row for row in rows if row["name"] == name]
        if not its:
            continue
        axes.plot([row["ratio"] for row in its], [names.index(row["workload"]) for row in its], mark, color=colour,
                  markersize=11 if mark == "*" else 8, markeredgecolor="white", label=PEERS[name], zorder=3)
        promised = [row for row in its if row["goal"]]
        axes.plot([row["goal"] for row in promised], [names.index(row["workload"]) for row in promised], "|",
                  color=colour, markersize=15, markeredgewidth=2, zorder=2)
    axes.plot([], [], "|", color="grey", markersize=12, markeredgewidth=2, label="goal")
    axes.set_yticks(range(len(names)), map(label, names))
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="the peer's time / clearprop's time")
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g} ×")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
    figure.legend(loc="upper center", ncols=5, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.6 / figure.get_figheight()))
    figure.savefig(path, metadata={"Date": None})


def map_picture(rows, path):
    """A cell for each network and way: colour and first number are the ratio to the best peer, then the share of peak."""
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.hashsalt": "clearprop", "font.size": 10})
    networks, ways = list(dict.fromkeys(map(network, rows))), list(dict.fromkeys(map(way, rows)))
    figure, axes = plt.subplots(figsize=(2 + 1.6 * len(ways), 1.2 + 0.42 * len(networks)))
    colours, scale = plt.get_cmap("RdYlGn"), matplotlib.colors.LogNorm(0.25, 4)
    for row in rows:
        at = ways.index(way(row)), networks.index(network(row))
        axes.add_patch(plt.Rectangle((at[0] - 0.48, at[1] - 0.45), 0.96, 0.9, color=colours(scale(row["ratio"] or 1))))
        ratio = f"{three(row['ratio'])} ×  " if row["ratio"] else ""
        axes.text(*at, f"{ratio}{percent(row['of_peak'])}", ha="center", va="center")
    axes.set(xlim=(-0.5, len(ways) - 0.5), ylim=(len(networks) - 0.5, -0.5))
    axes.set_xticks(range(len(ways)), [name.replace(", ", ",\n") for name in ways])
    axes.set_yticks(range(len(networks)), networks)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("the best peer's time / clearprop's time, and clearprop's share of the machine's peak")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def write(result, folder):
    (folder / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    (folder / "bench.md").write_text(markdown(result))
    if any(row["ratio"] for row in result["table"]):
        picture(result["table"], folder / "bench.svg")
    if result["map"]:
        map_picture(result["map"], folder / "map.svg")
    print(goals(result))
    print(f"took {result['minutes']:.1f} minutes; bench.json, bench.md and bench.svg are in {folder}")
