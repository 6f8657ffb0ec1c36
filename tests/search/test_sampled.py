"""Ranges that hyperparameters are sampled from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.search.sampled import SAMPLED_KINDS, Sampled


@given(
    kind=st.sampled_from(SAMPLED_KINDS),
    low=st.integers(1, 10),
    width=st.integers(1, 10**6),
    at=st.floats(0, 1, exclude_max=True),
)
def test_values_lie_within_their_range(kind: Any, low: int, width: int, at: float) -> None:
    """At the start of the range is its low end, and nothing is beyond either end."""
    found = Sampled(kind, low, low + width)
    (first, value) = found.values(np.array([0.0, at]))
    assert first == low
    assert low <= value <= low + width


def test_each_whole_number_is_as_likely() -> None:
    """The range of whole numbers has both its ends."""
    found = Sampled("integer", 3, 6).values(np.arange(100) / 100)
    assert [found.count(k) for k in (3, 4, 5, 6)] == [25] * 4
    assert all(isinstance(v, int) for v in found)


@given(
    kind=st.sampled_from(SAMPLED_KINDS),
    low=st.integers(1, 10),
    width=st.integers(1, 10**6),
    value=st.floats(-1e9, 1e9),
)
def test_any_number_is_fitted_to_its_range(kind: Any, low: int, width: int, value: float) -> None:
    """Within its ends, whole where whole numbers are asked for, and no further away than it must be."""
    found = Sampled(kind, low, low + width)
    fitted = found.fitted(value)
    assert low <= fitted <= low + width
    assert found.fitted(fitted) == fitted
    assert kind != "integer" or isinstance(fitted, int)
    if low <= value <= low + width:
        assert fitted == pytest.approx(value, abs=0.5 if kind == "integer" else 0, rel=1e-11)
