"""Schedules that go down, by steps or smoothly. Each starts at 1; the step counts from 0."""

import numpy as np

from optilab import hookimpl, schedule


@schedule(ranges={"factor": "[0, inf)"})
def constant(step, total, *, factor=1.0):
    """Constant: the same value all the way, and past the end.

    optax's constant_schedule. torch's ConstantLR, which goes back to 1 after so many steps, is a sequence of two of these.

    Args:
        factor: the multiplier; 1 leaves the hyperparameter as it is.
    """
    return np.full_like(step, factor, float)


@schedule(ranges={"every": "{1, 2, ...}", "gamma": "(0, inf)"})
def step(step, total, every, gamma=0.1):
    """Step decay: multiplied by gamma once in `every` steps, past the end as well.

    multiplier = gamma^floor(step / every)

    torch's StepLR; optax's exponential_decay with staircase.

    Args:
        every: steps from one drop to the next.
        gamma: factor of each drop; above 1 it rises.
    """
    return gamma ** (step // every)


@schedule(ranges={"milestones": "{0, 1, ...}", "gamma": "(0, inf)"})
def multi_step(step, total, milestones=(), gamma=0.1):
    """Multi-step decay: multiplied by gamma at each milestone; after the last it stays as it is.

    multiplier = gamma^(number of milestones up to this step)

    torch's MultiStepLR.

    Args:
        milestones: the steps at which it drops; none leaves it at 1.
        gamma: factor of each drop; above 1 it rises.
    """
    return gamma ** np.searchsorted(np.sort(milestones), step, side="right").astype(float)


@schedule(ranges={"gamma": "(0, inf)", "every": "{1, 2, ...}"})
def exponential(step, total, gamma, *, every=1):
    """Exponential decay: multiplied by gamma over `every` steps, smoothly, past the end as well.

    multiplier = gamma^(step / every)

    torch's ExponentialLR, and MultiplicativeLR by one number, with every = 1; optax's exponential_decay, whose
    transition_steps is `every`. Its staircase is `step`, its transition_begin a `sequence`, its end_value a `clip`.

    Args:
        gamma: factor over `every` steps; above 1 it grows, as in a search for the largest rate.
        every: steps in which it is multiplied by gamma once.
    """
    return gamma ** (step / every)


@schedule(ranges={"rate": "[0, inf)", "power": "(0, inf)"})
def inverse_time(step, total, rate, power=1.0):
    """Inverse time decay: 1 over a line that rises with the steps, or over a power of it; goes on past the end.

    multiplier = 1 / (1 + rate * step)^power

    Robbins and Monro, 1951, for power 1. Keras's InverseTimeDecay with rate = decay_rate / decay_steps; scikit-learn's
    "invscaling" with rate = 1.

    Args:
        rate: how fast it falls: for power 1 it is at a half after 1 / rate steps.
        power: power of the line; 1/2 falls as an inverse square root.
    """
    return 1 / (1 + rate * step) ** power


@schedule(ranges={"power": "(0, inf)", "floor": "[0, 1]"})
def polynomial(step, total, power=1.0, floor=0.0):
    """Polynomial decay: a power of a straight line, from 1 to floor, where it stays past the end.

    multiplier = floor + (1 - floor) * (1 - step / total)^power

    torch's PolynomialLR (with no floor) and optax's polynomial_schedule, over the whole run; `transition` gives it steps
    of its own.

    Args:
        power: the power; 1 is a straight line, above 1 it falls fast at first.
        floor: the multiplier at the end.
    """
    return floor + (1 - floor) * (1 - np.minimum(step, total) / total) ** power


@schedule(ranges={"start": "[0, inf)", "end": "[0, inf)"})
def linear(step, total, start=1.0, end=0.0):
    """Linear: a straight line from start to end over the whole run; past it, it stays at the end.

    multiplier = start + (end - start) * step / total

    torch's LinearLR and optax's linear_schedule, over the whole run; `transition` gives it steps of its own.

    Args:
        start: the multiplier at the first step.
        end: the multiplier at the end of the run, and past it.
    """
    return start + (end - start) * np.minimum(step, total) / total


@schedule(ranges={"floor": "[0, 1]", "power": "(0, inf)"})
def cosine(step, total, floor=0.0, *, power=1.0):
    """Cosine annealing: half a cosine from 1 to floor over the run, where it stays past the end.

    multiplier = floor + (1 - floor) * ((1 + cos(pi * step / total)) / 2)^power

    Loshchilov and Hutter, 2017, arXiv:1608.03983, without restarts. optax's cosine_decay_schedule, whose alpha is the floor
    and whose exponent is the power. torch's CosineAnnealingLR up to its T_max; past it that rises again, as `cosine_wave`.

    Args:
        floor: the multiplier at the end.
        power: power of the cosine; above 1 it falls earlier.
    """
    return floor + (1 - floor) * ((1 + np.cos(np.pi * np.minimum(step, total) / total)) / 2) ** power


@schedule(ranges={"floor": "[0, 1]"})
def rex(step, total, floor=0.0):
    """REX: reflected exponential, slow at first and fast at the end, from 1 to floor, where it stays.

    multiplier = floor + (1 - floor) * (1 - x) / (1 - x / 2)     x = step / total

    Chen, Wolfe and Kyrillidis, 2022, arXiv:2107.04197.

    Args:
        floor: the multiplier at the end.
    """
    x = np.minimum(step, total) / total
    return floor + (1 - floor) * (1 - x) / (1 - x / 2)


@hookimpl
def optilab_schedules():
    return [constant, step, multi_step, exponential, inverse_time, polynomial, linear, cosine, rex]
