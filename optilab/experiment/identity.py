"""The stable identity of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from optilab.compiler.digests import captured
from optilab.optimizers.rule import Rule
from optilab.plugins.loading import registry
from optilab.records.canonical import canonical_text, digest
from optilab.training.plan import Plan

_HERE = ("\x00hyperparameters", "\x00seed")  # placeholders for what differs; no name holds such a character
SCHEMA = 2  # version of a run's identity, raised whenever its meaning changes


def identity(plan: Plan) -> dict[str, Any]:
    """Identity of a plan's runs without the seed.

    Paths and worker counts don't count, nor does the measuring cadence unless a schedule or a stopping rule reads it.
    """
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "problem": plan.problem.identity,
        "precision": plan.problem.precision,
        "optimizer": [_rule(rule) for rule in plan.optimizer.rules],
        "hyperparameters": dict(plan.hyperparameters),
        "schedules": [s.identity for s in plan.schedules],
        "batch_size": plan.examples_a_step,
        "budget": plan.budget.identity(plan.steps_per_epoch),
    }
    if plan.shares_order:
        found["data_order"] = plan.data_order
    if plan.stop.identity:
        found["stop"] = plan.stop.identity
    if plan.stop.reads_measurements or any(s.schedule.is_feedback for s in plan.schedules):
        found["measure"] = plan.measure.in_steps(plan.steps_per_epoch) if plan.measure else None
    return found


def _rule(rule: Rule) -> Any:
    """A rule by its name; an unregistered one with its module, qualified name and captured values.

    A factory may return several rules of the same name, and two modules may use the same name.
    """
    known = registry().optimizers.get(rule.name)
    if known is not None and any(other.function is rule.function for other in known.rules):
        return rule.label
    function = rule.function
    return [rule.label, f"{function.__module__}.{function.__qualname__}", captured(function)]


def run_id(plan: Plan, seed: int) -> str:
    """The run_id of the plan with a seed: sixteen hexadecimal digits of the identity's digest."""
    return run_ids(plan, [seed])[0]


def run_ids(plan: Plan, seeds: Iterable[int]) -> list[str]:
    """The run_id of the plan with each of these seeds."""
    return next(cell_ids(plan, [plan.hyperparameters], list(seeds)))


def cell_ids(plan: Plan, of_cells: Iterable[Mapping[str, Any]], seeds: Sequence[int]) -> Iterator[list[str]]:
    """For the hyperparameters of each cell, which replace the plan's, the run_ids of these seeds."""
    found = identity(plan)
    text = canonical_text({**found, "hyperparameters": _HERE[0], "seed": _HERE[1]})
    before, rest = text.split(canonical_text(_HERE[0]))
    between, after = rest.split(canonical_text(_HERE[1]))
    for hyperparameters in of_cells:
        begin = f"{before}{canonical_text(hyperparameters)}{between}"
        yield [digest(f"{begin}{seed}{after}") for seed in seeds]


def base_of(plan: Plan) -> str:
    """Identity without hyperparameters and seed, as text: equal for all cells of a line on one problem."""
    return canonical_text({**identity(plan), "hyperparameters": None, "seed": None})
