"""What is compiled before a run, in which order, and what of it in a process beside."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.guarding.children import python
from optilab.problems.compiled_network import is_compiled
from optilab.runner import compiling
from optilab.runner.jobs import Job, jobs, tasks
from optilab.runner.observer import Observer


def make_jobs(folder: Path, *problems: dict[str, Any]) -> list[Job]:
    """Two optimizers on some problems."""
    content = {
        "name": "n",
        "seeds": 2,
        "problems": list(problems),
        "budget": {"steps": 3},
        "optimizers": [{"use": "sgd", "lr": [0.1, 0.2]}, {"use": "momentum", "lr": 0.1}],
    }
    experiment = Experiment.model_validate(content)
    return jobs(experiment, tasks(experiment, grid_of(experiment).cells, folder), "evaluation")


def file_of(folder: Path) -> dict[str, Any]:
    """A network on a file."""
    np.savez(folder / "x.npz", x_train=np.eye(20)[:, :3], y_train=np.arange(20) % 2)
    return {"use": "network", "dataset": {"path": str(folder / "x.npz")}, "hidden": [2], "cost": "cross_entropy"}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Processes that are started beside; each would last for a minute."""
    found: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*_: Any, **given: Any) -> subprocess.Popen[bytes]:
        found.append(popen([sys.executable, "-c", "import time; time.sleep(60)"], **given))
        return found[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(compiling, "usual_workers", lambda: 2)
    return found


def test_everything_is_compiled_once_and_plugins_first(tmp_path: Path) -> None:
    """Each optimizer, then the loops and the problems, however many jobs need them; functions have nothing to share."""
    on_bowl, on_network = (
        [name for name, _ in compiling._steps(make_jobs(tmp_path, problem))]
        for problem in ({"use": "bowl", "start": "random"}, file_of(tmp_path))
    )
    assert list(dict.fromkeys(on_bowl)) == [
        "sgd in float64",
        "momentum in float64",
        "the training loop in float64",
        "bowl in float64",
    ]
    assert list(dict.fromkeys(on_network)) == [
        "sgd in float32",
        "momentum in float32",
        "the training loop in float32",
        "the training loop of several runs in float32",
        "networks in float32",
        "the cost of networks in float32",
        "network in float32",
    ]


def test_steps_in_parts_are_compiled_where_they_are_faster(tmp_path: Path) -> None:
    """On images with a wide first layer, and only if an optimizer allows them; after the network that they are steps of."""
    x = (255 * np.eye(60, 784)).astype(np.uint8).reshape(60, 28, 28)
    np.savez(tmp_path / "images.npz", x_train=x, y_train=np.arange(60) % 2)
    problem = {
        "use": "network",
        "dataset": {"path": str(tmp_path / "images.npz")},
        "hidden": [400],
        "cost": "cross_entropy",
    }
    for rules, wanted in ((("sgd", "momentum"), True), (("momentum",), False)):
        jobs = [job for job in make_jobs(tmp_path, problem) if job.task.plan.optimizer.name in rules]
        names = [name for name, _ in compiling._steps(jobs)]
        assert ("steps in parts in float32" in names) == wanted
        assert not wanted or names.index("steps in parts in float32") > names.index("network in float32")


def test_networks_are_compiled_beside_until_nobody_waits(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process is begun for them, and ended with the rest, also where something does not compile."""
    monkeypatch.setattr(compiling, "is_compiled", lambda _: False)
    begin = time.monotonic()
    compiling.compile_all(make_jobs(tmp_path, file_of(tmp_path)), Observer())
    assert len(started) == 1

    def fails(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(compiling, "compile_update", fails)
    with pytest.raises(RuntimeError):
        compiling.compile_all(make_jobs(tmp_path, file_of(tmp_path)), Observer())
    assert len(started) == 2
    assert all(process.poll() is not None for process in started)
    assert time.monotonic() - begin < 50


@pytest.mark.parametrize("why", ["functions alone", "compiled before", "one core"])
def test_nothing_is_begun_beside_in_vain(
    why: str, tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no network, where its code is kept, and where there is no second core."""
    monkeypatch.setattr(compiling, "is_compiled", lambda _: why == "compiled before")
    if why == "one core":
        monkeypatch.setattr(compiling, "usual_workers", lambda: 1)
    problem = {"use": "bowl", "start": "random"} if why == "functions alone" else file_of(tmp_path)
    compiling.compile_all(make_jobs(tmp_path, problem), Observer())
    assert started == []


def test_the_process_beside_begins_with_what_is_last_here(tmp_path: Path) -> None:
    """What all networks need is gone through from both ends, so that two processes share it."""
    here = [name for name, _ in compiling._steps(make_jobs(tmp_path, file_of(tmp_path)))]
    beside = [name for name, _ in compiling._of_networks("float32")]
    assert [name for name in dict.fromkeys(here) if name in beside] == beside[::-1]
    assert beside[0] == "the cost of networks in float32"  # takes as long as the other three


def test_the_process_beside_compiles_what_networks_need() -> None:
    """Its command works, and says how many functions it had to compile: none where all are kept."""
    code = "from optilab.runner.compiling import compile_networks; compile_networks(['float32'])"
    done = subprocess.run(python(code), check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) >= 0
    again = subprocess.run(python(code), check=False, capture_output=True, text=True)
    assert again.stdout == "0\n"
    assert is_compiled("float32")
