"""Checks of a plan before it runs."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from optilab.errors import InputError, at
from optilab.optimizers.rule import Rule
from optilab.parameters.accepted import Interval, Range, WholeNumbers, Words
from optilab.parameters.numeric import as_whole
from optilab.records.columns import MEASURED
from optilab.schedules.feedback import FeedbackUnderWay
from optilab.schedules.schedule import BoundSchedule
from optilab.texts import shown
from optilab.training.plan import BatchSize, Plan, Steps

_UNKNOWN_LENGTH = 2**31  # steps of a run whose budget doesn't say


def checked(plan: Plan, place: str = "") -> Plan:
    """The plan, once its parts are found to fit together. InputError, beginning with `place`, if they don't."""
    plan = replace(plan, batch_size=_whole_batch_size(plan.batch_size, plan.problem.n_examples, place))
    _check_lengths(plan, place)
    names = list(plan.hyperparameters)
    _check_measured(plan, place)
    _check_layers(plan, place)
    for schedule in plan.schedules:
        if not plan.optimizer.positions_of(schedule.of):
            raise InputError(
                f"{at(place)}schedule {schedule.schedule.name} of {schedule.of!r}: "
                f"{plan.optimizer.name} has {', '.join(names) or 'no hyperparameters'}"
            )
    _check_schedules(plan, place)
    return plan


def _whole_batch_size(given: Any, n: int, place: str) -> BatchSize:
    """The batch size, of n examples at most. InputError for anything else."""
    if isinstance(given, str) and given == "full":
        return "full"
    try:
        return as_whole(given, "batch_size", 1, n)
    except InputError:
        accepted = "'full'" if n == 1 else f"'full', or a whole number from 1 to {n}"
        raise InputError(f"{at(place)}batch_size = {shown(given)}: accepted is {accepted}") from None


def _check_lengths(plan: Plan, place: str) -> None:
    """InputError for more steps than can be counted."""
    try:
        plan.budget.in_steps(plan.steps_per_epoch)
        if plan.measure:
            plan.measure.in_steps(plan.steps_per_epoch)
    except InputError as error:
        raise InputError(f"{at(place)}{error}") from None


def _check_measured(plan: Plan, place: str) -> None:
    """InputError for a stopping rule that reads what is never measured on this problem."""
    rules = plan.stop
    read = [*(rules.target or ()), *([rules.plateau.of] if rules.plateau else ())]
    for name in [*read, *(["gradient_norm"] if rules.gradient_norm is not None else ())]:
        if name in plan.problem.unmeasured:
            raise InputError(f"{at(place)}stop: {name} is not measured on this problem")
        if name in plan.unmeasured:
            raise InputError(f"{at(place)}stop: {name} is not measured, by measure.{name} = false")


def _check_layers(plan: Plan, place: str) -> None:
    """InputError where a rule works on layers that the problem doesn't have."""
    if any(rule.layers for rule in plan.optimizer.rules):
        try:
            _ = plan.layout
        except InputError as error:
            raise InputError(f"{at(place)}{error}") from None


def _check_schedules(plan: Plan, place: str) -> None:
    """InputError if a schedule changes a hyperparameter that stays the same in a run, or takes one out of its range.

    Curves are tried at up to 2,000 steps, the first and the last among them. The answers of a feedback schedule aren't known
    before the run.
    """
    if not plan.schedules:
        return
    total = plan.budget.in_steps(plan.steps_per_epoch)
    if total is None:
        _check_endless(plan, place)
        total = _UNKNOWN_LENGTH
    step = np.unique(np.linspace(0, total - 1, min(total, 2000)).round())
    curves = [_tried(schedule, step, total, plan.steps_per_epoch) for schedule in plan.schedules]
    positions = [plan.optimizer.positions_of(schedule.of) for schedule in plan.schedules]
    numbers = plan.optimizer.numbers(plan.hyperparameters)
    for k, p in enumerate(plan.optimizer.rule_parameters):
        own = [j for j in range(len(curves)) if k in positions[j]]
        for j in own:
            _check_changeable(plan.optimizer.rules[p.rule], p.name, plan.schedules[j], place)
        known = [curve for j in own if (curve := curves[j]) is not None]
        values = numbers[k] * np.prod([np.ones_like(step), *known], axis=0)
        outside = _first_outside(values, p.parameter.range, may_be_zero=p.name == "lr")
        if known and outside is not None:
            names = " + ".join(plan.schedules[j].schedule.name for j in own)
            raise InputError(
                f"{at(place)}schedule {names} of {plan.schedules[own[0]].of!r}: {values[outside]:g} at step "
                f"{step[outside]:.0f} is out of range: accepted is {p.parameter.range}"
            )


