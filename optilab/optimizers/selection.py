"""Selections of layers by words such as "hidden matrices", and whether two of them may overlap."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optilab.compiler.types import BIAS, MATRIX
from optilab.errors import InputError, unknown
from optilab.problems.layers import LayerTable, layer_table


def selected(layers: LayerTable, selections: Sequence[str], own: int) -> NDArray[np.bool_]:
    """Mask of the layers that selection number `own` of a chain selects; "" selects all, several words their intersection.

    A layer of neurons is a matrix and its bias. "hidden" are those that are neither the first nor the last; "rest" is
    what no other selection of the chain has. A number is that row of the layer table.
    """
    number = np.cumsum(layers["kind"] != BIAS)  # of the layer of neurons
    masks = {
        "matrices": layers["kind"] == MATRIX,
        "biases": layers["kind"] == BIAS,
        "first": number == 1,
        "last": number == number[-1],
        "hidden": (number > 1) & (number < number[-1]),
    }
    found = np.ones(len(layers), bool)
    for word in selections[own].split():
        if word == "rest":
            for other in dict.fromkeys(s for s in selections if s and "rest" not in s.split()):
                found &= ~selected(layers, [other], 0)
        else:
            found &= np.arange(len(layers)) == int(word) if word.isdigit() else masks[word]
    return found


def packed(layers: LayerTable, chosen: NDArray[np.bool_]) -> LayerTable:
    """Table of the chosen layers alone, as if no other were between them."""
    return layer_table((int(row["rows"]), int(row["columns"]), int(row["kind"])) for row in layers[chosen])


SELECTORS = ("matrices", "biases", "first", "last", "hidden", "rest")
_APART = ({"matrices", "biases"}, {"first", "hidden"}, {"hidden", "last"})  # no layer is both


def may_overlap(one: str, other: str) -> bool:
    """Whether two selections of layers of a chain can have a layer in common; "" is all layers."""
    mine, theirs = set(one.split()), set(other.split())
    if one and other and ("rest" in mine) != ("rest" in theirs):  # the rest is what no other selects
        return False
    numbers = [{word for word in words if word.isdigit()} for words in (mine, theirs)]
    if all(numbers) and numbers[0].isdisjoint(numbers[1]):
        return False
    return not any(words & mine and words & theirs and not words & mine & theirs for words in _APART)


def check_selection(selection: str) -> str:
    """`selection` with single blanks. InputError unless it is made of words that select layers."""
    words = selection.split()
    if not words:
        raise InputError(f"on which layers? Known are {', '.join(SELECTORS)}")
    for word in words:
        if word not in SELECTORS and not re.fullmatch(r"\d+", word):
            raise unknown("selection of layers", word, SELECTORS)
    return " ".join(words)
