"""The seeds of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.parameters.numeric import LARGEST
from optilab.texts import shown

Role = Literal["tuning", "evaluation"]  # of a run: hyperparameters are chosen by it, or it is compared
TUNING_SEED = 1_000_000  # the first seed of tuning, unless they are listed
MOST_SEEDS = 10_000_000


def tuning_seeds(experiment: Experiment) -> list[int]:
    """Seeds on which hyperparameters are chosen; empty without tuning. InputError as for `seeds_of`."""
    return list(seeds_of(experiment, "tuning"))


def seeds_of(experiment: Experiment, role: Role) -> Sequence[int]:
    """The seeds of a role; a range if only their number is given.

    InputError for seeds out of range, too many, or used in both roles.
    """
    tuning = _seeds(experiment.tuning.seeds, TUNING_SEED, "tuning.seeds") if experiment.tuning else []
    if role == "tuning":
        return tuning
    seeds = _seeds(experiment.seeds, 0, "seeds")
    if (both := _first_of_both(seeds, tuning)) is not None:
        raise InputError(f"tuning.seeds: {both} is a seed of the evaluation too; they must be disjoint")
    return seeds


def _first_of_both(some: Sequence[int], others: Sequence[int]) -> int | None:
    """The lowest common number, or None."""
    if isinstance(some, range) and isinstance(others, range):
        low = max(some.start, others.start)
        return low if low < min(some.stop, others.stop) else None
    few, many = (others, some) if isinstance(some, range) else (some, others)
    known = many if isinstance(many, range) else set(many)
    return min((seed for seed in few if seed in known), default=None)


def _seeds(given: int | list[int], first: int, place: str) -> Sequence[int]:
    if isinstance(given, int):
        if not 1 <= given <= MOST_SEEDS:
            raise InputError(
                f"{place} = {shown(given)}: give how many, above zero and up to {MOST_SEEDS:,}, or a list of numbers from 0"
            )
        return range(first, first + given)
    seeds = list(dict.fromkeys(given))
    if not seeds or min(seeds) < 0 or max(seeds) > LARGEST:
        raise InputError(
            f"{place} = {shown(given)}: give how many, above zero, or a list of numbers from 0 to 2**63 - 1"
        )
    return seeds
