"""Every bundled optimizer reaches the minimum of a convex bowl and of Rosenbrock's valley, at a documented setting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optilab
from optilab.plugins.loading import registry
from reference.case import names_of_families, settings_of

SETTINGS = {name: places for family in names_of_families() for name, places in settings_of(family).items()}
MINIMA = {"bowl": [0.0, 0.0], "rosenbrock": [1.0, 1.0]}


@pytest.mark.parametrize("problem", MINIMA)
@pytest.mark.parametrize("name", SETTINGS)
def test_optimizer_reaches_the_minimum(name: str, problem: str) -> None:
    """With the setting that is written down for it, it ends within a hundredth of the minimum."""
    setting: dict[str, Any] = dict(SETTINGS[name][problem])
    run = optilab.train(problem, setting.pop("use", name), **{"seed": 0, **setting})
    assert run.status == "budget"
    np.testing.assert_allclose(run.w, MINIMA[problem], atol=1e-2)


def test_every_bundled_optimizer_has_a_setting() -> None:
    """None is left out, links in a chain with a rule that makes the step."""
    found = registry()
    bundled = {n for n in found.optimizers if found.sources["optimizers", n].endswith("of optilab-framework")}
    assert bundled - set(SETTINGS) == set()
    assert all(set(places) == set(MINIMA) for places in SETTINGS.values())
