"""Holm's correction, by its own closed tests."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab import InputError
from optilab.analysis.families import holm

P_VALUES = st.lists(st.floats(0, 1), max_size=7)


def test_four_p_values() -> None:
    """The example that textbooks and R's p.adjust have."""
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_no_and_one_p_value() -> None:
    """None stays none, and one stays as it is."""
    assert holm([]).tolist() == []
    assert holm([0.04]).tolist() == [0.04]


def test_a_series_stays_a_series() -> None:
    """With its index and name; an array and a list give an array."""
    found = holm(pd.Series([0.03, 0.01], ["b", "a"], name="p"))
    assert found.name == "p"
    assert found.to_dict() == {"b": 0.03, "a": 0.02}
    assert isinstance(holm(np.array([0.5])), np.ndarray)


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_what_is_no_probability(p: float) -> None:
    """A p-value outside [0, 1] is refused."""
    with pytest.raises(InputError, match=rf"p must lie in \[0, 1\], not {p}"):
        holm([0.5, p])


def test_nan_is_refused() -> None:
    """A test without a p-value counts as 1, and can't be left out in silence."""
    with pytest.raises(InputError, match=r"p\[1\] is NaN"):
        holm([0.5, float("nan")])


@given(P_VALUES)
def test_holm_is_the_closed_test_of_bonferroni(p: list[float]) -> None:
    """The adjusted p of one is the largest of Bonferroni's p over all sets of comparisons that hold it."""
    sets = [s for k in range(1, len(p) + 1) for s in itertools.combinations(range(len(p)), k)]
    expected = [max(min(1, len(s) * min(p[j] for j in s)) for s in sets if i in s) for i in range(len(p))]
    assert holm(p).tolist() == pytest.approx(expected, abs=1e-300)


@given(st.permutations(range(6)), st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_order_changes_nothing(order: list[int], p: list[float]) -> None:
    """Shuffled p-values have the same adjusted ones."""
    assert holm(np.array(p)[order]).tolist() == holm(p)[order].tolist()
