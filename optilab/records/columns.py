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

# Columns of `runs` around those of hyperparameters, and what they hold. problem_id, line_id: what runs are grouped by; problem,
# label: how these are called; is_random: whether the seed makes a difference.
HEAD = {
    **dict.fromkeys(("run_id", "experiment", "problem", "optimizer", "label", "problem_id", "line_id"), "text"),
    "is_random": "switch",
}
TAIL = {
    "schedule": "text",
    "batch_size": "whole",
    "seed": "whole",
    **dict.fromkeys(("role", "status", "message", "traceback"), "text"),
    **dict.fromkeys(("steps", "last_finite_step", "measurements"), "whole"),
    **{f"{which}_{name}": "number" for which in ("final", "best") for name in MEASURES},
    **dict.fromkeys(("compile_seconds", "train_seconds", "measure_seconds"), "number"),
    **dict.fromkeys(("code", "versions", "host", "spec"), "text"),
}
RESERVED = frozenset({*HEAD, *TAIL, "commit"})  # names that no hyperparameter may have
