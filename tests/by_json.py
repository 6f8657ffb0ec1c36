"""Values as a reader of JSON makes them."""

from __future__ import annotations

import json
from typing import Any


def number(text: str) -> float:
    """A number of JSON: whole where its value is."""
    value = float(text)
    return int(value) if value == value // 1 else value


def by_json(value: Any) -> Any:
    """The same as a reader of JSON makes it."""
    return json.loads(
        json.dumps(value), parse_float=number, parse_constant={"Infinity": "inf", "-Infinity": "-inf"}.get
    )
