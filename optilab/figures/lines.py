"""What pictures of lines have in common."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.errors import InputError
from optilab.plots import style
from optilab.plots.panels import MOST
from optilab.plots.scales import HIGHEST, showable

CLIPPED = " Lines that leave the picture go on beyond what all others show."


def refuse_nothing(lines: pd.DataFrame, y: str) -> None:
    """InputError where no line has a value that an axis can show."""
    if not showable(lines["median"]).any():
        raise InputError(f"no line has a finite median {style.axis(y)} anywhere")


def absent(lines: pd.DataFrame) -> dict[str, str]:
    """Labels of the lines of which nothing can be shown, and why."""
    there, finite = (
        values.groupby(lines["label"]).any() for values in (showable(lines["median"]), np.isfinite(lines["median"]))
    )
    return {
        label: f"beyond {HIGHEST:g}" if finite[label] else "not finite"
        for label in there.index[~there.to_numpy(np.bool_)]
    }


def left_out(count: int) -> str:
    """The sentence about panels for which there is no room."""
    return f" The first {MOST} of {count} panels." if count > MOST else ""
