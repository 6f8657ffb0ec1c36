"""Commands on anybody's table of runs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from analysis.published import FOLDER
from cli.calls import refused
from rich.console import Console

from terminals import call

CURVES = "optimizer,seed,step,val_loss,score\n" + "".join(
    f"{label},{seed},{step},{(2 + k) / (step + seed + 1)},{step - k}\n"
    for k, label in enumerate(("ours", "base"))
    for seed in range(6)
    for step in (0, 10, 20)
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table."""
    monkeypatch.chdir(tmp_path)
    Path("runs.csv").write_text(CURVES, "utf-8")
    return tmp_path


def test_a_table_of_others_is_compared(folder: Path) -> None:
    """A row a method, best first; the verdict goes to the standard error, also of another measure and control."""
    done = call("table", "runs.csv")
    lines = done.stdout.splitlines()
    assert lines[0] == "| optimizer | validation cost |"
    assert [line.split(" | ")[0] for line in lines[2:4]] == ["| ours", "| base"]
    assert "base is worse than ours: its validation cost is higher by" in done.stderr
    other = call("table", "runs.csv", "--measure", "score", "--control", "base", "--confidence", "0.9")
    assert "ours is better than base: its score is higher by 1" in other.stderr
    assert "at 90%" in other.stderr
    lowest = call("table", "runs.csv", "--measure", "score", "--lowest")
    assert "base is better than ours: its score is lower by 1" in lowest.stderr


def test_published_results_are_compared() -> None:
    """Whose names don't say which value is the best."""
    path = str(FOLDER / "tabular_mlp_seeds.csv")
    assert "Say --measure test and --highest or --lowest" in refused("table", path)
    done = call("table", path, "--measure", "test", "--highest", "--control", "adamw", "--format", "csv")
    assert len(done.stdout.splitlines()) == 1 + 16 * 17
    head, *rows = csv.reader(io.StringIO(done.stdout))
    assert head == ["problem", "optimizer", "test", "test low", "test high", "seconds"]
    assert all(float(low) <= float(middle) <= float(high) for _, _, middle, low, high, _ in rows)


def test_csv_is_for_programs(folder: Path) -> None:
    """Each number has a column of its own, an infinite one is inf, and no name is shortened, nor in Markdown."""
    chain = "clip_by_global_norm | weight_decay on matrices | momentum with warm restarts and a long name"
    rows = [f"{chain} {end},{seed},0.{90 + seed}" for end in ("one", "two") for seed in range(3)]
    text = "\n".join(["optimizer,seed,test_accuracy", *rows, "=bad,0,nan", "=bad,1,0.5", ""])
    Path("long.csv").write_text(text, "utf-8")
    done = call("table", "long.csv", "--format", "csv")
    head, *found = csv.reader(io.StringIO(done.stdout))
    assert head == ["optimizer", "test accuracy (%)", "test accuracy (%) low", "test accuracy (%) high"]
    assert [row for row in found if row[0].startswith(chain)] == [
        [f"{chain} {end}", "91.00", "90.00", "92.00"] for end in ("one", "two")
    ]
    assert [row for row in found if "bad" in row[0]] == [["'=bad (1 diverged)", "-inf", "-inf", "50.00"]]
    marked = call("table", "long.csv").stdout
    assert f"{chain} one".replace("_", r"\_").replace("|", r"\|") in marked


def test_a_terminal_tells_long_names_apart(folder: Path) -> None:
    """Names that begin alike are cut in the middle."""
    from optilab.cli.comparison import comparison_table
    from optilab.store import load_table

    chain = "clip_by_global_norm | weight_decay on matrices | momentum with warm restarts and a long name"
    runs = pd.DataFrame({"optimizer": [f"{chain} one", f"{chain} two"], "seed": 0, "test_cost": [0.5, 0.6]})
    results = load_table(runs)
    assert results.question is not None
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(comparison_table(results.question, results, 100))
    told = console.export_text()
    assert "long name one" in told
    assert "long name two" in told


def test_pictures_lie_beside_the_table(folder: Path) -> None:
    """In a folder of their own, or where they are wanted; the table stays as it is."""
    told = call("plot", "runs.csv").stdout.split()
    assert "runs-pictures/convergence.png" in told
    assert all(Path(path).exists() for path in told)
    told = call("plot", "runs.csv", "convergence", "--y", "score", "--out", "here/there").stdout.split()
    assert told == ["here/there/convergence-score.png"]
    assert Path("runs.csv").read_text("utf-8") == CURVES


def test_a_report_lies_beside_the_table(folder: Path) -> None:
    """With the same verdict, what was noticed, and the table's own measures among its curves."""
    Path("runs.csv").write_text(CURVES + "base,6,0,nan,1\n", "utf-8")
    done = call("report", "runs.csv")
    assert done.stdout.split() == ["runs-report.html"]
    page = Path("runs-report.html").read_text("utf-8")
    assert "<h1>runs</h1>" in page
    assert "1 run without a finite valid_cost at the end, counted as diverged: base, seed 6." in page
    assert "base is worse than ours" in page
    assert '"key":"score"' in page
    call("report", "runs.csv", "--measure", "score", "-o", "other.html")
    assert "its score is lower by 1" in Path("other.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("table", "runs.csv", "--control", "bas"), "unknown control 'bas': did you mean 'base'"),
        (("table", "runs.csv", "--measure", "scroe"), "unknown measure 'scroe': did you mean 'score'"),
        (("table", "runs.csv", "--confidence", "95"), "confidence must lie between 0 and 1, not 95"),
        (("table", "other.csv"), "can't read 'other.csv': No such file or directory"),
        (("table", "runs.json"), "'runs.json' is no results folder, and no table: that is a file such as runs.csv"),
        (("plot", "runs.csv", "digits"), "it needs the experiment that made the runs"),
        (("plot", "runs.csv", "--y", "lost"), "unknown y 'lost'"),
        (("plot", "runs.csv", "--out", "runs.csv/in"), "can't make the folder 'runs.csv/in'"),
    ],
)
def test_what_can_not_be_done_is_told(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    """One message each."""
    Path("runs.json").write_text("{}", "utf-8")
    assert message in refused(*arguments)


@pytest.mark.parametrize("option", ["--lowest", "--highest"])
@pytest.mark.parametrize("command", ["table", "plot", "report"])
def test_a_direction_is_that_of_a_measure(folder: Path, command: str, option: str) -> None:
    """In a folder of results, whose measure has a direction already; the message speaks of options."""
    Path("results").mkdir()
    assert f"{option} needs --measure: of which measure is it the best value?" in refused(command, "results", option)
