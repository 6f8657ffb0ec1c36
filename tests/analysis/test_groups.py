"""Outcomes that fall into groups."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optilab.analysis.groups import groups

values = st.lists(st.floats(-1, 1), max_size=15)


def sizes(found: list[float]) -> list[int]:
    """How many there are in each group."""
    return [len(group) for group in groups(found)]


def test_two_valleys_are_two_groups() -> None:
    """Values that end in two places are parted; one apart, an even spread and a bell are not."""
    assert sizes([-0.31, 0.29, -0.3, 0.3, 0.29, -0.31]) == [3, 3]
    assert sizes([0.1, 0.11, 0.12, 5.0]) == [4]
    assert sizes(list(np.linspace(0, 1, 9))) == [9]
    assert sizes(list(np.random.default_rng(0).normal(size=30))) == [30]
    assert sizes([1.0] * 6) == [6]
    assert sizes([1.0, 1.0, 2.0]) == [3]
    assert sizes([np.inf, 1.0, 1.0, 2.0, 2.0, np.nan]) == [2, 2]


@given(values, st.randoms(), st.floats(0.01, 100), st.integers(-100, 100))
def test_order_and_scale_change_nothing(given_values: list[float], chance: object, factor: float, shift: int) -> None:
    """Shuffled values have the same groups, which hold all of them; so have stretched ones."""
    shuffled = sorted(given_values, key=lambda _: chance.random())  # type: ignore[attr-defined]
    found = groups(given_values)
    assert [part.tolist() for part in found] == [part.tolist() for part in groups(shuffled)]
    assert sorted(given_values) == [value for part in found for value in part.tolist()]
    assert sizes([-value for value in given_values]) == sizes(given_values)[::-1]
