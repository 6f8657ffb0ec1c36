"""What results are to answer, and how the hyperparameters behind them were chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    """What the results of an experiment are to answer.

    text: the question in words. control: the label that the others are compared with; None for the first there is.
    measure: by whose final value; None for the first that was measured. target: a value of it, the time to which is compared.
    reference: a label and a quantile of its best values over seeds, where that is the target. confidence: of intervals, above 0 and
    below 1.
    chosen_by: the column of `runs` by which hyperparameters were chosen. on_other_seeds: whether on seeds that are not compared.
    stopped_at: values of measures at which runs ended.
    """

    text: str = ""
    control: str | None = None
    measure: str | None = None
    target: float | None = None
    reference: tuple[str, float] | None = None
    confidence: float = 0.95
    chosen_by: str = "final_train_cost"
    on_other_seeds: bool = False
    stopped_at: Mapping[str, float] = field(default_factory=dict)
