"""The experiment file: one question in TOML, validated."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from optilab.errors import InputError
from optilab.problems import Precision
from optilab.stopping import Budget, Length, Stop, Table
from optilab.validation import validated

TUNING_SEED = 1_000_000  # the first seed of tuning, unless they are listed
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


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
        many points as the entry's "samples" says.
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

    @model_validator(mode="after")
    def _some_problem(self) -> Experiment:
        if (self.problem is None) == (not self.problems):
            raise ValueError("give one [problem], or several [[problems]]")
        return self

    @property
    def every_problem(self) -> list[tuple[str, dict[str, Any]]]:
        """Each problem with its place in the file."""
        if self.problem is not None:
            return [("problem", self.problem)]
        return [(f"problems[{k}]", problem) for k, problem in enumerate(self.problems)]


def read(path: str | Path, changes: Sequence[str] = ()) -> Experiment:
    """The experiment in a TOML file, with `changes` such as "budget.epochs=1" made to it first.

    Paths of datasets are relative to the file. InputError if the file can't be read or doesn't validate.
    """
    file = Path(path)
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"can't read the experiment {str(path)!r}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{str(path)!r} is not a TOML file: {error}") from None
    for change in changes:
        _apply(content, change)
    return validated(Experiment, _with_paths(content, lambda path: str((file.parent / path.expanduser()).absolute())))


def experiment_of(content: Mapping[str, Any]) -> Experiment:
    """The experiment in a dict, which holds what a file would. Paths of datasets are relative to the current folder.

    InputError if it doesn't validate.
    """
    return validated(Experiment, _with_paths(dict(content), lambda path: str(path.expanduser().absolute())))


def read_stored(folder: Path) -> Experiment:
    """The experiment as it was last run into a results folder. InputError if it isn't there, or can't be read."""
    file = folder / "experiment.json"
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{str(file)!r} can't be read: {error}") from None
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
    if not isinstance(data, Mapping) or not isinstance(data.get("path"), str):
        return dict(problem)
    return {**problem, "dataset": {**data, "path": change(Path(data["path"]))}}


def _apply(content: dict[str, Any], change: str) -> None:
    """Make one change of the form KEY.KEY=VALUE, the value in TOML's notation (or a bare word)."""
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set {change!r}: write it as KEY=VALUE, as in budget.epochs=1")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    *path, last = [part.strip() for part in key.split(".")]
    place: Any = content
    for part in path:
        place = place[_index(place, part, change)] if isinstance(place, list) else place.setdefault(part, {})
        if not isinstance(place, (dict, list)):
            raise InputError(f"--set {change!r}: {part!r} is not a table")
    if isinstance(place, list):
        place[_index(place, last, change)] = value
    else:
        if key.strip() in ("budget.steps", "budget.epochs", "measure.steps", "measure.epochs"):
            place.pop({"steps": "epochs", "epochs": "steps"}[last], None)  # the one replaces the other
        place[last] = value


def _index(place: list[Any], part: str, change: str) -> int:
    if not part.isdigit() or int(part) >= len(place):
        raise InputError(f"--set {change!r}: {part!r} is not a number from 0 to {len(place) - 1}")
    return int(part)


def evaluation_seeds(experiment: Experiment) -> list[int]:
    """Seeds of the runs that are compared. InputError if they are also used for tuning."""
    seeds = _seeds(experiment.seeds, 0, "seeds")
    if experiment.tuning:
        both = set(seeds) & set(tuning_seeds(experiment))
        if both:
            raise InputError(f"tuning.seeds: {sorted(both)[0]} is a seed of the evaluation too; they must be disjoint")
    return seeds


def tuning_seeds(experiment: Experiment) -> list[int]:
    """Seeds on which hyperparameters are chosen."""
    return _seeds(experiment.tuning.seeds, TUNING_SEED, "tuning.seeds") if experiment.tuning else []


def _seeds(given: int | list[int], first: int, place: str) -> list[int]:
    seeds = list(range(first, first + given)) if isinstance(given, int) else list(dict.fromkeys(given))
    if not seeds or min(seeds) < 0:
        raise InputError(f"{place} = {given!r}: give how many, above zero, or a list of numbers from 0")
    return seeds
