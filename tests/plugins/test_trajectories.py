"""Optimizers follow the trajectories of their reference implementations, which are kept in tests/reference/data."""

from __future__ import annotations

import json

import numpy as np
import pytest

import optilab
from optilab.parameters.accepted import Words
from optilab.plugins.loading import registry
from reference.case import DATA, Case, families
from reference.walks import KEPT, STEPS, Gradients, walk

FAMILIES = families()
CASES = [case for listed in FAMILIES.values() for case in listed]


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.family}: {case.name}") for case in CASES])
def test_optimizer_follows_its_reference(case: Case) -> None:
    """Forty steps on given gradients, or on a function, end where the reference implementation does, at every kept step."""
    assert case.deviation() <= case.rtol, case.why


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in CASES if c.reference.is_twin])
def test_a_twin_begins_anew(case: Case) -> None:
    """A twin remembers nothing of the last time that it was run."""
    np.testing.assert_array_equal(case.expected(), case.expected())


def test_a_looser_tolerance_has_a_reason() -> None:
    """Where a case allows more than rounding, it says why."""
    assert not [case.name for case in CASES if case.rtol > 1e-10 and len(case.why) < 20]


@pytest.mark.parametrize("family", FAMILIES)
def test_trajectories_are_those_of_the_cases(family: str) -> None:
    """A family's file holds its cases and no others, with the versions of the libraries that made them."""
    kept = [case for case in FAMILIES[family] if not case.reference.is_twin]
    with np.load(DATA / f"{family}.npz", allow_pickle=False) as data:
        assert set(data) - {"texts", "versions"} == {case.name for case in kept}
        assert {"torch", "optax", "numpy"} <= set(json.loads(str(data["versions"])))
        for case in kept:
            assert data[case.name].shape == (len(KEPT), walk(case.walk).w.size)
            assert np.isfinite(data[case.name]).all()


def test_the_walk_is_long_and_varied() -> None:
    """At least thirty steps over several layers, with gradients of both signs, of other sizes, and some that are zero."""
    path = walk("gradients")
    assert isinstance(path, Gradients)
    assert STEPS >= 30
    assert KEPT[-1] == STEPS
    assert (np.sign(path.gradients).min(axis=0) < np.sign(path.gradients).max(axis=0)).all()
    assert (path.gradients == 0).any()
    assert (path.costs > 0).all()


def test_every_bundled_optimizer_is_followed() -> None:
    """Each bundled optimizer and link occurs in a trajectory, of a library or of a twin, by itself or in a chain."""
    found = registry()
    bundled = {n for n in found.optimizers if found.sources["optimizers", n].endswith("of optilab-framework")}
    followed = {part.partition(" on ")[0].strip() for case in CASES for part in case.optimizer.split("|")}
    assert bundled - followed == set()


def test_every_switch_is_turned() -> None:
    """Each true-or-false hyperparameter and each word of a bundled optimizer occurs in a trajectory, at some value."""
    turned: set[tuple[str, str, object]] = set()
    for case in CASES:
        chain = optilab.get_optimizer(case.optimizer)
        hyperparameters = chain.fill(case.given)
        turned |= {(chain.rules[p.rule].name, p.name, p.value_in(hyperparameters)) for p in chain.rule_parameters}
    missing: list[tuple[str, str, object]] = []
    for name, optimizer in registry().optimizers.items():
        for rule in optimizer.rules if len(optimizer.rules) == 1 else ():
            for parameter in rule.parameters.values():
                if isinstance(parameter.default, bool):
                    missing += [
                        (name, parameter.name, v) for v in (True, False) if (name, parameter.name, v) not in turned
                    ]
                elif isinstance(parameter.range, Words):
                    words = [(name, parameter.name, word) for word in parameter.range.words]
                    missing += [entry for entry in words if entry not in turned]
    assert missing == []
