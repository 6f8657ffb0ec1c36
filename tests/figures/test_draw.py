"""Pictures: which are drawn, and what is said of those that can't be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures.looks import PNG, made, names
from matplotlib.figure import Figure

import optilab
from images import image_file
from optilab.errors import InputError
from optilab.experiment.file import read
from optilab.figures import draw as drawing
from optilab.figures.axes import has_networks
from optilab.figures.kinds import KINDS
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results
from optilab.training.plan import Plan
from optilab.training.run import Run
from pictures import draw


def test_everything_that_fits_is_drawn(two_weights: Results, one_weight: Results, images: Results) -> None:
    """Without kinds, each picture that fits the results and trains nothing again is drawn into their folder, and no other.

    Drawing changes no setting of matplotlib, and leaves no figure open.
    """
    before, open_before = dict(mpl.rcParams), plt.get_fignums()
    everywhere = ["finals", "norms"]
    fitting = {
        "two": ["convergence", "sensitivity", "path", *everywhere, "tuning", "ecdf", "ranks", "wins"],
        "one": ["convergence", "path", *everywhere, "ecdf", "wins"],
        # no ecdf of images: no run has a better test accuracy than it begins with
        "images": ["convergence", "sensitivity", *everywhere, "tuning"],
    }
    for results, wanted in zip((two_weights, one_weight, images), fitting.values(), strict=True):
        assert names(draw(results)) == [f"{kind}.png" for kind in KINDS if kind in wanted]
    for results in (two_weights, one_weight, images):
        assert {path.parent for path in draw(results, ("convergence",))} == {results.folder}
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == open_before


def test_nothing_is_trained_again_unless_it_is_named(two_weights: Results, images: Results, tmp_path: Path) -> None:
    """That takes as long as the training; which kinds these are is said, but of functions, which have none of them."""

    def never(plan: Plan, seed: int, heard: object = None) -> Run:
        raise AssertionError("trained again")

    told: list[str] = []
    drawing.draw(images, tell=told.append, train_again=never, out=tmp_path)
    assert told[-1] == "drawn only when named, for they train again: digits, weights, confusion, line, plane"
    for kind in ("digits", "weights", "confusion", "line"):
        with pytest.raises(AssertionError, match="trained again"):
            drawing.draw(images, (kind,), train_again=never, out=tmp_path)
    told.clear()
    drawing.draw(images, ("convergence",), tell=told.append, train_again=never, out=tmp_path)
    drawing.draw(two_weights, ("convergence",), tell=told.append, train_again=never, out=tmp_path)
    assert not has_networks(two_weights)
    assert told == []


def test_what_was_asked_for_is_drawn(images: Results, figures: list[Figure], tmp_path: Path) -> None:
    """The training cost too, though that is what other kinds show if nothing is asked for; the file says which it is."""
    asked = images.runs["role"] == "evaluation"
    assert images.runs.loc[asked, "final_test_accuracy"].notna().all()
    assert names(draw(images, ("finals", "tuning"), out=tmp_path)) == ["finals.png", "tuning.png"]
    found = draw(images, ("finals", "tuning"), y="train_cost", out=tmp_path)
    assert names(found) == ["finals-train_cost.png", "tuning-train_cost.png"]
    usual, tuned, finals, tuning = figures
    assert usual.axes[0].get_xlabel() == "final test error (%)"
    assert finals.axes[0].get_xlabel() == "final training cost"
    assert "final test cost" in tuned.axes[0].get_ylabel()
    assert "final training cost" in tuning.axes[0].get_ylabel()


def test_pictures_can_be_drawn_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An experiment that was run by a relative path is drawn from another folder as well."""
    (tmp_path / "experiments").mkdir()
    image_file(tmp_path / "experiments" / "sides.npz")
    (tmp_path / "experiments" / "e.toml").write_text(
        'name = "e"\nbudget = { epochs = 1 }\n[problem]\nuse = "network"\nhidden = [5]\n'
        'dataset = { path = "sides.npz" }\n[[optimizers]]\nuse = "adam"\n',
        "utf-8",
    )
    monkeypatch.chdir(tmp_path)
    run_experiment(read("experiments/e.toml"), "results/e", Way("inline"))
    (tmp_path / "elsewhere").mkdir()
    code = "import optilab; from optilab.figures.draw import KINDS, draw; from optilab.runner.remaking import made_again; draw(optilab.load('../results/e'), ('weights',), train_again=made_again)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "elsewhere", check=True)
    assert (tmp_path / "results" / "e" / "weights.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"kinds": ("convergance",)}, "unknown kind of picture 'convergance': did you mean 'convergence'"),
        ({"x": "epochs"}, "unknown x 'epochs': did you mean 'epoch'"),
        ({"y": "train_loss"}, "unknown y 'train_loss': did you mean"),
        ({"kinds": ("digits",)}, "'digits' doesn't fit these results"),
        ({"kinds": ("weights",)}, "'weights' doesn't fit these results"),
        ({"kinds": ("sensitivity",)}, "'sensitivity' doesn't fit these results: no hyperparameter takes more than one"),
        ({"kinds": ("convergence",), "y": "test_accuracy"}, "'convergence' doesn't fit these results"),
    ],
)
def test_what_can_not_be_drawn_is_told(one_weight: Results, arguments: dict[str, Any], told: str) -> None:
    """An unknown kind or column, and a picture that doesn't fit, are one message each."""
    with pytest.raises(InputError, match=told):
        draw(one_weight, **arguments)


