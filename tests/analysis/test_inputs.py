"""What the statistics refuse, and what they take for a tie."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab import InputError
from optilab.analysis.arguments import amounts
from optilab.analysis.inputs import checked_scores, differences, diverged_last, numbers
from optilab.analysis.levels import share, whole

INF, NAN = math.inf, math.nan
FINITE = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, NAN], r"costs\[1\] is NaN; a run without a value must be infinite, or left out by name"),
        (pd.Series([NAN], [7]), r"costs\[7\] is NaN"),
        (pd.Series([1, None], dtype="Int64"), r"costs\[1\] is NaN"),
        (["1", "2"], r"costs must be numbers, not \['1', '2'\]"),
        (["low", 1], "costs must be numbers"),
        ([1j], "costs must be numbers"),
        ([None, {}], "costs must be numbers"),
        ([[1.0], [2.0]], r"costs must have one dimension, not the shape \(2, 1\)"),
        (1.0, r"costs must have one dimension, not the shape \(\)"),
        (np.ma.array([1.0, 2.0], mask=[False, True]), r"costs\[1\] is NaN"),
        (pd.Series(["1", "2"]), "costs must be numbers"),
        (np.array(["1", 2], object), "costs must be numbers"),
        (pd.Series(pd.to_datetime(["2020-01-01"])), "costs must be numbers"),
        (pd.Series(pd.to_timedelta([1, 2])), "costs must be numbers"),
        (pd.Series([1j, 2]), "costs must be numbers"),
    ],
)
def test_what_is_no_list_of_numbers(values: Any, message: str) -> None:
    """Words, dates, tables, single numbers and NaN are refused, NaN and what is masked with its place."""
    with pytest.raises(InputError, match=message):
        numbers(values, "costs")


def test_numbers_come_in_many_forms() -> None:
    """A list, an array of any type, a read-only one and a Series give the same float64."""
    given_forms: list[Any] = [[1, 2], (1.0, 2.0), np.array([1, 2], np.float32), pd.Series([1, 2], dtype="Int64")]
    for values in given_forms:
        found = numbers(values, "costs")
        assert found.dtype == np.float64
        assert found.tolist() == [1, 2]
    assert numbers([], "costs").shape == (0,)
    assert numbers([-INF, INF], "costs").tolist() == [-INF, INF]


@pytest.mark.parametrize("value", [0, 1, -0.1, 95, NAN])
def test_a_share_lies_between_0_and_1(value: float) -> None:
    """Both ends are refused, and so is a percentage."""
    with pytest.raises(InputError, match=f"confidence must lie between 0 and 1, not {value}"):
        share(value, "confidence")


@pytest.mark.parametrize("value", [0, 2.0, True, "3", None])
def test_a_whole_number(value: Any) -> None:
    """One too low, and one of another type, is refused."""
    with pytest.raises(InputError, match="n must be a whole number of at least 1, not "):
        whole(value, "n", 1)


def test_a_whole_number_of_numpy() -> None:
    """NumPy's integers are whole numbers."""
    assert whole(np.int64(3), "n") == 3


def test_an_infinite_score_is_at_the_bad_end() -> None:
    """Whichever sign it has."""
    scores = np.array([-INF, 1.0, INF])
    assert diverged_last(scores, lowest=True).tolist() == [INF, 1, INF]
    assert diverged_last(scores, lowest=False).tolist() == [-INF, 1, -INF]


def test_differences_of_infinite_scores() -> None:
    """Infinity less a number is infinite; two infinities of one sign tie."""
    a, b = np.array([INF, 1.0, INF, -INF]), np.array([1.0, INF, INF, INF])
    assert differences(a, b).tolist() == [INF, -INF, 0, -INF]


def test_differences_have_no_float_noise() -> None:
    """Equal differences of scores of three digits are equal, at any scale."""
    a, b = np.array([0.768, 0.12, 0.01]), np.array([0.763, 0.115, 0.005])
    assert len(set((a - b).tolist())) == 3
    assert differences(a, b).tolist() == [0.005] * 3
    assert differences(np.array([0.1 + 0.2]), np.array([0.3])).tolist() == [0]
    assert differences(np.array([7.68e300]), np.array([7.63e300])).tolist() == pytest.approx([5e298])
    assert differences(np.array([7.68e-300]), np.array([7.63e-300])).tolist() == pytest.approx([5e-302], rel=1e-9)
    assert differences(np.array([1.7e308]), np.array([-1.7e308])).tolist() == [INF]


@given(st.lists(st.tuples(FINITE, FINITE), max_size=8))
def test_differences_are_differences(pairs: list[tuple[float, float]]) -> None:
    """What is rounded away is less than a part in 10^11 of the larger score; exchanging the two changes the sign alone."""
    a, b = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    found = differences(a, b)
    assert (np.abs(found - (a - b)) <= 1e-11 * np.maximum(np.abs(a), np.abs(b))).all()
    assert (differences(b, a) == -found).all()


def test_a_missing_score_is_named() -> None:
    """With its row and its column."""
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, NAN]}, index=["bowl", "valley"])
    with pytest.raises(InputError, match="scores has no value in row 'valley', column 'b'; leave out the problem or"):
        checked_scores(table, lowest=True)


def test_scores_that_are_none() -> None:
    """Words are refused, and two columns of one name."""
    with pytest.raises(InputError, match="scores must be numbers: a row a problem, a column a method"):
        checked_scores(pd.DataFrame({"a": ["low"]}), lowest=True)
    with pytest.raises(InputError, match="scores has the column 'a' twice"):
        checked_scores(pd.DataFrame([[1, 2]], columns=["a", "a"]), lowest=True)


@pytest.mark.parametrize("values", [["1", "2"], [1j, 2], pd.to_datetime(["2020-01-01", "2021-01-01"])])
def test_tables_of_what_is_no_number(values: Any) -> None:
    """Digits in texts, complex numbers and dates are no scores, and no times."""
    table = pd.DataFrame({"a": values, "b": [1.0, 2.0]})
    with pytest.raises(InputError, match="scores must be numbers"):
        checked_scores(table, lowest=True)
    with pytest.raises(InputError, match="times: holds what is no number"):
        amounts(table, "times")


def test_what_is_masked_or_missing_was_not_reached() -> None:
    """In every form in which NumPy and pandas have it."""
    masked = np.ma.array([[1.0, 2.0]], mask=[[False, True]])
    assert amounts(masked, "times").tolist() == [[1, INF]]
    table = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1, 2]})
    assert amounts(table, "times").tolist() == [[1, 1], [INF, 2]]


def test_one_row_a_problem() -> None:
    """A problem that stands there twice would count as two."""
    with pytest.raises(InputError, match="scores has the row 'bowl' twice; give one number a problem"):
        checked_scores(pd.DataFrame({"a": [1, 2]}, ["bowl", "bowl"]), lowest=True)


def test_scores_have_twelve_digits() -> None:
    """Means that differ by float noise tie."""
    found = checked_scores(pd.DataFrame({"a": [0.1 + 0.2], "b": [0.3]}), lowest=True)
    assert found["a"].tolist() == found["b"].tolist() == [0.3]
