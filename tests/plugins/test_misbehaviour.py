"""Plugins that misbehave, at every door by which they are called: each ends in one message, and nothing is lost."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from optilab.cli.main import main
from optilab.errors import InputError, PluginWarning
from optilab.guarding import calls
from optilab.guarding.calls import OverdueError
from optilab.plugins import loading
from optilab.store import load
from optilab.workers import process, supervisor
from optilab.workers.messages import lost, unpack

PLUGIN = '''
import os
import sys
import time

import numpy as np

from optilab import Examples, dataset, feedback, hookimpl, logger, sampler, schedule
from optilab.loggers import Logger
from optilab.problems.problem import ProblemKind


def at(door):
    """Misbehave, if it is to happen here."""
    if door != "{door}":
        return
    {deed}


at("import")


@schedule()
def curve_{uid}(step, total):
    """One."""
    at("schedule")
    return np.ones_like(step)


@feedback()
def feedback_{uid}():
    """One."""
    while True:
        at("feedback")
        yield 1.0


@sampler
def sampler_{uid}(ranges, samples, seed):
    """The middle of each range."""
    at("sampler")
    return [{{name: found.low for name, found in ranges.items()}}] * samples


@dataset(digest="{uid}")
def dataset_{uid}():
    """Four examples."""
    at("dataset")
    x = np.arange(8.0).reshape(4, 2)
    return Examples(x, np.array([0, 1, 0, 1]), x[:2], np.array([0, 1]), classes=("a", "b"))


class Kind(ProblemKind):
    name = "problem_{uid}"
    documentation = "A bowl."
    choices = {{}}

    def build(self, given, precision=None, place=""):
        at("problem")
        from optilab.plugins.loading import registry

        return registry().problem("bowl").build(given, precision, place)


class Told(Logger):
    def run_measured(self, run, measured):
        at("logger")


@logger
def logger_{uid}(where):
    """Nothing."""
    yield Told()


@hookimpl
def optilab_schedules():
    at("hook")
    return [curve_{uid}, feedback_{uid}]


@hookimpl
def optilab_samplers():
    return [sampler_{uid}]


@hookimpl
def optilab_datasets():
    return [dataset_{uid}]


@hookimpl
def optilab_problems():
    return [Kind()]


@hookimpl
def optilab_loggers():
    return [logger_{uid}]
'''

DEEDS = {
    "raise": "raise ValueError('half a pair: \\ud800')",
    "exit": "sys.exit(0)",
    "end": "os._exit(0)",
    "loop": "while True: pass",
    "move": "os.chdir('/'); print('hello from the plugin')",
}
EXPERIMENT = """
name = "doors"
budget = {{ steps = 4 }}
search = {{ method = "{sampler}" }}

[problem]
{problem}

[[optimizers]]
use = "sgd"
lr = {{ log_uniform = [0.01, 0.1] }}
samples = 1
{schedule}
"""
BEFORE = ("import", "hook")
IN_RUNS = ("schedule", "feedback")  # a failing run is a result
DOORS = (*BEFORE, *IN_RUNS, "sampler", "dataset", "problem", "logger")
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A current folder of its own, and little patience."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPTILAB_PLUGIN_SECONDS", "4")
    yield
    loading.forget()


def run(door: str, deed: str, *options: str) -> tuple[Result, str]:
    """Run an experiment that comes by a door, whose plugin does something there; and the plugin's name."""
    uid = f"{os.getpid():x}0{next(_numbers):x}"
    stem = f"misbehaving_{uid}"
    Path(f"{stem}.py").write_text(PLUGIN.format(door=door, deed=DEEDS.get(deed, deed), uid=uid), "utf-8")
    problem = {
        "problem": f'use = "problem_{uid}"',
        "dataset": f'use = "network"\ndataset = "dataset_{uid}"\nhidden = [2]\nactivation = "relu"',
    }.get(door, 'use = "bowl"')
    schedule = {"schedule": f'schedule = "curve_{uid}"', "feedback": f'schedule = "feedback_{uid}"'}.get(door, "")
    sampler = f"sampler_{uid}" if door == "sampler" else "sobol"
    Path("doors.toml").write_text(EXPERIMENT.format(problem=problem, schedule=schedule, sampler=sampler), "utf-8")
    log = ["--log", f"logger_{uid}"] if door == "logger" else []
    command = ["run", "doors.toml", "--plugin", f"{stem}.py", "--executor", "inline", "--quiet", *log, *options]
    return CliRunner().invoke(main, command), stem


def said_once(result: Result, stem: str) -> None:
    """Assert that it ended in one message, which names the plugin."""
    assert result.exit_code == 2, result.output
    assert sum(line.startswith("Error: ") for line in result.stderr.splitlines()) == 1
    assert stem in result.stderr or stem.rpartition("_")[2] in result.stderr
    assert "Traceback" not in result.stderr
    result.stderr.encode()


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


