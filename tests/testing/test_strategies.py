"""What the kit tries rules on, and the references that it reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings

from optilab import InputError
from optilab.testing import Bowl, Walk, bowls, walks
from optilab.testing.parity import parsed


@example_settings(max_examples=50)
@given(walks(at_least=2))
def test_walks_are_made_of_eighths(walk: Walk) -> None:
    """Weights and gradients of a walk are multiples of an eighth, on layers that they fill."""
    assert 2 <= len(walk.gradients) == len(walk.costs) <= 6
    assert walk.gradients.shape[1] == walk.w.size == sum(part.size for part in walk.layers)
    for values in (walk.w, walk.gradients, walk.costs):
        assert (values * 8 == np.round(values * 8)).all()


@example_settings(max_examples=30)
@given(bowls())
def test_bowls_are_convex_with_their_minimum_at_one(bowl: Bowl) -> None:
    """The cost is zero where all weights are 1, is larger elsewhere, and its gradient is that of finite differences."""
    problem = bowl.problem
    assert problem.cost(np.ones(26)) == 0
    assert problem.cost(bowl.w) > 0
    assert len(problem.layers) == 6
    gradient = problem.gradient(bowl.w)
    assert gradient @ (bowl.w - 1) > 0
    step = np.zeros(26)
    step[3] = 1e-5
    slope = (problem.cost(bowl.w + step) - problem.cost(bowl.w - step)) / 2e-5
    assert gradient[3] == pytest.approx(slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("optax.sgd(lr, 0.5)", ("optax", "optax.sgd", [0.5, 0.5], {})),
        ("torch.optim.SGD(lr=lr)", ("torch", "torch.optim.SGD", [], {"lr": 0.5})),
        (
            "optax.contrib.x(b1=1 - beta, pair=(beta, -lr, 2), flag=not off, power=beta**2)",
            ("optax", "optax.contrib.x", [], {"b1": 0.75, "pair": (0.25, -0.5, 2), "flag": True, "power": 0.0625}),
        ),
    ],
)
def test_references_are_read_not_executed(reference: str, expected: object) -> None:
    """A reference is a call of the library with arguments made of hyperparameters and numbers."""
    assert parsed(reference, {"lr": 0.5, "beta": 0.25, "off": False}) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "torch.optim.SGD",
        "os.system(command='x')",
        "torch.optim.SGD(lr=__import__('os'))",
        "torch.optim.SGD(lr=rate)",
        "torch.optim.SGD(lr",
        "torch.optim.SGD(*lr)",
        "torch.optim.SGD(lr=lr.real)",
    ],
)
def test_references_that_are_something_else(reference: str) -> None:
    """Anything else is refused, and nothing is run."""
    with pytest.raises(InputError, match=r"is not a call like 'torch.optim.X"):
        parsed(reference, {"lr": 0.5})
