"""The columns of results, in one table: of `history`, one row for each measurement, and of `runs`, one row for each run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.records.measures import direction, is_ascending


@dataclass(frozen=True)
class Column:
    """A column of results.

    kind: what it holds: "whole" numbers, a "number" (float64), "text", or a "switch" (true or false).
    presence: "complete" columns have a value in every row; "nullable" ones may have gaps; "optional" ones came to this layout
    later, so that folders of an earlier version may lack them.
    clock: whether a clock measures it, so that it differs from one repetition of a run to the next.
    axis, unit: its name on an axis, and the unit after it; "" for what is not drawn. drawn: the axis it belongs on.
    scale: of its axis, where the values allow for it. ascending: whether a higher value is the better one.
    summarized: whether `runs` has its final and its best value.
    """

    name: str
    kind: Literal["whole", "number", "text", "switch"]
    presence: Literal["complete", "nullable", "optional"] = "nullable"
    clock: bool = False
    axis: str = ""
    unit: str = ""
    drawn: Literal["x", "y", ""] = ""
    scale: Literal["linear", "log"] = "log"
    ascending: bool = False
    summarized: bool = False

    @property
    def axis_label(self) -> str:
        """Its name on an axis, with its unit."""
        return f"{self.axis} ({self.unit})" if self.unit else self.axis


RUN_ID = Column("run_id", "text", "complete")  # the first column of both tables
COMMIT = Column("commit", "whole", "complete")  # the last

MEASUREMENTS = (  # of `history`, after run_id
    Column("step", "whole", "complete", axis="steps", drawn="x"),
    Column("epoch", "number", axis="epochs", drawn="x", scale="linear"),
    Column("examples", "whole", "complete", axis="examples", unit="gradients computed", drawn="x"),
    Column("gradient_evaluations", "whole", "complete", axis="gradient evaluations", drawn="x"),
    Column("seconds", "number", clock=True, axis="training time", unit="seconds", drawn="x", scale="linear"),
    Column("cpu_seconds", "number", clock=True, axis="processor time", unit="seconds", drawn="x", scale="linear"),
    Column("train_cost", "number", axis="training cost", drawn="y", summarized=True),
    Column("valid_cost", "number", "optional", axis="validation cost", drawn="y", summarized=True),
    Column("test_cost", "number", axis="test cost", drawn="y", summarized=True),
    Column(
        "train_accuracy",
        "number",
        axis="training accuracy",
        drawn="y",
        scale="linear",
        ascending=True,
        summarized=True,
    ),
    Column(
        "valid_accuracy",
        "number",
        "optional",
        axis="validation accuracy",
        drawn="y",
        scale="linear",
        ascending=True,
        summarized=True,
    ),
    Column("test_accuracy", "number", axis="test accuracy", drawn="y", scale="linear", ascending=True, summarized=True),
    Column("gradient_norm", "number", axis="norm of the gradient", drawn="y", summarized=True),
    Column("update_norm", "number", axis="norm of the last update", drawn="y"),
    Column("weight_norm", "number", axis="norm of the weights", drawn="y"),
    Column("lr", "number", axis="learning rate", drawn="y"),
    Column("w_0", "number"),  # the weights themselves, where there are no more than two
    Column("w_1", "number"),
)


def _summaries(which: str, since_the_first: tuple[str, ...]) -> tuple[Column, ...]:
    """Final or best values. since_the_first: those that the first version of this layout has."""
    return tuple(
        Column(f"{which}_{c.name}", c.kind, "nullable" if c.name in since_the_first else "optional", c.clock)
        for c in MEASUREMENTS
        if c.summarized
    )


_COSTS, _ACCURACIES = ("train_cost", "test_cost"), ("train_accuracy", "test_accuracy")

HEAD = (  # of `runs`, before the hyperparameters
    RUN_ID,
    Column("experiment", "text", "complete"),
    Column("problem", "text", "complete"),  # names of what problem_id and line_id stand for
    Column("optimizer", "text", "complete"),
    Column("label", "text", "complete"),
    Column("problem_id", "text", "optional"),  # runs are grouped by these two
    Column("line_id", "text", "optional"),
    Column("is_random", "switch", "optional"),  # whether the seed makes a difference
    Column("depends_on_length", "switch", "optional"),  # whether a schedule depends on the length of the run
)
TAIL = (  # of `runs`, after the hyperparameters
    Column("schedule", "text", "complete"),
    Column("batch_size", "whole", "complete"),
    Column("seed", "whole", "complete"),
    Column("role", "text", "complete"),
    Column("status", "text", "complete"),
    Column("message", "text"),
    Column("traceback", "text", "optional"),
    Column("steps", "whole", "complete"),
    Column("last_finite_step", "whole", "optional"),
    Column("measurements", "whole", "complete"),
    *_summaries("final", (*_COSTS, *_ACCURACIES)),
    *_summaries("best", _COSTS),
    Column("compile_seconds", "number", "optional", clock=True, unit="seconds"),
    Column("train_seconds", "number", "optional", clock=True, unit="seconds"),
    Column("measure_seconds", "number", "optional", clock=True, unit="seconds"),
    Column("code", "text", "complete"),
    Column("versions", "text"),
    Column("host", "text"),
    Column("spec", "text"),
)
TABLES = {"history": (RUN_ID, *MEASUREMENTS, COMMIT), "runs": (*HEAD, *TAIL, COMMIT)}

COLUMNS = tuple(c.name for c in MEASUREMENTS)  # of a history as an array, in order
WEIGHTS = ("w_0", "w_1")
MEASURED = tuple(name for name in COLUMNS if name not in WEIGHTS)
WHOLE = tuple(c.name for c in MEASUREMENTS if c.kind == "whole")
MEASURES = tuple(c.name for c in MEASUREMENTS if c.summarized)
ASCENDING = frozenset(c.name for c in MEASUREMENTS if c.ascending)
REPEATABLE = tuple(c.name for c in MEASUREMENTS if not c.clock)  # the same in each repetition of a run, to the last bit
TIME_TO_TARGET = "time_to_target"  # of `runs` as they are loaded, where hyperparameters were chosen by it
RESERVED = frozenset(c.name for c in TABLES["runs"]) | {TIME_TO_TARGET}  # names that no hyperparameter may have
X, Y = (tuple(c.name for c in MEASUREMENTS if c.drawn == axis) for axis in "xy")
AXES = {c.name: c.axis_label for c in MEASUREMENTS if c.drawn}
LINEAR = frozenset(c.name for c in MEASUREMENTS if c.drawn and c.scale == "linear")
LOG_X = tuple(c.name for c in MEASUREMENTS if c.drawn == "x" and c.scale == "log")


def as_costs(measure: str, values: ArrayLike) -> NDArray[np.float64]:
    """Values of a measure, of any shape, as costs: the lower, the better. Accuracies and the like change their sign.

    InputError where it isn't known which values of the measure are the best.
    """
    found = np.asarray(values, np.float64)
    return -found if is_ascending(measure) else found


def in_words(measure: str) -> str:
    """A measure as sentences and axes call it, with its unit.

    >>> in_words("test_cost"), in_words("exam_score")
    ('test cost', 'exam score')
    """
    return AXES.get(measure) or measure.replace("_", " ")


def is_linear(name: str) -> bool:
    """Whether an axis of a column of the history is linear; that of a measure which isn't optilab's is, where its highest is the best.

    >>> is_linear("test_accuracy"), is_linear("test_cost"), is_linear("score")
    (True, False, True)
    """
    return name in LINEAR or bool(direction(name))


def summarized(names: Iterable[str]) -> list[str]:
    """Measures of which some columns of `runs` have both the final and the best value, in their order.

    >>> summarized(["seed", "final_score", "best_score", "final_div"])
    ['score']
    """
    every = list(names)
    return [n.removeprefix("final_") for n in every if n[:6] == "final_" and f"best_{n[6:]}" in every]
