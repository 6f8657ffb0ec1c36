"""First weights that a user gives, in place of the problem's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.errors import InputError
from optilab.parameters.arguments import array
from optilab.problems.problem import Problem
from optilab.texts import shown


def given_weights(w: ArrayLike | Sequence[ArrayLike], problem: Problem) -> NDArray[np.floating]:
    """First weights as a vector, [weight], in the problem's precision.

    w: a vector, or a list of layers, matrices (fan-in by fan-out) and biases in turn. InputError if they don't fit the problem, or
    aren't finite in its precision.
    """
    if isinstance(w, (list, tuple)) and any(np.ndim(part) for part in w):
        layers = [array(f"w[{k}]", part) for k, part in enumerate(w)]
        shapes = [(int(row["rows"]), int(row["columns"])) for row in problem.layers]
        if len(layers) != len(shapes) or not all(map(_is_layer, layers, shapes)):
            found = ", ".join(str(layer.shape) for layer in layers)
            raise InputError(f"w has layers of the shapes {shown(found)}: {problem.name} has {shown(shapes)}")
        vector = np.concatenate([layer.ravel() for layer in layers])
    else:
        vector = array("w", w)
    if vector.shape != (problem.n_weights,):
        raise InputError(f"w has shape {vector.shape}: {problem.name} has {problem.n_weights} weights")
    with np.errstate(over="ignore"):
        weights = vector.astype(problem.precision)
    if not np.isfinite(weights).all():
        first = int(np.flatnonzero(~np.isfinite(weights))[0])
        raise InputError(f"w[{first}] = {vector[first]} of its {vector.size} weights: accepted are finite numbers")
    return weights


def _is_layer(given: NDArray[Any], shape: tuple[int, int]) -> bool:
    """Whether an array has the shape of a layer; a bias, or another vector, has one axis or two."""
    return given.shape == shape or (1 in shape and given.shape == (max(shape),))
