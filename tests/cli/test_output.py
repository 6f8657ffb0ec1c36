"""What the commands show: nothing of it acts on a terminal, nothing is lost, nothing is broken, and the figures are right."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from optilab import store
from optilab.cli import outlets, status
from optilab.cli.table import TableColumn, fitting
from optilab.cli.terminal import Terminal, name
from optilab.cli.verdicts import print_verdicts
from optilab.errors import InputError
from optilab.runner.progress import Progress
from optilab.testing.verdicts import Verdict
from optilab.texts import counted
from terminals import call, printed

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


@given(st.text() | st.sampled_from([NASTY, "[red]", ":smile:", "\r\x1b]0;title\x07"]))
def test_no_text_acts_on_a_terminal(text: str) -> None:
    """As a string, a cell, a name or piece of rich's text: no control character is left, and no markup is followed."""
    for thing in (text, name(text), Text(text), fitting([TableColumn("c")], [[name(text)]], 300)):
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
