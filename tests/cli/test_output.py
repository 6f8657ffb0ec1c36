"""What the commands show: nothing of it acts on a terminal, nothing is lost, nothing is broken, and the figures are right."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from optilab import store
from optilab.cli import live, outlets, status
from optilab.cli.comparison import comparison_notes, comparison_table
from optilab.cli.main import main
from optilab.cli.table import Column, fitting
from optilab.cli.terminal import Terminal, name
from optilab.cli.verdicts import print_verdicts
from optilab.errors import InputError
from optilab.records.columns import COLUMNS
from optilab.runner.progress import Progress
from optilab.testing.verdicts import Verdict
from optilab.texts import counted, printable

NASTY = "a\x1b[31mred\x1b[2J \x07\x9b [bold]x[/bold] [/nothing] :warning: \u202e"
SHOWN = r"a\x1b[31mred\x1b[2J \x07\x9b [bold]x[/bold] [/nothing] :warning: \u202e"

NASTY_EXPERIMENT = {
    "name": "nasty",
    "question": f"What of {NASTY}?\nAnd this?",
    "seeds": 1,
    "budget": {"steps": 5},
    "problem": {"use": "bowl"},
    "optimizers": [
        {"use": "sgd", "lr": [0.01, 0.02], "label": NASTY},
        {"use": "sgd", "lr": 0.03, "label": "fails", "schedule": "raises"},
    ],
}

PLUGIN = r'''
import os
from optilab import elementwise, feedback, hookimpl

print("printed at import")
os.write(1, b"written at import\n")


@feedback()
def raises():
    """Fail with an odd message, and print before."""
    print("printed by a run")
    os.write(1, b"written by a run\n")
    yield 1.0
    raise RuntimeError("odd \x1b[31mmessage\x1b[2J \x9b")


@hookimpl
def optilab_schedules():
    return [raises]
'''


TINY = 'name = "tiny"\nseeds = 1\nbudget = { steps = 5 }\nproblem = { use = "bowl" }\n[[optimizers]]\nuse = "sgd"\nlr = [0.01, 0.02]\nlabel = "Größe × é 字"\n'
RUN = "run tiny.toml --executor inline"
RUN_NASTY = ("run", "nasty.toml", "--plugin", "noisy_in_file.py", "--executor", "inline")


def toml(value: Any) -> str:
    """A value in TOML; texts are escaped as JSON does it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


