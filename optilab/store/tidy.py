"""Anybody's runs in one table, a row a run or a row a measurement, as results.

Columns, in any order (`roles.ALIASES` has other names for some):

    optimizer       what is compared                       seed    whole number; the same seed makes a pair
    problem         none if there is but one               status  how the run ended; "budget" if not given
    step, epoch, examples, gradient_evaluations, seconds   where the row stands in its run; without any, a row is a run's end
    hp.lr, hp.NAME  hyperparameters, of which the best are chosen; role ("tuning" or "evaluation") tells on which runs
    test_accuracy, train_cost, score, ...                  measures: any other column of numbers

A run whose measure ends in nan, inf or nothing has diverged: it counts as infinitely bad, and is never left out. A cell with nothing
in it may be a gap of a measure that is taken now and then, if its own run has a gap before a value too; nan is never a gap.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optilab.errors import InputError
from optilab.records.columns import COLUMNS, MEASURES, X
from optilab.records.measures import Measure, direction, is_ascending, summary
from optilab.records.question import Question
from optilab.records.statuses import FINISHED, LASTED, STATUSES, other_words
from optilab.store.noticed import noticed
from optilab.store.reading import Results
from optilab.store.roles import Roles, chosen_measure, roles_of
from optilab.store.separated import Sheet, read_sheet, without_index
from optilab.store.sheet_columns import accuracies, integers, is_number, is_percent, numbers, texts, written_nan
from optilab.texts import shown

if TYPE_CHECKING:
    import pandas as pd


def load_table(
    given: str | Path | pd.DataFrame,
    *,
    measure: str | None = None,
    best: str | None = None,
    control: str | None = None,
    confidence: float = 0.95,
) -> Results:
    """Anybody's runs as results, which bring their question.

    given: the path of a table in a text file (.csv, .tsv, .txt, also .gz, .bz2 or .xz), or a DataFrame; columns as this module says.
    measure: the column that is compared; None for the first of which the name says which value is the best, those of tests before
    others. best: "highest" or "lowest", where the name doesn't say it. control: an optimizer; None for the first. confidence: of intervals.

    Returns results with `notes`: sentences on what was noticed. Their folder, which holds nothing yet, is for pictures: beside the
    file, its name with "-pictures" behind it.

    InputError, with line and column, for what can't be used.
    """
    if isinstance(given, (str, Path)):
        path = Path(given)
        sheet, stem = read_sheet(path), path.name.partition(".")[0] or path.name
        folder = path.parent / f"{stem}-pictures"
    else:
        sheet, stem, folder = _sheet(given), "table", Path("table-pictures")
    numeric = {name: is_number(sheet, name) or is_percent(sheet, name) for name in map(str, sheet.frame)}
    roles = roles_of(numeric, sheet.what)
    compared = chosen_measure(roles, measure, best, sheet.what)
    said = best is not None or isinstance(measure, Measure) or compared in MEASURES
    taken = (
        [] if said else [f"The {'highest' if is_ascending(compared) else 'lowest'} {compared} is taken as the best."]
    )
    runs, history, notes = _tables(sheet, roles, stem, compared)
    tuned = bool((runs["role"] == "tuning").any())
    by = next((m for m in ("valid_accuracy", "valid_cost") if m in roles.measures), compared)
    question = Question(
        control=str(runs["label"].iloc[0]) if control is None else control,
        measure=compared,
        confidence=confidence,
        chosen_by=summary(by, "final"),
        on_other_seeds=tuned,
    )
    return Results(folder, runs, history, question.control, question, (*taken, *notes))


def _sheet(frame: pd.DataFrame) -> Sheet:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"runs must be the path of a table or a DataFrame, not {shown(frame)}")
    if frame.empty:
        raise InputError("the DataFrame is empty")
    named = frame.rename(columns=str).reset_index(drop=True)
    if not named.columns.is_unique:
        raise InputError(f"the DataFrame has the column {shown(named.columns[named.columns.duplicated()][0])} twice")
    return without_index(Sheet("the DataFrame", named))


def _tables(sheet: Sheet, roles: Roles, stem: str, compared: str) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """The tables `runs` and `history`, and what was noticed."""
    import pandas as pd

    notes = list(sheet.notes)
    own, frame = roles.own, sheet.frame
    names = pd.DataFrame({"label": texts(sheet, own["optimizer"])})
    names["problem"] = texts(sheet, own["problem"]) if "problem" in own else stem
    names["seed"] = integers(sheet, own["seed"])
    names["role"] = _among(sheet, own["role"], ("evaluation", "tuning")) if "role" in own else "evaluation"
    for name, column in roles.hyperparameters.items():
        names[name] = numbers(sheet, column) if is_number(sheet, column) else frame[column].astype(object)
    keys = ["problem", "label", *roles.hyperparameters, "role", "seed"]
    number = names[keys].groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    places = {name: numbers(sheet, own[name], least=0.0) for name in X if name in own}
    order = _in_order(sheet, number, places, roles)
    values = {name: numbers(sheet, column, gaps=True) for name, column in {**roles.measures, **roles.others}.items()}
    notes += accuracies(sheet, values, roles.measures, [names["label"], names["problem"].astype(str)], number, order)
    number = number[order]
    first = np.flatnonzero(np.r_[True, number[1:] != number[:-1]])
    last = np.r_[first[1:], len(number)] - 1
    runs = names.iloc[order[first]].reset_index(drop=True)
    run_ids = np.array([f"run-{k:06d}" for k in range(len(first))], object)
    history = pd.DataFrame({"run_id": run_ids[number]})
    for name in COLUMNS:
        history[name] = places.get(name, values.get(name, np.full(len(order), np.nan)))[order]
    for name in roles.measures:
        history[name] = values[name][order]
        written = written_nan(sheet, roles.measures[name])[order]
        found, best_is = history[name].to_numpy(np.float64), direction(_as(name, compared))
        final, top = _summaries(found, written, number, first, last, best_is)
        runs[f"final_{name}"], runs[f"best_{name}"] = final, top
    for name in MEASURES:
        for which in ("final", "best"):
            runs[f"{which}_{name}"] = runs.get(f"{which}_{name}", np.nan)
    ended = _among(sheet, own["status"], STATUSES, dict.fromkeys(FINISHED, "budget")) if "status" in own else None
    statuses = pd.Series("budget" if ended is None else ended.to_numpy()[order[last]], runs.index, dtype=object)
    lost = statuses.isin(LASTED) & ~np.isfinite(runs[f"final_{compared}"])
    runs["status"] = statuses.mask(lost, "diverged")
    runs = runs.assign(run_id=run_ids, experiment=stem, optimizer=runs["label"], is_random=True, message="")
    runs["batch_size"] = runs.get("batch_size", pd.Series(np.nan, runs.index))
    runs["schedule"] = runs.get("schedule", pd.Series("", runs.index))
    at = next((name for name in ("epoch", "step", "examples", "gradient_evaluations") if name in places), "")
    ends = runs.assign(**{at: places[at][order[last]]}) if at else runs
    return runs, history, [*notes, *noticed(ends, lost, roles.left_out, compared, at)]


def _as(name: str, compared: str) -> str:
    return compared if name == compared else name


def _in_order(sheet: Sheet, number: np.ndarray, places: dict[str, np.ndarray], roles: Roles) -> np.ndarray:
    """The order of rows: run by run, and by their place in it. InputError for two rows of one place."""
    import pandas as pd

    x = next((name for name in X if name in places), None)
    order = np.lexsort((places[x], number)) if x else np.argsort(number, kind="stable")
    several = np.bincount(number) > 1
    alone = x is None or (x in ("seconds", "cpu_seconds") and not several.all())  # times of whole runs
    at = pd.DataFrame({"run": number, "x": 0.0 if alone else places[x or ""]})
    twice = at.duplicated().to_numpy()
    if twice.any():
        row = int(np.argmax(twice))
        before = int(np.argmax((at == at.iloc[row]).all(axis=1).to_numpy()))
        run = {
            name: sheet.frame[roles.own[name]].iloc[row]
            for name in ("problem", "optimizer", "seed")
            if name in roles.own
        }
        told = ", ".join(
            f"{name} {shown(value.item() if isinstance(value, np.generic) else value)}" for name, value in run.items()
        )
        where = f"{sheet.what}, {sheet.place(before)} and {sheet.place(row)}"
        step = "" if alone else f" at {x} {places[x or ''][row]:g}"
        remedy = "give the step or epoch of each row; if it" if alone else "a run has one row for each; if it"
        raise InputError(
            f"{where} are the same run{step} ({told}): {remedy} differs in a hyperparameter, name its column hp.NAME, as hp.lr; if it "
            "was repeated, give each a seed of its own"
        )
    return order


def _summaries(
    values: np.ndarray,
    written: np.ndarray,
    number: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    ascending: bool | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Final and best value of each run, NaN where it has none.

    A run has gaps where a value stands behind one: then its final value is the last that is written. Otherwise a gap at its end is
    a value that was not finite. written: which NaN are.
    """
    import pandas as pd

    is_gap = np.isnan(values) & ~written
    at = pd.Series(np.where(is_gap, -1, np.arange(len(values)))).groupby(number).cummax().to_numpy()[last]
    ends = np.maximum(at, first)  # the last row of each run in which something is written
    before = np.r_[0, np.cumsum(is_gap)]
    has_gaps = before[ends] > before[first]
    final = values[np.where(has_gaps, ends, last)]
    if ascending is None:
        return final, np.full(len(first), np.nan)
    finite = np.where(np.isfinite(values), values, np.nan)
    top = pd.Series(finite).groupby(number)
    return final, (top.max() if ascending else top.min()).to_numpy()


def _among(
    sheet: Sheet, column: str, accepted: tuple[str, ...], others: dict[str, str] | None = None
) -> pd.Series[Any]:
    """A column of words, each of them accepted, or another word for one; empty cells are the first."""
    words = (
        sheet.frame[column]
        .astype(object)
        .where(sheet.frame[column].notna(), accepted[0])
        .astype(str)
        .str.strip()
        .str.lower()
    )
    words = words.replace(others or {})
    odd = ~words.isin(accepted).to_numpy()
    if odd.any():
        row = int(np.argmax(odd))
        known = other_words() if others else ", ".join(accepted)
        raise InputError(
            f"{sheet.what}, {sheet.place(row)}, column {shown(column)}: {shown(sheet.frame[column].iloc[row])} is none of {known}"
        )
    return words
