"""How messages and terminals show what comes from outside."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.texts import nearest, printable, shortened, shortened_apart, shown

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


@given(st.lists(st.text("ab |", max_size=40)), st.integers(12, 30))
def test_shortened_names_stay_apart(names, width):
    """Each fits; equal names have one text, and others another; what fits already stays as it is, unless another looks like it."""
    found = shortened_apart(names, width)
    assert all(len(text) <= width for text in found)
    assert len(set(found)) == len(set(names))
    assert all(text == name for name, text in zip(names, found, strict=True) if len(name) <= width)


def test_names_with_one_beginning_are_cut_before_they_differ():
    """The end, which tells them apart, is shown; where nothing in sight does, a number is."""
    chain = "clip_by_global_norm | weight_decay on matrices | momentum"
    found = shortened_apart([f"{chain} 0.9", f"{chain} 0.5", "plain"], 30)
    assert found == ["clip_by_glo…ces | momentum 0.9", "clip_by_glo…ces | momentum 0.5", "plain"]
    far = ["a" * 50 + "b" + "c" * 50 + end for end in ("", "d", "e")]
    assert len(set(shortened_apart(far, 20))) == 3


def test_known_names_with_commas_stand_in_quotes():
    """Else one label would look like two."""
    assert nearest("xyz", ["adam", "cosine, warm"]) == "known are 'adam', 'cosine, warm'"
