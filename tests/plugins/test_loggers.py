"""Loggers: what they are told, and what the bundled ones leave on disk, read by the tools themselves."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.plugins import loading
from optilab.runner.observer import Observer
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results, load

RECORDING = '''
import time
from pathlib import Path

from optilab import feedback, hookimpl, logger
from optilab.loggers import Logger


@logger
def recording(where):
    """Write a line for all that it is told."""
    with open(where, "a", buffering=1) as file:
        yield Recording(file)
        print("closed", file=file)


class Recording(Logger):
    def __init__(self, file):
        self.file = file

    def say(self, *words):
        print(f"{time.monotonic():.3f}", *words, file=self.file)

    def run_started(self, run):
        self.say("started", run.run_id, run.seed, dict(run.hyperparameters)["lr"])

    def run_measured(self, run, measured):
        self.say("measured", run.run_id, measured["step"], measured["train_cost"])

    def run_finished(self, run, status, message):
        self.say("finished", run.run_id, status)

    def experiment_finished(self, statuses):
        self.say("over", dict(statuses))


@logger
def breaking(where):
    """Break at the third measurement."""
    yield Breaking()


class Breaking(Logger):
    left = 3

    def run_measured(self, run, measured):
        self.left -= 1
        if not self.left:
            raise OSError("no room for more")


@feedback()
def slow(seconds=0.1):
    """Take a while over each measurement."""
    while True:
        time.sleep(seconds)
        yield 1.0


@hookimpl
def optilab_loggers():
    return [recording, breaking]


@hookimpl
def optilab_schedules():
    return [slow]
'''


def experiment(**changes: Any) -> Experiment:
    """A few runs, one of which diverges."""
    given = {
        "name": "logged",
        "seeds": 2,
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 400},
        "measure": {"steps": 100},
        "optimizers": [{"use": "sgd", "lr": [0.01, 50.0]}],
    }
    return Experiment.model_validate({**given, **changes})


@pytest.fixture
def recording(tmp_path: Path) -> None:
    """A plugin with loggers."""
    (tmp_path / "recording_plugin.py").write_text(RECORDING, "utf-8")
    loading.use_file(tmp_path / "recording_plugin.py")


@pytest.mark.parametrize("executor", ["inline", "local", "dask"])
def test_each_run_is_told_in_order(tmp_path: Path, recording: None, executor: str) -> None:
    """Begun, each of its measurements once, ended; and at last the experiment, wherever the runs are made."""
    log = tmp_path / "log.txt"
    found = run_experiment(experiment(), tmp_path / "r", Way(executor, log=(f"recording={log}",)))
    lines = [line.split() for line in log.read_text("utf-8").splitlines()]
    assert lines.pop() == ["closed"]
    assert lines.pop()[1:] == ["over", "{'budget':", "2,", "'diverged':", "2}"]  # whichever ended first
    for run, status in zip(found.runs["run_id"], found.runs["status"], strict=True):
        told = [line for line in lines if line[2] == run]
        assert [line[1] for line in told] == ["started", *["measured"] * (len(told) - 2), "finished"]
        assert told[-1][3] == status
        rows = found.history[found.history["run_id"] == run]
        assert [int(float(line[3])) for line in told[1:-1]] == rows["step"].tolist()
        assert [float(line[4]) for line in told[1:-1]] == rows["train_cost"].tolist()


def test_measurements_are_told_while_a_run_goes_on(tmp_path: Path, recording: None) -> None:
    """On this machine nobody has to wait for the end of a run to see how it does."""
    log = tmp_path / "log.txt"
    grid = experiment(seeds=1, optimizers=[{"use": "sgd", "lr": 0.01, "schedule": {"use": "slow", "seconds": 0.3}}])
    run_experiment(grid, tmp_path / "r", Way(log=(f"recording={log}",)))
    times = [float(line.split()[0]) for line in log.read_text("utf-8").splitlines() if " measured " in line]
    assert len(times) == 5
    assert times[-1] - times[0] > 0.8


def test_a_logger_that_fails_stops_nothing(tmp_path: Path, recording: None) -> None:
    """It is told as a note, once, and the runs are made."""
    notes: list[str] = []

    class Noting(Observer):
        """Remembers notes."""

        def noted(self, note: str) -> None:
            """Something happened."""
            notes.append(note)

    found = run_experiment(experiment(), tmp_path / "r", Way("inline", log=("breaking",)), Noting())
    assert len(found.runs) == 4
    assert notes == ["the logger breaking has failed, and is no longer called: OSError: no room for more"]


@pytest.mark.parametrize("name", ["recording", "tensorboard", "mlflow"])
def test_runs_that_were_made_before_are_told(tmp_path: Path, recording: None, name: str) -> None:
    """A logger that comes late is told all that is in the folder, as if it had been there; one that knows it, nothing."""
    whole = experiment(seeds=2, stop={"diverged_above": 1e9})
    run_experiment(whole, tmp_path / "r", Way("inline"))
    run_experiment(whole, tmp_path / "r", Way("inline", log=(f"{name}={tmp_path / 'late'}",)))
    run_experiment(whole, tmp_path / "s", Way("inline", log=(f"{name}={tmp_path / 'there'}",)))
    assert records(name, tmp_path / "late") == records(name, tmp_path / "there") != []
    if name != "recording":
        run_experiment(whole, tmp_path / "r", Way("inline", log=(f"{name}={tmp_path / 'late'}",)))
        assert records(name, tmp_path / "late") == records(name, tmp_path / "there")


def records(name: str, where: Path) -> list[Any]:
    """What a logger has written, but for clocks and the counts at the end."""
    if name == "recording":
        lines = [line.split(" ", 1) for line in where.read_text("utf-8").splitlines()]
        return sorted(words[1] for words in lines if len(words) == 2 and not words[1].startswith("over"))
    if name == "tensorboard":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        found = []
        for folder in sorted(where.iterdir()):
            events = EventAccumulator(str(folder)).Reload()
            assert len(list(folder.glob("events.*"))) == 1
            found.append([folder.name, [(p.step, p.value) for p in events.Scalars("train_cost")]])
        return found
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{where / 'mlflow.db'}")
    logged = client.get_experiment_by_name("logged")
    assert logged is not None
    runs = client.search_runs([logged.experiment_id])
    return sorted(
        (
            run.data.tags["optilab.run_id"],
            run.data.tags["optilab.status"],
            [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, "train_cost")],
        )
        for run in runs
    )


def test_an_unknown_logger(tmp_path: Path) -> None:
    """Is told with the near ones."""
    with pytest.raises(InputError, match="log: unknown logger 'tensorbord': did you mean 'tensorboard'"):
        run_experiment(experiment(), tmp_path / "r", Way("inline", log=("tensorbord",)))


def test_event_files_are_read_by_tensorboard(tmp_path: Path) -> None:
    """One folder a run; every curve has the numbers of the history in float32, and the settings and the end are texts."""
    found = run_experiment(experiment(), tmp_path / "r", Way("inline", log=("tensorboard",)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    folders = {path.name[-8:]: path for path in (tmp_path / "r" / "tensorboard").iterdir()}
    assert len(folders) == 4
    for run, status in zip(found.runs["run_id"], found.runs["status"], strict=True):
        events = EventAccumulator(str(folders[run[:8]])).Reload()
        rows = found.history[found.history["run_id"] == run]
        for name in ("train_cost", "gradient_norm", "lr", "seconds"):
            points = events.Scalars(name)
            assert [point.step for point in points] == rows["step"].tolist()
            assert [point.value for point in points] == rows[name].astype("float32").tolist()
        assert "test_accuracy" not in events.Tags()["scalars"]
        (text,) = events.Tensors("status")
        assert text.tensor_proto.string_val[0].decode().startswith(status)
        assert "- lr: " in events.Tensors("settings")[0].tensor_proto.string_val[0].decode()


def test_records_are_read_by_mlflow(tmp_path: Path) -> None:
    """One MLflow run a run, with its settings as parameters and its history as metrics; another start adds to them."""
    from mlflow.tracking import MlflowClient

    for seeds in (1, 2):
        run_experiment(experiment(seeds=seeds), tmp_path / "r", Way("inline", log=("mlflow",)))
    found: Results = load(tmp_path / "r")
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'r' / 'mlflow' / 'mlflow.db'}")
    logged = client.get_experiment_by_name("logged")
    assert logged is not None
    there = {run.data.tags["optilab.run_id"]: run for run in client.search_runs([logged.experiment_id])}
    assert set(there) == set(found.runs["run_id"])
    for row in found.runs.to_dict("records"):
        record = there[row["run_id"]]
        assert record.info.status == "FINISHED"
        assert record.data.tags["optilab.status"] == row["status"]
        assert float(record.data.params["lr"]) == row["lr"]
        points = client.get_metric_history(record.info.run_id, "gradient_norm")
        rows = found.history[found.history["run_id"] == row["run_id"]]
        norms = rows["gradient_norm"].clip(upper=sys.float_info.max)  # MLflow has no infinity
        assert [(p.step, p.value) for p in points] == list(zip(rows["step"], norms, strict=True))


def test_a_tracking_server_that_is_not_there(tmp_path: Path) -> None:
    """Is told before anything is run."""
    with pytest.raises(InputError, match="the logger 'mlflow' can't write to 'nowhere://x'"):
        run_experiment(experiment(), tmp_path / "r", Way("inline", log=("mlflow=nowhere://x",)))
