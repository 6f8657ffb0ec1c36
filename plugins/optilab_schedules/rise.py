"""Schedules that go up first. The step counts from 0."""

import numpy as np

from optilab import InputError, hookimpl, schedule
from optilab_schedules.decay import constant
from optilab_schedules.piecewise import interpolated


@schedule(ranges={"steps": "{1, 2, ...}"})
def warmup(step, total, steps, then=constant):
    """Linear warm-up: a straight line that reaches 1 with the last of the first steps, and then another schedule.

    multiplier = (step + 1) / steps

    Goyal et al., 2017, arXiv:1706.02677. The schedule after it begins at its own step 0, with what is left of the total, and says
    what is past the end. A warm-up as torch and optax count it, which begins at a value of its own and reaches 1 with the first
    step after it, is `linear` in a `sequence`.

    Args:
        steps: steps of the warm-up.
        then: the schedule after it; the default stays at 1.
    """
    return np.where(step < steps, (step + 1) / steps, then(np.maximum(step - steps, 0), max(total - steps, 1)))


@schedule(ranges={"warmup": "[0, 1)", "decay": "(0, 1]", "shape": "{linear, cosine, sqrt}", "floor": "[0, 1]"})
def warmup_stable_decay(step, total, warmup=0.05, decay=0.2, shape="linear", floor=0.0):
    """WSD: warm-up along a straight line, 1 for most of the run, and a decay to floor, where it stays (trapezoid).

    Hu et al., 2024, arXiv:2404.06395; Zhai et al., 2022, arXiv:2106.04560. The last step of the warm-up has 1, as in `warmup`.
    Where warm-up and decay overlap, both count.

    Args:
        warmup: fraction of the total that the warm-up takes.
        decay: fraction of the total that the decay takes.
        shape: of the decay: "linear", "cosine", half of one, or "sqrt": 1 - sqrt(x), x from 0 to 1
            (Hägele et al., 2024, arXiv:2405.18392).
        floor: the multiplier at the end.
    """
    left = np.clip((total - step) / (decay * total), 0, 1)
    if shape == "linear":
        down = left
    elif shape == "cosine":
        down = (1 - np.cos(np.pi * left)) / 2
    else:
        down = 1 - np.sqrt(1 - left)
    return np.minimum((step + 1) / max(warmup * total, 1), 1) * (floor + (1 - floor) * down)


@schedule(ranges={"warmup": "{1, 2, ...}", "first": "{linear, constant}"})
def inverse_sqrt(step, total, warmup=1, first="linear"):
    """Inverse square root: up to 1 in `warmup` steps, and down as sqrt(warmup / t), past the end as well (Noam).

    multiplier = min(t / warmup, sqrt(warmup / t))     t = step + 1

    Vaswani et al., 2017, arXiv:1706.03762, eq. 3, over its own peak, so that lr is the largest rate.

    Args:
        warmup: steps of the warm-up; with 1, the default, it is 1 / sqrt(t).
        first: "linear", a warm-up along a straight line, or "constant", 1 in the first steps: the rsqrt of Raffel et al.,
            2020, arXiv:1910.10683.
    """
    t = step + 1
    return np.minimum(t / warmup if first == "linear" else 1.0, np.sqrt(warmup / t))


@schedule(
    ranges={
        "rise": "(0, 1)",
        "div": "(0, inf)",
        "final_div": "(0, inf)",
        "fall": "[0, 1]",
        "shape": "{cosine, linear}",
        "convention": "{torch, optax}",
    }
)
def one_cycle(step, total, rise=0.3, div=25.0, final_div=1e4, *, fall=0.0, shape="cosine", convention="torch"):
    """One cycle: up from 1/div to 1, and down to 1/(div * final_div), where it stays (super-convergence).

    Smith and Topin, 2018, arXiv:1708.07120.

    As torch's OneCycleLR: the top is at step rise * total - 1, the second phase ends at fall * total - 2 (with
    three_phase, fall is 2 * rise), the last at total - 1. With convention = "optax", as optax's cosine_onecycle_schedule and
    (shape linear, fall 0.85) linear_onecycle_schedule: the phases end at the whole steps below rise * total and
    fall * total, and at total.

    Momentum, which torch moves the other way, is a second schedule of this name: of = "momentum", with momentum as it is at
    the top, div = that / the momentum at both ends, and final_div = 1.

    Args:
        rise: fraction of the total at which the top is.
        div: the first multiplier is 1/div.
        final_div: the last multiplier is 1/(div * final_div).
        fall: fraction of the total at which it is back at 1/div, and a third phase goes on from there; 0 for two phases.
        shape: of each phase: "cosine", half of one, or "linear".
        convention: which steps the phases end at, as "torch" or "optax" has it.

    InputError if fall is not 0 and not after rise.
    """
    if 0 < fall <= rise:
        raise InputError(f"one_cycle: fall = {fall:g} is not after rise = {rise:g}")
    if convention == "torch":
        top, bottom, end = rise * total - 1, fall * total - 2, total - 1
    else:
        top, bottom, end = int(rise * total), int(fall * total), total
    phases = [(top, 1.0), (bottom, 1 / div), (end, 1 / (div * final_div))]
    at, values = [0.0], [1 / div]
    for last, value in phases if fall > 0 else (phases[0], phases[2]):
        at.append(max(last, at[-1] + 0.5))  # apart in a run of a few steps as well
        values.append(value)
    return interpolated(step, at, values, shape)


@hookimpl
def optilab_schedules():
    return [warmup, warmup_stable_decay, inverse_sqrt, one_cycle]
