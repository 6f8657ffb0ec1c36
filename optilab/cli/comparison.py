"""The comparison of optimizers as a table, for the terminal or as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Group
from rich.text import Text

from optilab.analysis.comparison import COMPARED, comparison
from optilab.analysis.effort import tuning_effort
from optilab.cli.table import TableColumn, fitting
from optilab.cli.written import FORMATS
from optilab.errors import InputError, unknown
from optilab.records.chosen import by_in_words
from optilab.records.columns import in_words
from optilab.records.question import Question
from optilab.records.specs import ONE_ORDER, measured_on, share_order
from optilab.store import Results
from optilab.texts import counted, printable, shortened_apart
from optilab.training.chance import WITHOUT_CHANCE

_LONGEST = 60  # letters of a name in the terminal's table
_NAME = 40  # and in its notes
_LISTED = 12  # lines that the notes name
_NOT_FINITE = "not finite"  # of a run that did not last


NO_RUNS = "No runs to compare."


def comparison_table(question: Question, found: Results, width: int) -> Group:
    """One row per line of the comparison, showing the best cell that was chosen; notes stand below.

    width: of the terminal, in characters.
    """
    rows = comparison(found.runs, found.history, question.chosen_by, question.measure)
    if rows.empty:
        return Group(Text(NO_RUNS))
    columns = _columns(rows, found)
    short = _short(rows)
    table = [[_cell(key, row, short) for key in columns] for row in rows.to_dict("records")]
    heading = 2 if "problem" in columns else 1
    return Group(
        fitting(list(columns.values()), table, width, heading=heading),
        Text(printable(comparison_notes(question, found, rows, below=True))),
    )


def comparison_text(question: Question, found: Results, form: str) -> tuple[str, str]:
    """The same table as text, in one of `written.FORMATS`, and its notes. InputError for another format, and if there are no runs to compare."""
    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
    rows = comparison(found.runs, found.history, question.chosen_by, question.measure)
    if rows.empty:
        raise InputError(NO_RUNS)
    columns = _columns(rows, found)
    notes = printable(comparison_notes(question, found, rows, below=False))
    if form == "csv":
        parts = [part for key, column in columns.items() for part in _parts(key, column)]
        table = [[text for key in columns for text in _plain_numbers(key, row)] for row in rows.to_dict("records")]
        return FORMATS[form]([title for title, _ in parts], table, [right for _, right in parts], notes), notes
    table = [[_on_one_line(_cell(key, row, {})) for key in columns] for row in rows.to_dict("records")]
    head = [column.title for column in columns.values()]
    return FORMATS[form](head, table, [column.figures for column in columns.values()], notes), notes


def _parts(key: str, column: TableColumn) -> list[tuple[str, bool]]:
    """The columns of CSV that a column becomes, with whether they are of numbers: a range is three."""
    ends = ("", " low", " high") if column.figures and key not in ("epochs", "seconds") else ("",)
    return [(f"{column.title}{end}", column.figures) for end in ends]


def _plain_numbers(key: str, row: Mapping[Any, Any]) -> list[str]:
    """The cells of a row in these columns, numbers alone; infinite ones are inf or -inf."""
    if key in ("problem", "optimizer", "best", "epochs", "seconds"):
        return [_cell(key, row, {}).plain]
    form, factor = (".2f", 100) if key.endswith("accuracy") else (".3g", 1)
    values = [factor * row[name] for name in (key, f"{key}_low", f"{key}_high")]
    return ["" if math.isnan(value) else f"{value:{form}}" for value in values]


def _short(rows: pd.DataFrame) -> dict[str, str]:
    """The names of problems and lines as a terminal shows them, told apart."""
    named = [list(dict.fromkeys(rows[key].astype(str))) for key in ("problem", "label")]
    return {
        name: short
        for names in named
        for name, short in zip(names, shortened_apart([printable(one) for one in names], _LONGEST), strict=True)
    }


def _on_one_line(cell: Text) -> str:
    value, _, ends = cell.plain.partition("\n")
    return f"{value} ({ends})" if ends else value


def _columns(rows: pd.DataFrame, found: Results) -> dict[str, TableColumn]:
    """The columns that have values, by their keys in `_cell`."""
    classified = bool(rows["test_accuracy"].notna().any())
    tested = bool(rows["test_cost"].notna().any())
    validated = bool(rows["valid_cost"].notna().any())
    several = rows["problem"].nunique() > 1
    tuned = bool(rows["hyperparameters"].any())
    measure = rows["measure"].iloc[0]
    others = {} if measure in COMPARED else {measure: (_of_measure(measure), True)}
    # of a table of anybody's, which may have none of these; a line of which nothing is finite has an empty one otherwise
    trained = bool(rows["train_cost"].notna().any()) or not (others or classified or tested or validated)
    own = found.question is None or "spec" in found.runs  # of optilab, whose runs have all of them
    columns = {
        "problem": (TableColumn("problem"), several),
        "optimizer": (TableColumn("optimizer"), True),
        "best": (TableColumn("best"), tuned),
        "valid_accuracy": (
            TableColumn("validation\naccuracy (%)", figures=True),
            bool(rows["valid_accuracy"].notna().any()),
        ),
        "valid_cost": (TableColumn("validation\ncost", figures=True), validated),
        "test_accuracy": (TableColumn("test\naccuracy (%)", figures=True), classified),
        "test_cost": (TableColumn("test cost", figures=True), tested),
        **others,
        "train_cost": (TableColumn("training\ncost", figures=True), trained),
        "epochs": (TableColumn(_unit(found), figures=True), own or bool(rows["epochs"].notna().any())),
        "seconds": (TableColumn("seconds", figures=True), own or bool(rows["seconds"].notna().any())),
    }
    return {key: column for key, (column, there) in columns.items() if there}


def _of_measure(measure: str) -> TableColumn:
    """The column of a measure that the table has only where it is asked for."""
    return TableColumn(f"{in_words(measure)} (%)" if measure.endswith("accuracy") else in_words(measure), figures=True)


def _unit(found: Results) -> str:
    """What the column epoch counts: epochs, or steps where there are no batches, as on a function."""
    same = bool((found.history["epoch"] == found.history["step"]).all())
    return "steps" if same and found.history["test_cost"].isna().all() else "epochs"


def comparison_notes(question: Question, found: Results, rows: pd.DataFrame, *, below: bool) -> str:
    """The notes of the table: number of seeds, by which measure it is ordered, on which seeds and by what hyperparameters were chosen, and what that cost.

    below: whether ranges stand below the medians, and not behind them.
    """
    seeds = rows["seeds"].max()
    where = "below it" if below else "in brackets"
    caption = "One seed."
    if seeds > 1:
        order = f" {ONE_ORDER}" if share_order(found.runs) else ""
        caption = f"Median over {seeds} seeds{order}; {where} the lowest and the highest."
    alone = rows.loc[~rows["random"].astype(bool), "label"]
    if len(alone) == len(rows):
        caption = f"Each is {WITHOUT_CHANCE}."
    elif len(alone):
        labels = "; ".join(_in_notes(list(dict.fromkeys(alone.astype(str))), below))
        caption += f" Of {labels} {WITHOUT_CHANCE}."
    if rows["label"].nunique() > 1:
        at_target = rows["ended"].str.contains(r"\btarget\b").any()
        by = f"{_unit(found)} to the target at which runs ended" if at_target else in_words(rows["measure"].iloc[0])
        caption += f" Ordered by {by}, the best first."
    if rows["hyperparameters"].any():
        chosen_on = "other seeds" if question.on_other_seeds else "the same seeds"
        caption += f" Hyperparameters chosen on {chosen_on}, by {by_in_words(question.chosen_by)}."
        if rows["hyperparameters"].str.contains("*", regex=False).any():
            caption += " * at an end of the values that were tried: a better one may lie beyond."
        caption += _effort(tuning_effort(found.runs, found.history), _unit(found), below)
    return f"{caption} {measured_on(found.runs)}".rstrip()


def _in_notes(labels: Sequence[str], in_terminal: bool) -> list[str]:
    """Labels as notes name them; those of a file are never shortened."""
    return shortened_apart(labels, _NAME) if in_terminal else list(labels)


def _effort(effort: pd.DataFrame, unit: str, in_terminal: bool) -> str:
    """The sentence that says how many trials, and of what length together, went into each label, on all problems together."""
    of_label = effort.groupby("label", sort=False)[["trials", "epochs"]].sum(min_count=1).reset_index()
    rows = of_label[of_label["trials"] > 0].to_dict("records")
    none = len(of_label) - len(rows)
    untuned = f" {counted(none, 'line is', 'lines are')} evaluated without any." if none else ""
    problems = int(effort["problem"].nunique())
    where = f"on {problems} problems together" if problems > 1 else "in all"
    told = [
        counted(row["trials"], "trial")
        + ("" if math.isnan(row["epochs"]) else f" ({row['epochs']:.4g} {unit} {where})")
        for row in rows
    ]
    if len(set(told)) == 1:
        return f" Trials behind each: {told[0]}.{untuned}"
    names = _in_notes([str(row["label"]) for row in rows], in_terminal)
    parts = [f"{label} {text}" for label, text in zip(names, told, strict=True)]
    listed = "; ".join(parts[:_LISTED]) + (f"; and {len(parts) - _LISTED} more" if len(parts) > _LISTED else "")
    unequal = len({row["trials"] for row in rows}) > 1
    return f" {'Unequal numbers of trials' if unequal else 'Trials'} behind them: {listed}.{untuned}"


def _cell(key: str, row: Mapping[Any, Any], short: Mapping[str, str]) -> Text:
    match key:
        case "problem":
            return Text(short.get(str(row["problem"]), printable(str(row["problem"]))))
        case "optimizer":
            label = short.get(str(row["label"]), printable(str(row["label"])))
            return Text(f"{label} ({row['ended']})" if row["ended"] else label)
        case "best":
            return Text(row["hyperparameters"])
        case _ if key.endswith("accuracy"):
            return _range(row, key, ".2f", 100)
        case "epochs":
            return _number(row["epochs"], "g")
        case "seconds":
            return _number(row["seconds"], ".3g")
        case _:
            return _range(row, key, ".3g")


def _number(value: float, form: str) -> Text:
    return Text("" if math.isnan(value) else f"{value:{form}}")


def _range(row: Mapping[Any, Any], measure: str, form: str, factor: float = 1.0) -> Text:
    middle, low, high = (factor * row[name] for name in (measure, f"{measure}_low", f"{measure}_high"))
    if math.isnan(middle):
        return Text(_NOT_FINITE if not row["seeds"] and "diverged" in row["ended"] else "")
    middle, low, high = (f"{value:{form}}" if math.isfinite(value) else _NOT_FINITE for value in (middle, low, high))
    return Text(middle) if low == high else Text(middle).append(f"\n{low}–{high}", style="dim")
