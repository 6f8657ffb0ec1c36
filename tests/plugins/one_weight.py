"""Rules on a single weight."""

from __future__ import annotations

from typing import Any

import optilab


def along(name: str, gradients: list[float], w: float = 0.0, **given: Any) -> list[float]:
    """The weights after each gradient."""
    stepper = optilab.get_optimizer(name).start([w], **given)
    return [float(stepper.step([gradient])[0]) for gradient in gradients]
