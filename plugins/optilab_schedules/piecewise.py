"""Schedules through given points."""

import numpy as np

from optilab import InputError, hookimpl, schedule


def interpolated(step, at, values, shape):
    """Interpolation of the values at the steps `at`, by straight lines or half cosines; constant beyond the ends."""
    at, values = np.asarray(at, float), np.asarray(values, float)
    part = np.clip(np.searchsorted(at, step, side="right") - 1, 0, len(at) - 2)
    x = np.clip((step - at[part]) / (at[part + 1] - at[part]), 0, 1)
    if shape == "cosine":
        x = (1 - np.cos(np.pi * x)) / 2
    return (1 - x) * values[part] + x * values[part + 1]


def check_increasing(name, milestones):
    """Raise InputError unless the milestones increase from above 0."""
    if any(late <= early for early, late in zip((0, *milestones), milestones, strict=False)):
        shown = ", ".join(f"{m:g}" for m in milestones)
        raise InputError(f"{name}: milestones = [{shown}] don't increase from above 0")


@schedule(ranges={"milestones": "{1, 2, ...}", "factors": "[0, inf)", "shape": "{constant, linear, cosine}"})
def piecewise(step, total, milestones=(), factors=(), shape="constant"):
    """Piecewise: a factor at each milestone, and in between constant, along a straight line, or half a cosine.

    It starts at 1 and stays at its last value. optax's piecewise_constant_schedule and piecewise_interpolate_schedule; Keras's
    PiecewiseConstantDecay takes the values themselves. torch's SWALR is one milestone (anneal_epochs) with one factor
    (swa_lr / lr), along half a cosine or a line.

    Args:
        milestones: the steps at which the factors are reached, increasing; none leaves it at 1.
        factors: one for each milestone, which multiplies the value before it.
        shape: of the way to the next value: "constant", which jumps there at its milestone, "linear" or "cosine".

    InputError if there aren't as many factors as milestones, and if milestones don't increase from above 0.
    """
    if len(milestones) != len(factors):
        raise InputError(f"piecewise: {len(milestones)} milestones need as many factors, not {len(factors)}")
    check_increasing("piecewise", milestones)
    at, values = [0, *milestones], np.cumprod([1.0, *factors])
    if shape == "constant" or len(at) == 1:
        return values[np.searchsorted(at, step, side="right") - 1]
    return interpolated(step, at, values, shape)


@hookimpl
def optilab_schedules():
    return [piecewise]
