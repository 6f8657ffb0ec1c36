"""States, which a rule keeps between steps: their shapes, and where they start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = Literal["weight", "layer", "row", "column", "left", "right", "scalar"]


@dataclass(frozen=True)
class State:
    """Memory that a rule keeps between steps.

    shape: what it has a value for: each weight, each layer, ...
    start: a number, the name of a hyperparameter, or "w" for a copy of the first weights.
    copies: how many of them, as a number or as the name of a hyperparameter; the rule sees an array [copy, value].
    shared: whether rules of a chain that ask for this name have it in common.
    """

    shape: Shape = "weight"
    start: float | str = 0.0
    copies: int | str | None = None
    shared: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is a single number, which a rule returns and doesn't change in place."""
        return self.shape == "scalar" and not self.copies


def per_weight(start: float | str = 0.0, *, copies: int | str | None = None, shared: bool = False) -> State:
    """One value a weight. It starts at a number, at a hyperparameter, or as a copy of the first weights ("w").

    copies: that many of them, as an array [copy, weight].
    shared: one memory for all rules of a chain that ask for it by this name and declare it like this.
    """
    return State("weight", start, copies, shared)


def per_layer(start: float | str = 0.0) -> State:
    """One value for each row of the layer table."""
    return State("layer", start)


def per_row(start: float | str = 0.0) -> State:
    """One value for each row (fan-in) of each layer; those of a layer begin at `layer.row_offset`."""
    return State("row", start)


def per_column(start: float | str = 0.0) -> State:
    """One value for each column (fan-out) of each layer; those of a layer begin at `layer.column_offset`."""
    return State("column", start)


def left_matrix(start: float | str = 0.0) -> State:
    """A matrix of rows by rows for each weight matrix, beginning at `layer.left_offset`."""
    return State("left", start)


def right_matrix(start: float | str = 0.0) -> State:
    """A matrix of columns by columns for each weight matrix, beginning at `layer.right_offset`."""
    return State("right", start)


def scalar(start: float | str = 0.0, *, copies: int | str | None = None) -> State:
    """A single number, in float64; a rule that changes it returns it by name.

    copies: that many numbers, as an array that is changed in place.
    """
    return State("scalar", start, copies)
