"""The confusion matrix of the best network."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from optilab.analysis.confusion import confusion as counts_of
from optilab.analysis.confusion import most_confused
from optilab.figures.best_network import best_network
from optilab.figures.captions import name_of
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.confusion import confusion_matrix

_HIGHEST = 5.6  # inches


def confusion(view: View) -> Figure | None:
    """Which classes of the test part the best network takes for which; None if there is no network with classes and a test part.

    InputError if no such run has lasted.
    """
    best = best_network(view, images=False)
    if best is None or not len(best.problem.examples.x_test):
        return None
    data = best.problem.examples
    classes = data.classes or ()
    counts = counts_of(data.y_test, best.problem.predict(best.w, data.x_test), classes)
    side = min(style.width() * 0.8, _HIGHEST)
    figure = Figure(figsize=(style.width(), side + 1.6), layout="compressed")
    ax = figure.subplots()
    image = confusion_matrix(counts, ax, width=side * 0.85)
    bar = figure.colorbar(image, ax=ax, aspect=30, pad=0.02)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    bar.set_label("of the row")
    bar.outline.set_visible(False)
    style.question(figure, view.question.text)
    right, every = int(counts.to_numpy().trace()), int(counts.to_numpy().sum())
    pairs = [
        f"{name_of(pair['first'])} and {name_of(pair['second'])} ({pair['count']:,} times)"
        for pair in most_confused(counts).to_dict("records")
    ]
    text = f"How {best.whose} reads {every:,} test examples: {right / every:.2%} are right, {every - right:,} wrong."
    text += f" Most often confused: {', '.join(pairs)}." if pairs else ""
    text += (
        " In each cell, how many; below it, of how many of the row."
        if any(t.get_gid() == "share" for t in ax.texts)
        else ""
    )
    text += " Colours are logarithmic, so that rare mistakes are seen." if bar.ax.get_yscale() == "log" else ""
    style.caption(figure, text)
    return figure
