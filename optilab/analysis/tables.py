"""Tables of runs that anybody hands over: checked, and made alike, in the one place that all statistics of runs pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from optilab.analysis.inputs import floats
from optilab.errors import InputError
from optilab.records.statuses import known_status, other_words
from optilab.texts import counted, shown

_NAMES = ("problem", "label")
_ROLES = ("evaluation", "tuning")
_LISTED = 6  # problems that a sentence names
_PERCENT = 1 + 1e-9  # a share is at most 1, but for rounding


def runs_table(runs: Any, needed: Sequence[str] = ("problem", "label", "seed"), *, cells: bool = False) -> pd.DataFrame:
    """A table of runs with its rows numbered, its names as texts and optilab's words for its statuses.

    needed: columns that it must have. cells: whether cells are told from each other: then it must have the column role, and gets those of
    the others that it lacks: optimizer (that is the label), schedule and batch_size (the same for all), run_id, and status, "budget".

    Raises InputError for what is no DataFrame, where a column is missing or there twice, and where a name, a seed or a role is missing
    or a status or a role is none of those that are known.

    >>> runs = pd.DataFrame({"problem": 1, "label": ["a", "b"], "seed": 0, "status": [" OK", "Diverged"]}, index=[7, 7])
    >>> runs_table(runs).to_dict("list")
    {'problem': ['1', '1'], 'label': ['a', 'b'], 'seed': [0, 0], 'status': ['budget', 'diverged']}
    """
    if not isinstance(runs, pd.DataFrame):
        raise InputError(f"runs must be a DataFrame, with a row a run, not {shown(runs)}")
    for name in (*needed, *(("role",) if cells else ())):
        if name not in runs:
            raise InputError(f"runs has no column {name!r}; {columns_of(runs)}")
    if not runs.columns.is_unique:
        raise InputError(f"runs has the column {shown(runs.columns[runs.columns.duplicated()].tolist()[0])} twice")
    found = runs.reset_index(drop=True)
    for name in _NAMES:
        if name in found:
            _refuse_gaps(found, name, "name it, or leave the row out")
            if not pd.api.types.is_string_dtype(found[name]):
                found[name] = found[name].astype(str)
    if "seed" in found:
        _refuse_gaps(found, "seed", "a run without a seed makes no pair: number it, or leave it out")
    if "status" in found:
        found["status"] = _statuses(found["status"])
    if "role" in found:
        odd = ~found["role"].isin(_ROLES)
        if odd.any():
            raise InputError(f"{_place(found, odd)}: role is {_cell(found['role'][odd])}; it is {' or '.join(_ROLES)}")
    return _with_cells(found) if cells else found


def check_values(runs: pd.DataFrame, measure: str, column: str) -> None:
    """InputError where a run has no value of the measure, or its accuracy is no share.

    runs: as of `runs_table`. column: of it, the final or best value of the measure. With a column status, a run that did not last may
    have none: `given` looks at the others.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": [0, 1], "final_accuracy": [0.5, 90]})
    >>> check_values(runs[:1], "accuracy", "final_accuracy")
    """
    values = floats(runs[column])
    if values is None:
        raise InputError(f"{column} must hold numbers, not {_cell(runs[column])}")
    missing: pd.Series[bool] = runs[column].isna()
    if missing.any() and "status" not in runs:
        many = f" ({counted(int(missing.sum()), 'run')} in all)" if missing.sum() > 1 else ""
        raise InputError(
            f"{_place(runs, missing)}: {column} is missing{many}; give a run that diverged inf, and leave one out that was not measured"
        )
    percent = pd.Series(np.isfinite(values) & (np.abs(values) > _PERCENT), runs.index, dtype=bool)
    if measure.endswith("accuracy") and percent.any():
        raise InputError(
            f"{_place(runs, percent)}: {column} is {values[percent.to_numpy()][0]:g}; an accuracy is a share, at most 1: divide those "
            "in percent by 100"
        )


def uneven_seeds(runs: pd.DataFrame) -> str:
    """The sentence on methods that ran on different seeds of a problem; "" where all ran on the same.

    runs: of evaluation, with the columns problem, label and seed. With a column is_random, methods to which seeds make no difference are
    left out.

    >>> uneven_seeds(pd.DataFrame({"problem": "p", "label": ["a", "a", "b"], "seed": [0, 1, 0]}))
    'Not all ran on the same seeds (from 1 to 2 each): pairs are made of the seeds that two have in common.'
    """
    random = runs[runs["is_random"].ne(False)] if "is_random" in runs else runs
    seeds = random.groupby(["problem", "label"])["seed"].agg(frozenset)
    uneven = [problem for problem, sets in seeds.groupby(level=0) if sets.nunique() > 1]
    if not uneven:
        return ""
    sizes = seeds[seeds.index.get_level_values(0).isin(uneven)].map(len)
    least, most = sizes.min(), sizes.max()
    size = f"{least} each, but different ones" if least == most else f"from {least} to {most} each"
    rest = f", and {len(uneven) - _LISTED} more" if len(uneven) > _LISTED else ""
    where = f"on {', '.join(map(str, uneven[:_LISTED]))}{rest}; " if runs["problem"].nunique() > 1 else ""
    return f"Not all ran on the same seeds ({where}{size}): pairs are made of the seeds that two have in common."


def columns_of(runs: pd.DataFrame) -> str:
    """The columns of a table, as messages list them.

    >>> columns_of(pd.DataFrame({"a": [0], "b": [0]}))
    'its columns are a, b'
    """
    return f"its columns are {', '.join(map(str, runs.columns))}" if len(runs.columns) else "it has no columns"


def _statuses(words: pd.Series[Any]) -> pd.Series[Any]:
    """Statuses in optilab's words. InputError for one that isn't known."""
    known = {word: known_status(word) for word in words.drop_duplicates().tolist()}
    for word, status in known.items():
        if status is None:
            raise InputError(f"unknown status {shown(word)}: accepted are {other_words()}")
    return pd.Series([known[word] for word in words.tolist()], words.index, dtype=object)


def _with_cells(runs: pd.DataFrame) -> pd.DataFrame:
    """The table with all columns that tell cells apart."""
    missing: dict[str, Any] = {
        "optimizer": runs["label"],
        "schedule": "",
        "batch_size": np.nan,
        "run_id": [f"run-{k}" for k in range(len(runs))],
        "status": "budget",
    }
    return runs.assign(**{name: value for name, value in missing.items() if name not in runs})


def _refuse_gaps(runs: pd.DataFrame, name: str, remedy: str) -> None:
    """InputError for a row in which a column is missing."""
    gaps = runs[name].isna()
    if gaps.any():
        raise InputError(f"{_place(runs, gaps)}: {name} is {_cell(runs[name][gaps])}; {remedy}")


def _place(runs: pd.DataFrame, which: pd.Series[bool]) -> str:
    """The first of some rows, as a message names it: by its label, seed and problem as far as they are known."""
    row = int(np.argmax(which.to_numpy()))
    named = runs.iloc[row][[name for name in ("label", "seed", "problem") if name in runs]].dropna()
    told = ", ".join(f"{name} {shown(_plain(value))}" for name, value in named.items())
    return f"runs, row {row} ({told})" if told else f"runs, row {row}"


def _cell(found: pd.Series[Any]) -> str:
    """The first of some values, as a message shows it."""
    value = _plain(found.iloc[0])
    return "missing" if pd.api.types.is_scalar(value) and pd.isna(value) else shown(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
