"""Lines of the comparison from the experiment to the table: what is one, what is chosen for it, and on how many seeds it runs."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure

from optilab import store
from optilab.analysis.comparison import NOTHING, comparison
from optilab.cli.dry_run import dry_run
from optilab.cli.run import run_and_compare
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.figures import draw as drawing
from optilab.figures.captions import seeds_text
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import WANTED

INLINE = Way("inline")
draw = partial(drawing.draw, train_again=made_again)
PLUGIN = '''
"""Two rules with a hyperparameter of the same name: a word for one, and a number for the other."""

from optilab import elementwise, hookimpl


@elementwise(lr=0.1, ranges={"mode": "{up, down}"})
def wordy(w, g, lr, mode="down"):
    """Descend, or ascend."""
    w -= lr * g if mode == "down" else -lr * g
    return w


@elementwise(lr=0.1)
def numeric(w, g, lr, mode=1.0):
    """Descend mode times as fast."""
    w -= lr * mode * g
    return w


@elementwise(lr=0.1)
def noisy(w, g, noise, lr):
    """Descend, and tremble."""
    w -= lr * (g + 1e-3 * noise)
    return w


@hookimpl
def optilab_optimizers():
    return [wordy, numeric, noisy]
'''


@pytest.fixture
def plugin(tmp_path: Path) -> None:
    """The rules above, as a plugin in a file."""
    from optilab.plugins import loading

    file = tmp_path / "of_lines.py"
    file.write_text(PLUGIN, "utf-8")
    loading.use_file(file)


def experiment(**changes: Any) -> Experiment:
    """A small one on a function, with what is asked for."""
    usual = {
        "name": "e",
        "seeds": 2,
        "problem": {"use": "bowl"},
        "budget": {"steps": 5},
        "optimizers": [{"use": "sgd"}],
    }
    return Experiment.model_validate({**usual, **changes})


def table(made: store.Results, by: str = "final_train_cost") -> pd.DataFrame:
    """The comparison, by label."""
    return comparison(made.runs, made.history, by).set_index("label")


def two_files(folder: Path) -> dict[str, Any]:
    """Two problems on files of the same name in different folders."""
    stream, problems = np.random.default_rng(0), []
    for name in "ab":
        (folder / name).mkdir()
        x = stream.uniform(size=(24, 2))
        np.savez(folder / name / "data.npz", x_train=x, y_train=x.sum(axis=1) * (10 if name == "b" else 1))
        problems.append({"use": "network", "dataset": {"path": str(folder / name / "data.npz")}, "hidden": [2]})
    return {"problem": None, "problems": problems, "budget": {"epochs": 1}}


@pytest.mark.parametrize("tuning", [None, {"seeds": 1, "by": "test_cost"}])
def test_two_files_of_one_name_are_two_problems(tmp_path: Path, tuning: Any) -> None:
    """Each has a row of its own, evaluated on its own seeds, under a label that names the folder."""
    entries = [{"use": "sgd", "lr": [0.01, 0.1]}]
    made = run_experiment(experiment(**two_files(tmp_path), tuning=tuning, optimizers=entries), tmp_path / "r", INLINE)
    rows = comparison(made.runs, made.history)
    assert rows["problem"].tolist() == ["network (dataset=a/data)", "network (dataset=b/data)"]
    assert rows["seeds"].tolist() == [2, 2]
    evaluated = made.runs[made.runs["role"] == "evaluation"]
    for _, row in rows.iterrows():
        own = evaluated[evaluated["problem"] == row["problem"]].groupby("lr")["final_train_cost"].median()
        assert row["train_cost"] == own.min()
    again = run_experiment(
        experiment(**two_files_again(tmp_path), tuning=tuning, optimizers=entries), tmp_path / "r", INLINE
    )
    assert comparison(again.runs, again.history)["problem"].tolist() == ["network"]  # one alone needs no folder
    assert again.runs["problem_id"].nunique() == 1


def two_files_again(folder: Path) -> dict[str, Any]:
    """The second of them alone."""
    problem = {"use": "network", "dataset": {"path": str(folder / "b" / "data.npz")}, "hidden": [2]}
    return {"problem": problem, "budget": {"epochs": 1}}


@pytest.mark.parametrize(
    ("one", "other", "labels"),
    [
        ({"lr": 0.1}, {"lr": 0.1 + 1e-9}, ["sgd (lr=0.1)", "sgd (lr=0.100000001)"]),
        ({}, {"schedule": "constant"}, ["sgd", "sgd (schedule=constant)"]),
        (
            {"schedule": {"use": "cosine", "floor": 0.1}},
            {"schedule": {"use": "cosine", "floor": 0.1 + 1e-9}},
            ["sgd, cosine (floor=0.1)", "sgd, cosine (floor=0.100000001)"],
        ),
    ],
)
def test_whatever_differs_is_another_line(tmp_path: Path, one: Any, other: Any, labels: list[str]) -> None:
    """Two entries are two rows, however near they are, and each is tuned and evaluated on its own."""
    given = experiment(
        problem={"use": "bowl", "start": "random"},
        optimizers=[{"use": "sgd", **one}, {"use": "sgd", **other}],
        tuning={"seeds": 1},
    )
    made = run_experiment(given, tmp_path / "r", INLINE)
    assert sorted(table(made).index) == sorted(labels)
    assert table(made)["seeds"].tolist() == [2, 2]
    assert made.runs.groupby("label")["line_id"].nunique().tolist() == [1, 1]


@pytest.mark.usefixtures("plugin")
def test_a_hyperparameter_may_be_a_word_here_and_a_number_there(tmp_path: Path) -> None:
    """As text, numbers keep all their digits: two that differ in the ninth are two cells."""
    entries = [{"use": "wordy", "mode": ["up", "down"]}, {"use": "numeric", "mode": [0.1, 0.1 + 1e-9, 1]}]
    flat = {"use": "bowl", "condition": 2}
    made = run_experiment(experiment(problem=flat, optimizers=entries), tmp_path / "r", INLINE)
    assert set(made.runs["mode"]) == {"up", "down", "0.1", "0.100000001", "1"}
    assert table(made).loc["numeric", "hyperparameters"] == "mode=1"
    assert table(made).loc["wordy", "hyperparameters"] == "mode=down"


def test_cells_that_differ_in_the_ninth_digit_are_two_cells(tmp_path: Path) -> None:
    """The better one is chosen, and named with as many digits as tell it from the other."""
    entries = [{"use": "sgd", "lr": [0.1, 0.1 + 1e-9]}]
    flat = {"use": "bowl", "condition": 2}
    given = experiment(problem=flat, optimizers=entries, tuning={"seeds": 1})
    made = run_experiment(given, tmp_path / "r", INLINE)
    assert table(made).loc["sgd", "hyperparameters"] == "lr=0.100000001*"
    assert len(made.runs) == 3


def test_the_same_line_on_two_problems_is_ranked_as_one(tmp_path: Path) -> None:
    """Its identity is the same on both, and differs from all others."""
    problems = [{"use": "bowl"}, {"use": "bowl", "condition": 3}]
    entries = [{"use": "sgd"}, {"use": "adam"}]
    made = run_experiment(experiment(problem=None, problems=problems, optimizers=entries), tmp_path / "r", INLINE)
    assert made.runs.groupby("label")["line_id"].nunique().tolist() == [1, 1]
    assert made.runs["line_id"].nunique() == made.runs["problem_id"].nunique() == 2


def test_what_is_wanted_is_put_down_with_its_identity(tmp_path: Path) -> None:
    """A label that is changed later renames the line, and leaves it what it is."""
    run_experiment(experiment(), tmp_path / "r", INLINE)
    before = store.load(tmp_path / "r").runs
    run_experiment(experiment(optimizers=[{"use": "sgd", "label": "mine"}]), tmp_path / "r", INLINE)
    named = store.load(tmp_path / "r").runs
    assert named["label"].tolist() == ["mine"]
    assert named[["run_id", "line_id", "problem_id"]].equals(before[["run_id", "line_id", "problem_id"]])
    wanted = store.wanted(tmp_path / "r")
    assert wanted is not None
    assert wanted.schema.names == WANTED.names


def test_what_an_earlier_version_wanted_is_read_by_its_labels(tmp_path: Path) -> None:
    """A folder without the identities is read as it was written, and goes on with them."""
    given = experiment(optimizers=[{"use": "sgd"}, {"use": "adam"}])
    run_experiment(given, tmp_path / "r", INLINE)
    wanted = store.wanted(tmp_path / "r")
    assert wanted is not None
    pq.write_table(wanted.drop_columns(["problem_id", "line_id"]), tmp_path / "r" / "wanted.parquet")
    before = store.load(tmp_path / "r")
    before.runs[["problem_id", "line_id", "is_random"]] = None
    assert table(before)["seeds"].to_dict() == {"sgd": 1, "adam": 1}
    assert draw(before, ("convergence",))
    after = run_experiment(given, tmp_path / "r", INLINE)
    assert after.runs["line_id"].nunique() == 2


def test_tuning_by_what_is_never_measured_is_refused(tmp_path: Path) -> None:
    """Every choice by it would be the first value that was tried."""
    given = experiment(tuning={"by": "test_cost"}, optimizers=[{"use": "sgd", "lr": [0.1, 0.2]}])
    with pytest.raises(
        InputError, match=r"tuning\.by = 'test_cost': it is not measured on problem, bowl, which has no test part"
    ):
        run_experiment(given, tmp_path / "r", INLINE)
    assert not (tmp_path / "r").exists()


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
    assert list(rows.loc["sgd", ["hyperparameters", "seeds", "ended"]]) == [NOTHING, 0, "2 diverged"]
    assert np.isnan(rows["train_cost"]["sgd"])
    assert rows["hyperparameters"]["adam"].startswith("lr=0.")
    monkeypatch.chdir(tmp_path)
    assert run_and_compare(lambda: (given, INLINE), "r", as_json=True) == 0
    (told,) = [row for row in json.loads(capsys.readouterr().out)["comparison"] if row["label"] == "sgd"]
    assert (told["hyperparameters"], told["seeds"], told["train_cost"]) == (NOTHING, 0, None)
    dry_run(given, "r")
    said = capsys.readouterr().out
    assert (f"sgd: {NOTHING}" in said) == bool(tuning)
    assert draw(made, ("convergence",))


@pytest.mark.parametrize("tuning", [None, {"seeds": 1}])
def test_nothing_is_chosen_anywhere(tmp_path: Path, tuning: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """An experiment in which all diverged ends well, and says it of every line."""
    given = experiment(budget={"steps": 400}, tuning=tuning, optimizers=[WILD, {"use": "momentum", "lr": [1e6, 1e7]}])
    assert run_and_compare(lambda: (given, INLINE), str(tmp_path / "r")) == 0
    assert capsys.readouterr().out.count("nothing could be") == 2


def test_a_line_of_one_cell_is_shown_as_it_is(tmp_path: Path) -> None:
    """Where there is nothing to choose, a run that diverged is its result."""
    made = run_experiment(experiment(budget={"steps": 400}, optimizers=[{**WILD, "lr": 1e6}]), tmp_path / "r", INLINE)
    assert list(table(made).loc["sgd", ["seeds", "ended"]]) == [1, "1 diverged"]


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({}, 1),
        ({"tuning": {"seeds": 4}, "optimizers": [{"use": "sgd", "lr": [0.1, 0.2]}]}, 3),
        ({"problem": {"use": "bowl", "start": "random"}}, 3),
        ({"optimizers": [{"use": "noisy"}]}, 3),
        ({"optimizers": [{"use": ["noisy", "sgd"], "lr": 0.1}]}, 3),
        ({"budget": {"steps": 5, "seconds": 60}}, 3),
    ],
)
def test_what_can_not_differ_runs_once(
    tmp_path: Path, changes: dict[str, Any], runs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A given start, the full batch and no noise are one run, whatever the number of seeds, and the dry run says so."""
    given = experiment(**{"seeds": 3, **changes})
    dry_run(given, str(tmp_path / "r"))
    assert ("one run, as nothing in it is random" in capsys.readouterr().out) == (not made_by_chance(changes))
    made = run_experiment(given, tmp_path / "r", INLINE)
    assert len(made.runs) == runs
    costs = made.runs[made.runs["role"] == "evaluation"]["final_train_cost"]
    assert costs.is_unique == made_by_chance(changes) or len(costs) == 1 or "seconds" in given.budget.model_dump()


