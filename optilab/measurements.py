"""What is measured of a run: the columns of the history, in order."""

from __future__ import annotations

MEASURED = (
    "step",
    "epoch",
    "examples",
    "gradient_evaluations",
    "seconds",
    "cpu_seconds",
    "train_cost",
    "test_cost",
    "train_accuracy",
    "test_accuracy",
    "gradient_norm",
    "update_norm",
    "weight_norm",
    "lr",
)
COLUMNS = (*MEASURED, "w_0", "w_1")  # the weights themselves, where there are no more than two
WHOLE = ("step", "examples", "gradient_evaluations")  # counts; all others are floating
MEASURES = ("train_cost", "test_cost", "train_accuracy", "test_accuracy", "gradient_norm")  # have a final and a best
