"""Tables in a terminal: the comparison and the live display hold the right figures, and break no word, however narrow it is."""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from optilab import store
from optilab.cli import live, outlets
from optilab.cli.comparison import comparison_notes, comparison_table, comparison_text
from optilab.cli.table import TableColumn, fitting
from optilab.cli.terminal import Terminal
from optilab.records.columns import COLUMNS, in_words
from optilab.records.question import Question
from optilab.texts import printable
from terminals import printed

words = st.text("abcdefghij0123456789.-", min_size=1, max_size=12)
cells = st.lists(words, max_size=4).map(" ".join)


@given(st.lists(st.tuples(cells, cells, words, words), min_size=1, max_size=4), st.integers(20, 110))
def test_tables_break_no_word_and_no_number(rows: list[tuple[str, ...]], width: int) -> None:
    """However narrow it is: no line is too long, and every word of every cell stands in one piece."""
    columns = [
        TableColumn("what it is"),
        TableColumn("how"),
        TableColumn("number\nof it", figures=True),
        TableColumn("other", figures=True),
    ]
    shown = printed(fitting(columns, [[Text(cell) for cell in row] for row in rows], width), width)
    assert max(map(len, shown.splitlines())) <= width
    there = shown.replace("(", " ").replace(")", " ").replace(":", " ").split()
    for word in {word for row in rows for cell in row for word in cell.split()}:
        assert there.count(word) >= sum(cell.split().count(word) for row in rows for cell in row)


FOUND = pd.DataFrame(
    {
        "run_id": [f"{k:016x}" for k in range(5)],
        "problem": "digits",
        "optimizer": "sgd",
        "label": ["sgd"] * 3 + ["gradient_descent"] * 2,
        "schedule": "constant",
        "batch_size": 10,
        "seed": [0, 1, 2, 0, 1],
        "role": "evaluation",
        "status": ["budget"] * 3 + ["diverged"] * 2,
        "message": "",
        "final_train_cost": [0.123456, 0.5, 0.25, math.inf, math.inf],
        "final_test_cost": [0.2, 0.6, 0.3, math.nan, math.nan],
        "final_test_accuracy": [0.91236, 0.5, 0.75, math.nan, math.nan],
        "spec": "{}",
        "lr": [0.01] * 3 + [9.0] * 2,
    }
)


def history_of(runs: pd.DataFrame) -> pd.DataFrame:
    """One measurement of each, after two epochs and a second and a half."""
    return pd.DataFrame({"run_id": runs["run_id"], "step": 20, "epoch": 2.0, "seconds": 1.5})


def comparison_at(width: int, tuned: bool = False) -> str:
    """The comparison of FOUND in a terminal of some width."""
    found = store.Results(Path(), FOUND, history_of(FOUND))
    return printed(comparison_table(Question(on_other_seeds=tuned), found, width), width)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_comparison_holds_the_medians_and_ranges(width: int) -> None:
    """Accuracy in percent, costs to three digits, medians with the lowest and the highest; in a table or below each other."""
    text = comparison_at(width)
    assert max(map(len, text.splitlines())) <= width
    row = text[text.index("sgd") : text.index("gradient_descent")]
    for figure in ("75.00", "50.00–91.24", "0.3", "0.2–0.6", "0.25", "0.123–0.5", "1.5"):
        assert figure in row.replace("(", " ").replace(")", " ").split()
    row = text[text.index("gradient_descent") :]
    assert {"(2", "diverged)"} <= set(row.split())
    assert "Median over 3 seeds" in " ".join(row.split())


@pytest.mark.parametrize(
    ("lost", "shown"), [(1, "70.00 (not finite–80.00)"), (2, "not finite (not finite–80.00)"), (3, "not finite")]
)
def test_runs_that_did_not_last_stand_in_ranges(lost: int, shown: str) -> None:
    """Of accuracies too: what is infinitely bad is not finite, in the median and at an end, however few there are."""
    runs = FOUND[:3].assign(final_test_accuracy=[0.8, 0.7, 0.6])
    runs = pd.concat([FOUND[:1], runs.assign(label="wild")], ignore_index=True)
    runs["run_id"] = [f"{k:016x}" for k in range(4)]
    runs.loc[4 - lost :, "status"] = "diverged"
    found = store.Results(Path(), runs, history_of(runs))
    text, _ = comparison_text(Question(measure="test_accuracy"), found, "markdown")
    (row,) = (line for line in text.splitlines() if "wild" in line)
    assert f"| wild ({lost} diverged) | {shown} |" in row


