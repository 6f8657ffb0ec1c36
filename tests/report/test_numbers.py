"""The numbers of the report's pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report.conftest import HOSTILE, ODD

import optilab
from optilab.analysis.best import best_runs
from optilab.analysis.best_of_k import tuning_curve
from optilab.analysis.curves import bands
from optilab.analysis.duels import win_rates
from optilab.analysis.measured import final_values, medians
from optilab.analysis.sensitivity import sensitivity
from optilab.analysis.trials import trial_values
from optilab.experiment.question import question_of
from optilab.report import numbers as module
from optilab.report.numbers import numbers
from optilab.report.points import ROWS, Numbers, evenly, laid_out, ranged, told
from optilab.report.source import Source, sources_of
from optilab.report.tables import Cell
from optilab.store import Results
from optilab.texts import printable, shortened

NAME = shortened(printable(HOSTILE), 60)


@pytest.fixture(scope="module")
def source(valleys: Results) -> Source:
    """The valleys, on their way into a page."""
    return sources_of([valleys])[0]


def made(source: Source, kind: str) -> list[Numbers]:
    """The tables of a kind."""
    return module._OF[kind](source)


def texts(row: Sequence[Cell | object]) -> list[str]:
    """What stands in the cells of a row."""
    return [str(cell.shown if isinstance(cell, Cell) else cell) for cell in row]


def row_of(table: Numbers, *titles: str) -> dict[str, str]:
    """The row of these names, by the heads of its columns."""
    (found,) = [own for own in map(texts, table.rows) if own[: len(titles)] == list(titles)]
    return dict(zip(table.heads, found, strict=True))


def number(text: str) -> float:
    """The first number of a text."""
    return float(re.split("[ ;]", text)[0].replace("−", "-").replace("∞", "inf"))


def test_curves_are_those_of_the_analysis(source: Source, valleys: Results) -> None:
    """Medians and quartiles at evenly spaced measurements, the first and the last among them."""
    (table,) = made(source, "convergence")
    lines = bands(valleys.history, best_runs(valleys.runs, question_of(valleys).chosen_by), "step", "train_cost")
    own = lines[(lines["problem"] == "bowl") & (lines["label"] == "sgd")].set_index("x")
    row = row_of(table, "sgd", "bowl")
    places = [head for head in table.heads if head.startswith("steps ")]
    assert places[0] == "steps 0"
    assert places[-1] == "steps 20"
    for head in places:
        band = own.loc[float(head.removeprefix("steps ")), ["median", "low", "high"]]
        assert row[head] == ranged(*band.to_numpy(np.float64).tolist())
    assert "places along each line" in table.caption
    assert all(len(row) == len(table.heads) for row in table.rows)


def test_final_values_are_those_of_the_analysis(source: Source, valleys: Results) -> None:
    """Median and interval, lowest and highest, and how many are not finite."""
    (table,) = made(source, "finals")
    best = best_runs(valleys.runs, question_of(valleys).chosen_by)
    middles = medians(final_values(best, "train_cost"), 0.95)
    assert len(table.rows) == len(middles) == 5
    for known in middles.to_dict("records"):
        row = row_of(table, shortened(printable(known["label"]), 60), known["problem"])
        assert row["median (95 % interval)"] == ranged(known["median"], known["low"], known["high"])
        assert row["runs"] == str(known["n"])
        assert row["not finite"] == str(known["lost"])
    outcomes = {texts(row)[0]: texts(row)[-1] for row in table.rows}
    assert outcomes["sgd"] == ""  # the control
    assert re.search(r"(better|worse|undecided) \(p [=<] ", outcomes[NAME])


def test_sensitivity_is_that_of_the_analysis(source: Source, valleys: Results) -> None:
    """The median at each value that was tried."""
    (table,) = made(source, "sensitivity")
    points = sensitivity(valleys.runs, "lr", "train_cost")
    own = points[(points["label"] == "sgd") & (points["problem"] == "rosenbrock")]
    row = row_of(table, "sgd", "rosenbrock")
    assert {head: row[head] for head in table.heads if row[head] and head.startswith("learning rate ")} == {
        f"learning rate {told(x)}": told(median) for x, median in zip(own["x"], own["median"], strict=True)
    }


def test_trials_are_those_of_the_analysis(source: Source, valleys: Results) -> None:
    """Median and mean of the best of k."""
    (table,) = made(source, "tuning")
    trials = trial_values(valleys.runs, "final_train_cost")
    own = trials[(trials["problem"] == "bowl") & (trials["label"] == "sgd")]
    curve = tuning_curve(own["value"].to_numpy())
    row = row_of(table, "sgd", "bowl")
    assert len(curve) == 2
    for k, median, mean in curve[["k", "median", "expected"]].to_numpy(np.float64).tolist():
        assert number(row[f"k = {k:g}"]) == pytest.approx(median, rel=1e-3)
        assert row[f"k = {k:g}"].endswith(f"mean {told(mean)}")


def test_wins_are_those_of_the_analysis(source: Source, valleys: Results) -> None:
    """Percent of pairs, rows and columns in the same order."""
    (table,) = made(source, "wins")
    best = best_runs(valleys.runs, question_of(valleys).chosen_by)
    rates = win_rates(final_values(best, "train_cost").assign(is_random=best["is_random"])).rates
    assert row_of(table, "sgd")["than wild"] == f"{100 * float(rates['wild'].to_dict()['sgd']):.0f}"
    assert [f"than {texts(row)[0]}" for row in table.rows] == list(table.heads[1:])
    assert all(texts(row)[k + 1] == "–" for k, row in enumerate(table.rows))


def test_paths_begin_and_end_where_runs_do(source: Source, valleys: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights at both ends, and the cost."""
    (table,) = made(source, "path")
    best = best_runs(valleys.runs, question_of(valleys).chosen_by)
    run = best[(best["label"] == "sgd") & (best["problem"] == "bowl") & (best["seed"] == 3)]["run_id"].iloc[0]
    own = valleys.history[valleys.history["run_id"] == run]
    row = row_of(table, "sgd", "bowl", "3")
    assert row["start: w0"] == told(own["w_0"].iloc[0])
    assert row["end: w1"] == told(own["w_1"].iloc[-1])
    assert row["cost"] == told(own["train_cost"].iloc[-1])
    assert "Shown" not in table.caption
    monkeypatch.setattr("optilab.report.curve_numbers.ROWS", 4)
    (table,) = made(source, "path")
    assert len(table.rows) == 4
    assert table.caption.endswith("Shown: the first 4 of 35 runs.")


