"""The layer table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from optilab import InputError
from optilab.compiler.types import BIAS, MATRIX, VECTOR
from optilab.optimizers.selection import selected
from optilab.problems.layers import part_sizes, plain_vector, table_of_shapes

DIGITS = [(784, 16), (16,), (16, 16), (16,), (16, 10), (10,)]


shapes = st.lists(st.one_of(st.tuples(st.integers(1, 5)), st.tuples(st.integers(1, 5), st.integers(1, 5))), min_size=1)


def test_table_of_the_digit_network() -> None:
    """The layers of 784-16-16-10 follow one another; so do their parts of states by rows, columns and matrices."""
    table = table_of_shapes(DIGITS)
    assert part_sizes(table) == {
        "weight": 13_002,
        "layer": 6,
        "row": 784 + 1 + 16 + 1 + 16 + 1,
        "column": 16 + 16 + 16 + 16 + 10 + 10,
        "left": 784**2 + 16**2 + 16**2,
        "right": 16**2 + 16**2 + 10**2,
    }
    assert table["offset"].tolist() == [0, 12544, 12560, 12816, 12832, 12992]
    assert table["kind"].tolist() == [MATRIX, BIAS] * 3
    assert table["row_offset"].tolist() == [0, 784, 785, 801, 802, 818]
    assert table["column_offset"].tolist() == [0, 16, 32, 48, 64, 74]
    assert table["left_offset"].tolist()[:5:2] == [0, 784**2, 784**2 + 256]
    assert table["right_offset"].tolist()[:5:2] == [0, 256, 512]


def test_the_networks_own_table_is_the_same() -> None:
    """A network's layer table is that of its matrices and biases."""
    network = optilab.get_problem("network", dataset="mnist", hidden=[16, 16])
    np.testing.assert_array_equal(network.layers, table_of_shapes(DIGITS))


@given(shapes)
def test_parts_cover_the_vector_without_overlap(given_shapes: list[tuple[int, ...]]) -> None:
    """Each layer begins where the one before it ends, in the weights and in every state by parts."""
    table = table_of_shapes(given_shapes)
    lengths = {
        "offset": table["size"],
        "row_offset": table["rows"],
        "column_offset": table["columns"],
        "left_offset": np.where(table["kind"] == MATRIX, table["rows"] ** 2, 0),
        "right_offset": np.where(table["kind"] == MATRIX, table["columns"] ** 2, 0),
    }
    for field, length in lengths.items():
        np.testing.assert_array_equal(table[field], np.cumsum(length) - length)
    assert (table["size"] == table["rows"] * table["columns"]).all()


def test_an_array_of_three_axes_is_no_layer() -> None:
    """Layers are matrices and vectors."""
    with pytest.raises(InputError, match=r"an array of shape \(2, 3, 4\): the layers .* have one or two axes"):
        table_of_shapes([(2, 3, 4)])


def test_weights_without_layers() -> None:
    """A plain vector is one layer, the first and the last, and neither a matrix nor a bias."""
    table = plain_vector(7)
    assert table["kind"].tolist() == [VECTOR]
    for selection, there in {"first": True, "last": True, "hidden": False, "matrices": False, "biases": False}.items():
        assert selected(table, [selection], 0).tolist() == [there]
