"""Problems that are one function of the weights."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest

import optilab
from optilab import InputError


@pytest.mark.parametrize(
    "given",
    [
        {"start": [0.0], "domain": [(0, 1), (0, 1)]},
        {"start": [0.0, 0.0], "domain": [(0, 1)]},
        {"start": [0.0], "domain": [(0, 1)], "minima": [[0.0], [0.0, 1.0]]},
    ],
)
def test_a_function_has_one_entry_a_weight(given: dict[str, Any]) -> None:
    """Start, domain and each of the minima must be of one length."""

    def valley(w, g):
        g[0] = w[0]
        return w[0] * w[0] / 2

    with pytest.raises(InputError, match="valley: start, domain and minima must have one entry a weight"):
        optilab.function(**given)(valley)
    assert optilab.function(start=[0.0], domain=[(0, 1)], minima=[[0.0]])(valley).name == "valley"


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_costs_of_many_points_are_the_costs_of_each(precision: Literal["float32", "float64"]) -> None:
    """The costs at many points are those at each point alone, to the bit."""
    problem = optilab.get_problem("rosenbrock", precision=precision)
    points = np.random.default_rng(5).uniform(-2, 2, (50, 2))
    assert problem.costs(points).tolist() == [problem.cost(point) for point in points]
    assert problem.costs(np.asfortranarray(points)).tolist() == problem.costs(points).tolist()
    assert problem.costs(np.zeros((0, 2))).shape == (0,)


@pytest.mark.parametrize("shape", [(2,), (4, 3), (1, 2, 2)])
def test_points_have_one_entry_a_weight(shape: tuple[int, ...]) -> None:
    """Points are refused unless they are rows of as many entries as there are weights."""
    with pytest.raises(InputError, match=r"points have shape .*: expected \(number of points, 2\)"):
        optilab.get_problem("bowl").costs(np.zeros(shape))
