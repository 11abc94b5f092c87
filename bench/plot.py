#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""plot.py FILE.json FILE.png: how many times the bare host's time each row took, on a logarithmic scale"""

import sys

sys.dont_write_bytecode = True
import lib      # pylint: disable=wrong-import-position

try:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
except ImportError:
    sys.exit("bench: no plot: python3-matplotlib is not there")

SHOWN = {"ours": ("tab:blue", -0.2), "uml": ("tab:orange", 0.2)}


def ratios(results, placement):
    """{row: {system: times the host's time}}, of the rows that the host has, too."""
    found = {}
    for row in results.samples[placement]:
        host = results.median(placement, row, "host")
        pair = {name: lib.ratio(results.median(placement, row, name), host, results.units[row]) for name in SHOWN}
        if any(pair.values()):
            found[row] = pair
    return found


def draw(axis, placement, found):
    """One placement: two bars for each row."""
    for name, (colour, offset) in SHOWN.items():
        values = [pair[name] for pair in found.values()]
        bars = axis.barh([y + offset for y in range(len(found))], [v or float("nan") for v in values], 0.38, color=colour,
                         label=lib.TITLES[name])
        axis.bar_label(bars, labels=[lib.fmt(v) if v else "" for v in values], padding=2, fontsize=7)
    axis.set_yticks(range(len(found)), list(found))
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.margins(x=0.15)
    axis.axvline(1, color="black", linewidth=0.8)
    axis.set_title(f"{lib.PLACEMENTS[placement]}: times the bare host's time (less is better)", fontsize=10)
    axis.legend(loc="lower right")


def main():
    source, target = sys.argv[1:]
    results = lib.Results.load(source)
    shown = {placement: ratios(results, placement) for placement in results.samples}
    shown = {placement: found for placement, found in shown.items() if found}
    if not shown:
        sys.exit("bench: no plot: nothing was measured on the bare host and in a guest")
    height = 1.5 + 0.32 * max(map(len, shown.values()))
    figure, axes = pyplot.subplots(1, len(shown), figsize=(8 * len(shown), height), squeeze=False)
    for axis, (placement, found) in zip(axes[0], shown.items()):
        draw(axis, placement, found)
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main()
