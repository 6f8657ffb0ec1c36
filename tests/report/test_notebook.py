"""Results and runs in a notebook."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from analysis.published import FOLDER
from matplotlib.figure import Figure
from matplotlib.image import imread

import optilab
from images import image_file
from optilab import InputError, analysis
from optilab.figures.kinds import KINDS
from optilab.report.notebook import Results

VOID = {"img", "br", "meta"}
EXPERIMENT = {
    "name": "starts",
    "question": "Which <one> is down first?",
    "seeds": 6,
    "problem": {"use": "two_valleys", "start": "random"},
    "budget": {"steps": 20},
    "optimizers": [{"use": "gradient_descent", "lr": [0.02, 0.05]}, {"use": "momentum", "lr": 0.01}],
}


class Tags(HTMLParser):
    """Checks that tags are closed in order, and notes which there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(thing: object) -> Tags:
    """What a notebook shows of it: well-formed, small, without scripts or anything from elsewhere."""
    html = thing._repr_html_()  # type: ignore[attr-defined]
    found = Tags()
    found.feed(html)
    assert not found.open
    assert len(html) < 30_000
    assert "script" not in found.seen
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Results of an experiment."""
    return optilab.run(EXPERIMENT, tmp_path_factory.mktemp("made") / "r", executor="inline")


def test_results_show_themselves(made: Results) -> None:
    """The question, the leaderboard with what was chosen, the verdict, and a sketch with a line a method."""
    found = seen(made)
    assert "Which <one> is down first?" in found.text
    assert "gradient_descent" in found.text
    assert "lr=" in found.text
    assert "Hyperparameters were chosen on these very seeds" in found.text
    assert {"table", "svg", "polyline"} <= found.seen
    assert made._repr_html_().count("<polyline") == 2


def test_results_answer(made: Results) -> None:
    """As the functions of `optilab.analysis` do, with the experiment's own question; load returns the same."""
    assert made.leaderboard()["measure"].unique().tolist() == ["train_cost"]
    told = made.verdict()
    assert told.control == "gradient_descent"
    assert made.verdict(control="momentum").control == "momentum"
    again = optilab.load(made.folder)
    assert again.verdict().sentences == told.sentences
    pd.testing.assert_frame_equal(again.leaderboard(), made.leaderboard())
    other = optilab.load(made.folder, control="momentum", confidence=0.9)
    assert other.verdict().control == "momentum"
    assert {"leaderboard", "verdict", "plot", "runs", "history"} <= set(dir(made))
    assert repr(made).startswith("<Results ")


def test_functions_of_the_analysis_know_the_question(tmp_path: Path) -> None:
    """Results that are given to them are asked what their experiment asks: its control, its target, how it chose among settings."""
    asked = {
        "tuning": {"seeds": [100], "by": "train_cost", "which": "best"},
        "comparison": {"control": "momentum", "measure": "train_cost", "target": 0.5, "confidence": 0.9},
    }
    for found in (
        optilab.run({**EXPERIMENT, **asked}, tmp_path / "r", executor="inline"),
        optilab.load(tmp_path / "r"),
    ):
        assert analysis.verdict(found).sentences == found.verdict().sentences
        assert analysis.leaderboard(found).equals(found.leaderboard())
        assert "momentum reaches a training cost of 0.5 in" in str(analysis.verdict(found))
        assert found.question is not None
        assert found.question.chosen_by == "best_train_cost"


