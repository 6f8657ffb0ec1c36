"""The layer table: where each weight matrix, bias or plain vector lies in the flat vector of weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from optilab.compiler.types import BIAS, LAYER, MATRIX, VECTOR
from optilab.errors import InputError

LayerTable = NDArray[np.void]


def layer_table(layers: Iterable[tuple[int, int, int]]) -> LayerTable:
    """Table of the layers (rows, columns, kind), which follow one another in the flat vector."""
    found = []
    offset = row = column = left = right = 0
    for rows, columns, kind in layers:
        is_matrix = kind == MATRIX
        found.append((offset, rows * columns, rows, columns, kind, row, column, left, right))
        offset, row, column = offset + rows * columns, row + rows, column + columns
        left, right = left + is_matrix * rows * rows, right + is_matrix * columns * columns
    return np.array(found, LAYER)


def table_of_shapes(shapes: Sequence[tuple[int, ...]]) -> LayerTable:
    """Table of arrays of these shapes; what has one axis is a bias. InputError for more than two axes."""
    for shape in shapes:
        if len(shape) not in (1, 2):
            raise InputError(f"an array of shape {shape}: the layers of an optimizer have one or two axes")
    return layer_table((shape[0], shape[1], MATRIX) if len(shape) == 2 else (1, shape[0], BIAS) for shape in shapes)


def plain_vector(size: int) -> LayerTable:
    """Table of weights that have no layers."""
    return layer_table([(size, 1, VECTOR)])


def part_sizes(layers: LayerTable) -> dict[str, int]:
    """Sizes of states, by shape: one value a weight, layer, row or column, or a square matrix for each weight matrix."""
    matrices = layers[layers["kind"] == MATRIX]
    return {
        "weight": int(layers["size"].sum()),
        "layer": len(layers),
        "row": int(layers["rows"].sum()),
        "column": int(layers["columns"].sum()),
        "left": int(np.square(matrices["rows"]).sum()),
        "right": int(np.square(matrices["columns"]).sum()),
    }


def described(layers: LayerTable) -> str:
    """The shapes of the layers, in order: "784 x 16, 1 x 16"; the first of them where there are many."""
    shapes = [f"{row['rows']} x {row['columns']}" for row in layers]
    return ", ".join(shapes if len(shapes) <= 8 else [*shapes[:7], f"... ({len(shapes)} in all)"])
