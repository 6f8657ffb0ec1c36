"""Randomness of a run: one stream for each purpose, all derived from the run's seed, but for what runs of all seeds share.

Every optimizer of a seed sees the same first weights and the same order of examples, whatever else it draws.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

DataOrder = Literal["own", "shared"]  # whether each seed has its own order of the examples, or all seeds share one
_FIRST_WEIGHTS, _DATA_ORDER, _NOISE, _VALIDATION, _SHARED_ORDER, _MEASURED = range(6)


def first_weights(seed: int) -> np.random.Generator:
    """Stream of the first weights."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_FIRST_WEIGHTS,)))


def data_order(seed: int, epoch: int) -> np.random.Generator:
    """Stream of the order of examples in one epoch, from 0."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_DATA_ORDER, epoch)))


def shared_order(epoch: int) -> np.random.Generator:
    """Stream of the order of examples in one epoch, from 0, where runs of all seeds share it."""
    return np.random.default_rng(np.random.SeedSequence(0, spawn_key=(_SHARED_ORDER, epoch)))


def validation() -> np.random.Generator:
    """Stream of the choice of validation examples, the same for all runs."""
    return np.random.default_rng(np.random.SeedSequence(0, spawn_key=(_VALIDATION,)))


def measured() -> np.random.Generator:
    """Stream of the choice of training examples to measure, the same for all runs."""
    return np.random.default_rng(np.random.SeedSequence(0, spawn_key=(_MEASURED,)))


def noise_key(seed: int) -> int:
    """Key of the noise that update rules draw: a whole number that float64 holds."""
    return int(np.random.SeedSequence(seed, spawn_key=(_NOISE,)).generate_state(1)[0])
