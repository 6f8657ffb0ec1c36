"""Tries a check on many examples, and keeps the smallest that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from optilab.testing.strategies import bowls, walks
from optilab.testing.subject import Subject


def try_on_any(subject: Subject, check: Callable[[Any], None]) -> None:
    """Try a check on walks, or on bowls if the optimizer needs a problem."""
    try_on(bowls() if subject.evaluates else walks(shapes=subject.shapes), check, subject.examples)


def try_on(
    strategy: st.SearchStrategy[Any], check: Callable[[Any], None], examples: int, *, shrink: bool = True
) -> None:
    """Raise the ViolationError of the smallest failing example; the examples are always the same."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
    )
    @given(strategy)
    def run(example: Any) -> None:
        check(example)

    run()