def made_by_chance(changes: dict[str, Any]) -> bool:
    """Whether a seed makes a difference: it does where start, noise or clock do."""
    return bool({"problem", "budget"} & set(changes)) or "noisy" in str(changes.get("optimizers"))


def test_networks_have_a_start_and_batches_by_chance(tmp_path: Path) -> None:
    """Their first weights are drawn, so that all seeds are run, on the full batch too."""
    given = experiment(**two_files(tmp_path), optimizers=[{"use": "sgd", "batch_size": ["full", 4]}])
    made = run_experiment(given, tmp_path / "r", INLINE)
    assert comparison(made.runs, made.history)["seeds"].tolist() == [2] * 4
    assert made.runs["final_train_cost"].is_unique


@pytest.mark.usefixtures("plugin")
def test_captions_of_pictures_name_the_lines_without_chance(tmp_path: Path) -> None:
    """Where some lines have several seeds and others one, the caption says which, and why."""
    alone = run_experiment(experiment(), tmp_path / "alone", INLINE)
    assert seeds_text(alone) == "A single run, of seed 0 (one run, as nothing in it is random)."
    both = run_experiment(experiment(optimizers=[{"use": "sgd"}, {"use": "noisy"}]), tmp_path / "both", INLINE)
    assert seeds_text(both) == (
        "Median and interquartile band over 2 seeds (0 to 1); of sgd one run, as nothing in it is random."
    )
    rows = table(both)
    assert rows["seeds"].to_dict() == {"sgd": 1, "noisy": 2}
    assert rows["random"].to_dict() == {"sgd": False, "noisy": True}


@pytest.mark.parametrize("tuning", [None, {"seeds": 1}])
def test_the_legend_names_what_is_not_drawn(tmp_path: Path, tuning: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for which nothing could be chosen has an entry without a line, which says so."""
    figures: list[Any] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **_k: figures.append(figure))
    given = experiment(budget={"steps": 400}, tuning=tuning, optimizers=[WILD, CALM])
    draw(run_experiment(given, tmp_path / "r", INLINE), ("convergence",))
    monkeypatch.undo()
    legend = figures[0].axes[0].get_legend()
    assert [" ".join(text.get_text().split()) for text in legend.get_texts()] == ["adam", f"sgd: {NOTHING}"]


def test_captions_say_that_nothing_is_random(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table counts one seed, and says why."""
    assert run_and_compare(lambda: (experiment(), INLINE), str(tmp_path / "r")) == 0
    assert "Each is one run, as nothing in it is random." in capsys.readouterr().out
