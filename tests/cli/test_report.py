"""`optilab report`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import optilab
from optilab.cli.main import main
from terminals import call


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pictures, which have tests of their own."""
    from optilab.report.html import Html

    for name in ("pictures", "still"):
        monkeypatch.setattr(f"optilab.report.report.{name}", lambda *_: Html(""))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the results of a small experiment in a."""
    monkeypatch.chdir(tmp_path)
    optimizers = [{"use": "sgd", "lr": 0.1}, {"use": "sgd", "lr": 0.2, "label": "fast"}]
    table = {"name": "a", "seeds": 2, "problem": {"use": "two_valleys", "start": "random"}, "budget": {"steps": 3}}
    optilab.run({**table, "optimizers": optimizers}, results="a", executor="inline")
    return tmp_path


def test_the_report_lies_with_the_results(made: Path) -> None:
    """In report.html, or where -o says; the path is printed."""
    assert call("report", "a").stdout.strip() == "a/report.html"
    assert Path("a/report.html").read_text("utf-8").startswith("<!doctype html>")
    assert call("report", "a", "a", "-o", "both.html").stdout.strip() == "both.html"
    assert Path("both.html").read_text("utf-8").count('class="verdict"') == 2


def test_a_table_has_its_report_beside_it(made: Path) -> None:
    """NAME-report.html; the table stays as it is."""
    text = "optimizer,seed,test_cost\nours,0,1\nours,1,2\ntheirs,0,3\ntheirs,1,4\n"
    Path("runs.csv").write_text(text, "utf-8")
    assert call("report", "runs.csv").stdout.strip() == "runs-report.html"
    assert Path("runs.csv").read_text("utf-8") == text


def test_in_a_notebook(made: Path) -> None:
    """Results write the same page."""
    path = optilab.load("a").report("page.html")
    assert call("report", "a", "-o", "other.html").exit_code == 0
    assert path.read_bytes() == Path("other.html").read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["report", "missing"], "missing"),
        (["report", "a", "-o", "nowhere/page.html"], "can't write"),
        (["report", "a", "--serve", "--port", "99999"], "99999"),
        (["report", "missing", "--serve"], "missing"),
        (["report"], "RESULTS"),
    ],
)
def test_what_can_not_be_reported(made: Path, words: list[str], told: str) -> None:
    """Is named, without a traceback."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert told in done.output
    assert "Traceback" not in done.output
