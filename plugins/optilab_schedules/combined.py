"""Schedules composed of others."""

import numpy as np

from optilab import InputError, hookimpl, schedule
from optilab_schedules.decay import constant, linear
from optilab_schedules.piecewise import check_increasing


@schedule(ranges={"milestones": "(0, inf)"})
def sequence(step, total, schedules=(constant,), milestones=()):
    """Sequence: one schedule after another; at each milestone the next one begins, at its own step 0.

    A schedule's total is the number of steps up to the next milestone, for the last one what is left of the run; past the end the
    last one does what it does there. torch's SequentialLR, optax's join_schedules; with linear as the first, optax's
    warmup_constant_schedule, warmup_cosine_decay_schedule (its decay_steps is the total) and
    warmup_exponential_decay_schedule.

    Args:
        schedules: the schedules, in their order; the default is a constant alone.
        milestones: where the second begins, the third, and so on: steps, in whole numbers, or, if all are below 1,
            fractions of the total.

    InputError if there isn't one milestone fewer than schedules, and if milestones don't increase, or mix steps and fractions.
    """
    if len(milestones) != len(schedules) - 1:
        needed = f"{len(schedules)} schedules have {len(schedules) - 1} milestones between them"
        raise InputError(f"sequence: {needed}, not {len(milestones)}")
    check_increasing("sequence", milestones)
    begins = [0, *_in_steps(milestones, total)]
    *ends, last = [*begins[1:], max(total, begins[-1] + 1)]
    values = schedules[-1](np.maximum(step - begins[-1], 0), last - begins[-1])
    for curve, begin, end in reversed(list(zip(schedules[:-1], begins[:-1], ends, strict=True))):
        length = max(end - begin, 1)
        values = np.where(step < end, curve(np.clip(step - begin, 0, length), length), values)
    return values


def _in_steps(milestones, total):
    if milestones and milestones[-1] < 1:
        return [max(1, round(m * total)) for m in milestones]
    if milestones and milestones[0] < 1:
        raise InputError(f"sequence: milestone {milestones[0]:g} is a fraction and {milestones[-1]:g} is a step")
    for milestone in milestones:
        if milestone != round(milestone):
            raise InputError(f"sequence: milestone {milestone:g} is not a whole number of steps")
    return list(milestones)


@schedule()
def product(step, total, schedules=(constant,)):
    """Product: several schedules at once, whose multipliers are multiplied, past the end as well.

    torch's ChainedScheduler of schedulers that multiply.

    Args:
        schedules: the schedules; the default is a constant alone.
    """
    return np.prod([np.broadcast_to(curve(step, total), step.shape) for curve in schedules], axis=0)


@schedule(ranges={"steps": "{1, 2, ...}", "begin": "{0, 1, ...}"})
def transition(step, total, steps, schedule=linear, begin=0):
    """Transition: a schedule over a part of the run, with its first value before and its last value after.

    The total_iters of torch's LinearLR and PolynomialLR, the transition_steps and transition_begin of optax's
    linear_schedule and polynomial_schedule, and the decay_steps of its cosine_decay_schedule are `steps` and `begin`.

    Args:
        steps: how many steps it takes.
        schedule: the schedule, by default a straight line from 1 to 0.
        begin: the step at which it begins.
    """
    return schedule(np.clip(step - begin, 0, steps), steps)


@schedule(ranges={"low": "[0, inf)", "high": "(0, inf]"})
def clip(step, total, schedule=constant, *, low=0.0, high=np.inf):
    """Clipped schedule: another schedule that goes no lower than low and no higher than high, past the end as well.

    The end_value of optax's exponential_decay: low where gamma is below 1, high where it is above.

    Args:
        schedule: the schedule that is clipped.
        low: the least multiplier.
        high: the largest multiplier.

    InputError if low is above high.
    """
    if low > high:
        raise InputError(f"clip: low = {low:g} is above high = {high:g}")
    return np.clip(schedule(step, total), low, high)


@hookimpl
def optilab_schedules():
    return [sequence, product, transition, clip]
