"""How a run's identity becomes sixteen digits: numbers by their value, whatever their type."""

from __future__ import annotations

import hashlib
import json
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from optilab.experiment.grid import grid_of
from optilab.experiment.identity import identity, run_id, run_ids
from optilab.records.canonical import canonical
from optilab.training.plan import Plan
from optilab.training.stopping import Budget

NUMBERS = st.one_of(st.floats(allow_nan=False), st.integers(), st.booleans(), st.text(max_size=3), st.none())
VALUES = st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


def number(text: str) -> float:
    """A number of JSON: whole where its value is."""
    value = float(text)
    return int(value) if value == value // 1 else value


def by_json(value: Any) -> Any:
    """The same as a reader of JSON makes it."""
    return json.loads(
        json.dumps(value), parse_float=number, parse_constant={"Infinity": "inf", "-Infinity": "-inf"}.get
    )


@given(value=VALUES)
def test_whole_floats_are_whole_numbers(value: Any) -> None:
    """At any depth 1.0 becomes 1 and infinities become words; all else keeps its value and its type."""
    found = canonical(value)
    assert found == by_json(value)
    assert repr(found) == repr(by_json(value))


def test_tuples_are_lists() -> None:
    """A tuple is the same as a list, and what lies in it is looked at as well."""
    assert repr(canonical({"a": (1.0, 0.5, (inf,)), "b": -inf, "c": True})) == repr(
        {"a": [1, 0.5, ["inf"]], "b": "-inf", "c": True}
    )


def plan(lr: float) -> Plan:
    """Ten steps of gradient descent."""
    problem, optimizer = optilab.get_problem("bowl"), optilab.get_optimizer("sgd")
    return Plan(problem, optimizer, optimizer.fill({"lr": lr}), [], "full", Budget(steps=10), None)


@pytest.mark.parametrize("seed", [0, 12])
@pytest.mark.parametrize("lr", [0.1, 1.0])
def test_a_run_id_is_the_digest_of_the_identity(lr: float, seed: int) -> None:
    """It is the SHA-256 of the identity as the shortest JSON with sorted keys, of which it has the first 16 digits."""
    text = json.dumps(by_json({**identity(plan(lr)), "seed": seed}), sort_keys=True, separators=(",", ":"))
    assert run_id(plan(lr), seed) == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert run_ids(plan(lr), [99, seed]) == [run_id(plan(lr), 99), run_id(plan(lr), seed)]


def identities(**given: Any) -> set[str]:
    """Of a run that is measured each step, and of one that is measured every other."""
    found = set()
    for steps in (1, 2):
        content = {
            "name": "e",
            "problem": {"use": "bowl"},
            "budget": {"steps": 10},
            "measure": {"steps": steps},
            **given,
        }
        found.add(run_id(grid_of(optilab.Experiment.model_validate(content)).cells[0].plan, 0))
    return found


def test_what_is_measured_counts_where_one_schedule_of_several_reads_it() -> None:
    """How often is measured is part of the identity as soon as one of the schedules follows the measurements, and not before."""
    curve = {"of": "lr", "use": "cosine"}
    follows = {"of": "momentum", "use": "reduce_on_plateau"}
    for schedules, count in (([curve], 1), ([follows], 2), ([curve, follows], 2)):
        optimizer = {"use": "momentum", "lr": 0.1, "schedule": [schedules]}
        assert len(identities(optimizers=[optimizer])) == count
