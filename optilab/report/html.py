"""HTML that is escaped by construction: a plain string is text, and only `Html` is markup."""

from __future__ import annotations

import html
import json
from typing import Any

from optilab.texts import printable

_EMPTY = frozenset({"input", "meta", "br", "col"})


class Html(str):
    """Markup, which is inserted as it is."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as text: escaped, without control characters and marks that turn the direction of reading."""
    return value if isinstance(value, Html) else Html(html.escape(printable(str(value)), quote=True))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element. children: markup or text; None is left out. attributes: without those that are None or False.

    An underscore at the end of an attribute's name is left out, one inside of it stands for a hyphen: class_, aria_label.

    >>> tag("td", "a < b", class_="number")
    '<td class="number">a &lt; b</td>'
    """
    inside = "".join(text(child) for child in children if child is not None)
    given = "".join(
        _attribute(key, value) for key, value in attributes.items() if value is not None and value is not False
    )
    return Html(f"<{name}{given}>" if name in _EMPTY else f"<{name}{given}>{inside}</{name}>")


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(value)}"'


def join(parts: Any) -> Html:
    """Markup and texts one after the other."""
    return Html("".join(text(part) for part in parts if part is not None))


def data(identity: str, value: object) -> Html:
    r"""A block of JSON for the page's script: no byte of it can end the block or begin a comment.

    >>> print(data("d", "</script>"))
    <script type="application/json" id="d">"\u003c/script>"</script>
    """
    written = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=True).replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="{text(identity)}">{written}</script>')
