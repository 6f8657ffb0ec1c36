"""The experiment file: one question in TOML, validated."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from optilab.datasets.given import without_arrays
from optilab.errors import InputError
from optilab.folders import read_plain, why_unread
from optilab.numeric import LARGEST
from optilab.problems import Precision
from optilab.stopping import Budget, Length, Stop, Table
from optilab.texts import printable, shown
from optilab.validation import validated

TUNING_SEED = 1_000_000  # the first seed of tuning, unless they are listed
MOST_SEEDS = 10_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_INDEX = re.compile(r"\[([^\[\].]*)\]")  # as in optimizers[1].lr


class Tuning(Table):
    """Choose hyperparameters on seeds of their own, and evaluate only the chosen ones.

    seeds: how many, or which.
    by: the measure whose median over these seeds, at the end of the run, is to be lowest.
    """

    seeds: int | list[int] = Field(1)
    by: Literal["train_cost", "test_cost"] = "train_cost"


class Search(Table):
    """How points are chosen where hyperparameters are sampled.

    method: a sampler: "sobol", to which more samples can be added, "latin_hypercube", or a plugin's. One that learns from
        results needs a table [tuning].
    seed: another one gives other points.
    generation: how many points of each search are tried before it learns from them (or their runs are compared), where it
        does; whatever the number of workers, so that it changes nothing.
    prune_after: the share of a run, 0.25 for one, after which it is given up if its lowest cost yet is above the median of the
        runs of earlier generations, at the same step and with the same seed, once there are five (`runner/pruning.py`).
    """

    method: str = "sobol"
    seed: int = Field(0, ge=0)
    generation: int = Field(8, ge=1)
    prune_after: float | None = Field(None, ge=0, lt=1)


class Experiment(Table):
    """A grid of runs that answers one question.

    seeds: how many (0, 1, ...), or which.
    problem, problems: one, or several.
    budget: how long each run trains. measure: how often it is measured. stop: what else ends a run.
    tuning: if given, the grid runs on seeds of its own, and the best of each line on `seeds`.
    search: how points are chosen where hyperparameters are sampled.
    optimizers: each with "use", and optionally "label", "batch_size", "schedule" and hyperparameters; a list of values,
        or { log = [low, high], points = n } or { linear = [low, high], points = n }, is an axis of the grid. Those that
        are { log_uniform = [low, high] }, { uniform = [low, high] } or { integer = [low, high] } are sampled together, as
        many points as the entry's "samples" says. Entries are lines of their own, also those of one optimizer; with the same label
        they are one line, if they differ in hyperparameters alone.
    """

    name: str
    question: str = ""
    seeds: int | list[int] = 1
    precision: Precision | None = None
    problem: dict[str, Any] | None = None
    problems: list[dict[str, Any]] = Field(default_factory=list)
    budget: Budget
    measure: Length | None = None
    stop: Stop = Field(default_factory=Stop)
    tuning: Tuning | None = None
    search: Search = Field(default_factory=Search)
    optimizers: list[dict[str, Any]] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _stays_inside(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                "a name has up to 100 letters, digits, '.', '_' and '-', and begins with a letter or a digit"
            )
        return name

    @field_validator("problem", "problems", mode="after")
    @classmethod
    def _sent_by_digest(cls, given: Any) -> Any:
        """Arrays in memory are kept in the cache, where workers find them."""
        if isinstance(given, list):
            return [without_arrays(problem) for problem in given]
        return given and without_arrays(given)

    @model_validator(mode="after")
    def _some_problem(self) -> Experiment:
        if (self.problem is None) == (not self.problems):
            raise ValueError("give one [problem], or several [[problems]]")
        return self

    @model_validator(mode="after")
    def _can_be_kept(self) -> Experiment:
        for place, table in [*self.every_problem, *((f"optimizers[{k}]", t) for k, t in enumerate(self.optimizers))]:
            try:
                json.dumps(table, default=_thing)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{place} can't be written to a file, as an experiment is: {error}") from None
        return self

    @property
    def every_problem(self) -> list[tuple[str, dict[str, Any]]]:
        """Each problem with its place in the file."""
        if self.problem is not None:
            return [("problem", self.problem)]
        return [(f"problems[{k}]", problem) for k, problem in enumerate(self.problems)]


def _thing(value: Any) -> str:
    """A name for a schedule that stands in an experiment itself, which can be checked and not run."""
    if is_dataclass(value):
        return repr(value)
    raise TypeError(f"{shown(value)} is of type {type(value).__name__}")


def read(path: str | Path, changes: Sequence[str] = ()) -> Experiment:
    """The experiment in a TOML file, with `changes` such as "budget.epochs=1" made to it first.

    Paths of datasets are relative to the file. InputError if the file can't be read or doesn't validate.
    """
    file = Path(path)
    try:
        content = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        named = Path(f"{path}.toml")
        hint = f"; did you mean {shown(str(named))}?" if named.is_file() else ""
        raise InputError(f"can't read the experiment {shown(str(path))}: {error.strerror}{hint}") from None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, UnicodeDecodeError, numbers of 5,000 digits
        raise InputError(f"{shown(str(path))} is not a TOML file: {_reason(error)}") from None
    for change in changes:
        _apply(content, change)
    return validated(Experiment, _with_paths(content, lambda path: str((file.parent / path.expanduser()).absolute())))


def experiment_of(content: Mapping[str, Any]) -> Experiment:
    """The experiment in a dict, which holds what a file would. Paths of datasets are relative to the current folder.

    InputError if it doesn't validate.
    """
    return validated(Experiment, _with_paths(dict(content), lambda path: str(path.expanduser().absolute())))


def _reason(error: Exception) -> str:
    """Why a text can't be parsed."""
    return "brackets too deep in each other" if isinstance(error, RecursionError) else printable(str(error))


