"""What a parameter accepts: an interval, whole numbers, words, or a switch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from optilab.errors import InputError
from optilab.texts import exact, shown

_INTERVAL = re.compile(r"\s*([\[(])\s*([^,\s]+)\s*,\s*([^,\s]+)\s*([\])])\s*")
_WHOLE = re.compile(r"\s*\{\s*(\d+)\s*,\s*(\d+)\s*,\s*\.\.\.\s*\}\s*")
_WORDS = re.compile(r"\s*\{\s*([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)+)\s*\}\s*")


@dataclass(frozen=True)
class Interval:
    """A set of numbers in the notation of a paper: "[0, 1)", "(0, inf)"."""

    text: str

    def __post_init__(self) -> None:
        self._bounds()

    def _bounds(self) -> tuple[bool, float, float, bool]:
        return _bounds(self.text)

    def __contains__(self, value: float) -> bool:
        closed_low, low, high, closed_high = self._bounds()
        return (low < value or (closed_low and value == low)) and (value < high or (closed_high and value == high))

    def __and__(self, other: Range) -> Range:
        """The intersection."""
        if not isinstance(other, Interval):
            return other
        closed_low, low, high, closed_high = self._bounds()
        other_closed_low, other_low, other_high, other_closed_high = other._bounds()
        # an open end is narrower than a closed one at the same number
        from_low = max((low, not closed_low), (other_low, not other_closed_low))
        to_high = min((high, closed_high), (other_high, other_closed_high))
        begin, end = "(" if from_low[1] else "[", "]" if to_high[1] else ")"
        return Interval(f"{begin}{exact(from_low[0])}, {exact(to_high[0])}{end}")

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=1024)
def _bounds(text: str) -> tuple[bool, float, float, bool]:
    """Whether the low end is closed, low, high, and whether the high end is closed."""
    match = _INTERVAL.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        low, high = float(match[2]), float(match[3])
        if not (low < high or (low == high and match[1] + match[4] == "[]")):
            raise ValueError
    except ValueError:
        raise InputError(f"{shown(text)} is not an interval; write one like '[0, 1)' or '(0, inf)'") from None
    return match[1] == "[", low, high, match[4] == "]"


@dataclass(frozen=True)
class WholeNumbers:
    """Whole numbers from a lowest one: "{1, 2, ...}"."""

    low: int

    def __contains__(self, value: float) -> bool:
        return value >= self.low and float(value).is_integer()

    def __and__(self, other: Range) -> Range:
        return WholeNumbers(max(self.low, other.low)) if isinstance(other, WholeNumbers) else self

    def __str__(self) -> str:
        return f"{{{self.low}, {self.low + 1}, ...}}"


@dataclass(frozen=True)
class Words:
    """A choice of words: "{raw, corrected}"."""

    words: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.words

    def __and__(self, other: Range) -> Range:
        return Words(tuple(w for w in self.words if w in other.words)) if isinstance(other, Words) else self

    def __str__(self) -> str:
        return f"{{{', '.join(self.words)}}}"


@dataclass(frozen=True)
class Switch:
    """On or off: "{true, false}"."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, bool)

    def __and__(self, other: Range) -> Range:
        return self

    def __str__(self) -> str:
        return "{true, false}"


Range = Interval | WholeNumbers | Words | Switch
POSITIVE = Interval("(0, inf)")
FINITE = Interval("(-inf, inf)")


def parse_range(text: str) -> Range:
    """A range in the notation of a paper: "[0, 1)", "{1, 2, ...}", "{raw, corrected}". InputError for anything else."""
    if match := _WHOLE.fullmatch(text):
        if int(match[2]) != int(match[1]) + 1:
            raise InputError(f"{text!r} is not a range of whole numbers; write one like '{{1, 2, ...}}'")
        return WholeNumbers(int(match[1]))
    if match := _WORDS.fullmatch(text):
        return Words(tuple(word.strip() for word in match[1].split(",")))
    return Interval(text)
