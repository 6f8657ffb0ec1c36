"""What one panel of a convergence plot shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from optilab.plots import style


@dataclass(frozen=True)
class Panel:
    """One problem and measure.

    lines: as of `analysis.curves.bands`; seeds: single runs, with columns label, run_id, x, y.
    parted: labels whose seeds end in separate groups.
    """

    problem: str
    y: str
    lines: pd.DataFrame
    seeds: pd.DataFrame
    parted: frozenset[str]


def named(palette: Mapping[str, object]) -> list[str]:
    """Labels with a colour of their own."""
    return [label for label, colour in palette.items() if colour != style.grey()]
