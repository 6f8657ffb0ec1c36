"""The command run: what it prints, and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.calls import TINY, process, refused
from click.testing import CliRunner

import optilab
from optilab.cli.main import main
from terminals import call

pytestmark = pytest.mark.usefixtures("folder")


ROOT = Path(__file__).parents[2]


def test_run_ends_with_a_table_and_the_paths(folder: Path) -> None:
    """A run makes all runs, prints the comparison, and names the plots and the folder that it left behind."""
    text = call("run", "tiny.toml", "--executor", "inline").stdout
    assert "6 runs made, 0 there before" in text
    assert "Which of them is down first?" in text
    for word in ("optimizer", "training", "sgd", "adam", "lr=0.05"):
        assert word in text
    paths = [Path(line.split(maxsplit=1)[1]) for line in text.splitlines() if line.startswith(("plot:", "results:"))]
    assert [path.name for path in paths] == ["convergence.png", "path.png", "tiny"]
    assert all((folder / path).exists() for path in paths)
    assert len(optilab.load("results/tiny").runs) == 6
    assert "0 runs made, 6 there before" in call("run", "tiny.toml", "--executor", "inline").stdout


def test_run_with_workers_and_a_folder_of_its_own(folder: Path) -> None:
    """In processes of its own, with workers: live lines, exit code 0, results where they were asked for."""
    done = process("run", "tiny.toml", "--workers", "2", "--results", "elsewhere/deep")
    assert done.stderr == ""
    assert "6 runs made, 0 there before" in done.stdout
    assert optilab.load(folder / "elsewhere" / "deep").runs["status"].eq("budget").all()
    assert not (folder / "results").exists()
    again = process("run", "tiny.toml", "--results", "more", "--executor", "inline")
    assert "nothing compiled" in again.stdout


def test_dry_run_shows_the_grid_and_runs_nothing(folder: Path) -> None:
    """--dry-run names the cells, counts the runs and how many are done, and writes nothing."""
    text = call("run", "tiny.toml", "--dry-run").stdout
    assert "6 runs, of which 0 are done" in text
    assert "lr=0.05" in text
    assert not (folder / "results").exists()
    call("run", "tiny.toml", "--executor", "inline", "--set", "seeds=1")
    assert "6 runs, of which 3 are done" in call("run", "tiny.toml", "--dry-run").stdout


def test_dry_run_of_a_tuned_experiment(folder: Path) -> None:
    """Before tuning is done, the evaluation is counted by lines; afterwards by runs that are done."""
    tuned = ("run", "tiny.toml", "--set", "tuning.seeds=1", "--executor", "inline")
    text = call(*tuned, "--dry-run").stdout
    assert "tuning: 3 runs, of which 0 are done" in text
    assert "evaluation: 4 runs" in text
    call(*tuned)
    text = call(*tuned, "--dry-run").stdout
    assert "tuning: 3 runs, of which 3 are done" in text
    assert "evaluation: 4 runs, of which 4 are done" in text


def test_set_changes_the_experiment() -> None:
    """--set reaches any place in the file, as often as it is given."""
    call(
        "run", "tiny.toml", "--executor", "inline", "--set", "budget.steps=7", "--set", "seeds=1", "--set", "name=seven"
    )
    runs = optilab.load("results/seven").runs
    assert runs["steps"].unique().tolist() == [7]
    assert len(runs) == 3


def test_run_with_a_plugin_from_a_file(folder: Path) -> None:
    """--plugin makes the optimizer of a file known to the experiment."""
    (folder / "idea.toml").write_text(TINY.replace('"sgd"', '"idea_of_mine"'), "utf-8")
    assert "idea_of_mine" in refused("run", "idea.toml")
    text = call("run", "idea.toml", "--executor", "inline", "--plugin", "idea_in_file.py").stdout
    assert "idea_of_mine" in text


def test_a_diverged_run_is_in_the_table() -> None:
    """Divergence is a result: exit code 0, counted in the table, drawn."""
    text = call(
        "run", "tiny.toml", "--executor", "inline", "--set", "optimizers.0.lr=90", "--set", "budget.steps=500"
    ).stdout
    assert "2 diverged" in text
    assert Path("results/tiny/convergence.png").exists()


def test_failed_runs_are_exit_code_1(folder: Path) -> None:
    """Where a plugin raises, the others go on, the run is named at once, and the exit code is 1."""
    (folder / "fails.toml").write_text(TINY + 'schedule = ["constant", "gives_up"]\n', "utf-8")
    result = call("run", "fails.toml", "--executor", "inline", "--plugin", "idea_in_file.py", code=1)
    assert "RuntimeError: no more" in result.stdout
    assert "2 runs failed" in result.stdout
    assert "Traceback" not in result.output
    assert optilab.load("results/tiny").runs["status"].value_counts().to_dict() == {"budget": 6, "failed": 2}


def test_nothing_but_failed_runs_is_exit_code_1(folder: Path) -> None:
    """Where every run fails there is a table, no picture, and still exit code 1."""
    only = TINY.partition("[[optimizers]]")[0] + '[[optimizers]]\nuse = "sgd"\nlr = 0.01\nschedule = "gives_up"\n'
    (folder / "fails.toml").write_text(only, "utf-8")
    result = call("run", "fails.toml", "--executor", "inline", "--plugin", "idea_in_file.py", code=1)
    assert "2 runs failed" in result.stdout


def test_square_brackets_are_printed_as_they_are(folder: Path) -> None:
    """Questions, labels and paths are shown to the letter, whatever a terminal's markup makes of brackets."""
    text = TINY.replace("down first?", "down [/first] [bold]?").replace('"adam"', '"adam"\nlabel = "adam [ours]"')
    (folder / "brackets.toml").write_text(text, "utf-8")
    shown = call("run", "brackets.toml", "--executor", "inline", "--results", "with [odd] name").stdout
    assert "down [/first] [bold]?" in shown
    assert "adam [ours]" in shown
    assert "with [odd] name" in shown
    assert "adam [ours]" in call("run", "brackets.toml", "--dry-run").stdout


