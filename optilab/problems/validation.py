"""The validation part of a network problem: examples of the training part that are measured and never trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optilab import randomness
from optilab.errors import InputError, at
from optilab.texts import shown

# A number of examples, a share of them, or { last = either } for those at the end; None for no validation part.
Validation = int | float | Mapping[str, int | float] | None


class Split(NamedTuple):
    """Row numbers of a dataset's training part, ascending: those to train on, and those to validate on."""

    train: NDArray[np.int64]
    valid: NDArray[np.int64]


def check_validation(given: Validation) -> Validation:
    """What is given, unchanged. ValueError for anything but a number from 1, a share between 0 and 1, or one of them as "last"."""
    size = given
    if isinstance(given, Mapping):
        if set(given) != {"last"}:
            raise ValueError("a table says which examples: { last = 10000 } takes the last ones")
        size = given["last"]
    if size is None or (isinstance(size, int) and size >= 1) or (isinstance(size, float) and 0 < size < 1):
        return given
    raise ValueError(f"{shown(size)}: accepted is a number of examples from 1, or a share between 0 and 1")


def split_of(given: Validation, n: int, place: str = "") -> Split:
    """The split of `n` training examples, the same for every seed of a run.

    given: as `check_validation` accepts it. Without { last = ... } the examples are drawn at random.

    InputError, beginning with `place`, if no example would be left on either side.
    """
    if given is None:
        return Split(np.arange(n), np.arange(0))
    size = given["last"] if isinstance(given, Mapping) else given
    count = size if isinstance(size, int) else round(size * n)
    if not 0 < count < n:
        raise InputError(
            f"{at(place)}validation = {shown(size)}: that is {count:,} of the {n:,} training examples; "
            "at least one must be taken, and at least one left"
        )
    if isinstance(given, Mapping):
        return Split(np.arange(n - count), np.arange(n - count, n))
    taken = np.zeros(n, np.bool_)
    taken[randomness.validation().permutation(n)[:count]] = True
    return Split(np.flatnonzero(~taken), np.flatnonzero(taken))