def arrivals(problems: int = 2) -> Results:
    """A table of two methods, of which one reaches an accuracy of 0.9 in epochs 2 and 4, the other in one run of two."""
    rows = [
        {
            "problem": f"p{k}",
            "optimizer": name,
            "seed": seed,
            "epoch": epoch,
            "test_acc": 0.95 if epoch >= first else 0.5,
        }
        for k in range(problems)
        for name, firsts in (("fast", (2, 4)), ("slow", (6, 99)))
        for seed, first in enumerate(firsts)
        for epoch in range(9)
    ]
    found = optilab.load(pd.DataFrame(rows))
    from dataclasses import replace

    return replace(found, question=replace(question_of(found), measure="test_accuracy", target=0.9))


def test_times_to_a_target_and_their_profile() -> None:
    """Who has arrived by when, those who never did counted; within which factor of the fastest; shares of targets."""
    source = sources_of([arrivals()])[0]
    (table,) = made(source, "arrival")
    fast, slow = row_of(table, "fast", "p0"), row_of(table, "slow", "p0")
    assert [fast["a quarter by"], number(fast["half by (95 % interval)"]), fast["three quarters by"]] == ["2", 2, "4"]
    assert [slow["runs"], slow["arrived"], slow["a quarter by"], slow["three quarters by"]] == ["2", "1", "6", "∞"]
    (table,) = made(source, "profile")
    assert row_of(table, "fast")["within 1 times"] == "100"
    assert row_of(table, "slow")["within 2 times"] == "0"
    assert row_of(table, "slow")["within 3 times"] == "100"
    (table,) = made(source, "ecdf")
    assert number(row_of(table, "fast")["epochs 8"]) > number(row_of(table, "slow")["epochs 8"])
    (table,) = made(source, "ranks")
    assert row_of(table, "fast")["mean rank"] <= row_of(table, "slow")["mean rank"]


def test_runs_that_did_not_last_are_infinite() -> None:
    """In curves from their end on, among final values, and in words beside a setting."""
    rows = [
        {
            "optimizer": "a",
            "seed": seed,
            "epoch": epoch,
            "cost": np.nan if epoch and lr > 1 else 1.0 + seed,
            "hp.lr": lr,
        }
        for lr in (1, 2)
        for seed in range(3)
        for epoch in range(2)
    ]
    source = sources_of([optilab.load(pd.DataFrame(rows))])[0]
    (table,) = made(source, "sensitivity")
    assert row_of(table, "a")["learning rate 2"] == "∞ (3 of 3 not finite)"
    rows = [{**row, "optimizer": f"lr {row['hp.lr']}"} for row in rows]
    frame = pd.DataFrame(rows).drop(columns="hp.lr")
    source = sources_of([optilab.load(frame)])[0]
    (curves,), (finals,) = made(source, "convergence"), made(source, "finals")
    assert row_of(curves, "lr 2")["epochs 1"] == "∞"
    assert row_of(curves, "lr 2")["epochs 0"] == "2 (1.5 to 2.5)"
    row = row_of(finals, "lr 2")
    assert [row["median (95 % interval)"], row["lowest"], row["not finite"]] == ["∞", "–", "3"]