def test_a_folder_without_its_experiment_is_told(tmp_path: Path, one_weight: Results) -> None:
    """Where experiment.json is gone or damaged, that is said."""
    for content in (None, "{"):
        if content:
            (tmp_path / "experiment.json").write_text(content, "utf-8")
        with pytest.raises(InputError, match=r"experiment\.json' can't be read"):
            draw(Results(tmp_path, one_weight.runs, one_weight.history))


def test_results_of_tuning_alone_can_be_drawn(images: Results, figures: list[Figure]) -> None:
    """An experiment that was interrupted after tuning has its sensitivity, and no convergence yet."""
    tuning = images.runs[images.runs["role"] == "tuning"]
    half = Results(images.folder, tuning, images.history[images.history["run_id"].isin(tuning["run_id"])])
    assert "sensitivity.png" in names(draw(half))
    with pytest.raises(InputError, match="'convergence' doesn't fit these results"):
        draw(half, ("convergence",))


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file or directory"), (b"[1,", "it is no JSON"), (b"null", "it holds no table, but None")],
)
def test_what_several_pictures_miss_is_said_once(tmp_path: Path, content: bytes | None, why: str) -> None:
    """A folder without its experiment: one sentence for all kinds of pictures, with what to do."""
    found = made(tmp_path / "r", problem={"use": "two_valleys"}, optimizers=[{"use": "sgd", "lr": 0.03}])
    file = tmp_path / "r" / "experiment.json"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError) as raised:
        draw(found, ("convergence", "path"))
    assert str(raised.value) == (
        f"no picture of kind 'convergence' or 'path': {str(file)!r} can't be read: {why}; the next start of the experiment into "
        "this folder writes it again"
    )


def test_runs_of_which_none_lasted_are_counted(tmp_path: Path) -> None:
    """There is nothing to draw then, and the message says how they ended, whether a kind was named or not."""
    table = pd.DataFrame({"optimizer": [*"aab"], "seed": [0, 1, 0], "test_cost": [np.nan, np.nan, np.nan]})
    results = optilab.load(table.assign(status="diverged"))
    for kinds in ((), ("finals",)):
        with pytest.raises(InputError, match=r"none of 3 runs lasted \(3 diverged\)"):
            draw(results, kinds, out=tmp_path)
