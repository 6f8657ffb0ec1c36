"""Texts that are no words: dates, numbers in another notation, complex numbers."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.texts import shown

Where = Callable[[int], str]  # the place of a row, as a message names it

NO_NUMBERS = "which are not numbers; turn them into numbers such as year and day, or leave the column out with drop"
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d{2}|\d{4}-\d{1,2}$|\d{1,2}/\d{4}$|\d{8}T\d{4,6}|"
    r"(?:\d+\W*)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\W+\d",
    re.IGNORECASE,
)
_LIKE_NUMBER = re.compile(r"[-+(]?\s?[$€£¥]?\s?[-+]?\d[\d,.' ]*(?:[eE][-+]?\d+)?\s?[%$€£¥)]?")


def check_words(words: NDArray[Any], told: str, where: Where, remedies: str, *, texts_may_be_numbers: bool) -> None:
    """InputError, beginning with `told`, for words that are dates, complex numbers, or mostly numbers.

    words: None where missing. remedies: advice that ends messages.
    texts_may_be_numbers: whether a column that holds only numbers as text is taken as words.
    """
    levels = {word: row for row, word in reversed(list(enumerate(words))) if word is not None}
    some = list(levels)[:1000]
    first = min(levels, key=levels.__getitem__)
    found = f"({shown(first)}, first in {where(levels[first])})"
    if all(map(_DATE.match, some)) and _are_dates(some):
        raise InputError(f"{told} holds dates {found}, {NO_NUMBERS}")
    odd = [word for word in levels if not _is(float, word)]
    if odd and all(_is(complex, word) for word in some) and any("j" in word.lower() for word in odd):
        raise InputError(
            f"{told} holds complex numbers {found}; give their real and imaginary parts as columns of their own"
        )
    stray = [word for word in odd if not _LIKE_NUMBER.fullmatch(word)]
    if not odd and not texts_may_be_numbers:  # pandas reads all but the largest as numbers
        large = max(levels, key=lambda word: abs(float(word)))
        raise InputError(
            f"{told} holds numbers as text, or too large ones ({shown(large)}, {where(levels[large])}); {remedies}"
        )
    if odd and len(levels) - len(stray) > len(levels) / 2:
        first = min(stray or odd, key=levels.__getitem__)
        remedy = f"if it stands for a missing value, say na_values = [{quoted_name(first)}]"
        if not stray:
            remedy = 'decimal = "," reads 1,5; other signs must go first'
        raise InputError(
            f"{told} holds numbers, but also {shown(first)} (first in {where(levels[first])}): {remedy}; {remedies}"
        )


def _are_dates(words: list[str]) -> bool:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(
            pd.to_datetime(pd.Series(words, dtype=object), errors="coerce", format="mixed", utc=True).notna().any()
        )


def _is(kind: Callable[[str], Any], word: str) -> bool:
    """Whether a word is the notation of a number of this kind."""
    try:
        kind(word)
    except ValueError:
        return False
    return True


def quoted_name(name: str) -> str:
    """A name in TOML's notation, as far as a message shows it."""
    text = shown(name)
    return f'"{text[1:-1]}"' if '"' not in text else text
