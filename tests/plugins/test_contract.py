"""Every bundled optimizer and link keeps what the conformance kit asks of a stranger's; none is excepted by name."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from optilab.plugins.loading import registry
from optilab.testing import invariances, parity, properties
from optilab.testing.kit import CHECKS, SPEED, judge
from optilab.testing.subject import Subject

BUNDLED = sorted(
    name for name in registry().optimizers if registry().sources["optimizers", name].endswith("of optilab-framework")
)


@cache
def subject(name: str) -> Subject:
    """An optimizer as the kit sees it, compiled once for all tests."""
    return Subject(registry().optimizers[name], examples=10)


@pytest.mark.parametrize("title", [title for title in CHECKS if title != SPEED])
@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_optimizer_keeps_the_contract(name: str, title: str) -> None:
    """Each property of the kit holds, or says why it doesn't concern the optimizer."""
    verdict = judge(subject(name), title)
    assert verdict.outcome != "broken", verdict.detail
    assert verdict.outcome == "holds" or len(verdict.detail) > 10


class Asked(Exception):  # noqa: N818
    """Raised where a property would begin to try examples."""


def is_asked(title: str, name: str) -> bool:
    """Whether a property concerns an optimizer."""
    try:
        CHECKS[title](Subject(registry().optimizers[name]))
    except Asked:
        return True
    return False


# Of how many of the bundled optimizers each property is asked. A new optimizer changes this knowingly.
ASKED = {
    "Compiles in float32 and float64": 88,
    "Reads and writes no array out of its bounds": 88,
    "With lr = 0 it stands still": 63,
    "The same steps, bit for bit, when it is run again": 88,
    "Leaves the layer table as it is": 88,
    "Goes on from a saved state, bit for bit, as if it had never stopped": 88,
    "With a small enough step it descends on convex quadratics": 88,
    "Does what its source does in plain Python": 88,
    "Every gradient that it evaluates is counted": 9,
    "A gradient of NaN is not silently absorbed": 79,
    "Every weight hears its own gradient": 57,
    "Keeps the invariances that it claims": 77,
    "Follows the reference that it names": 34,
}


def test_how_many_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No property is asked of fewer optimizers than it was, whatever reason they give; references count as installed."""

    def asked(*_: object, **__: object) -> None:
        raise Asked

    for module, first in [
        (properties, "compile_update"),
        (properties, "try_on"),
        (properties, "try_on_any"),
        (invariances, "try_on"),
        (parity, "parsed"),
    ]:
        monkeypatch.setattr(module, first, asked)
    assert {title: sum(is_asked(title, name) for name in BUNDLED) for title in CHECKS if title != SPEED} == ASKED


def test_there_is_much_to_compare_with() -> None:
    """The optimizers and links that people compare with are there."""
    assert len(BUNDLED) > 70


# Those that draw noise are left out: it is another at each place.
ELEMENTWISE = [
    name
    for name in BUNDLED
    if all(rule.elementwise and "noise" not in rule.arguments for rule in registry().optimizers[name].rules)
]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_rules_know_neither_order_nor_layers(name: str) -> None:
    """Weights in another order, or cut into other layers, take the same steps, bit for bit."""
    chain = subject(name).chain
    random = np.random.default_rng(17)
    w, gradients, costs = random.normal(size=24), random.normal(size=(8, 24)), random.uniform(1, 2, 8)
    order = random.permutation(24)
    given = subject(name).hyperparameters
    whole, cut, mixed = (
        chain.start(start, **given) for start in (w, [w[:12].reshape(3, 4), w[12:18], w[18:].reshape(2, 3)], w[order])
    )
    for gradient, cost in zip(gradients, costs, strict=True):
        expected = whole.step(gradient, cost).copy()
        np.testing.assert_array_equal(cut.step(gradient, cost), expected)
        np.testing.assert_allclose(mixed.step(gradient[order], cost), expected[order], rtol=1e-13)


@pytest.mark.parametrize("name", [name for name in BUNDLED if not subject(name).evaluates])
def test_single_precision_goes_where_double_goes(name: str) -> None:
    """The first steps in float32 are those in float64, to a thousandth of the longest."""
    chain, given = subject(name).chain, subject(name).hyperparameters
    random = np.random.default_rng(23)
    shapes = [(4, 4)] * 3 + [
        (4,)
    ] * 3  # square: the null space of a longer matrix has no basis of its own for SOAP to follow
    w = [random.normal(size=shape) for shape in shapes]
    gradients = random.normal(size=(4, sum(part.size for part in w)))
    double, single = (chain.start(w, precision=dtype, **given) for dtype in ("float64", "float32"))
    begin = double.w.copy()
    for gradient in gradients:
        expected, found = double.step(gradient, 1.5), single.step(gradient.astype(np.float32), 1.5)
        assert found.dtype == np.float32
        longest = np.abs(expected - begin).max()
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * longest + 1e-6)
