"""Points spread evenly over ranges of hyperparameters, and the same for every optimizer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from optilab.search.sampled import Sampled
from optilab.search.sampler import Point, sampler


@sampler
def sobol(sampled: Mapping[str, Sampled], samples: int, seed: int) -> list[Point]:
    """Spread most evenly; if more points are asked for, the first stay where they are.

    A sequence of Sobol (1967), with the directions of Joe and Kuo (2008), each side of the cube shifted by an amount of its own
    (Cranley and Patterson, 1976).
    """
    from scipy.stats import qmc  # takes half a second, which workers needn't

    names = _ordered(sampled)
    power = max(0, (samples - 1).bit_length())
    sequence = qmc.Sobol(len(names), scramble=False).random_base2(power)[:samples]
    return _points(sampled, {name: (sequence[:, k] + _stream(seed, name).random()) % 1 for k, name in enumerate(names)})


@sampler
def latin_hypercube(sampled: Mapping[str, Sampled], samples: int, seed: int) -> list[Point]:
    """One point in each of as many slices of every range (McKay, Beckman and Conover, 1979)."""
    from scipy.stats import qmc

    return _points(
        sampled,
        {n: qmc.LatinHypercube(1, rng=_stream(seed, n)).random(samples)[:, 0] for n in _ordered(sampled)},
    )


def _ordered(sampled: Mapping[str, Sampled]) -> list[str]:
    """First lr, so that it has the same values whatever else is sampled, and in every optimizer."""
    return sorted(sampled, key=lambda name: (name != "lr", name))


def _points(sampled: Mapping[str, Sampled], at: Mapping[str, NDArray[np.float64]]) -> list[Point]:
    columns = [found.values(at[name]) for name, found in sampled.items()]
    return [dict(zip(sampled, values, strict=True)) for values in zip(*columns, strict=True)]


def _stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of each name alone."""
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.default_rng(np.random.SeedSequence([seed, digest]))
