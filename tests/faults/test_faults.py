"""What can go wrong around an experiment: it ends with one message, loses nothing, and goes on from where it was."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults.rounds import Rounds, children

from optilab.store import load, load_runs

RULES = '''
"""Rules that misbehave."""

from optilab import hookimpl, vectorwise


@vectorwise(lr=0.1)
def writes_far_out(w, g, lr):
    """Write where there is nothing to be written."""
    for i in range(100000000):
        w[w.size + i * 1000] = lr


@vectorwise(lr=0.1)
def never_returns(w, g, lr):
    """Go on for ever."""
    while w[0] < 1e300:
        w[0] += 0.0 * lr


@hookimpl
def optilab_optimizers():
    return [writes_far_out, never_returns]
'''
HEAD = 'name = "faulty"\nproblem = { use = "bowl", start = "random" }\n'
LONG = HEAD + 'seeds = 200\nbudget = { steps = 1000000 }\n[[optimizers]]\nuse = "sgd"\nlr = [1e-4, 1e-3]\n'


def command(*arguments: str, before: str = "") -> list[str]:
    """`optilab` in a process of its own, which does something else before."""
    return [sys.executable, "-c", f"{before}\nfrom optilab.cli.main import main; main(prog_name='optilab')", *arguments]


# As a terminal's shell starts it, whoever has started the tests.
ATTENTIVE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""


def ran(folder: Path, *arguments: str, code: int = 0) -> str:
    """What it says; it must end with this exit code."""
    done = subprocess.run(command(*arguments), cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def gone(process: int) -> bool:
    """Whether a process has ended, or soon does."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_killed_again_and_again(tmp_path: Path) -> None:
    """A short version of `rounds.py`: the results are those of an undisturbed run, bit for bit."""
    rounds = Rounds(tmp_path, random.Random(3), steps=20_000)
    rounds.play(4)
    assert rounds.killed.total() >= 2


