"""Space-filling samplers, which give every optimizer the same learning rates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from optilab.search.sampled import Sampled
from optilab.search.sampler import Point, sampler


@sampler
def sobol(sampled: Mapping[str, Sampled], samples: int, seed: int) -> list[Point]:
    """Sobol sequence: evenly spread points; more samples extend the sequence.

    Sobol (1967), with the directions of Joe and Kuo (2008), each axis shifted by a random amount (Cranley and Patterson, 1976).
    """
    from scipy.stats import qmc  # slow to import, and workers don't need it

    names = _ordered(sampled)
    power = max(0, (samples - 1).bit_length())
    sequence = qmc.Sobol(len(names), scramble=False).random_base2(power)[:samples]
    return _points(sampled, {name: (sequence[:, k] + _stream(seed, name).random()) % 1 for k, name in enumerate(names)})


@sampler
def latin_hypercube(sampled: Mapping[str, Sampled], samples: int, seed: int) -> list[Point]:
    """Latin hypercube: one point in each of `samples` slices of every range (McKay, Beckman and Conover, 1979)."""
    from scipy.stats import qmc

    return _points(
        sampled,
        {n: qmc.LatinHypercube(1, rng=_stream(seed, n)).random(samples)[:, 0] for n in _ordered(sampled)},
    )


def _ordered(sampled: Mapping[str, Sampled]) -> list[str]:
    """Names with lr first, so that its values don't depend on what else is sampled."""
    return sorted(sampled, key=lambda name: (name != "lr", name))


def _points(sampled: Mapping[str, Sampled], at: Mapping[str, NDArray[np.float64]]) -> list[Point]:
    columns = [found.values(at[name]) for name, found in sampled.items()]
    return [dict(zip(sampled, values, strict=True)) for values in zip(*columns, strict=True)]


def _stream(seed: int, name: str) -> np.random.Generator:
    """Random stream of a name, independent of the other names."""
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.default_rng(np.random.SeedSequence([seed, digest]))
