"""Labels: different values have different texts, and no longer ones than that takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.records.canonical import canonical_text
from optilab.records.labels import differing, numbered, tables_apart, told_apart

words = st.text(st.sampled_from("a1. /\\'"), max_size=6)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 10**18), st.floats(allow_nan=False), words),
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.sampled_from(["use", "path", "k"]), inner)),
    max_leaves=6,
)


@given(st.lists(values, max_size=6))
def test_texts_differ_exactly_where_values_do(given_: list[Any]) -> None:
    """Two values have the same text if they are the same (1 and 1.0 are), and only then."""
    texts = told_apart(given_)
    for one, text in zip(given_, texts, strict=True):
        for other, another in zip(given_, texts, strict=True):
            assert (text == another) == (canonical_text(one) == canonical_text(other))


@given(st.lists(st.dictionaries(st.sampled_from(["use", "a", "b"]), values), max_size=5))
def test_tables_differ_exactly_where_their_texts_do(tables: list[dict[str, Any]]) -> None:
    """The same holds for tables, named by one of their values."""
    texts = tables_apart(tables, "use")
    assert len(set(texts)) == len({canonical_text(table) for table in tables})


@pytest.mark.parametrize(
    ("found", "texts"),
    [
        ([0.1, 1.0, 1], ["0.1", "1", "1"]),
        ([0.1, 0.1 + 1e-9], ["0.1", "0.100000001"]),
        ([0.1, 0.1 + 1e-9, 0.123456789], ["0.1", "0.100000001", "0.123457"]),
        ([1, "1", True], ["1", "'1'", "true"]),
        (["a/data.csv", "b/data.csv"], ["a/data", "b/data"]),
        (["a/data.csv", "a/data.npz"], ["data.csv", "data.npz"]),
        (["x/a/data.csv", "y/a/data.csv", "y/c.csv"], ["x/a/data", "y/a/data", "c"]),
        ([{"path": "a/d.csv"}, {"path": "b/d.csv"}, "digits"], ["a/d", "b/d", "digits"]),
        ([{"path": "a/d.csv"}, {"path": "a/d.csv", "split_seed": 1}], ["d", "d (split_seed=1)"]),
        ([[1, 2], [1, 2, 3, 4, 5], 3], ["[1, 2]", "1 to 5", "3"]),
        (["x" * 200, "x" * 200 + "y"], ["'" + "x" * 98 + "…", "'" + "x" * 98 + "… #2"]),
        ([[1, 2, 3, 4, 5], [1, 2, 3, 3.5, 5]], ["[1, 2, 3, 4, 5]", "[1, 2, 3, 3.5, 5]"]),
    ],
)
def test_a_text_is_as_long_as_it_has_to_be(found: list[Any], texts: list[str]) -> None:
    """Digits, folders and quotes come where they tell two values apart."""
    assert told_apart(found) == texts


def test_differing_keys_are_in_order() -> None:
    """A key that one table doesn't have differs; 1 and 1.0 don't."""
    assert differing([{"b": 1, "a": 2, "c": 3}, {"a": 3, "b": 1.0}]) == ["a", "c"]


def test_numbers_come_last() -> None:
    """The same text for several keys is numbered from the second on, and no number is taken twice."""
    assert numbered(["a", "a", "a #2", "a"], ["1", "2", "3", "1"]) == ["a", "a #3", "a #2", "a"]