@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGINT", 130, "Interrupted"), ("SIGTERM", 143, "Stopped"), ("SIGHUP", 129, "Stopped")]
)
def test_signals_that_end_it(tmp_path: Path, name: str, code: int, said: str) -> None:
    """It ends within two seconds, says what is done and how to go on, and leaves no process behind."""
    (tmp_path / "long.toml").write_text(LONG, "utf-8")
    process = subprocess.Popen(
        command("run", "long.toml", "--workers", "2", before=ATTENTIVE),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    workers = _once_it_works(process, tmp_path / "results/faulty")
    begin = time.monotonic()
    process.send_signal(getattr(signal, name))
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    taken = time.monotonic() - begin
    assert process.returncode == code, output
    assert taken < 6  # two seconds on a machine that has nothing else to do
    there = len(load_runs(tmp_path / "results/faulty"))
    assert 0 < there < 400
    assert f"{said}. {there} runs are done and kept; the same command goes on from there." in output
    assert "Traceback" not in output
    assert all(gone(worker) for worker in workers)
    assert f"{there} done" in ran(tmp_path, "status", "results/faulty")


def _once_it_works(process: subprocess.Popen[str], folder: Path) -> list[int]:
    """Its two workers, once the first runs are on disk."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list((folder / "runs").glob("*.parquet")):
        time.sleep(0.05)
    workers = children(process.pid)
    assert len(workers) == 2
    return workers


def test_a_signal_that_is_to_be_ignored(tmp_path: Path) -> None:
    """Under nohup, the end of the terminal is not the end of the experiment."""
    (tmp_path / "long.toml").write_text(LONG.replace("seeds = 200", "seeds = 40"), "utf-8")
    process = subprocess.Popen(
        command(
            "run", "long.toml", "--workers", "2", before="import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)"
        ),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    _once_it_works(process, tmp_path / "results/faulty")
    process.send_signal(signal.SIGHUP)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert len(load_runs(tmp_path / "results/faulty")) == 80


def test_workers_do_not_outlive_their_runner(tmp_path: Path) -> None:
    """Not even one whose run never ends."""
    (tmp_path / "bad.py").write_text(RULES, "utf-8")
    (tmp_path / "hangs.toml").write_text(
        HEAD + 'budget = { steps = 9 }\n[[optimizers]]\nuse = "never_returns"\n', "utf-8"
    )
    process = subprocess.Popen(
        command("run", "hangs.toml", "--plugin", "bad.py", "--quiet"), cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    busy: list[int] = []
    while time.monotonic() < deadline and not busy:
        busy = [worker for worker in children(process.pid) if _cpu_seconds(worker) > 3]
        time.sleep(0.1)
    assert busy, "the run should have kept a worker busy"
    process.kill()
    process.communicate()
    assert gone(busy[0])


def _cpu_seconds(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_rules_that_crash_or_never_return(tmp_path: Path) -> None:
    """Each costs its own runs alone, told as they happen; all others are as they are without them."""
    (tmp_path / "bad.py").write_text(RULES, "utf-8")
    good = 'seeds = 2\nbudget = { steps = 50 }\n[[optimizers]]\nuse = "sgd"\nlr = [0.01, 0.02, 0.03]\n'
    bad = '[[optimizers]]\nuse = "writes_far_out"\n[[optimizers]]\nuse = "never_returns"\n'
    (tmp_path / "good.toml").write_text(HEAD + good, "utf-8")
    (tmp_path / "all.toml").write_text(HEAD + "stop = { time_limit = 1.0 }\n" + good + bad, "utf-8")
    ran(tmp_path, "run", "good.toml", "--results", "good")
    said = ran(tmp_path, "run", "all.toml", "--results", "all", "--plugin", "bad.py", code=1)
    assert (
        len(re.findall(r"^crashed: writes_far_out, seed \d, run \w{16}: its worker died twice: SIG\w+$", said, re.M))
        == 2
    )
    assert len(re.findall(r"^timeout: never_returns, seed \d, run \w{16}: did not end within", said, re.M)) == 2
    assert "4 runs failed" in said
    found, without = load(tmp_path / "all"), load(tmp_path / "good")
    assert found.runs["status"].value_counts().to_dict() == {"budget": 6, "crashed": 2, "timeout": 2}
    clocks = ["seconds", "cpu_seconds"]
    others = found.history[found.history["run_id"].isin(without.runs["run_id"])].reset_index(drop=True)
    assert others.drop(columns=clocks).equals(without.history.drop(columns=clocks))
    status = ran(tmp_path, "status", "all", "--plugin", "bad.py")
    assert "10 runs wanted: 10 done, 0 missing" in status
    again = ran(tmp_path, "run", "all.toml", "--results", "all", "--plugin", "bad.py", code=1)
    assert "0 runs made, 10 there before" in again


def test_two_runners_on_one_folder(tmp_path: Path) -> None:
    """The second says who has it, and the first is not disturbed."""
    (tmp_path / "long.toml").write_text(LONG.replace("seeds = 200", "seeds = 40"), "utf-8")
    first = subprocess.Popen(
        command("run", "long.toml"), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (tmp_path / "results/faulty/.holder.json").exists():
        time.sleep(0.02)
    said = ran(tmp_path, "run", "long.toml", code=2)
    assert re.search(rf"'results/faulty' is being written by process {first.pid} on \S+, since 2", said)
    output, _ = first.communicate(timeout=120)
    assert first.returncode == 0, output
    assert len(load(tmp_path / "results/faulty").runs) == 80


FULL = """
import resource, sys
from optilab.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (40000, resource.RLIM_INFINITY))
main(prog_name="optilab")
"""


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    """One message and exit code 2; with room again, the same command goes on with what was written."""
    text = (
        HEAD
        + 'seeds = 300\nbudget = { steps = 20000 }\nmeasure = { steps = 200 }\n[[optimizers]]\nuse = "sgd"\nlr = 1e-3\n'
    )
    (tmp_path / "e.toml").write_text(text, "utf-8")
    run = ["run", "e.toml", "--results", "r", "--executor", "inline"]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *run], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr == "Error: can't write results to 'r': File too large\n"
    there = len(load_runs(tmp_path / "r"))
    assert f"{300 - there} runs made, {there} there before" in ran(tmp_path, *run)


def test_results_of_an_older_layout(tmp_path: Path) -> None:
    """They are not added to, and not touched."""
    (tmp_path / "e.toml").write_text(LONG, "utf-8")
    (tmp_path / "r" / "runs").mkdir(parents=True)
    said = ran(tmp_path, "run", "e.toml", "--results", "r", code=2)
    assert "Error: 'r' has no results.json: it was deleted, or an older optilab wrote" in said
    assert sorted(path.name for path in (tmp_path / "r").rglob("*")) == ["runs"]
