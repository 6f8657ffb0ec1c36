"""Results from wherever they are: a results folder, or anybody's table of runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from optilab import store
from optilab.errors import InputError, unknown
from optilab.records.measures import Measure
from optilab.store import Results

if TYPE_CHECKING:
    import pandas as pd


def load_any(
    given: str | Path | pd.DataFrame,
    *,
    every: bool = False,
    measure: str | None = None,
    best: str | None = None,
    control: str | None = None,
    confidence: float | None = None,
) -> Results:
    """Results in a folder, or in a table of runs, which is a file (`store.load_table` says what it holds) or a DataFrame.

    every: return all runs of a folder, also those that its experiment no longer wants. measure, control, confidence: in place of
    those that the results' question has. best: "highest" or "lowest", for a measure whose name doesn't say which value is the best.

    InputError if it is neither, or can't be read; and for a measure, a control or a confidence that doesn't fit.
    """
    if confidence is not None and not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, not {confidence:g}")
    if not isinstance(given, (str, Path)) or (store.is_table_file(Path(given)) and not Path(given).is_dir()):
        found = store.load_table(given, measure=measure, best=best, control=control, confidence=confidence or 0.95)
        _check_control(found, control)
        return found
    if Path(given).is_file():
        raise InputError(
            f"{str(given)!r} is no results folder, and no table: that is a file such as runs.csv, .tsv or .csv.gz"
        )
    found = store.load_all(given) if every else store.load(given)
    if best is not None and measure is None:
        raise InputError("best is the best value of a measure: give measure too")
    if measure is None and control is None and confidence is None:
        return found
    from optilab.experiment.question import question_of

    asked = question_of(found)
    if measure is not None:
        if f"final_{measure}" not in found.runs:
            known = [str(name)[6:] for name in found.runs if str(name).startswith("final_")]
            raise unknown("measure", measure, known)
        named = measure if best is None else Measure(measure, best == "highest")
        asked = replace(asked, measure=named, target=asked.target if measure == asked.measure else None)
    _check_control(found, control)
    asked = replace(asked, control=control or asked.control, confidence=confidence or asked.confidence)
    return replace(found, question=asked)


def _check_control(found: Results, control: str | None) -> None:
    labels = list(dict.fromkeys(found.runs["label"].astype(str)))
    if control is not None and control not in labels:
        raise unknown("control", control, labels)
