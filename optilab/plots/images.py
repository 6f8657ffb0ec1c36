"""Examples with their predictions, and first-layer weights as images."""

from __future__ import annotations

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from numpy.typing import NDArray

from optilab.plots.text import plain

_NAME = 6  # letters of a class, so that two of them fit above an example


def prediction(image: NDArray[Any], guess: pd.Series, ax: Axes) -> Axes:
    """Draw one example with what the network says of it: a Series of prediction, truth, confidence."""
    right = guess["prediction"] == guess["truth"]
    ax.imshow(image, cmap="Greys", interpolation="nearest")
    read, true = plain(guess["prediction"], _NAME), plain(guess["truth"], _NAME)
    colours = sns.color_palette("colorblind")
    ax.set_title(
        f"{read if right else f'{read}, not {true}'}\n{guess['confidence']:.2f}",
        color="0.2" if right else colours[3],
        loc="center",
        fontsize="small",
    )
    ax.set_axis_off()
    return ax


def weight_image(image: NDArray[Any], ax: Axes, limit: float) -> Axes:
    """Draw the weights of one neuron on the pixels it looks at, from -limit (blue) to limit (red)."""
    ax.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    ax.set_axis_off()
    return ax
