"""Measures as they are drawn, so that lower is better: accuracies as error rates in percent, whose small differences a logarithm shows."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd

from optilab.plots.style import axis
from optilab.records.columns import ASCENDING, LINEAR
from optilab.records.measures import direction

T = TypeVar("T", float, "pd.Series[float]")


def as_drawn(measure: str, values: T) -> T:
    """Values of a measure as they are drawn: an accuracy as its error rate, 100 (1 - accuracy) percent.

    Another measure of which the highest value is the best changes its sign; others stay as they are.
    """
    if measure.endswith("accuracy"):
        return 100 * (1 - values)
    return -values if direction(measure) else values


def axis_of(measure: str) -> str:
    """Name of the axis of a measure as it is drawn, with its unit."""
    if measure.endswith("accuracy"):
        return axis(measure).replace("accuracy", "error") + " (%)"
    return f"negative {axis(measure)}" if direction(measure) else axis(measure)


def has_log_axis(measure: str) -> bool:
    """Whether the axis of a measure, as it is drawn, is logarithmic where its values allow for it."""
    return measure not in LINEAR or measure in ASCENDING
