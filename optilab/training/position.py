"""Where a run stands: all that changes while it trains."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optilab.training.run import Run


@dataclass(slots=True)
class Position:
    """All that changes while a run trains, but for what its feedback schedules and its stopping rules remember.

    Compiled code changes the arrays in place.
    """

    w: NDArray[np.floating]  # the weights
    g: NDArray[np.floating]  # memory for the gradient: a step or a measurement that needs it fills it
    previous: NDArray[np.floating]  # the weights before the last step of an interval
    state: NDArray[np.floating]  # what the rules remember, end to end
    scalars: NDArray[np.float64]  # what they remember as single numbers
    run: Run  # the result: steps, status, clocks, history
    update_norm: float = math.nan  # length of the last step
    cpu_seconds: float = 0.0  # of this thread, in training
    steps_a_second: float = 1.0  # estimated from the last steps
