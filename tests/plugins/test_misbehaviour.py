"""Plugins that misbehave, at every door by which they are called: each ends in one message, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from plugins.misbehaving import DOORS, IN_RUNS, run, said_once

from optilab.cli.main import main
from optilab.plugins import loading
from optilab.store import load

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("deed", ["end", "loop"])
def test_nothing_that_does_not_come_back_reaches_the_experiment(door: str, deed: str) -> None:
    """What ends its process, or loops for ever, does so in another one; the message names the door."""
    here = Path.cwd()
    result, stem = run(door, deed)
    said_once(result, stem)
    assert result.stderr.count(stem) <= 1
    if deed == "end":
        assert "ended the process that it was tried in: exit code 0" in result.stderr
    else:
        assert "did not come back within 4 s" in result.stderr
        assert "OPTILAB_PLUGIN_SECONDS" in result.stderr
    assert Path.cwd() == here


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("deed", "told"),
    [("raise", r"ValueError: half a pair: \ud800"), ("exit", "SystemExit: 0")],
)
def test_what_is_raised_is_one_message_or_a_failed_run(door: str, deed: str, told: str) -> None:
    """In a run it is a failed run, that is kept with the message; of a logger a complaint; elsewhere it ends the experiment."""
    result, stem = run(door, deed)
    if door in IN_RUNS:
        assert result.exit_code == 1, result.output
        (row,) = load("results/doors").runs.to_dict("records")
        assert row["status"] == "failed"
        assert told in row["message"]
    elif door == "logger":
        assert result.exit_code == 0, result.output
        assert load("results/doors").runs["status"].tolist() == ["budget"]
    else:
        said_once(result, stem)
        assert told in result.stderr


@pytest.mark.parametrize("door", DOORS)
def test_what_a_plugin_does_to_the_process_is_undone(door: str) -> None:
    """It goes to another folder and prints: the results are where they would be, and --json prints nothing but JSON."""
    here = Path.cwd()
    result, _ = run(door, "move", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["statuses"] == {"budget": 1}
    already_read = door == "dataset"  # in the other process
    assert ("hello from the plugin" in result.stderr) != already_read
    assert Path.cwd() == here
    assert load("results/doors").runs["status"].tolist() == ["budget"]


LOGGER = """
import os

from optilab import hookimpl, logger
from optilab.loggers import Logger


@logger
def {name}(where):
    {begin}
    yield Logger()
    {end}


@hookimpl
def optilab_loggers():
    return [{name}]
"""
LOGGED = """
name = "logged"
problem = { use = "bowl" }
budget = { steps = 5 }
optimizers = [{ use = "sgd", lr = 0.01 }]
"""


@pytest.fixture
def logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Runs an experiment with a logger of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e.toml").write_text(LOGGED, "utf-8")

    def run(name: str, where: str = "", begin: str = "pass", end: str = "pass") -> Result:
        file = tmp_path / f"{name}_plugin.py"
        file.write_text(LOGGER.format(name=name, begin=begin, end=end), "utf-8")
        return CliRunner().invoke(
            main, ["run", "e.toml", "--executor", "inline", "--plugin", str(file), "--log", name + where]
        )

    yield run
    loading.forget()


def test_a_logger_that_ends_the_process_is_found_out_whatever_place_it_is_given(logged: Callable[..., Result]) -> None:
    """With `--log NAME=WHERE` too it is tried in another process first; else this one would end, with exit code 0."""
    found = logged("ending", "=there", begin="os._exit(0)")
    assert found.exit_code == 2
    assert "the logger ending ended the process that it was tried in" in found.output


def test_a_logger_that_can_not_end_costs_no_tables(logged: Callable[..., Result]) -> None:
    """The runs have been made: the failure is told, and what they gave is shown as without it."""
    found = logged("unending", end="raise ValueError('not closed')")
    assert found.exit_code == 0, found.output
    assert "the logger unending has failed: ValueError: not closed" in found.output
    assert "results: " in found.output
