"""Digests of code: what functions close over, call in cycles, jump to, and keep for their next call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from optilab.compiler.digests import captured, source_digest


def make(factor: Any) -> Callable[..., Any]:
    """A rule that closes over a value."""

    def rule(w: Any, g: Any) -> Any:
        return w - factor * g

    return rule


@pytest.mark.parametrize(("one", "other"), [(0.5, 0.1), (1, 1.0), ("1", 1), ([1, 2], [2, 1]), ({"a": 1}, {"a": 2})])
def test_what_it_closes_over_counts(one: Any, other: Any) -> None:
    """In the digest of the code, and in what tells rules of one factory apart."""
    assert source_digest(make(one)) != source_digest(make(other))
    assert captured(make(one)) != captured(make(other))


def test_equal_closures_are_the_same() -> None:
    """Whichever objects they are; a function without a closure has none."""
    assert captured(make([0.5, {"a": 1}])) == captured(make([0.5, {"a": 1}])) != ""
    assert captured(test_equal_closures_are_the_same) == ""


def test_cycles_end() -> None:
    """A list in itself, functions that call each other, an object that refers to itself."""
    own: list[Any] = [1]
    own.append(own)

    class Node:
        pass

    node = Node()
    node.next = node  # type: ignore[attr-defined]
    assert source_digest(make(own)) == source_digest(make(own))
    assert source_digest(make(node)) == source_digest(make(node))


def test_where_code_jumps_to_counts() -> None:
    """Two functions of the same instructions in the same order are told apart, without a source to be read."""
    texts = [
        "def f(a, b):\n    if a:\n        if b:\n            return 1\n    return 2",
        "def f(a, b):\n    if a:\n        if b:\n            return 1\n        return 2\n    return 2",
    ]
    found = []
    for text in texts:
        names: dict[str, Any] = {}
        exec(text, names)  # noqa: S102
        found.append(source_digest(names["f"]))
    assert len(set(found)) == 2


def test_what_a_function_keeps_for_its_next_call_does_not_count() -> None:
    """A schedule may remember what it has worked out; what it only looks up counts."""
    kept: dict[float, float] = {}
    listed = [1.0, 2.0]

    def remembering(step: float) -> float:
        kept[step] = kept.get(step, 0.0) + 1
        return kept[step]

    def looking_up(step: int) -> float:
        return listed[step]

    before = source_digest(remembering), source_digest(looking_up)
    remembering(3.0)
    listed[0] = 3.0
    assert source_digest(remembering) == before[0]
    assert source_digest(looking_up) != before[1]