@pytest.mark.parametrize(
    ("measure", "first"),
    [
        (None, "wild"),
        ("test_accuracy", "wild"),
        ("train_accuracy", "sgd"),
        ("train_cost", "sgd"),
        ("test_cost", "wild"),
    ],
)
def test_the_best_by_the_measure_of_the_question_stands_first(measure: str | None, first: str) -> None:
    """Not by the training cost, unless that is compared; the table has the measure, and its note says which it is."""
    runs = FOUND[:3].assign(final_train_accuracy=0.9, best_train_accuracy=0.9)
    wild = runs.assign(label="wild", run_id=[f"{k:016x}" for k in range(5, 8)], final_train_accuracy=0.8)
    wild[["final_train_cost", "final_test_cost", "final_test_accuracy"]] += [1, -0.1, 0.01]
    runs = pd.concat([runs, wild], ignore_index=True)
    for order in ([0, 1, 2, 3, 4, 5], [5, 3, 4, 1, 0, 2]):
        found = store.Results(Path(), runs.iloc[order].reset_index(drop=True), history_of(runs))
        text, notes = comparison_text(Question(measure=measure), found, "markdown")
        assert text.splitlines()[2].startswith(f"| {first} |")
        name = in_words(measure or "test_accuracy")
        assert f"Ordered by {name}, the best first." in notes
        assert name in text.splitlines()[0]


def test_lines_that_ended_at_a_target_are_ordered_by_the_time_to_it() -> None:
    """Not by their last values, which happened to come first beyond it; what missed it stands last."""
    runs = FOUND[:3].assign(label=["slow", "fast", "missed"], status=["target", "target", "budget"], seed=0)
    history = history_of(runs).assign(epoch=[3.0, 2.0, 9.0])
    text, notes = comparison_text(Question(measure="test_cost"), store.Results(Path(), runs, history), "markdown")
    assert [line.split()[1] for line in text.splitlines()[2:5]] == ["fast", "slow", "missed"]
    assert "Ordered by epochs to the target at which runs ended, the best first." in notes


@pytest.mark.parametrize(("tuned", "told"), [(True, "on other seeds"), (False, "on the same seeds")])
def test_on_which_seeds_hyperparameters_were_chosen(tuned: bool, told: str) -> None:
    """It is said below the table, where there was something to choose."""
    assert "chosen on" not in comparison_at(100, tuned)
    runs = pd.concat([FOUND[:1], FOUND[:1].assign(run_id="f" * 16, lr=0.02, final_train_cost=9.0)], ignore_index=True)
    table = comparison_table(Question(on_other_seeds=tuned), store.Results(Path(), runs, history_of(runs)), 100)
    text = " ".join(printed(table, 100).split())
    assert f"Hyperparameters chosen {told}, by final training cost." in text
    assert "lr=0.01*" in text


def test_validation_stands_beside_test_results() -> None:
    """Where a validation part was measured, the table has its cost and its accuracy."""
    assert "validation" not in comparison_at(120)
    runs = FOUND[:3].assign(final_valid_cost=0.4, final_valid_accuracy=0.875)
    table = comparison_table(Question(), store.Results(Path(), runs, history_of(runs)), 120)
    text = printed(table, 120)
    assert text.count("validation") == 2
    assert {"87.50", "0.4"} <= set(text.split())


def test_hyperparameters_chosen_on_the_test_examples_are_not_hidden() -> None:
    """The note below the table says so."""
    runs = pd.concat([FOUND[:1], FOUND[:1].assign(run_id="f" * 16, lr=0.02, final_test_cost=9.0)], ignore_index=True)
    question = Question(chosen_by="final_test_cost", on_other_seeds=True)
    table = comparison_table(question, store.Results(Path(), runs, history_of(runs)), 100)
    text = " ".join(printed(table, 100).split())
    assert "Hyperparameters chosen on other seeds, by final test cost, on the test examples themselves." in text


def test_nothing_to_compare_is_said() -> None:
    """Without a run of evaluation there is a sentence in place of the table."""
    tuning = FOUND[FOUND["status"] != "diverged"].assign(role="tuning")
    table = comparison_table(Question(), store.Results(Path(), tuning, history_of(tuning)), 80)
    assert printed(table).strip() == "No runs to compare."