def prepare(folder: Path) -> None:
    """Write a plugin, an experiment that is full of control characters and markup, and a plain one."""
    (folder / "noisy_in_file.py").write_text(PLUGIN, "utf-8")
    content = "\n".join(f"{key} = {toml(value)}" for key, value in NASTY_EXPERIMENT.items())
    (folder / "nasty.toml").write_text(content, "utf-8")
    (folder / "tiny.toml").write_text(TINY, "utf-8")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with experiments, and a wide terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    prepare(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def both_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of both experiments; for tests that add nothing to it."""
    made = tmp_path_factory.mktemp("made")
    prepare(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        call(*RUN_NASTY, code=1)
        call("run", "tiny.toml", "--executor", "inline")
    return made


def call(*arguments: str, code: int = 0) -> Result:
    """Call optilab in this process, and check its exit code."""
    result = CliRunner().invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell, in which $OPTILAB is the command."""
    program = f'"{sys.executable}" -m optilab_under_test'
    Path("optilab_under_test.py").write_text("from optilab.cli.main import main\nmain(prog_name='optilab')\n", "utf-8")
    given = {**os.environ, "OPTILAB": program, **environment}
    return subprocess.run(
        ["bash", "-c", command.replace("$OPTILAB", program)], capture_output=True, env=given, check=False
    )


def acts_on_a_terminal(text: str) -> list[str]:
    """Characters that a terminal would act on."""
    return [c for c in text if not c.isprintable() and c != "\n"]


def printed(thing: Any, width: int = 300) -> str:
    """What a terminal of some width shows of it."""
    terminal = Terminal()
    with terminal.capture() as captured:
        terminal.width = width
        terminal.print(thing)
    return captured.get()


@given(st.text() | st.sampled_from([NASTY, "[red]", ":smile:", "\r\x1b]0;title\x07"]))
def test_no_text_acts_on_a_terminal(text: str) -> None:
    """As a string, a cell, a name or piece of rich's text: no control character is left, and no markup is followed."""
    for thing in (text, name(text), Text(text), fitting([Column("c")], [[name(text)]], 300)):
        assert not acts_on_a_terminal(printed(thing))
    if text.isascii() and text.isprintable() and text.strip() and len(text) < 60:
        assert text in printed(text)
        assert text in printed(name(text))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (RUN_NASTY, 1),
        (("run", "nasty.toml", "--plugin", "noisy_in_file.py", "--dry-run"), 0),
        (("status", "results/nasty", "--plugin", "noisy_in_file.py"), 0),
        (("show", "\x1b[31madam"), 2),
        (("run", "\x1b[2J.toml"), 2),
        (("run", "nasty.toml", "--set", "optimizers.0.use=\x1b[31mx"), 2),
        (("run", "nasty.toml", "--set", "\x1b[2J"), 2),
        (("\x1b[31mrun",), 2),
        (("plot", "results/nasty", "--kind", "\x1b[31m"), 2),
        (("replay", "results/nasty", "\x1b[31m"), 2),
        (("merge", "results/nasty", "\x1b[31m"), 2),
    ],
)
def test_no_command_writes_what_acts_on_a_terminal(
    both_made: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int
) -> None:
    """Labels, questions, messages, statuses, names of files and of whatever is not known are shown escaped."""
    monkeypatch.chdir(both_made)
    result = call(*arguments, code=code)
    assert not acts_on_a_terminal(result.stdout + result.stderr)


def test_labels_and_messages_are_shown_to_the_letter() -> None:
    """The question, the label in the table and the message of a failure stand there with their brackets."""
    text = call(*RUN_NASTY, code=1).stdout
    assert f"What of {SHOWN}?\nAnd this?\n" in text
    assert any(line.strip().startswith(SHOWN[:59]) for line in text.splitlines())
    assert r"RuntimeError: odd \x1b[31mmessage\x1b[2J \x9b" in text
    assert r"odd \x1b[31mmessage\x1b[2J \x9b" in call("status", "results/nasty", "--plugin", "noisy_in_file.py").stdout


def test_verdicts_are_printed_to_the_letter() -> None:
    """What the kit found is printed without following markup in it; the number of broken properties comes back."""
    verdicts = [Verdict("One [b]", "holds", NASTY), Verdict(NASTY, "broken", NASTY), Verdict("Two", "not asked")]
    terminal = Terminal()
    with terminal.capture() as captured:
        assert print_verdicts(NASTY, verdicts, terminal) == 1
    text = captured.get()
    assert not acts_on_a_terminal(text)
    assert text.count(SHOWN) == 4
    assert "1 hold, 1 broken" in text


@pytest.mark.parametrize("how", ["--executor inline", "--workers 1"])
def test_json_stays_json(how: str) -> None:
    """Whatever a plugin prints, or writes to the file descriptor, in any process, goes to the standard error; so do notes."""
    done = shell(f"$OPTILAB run nasty.toml --plugin noisy_in_file.py --json {how}")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout, parse_constant=pytest.fail)
    assert found["statuses"] == {"budget": 2, "failed": 1}
    assert {row["label"] for row in found["comparison"]} == {NASTY, "fails"}
    for text in (b"printed at import", b"written at import", b"printed by a run", b"written by a run"):
        assert text in done.stderr


