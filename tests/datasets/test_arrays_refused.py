"""Arrays and examples that can't be used are told before anything is trained on."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from arrays import X, Y, load
from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import Examples, Sparse, check_precision, checked
from optilab.errors import InputError

masked = np.ma.array(X, mask=np.arange(60).reshape(20, 3) == 4)
WITH_GAP = np.where(np.arange(60).reshape(20, 3) == 4, np.nan, X)


@pytest.mark.parametrize(
    "x", [masked, WITH_GAP, WITH_GAP.tolist(), np.where(np.isnan(WITH_GAP), np.array(None), X), pd.DataFrame(WITH_GAP)]
)
def test_a_masked_value_is_a_missing_one(x: Any) -> None:
    """A mask, a NaN and a None are missing values: refused, dropped, or filled with the mean of their column."""
    with pytest.raises(InputError, match=r"row 1"):
        load(x_train=x)
    assert load(x_train=x, missing="drop").x_train.shape == (19, 3)
    filled = load(x_train=x, missing="mean").x_train
    assert filled[1, 1] == pytest.approx(np.delete(X[:, 1], 1).mean(), rel=1e-14)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"y_train": np.zeros((20, 2)), "x_test": X, "y_test": np.zeros(20)}, r"y_train has shape .*y_test has shape"),
        ({"y_train": np.zeros(20), "x_test": X, "y_test": np.zeros((20, 2))}, r"y_train has shape .*y_test has shape"),
        (
            {"y_train": np.zeros((20, 2)), "x_test": X, "y_test": np.zeros((20, 3))},
            r"y_train has shape .*y_test has shape",
        ),
        ({"x_test": X, "y_test": Y * 0.5}, r"y_train are classes, y_test are numbers"),
        ({"y_train": Y * 0.5, "x_test": X, "y_test": Y}, r"y_train are numbers, y_test are classes"),
        ({"x_test": X[:, :2], "y_test": Y}, r"x_test has 2 inputs an example, x_train has 3"),
        ({"x_test": X[:5], "y_test": Y[:4]}, r"x_test has 5 examples, y_test has 4"),
        ({"y_train": Y[:19]}, r"x_train has 20 examples, y_train has 19"),
        ({"x_test": X}, r"no array y_test"),
        ({"x_train": X[:, 0]}, r"x_train has shape \(20,\); expected one row an example"),
        ({"x_train": 5.0}, r"x_train = 5\.0: expected an array, a list or a table"),
        ({"x_train": [[1, 2], [3]]}, r"x_train can't be taken as an array"),
        ({"x_train": X * 1j}, r"x_train is of type complex128"),
        ({"y_train": Y * 1j}, r"y_train holds complex numbers"),
        ({"x_train": X.astype("M8[s]")}, r"x_train is of type datetime64\[s\], which is not numbers"),
        ({"x_train": X.astype("m8[s]")}, r"x_train is of type timedelta64\[s\], which is not numbers"),
        ({"y_train": pd.Series(pd.date_range("2020", periods=20))}, r"y_train holds dates"),
        ({"x_train": np.array(X, dtype=[("a", float)])}, r"which is not numbers"),
        ({"x_train": X.astype(str)}, r"which is not numbers"),
        ({"x_train": np.where(X > 9, X, "a").astype(object)}, r"type object, and holds string values"),
        ({"x_train": np.full((20, 2), 2**53 + 1)}, r"x_train holds whole numbers beyond 2\*\*53"),
        ({"x_train": np.full((20, 2), 10**30, dtype=object)}, r"x_train holds whole numbers beyond 2\*\*53"),
        ({"x_train": np.full((20, 2), np.uint64(2**63))}, r"x_train holds whole numbers beyond 2\*\*53"),
        ({"y_train": np.full(20, 2**53 + 1), "numbers": True}, r"beyond 2\*\*53"),
        ({"x_train": np.where(X > -9, np.inf, X)}, r"x_train holds a NaN or an infinity, first in row 0"),
        ({"y_train": [1, "1"] * 10}, r"y_train holds values of several types \(int, str\)"),
        ({"y_train": np.where(np.arange(20) == 4, np.nan, 1.5)}, r"y_train holds a NaN or an infinity, first in row 4"),
        ({"y_train": np.full(20, np.inf)}, r"y_train holds an infinity, first in row 0"),
        ({"y_train": ["a"] * 20}, r"y_train holds one class only, 'a'"),
        ({"x_test": X, "y_test": Y + 7}, r"the test label 7 \(row 0\) is not among the training labels"),
        ({"x_train": X.astype(np.uint8), "x_test": X, "y_test": Y}, r"x_train is uint8, x_test is float64"),
        ({"x_train": pd.DataFrame({"a": pd.timedelta_range(0, periods=20)})}, r"'a' holds spans of time"),
        ({"x_train": pd.DataFrame({"a": [datetime.date(2020, 1, 1)] * 20})}, r"'a' holds dates"),
        ({"x_train": pd.DataFrame({"a": X[:, 0] * 1j})}, r"'a' holds complex numbers"),
        ({"x_train": pd.DataFrame(X, columns=["a", "b", "a"])}, r"2 columns are called 'a'"),
        ({"x_train": pd.DataFrame({"a": [1, "1"] * 10})}, r"'a' holds values of several types \(int, str\)"),
        ({"x_train": pd.DataFrame(X), "y_train": pd.Series(Y)[::-1]}, r"name the same rows in different order"),
        (
            {"x_train": pd.DataFrame(X), "x_test": pd.DataFrame(X, columns=list("abc")), "y_test": Y},
            r"columns of x_train and x_test",
        ),
        ({"drop": ["a"]}, r"x_train is an array, whose columns have no names"),
        ({"split_seed": -1}, r"split_seed = -1"),
        ({"test_fraction": 1.0}, r"test_fraction = 1 is out of range"),
        ({"numbers": True, "classes": True}, r"classes and numbers"),
        ({"labels": Y}, r"labels: unknown key"),
        ({"image": [2, 2]}, r"doesn't fit 3 inputs"),
        ({"x_train": X[:0], "y_train": Y[:0]}, r"x_train is empty"),
        ({"missing": "median"}, r"missing = 'median'"),
        ({"y_train": [b"a", b"b"] * 10}, r"y_train holds values of type bytes"),
        ({"x_train": pd.DataFrame({"a": [[1]] * 20})}, r"'a' holds values of type list"),
        ({"x_train": pd.DataFrame({"a": ["1", "2"] * 10})}, r"'a' holds numbers as text"),
        ({"x_train": X[:1], "y_train": Y[:1]}, r"y_train holds one class only"),
        ({"x_train": pd.DataFrame(X), "x_test": X, "y_test": Y}, r"columns of x_train and x_test differ"),
    ],
)
def test_arrays_that_can_not_be_used_are_told(given: dict[str, Any], told: str) -> None:
    """Shapes, types and values that don't fit are one message each, before anything is trained on."""
    with pytest.raises(InputError, match=told):
        load(**given)


