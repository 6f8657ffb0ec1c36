"""Experiment files: read from TOML, stored beside results, with paths relative to either."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.files import read_plain, why_unread
from optilab.parameters.tables import validated
from optilab.texts import printable, shown

_INDEX = re.compile(r"\[([^\[\].]*)\]")  # as in optimizers[1].lr


def read(path: str | Path, changes: Sequence[str] = ()) -> Experiment:
    """The experiment in a TOML file, after `changes` such as "budget.epochs=1".

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
    """The reason why a text can't be parsed."""
    return "brackets are nested too deeply" if isinstance(error, RecursionError) else printable(str(error))


def read_stored(folder: Path) -> Experiment:
    """The experiment as it was last run into a results folder. InputError if it is missing or can't be read."""
    file = folder / "experiment.json"
    remedy = "; the next start of the experiment into this folder writes it again"
    try:
        content = json.loads(read_plain(file))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{str(file)!r} can't be read: {why_unread(error)}{remedy}") from None
    if not isinstance(content, dict):
        raise InputError(f"{str(file)!r} can't be read: it holds no table, but {shown(content)}{remedy}")
    tuning = content.get("tuning")
    if isinstance(tuning, dict) and str(tuning.get("by")).startswith("test_"):
        tuning.setdefault("by_test", True)  # as earlier versions wrote it
    return validated(
        Experiment, _with_paths(content, lambda path: os.path.normpath(folder.absolute() / path)), "experiment.json"
    )


def stored(experiment: Experiment, folder: Path) -> str:
    """The text that `read_stored` reads, in which no path is absolute."""
    content = experiment.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return json.dumps(_with_paths(content, lambda path: _relative(path, folder)), indent=2)


def path_from(problem: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A problem's table whose dataset path, if it has one, is relative to a folder."""
    return _with_path(problem, lambda path: _relative(path, folder))


def dataset_path(problem: Mapping[str, Any]) -> Path | None:
    """The dataset path in a problem's table, or None."""
    data = problem.get("dataset")
    return Path(data["path"]) if isinstance(data, Mapping) and isinstance(data.get("path"), str) else None


def absolute_path(problem: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Inverse of `path_from`: the table with an absolute dataset path, given one relative to a folder."""
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
    table: Any = content
    for part in path:
        table = table[_index(table, part, said)] if isinstance(table, list) else table.setdefault(part, {})
        if not isinstance(table, (dict, list)):
            raise InputError(f"{said}: {shown(part)} is not a table")
    if isinstance(table, list):
        table[_index(table, last, said)] = value
    else:
        if ".".join([*path, last]) in ("budget.steps", "budget.epochs", "measure.steps", "measure.epochs"):
            table.pop({"steps": "epochs", "epochs": "steps"}[last], None)  # the one replaces the other
        table[last] = value


def _index(table: list[Any], part: str, said: str) -> int:
    known = [str(k) for k in range(len(table))]
    if part not in known:
        raise InputError(f"{said}: {shown(part)} is not a number from 0 to {len(table) - 1}")
    return known.index(part)
