"""Every kind of picture, from the bundled experiments and published results, on one page.

    python experiments/gallery.py [--width 3.3] [--style paper] [--dark]

It runs what is missing of the experiments into results/, draws the kinds of pictures that SOURCES names of each into results/gallery/,
and writes index.html there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from html import escape
from pathlib import Path

import pandas as pd

import optilab
from optilab.analysis import held_out_by_name
from optilab.figures.draw import KINDS, draw
from optilab.figures.profile import profile_figure
from optilab.figures.saving import save
from optilab.plots import style
from optilab.plots.look import STYLES, Look
from optilab.runner.remaking import made_again
from optilab.store import Results

HERE = Path(__file__).parent
SOURCES = {  # an experiment, or a published table of runs; and the kinds of pictures that are drawn of it
    "one_weight": ("convergence", "path", "finals", "norms"),
    "two_weights": ("convergence", "sensitivity", "path", "norms", "tuning"),
    "functions": ("convergence", "heatmap", "path", "finals", "tuning", "arrival", "ecdf", "profile", "ranks", "wins"),
    "digits": (
        *("convergence", "sensitivity", "schedules", "tuning", "norms"),
        *("digits", "weights", "confusion", "line", "plane"),
    ),
    "optimizers": ("convergence", "sensitivity", "finals", "tuning", "ecdf", "wins"),
    "sensitivity": ("sensitivity", "tuning", "finals"),
    "published/tabular_mlp_seeds.csv": ("finals", "ranks", "wins"),
}


def missing(drawn: Iterable[str]) -> list[str]:
    """The kinds of pictures that are not among those drawn."""
    return [kind for kind in KINDS if kind not in set(drawn)]


def results_of(name: str) -> Results:
    """The results of a source: an experiment is run if need be."""
    if name.endswith(".csv"):
        return optilab.load(HERE / name, measure="test", best="highest", control="adamw")
    return optilab.run(HERE / f"{name}.toml")


def algoperf(look: Look, folder: Path) -> list[Path]:
    """The published times of AlgoPerf as a profile, with its held-out workloads."""
    times = pd.read_csv(HERE / "published" / "algoperf_v05_external.csv", index_col="sub").T
    with style.theme(look):
        text = "Times are seconds to the target, as MLCommons published them."
        variants = held_out_by_name(times.index)
        figure = profile_figure(times, "AlgoPerf 0.5: who trains fastest?", text, held_out=variants)
        return save(figure, folder / "profile", ("png",))


def main() -> None:
    """Draw everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, help="of a picture, in inches")
    parser.add_argument("--style", choices=STYLES, default="screen")
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args()
    look = Look(given.style, given.width, given.dark)
    gallery = Path("results") / "gallery"
    parts = []
    drawn: list[str] = []
    for name in (*SOURCES, "published/algoperf"):
        folder = gallery / Path(name).stem
        folder.mkdir(parents=True, exist_ok=True)
        if name in SOURCES:
            paths = draw(results_of(name), SOURCES[name], look=look, tell=print, train_again=made_again, out=folder)
        else:
            paths = algoperf(look, folder)
        drawn += [path.stem for path in paths]
        shown = "".join(
            f'<figure><img src="{folder.name}/{path.name}" alt="{path.stem}"><figcaption>{path.stem}</figcaption></figure>'
            for path in paths
        )
        parts.append(f"<h2>{escape(name)}</h2>{shown}")
        print(f"{name}: {', '.join(path.stem for path in paths)}")
    page = gallery / "index.html"
    page.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title>{"".join(parts)}</html>\n', "utf-8"
    )
    absent = missing(drawn)
    print(
        f"{len(KINDS) - len(absent)} of {len(KINDS)} kinds of pictures{': without ' if absent else ''}{', '.join(absent)}"
    )
    print(page)
    if absent:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
