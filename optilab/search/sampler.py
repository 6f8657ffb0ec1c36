"""Samplers, which choose the points of a search: what a plugin needs to offer one."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from optilab.errors import InputError
from optilab.guarding.calls import in_time, trusted
from optilab.parameters.numeric import is_finite
from optilab.search.sampled import Sampled
from optilab.texts import shown

Point = Mapping[str, float]  # a value for each hyperparameter that is sampled


@dataclass(frozen=True)
class Trial:
    """The result of one point.

    cost: the lower the better; median over the tuning seeds, infinite where runs diverged or failed.
    given_up_after: step at which the point was pruned, with its cost at that step; None if it wasn't.
    """

    point: Point
    cost: float
    given_up_after: int | None = None


class Sampler(ABC):
    """Chooses points from the results of earlier ones. Equal trials must lead to equal points."""

    @abstractmethod
    def ask(self, count: int) -> Sequence[Point]:
        """Return `count` points, to be tried in parallel."""

    @abstractmethod
    def tell(self, trials: Sequence[Trial]) -> None:
        """Take the results of the points last asked for, in their order."""


@dataclass(frozen=True)
class SamplerKind:
    """A named sampler; made by `@sampler`."""

    function: Callable[[Mapping[str, Sampled], int, int], Sampler | Sequence[Point]]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def documentation(self) -> str:
        """The function's docstring."""
        return inspect.getdoc(self.function) or ""

    def start(self, sampled: Mapping[str, Sampled], samples: int, seed: int) -> Sampler | list[Point]:
        """Return all points, or a `Sampler` that chooses them generation by generation.

        InputError if the function fails, or for points that don't fit.
        """
        with self.trusted():
            found = self.function(sampled, samples, seed)
        return found if isinstance(found, Sampler) else self.checked(found, sampled, samples)

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """A block for calls of the function or its sampler: whatever they raise becomes an InputError that names it."""
        what = f"the sampler {self.name}"
        with trusted(what), in_time(what, self.function):
            yield

    def checked(self, points: Sequence[Point], sampled: Mapping[str, Sampled], count: int) -> list[Point]:
        """The points, each value fitted to its range. InputError if their number isn't `count`, or a value is no number."""
        if len(points) != count:
            raise InputError(f"the sampler {self.name} gave {len(points)} points where {count} were asked for")
        for point in points:
            if not _is_point(point, sampled):
                raise InputError(
                    f"the sampler {self.name} gave the point {shown(point)} where a number for each of "
                    f"{', '.join(sampled)} was asked for"
                )
        return [{name: found.fitted(point[name]) for name, found in sampled.items()} for point in points]

    def __repr__(self) -> str:
        return self.name


def _is_point(given: object, sampled: Mapping[str, Sampled]) -> bool:
    if not isinstance(given, (dict, Mapping)) or given.keys() != sampled.keys():
        return False
    return all(map(is_finite, given.values()))


def sampler(function: Callable[[Mapping[str, Sampled], int, int], Sampler | Sequence[Point]]) -> SamplerKind:
    """Make a sampler from a function of the sampled ranges, the number of points, and a seed.

    The function returns all points at once, or a `Sampler` that learns from their results.
    """
    return SamplerKind(function)
