"""Lines for which no value could be chosen, because all diverged."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from runner.lines import experiment, table

from optilab.cli.dry_run import dry_run
from optilab.cli.run import run_and_compare
from optilab.figures import draw as drawing
from optilab.records.chosen import nothing_chosen
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way

INLINE = Way("inline")
draw = partial(drawing.draw, train_again=made_again)
WILD = {"use": "sgd", "lr": [1e6, 1e7]}
CALM = {"use": "adam", "lr": [0.1, 0.2]}


@pytest.mark.parametrize("tuning", [None, {"seeds": 1}])
def test_nothing_is_chosen_where_all_diverged(
    tmp_path: Path, tuning: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is evaluated at nothing, and every table says so; the others are as they were."""
    given = experiment(budget={"steps": 400}, tuning=tuning, optimizers=[WILD, CALM])
    made = run_experiment(given, tmp_path / "r", INLINE)
    evaluated = made.runs[made.runs["role"] == "evaluation"]
    assert set(evaluated["label"]) == ({"adam"} if tuning else {"adam", "sgd"})
    rows = table(made)
    assert rows.index.tolist() == ["adam", "sgd"]
    assert list(rows.loc["sgd", ["hyperparameters", "seeds", "ended"]]) == [
        nothing_chosen("final_train_cost"),
        0,
        "2 diverged",
    ]
    assert np.isnan(rows["train_cost"]["sgd"])
    assert rows["hyperparameters"]["adam"].startswith("lr=0.")
    monkeypatch.chdir(tmp_path)
    assert run_and_compare(lambda: (given, INLINE), "r", as_json=True) == 0
    (told,) = [row for row in json.loads(capsys.readouterr().out)["comparison"] if row["label"] == "sgd"]
    assert (told["hyperparameters"], told["seeds"], told["train_cost"]) == (nothing_chosen("final_train_cost"), 0, None)
    dry_run(given, "r")
    said = capsys.readouterr().out
    assert (f"sgd: {nothing_chosen('final_train_cost')}" in said) == bool(tuning)
    assert draw(made, ("convergence",))


@pytest.mark.parametrize("tuning", [None, {"seeds": 1}])
def test_nothing_is_chosen_anywhere(tmp_path: Path, tuning: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """An experiment in which all diverged ends well, and says it of every line, in the table and in the verdict."""
    given = experiment(budget={"steps": 400}, tuning=tuning, optimizers=[WILD, {"use": "momentum", "lr": [1e6, 1e7]}])
    assert run_and_compare(lambda: (given, INLINE), str(tmp_path / "r")) == 0
    assert capsys.readouterr().out.count("nothing could be") == 4


def test_a_line_of_one_cell_is_shown_as_it_is(tmp_path: Path) -> None:
    """Where there is nothing to choose, a run that diverged is its result."""
    made = run_experiment(experiment(budget={"steps": 400}, optimizers=[{**WILD, "lr": 1e6}]), tmp_path / "r", INLINE)
    assert list(table(made).loc["sgd", ["seeds", "ended"]]) == [1, "1 diverged"]


@pytest.mark.parametrize("tuning", [None, {"seeds": 1}])
def test_the_caption_names_what_is_not_drawn(tmp_path: Path, tuning: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for which nothing could be chosen is named there, and why."""
    figures: list[Any] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **_k: figures.append(figure))
    given = experiment(budget={"steps": 400}, tuning=tuning, optimizers=[WILD, CALM])
    draw(run_experiment(given, tmp_path / "r", INLINE), ("convergence",))
    monkeypatch.undo()
    caption = " ".join(figures[0].get_supxlabel().split())
    assert "sgd" in caption
    assert nothing_chosen("final_train_cost") in caption
