"""The layer table, and selections of layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from optilab import InputError
from optilab.compiler.types import BIAS, MATRIX, VECTOR
from optilab.optimizers.selection import check_selection, packed, selected
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


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("matrices", [0, 2, 4]),
        ("biases", [1, 3, 5]),
        ("first", [0, 1]),
        ("last", [4, 5]),
        ("hidden", [2, 3]),
        ("hidden matrices", [2]),
        ("matrices first", [0]),
        ("3", [3]),
        ("first last", []),
    ],
)
def test_selection_of_layers(selection: str, expected: list[int]) -> None:
    """Words select layers; several words what they have in common, in any order; a number a row of the table."""
    assert np.flatnonzero(selected(table_of_shapes(DIGITS), [selection], 0)).tolist() == expected


def test_rest_is_what_no_other_rule_selects() -> None:
    """What is left over is "rest": not selected by any other rule of the chain, before or after, however often it is asked for."""
    chain = ["matrices", "rest", "hidden matrices", "rest biases", "", "last"]
    table = table_of_shapes(DIGITS)
    assert np.flatnonzero(selected(table, chain, 1)).tolist() == [1, 3]
    assert np.flatnonzero(selected(table, chain, 3)).tolist() == [1, 3]
    assert np.flatnonzero(selected(table, ["rest"], 0)).tolist() == [0, 1, 2, 3, 4, 5]


def test_weights_without_layers() -> None:
    """A plain vector is one layer, the first and the last, and neither a matrix nor a bias."""
    table = plain_vector(7)
    assert table["kind"].tolist() == [VECTOR]
    for selection, there in {"first": True, "last": True, "hidden": False, "matrices": False, "biases": False}.items():
        assert selected(table, [selection], 0).tolist() == [there]


def test_chosen_layers_close_up() -> None:
    """The table of some layers alone is that of their shapes."""
    table = table_of_shapes(DIGITS)
    np.testing.assert_array_equal(packed(table, selected(table, ["biases"], 0)), table_of_shapes([(16,), (16,), (10,)]))


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("matrixes", "unknown selection of layers 'matrixes': did you mean 'matrices'"),
        ("", "on which layers\\? Known are matrices, biases"),
        ("the first", "unknown selection of layers 'the'"),
    ],
)
def test_selection_that_is_none(selection: str, message: str) -> None:
    """Words that select nothing that is known are refused with those that do."""
    with pytest.raises(InputError, match=message):
        check_selection(selection)
