"""Examples with their predictions, and first-layer weights as images."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from optilab.plots.palette import COLOURS
from optilab.plots.style import points, readable, shade
from optilab.plots.text import plain

_NAME = 6  # letters of a class, so that two of them fit above an example
_BESIDE = 4  # letters of both, that fit on one line
_WRONG = COLOURS[5]


def prediction(image: NDArray[Any], guess: pd.Series, ax: Axes) -> Axes:
    """Draw one example with what the network says of it: a Series of prediction, truth, confidence."""
    right = guess["prediction"] == guess["truth"]
    ramp = LinearSegmentedColormap.from_list("ink", [shade(1.0), shade(0.0)])
    ax.imshow(image, cmap=ramp, interpolation="nearest")
    read, true = plain(guess["prediction"], _NAME), plain(guess["truth"], _NAME)
    between = "\n" if len(read) + len(true) > _BESIDE else " "
    ax.set_title(
        f"{read if right else f'{read},{between}not {true}'}\n{guess['confidence']:.2f}",
        color=shade(0.15) if right else readable(_WRONG),
        loc="center",
        fontsize=points(0.7),
        pad=2,
    )
    _bare(ax)
    return ax


def weight_image(image: NDArray[Any], ax: Axes, limit: float, name: str = "") -> Axes:
    """Draw the weights of one neuron on the pixels it looks at, from -limit (blue) to limit (red). name: of the neuron."""
    ax.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    ax.set_title(name, loc="left", fontsize=points(0.7), pad=2)
    _bare(ax)
    return ax


def _bare(ax: Axes) -> None:
    """Leave nothing of the axes but the image; their ticks would be measured although they aren't shown."""
    ax.set_axis_off()
    ax.xaxis.set_visible(False)
    ax.yaxis.set_visible(False)