@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.sampled_from([(), (1,), (2,)]), st.sampled_from([(), (1,), (2,)])),
)
def test_parts_that_fit_are_taken_and_others_told(counts: tuple[int, ...], shapes: tuple[Any, Any]) -> None:
    """Whatever the shapes: the examples are exactly the given ones, or it is an InputError."""
    parts = Examples(
        np.ones((counts[0], 2)),
        np.ones((counts[1], *shapes[0])),
        np.ones((counts[2], 2)),
        np.ones((counts[3], *shapes[1])),
    )
    fit = counts[0] == counts[1] and counts[2] == counts[3] and shapes[0] == shapes[1]
    if fit:
        assert checked(parts, "p").y_test.shape == parts.y_test.shape
    else:
        with pytest.raises(InputError):
            checked(parts, "p")


PIXELS = np.array([[0, 3, 0], [5, 0, 0]], np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ()},
        {"classes": ("a", "a")},
        {"classes": ("a",)},
        {"image": (2, 2)},
        {"image": (3, 0)},
        {"inputs": ("a", "b")},
        {"y_train": np.array([0, -1])},
        {"y_train": np.array([0.0, 1.0])},
        {"y_train": np.array(["a", "b"])},
        {"sparse_train": Sparse.of(PIXELS[:1])},
        {"sparse_train": Sparse.of(PIXELS)._replace(columns=np.array([1, 3], np.uint16))},
        {"sparse_train": Sparse.of(PIXELS)._replace(starts=np.array([0, 3, 2]))},
        {"sparse_train": Sparse.of(PIXELS)._replace(starts=np.array([0, 9, 2]))},
        {"sparse_train": Sparse.of(PIXELS)._replace(values=np.array([3], np.uint8))},
        {"sparse_train": Sparse.of(PIXELS)._replace(starts=np.array([0, 1, 2], np.int32))},
        {"x_test": np.ones((1, 3)), "y_test": np.zeros(1, int)},
        {"x_test": np.ones((1, 3), np.uint8), "y_test": np.array([2])},
    ],
)
def test_examples_of_a_plugin_are_checked(change: dict[str, Any]) -> None:
    """Classes, image, names, sparse copies and labels that don't fit the arrays are told by the dataset's name."""
    good: dict[str, Any] = {
        "x_train": PIXELS,
        "y_train": np.array([0, 1]),
        "x_test": PIXELS[:0],
        "y_test": np.zeros(0, int),
    }
    good |= {"classes": ("a", "b"), "image": (1, 3), "sparse_train": Sparse.of(PIXELS)}
    assert checked(Examples(**good), "mine").image == (1, 3)
    with pytest.raises(InputError, match="dataset 'mine'"):
        checked(Examples(**{**good, **change}), "mine")


