"""Properties that every dataset must have, for `optilab check`."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import Any

import numpy as np

from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import ARRAYS, Examples, checked
from optilab.testing.subject import ViolationError
from optilab.testing.verdicts import Kit


@dataclass(frozen=True)
class DatasetSubject:
    """A dataset under test."""

    dataset: Dataset

    @cached_property
    def examples(self) -> Examples:
        """What it reads, checked."""
        return checked(self.dataset.read(), self.dataset.name)


def kit_of(dataset: Dataset) -> Kit:
    """The properties of a dataset."""
    subject = DatasetSubject(dataset)
    code = getattr(dataset.read, "__code__", None)
    where = f" ({code.co_filename}, line {code.co_firstlineno})" if code else ""
    return Kit(
        {(check.__doc__ or "").rstrip("."): partial(check, subject) for check in _PROPERTIES},
        [(_PROPERTIES[0].__doc__ or "").rstrip(".")],
        {code.co_filename} if code else set(),
        dataset.name + where,
    )


def can_be_used(subject: DatasetSubject) -> str:
    """Its examples can be used, and its parts fit together."""
    found = subject.examples
    outputs = len(found.classes) if found.classes else 1 if found.y_train.ndim == 1 else found.y_train.shape[1]
    what = "classes" if found.classes else "outputs"
    return f"{len(found.x_train)} + {len(found.x_test)} examples, {found.x_train.shape[1]} inputs, {outputs} {what}"


def reads_the_same(subject: DatasetSubject) -> str:
    """Reads the same every time."""
    _compare(subject.examples, checked(subject.dataset.read(), subject.dataset.name), "when it is read again")
    return ""


def has_a_digest(subject: DatasetSubject) -> str:
    """Its digest is one, and stands for what it reads."""
    digest = subject.dataset.digest
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-fA-F]{16,}", digest):
        raise ViolationError(f"its digest is {digest!r}; expected 16 hexadecimal digits or more, of its content")
    _compare(
        subject.examples,
        subject.dataset.load(),
        "of what was stored under its digest: other content needs another digest",
    )
    return f"{digest[:16]}"


def _compare(one: Examples, other: Examples, how: str) -> None:
    for field in fields(Examples):
        is_array = field.name in ARRAYS or field.name.startswith("sparse")
        if not is_array and getattr(one, field.name) != getattr(other, field.name):
            raise ViolationError(f"{field.name} is another {how}")
    for name in ARRAYS:
        first: Any = getattr(one, name)
        second: Any = getattr(other, name)
        if first.shape != second.shape or first.dtype != second.dtype or not np.array_equal(first, second):
            raise ViolationError(f"{name} is another {how}")


_PROPERTIES = (can_be_used, reads_the_same, has_a_digest)
