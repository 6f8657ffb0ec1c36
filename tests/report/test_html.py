"""Markup is escaped by construction."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from report.parsing import parsed

from optilab.report.html import Html, data, join, tag, text
from optilab.texts import printable


@settings(max_examples=50)
@given(st.text(), st.text())
def test_no_text_becomes_markup(inside: str, attribute: str) -> None:
    """Whatever stands in an element or an attribute comes out of a parser as it went in, control characters as escape sequences."""
    parts = parsed(tag("td", inside, title=attribute))
    assert parts.tags == [("td", [("title", printable(attribute))])]
    assert parts.texts == printable(inside)


@settings(max_examples=50)
@given(st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_data_can_not_end_its_block(value: object) -> None:
    """The block holds no tag, and its JSON is the value."""
    block = data("d", value)
    inside = block.removeprefix('<script type="application/json" id="d">').removesuffix("</script>")
    assert "<" not in inside
    assert json.loads(inside) == value


def test_markup_is_inserted_as_it_is() -> None:
    """Html is, text isn't, None is left out; so are attributes that are None or False."""
    assert join([Html("<b>"), "<b>", None]) == "<b>&lt;b&gt;"
    assert text(3) == "3"
    assert tag("input", type="checkbox", checked=True, hidden=False, id=None, aria_label="a") == (
        '<input type="checkbox" checked aria-label="a">'
    )
