"""What the interactive picture draws."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report.conftest import made_up

from optilab.analysis.best import best_runs
from optilab.analysis.curves import bands
from optilab.experiment.question import question_of
from optilab.records.question import Question
from optilab.report.curves import coded, curves
from optilab.store import Results
from optilab.texts import printable


def decoded(found: list[Any]) -> np.ndarray:
    """Values as the page's script reads them."""
    low, high, log, text = found
    codes = np.frombuffer(base64.b64decode(text), "<u2").astype(float)
    bottom, top = (np.log(low), np.log(high)) if log else (low, high)
    places = bottom + (top - bottom) * codes / 65534
    return np.where(codes == 65535, np.nan, np.exp(places) if log else places)


@given(st.lists(st.floats(1e-20, 1e20) | st.just(float("nan")) | st.just(float("inf")), min_size=1))
def test_coded_positive_values(values: list[float]) -> None:
    """Each is exact to a tenth of a percent; what is not finite stays so."""
    given_ones = np.array(values)
    found = decoded(coded(given_ones))
    finite = np.isfinite(given_ones)
    assert (np.isnan(found) == ~finite).all()
    assert np.allclose(found[finite], given_ones[finite], rtol=1e-3)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_coded_values_of_any_sign(values: list[float]) -> None:
    """Each is exact to a part in 65,534 of their range or of its logarithm, and to a few digits."""
    found, wanted = decoded(coded(np.array(values))), np.array(values)
    powers = np.log(wanted.max() / wanted.min()) if wanted.min() > 0 else 0.0
    allowed = np.maximum((wanted.max() - wanted.min()) / 65534, np.abs(wanted) * max(1e-5, powers / 65534))
    assert (np.abs(found - wanted) <= allowed + 1e-300).all()


def test_medians_are_those_of_the_analysis(valleys: Results) -> None:
    """To five digits, for every measure; their lines are the best cells', with the number of their seeds."""
    question = question_of(valleys)
    best = best_runs(valleys.runs, question.chosen_by)
    found = curves(valleys, question)
    tables = bands(valleys.history, best, "step", "train_cost")
    assert [line["label"] for line in found.lines] == [
        printable(label) for label in tables["label"][~tables.duplicated(["problem_id", "line_id"])]
    ]
    for line in found.lines:
        own = tables[(tables["label"].map(printable) == line["label"]) & (tables["problem"] == line["problem"])]
        assert line["n"] == own["seeds"].iloc[0] == 7
        assert line["count"] == len(own)
        assert found.places[line["x"]["step"]] == own["x"].tolist()
        for values, column in zip(line["y"]["train_cost"], ("median", "low", "high"), strict=True):
            known = np.array([np.nan if v is None else v for v in values])
            wanted = own[column].to_numpy()
            assert (np.isnan(known) == ~np.isfinite(wanted)).all()
            assert np.allclose(known, np.where(np.isfinite(wanted), wanted, np.nan), rtol=1e-4, equal_nan=True)


def test_seeds_are_the_runs(valleys: Results) -> None:
    """Each seed of a line is there with its status and its history."""
    found = curves(valleys, question_of(valleys))
    line = next(line for line in found.lines if line["label"] == "sgd" and line["problem"] == "bowl")
    assert [seed["seed"] for seed in line["seeds"]] == list(range(7))
    best = best_runs(valleys.runs)
    run = best[(best["label"] == "sgd") & (best["problem"] == "bowl") & (best["seed"] == 3)]["run_id"].iloc[0]
    wanted = valleys.history.loc[valleys.history["run_id"] == run, "train_cost"]
    assert np.allclose(
        decoded(line["seeds"][3]["y"][[one["key"] for one in found.measures].index("train_cost")]), wanted, rtol=1e-3
    )


def test_many_points_are_thinned() -> None:
    """Medians keep their ends and at most two hundred places; seeds share what they have together."""
    results = made_up(100, 1000, lines=10)
    assert results.question is not None
    found = curves(results, results.question)
    line = found.lines[0]
    steps = found.places[line["x"]["step"]]
    assert len(steps) == 200
    assert (steps[0], steps[-1]) == (0, 999)
    assert len(found.places) < 6  # all lines are measured at the same steps
    seed = line["seeds"][0]
    assert seed["of"] == 1000
    assert 100 < len(decoded(seed["y"][0])) <= 70_000 // 300


def test_of_too_many_lines_the_best_of_each_problem_are_drawn() -> None:
    """Costs of different problems are not compared: no problem is left out for its unit, and the lines left out are counted."""
    results = made_up(300, 2, lines=150)
    runs = results.runs.assign(problem_id="one", line_id=results.runs["label"])
    dear = runs.assign(problem="dear", problem_id="dear", run_id="d" + runs["run_id"])
    dear["final_train_cost"] = runs["final_train_cost"] * 1e6
    history = results.history.assign(run_id="d" + results.history["run_id"].astype(str))
    both = replace(results, runs=pd.concat([runs, dear]), history=pd.concat([results.history, history]))
    found = curves(both, Question(measure="train_cost"))
    assert len(found.lines) == 200
    assert found.left == 100
    assert [sum(line["problem"] == name for line in found.lines) for name in ("network", "dear")] == [100, 100]


@pytest.mark.parametrize("column", ["status", "role"])
def test_nothing_to_draw(valleys: Results, column: str) -> None:
    """Without a run of evaluation, or without history, there are no lines."""
    none = (
        replace(valleys, runs=valleys.runs.assign(role="tuning"))
        if column == "role"
        else replace(valleys, history=valleys.history[:0])
    )
    assert curves(none, question_of(valleys)).lines == []
