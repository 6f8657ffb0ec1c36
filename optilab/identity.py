"""The stable identity of a run."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from optilab.kernels.digests import captured
from optilab.plan import Plan
from optilab.plugins import registry
from optilab.rules import Rule

SCHEMA = 2  # of a run's identity; a change of meaning is a new number


def identity(plan: Plan) -> dict[str, Any]:
    """What makes a run the run it is: no paths, no worker counts, no cadence of logging unless something reads it."""
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "problem": plan.problem.identity,
        "precision": plan.problem.precision,
        "optimizer": [_rule(rule) for rule in plan.optimizer.rules],
        "hyperparameters": dict(plan.hyperparameters),
        "schedules": [s.identity for s in plan.schedules],
        "batch_size": plan.examples_a_step,
        "budget": plan.budget.identity(plan.steps_per_epoch),
        "seed": plan.seed,
    }
    if plan.stop.identity:
        found["stop"] = plan.stop.identity
    if plan.stop.reads_measurements or any(s.schedule.is_feedback for s in plan.schedules):
        found["measure"] = plan.measure.in_steps(plan.steps_per_epoch) if plan.measure else None
    return found


def _rule(rule: Rule) -> Any:
    """A rule by its name; where that isn't the name it is registered by, with where it is defined and what it closes over.

    A factory makes many rules of one name, and two modules may each have one.
    """
    known = registry().optimizers.get(rule.name)
    if known is not None and any(other.function is rule.function for other in known.rules):
        return rule.label
    function = rule.function
    return [rule.label, f"{function.__module__}.{function.__qualname__}", captured(function)]


def run_id(plan: Plan) -> str:
    """Sixteen hexadecimal digits of the identity's digest."""
    return run_ids(plan, [plan.seed])[0]


def run_ids(plan: Plan, seeds: Iterable[int]) -> list[str]:
    """The same for each of several seeds in the place of the plan's own."""
    found = _canonical(identity(plan))
    texts = (
        json.dumps({**found, "seed": seed}, sort_keys=True, separators=(",", ":"), allow_nan=False) for seed in seeds
    )
    return [hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts]


def _canonical(value: Any) -> Any:
    """1 and 1.0 are the same number: whole floats become integers."""
    if isinstance(value, Mapping):
        return {key: _canonical(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(v) for v in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return int(value) if value.is_integer() else value
    return value
