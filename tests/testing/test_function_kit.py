"""What the kit finds of functions, right ones and wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from testing.verdicts import assert_breaks, broken

from optilab import function
from optilab.plugins.loading import registry
from optilab.testing import functions

AT_ZERO: dict[str, Any] = {"start": [1.0, 2.0], "domain": [(-2, 2)] * 2, "minima": [[0.0, 0.0]]}


@function(**AT_ZERO)
def beyond(w, g):
    """Writes beyond the end of g."""
    g[0] = 2 * w[0]
    g[1] = 2 * w[1]
    g[2] = 1.0
    return w[0] ** 2 + w[1] ** 2


@function(**AT_ZERO)
def steeper(w, g):
    """Has another slope than it says."""
    g[0] = 2 * w[0]
    g[1] = 3 * w[1]
    return w[0] ** 2 + w[1] ** 2


@function(**{**AT_ZERO, "minima": [[0.5, 0.0]]})
def elsewhere(w, g):
    """Has its minimum somewhere else."""
    g[:] = 2 * w
    return w[0] ** 2 + w[1] ** 2


@function(**AT_ZERO)
def saddle(w, g):
    """Has no minimum."""
    g[0] = 2 * w[0]
    g[1] = -2 * w[1]
    return w[0] ** 2 - w[1] ** 2


@function(**AT_ZERO)
def kinked(w, g):
    """Has a kink for a minimum."""
    g[0] = 1.0 if w[0] > 0 else -1.0
    g[1] = 1.0 if w[1] > 0 else -1.0
    return abs(w[0]) + abs(w[1])


@function(**AT_ZERO)
def misspelt(w, g):
    """Uses a name that there is not."""
    g[:] = 2 * w
    return w[0] ** 2 + wrong[1] ** 2  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("kind", "title", "detail"),
    [
        (beyond, "Reads and writes", "an index is out of bounds at w = [1.0, 2.0] in line"),
        (steeper, "Has the gradient", "g[1] is 6, and differences of the cost give 4"),
        (elsewhere, "Has minima", "less than 0.25 at the minimum [0.5, 0.0]"),
        (saddle, "Has minima", "less than 0 at the minimum [0.0, 0.0]"),
        (misspelt, "Compiles", "doesn't compile"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_wrong_function(kind: Any, title: str, detail: str) -> None:
    """What a function does wrong is a broken property, with the point where it shows."""
    assert_breaks(functions.kit_of(kind), title, detail)


@pytest.mark.parametrize(
    "kind", [kinked, *(registry().problems[n] for n in ("parabola", "two_valleys", "bowl", "rosenbrock"))]
)
def test_right_functions(kind: Any) -> None:
    """Bundled functions, and one with a kink for a minimum, keep all properties."""
    assert broken(functions.kit_of(kind)) == {}
