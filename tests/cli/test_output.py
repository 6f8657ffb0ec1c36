"""What the commands show: the figures are right, and the words fit them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from cli.nasty import TINY

from optilab.cli import status
from optilab.errors import InputError
from optilab.runner.progress import Progress
from optilab.texts import counted
from terminals import call

pytestmark = pytest.mark.usefixtures("noisy")


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_dry_run_breaks_no_word(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Whatever table a command prints is made to fit."""
    monkeypatch.setenv("COLUMNS", str(width))
    text = call("run", "tiny.toml", "--dry-run", "--set", "optimizers.0.label=gradient_descent with schedule").stdout
    assert max(map(len, text.splitlines())) <= width
    assert {"gradient_descent", "hyperparameters", "constant", "lr=0.01", "lr=0.02"} <= set(text.split())
    assert "tiny: 2 cells" in text


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 runs are done"), (1, "1 run is done"), (2, "2 runs are done"), (21, "21 runs are done")]
)
def test_one_is_singular(count: int, told: str) -> None:
    """What is counted is in the singular for one alone."""
    assert counted(count, "run is done", "runs are done") == told
    assert counted(count, "run") == f"{count} run{'' if count == 1 else 's'}"


def test_status_tells_done_against_wanted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Done is what is wanted and there; others are counted for themselves."""
    failed = pd.DataFrame(columns=["run_id", "label", "seed", "status", "message", "traceback"])
    told = Progress(wanted=7, more=False, missing=3, stale=1, why="", statuses={"budget": 4}, failed=failed, others=1)
    monkeypatch.setattr(status, "status_of", lambda _: told)
    status.show_status(Path(), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "7 runs wanted: 4 done, 3 missing"
    assert "  4 budget" in lines
    assert any(line.startswith("1 other run, that") for line in lines)
    status.show_status(Path(), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["wanted"], found["done"], found["missing"], found["others"]) == (7, 4, 3, 1)


def test_one_run_is_told_in_the_singular(noisy: Path) -> None:
    """From the first line to the last."""
    (noisy / "one.toml").write_text(TINY.replace("[0.01, 0.02]", "0.01").replace("tiny", "one"), "utf-8")
    text = call("run", "one.toml", "--executor", "inline").stdout
    assert "1 run made, 0 there before" in text
    assert "evaluation: 1 run, of which 1 is done" in call("run", "one.toml", "--dry-run").stdout
    assert "1 run wanted: 1 done, 0 missing" in call("status", "results/one").stdout
    assert "evaluation: 1 run done before, 0 to go" in call("run", "one.toml", "--executor", "inline").stdout


def test_stale_results_are_told_before_the_table(noisy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to have them made again."""
    call("run", "tiny.toml", "--executor", "inline")
    monkeypatch.setattr("optilab.training.plan.combined", lambda *_: "another digest")
    text = call("run", "tiny.toml", "--executor", "inline").stdout
    assert "2 of these runs were made by other code than today's" in text
    assert text.index("made by other code") < text.index("optimizer")
    assert "--rerun stale makes them again" in text


def test_a_picture_that_can_not_be_drawn_costs_no_table(noisy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table, the folder and the exit code are as without it, and the reason is told."""

    def refuse(*_: object, **__: object) -> None:
        raise InputError("no room for a picture")

    monkeypatch.setattr("optilab.figures.draw.draw", refuse)
    text = call("run", "tiny.toml", "--executor", "inline").stdout
    assert text.index("training") < text.index("no plot: no room for a picture") < text.index("results: results/tiny")
