"""How a value is written so that the same is one text: numbers by their value, whatever their type."""

from __future__ import annotations

from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from by_json import by_json
from optilab.records.canonical import canonical

NUMBERS = st.one_of(st.floats(allow_nan=False), st.integers(), st.booleans(), st.text(max_size=3), st.none())


VALUES = st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


@given(value=VALUES)
def test_whole_floats_are_whole_numbers(value: Any) -> None:
    """At any depth 1.0 becomes 1 and infinities become words; all else keeps its value and its type."""
    found = canonical(value)
    assert found == by_json(value)
    assert repr(found) == repr(by_json(value))


def test_tuples_are_lists() -> None:
    """A tuple is the same as a list, and what lies in it is looked at as well."""
    assert repr(canonical({"a": (1.0, 0.5, (inf,)), "b": -inf, "c": True})) == repr(
        {"a": [1, 0.5, ["inf"]], "b": "-inf", "c": True}
    )
