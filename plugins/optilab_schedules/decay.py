"""Schedules that go down, by steps or smoothly. Each starts at 1; the step counts from 0."""

import numpy as np

from optilab import hookimpl, schedule


@schedule(ranges={"factor": "[0, inf)"})
def constant(step, total, *, factor=1.0):
    """The same value all the way, and past the end: factor.

    optax's constant_schedule. torch's ConstantLR, which goes back to 1 after so many steps, is a sequence of two of these.
    """
    return np.full_like(step, factor, float)


@schedule(ranges={"every": "{1, 2, ...}", "gamma": "(0, inf)"})
def step(step, total, every, gamma=0.1):
    """Multiply by gamma after every so many steps: gamma^floor(step / every). Goes on past the end.

    torch's StepLR; optax's exponential_decay with staircase.
    """
    return gamma ** (step // every)


@schedule(ranges={"milestones": "{0, 1, ...}", "gamma": "(0, inf)"})
def multi_step(step, total, milestones=(), gamma=0.1):
    """Multiply by gamma at each milestone. As torch's MultiStepLR; stays at its last value past the end."""
    return gamma ** np.searchsorted(np.sort(milestones), step, side="right").astype(float)


@schedule(ranges={"gamma": "(0, inf)", "every": "{1, 2, ...}"})
def exponential(step, total, gamma, *, every=1):
    """gamma^(step / every); with gamma above 1 it grows, as in a search for the largest rate. Goes on past the end.

    torch's ExponentialLR, and MultiplicativeLR by one number, with every = 1; optax's exponential_decay, whose
    transition_steps is `every`. Its staircase is `step`, its transition_begin a `sequence`, its end_value a `clip`.
    """
    return gamma ** (step / every)


@schedule(ranges={"rate": "[0, inf)", "power": "(0, inf)"})
def inverse_time(step, total, rate, power=1.0):
    """1 / (1 + rate * step)^power (Robbins and Monro, 1951, for power 1). Goes on past the end.

    Keras's InverseTimeDecay with rate = decay_rate / decay_steps; scikit-learn's "invscaling" with rate = 1.
    """
    return 1 / (1 + rate * step) ** power


@schedule(ranges={"power": "(0, inf)", "floor": "[0, 1]"})
def polynomial(step, total, power=1.0, floor=0.0):
    """Floor + (1 - floor) * (1 - step / total)^power. Stays at the floor past the end.

    torch's PolynomialLR (with no floor) and optax's polynomial_schedule, over the whole run; `transition` gives it steps
    of its own.
    """
    return floor + (1 - floor) * (1 - np.minimum(step, total) / total) ** power


@schedule(ranges={"start": "[0, inf)", "end": "[0, inf)"})
def linear(step, total, start=1.0, end=0.0):
    """A straight line from start to end. Stays at the end.

    torch's LinearLR and optax's linear_schedule, over the whole run; `transition` gives it steps of its own.
    """
    return start + (end - start) * np.minimum(step, total) / total


@schedule(ranges={"floor": "[0, 1]", "power": "(0, inf)"})
def cosine(step, total, floor=0.0, *, power=1.0):
    """Half a cosine from 1 to floor (Loshchilov and Hutter, 2017, arXiv:1608.03983); stays at the floor past the end.

    Floor + (1 - floor) * ((1 + cos(pi * step / total)) / 2)^power. optax's cosine_decay_schedule, whose alpha is the floor
    and whose exponent is the power. torch's CosineAnnealingLR up to its T_max; past it that rises again, as `cosine_wave`.
    """
    return floor + (1 - floor) * ((1 + np.cos(np.pi * np.minimum(step, total) / total)) / 2) ** power


@schedule(ranges={"floor": "[0, 1]"})
def rex(step, total, floor=0.0):
    """Slow at first, fast at the end: (1 - x) / (1 - x / 2), x = step / total, from 1 to floor; stays there past the end.

    Chen, Wolfe and Kyrillidis, 2022, arXiv:2107.04197: the reflected exponential.
    """
    x = np.minimum(step, total) / total
    return floor + (1 - floor) * (1 - x) / (1 - x / 2)


@hookimpl
def optilab_schedules():
    return [constant, step, multi_step, exponential, inverse_time, polynomial, linear, cosine, rex]
