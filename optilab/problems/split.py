"""The parts of a network's training examples: those to train on, some or all of which are measured, and those for validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optilab import randomness
from optilab.errors import InputError, at
from optilab.texts import shown

Size = int | float  # a number of examples, or a share of them
# Drawn at random, or { last = size } for those at the end; None for no part.
Validation = Size | Mapping[str, Size] | None


class Split(NamedTuple):
    """Row numbers of a dataset's training part, ascending: those to train on, those to validate on, and those to train on that are measured."""

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    measured: NDArray[np.int64]

    @property
    def notes(self) -> list[str]:
        """Sentences on what is not trained on, and on what is not measured."""
        train, valid, measured = self.train.size, self.valid.size, self.measured.size
        found = []
        if valid:
            found.append(
                f"{valid:,} of the {train + valid:,} training examples are for validation, the same in all runs."
            )
        if measured < train:
            found.append(
                f"Training costs, accuracies and gradients are of {measured:,} of the {train:,} examples that are trained on, the same in all runs."
            )
        return found


def check_validation(given: Any) -> Any:
    """What is given, unchanged. ValueError for anything but a number from 1, a share between 0 and 1, or one of them as "last"."""
    if isinstance(given, Mapping):
        if set(given) != {"last"} or given["last"] is None:
            raise ValueError("a table says which examples: { last = 10000 } takes the last ones")
        check_size(given["last"])
        return given
    return check_size(given)


def check_size(given: Any) -> Any:
    """What is given, unchanged. ValueError for anything but a whole number from 1, or a share between 0 and 1."""
    is_whole = isinstance(given, int) and not isinstance(given, bool)
    if given is None or (is_whole and given >= 1) or (isinstance(given, float) and 0 < given < 1):
        return given
    raise ValueError("accepted is a number of examples from 1, or a share between 0 and 1")


def split_of(validation: Validation, n: int, measured: Size | None = None, place: str = "") -> Split:
    """The split of `n` training examples, the same for every seed of a run.

    validation: as `check_validation` accepts it. Without { last = ... } the examples are drawn at random.
    measured: how many of those to train on, drawn at random; all if None.

    InputError, beginning with `place`, if no example would be left to train on or to validate on, or to measure.
    """
    train, valid = _without_validation(validation, n, place)
    return Split(train, valid, _measured(measured, train, place))


def _without_validation(given: Validation, n: int, place: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if given is None:
        return np.arange(n), np.arange(0)
    size = given["last"] if isinstance(given, Mapping) else given
    count = _count(size, n)
    if not 0 < count < n:
        raise InputError(
            f"{at(place)}validation = {shown(size)}: that is {count:,} of the {n:,} training examples; "
            "at least one must be taken, and at least one left"
        )
    if isinstance(given, Mapping):
        return np.arange(n - count), np.arange(n - count, n)
    taken = _drawn(randomness.validation(), count, n)
    return np.flatnonzero(~taken), np.flatnonzero(taken)


def _measured(size: Size | None, train: NDArray[np.int64], place: str) -> NDArray[np.int64]:
    if size is None:
        return train
    count, n = _count(size, train.size), train.size
    if not 0 < count <= n:
        of_them = "there are no more" if count else "at least one must be measured"
        raise InputError(
            f"{at(place)}measured_examples = {shown(size)}: that is {count:,} of the {n:,} examples to train on; {of_them}"
        )
    return train[_drawn(randomness.measured(), count, n)]


def _count(size: Size, n: int) -> int:
    return size if isinstance(size, int) else round(size * n)


def _drawn(stream: np.random.Generator, count: int, n: int) -> NDArray[np.bool_]:
    """Which of `n` examples are the `count` drawn at random."""
    taken = np.zeros(n, np.bool_)
    taken[stream.permutation(n)[:count]] = True
    return taken
