"""What each column of anybody's table of runs is: a name of the run, an x of its curve, a hyperparameter, or a measure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optilab.errors import InputError, unknown
from optilab.records.columns import MEASUREMENTS, MEASURES, RESERVED, X
from optilab.records.measures import Measure, direction
from optilab.texts import nearest, shown

ALIASES: Mapping[str, tuple[str, ...]] = {  # of what names a run and where it stands; capitals don't matter
    "optimizer": ("optimizer", "method", "label", "opt", "algorithm"),
    "problem": ("problem", "dataset", "ds", "task", "workload"),
    "seed": ("seed", "random_seed", "rng_seed"),
    "status": ("status",),
    "role": ("role",),
    "step": ("step", "steps", "iteration", "iterations"),
    "epoch": ("epoch", "epochs"),
    "examples": ("examples",),
    "gradient_evaluations": ("gradient_evaluations",),
    "seconds": ("seconds", "time"),
    "cpu_seconds": ("cpu_seconds",),
}
HYPERPARAMETER = "hp."  # how the column of a hyperparameter begins
_CELL = ("batch_size", "schedule")  # columns of optilab's own that tell cells apart as hyperparameters do
_HISTORY_ALONE = frozenset(c.name for c in MEASUREMENTS) - {*MEASURES, *X}
_PARTS = {
    "train": "train",
    "training": "train",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "test": "test",
}
_KINDS = {"loss": "cost", "cost": "cost", "acc": "accuracy", "accuracy": "accuracy"}


@dataclass(frozen=True)
class Roles:
    """The columns of a table.

    own: the column of each name of ALIASES that is there. hyperparameters: the column of each. measures: the column of each measure, of
    those that may be compared; others: of those that are only drawn. left_out: texts that are none of these.
    """

    own: dict[str, str]
    hyperparameters: dict[str, str]
    measures: dict[str, str]
    others: dict[str, str]
    left_out: list[str]


def roles_of(columns: Mapping[str, bool], what: str) -> Roles:
    """The roles of columns, given by their names, and whether each holds numbers.

    InputError where the optimizer or the seed is missing, two columns have one role, or a hyperparameter has a name of optilab's.
    """
    own = _own(list(columns), what)
    taken = set(own.values())
    hyperparameters: dict[str, str] = {}
    measures: dict[str, str] = {}
    others: dict[str, str] = {}
    left_out: list[str] = []
    for column, is_number in columns.items():
        if column in taken:
            continue
        if column.lower().startswith(HYPERPARAMETER):
            name = column[len(HYPERPARAMETER) :].strip()
            if not name or (name in RESERVED and name not in _CELL):
                raise InputError(f"{what}: {shown(column)} can't be the name of a hyperparameter; take another")
            _put(hyperparameters, name, column, what)
        elif (name := known_name(column)) in MEASURES:
            _put(measures, name, column, what)
        elif not is_number:
            left_out.append(column)
        elif name in _HISTORY_ALONE:
            _put(others, name, column, what)
        elif name in RESERVED or name.startswith(("final_", "best_")):
            raise InputError(
                f"{what}: {shown(column)} is a column of optilab's own tables; give measures without final_ or best_, and load the "
                "folder of results of optilab itself"
            )
        else:
            _put(measures, name, column, what)
    return Roles(own, hyperparameters, measures, others, left_out)


def known_name(column: str) -> str:
    """Optilab's name of a measure that is called otherwise elsewhere; any other name as it is.

    >>> known_name("val_loss"), known_name("Test accuracy"), known_name("score")
    ('valid_cost', 'test_accuracy', 'score')
    """
    words = [word for word in re.split(r"[\W_]+", column.lower()) if word]
    if len(words) == 2 and words[0] in _PARTS and words[1] in _KINDS:
        return f"{_PARTS[words[0]]}_{_KINDS[words[1]]}"
    return column.lower() if column.lower() in MEASURES else column


def chosen_measure(roles: Roles, wanted: str | None, best: str | None, what: str) -> str:
    """The measure that is compared, with its direction.

    wanted: its name; None for the first of which the best value is known, those of tests before others. best: "highest" or
    "lowest", where the name doesn't say it.

    InputError for an unknown name, where there is none, and where it isn't known which of its values is the best.
    """
    if not roles.measures:
        raise InputError(f"{what} has no measure: a column of numbers such as test_accuracy, test_cost, score")
    if wanted is not None:
        name = next((name for name in (str(wanted), known_name(str(wanted))) if name in roles.measures), None)
        if name is None:
            raise unknown("measure", str(wanted), roles.measures, what)
    else:
        order = ("test_accuracy", "test_cost", "valid_accuracy", "valid_cost", "train_cost")
        every = [*(one for one in order if one in roles.measures), *roles.measures]
        name = next((one for one in every if direction(one) is not None), every[0])
    ascending: Any = direction(wanted) if isinstance(wanted, Measure) else direction(name)
    if best is not None:
        if best not in ("highest", "lowest"):
            raise unknown("best", str(best), ("highest", "lowest"))
        ascending = best == "highest"
    if ascending is None:
        several = "" if len(roles.measures) == 1 else f"; the columns of numbers are {', '.join(roles.measures)}"
        raise InputError(
            f"{what}: is the highest or the lowest {shown(name)} the best? Say --measure {name} and --highest or --lowest "
            f'(in Python measure="{name}", best="highest" or "lowest"){several}'
        )
    return name if direction(name) == ascending else Measure(name, ascending)


def _own(columns: list[str], what: str) -> dict[str, str]:
    """The column of each name of ALIASES that is there."""
    own: dict[str, str] = {}
    for name, aliases in ALIASES.items():
        found = [column for column in columns if re.sub(r"[\W_]+", "_", column.lower()) in aliases]
        if len(found) > 1:
            raise InputError(f"{what}: {' and '.join(map(shown, found))} both name the {name}; leave one of them out")
        if found:
            own[name] = found[0]
    for name, remedy in (
        ("optimizer", "one that names what is compared; it may be called " + ", ".join(ALIASES["optimizer"][1:])),
        ("seed", "one that numbers the repetitions of each optimizer, 0, 1, 2, ...; the same seed makes a pair. 0 for all "
         "if each ran once"),
    ):  # fmt: skip
        if name not in own:
            near = nearest(name, columns)
            hint = f"; {near}" if near.startswith("did") else ""
            raise InputError(f"{what} has no column {name!r}: add {remedy}{hint}")
    return own


def _put(into: dict[str, str], name: str, column: str, what: str) -> None:
    if name in into:
        raise InputError(f"{what}: {shown(into[name])} and {shown(column)} are both {name}; leave one of them out")
    into[name] = column
