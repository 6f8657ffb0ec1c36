"""Every kind of picture, from the bundled experiments, on one page.

    python experiments/gallery.py [--width 3.3] [--style paper] [--dark]

It runs what is missing of the experiments into results/, draws all that fits each of them into results/gallery/, and writes index.html
there.
"""

from __future__ import annotations

import argparse
from html import escape
from pathlib import Path

import optilab
from optilab.figures.draw import draw
from optilab.plots.look import STYLES, Look
from optilab.runner.remaking import made_again

HERE = Path(__file__).parent
EXPERIMENTS = ("one_weight", "two_weights", "digits", "optimizers", "sensitivity")


def main() -> None:
    """Draw everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, help="of a picture, in inches")
    parser.add_argument("--style", choices=STYLES, default="screen")
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args()
    gallery = Path("results") / "gallery"
    parts = []
    for name in EXPERIMENTS:
        results = optilab.run(HERE / f"{name}.toml")
        folder = gallery / name
        folder.mkdir(parents=True, exist_ok=True)
        drawn = draw(
            results, look=Look(given.style, given.width, given.dark), tell=print, train_again=made_again, out=folder
        )
        shown = "".join(
            f'<figure><img src="{name}/{path.name}" alt="{path.stem}"><figcaption>{path.stem}</figcaption></figure>'
            for path in drawn
        )
        parts.append(f"<h2>{escape(name)}</h2>{shown}")
    page = gallery / "index.html"
    page.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title>{"".join(parts)}</html>\n', "utf-8"
    )
    print(page)


if __name__ == "__main__":
    main()
