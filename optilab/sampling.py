"""Points of a search: spread evenly over ranges of hyperparameters, and the same for every optimizer."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError

Kind = Literal["uniform", "log_uniform", "integer"]
Method = Literal["sobol", "latin_hypercube"]
KINDS: tuple[Kind, ...] = ("uniform", "log_uniform", "integer")


@dataclass(frozen=True)
class Sampled:
    """A range that a hyperparameter is sampled from: evenly, evenly in its logarithm, or among whole numbers."""

    kind: Kind
    low: float
    high: float

    def values(self, at: NDArray[np.float64]) -> list[float] | list[int]:
        """The values at these shares of the way from low to high."""
        if self.kind == "integer":
            return [int(v) for v in self.low + np.floor(at * (self.high - self.low + 1))]
        if self.kind == "log_uniform":
            found = np.exp(math.log(self.low) + at * (math.log(self.high) - math.log(self.low)))
        else:
            found = self.low + at * (self.high - self.low)
        # twelve digits, so that a run has the same identity on every machine
        return [min(max(float(f"{v:.12g}"), self.low), self.high) for v in found]


def sampled(value: Any, place: str) -> Sampled | None:
    """The range in a table such as { log_uniform = [1e-4, 1] }, or None if the value is no such table.

    InputError, with its place, for ends that are no range.
    """
    kinds = [k for k in KINDS if isinstance(value, Mapping) and k in value]
    if not kinds:
        return None
    if len(value) > 1:
        raise InputError(
            f"{place} = {dict(value)!r}: write {{ {kinds[0]} = [low, high] }} alone; samples = n stands beside"
        )
    kind, ends = kinds[0], value[kinds[0]]
    wanted = (int,) if kind == "integer" else (int, float)
    numbers = isinstance(ends, list) and all(
        isinstance(v, wanted) and not isinstance(v, bool) and math.isfinite(v) for v in ends
    )
    if not numbers or len(ends) != 2 or not ends[0] < ends[1]:
        what = "whole numbers" if kind == "integer" else "numbers"
        raise InputError(f"{place}: {kind} = {ends!r} is not [low, high], two {what} of which the second is larger")
    if kind == "log_uniform" and ends[0] <= 0:
        raise InputError(f"{place}: log_uniform = {ends!r} must lie above zero")
    return Sampled(kind, ends[0], ends[1])


def points(names: Sequence[str], count: int, seed: int, method: Method) -> dict[str, NDArray[np.float64]]:
    """`count` points in a cube, one side for each name: for each name where they lie on its side, from 0 to 1.

    A name's points depend on nothing but these arguments: `lr` has the same whatever else is sampled, and so in every
    optimizer.

    method: "sobol" spreads them most evenly (Sobol, 1967, with the directions of Joe and Kuo, 2008), each side shifted by an
        amount of its own (Cranley and Patterson, 1976); the first points stay where they are if there are more of them.
        "latin_hypercube" has one in each of `count` slices of every side (McKay, Beckman and Conover, 1979).
    """
    from scipy.stats import qmc  # takes half a second, which workers needn't

    ordered = sorted(names, key=lambda name: (name != "lr", name))
    if method == "latin_hypercube":
        return {name: qmc.LatinHypercube(1, rng=_stream(seed, name)).random(count)[:, 0] for name in ordered}
    sequence = qmc.Sobol(len(ordered), scramble=False).random_base2(max(0, (count - 1).bit_length()))[:count]
    return {name: (sequence[:, k] + _stream(seed, name).random()) % 1 for k, name in enumerate(ordered)}


def _stream(seed: int, name: str) -> np.random.Generator:
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.default_rng(np.random.SeedSequence([seed, digest]))
