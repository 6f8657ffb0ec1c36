"""The canonical text of a value, the same for equal values; identities are built from it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any


def canonical(value: Any) -> Any:
    """The value with whole floats as integers, since 1 and 1.0 are the same number, and infinities and NaN as texts."""
    if value is None or isinstance(value, (str, bool)) or type(value) is int:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(float(value))
        return int(value) if value.is_integer() else float(value)
    if isinstance(value, Mapping):
        return {key: canonical(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(v) for v in value]
    if isinstance(value, Integral):
        return int(value)
    return canonical(float(value)) if isinstance(value, Real) else value


def canonical_text(value: Any) -> str:
    """A value as JSON: the same text for the same value, and for no other. TypeError for what JSON can't hold."""
    return json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def key_of(value: Any) -> str:
    """As `canonical_text`, with Python's notation for what JSON can't hold, such as a schedule object."""
    return json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), allow_nan=False, default=repr)


def digest(text: str) -> str:
    """Sixteen hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