def test_a_measure_of_which_the_highest_is_best_keeps_its_sign() -> None:
    """Pictures turn it round, and write it as it is; so do the numbers."""
    rows = [
        {"optimizer": name, "seed": seed, "epoch": epoch, "exam_score": epoch + seed + add}
        for name, add in (("a", 0), ("b", 10))
        for seed in range(6)
        for epoch in range(3)
    ]
    source = sources_of([optilab.load(pd.DataFrame(rows))])[0]
    (curves,), (finals,) = made(source, "convergence"), made(source, "finals")
    assert row_of(curves, "b")["epochs 0"] == "12.5 (11.25 to 13.75)"
    assert row_of(finals, "b")["median (95 % interval)"] == "14.5 (12 to 17)"
    assert row_of(finals, "b")["lowest"] == "12"
    assert number(row_of(finals, "b")["difference from a"]) == 10
    assert [texts(row)[0] for row in finals.rows] == ["b", "a"]


def test_names_are_escaped_and_heads_have_a_scope(source: Source) -> None:
    """A hostile name is text; every head says of what it is one; there is a caption that is seen."""
    for kind in ("finals", "wins", "convergence"):
        found = numbers(source, kind)
        assert found is not None
        assert "<img" not in found
        assert NAME in unescape(found)
        heads = re.findall(r"<th\b[^>]*>", found)
        assert heads
        assert all('scope="col"' in head or 'scope="row"' in head for head in heads)
        assert re.search(r"<caption>[^<]{20,}", found)
        assert found.startswith('<details class="numbers"><summary>Numbers of this picture</summary>')


@pytest.mark.parametrize("what", ODD)
def test_odd_results_have_numbers_or_none(valleys: Results, what: str) -> None:
    """No traceback, whatever the picture says: a table of each kind, or none; never a number that is none in words."""
    source = sources_of([ODD[what](valleys)])[0]
    found = {kind: numbers(source, kind) or "" for kind in module._OF}
    assert not [kind for kind, text in found.items() if re.search(r"\bnan\b|\binf\b", text)]
    if what == "a target that nobody reached":
        assert "∞" in found["arrival"]


def test_kinds_without_numbers_have_none(source: Source) -> None:
    """A picture that doesn't fit has no table; neither has one that is none."""
    for kind in ("heatmap", "arrival", "schedules", "profile", "digits"):
        assert numbers(source, kind) is None


def test_two_hyperparameters_are_a_table_of_both() -> None:
    """A row a value of the second, a column a value of the first."""
    rows = [
        {"optimizer": "ours", "seed": 0, "test_acc": 0.9 - lr - beta, "hp.lr": lr, "hp.beta": beta}
        for lr in (0.1, 0.2, 0.3)
        for beta in (0.25, 0.5)
    ]
    (table,) = made(sources_of([optilab.load(pd.DataFrame(rows))])[0], "heatmap")
    assert row_of(table, "0.25") == {"beta": "0.25", "lr 0.1": "45", "lr 0.2": "55", "lr 0.3": "65"}


def points(lines: int, places: int, shift: float = 0.0) -> pd.DataFrame:
    """Points of so many lines at so many places each, which differ from line to line by a shift."""
    return pd.DataFrame(
        [{"label": f"l{k}", "x": at + shift * k, "text": f"{k}:{at}"} for k in range(lines) for at in range(places)]
    )


@settings(max_examples=60)
@given(st.integers(1, 100), st.integers(1, 60), st.sampled_from([0.0, 0.001]))
def test_a_table_is_bounded_and_says_what_it_lacks(lines: int, places: int, shift: float) -> None:
    """A few dozen rows and columns at most; every cell is its line's at its place; what is left out is said."""
    table = laid_out(points(lines, places, shift), {"label": "method"}, "at", "value", "What.")
    assert 0 < len(table.rows) <= 2 * ROWS
    assert all(len(row) == len(table.heads) <= 14 for row in table.rows)
    cells = [text for row in table.rows for text in texts(row)[1:] if ":" in text]
    assert len(cells) == len(set(cells))
    assert (len(cells) < lines * places) == ("Shown" in table.caption)
    for row in map(texts, table.rows):
        assert all(text.split(":")[0] == row[0][1:] for text in row[1:] if ":" in text)


@settings(max_examples=60)
@given(st.integers(1, 300), st.integers(2, 20))
def test_points_are_evenly_spaced(count: int, each: int) -> None:
    """As many as wanted, both ends, and steps that differ by one at most."""
    kept = evenly(pd.DataFrame({"a": 1, "k": range(count)}), ["a"], each)["k"].to_numpy()
    assert len(kept) == min(count, each)
    assert (kept[0], kept[-1]) == (0, count - 1)
    assert np.ptp(np.diff(kept)) <= 1 if len(kept) > 1 else count == 1
