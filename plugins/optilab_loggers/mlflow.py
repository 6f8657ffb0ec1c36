"""Runs in MLflow (https://mlflow.org): on a server, or in a database file of their own."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from optilab import FAILURES, InputError, LoggedRun, Logger, LoggerKind, hookimpl, logger

_SOME = 500  # metrics that are sent together


@logger
def mlflow(where: str) -> Iterator[Logger]:
    """Record each run in the MLflow at this address, or in the file mlflow.db of this folder: `mlflow ui` shows them.

    InputError where MLflow isn't installed or can't write there.
    """
    try:
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    except ImportError:
        raise InputError("the logger 'mlflow' needs `pip install 'optilab-framework[mlflow]'`") from None
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # or it logs how it creates its tables
    if "://" not in where:
        Path(where).mkdir(parents=True, exist_ok=True)
        where = f"sqlite:///{Path(where).resolve() / 'mlflow.db'}"
    try:
        client = MlflowClient(tracking_uri=where)
        client.search_experiments(max_results=1)
    except MlflowException as error:
        raise InputError(f"the logger 'mlflow' can't write to {where!r}: {error}") from None
    yield Records(client)


class Records(Logger):
    """Logs each run as an MLflow run, in the MLflow experiment with the experiment's name."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._runs: dict[str, str] = {}
        self._waiting: dict[str, list[Any]] = {}

    def knows(self, run: LoggedRun) -> bool:
        """Whether MLflow has an ended record of the run."""
        experiment = self._client.get_experiment_by_name(run.experiment)
        if experiment is None:
            return False
        wanted = f"tags.`optilab.run_id` = '{run.run_id}' and attributes.status != 'RUNNING'"
        return bool(self._client.search_runs([experiment.experiment_id], wanted, max_results=1))

    def run_started(self, run: LoggedRun) -> None:
        """Create the run's record, with its settings as parameters."""
        from mlflow.entities import Param

        found = self._client.get_experiment_by_name(run.experiment)
        experiment = found.experiment_id if found else self._client.create_experiment(run.experiment)
        tags = {"optilab.run_id": run.run_id, "optilab.role": run.role}
        made = self._client.create_run(experiment, run_name=run.name, tags=tags).info.run_id
        self._runs[run.run_id], self._waiting[run.run_id] = made, []
        names = ("problem", "optimizer", "label", "schedule", "batch_size", "seed")
        settings = {name: getattr(run, name) for name in names} | dict(run.hyperparameters)
        self._client.log_batch(made, params=[Param(name, str(value)) for name, value in settings.items()])

    def run_measured(self, run: LoggedRun, measured: Mapping[str, float]) -> None:
        """Add a point to each metric; points are sent some hundred at a time."""
        from mlflow.entities import Metric

        now, step = int(time.time() * 1000), int(measured["step"])
        waiting = self._waiting[run.run_id]
        waiting += [Metric(n, v, now, step) for n, v in measured.items() if n != "step" and not math.isnan(v)]
        if len(waiting) > _SOME:
            self._send(run)

    def run_finished(self, run: LoggedRun, status: str, message: str) -> None:
        """Send what is left, and end the record with the run's status."""
        self._send(run)
        made = self._runs.pop(run.run_id)
        self._client.set_tag(made, "optilab.status", status)
        if message:
            self._client.set_tag(made, "optilab.message", message)
        self._client.set_terminated(made, "FAILED" if status in FAILURES else "FINISHED")

    def _send(self, run: LoggedRun) -> None:
        waiting, self._waiting[run.run_id] = self._waiting[run.run_id], []
        for first in range(0, len(waiting), _SOME):
            self._client.log_batch(self._runs[run.run_id], metrics=waiting[first : first + _SOME])


@hookimpl
def optilab_loggers() -> list[LoggerKind]:
    return [mlflow]