def test_json_of_all_commands_is_json(both_made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a plugin that prints, and values that JSON doesn't have."""
    monkeypatch.chdir(both_made)
    for arguments in (("status", "results/nasty", "--json"), ("list", "--json")):
        json.loads(call(*arguments, "--plugin", "noisy_in_file.py").stdout, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"$OPTILAB {RUN} >/dev/full", 74),
        (f"$OPTILAB {RUN} >&-", 0),
        (f"$OPTILAB {RUN} >&- 2>&- <&-", 0),
        (f"$OPTILAB {RUN} 2>/dev/full", 0),
        (f"$OPTILAB {RUN} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}", 0),
        ("$OPTILAB list | true; exit ${PIPESTATUS[0]}", 0),
        ("$OPTILAB --help >/dev/full", 74),
    ],
)
def test_output_that_can_not_be_written_costs_no_result(folder: Path, line: str, code: int) -> None:
    """Where the output is full, closed or not read: all runs are there, no traceback, and 74 is for what was lost."""
    done = shell(line)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert (b"can't write to the standard output: No space left" in done.stderr) == (code == 74)
    if RUN in line:
        assert len(store.load("results/tiny").runs) == 2
        assert (folder / "results" / "tiny" / "convergence.png").stat().st_size > 1000


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_narrow_encoding_loses_nothing(folder: Path, encoding: str) -> None:
    """What an encoding lacks is written as an escape sequence, the rest as it is."""
    (folder / "tiny.toml").write_text(
        TINY.replace("seeds = 1", "seeds = 2").replace('"bowl"', '"bowl", start = "random"'), "utf-8"
    )
    done = shell(f"$OPTILAB {RUN}", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    ways = {"ascii": r"Gr\xf6\xdfe x \xe9 \u5b57", "cp1252": r"Größe × é \u5b57"}
    assert ways[encoding] in text
    assert "4 runs made" in text
    assert "Median over 2 seeds" in text


words = st.text("abcdefghij0123456789.-", min_size=1, max_size=12)
cells = st.lists(words, max_size=4).map(" ".join)


@given(st.lists(st.tuples(cells, cells, words, words), min_size=1, max_size=4), st.integers(20, 110))
def test_tables_break_no_word_and_no_number(rows: list[tuple[str, ...]], width: int) -> None:
    """However narrow it is: no line is too long, and every word of every cell stands in one piece."""
    columns = [
        Column("what it is"),
        Column("how"),
        Column("number\nof it", figures=True),
        Column("other", figures=True),
    ]
    shown = printed(fitting(columns, [[Text(cell) for cell in row] for row in rows], width), width)
    assert max(map(len, shown.splitlines())) <= width
    there = shown.replace("(", " ").replace(")", " ").replace(":", " ").split()
    for word in {word for row in rows for cell in row for word in cell.split()}:
        assert there.count(word) >= sum(cell.split().count(word) for row in rows for cell in row)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_dry_run_breaks_no_word(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Whatever table a command prints is made to fit."""
    monkeypatch.setenv("COLUMNS", str(width))
    text = call("run", "tiny.toml", "--dry-run", "--set", "optimizers.0.label=gradient_descent with schedule").stdout
    assert max(map(len, text.splitlines())) <= width
    assert {"gradient_descent", "hyperparameters", "constant", "lr=0.01", "lr=0.02"} <= set(text.split())
    assert "tiny: 2 cells" in text


FOUND = pd.DataFrame(
    {
        "run_id": [f"{k:016x}" for k in range(5)],
        "problem": "digits",
        "optimizer": "sgd",
        "label": ["sgd"] * 3 + ["gradient_descent"] * 2,
        "schedule": "constant",
        "batch_size": 10,
        "seed": [0, 1, 2, 0, 1],
        "role": "evaluation",
        "status": ["budget"] * 3 + ["diverged"] * 2,
        "message": "",
        "final_train_cost": [0.123456, 0.5, 0.25, math.inf, math.inf],
        "final_test_cost": [0.2, 0.6, 0.3, math.nan, math.nan],
        "final_test_accuracy": [0.91236, 0.5, 0.75, math.nan, math.nan],
        "spec": "{}",
        "lr": [0.01] * 3 + [9.0] * 2,
    }
)


def history_of(runs: pd.DataFrame) -> pd.DataFrame:
    """One measurement of each, after two epochs and a second and a half."""
    return pd.DataFrame({"run_id": runs["run_id"], "step": 20, "epoch": 2.0, "seconds": 1.5})


def comparison_at(width: int, **changes: Any) -> str:
    """The comparison of FOUND in a terminal of some width."""
    experiment = SimpleNamespace(tuning=changes.get("tuning"))
    found = store.Results(Path(), FOUND, history_of(FOUND))
    return printed(comparison_table(experiment, found, "final_train_cost", width), width)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_comparison_holds_the_medians_and_ranges(width: int) -> None:
    """Accuracy in percent, costs to three digits, medians with the lowest and the highest; in a table or below each other."""
    text = comparison_at(width)
    assert max(map(len, text.splitlines())) <= width
    row = text[text.index("sgd") : text.index("gradient_descent")]
    for figure in ("75.00", "50.00–91.24", "0.3", "0.2–0.6", "0.25", "0.123–0.5", "1.5"):
        assert figure in row.replace("(", " ").replace(")", " ").split()
    row = text[text.index("gradient_descent") :]
    assert {"(2", "diverged)"} <= set(row.split())
    assert "Median over 3 seeds" in " ".join(row.split())


@pytest.mark.parametrize(("tuned", "told"), [(True, "on other seeds"), (False, "on the same seeds")])
def test_on_which_seeds_hyperparameters_were_chosen(tuned: bool, told: str) -> None:
    """It is said below the table, where there was something to choose."""
    assert "chosen on" not in comparison_at(100, tuning=tuned)
    runs = pd.concat([FOUND[:1], FOUND[:1].assign(run_id="f" * 16, lr=0.02, final_train_cost=9.0)], ignore_index=True)
    experiment: Any = SimpleNamespace(tuning=object() if tuned else None)
    table = comparison_table(experiment, store.Results(Path(), runs, history_of(runs)), "final_train_cost", 100)
    text = " ".join(printed(table, 100).split())
    assert f"Hyperparameters chosen {told}, by final train cost." in text
    assert "lr=0.01*" in text


def test_nothing_to_compare_is_said() -> None:
    """Without a run of evaluation there is a sentence in place of the table."""
    tuning = FOUND[FOUND["status"] != "diverged"].assign(role="tuning")
    nothing: Any = SimpleNamespace(tuning=None)
    table = comparison_table(nothing, store.Results(Path(), tuning, history_of(tuning)), "final_train_cost", 80)
    assert printed(table).strip() == "No runs to compare."


def finished(label: str, status_of_it: str, cost: float) -> Any:
    """A run that has ended with some cost."""
    row = [0.0] * len(COLUMNS)
    row[COLUMNS.index("train_cost")] = cost
    job = SimpleNamespace(task=SimpleNamespace(cell=SimpleNamespace(label=label)), seed=7, run_id="0" * 16)
    return SimpleNamespace(job=job, outcome=SimpleNamespace(status=status_of_it, message="why", log=np.array([row])))


def live_table(runs: list[Any], width: int = 100) -> str:
    """What the live display shows once these have ended."""
    terminal = Terminal()
    terminal.width = width
    shown = live.Live(terminal, "train_cost")
    with terminal.capture():
        shown.started("evaluation", len(runs) + 2, 3, 0, 0)
        shown.finished(runs, 2)
    return printed(shown._picture(), width)


def test_the_live_table_shows_the_best_so_far() -> None:
    """Of each line the lowest last cost of runs that lasted, best line first, with what ended otherwise; and done against wanted."""
    runs = [
        finished("a", "budget", 3.0),
        finished("a", "budget", 2.0),
        finished("a", "diverged", 0.5),
        finished("b", "budget", 1.25),
        finished("b", "failed", 0.1),
    ]
    lines = [line.split() for line in live_table(runs).splitlines()]
    assert ["b", "2", "1.25", "1", "failed"] in lines
    assert ["a", "3", "2", "1", "diverged"] in lines
    assert lines.index(["b", "2", "1.25", "1", "failed"]) < lines.index(["a", "3", "2", "1", "diverged"])
    assert any("8/10" in line for line in lines)
    assert any(line[:3] == ["2", "under", "way,"] for line in lines)


@pytest.mark.parametrize("width", [60, 80])
def test_the_live_table_breaks_no_word(width: int) -> None:
    """The counts, the bar and what is under way stand in whole words on narrow terminals."""
    text = live_table(
        [finished("a rather long label of an optimizer", "diverged", 3.0), finished("b", "budget", 1.0)], width
    )
    assert max(map(len, text.splitlines())) <= width
    there = text.split()
    assert {"rather", "optimizer", "diverged", "evaluation", "5/7", "2", "under", "way,"} <= set(there)
    assert "…" not in text


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3599, "59:59"), (3600, "1:00:00"), (93784, "26:03:04")],
)
def test_time_that_is_left(seconds: float, told: str) -> None:
    """Minutes and seconds, with hours where there are some."""
    assert live._duration(seconds) == told


@pytest.mark.parametrize(("a_second", "told"), [(2.5, "2.5 runs/s"), (1, "1 runs/s"), (0.5, "30 runs/min")])
def test_runs_a_second(a_second: float, told: str) -> None:
    """A minute where it is fewer than one a second."""
    assert live._rate(a_second) == told


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 runs are done"), (1, "1 run is done"), (2, "2 runs are done"), (21, "21 runs are done")]
)
def test_one_is_singular(count: int, told: str) -> None:
    """What is counted is in the singular for one alone."""
    assert counted(count, "run is done", "runs are done") == told
    assert counted(count, "run") == f"{count} run{'' if count == 1 else 's'}"


def test_status_tells_done_against_wanted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Done is what is wanted and there; others are counted for themselves."""
    failed = FOUND[:0].assign(traceback="")
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


def test_one_run_is_told_in_the_singular(folder: Path) -> None:
    """From the first line to the last."""
    (folder / "one.toml").write_text(TINY.replace("[0.01, 0.02]", "0.01").replace("tiny", "one"), "utf-8")
    text = call("run", "one.toml", "--executor", "inline").stdout
    assert "1 run made, 0 there before" in text
    assert "evaluation: 1 run, of which 1 is done" in call("run", "one.toml", "--dry-run").stdout
    assert "1 run wanted: 1 done, 0 missing" in call("status", "results/one").stdout
    assert "evaluation: 1 run done before, 0 to go" in call("run", "one.toml", "--executor", "inline").stdout


def test_stale_results_are_told_before_the_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to have them made again."""
    call("run", "tiny.toml", "--executor", "inline")
    monkeypatch.setattr("optilab.training.plan.combined", lambda *_: "another digest")
    text = call("run", "tiny.toml", "--executor", "inline").stdout
    assert "2 of these runs were made by other code than today's" in text
    assert text.index("made by other code") < text.index("optimizer")
    assert "--rerun stale makes them again" in text


def test_a_picture_that_can_not_be_drawn_costs_no_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table, the folder and the exit code are as without it, and the reason is told."""

    def refuse(*_: object, **__: object) -> None:
        raise InputError("no room for a picture")

    monkeypatch.setattr("optilab.figures.draw.draw", refuse)
    text = call("run", "tiny.toml", "--executor", "inline").stdout
    assert text.index("training") < text.index("no plot: no room for a picture") < text.index("results: results/tiny")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("shwo",), "unknown command 'shwo': did you mean 'show'"),
        (("show", "adamm"), "did you mean 'adam' or "),
        (("show", "zzzzzz"), "known are "),
        (("plot", "results/tiny", "--kind", "convergance"), "did you mean 'convergence'"),
        (("plot", "results/tiny", "--x", "epochs"), "did you mean 'epoch'"),
        (("plot", "results/tiny", "--y", "trian_cost"), "did you mean 'train_cost'"),
        (("run", "tiny.toml", "--executor", "locall"), "did you mean 'local'"),
        (("run", "tiny.toml", "--log", "tensorbord"), "did you mean 'tensorboard'"),
        (("run", "tiny.toml", "--rerun", "stael"), "stale"),
        (("curve", "cosin"), "did you mean 'cosine'"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(
    both_made: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    """Three at the most, of however many there are."""
    monkeypatch.chdir(both_made)
    message = call(*arguments, code=2).stderr
    assert told in message
    assert len(message) < 400


def test_a_notebook_without_bytes_behind_its_output_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that only take text, and none at all, are written to as they are."""
    text_only = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text_only)
    with outlets.outlets():
        outlets.say("héllo \x1b[31m")
    assert text_only.getvalue() == "héllo \\x1b[31m\n"
    monkeypatch.setattr(sys, "stdout", None)
    with outlets.outlets() as streams:
        outlets.say("nobody hears")
    assert streams.exit_code(1) == 1


@pytest.fixture
def failing_stream() -> Any:
    """A stream that takes two writes and is full then."""

    class Bytes(io.BytesIO):
        def write(self, data: Any, /) -> int:
            if len(self.getvalue()) > 5:
                raise OSError(28, "No space left on device")
            return super().write(data)

    return io.TextIOWrapper(Bytes(), "utf-8")


def test_the_exit_code_of_a_failure_outweighs_lost_output(
    failing_stream: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """74 is in the place of success alone."""
    monkeypatch.setattr(sys, "stdout", failing_stream)
    with outlets.outlets() as streams:
        for _ in range(5):
            outlets.say("some text")
        assert streams.exit_code(0) == 74
        assert streams.exit_code(None) == 74
        assert streams.exit_code(1) == 1
    assert capsys.readouterr().err.count("can't write to the standard output: No space left on device") == 3


@pytest.mark.parametrize("line", ["help", "help run", "help cache info", "-h", "run -h"])
def test_help_is_the_output(line: str) -> None:
    """What was asked for goes to the standard output, where a pager or a file takes it."""
    done = shell(f"$OPTILAB {line}")
    assert b"Usage: optilab" in done.stdout
    assert done.stderr == b""


@given(label=st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_the_note_below_the_comparison_has_labels_to_the_letter(label: str) -> None:
    """No character of a label is lost there, not even one that rich takes out of its texts."""
    runs = pd.DataFrame({"label": [label, "sgd"], "random": [False, True], "seeds": 1, "hyperparameters": ""})
    notes = comparison_notes(SimpleNamespace(tuning=None), runs, "final_train_cost", tuned=False)  # type: ignore[arg-type]
    assert notes.plain == f"One seed. Of {printable(label)} one run, as nothing in it is random."


@pytest.mark.parametrize("width", [60, 80, 100])
def test_tables_stand_in_a_narrow_encoding(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are measured as the encoding shows them: all lines of a table have the same width, and columns stand below each other."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    with outlets.outlets():
        terminal = Terminal()
        rows = [[Text("\u5b66\u7fd2\u7387 \u2713"), Text("1.5")], [Text("sgd"), Text("0.25")]]
        terminal.print(fitting([Column("optimizer"), Column("cost", figures=True)], rows, width))
    lines = written.getvalue().decode("ascii").splitlines()
    assert r"\u5b66\u7fd2\u7387 +" in "\n".join(lines)
    assert (
        len({line.index(figure) + len(figure) for line in lines for figure in ("1.5", "0.25") if figure in line}) == 1
    )
