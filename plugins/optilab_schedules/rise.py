"""Schedules that go up first. The step counts from 0."""

import numpy as np

from optilab import hookimpl, schedule
from optilab_schedules.decay import constant


@schedule(ranges={"steps": "[1, inf)"})
def warmup(step, total, steps, then=constant):
    """A straight line that reaches 1 with the last of the first `steps` steps, and then another schedule.

    (step + 1) / steps, as Goyal et al., 2017, arXiv:1706.02677. The schedule after it begins at its own step 0, with what is
    left of the total.
    """
    return np.where(step < steps, (step + 1) / steps, then(np.maximum(step - steps, 0), max(total - steps, 1)))


@schedule(ranges={"rise": "(0, 1)", "div": "[1, inf)", "final_div": "[1, inf)"})
def one_cycle(step, total, rise=0.3, div=25.0, final_div=1e4):
    """Up from 1/div to 1 and down to 1/(div * final_div), both along half a cosine.

    Smith and Topin, 2018, arXiv:1708.07120. As torch's OneCycleLR: the top is at step rise * total - 1, the end at step
    total - 1, where it stays.
    """
    low, end = 1 / div, 1 / (div * final_div)
    top = max(rise * total - 1, 0.5)
    last = max(total - 1, top + 0.5)
    up = np.minimum(step / top, 1)
    down = np.clip((step - top) / (last - top), 0, 1)
    rising = low + (1 - low) * (1 - np.cos(np.pi * up)) / 2
    falling = end + (1 - end) * (1 + np.cos(np.pi * down)) / 2
    return np.where(step <= top, rising, falling)


@hookimpl
def optilab_schedules():
    return [warmup, one_cycle]