def test_a_worker_that_hangs_as_it_imports_a_plugin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that only does so in a worker ends the experiment with a message, and not for ever."""
    source = "import os\nif os.environ.get('NUMBA_NUM_THREADS') == '1':\n    while True:\n        pass\n"
    Path("hangs_in_a_worker.py").write_text(source, "utf-8")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    experiment = EXPERIMENT.format(problem='use = "bowl"', schedule="", sampler="sobol")
    Path("doors.toml").write_text(experiment, "utf-8")
    command = ["run", "doors.toml", "--plugin", "hangs_in_a_worker.py", "--workers", "1", "--quiet"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2, result.output
    assert "the import of plugin" in result.stderr
    assert "hangs_in_a_worker.py' did not come back within 4 s" in result.stderr


def test_a_worker_that_hangs_in_compiled_code_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that can't be interrupted from within is ended from without, and told."""
    monkeypatch.setattr(process, "START", 0.0)
    monkeypatch.setattr(process, "seconds", lambda: 0.01)
    watching = supervisor.Supervisor("s")
    with pytest.raises(
        OverdueError, match="a worker process, as it started and imported the plugins, did not come back"
    ):
        watching.work({"plugins": [], "runs": [0], "time_limit": None})
    watching.close()


def test_loops_in_workers_are_failed_runs(tmp_path: Path) -> None:
    """A feedback schedule that loops at its third measurement: the run fails with a message, and the others go on."""
    Path("late.py").write_text(
        "from optilab import feedback, hookimpl\n\n\n@feedback()\ndef late():\n    yield 1.0\n    yield 1.0\n"
        "    while True:\n        pass\n\n\n@hookimpl\ndef optilab_schedules():\n    return [late]\n",
        "utf-8",
    )
    text = EXPERIMENT.format(problem='use = "bowl"', schedule='schedule = ["constant", "late"]', sampler="sobol")
    Path("doors.toml").write_text("measure = { steps = 1 }\n" + text, "utf-8")
    command = ["run", "doors.toml", "--plugin", "late.py", "--workers", "1", "--quiet"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1, result.output
    runs = load("results/doors").runs.set_index("schedule")
    assert runs["status"].to_dict() == {"constant": "budget", "late": "failed"}
    assert runs["message"]["late"].startswith("the schedule late did not come back within 4 s")


@pytest.mark.parametrize(
    "command", [["list", "--json"], ["run", "doors.toml", "--quiet", "--json", "--executor", "inline"]]
)
def test_json_is_alone_on_stdout(command: list[str]) -> None:
    """What a plugin prints without Python, or another process for it, goes to the standard error."""
    Path("loud.py").write_text("import os, sys\nos.write(1, b'loud')\nos.system('echo loud')\nprint('loud')\n", "utf-8")
    experiment = EXPERIMENT.format(problem='use = "bowl"', schedule="", sampler="sobol")
    Path("doors.toml").write_text(experiment, "utf-8")
    optilab = [sys.executable, "-c", "from optilab.cli.main import main; main()"]
    done = subprocess.run([*optilab, *command, "--plugin", "loud.py"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)
    assert done.stderr.count("loud") == 3


def test_an_installed_plugin_that_ends_its_process_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told in a warning, never imported here, and all else goes on."""
    info = tmp_path / "site" / "deadly-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "deadly.py").write_text("import os\nos._exit(0)\n", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: deadly\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[optilab]\ndeadly = deadly\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")
    loading.forget()
    with pytest.warns(PluginWarning, match="the import of plugin 'deadly' of deadly ended the process"):
        found = loading.registry()
    assert list(found.broken) == ["deadly"]
    assert "sgd" in found.optimizers
    loading.forget()


def test_the_output_is_given_back_when_blocks_overlap() -> None:
    """Two threads in plugin code at the same time leave the standard output as it was."""
    output, inside, go_on = sys.stdout, threading.Event(), threading.Event()

    def other() -> None:
        with calls.Contained():
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=other)
    with calls.Contained():
        thread.start()
        inside.wait(10)
        assert sys.stdout is sys.stderr
    assert sys.stdout is sys.stderr
    go_on.set()
    thread.join()
    assert sys.stdout is output


@given(message=st.text(st.characters(), max_size=20))
def test_any_message_of_a_plugin_can_be_stored(message: str) -> None:
    """Whatever characters it holds, it goes through bytes and into a table; what UTF-8 can hold stays as it is."""
    (back,) = unpack(lost("failed", message, message).pack())
    assert pa.array([back.message, back.traceback]).to_pylist() == [back.message] * 2
    if not any("\ud800" <= c <= "\udfff" for c in message):
        assert back.message == message


class Mute(Exception):  # noqa: N818
    """An exception without a text."""

    def __str__(self) -> str:
        raise RuntimeError


def test_exceptions_are_described_whatever_they_are() -> None:
    """One whose text can't be had, one without a text, and one of a million letters."""
    assert calls.described(Mute()) == "Mute: (its text can't be had)"
    assert calls.described(ValueError()) == "ValueError"
    assert len(calls.described(ValueError("a" * 10**6))) < 5000


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", ""])
def test_the_patience_with_plugins_is_a_number(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything else is told with the variable's name."""
    monkeypatch.setenv("OPTILAB_PLUGIN_SECONDS", value)
    with pytest.raises(InputError, match=r"OPTILAB_PLUGIN_SECONDS = .*: accepted is a number above zero"):
        calls.seconds()


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