def test_a_summary_for_programs() -> None:
    """--json prints JSON and nothing else to the standard output; --quiet prints nothing at all."""
    result = call("run", "tiny.toml", "--executor", "inline", "--json")
    told = json.loads(result.stdout)
    assert told["runs"] == told["made"] == 6
    assert told["statuses"] == {"budget": 6}
    assert {row["label"] for row in told["comparison"]} == {"sgd", "adam"}
    assert all(Path(picture).exists() for picture in told["pictures"])
    quiet = call("run", "tiny.toml", "--executor", "inline", "--quiet")
    assert quiet.output == ""


def test_the_first_failure_can_end_it(folder: Path) -> None:
    """--fail-fast ends with exit code 1, and says how to go on."""
    (folder / "fails.toml").write_text(TINY + 'schedule = ["constant", "gives_up"]\n', "utf-8")
    said = call("run", "fails.toml", "--executor", "inline", "--plugin", "idea_in_file.py", "--fail-fast", code=1)
    assert "Stopped at the first run that failed. " in said.stdout
    assert "runs are done and kept; the same command goes on from there." in said.stdout


def test_an_interruption_says_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C the exit code is 130, and the number of runs that are done is told."""
    call("run", "tiny.toml", "--executor", "inline", "--set", "seeds=1")

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("optilab.runner.run.run_experiment", interrupted)
    result = call("run", "tiny.toml", "--executor", "inline", code=130)
    assert "Interrupted. 3 runs are done and kept" in result.stdout
    assert "Traceback" not in result.output


def test_the_bundled_story_runs() -> None:
    """The first experiment of the story runs as it is, and shows the path on its curve."""
    text = call("run", str(ROOT / "experiments" / "one_weight.toml"), "--executor", "inline").stdout
    assert "path.png" in text
    assert "gradient_descent" in text


def test_an_interruption_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the exit code that shells give it, as one later has."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("optilab.experiment.file.read", interrupted)
    found = CliRunner().invoke(main, ["run", str(ROOT / "experiments" / "one_weight.toml")])
    assert (found.exit_code, found.stderr) == (130, "Interrupted.\n")