def test_pictures_are_figures(made: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the kinds that are named, or of all that fit; a notebook shows each."""
    some = {name: KINDS[name] for name in ("convergence", "sensitivity", "digits")}
    monkeypatch.setattr("optilab.figures.kinds.KINDS", some)
    (figure,) = pictures = made.plot("convergence")
    assert isinstance(figure, Figure)
    assert pictures._repr_html_().startswith('<img alt="" style="max-width:100%" src="data:image/png;base64,')
    assert len(made.plot()) == 2  # these are no digits
    (narrow,) = dark = made.plot("convergence", width=3.3, style="paper", dark=True)
    assert narrow.get_size_inches()[0] == 3.3
    shown = imread(io.BytesIO(base64.b64decode(dark._repr_html_().partition("base64,")[2].partition('"')[0])))
    assert shown.shape[1] == pytest.approx(3.3 * 300, rel=0.1)
    assert shown[0, 0, :3].max() < 0.2
    with pytest.raises(InputError, match="unknown style 'poster'"):
        made.plot("convergence", style="poster")  # type: ignore[arg-type]
    assert len(made.plot(["convergence"])) == len(made.plot(("convergence",))) == 1
    for kinds, message in (
        (("curves",), "unknown kind of picture 'curves'"),
        ((["convergence", "curves"],), "unknown kind of picture 'curves'"),
        (({"convergence"},), "unknown kind of picture"),
        (("digits",), "doesn't fit these results"),
    ):
        with pytest.raises(InputError, match=message):
            made.plot(*kinds)
    with pytest.raises(InputError, match="unknown y 'cost'"):
        made.plot("convergence", y="cost")


def test_pictures_that_train_again_are_figures_too(tmp_path: Path) -> None:
    """Those that need weights make a run again, of results that were run and of such that were loaded."""
    image_file(tmp_path / "sides.npz")
    problem = {"use": "network", "dataset": {"path": str(tmp_path / "sides.npz")}, "hidden": [3]}
    changes = {"problem": problem, "budget": {"epochs": 1}, "seeds": 1, "optimizers": [{"use": "sgd"}]}
    made = optilab.run({**EXPERIMENT, **changes}, results=tmp_path / "r", executor="inline")
    for found in (made, optilab.load(tmp_path / "r")):
        assert len(found.plot("weights", "confusion")) == 2


def table(**columns: object) -> Results:
    """Anybody's results."""
    return optilab.load(pd.DataFrame(columns))


def test_final_values_have_no_sketch() -> None:
    """Of a row a run there is a table alone, and no picture of curves."""
    found = table(optimizer=["a", "b"], seed=0, test_accuracy=[0.5, 0.75])
    assert "svg" not in seen(found).seen
    assert "75.00" in seen(found).text
    with pytest.raises(InputError, match="each run has one row, so there is no curve"):
        found.plot("convergence")
    with pytest.raises(InputError, match="it needs the experiment that made the runs"):
        found.plot("path")


def test_one_run_and_only_diverged_ones_are_shown() -> None:
    """In words where there is nothing to draw."""
    assert "Nothing is compared with a, which is alone." in seen(table(optimizer=["a"], seed=0, cost=1.0)).text
    lost = seen(table(optimizer=["a", "b", "a", "b"], seed=0, step=[1, 1, 2, 2], cost=np.nan))
    assert "not finite" in lost.text
    assert "(1 diverged)" in lost.text


def test_names_from_outside_are_text() -> None:
    """Markup, TeX, control characters and marks that turn the direction of reading do nothing."""
    names = ["<script>alert(1)</script>", "$x$", "\x1b[31m", "\u202egnol", "a" * 5000, "&amp;"]
    frame = pd.DataFrame({"optimizer": np.repeat(names, 2), "seed": 0, "step": [1, 2] * 6, "cost": range(1, 13)})
    found = seen(optilab.load(frame))
    assert "<script>alert(1)</script>" in found.text
    assert "\u202e" not in found.text


def test_very_many_lines_are_shown_in_part() -> None:
    """The best of them, and how many more there are."""
    frame = pd.DataFrame({"optimizer": [f"o{k:04d}" for k in range(300)], "seed": 0, "cost": np.arange(300.0)})
    text = seen(optilab.load(frame)).text
    assert "o0000" in text
    assert "… and 280 more rows" in text


def test_many_problems_are_summed_up() -> None:
    """A row a method: its mean rank, and on how many problems it is better than the control."""
    every = pd.read_csv(FOLDER / "tabular_mlp_seeds.csv")
    some = every[every["ds"].isin(every["ds"].unique()[:4])]
    found = seen(optilab.load(some, measure="test", best="highest", control="adamw"))
    assert "mean rank" in found.text
    assert "muon-ema" in found.text


def test_a_missing_experiment_is_told(made: Results, tmp_path: Path) -> None:
    """In place of an answer; nothing is raised while a notebook shows it."""
    from dataclasses import replace

    assert "experiment" in seen(replace(made, folder=tmp_path, question=None)).text


def test_a_run_shows_itself() -> None:
    """How it ended, the last measurements, a sketch; also one that diverged at once, and one that failed before it was measured."""
    bowl = optilab.get_problem("bowl")
    run = optilab.train(bowl, "gradient_descent", lr=0.01, steps=50)
    found = seen(run)
    assert "50 steps" in found.text
    assert "training cost" in found.text
    assert "polyline" in found.seen
    lost = seen(optilab.train(bowl, "gradient_descent", lr=1e300, steps=50))
    assert "diverged" in lost.text
    from optilab.training.run import Run

    empty = seen(Run(np.zeros(2), status="failed", message="<b>no</b>"))
    assert "Nothing was measured." in empty.text
    assert "<b>no</b>" in empty.text


def test_without_runs_a_sentence_stands_alone(tmp_path: Path) -> None:
    """It is said once that there is nothing to compare, and nothing else, also where a target is asked for."""
    results = optilab.run({**EXPERIMENT, "comparison": {"measure": "train_cost", "target": 0.1}}, tmp_path / "r")
    none = replace(results, runs=results.runs[:0], history=results.history[:0])
    text = none._repr_html_()
    assert text.count("<p>") == 2
    assert "<p>No runs to compare.</p>" in text