def test_a_network_checks_whatever_gives_it_examples() -> None:
    """Examples that reach a network past the cache are checked too: nothing is read beyond an array's end."""
    from optilab.problems.network import Network
    from optilab.problems.network_parameters import NetworkParameters

    class Unchecked(Dataset):
        def load(self) -> Examples:
            return self.read()

    data = Unchecked("unchecked", lambda: Examples(X, np.zeros((20, 2)), X, np.zeros(20)), "0")
    with pytest.raises(InputError, match=r"dataset 'unchecked': y_train has shape \(20, 2\), y_test has shape \(20,\)"):
        Network(NetworkParameters(dataset="unchecked"), data, "float64")


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ([1e39, 0], r"1e\+39, beyond the largest, 3\.4e\+38"),
        ([1e9, 1e9 + 1], r"all the same"),
        ([1e-50, 2e-50], r"all the same"),
    ],
)
def test_numbers_that_float32_can_not_hold_are_told(column: list[float], told: str) -> None:
    """Values beyond float32, or one and the same in it, are refused by the input's name; float64 takes them."""
    frame = pd.DataFrame({"small": X[:, 0], "mass": np.resize(column, 20)})
    found = load(x_train=frame)
    with pytest.raises(InputError, match=rf"the input 'mass' of x_train.*{told}"):
        check_precision(found, "float32", "d")
    check_precision(found, "float64", "d")
    with pytest.raises(InputError, match=rf"output 0 of y_train.*{told}"):
        check_precision(load(y_train=np.resize(column, 20) * 1.0), "float32", "d")


def test_targets_fit_the_outputs() -> None:
    """A network of other outputs than its targets gives no examples to compiled code."""
    network: Any = optilab.get_problem("network", dataset={"x_train": X, "y_train": X[:, :2]}, hidden=[4])
    network.sizes = [3, 4, 3]
    with pytest.raises(InputError, match=r"targets \(16, 2\) don't fit 3 outputs"):
        network.context()


@pytest.mark.parametrize("names", [(0, 1), (None, "a"), (b"a", b"b")])
def test_names_are_texts(names: Any) -> None:
    """Names of classes that are no texts are told, before they are stored."""
    with pytest.raises(InputError, match="classes, inputs and notes are texts"):
        checked(Examples(X, Y % 2, X[:0], Y[:0], classes=names), "d")
