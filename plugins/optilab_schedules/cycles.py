"""Schedules that go up and down again and again. None of them looks at the end of the run; all go on past it."""

import numpy as np

from optilab import hookimpl, schedule


@schedule(
    ranges={
        "up": "{1, 2, ...}",
        "down": "{0, 1, ...}",
        "start": "[0, inf)",
        "mode": "{triangular, triangular2, exp_range}",
        "gamma": "(0, 1]",
    }
)
def cyclic(step, total, up, down=0, start=0.25, mode="triangular", gamma=1.0):
    """Cyclical learning rate: straight up from start to 1 and down again, for ever (triangular, or shrinking).

    Smith, 2017, arXiv:1506.01186, who takes a third or a quarter of the largest rate to start from. torch's CyclicLR: lr is
    its max_lr, start is base_lr / max_lr. The momentum that it moves the other way is a second schedule of this name:
    of = "momentum", with its base_momentum, and start = max_momentum / base_momentum.

    Args:
        up: steps up from start to 1.
        down: steps down again; 0 for as many as up.
        start: the multiplier at which each cycle begins and ends.
        mode: "triangular"; "triangular2", where each cycle rises half as far as the one before it; or "exp_range", where the
            rise is multiplied by gamma^step.
        gamma: factor of the rise from step to step, in mode "exp_range".
    """
    down = down or up
    cycle = step // (up + down)
    within = step - cycle * (up + down)
    height = np.where(within <= up, within / up, (up + down - within) / down)
    if mode == "triangular2":
        height = height * 0.5**cycle
    elif mode == "exp_range":
        height = height * gamma**step
    return start + (1 - start) * height


@schedule(ranges={"steps": "{1, 2, ...}", "growth": "[1, inf)", "gamma": "(0, 1]", "floor": "[0, 1]"})
def cosine_restarts(step, total, steps, growth=1.0, gamma=1.0, floor=0.0):
    """SGDR: half a cosine from 1 to floor, and again from the top (warm restarts), for ever.

    multiplier = floor + (1 - floor) * gamma^cycle * (1 + cos(pi * x)) / 2     x: from 0 to 1 in each cycle

    Loshchilov and Hutter, 2017, arXiv:1608.03983. torch's CosineAnnealingWarmRestarts: T_0 is steps, T_mult is growth.
    Keras's CosineDecayRestarts: t_mul is growth, m_mul is gamma. optax's sgdr_schedule, which takes each cycle by itself, is a
    `sequence` of cosines.

    Args:
        steps: steps of the first cycle.
        growth: how many times as long as the one before it each cycle is.
        gamma: factor of the height above the floor at each restart.
        floor: the multiplier at the end of each cycle.
    """
    begins = [0.0]
    last = np.max(step, initial=0)
    while begins[-1] <= last:
        begins.append(begins[-1] + steps * growth ** (len(begins) - 1))
    ends = np.array(begins)
    cycle = np.searchsorted(ends, step, side="right") - 1
    x = (step - ends[cycle]) / (ends[cycle + 1] - ends[cycle])
    return floor + (1 - floor) * gamma**cycle * (1 + np.cos(np.pi * x)) / 2


@schedule(ranges={"steps": "{1, 2, ...}", "floor": "[0, 1]"})
def cosine_wave(step, total, steps, floor=0.0):
    """Cosine wave: down from 1 to floor along half a cosine, up again in as many steps, for ever.

    multiplier = floor + (1 - floor) * (1 + cos(pi * step / steps)) / 2

    torch's CosineAnnealingLR, whose T_max is `steps`, past its T_max too; optax's stays at the floor, as `cosine` does.

    Args:
        steps: steps of half a wave, from 1 to floor.
        floor: the least multiplier.
    """
    return floor + (1 - floor) * (1 + np.cos(np.pi * step / steps)) / 2


@hookimpl
def optilab_schedules():
    return [cyclic, cosine_restarts, cosine_wave]
