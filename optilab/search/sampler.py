"""Samplers: which points of a range are tried. What a plugin needs to offer one."""

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
    """What came of a point.

    cost: the lower the better; the median over the seeds of tuning, and infinite where runs diverged or failed.
    given_up_after: the step at which it was given up, as worse than those before it; its cost is the one there. None if it
        was not.
    """

    point: Point
    cost: float
    given_up_after: int | None = None


class Sampler(ABC):
    """Chooses points by what came of those before. The same trials must lead it to the same points."""

    @abstractmethod
    def ask(self, count: int) -> Sequence[Point]:
        """So many points, which are tried at the same time."""

    @abstractmethod
    def tell(self, trials: Sequence[Trial]) -> None:
        """What came of the points last asked for, in their order."""


@dataclass(frozen=True)
class SamplerKind:
    """A named way to choose points; made by `@sampler`."""

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
        """All the points, or a sampler that chooses them by and by. InputError for points that aren't in the ranges."""
        with self.trusted():
            found = self.function(sampled, samples, seed)
        return found if isinstance(found, Sampler) else self.checked(found, sampled, samples)

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """Call it, or its sampler, within this block: whatever it raises becomes an InputError that names it."""
        what = f"the sampler {self.name}"
        with trusted(what), in_time(what, self.function):
            yield

    def checked(self, points: Sequence[Point], sampled: Mapping[str, Sampled], count: int) -> list[Point]:
        """The points, each value fitted to its range. InputError if they are not so many, or not in the ranges."""
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
    """Make a sampler of a function of the ranges, how many points there will be, and a seed.

    It returns all the points at once, or a `Sampler` that learns from what came of them.
    """
    return SamplerKind(function)
