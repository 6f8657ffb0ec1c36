"""How messages and terminals show what comes from outside."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.texts import nearest, printable, shortened, shown

_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=100) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
)


@given(_ANYTHING)
def test_any_value_is_shown_on_one_short_line_that_every_terminal_takes(value):
    """At most 60 characters, all printable, and none that UTF-8 can't encode."""
    text = shown(value)
    assert text.isprintable()
    assert len(text) <= 60
    text.encode("utf-8")


@pytest.mark.parametrize("value", [0, -3, 0.1, "adam", "a b", None, True, [1, 2], {"log": [1e-3, 1]}])
def test_short_values_are_shown_as_python_writes_them(value):
    """Nothing is cut from what is short."""
    assert shown(value) == repr(value)


def test_huge_numbers_are_told_by_their_digits():
    """Python refuses to write out numbers of more than 4,300 digits."""
    assert shown(10**5000) == "a whole number of about 5001 digits"
    assert shown([10**5000]) == "[a whole number of about 5001 digits]"


def test_deep_values_are_cut_off():
    """Nesting beyond Python's recursion limit is no error."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "[[[[...]]]]"
    while deep:  # or freeing it would recurse
        deep = deep[0]


def test_a_value_that_cannot_be_shown_is_named_by_its_type():
    """A __repr__ may raise."""

    class Odd:
        def __repr__(self):
            raise RuntimeError

    assert shown(Odd()).startswith("<Odd")


def test_control_characters_are_escaped():
    """Colours, line breaks, reversed text and lone surrogates are spelled out; letters of any alphabet stay."""
    assert printable("\x1b[31mred\nblå 勾配 \u202e\ud800\x9b") == "\\x1b[31mred\\nblå 勾配 \\u202e\\ud800\\x9b"


def test_long_texts_are_cut_with_an_ellipsis():
    """The width counts the ellipsis."""
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdef", 4) == "abc…"


def test_the_nearest_names_are_three_at_most():
    """Near names if there are any; else all of a few, or the nearest of many."""
    many = [f"name{k}" for k in range(86)]
    assert nearest("adan", ["adam", "sgd"]) == "did you mean 'adam'?"
    assert nearest("xyz", ["adam", "sgd"]) == "known are adam, sgd"
    assert nearest("xyz", []) == "none are known"
    assert nearest("q", many).startswith("nearest of the 86 known are name")
    assert nearest("q", many).count(",") == 2