def finished(label: str, status_of_it: str, cost: float) -> Any:
    """A run that has ended with some cost."""
    row = [0.0] * len(COLUMNS)
    row[COLUMNS.index("train_cost")] = cost
    job = SimpleNamespace(task=SimpleNamespace(cell=SimpleNamespace(label=label)), seed=7, run_id="0" * 16)
    return SimpleNamespace(job=job, outcome=SimpleNamespace(status=status_of_it, message="why", log=np.array([row])))


def live_table(runs: list[Any], width: int = 100) -> str:
    """What the live display shows once these have ended."""
    terminal = Terminal()
    terminal.width = width
    shown = live.Live(terminal, "train_cost")
    with terminal.capture():
        shown.started("evaluation", len(runs) + 2, 3, 0, 0)
        shown.finished(runs, 2)
    return printed(shown._picture(), width)


def test_the_live_table_shows_the_best_so_far() -> None:
    """Of each line the lowest last cost of runs that lasted, best line first, with what ended otherwise; and done against wanted."""
    runs = [
        finished("a", "budget", 3.0),
        finished("a", "budget", 2.0),
        finished("a", "diverged", 0.5),
        finished("b", "budget", 1.25),
        finished("b", "failed", 0.1),
    ]
    lines = [line.split() for line in live_table(runs).splitlines()]
    assert ["b", "2", "1.25", "1", "failed"] in lines
    assert ["a", "3", "2", "1", "diverged"] in lines
    assert lines.index(["b", "2", "1.25", "1", "failed"]) < lines.index(["a", "3", "2", "1", "diverged"])
    assert any("8/10" in line for line in lines)
    assert any(line[:3] == ["2", "under", "way,"] for line in lines)


@pytest.mark.parametrize("width", [60, 80])
def test_the_live_table_breaks_no_word(width: int) -> None:
    """The counts, the bar and what is under way stand in whole words on narrow terminals."""
    text = live_table(
        [finished("a rather long label of an optimizer", "diverged", 3.0), finished("b", "budget", 1.0)], width
    )
    assert max(map(len, text.splitlines())) <= width
    there = text.split()
    assert {"rather", "optimizer", "diverged", "evaluation", "5/7", "2", "under", "way,"} <= set(there)
    assert "…" not in text


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3599, "59:59"), (3600, "1:00:00"), (93784, "26:03:04")],
)
def test_time_that_is_left(seconds: float, told: str) -> None:
    """Minutes and seconds, with hours where there are some."""
    assert live._duration(seconds) == told


@pytest.mark.parametrize(("a_second", "told"), [(2.5, "2.5 runs/s"), (1, "1 runs/s"), (0.5, "30 runs/min")])
def test_runs_a_second(a_second: float, told: str) -> None:
    """A minute where it is fewer than one a second."""
    assert live._rate(a_second) == told


@given(label=st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_the_note_below_the_comparison_has_labels_to_the_letter(label: str) -> None:
    """No character of a label is lost there, not even one that rich takes out of its texts."""
    runs = pd.DataFrame(
        {"label": [label, "sgd"], "random": [False, True], "seeds": 1, "hyperparameters": "", "ended": ""}
    )
    runs["measure"] = "test_cost"
    results: Any = SimpleNamespace(runs=pd.DataFrame())  # nothing was tuned
    notes = comparison_notes(Question(), results, runs, below=True)
    ordered = " Ordered by test cost, the best first." if label != "sgd" else ""
    assert printable(notes) == f"One seed. Of {printable(label)} one run, as nothing in it is random." + ordered


@pytest.mark.parametrize("width", [60, 80, 100])
def test_tables_stand_in_a_narrow_encoding(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are measured as the encoding shows them: all lines of a table have the same width, and columns stand below each other."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    with outlets.outlets():
        terminal = Terminal()
        rows = [[Text("\u5b66\u7fd2\u7387 \u2713"), Text("1.5")], [Text("sgd"), Text("0.25")]]
        terminal.print(fitting([TableColumn("optimizer"), TableColumn("cost", figures=True)], rows, width))
    lines = written.getvalue().decode("ascii").splitlines()
    assert r"\u5b66\u7fd2\u7387 +" in "\n".join(lines)
    assert (
        len({line.index(figure) + len(figure) for line in lines for figure in ("1.5", "0.25") if figure in line}) == 1
    )
