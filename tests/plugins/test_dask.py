"""The executor `dask`, with a scheduler and workers that are started as a person starts them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from optilab import store
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.runner.observer import Observer
from optilab.runner.rows import Finished
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from strangers import SLOW

OFF_THE_CLOCK = ["seconds", "cpu_seconds"]
PATIENCE = 60  # seconds


class Cluster:
    """A scheduler, and workers that are added one by one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        self.address = self._started(
            "scheduler", "--port", "0", "--host", "127.0.0.1", said=r"Scheduler at: +(tcp://\S+)"
        )

    def add_worker(self, **environment: str) -> subprocess.Popen[str]:
        """Start a worker, and wait until it is registered."""
        options = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder))
        self._started("worker", self.address, *options, said=r"(Registered to)", **environment)
        return self._processes[-1]

    def _started(self, what: str, *options: str, said: str, **environment: str) -> str:
        command = [sys.executable, "-m", "dask", what, *options]
        log = self._folder / f"{len(self._processes)}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                command, stderr=file, stdout=file, text=True, env={**os.environ, **environment}, start_new_session=True
            )
        self._processes.append(process)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = re.search(said, log.read_text("utf-8"))
            if found:
                return found[1]
            time.sleep(0.05)
        raise AssertionError(log.read_text("utf-8"))

    def close(self) -> None:
        """End everything."""
        for process in reversed(self._processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # a worker's nanny and its worker
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    found = Cluster(tmp_path)
    yield found
    found.close()


def experiment(**changes: Any) -> Experiment:
    """Some runs on a bowl."""
    given = {
        "name": "spread",
        "seeds": 4,
        "budget": {"steps": 200},
        "measure": {"steps": 50},
        "problem": {"use": "bowl", "start": "random"},
        "optimizers": [{"use": "sgd", "lr": [0.01, 0.05]}, {"use": "adam", "lr": [0.01, 0.1], "schedule": "cosine"}],
    }
    return Experiment.model_validate({**given, **changes})


def same(one: store.Results, other: store.Results) -> None:
    """Assert that two results agree bit for bit, clocks aside."""
    for part in ("history", "runs"):
        a, b = (getattr(results, part) for results in (one, other))
        clocks = [name for name in a if name.endswith("seconds") or name in ("host", "commit")]
        pd.testing.assert_frame_equal(a.drop(columns=clocks), b.drop(columns=clocks), check_exact=True)


def test_two_workers_make_what_one_process_makes(tmp_path: Path, cluster: Cluster) -> None:
    """Bit for bit; and a worker that comes late gets work as well."""
    cluster.add_worker()
    late = threading.Timer(0.5, cluster.add_worker)
    late.start()
    there = run_experiment(experiment(seeds=40), tmp_path / "there", Way("dask", address=cluster.address))
    late.join()
    here = run_experiment(experiment(seeds=40), tmp_path / "here", Way("inline"))
    assert len(there.runs) == 160
    same(here, there)


def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path, cluster: Cluster) -> None:
    """What it was at is made by the other one; every run is there once, and as it would have been."""
    from optilab.plugins import loading

    (tmp_path / "slow_schedule.py").write_text(SLOW, "utf-8")
    loading.use_file(tmp_path / "slow_schedule.py")
    grid = experiment(seeds=5, optimizers=[{"use": "sgd", "lr": [0.01, 0.05], "schedule": "slow"}])
    victim = cluster.add_worker()
    cluster.add_worker()

    class Killing(Observer):
        """Kills a worker with all its processes once the first runs are there."""

        killed = False

        def finished(self, runs: Sequence[Finished], running: int) -> None:
            """Some have come back."""
            if runs and not self.killed:
                self.killed = True
                os.killpg(victim.pid, signal.SIGKILL)

    told = Killing()
    there = run_experiment(grid, tmp_path / "there", Way("dask", address=cluster.address), told)
    assert told.killed
    assert there.runs["status"].eq("budget").all()
    assert len(there.runs) == len(set(there.runs["run_id"])) == 10
    same(run_experiment(grid, tmp_path / "here", Way("inline")), there)


def test_a_cluster_of_this_machine(tmp_path: Path) -> None:
    """Without an address, workers are started here, and are ended afterwards."""
    there = run_experiment(experiment(), tmp_path / "there", Way("dask", workers=2))
    assert there.runs["status"].eq("budget").all()
    same(run_experiment(experiment(), tmp_path / "here", Way("inline")), there)


def test_an_address_where_nobody_answers(tmp_path: Path) -> None:
    """Is told as it is."""
    with pytest.raises(InputError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        run_experiment(experiment(), tmp_path / "r", Way("dask", address="tcp://127.0.0.1:9"))
    with pytest.raises(InputError, match="no Dask scheduler answers at 'nowhere://x'"):
        run_experiment(experiment(), tmp_path / "r", Way("dask", address="nowhere://x"))
    with pytest.raises(InputError, match="workers and address: the workers are those of the scheduler"):
        run_experiment(experiment(), tmp_path / "r", Way("dask", workers=2, address="tcp://127.0.0.1:9"))


def test_a_worker_with_other_code_refuses(tmp_path: Path, cluster: Cluster) -> None:
    """A plugin that is another one on the worker's machine makes no runs under this one's name."""
    from optilab.plugins import loading

    rule = "from optilab import elementwise, hookimpl\n\n\n@elementwise(lr=0.1)\ndef ours(w, g, lr):\n    w -= {} * lr * g\n"
    rule += "    return w\n\n\n@hookimpl\ndef optilab_optimizers():\n    return [ours]\n"
    file = tmp_path / "ours_or_theirs.py"
    file.write_text(rule.format(1), "utf-8")
    loading.use_file(file)
    loading.registry()
    file.write_text(rule.format(2), "utf-8")
    cluster.add_worker()
    with pytest.raises(InputError, match="has other code for ours on bowl"):
        run_experiment(experiment(optimizers=[{"use": "ours"}]), tmp_path / "r", Way("dask", address=cluster.address))
    assert store.done(tmp_path / "r") == {}


def test_a_worker_with_other_versions_refuses(tmp_path: Path, cluster: Cluster) -> None:
    """Its runs might not be the same to the last bit; nothing is made."""
    (tmp_path / "sitecustomize.py").write_text('import numba\n\nnumba.__version__ = "0.1"\n', "utf-8")
    cluster.add_worker(PYTHONPATH=str(tmp_path))
    with pytest.raises(InputError, match=r"has other versions: numba 0\.1 where \d[.\d]+ is asked for"):
        run_experiment(experiment(), tmp_path / "r", Way("dask", address=cluster.address))
    assert store.done(tmp_path / "r") == {}


def test_a_scheduler_that_goes_away(tmp_path: Path, cluster: Cluster) -> None:
    """The experiment ends with a message, and goes on elsewhere from where it was."""
    cluster.add_worker()

    class Ending(Observer):
        """Ends the scheduler once the first runs are there."""

        def finished(self, runs: Sequence[Finished], running: int) -> None:
            """Some have come back."""
            if runs:
                cluster.close()

    grid = experiment(seeds=400)
    with pytest.raises(InputError, match="the connection to the Dask scheduler is lost"):
        run_experiment(grid, tmp_path / "r", Way("dask", address=cluster.address), Ending())
    kept = len(store.done(tmp_path / "r"))
    assert 0 < kept < 1600
    results = run_experiment(grid, tmp_path / "r", Way(workers=2))
    assert len(results.runs) == 1600
