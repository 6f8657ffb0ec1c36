"""Schedules that go down, by steps or smoothly. Each starts at 1; the step counts from 0."""

import numpy as np

from optilab import hookimpl, schedule


@schedule()
def constant(step, total):
    """The same value all the way: 1."""
    return np.ones_like(step, float)


@schedule(ranges={"every": "(0, inf)", "gamma": "(0, inf)"})
def step(step, total, every, gamma=0.1):
    """Multiply by gamma after every so many steps: gamma^floor(step / every). As torch's StepLR; goes on past the end."""
    return gamma ** (step // every)


@schedule(ranges={"gamma": "(0, inf)"})
def multi_step(step, total, milestones=(), gamma=0.1):
    """Multiply by gamma at each milestone. As torch's MultiStepLR; stays at its last value past the end."""
    return gamma ** np.searchsorted(np.sort(milestones), step, side="right").astype(float)


@schedule(ranges={"gamma": "(0, 1]"})
def exponential(step, total, gamma):
    """gamma^step. As torch's ExponentialLR; goes on past the end."""
    return gamma**step


@schedule(ranges={"rate": "[0, inf)", "power": "(0, inf)"})
def inverse_time(step, total, rate, power=1.0):
    """1 / (1 + rate * step)^power (Robbins and Monro, 1951, for power 1). Goes on past the end."""
    return 1 / (1 + rate * step) ** power


@schedule(ranges={"power": "(0, inf)", "floor": "[0, 1]"})
def polynomial(step, total, power=1.0, floor=0.0):
    """Floor + (1 - floor) * (1 - step / total)^power. As torch's PolynomialLR; stays at the floor past the end."""
    return floor + (1 - floor) * (1 - np.minimum(step, total) / total) ** power


@schedule(ranges={"start": "[0, inf)", "end": "[0, inf)"})
def linear(step, total, start=1.0, end=0.0):
    """A straight line from start to end. As torch's LinearLR; stays at the end."""
    return start + (end - start) * np.minimum(step, total) / total


@schedule(ranges={"floor": "[0, 1]"})
def cosine(step, total, floor=0.0):
    """Half a cosine from 1 to floor (Loshchilov and Hutter, 2017, arXiv:1608.03983); stays at the floor past the end."""
    return floor + (1 - floor) * (1 + np.cos(np.pi * np.minimum(step, total) / total)) / 2


@hookimpl
def optilab_schedules():
    return [constant, step, multi_step, exponential, inverse_time, polynomial, linear, cosine]