def read_stored(folder: Path) -> Experiment:
    """The experiment as it was last run into a results folder. InputError if it isn't there, or can't be read."""
    file = folder / "experiment.json"
    remedy = "; the next start of the experiment into this folder writes it again"
    try:
        content = json.loads(read_plain(file))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{str(file)!r} can't be read: {why_unread(error)}{remedy}") from None
    if not isinstance(content, dict):
        raise InputError(f"{str(file)!r} can't be read: it holds no table, but {shown(content)}{remedy}")
    return validated(
        Experiment, _with_paths(content, lambda path: os.path.normpath(folder.absolute() / path)), "experiment.json"
    )


def stored(experiment: Experiment, folder: Path) -> str:
    """The text that `read_stored` reads, in which no path is absolute."""
    content = experiment.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return json.dumps(_with_paths(content, lambda path: _relative(path, folder)), indent=2)


def path_from(problem: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A problem's table, with the path in it, if there is one, as seen from a folder."""
    return _with_path(problem, lambda path: _relative(path, folder))


def dataset_path(problem: Mapping[str, Any]) -> Path | None:
    """The path in a problem's table, if there is one."""
    data = problem.get("dataset")
    return Path(data["path"]) if isinstance(data, Mapping) and isinstance(data.get("path"), str) else None


def absolute_path(problem: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The other way round."""
    return _with_path(problem, lambda path: os.path.normpath(folder.absolute() / path))


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return path.name


def _with_paths(content: dict[str, Any], change: Callable[[Path], str]) -> dict[str, Any]:
    """An experiment's content, with the paths of its datasets changed."""
    found = dict(content)
    if isinstance(found.get("problem"), dict):
        found["problem"] = _with_path(found["problem"], change)
    if isinstance(found.get("problems"), list):
        found["problems"] = [_with_path(p, change) if isinstance(p, dict) else p for p in found["problems"]]
    return found


def _with_path(problem: Mapping[str, Any], change: Callable[[Path], str]) -> dict[str, Any]:
    data = problem.get("dataset")
    if not isinstance(data, Mapping) or not isinstance(data.get("path"), (str, os.PathLike)):
        return dict(problem)
    return {**problem, "dataset": {**data, "path": change(Path(data["path"]))}}


def _apply(content: dict[str, Any], change: str) -> None:
    """Make one change of the form KEY.KEY=VALUE, the value in TOML's notation (or a bare word)."""
    key, equals, text = change.partition("=")
    said = f"--set {shown(change)}"
    if not equals or not key.strip():
        raise InputError(f"{said}: write it as KEY=VALUE, as in budget.epochs=1")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    except (ValueError, RecursionError) as error:
        raise InputError(f"{said}: its value can't be read: {_reason(error)}") from None
    *path, last = [part.strip() for part in _INDEX.sub(r".\1", key).split(".")]
    place: Any = content
    for part in path:
        place = place[_index(place, part, said)] if isinstance(place, list) else place.setdefault(part, {})
        if not isinstance(place, (dict, list)):
            raise InputError(f"{said}: {shown(part)} is not a table")
    if isinstance(place, list):
        place[_index(place, last, said)] = value
    else:
        if ".".join([*path, last]) in ("budget.steps", "budget.epochs", "measure.steps", "measure.epochs"):
            place.pop({"steps": "epochs", "epochs": "steps"}[last], None)  # the one replaces the other
        place[last] = value


def _index(place: list[Any], part: str, said: str) -> int:
    known = [str(k) for k in range(len(place))]
    if part not in known:
        raise InputError(f"{said}: {shown(part)} is not a number from 0 to {len(place) - 1}")
    return known.index(part)


def evaluation_seeds(experiment: Experiment) -> list[int]:
    """Seeds of the runs that are compared. InputError if they are also used for tuning."""
    return list(seeds_of(experiment, "evaluation"))


def tuning_seeds(experiment: Experiment) -> list[int]:
    """Seeds on which hyperparameters are chosen."""
    return list(seeds_of(experiment, "tuning"))


def seeds_of(experiment: Experiment, role: Literal["tuning", "evaluation"]) -> Sequence[int]:
    """The seeds of a role: a range where their number is given, and never a list of millions. InputError as above."""
    tuning = _seeds(experiment.tuning.seeds, TUNING_SEED, "tuning.seeds") if experiment.tuning else []
    if role == "tuning":
        return tuning
    seeds = _seeds(experiment.seeds, 0, "seeds")
    if (both := _first_of_both(seeds, tuning)) is not None:
        raise InputError(f"tuning.seeds: {both} is a seed of the evaluation too; they must be disjoint")
    return seeds


def _first_of_both(some: Sequence[int], others: Sequence[int]) -> int | None:
    """The lowest number that is in both."""
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