def check_answer(plan: Plan, schedule: BoundSchedule, factor: float) -> None:
    """InputError where the answer of a feedback schedule alone takes a hyperparameter out of its range."""
    numbers = plan.optimizer.numbers(plan.hyperparameters)
    for k in plan.optimizer.positions_of(schedule.of):
        p = plan.optimizer.rule_parameters[k]
        value = numbers[k] * factor
        if _first_outside(np.array([value]), p.parameter.range, may_be_zero=p.name == "lr") is not None:
            raise InputError(
                f"schedule {schedule.schedule.name} of {schedule.of!r} answers {factor:g}: {value:g} is out of range: accepted "
                f"is {p.parameter.range}"
            )


def feedback_of(plan: Plan, schedule: BoundSchedule) -> FeedbackUnderWay:
    """A feedback schedule of the plan, begun. InputError where its first answer is out of range."""
    return FeedbackUnderWay(schedule, partial(check_answer, plan, schedule))


def _check_endless(plan: Plan, place: str) -> None:
    """InputError for a schedule that depends on the length of the run, where the budget doesn't say it in steps."""
    step = np.arange(1000.0)
    for schedule in plan.schedules:
        one, other = (_tried(schedule, step, total, plan.steps_per_epoch) for total in (1000, _UNKNOWN_LENGTH))
        if one is not None and other is not None and not np.array_equal(one, other):
            raise InputError(
                f"{at(place)}schedule {schedule.schedule.name} of {schedule.of!r} depends on the length of the run: "
                "give the budget's steps or epochs too"
            )


def _tried(schedule: BoundSchedule, step: Steps, total: int, steps_per_epoch: int) -> Steps | None:
    """The curve at these steps; None for a feedback schedule, and if the author's function fails, which the run will report."""
    if schedule.schedule.is_feedback:
        return None
    try:
        with np.errstate(all="ignore"):
            return schedule.multipliers_at(step, total, steps_per_epoch)
    except InputError:
        raise
    except Exception:
        return None


def _check_changeable(rule: Rule, name: str, schedule: BoundSchedule, place: str) -> None:
    """InputError for a hyperparameter that is no number, or that is the number of copies of a state."""
    parameter = rule.parameters[name]
    if isinstance(parameter.default, bool) or isinstance(parameter.range, Words):
        what = "a switch" if isinstance(parameter.default, bool) else f"one of {parameter.range}"
        reason = f"it is {what}, and only numbers have schedules"
    elif any(state.copies == name for state in rule.states.values()):
        reason = "it says how much the rule remembers, and stays the same in a run"
    else:
        return
    raise InputError(f"{at(place)}schedule {schedule.schedule.name} of {schedule.of!r}: {reason}")


def _first_outside(values: Steps, accepted: Range, *, may_be_zero: bool) -> int | None:
    """Position of the first value that isn't accepted; whole numbers are rounded, as they are in compiled code."""
    if isinstance(accepted, WholeNumbers):
        values = np.where(np.isclose(values, np.rint(values), rtol=1e-9, atol=0), np.rint(values), values)
    chosen = np.flatnonzero(values) if may_be_zero else np.arange(values.size)
    if not chosen.size:
        return None
    ends = (values[chosen].min(), values[chosen].max())
    if isinstance(accepted, Interval) and all(end in accepted for end in ends):
        return None
    return next((int(k) for k in chosen if float(values[k]) not in accepted), None)


def rehearse(plan: Plan) -> None:
    """InputError where a feedback schedule of the plan asks for what this problem doesn't measure.

    It is given one invented measurement; any other exception is left to the run itself.
    """
    for schedule in plan.schedules:
        if schedule.schedule.is_feedback:
            made_up = {name: math.nan if name in plan.unmeasured else 1.0 for name in MEASURED}
            try:
                feedback_of(plan, schedule).tell(made_up)
            except InputError:
                raise
            except Exception:  # noqa: S110
                pass
