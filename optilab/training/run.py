"""Result of a training run: its history, its weights and how it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optilab.plots.sketch import sketch
from optilab.records.columns import COLUMNS, MEASURES, WHOLE, in_words
from optilab.records.statuses import Status
from optilab.texts import counted, printable, shortened

if TYPE_CHECKING:
    import pandas as pd


Log = NDArray[np.float64]


@dataclass
class Run:
    """A finished run. Every status is a result: what diverged or failed is kept as well.

    w: the last weights, or the optimizer's evaluation point if it has one.
    log: the history, [measurement, column], columns as in `records.columns.COLUMNS`.
    status, message: how it ended, and why.
    steps: steps taken. last_finite_step: the last of them whose cost and weights were finite and below the bound.
    compile_seconds, train_seconds, measure_seconds: only those of training are on the history's clock.
    """

    w: NDArray[np.floating]
    log: Log = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))
    status: Status = "budget"
    message: str = ""
    steps: int = 0
    last_finite_step: int = 0
    compile_seconds: float = 0.0
    train_seconds: float = 0.0
    measure_seconds: float = 0.0

    @property
    def history(self) -> pd.DataFrame:
        """The measurements as a DataFrame, one row each."""
        import pandas as pd

        return pd.DataFrame(self.log, columns=list(COLUMNS)).astype(dict.fromkeys(WHOLE, "int64"))

    def __repr__(self) -> str:
        last = dict(zip(COLUMNS, self.log[-1], strict=True)) if len(self.log) else {}
        shown = ", ".join(f"{name}={last[name]:.4g}" for name in ("train_cost", "test_accuracy") if name in last)
        return f"<Run {self.status} after {self.steps} steps{': ' + shown if shown else ''}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: how the run ended, its last measurements, and a sketch of its training cost."""
        said = f"{counted(self.steps, 'step')}, {self.train_seconds:.3g} s of training: {self.status}"
        why = f"<p>{escape(shortened(printable(self.message), 500))}</p>" if self.message else ""
        last = dict(zip(COLUMNS, self.log[-1].tolist(), strict=True)) if len(self.log) else {}
        rows = "".join(
            f"<tr><td>{escape(in_words(name))}</td><td>{last[name]:.5g}</td></tr>"
            for name in ("epoch", *MEASURES)
            if not math.isnan(last.get(name, math.nan))
        )
        step, cost = (self.log[:, COLUMNS.index(name)] for name in ("step", "train_cost"))
        drawn = sketch({"run": (step, cost)}, {"run": "#0173b2"}, x="steps", y=in_words("train_cost"), log=True)
        below = f"<figcaption>{in_words('train_cost')}</figcaption>" if drawn else ""
        table = f"<table><tbody>{rows}</tbody></table>" if rows else "<p>Nothing was measured.</p>"
        return f"<p><b>Run</b>: {escape(said)}</p>{why}{table}<figure style='margin:0.5em 0'>{drawn}{below}</figure>"
