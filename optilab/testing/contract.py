"""The conformance kit as a class for pytest."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from optilab.optimizers.optimizer import Optimizer
from optilab.testing.kit import CHECKS, SPEED, judge
from optilab.testing.subject import Subject


class OptimizerContract:
    """Subclass it in a test module, as a class whose name begins with Test, and say which optimizer it tests.

    optimizer: as `@elementwise` or `@vectorwise` returns it, or a chain.
    examples: how many examples each property is tried on.
    """

    optimizer: Optimizer
    examples: int = 50

    @pytest.mark.parametrize("title", [title for title in CHECKS if title != SPEED])
    def test_property(self, title: str) -> None:
        """Each property of the kit holds; one that doesn't concern the optimizer is passed over."""
        contract: Any = type(self)
        verdict = judge(_subject(contract), title)
        assert verdict.outcome != "broken", verdict.detail


@cache
def _subject(contract: Any) -> Subject:
    """The optimizer as the kit sees it, compiled once for all tests of a class."""
    return Subject(contract.optimizer, contract.examples)
