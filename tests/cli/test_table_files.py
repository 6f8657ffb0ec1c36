"""Commands on anybody's table of runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from analysis.published import FOLDER
from cli.calls import refused

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


def test_pictures_lie_beside_the_table(folder: Path) -> None:
    """In a folder of their own, or where they are wanted; the table stays as it is."""
    told = call("plot", "runs.csv").stdout.split()
    assert "runs-pictures/convergence-valid_cost.png" in told
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
