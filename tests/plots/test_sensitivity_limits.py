"""Limits of sensitivity plots."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.plots import style
from optilab.plots.sensitivity import sensitivity


def test_one_wild_run_does_not_squeeze_the_lines() -> None:
    """A run far above all medians is a mark at the upper edge, and the axis shows the medians; the other runs are dots."""
    rows = [
        {
            "label": "ours",
            "x": x,
            "median": cost,
            "low": cost,
            "high": cost,
            "seeds": 3,
            "finite": 3,
            "scattered": False,
        }
        for x, cost in ((0.01, 2.0), (0.1, 0.5), (1.0, 4.0))
    ]
    runs = pd.DataFrame({"label": "ours", "x": [0.01, 0.1, 1.0, 1.0], "y": [2.1, 0.6, 5.0, 1e12]})
    with style.theme():
        ax = Figure().subplots()
        sensitivity(pd.DataFrame(rows), ax, colours=style.colours(["ours"]), runs=runs)
    assert ax.get_ylim()[1] < 100
    beyond = [line for line in ax.get_lines() if line.get_label() == "_beyond"]
    assert [np.asarray(line.get_xdata()).tolist() for line in beyond] == [[1.0]]
    assert np.asarray(beyond[0].get_ydata())[0] <= ax.get_ylim()[1]
    dots = [line for line in ax.get_lines() if line.get_label() == "_runs"]
    assert [np.asarray(line.get_ydata()).tolist() for line in dots] == [[2.1, 0.6, 5.0]]
