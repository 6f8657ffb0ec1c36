"""The process in which plugins are tried first: it reads requests as lines of JSON, and reports each call of a plugin as it begins.

Exceptions are left to the process that makes the call in earnest; here it only matters whether the call returns.
"""

from __future__ import annotations

import json
import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from optilab.guarding import calls
from optilab.guarding.calls import InTime, trusted
from optilab.plugins import loading, sources
from optilab.plugins.offers import HOOKS

_USUAL = (
    "datasets.dataset",
    "loggers",
    "optimizers.decorators",
    "optimizers.maths",
    "optimizers.state",
    "problems.function",
    "schedules.schedule",
    "search.sampler",
)


def main() -> None:
    """Work on requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    asked = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints must not be read as an answer,
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nor what it reads be a request
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, requests), daemon=True).start()

    def say(**answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")

    for module in _USUAL:  # their imports don't count as those of a plugin
        import_module(f"optilab.{module}")
    calls.listen(lambda door: say(door=door))
    loading.trust()
    while True:
        request = json.loads(requests.get())
        with suppress(BaseException):
            _do(**request)
        say(done=True)


def _listen(asked: IO[str], requests: queue.SimpleQueue[str]) -> None:
    """Queue requests; end the process when the input ends."""
    with suppress(Exception):
        for line in asked:
            requests.put(line)
    os._exit(1)


def _do(files: list[str], plugin: str = "", experiment: dict[str, Any] | None = None, logger: str = "") -> None:
    for file in files:
        loading.use_file(file)
    if plugin:
        _try_plugin(plugin)
    elif logger:
        _try_logger(logger)
    else:
        _try_experiment(experiment or {})


@contextmanager
def _at(door: str) -> Iterator[None]:
    """A block that calls a plugin; its exceptions are dropped."""
    with suppress(Exception), trusted(door), InTime(door):
        yield


def _try_plugin(name: str) -> None:
    """Import a plugin, and call its hooks."""
    every = [*sources.installed(), *sources.given(loading.files())]
    source = next(source for source in every if source.name == name)
    module = source.imported()
    for hook in HOOKS:
        if hasattr(module, hook):
            with _at(f"{hook} of plugin {source.origin}"):
                getattr(module, hook)()


def _try_experiment(content: dict[str, Any]) -> None:
    """Do what precedes the runs of an experiment."""
    from optilab.experiment.experiment import Experiment
    from optilab.experiment.grid import grid_of
    from optilab.experiment.resolve import build_problem
    from optilab.runner.jobs import tasks
    from optilab.search.sampler import Sampler

    experiment = Experiment.model_validate(content)
    strangers = loading.registry().strangers
    for _, table in experiment.every_problem:
        use, data = table.get("use"), table.get("dataset")
        if isinstance(data, str) and ("datasets", data) in strangers:
            with _at(f"the dataset {data}"):
                loading.registry().dataset(data).load()
        if isinstance(use, str) and ("problems", use) in strangers:
            with _at(f"the problem {use}"):
                problem = build_problem(table, experiment.precision)
                _ = problem.layers, problem.identity, problem.code, problem.unmeasured, problem.initial()
    grid = grid_of(experiment)
    tasks(experiment, [*grid.cells, *grid.defaults], Path())
    for space in grid.spaces:
        sampler = space.sampler()
        if isinstance(sampler, Sampler):
            with space.kind.trusted():
                sampler.ask(1)


def _try_logger(name: str) -> None:
    """Log an invented run that begins, is measured and ends."""
    from optilab.loggers import LoggedRun
    from optilab.records.columns import COLUMNS

    run = LoggedRun("0" * 16, "rehearsal", "bowl", "rehearsal", "rehearsal", {}, "constant", 1, 0, "evaluation")
    kind = loading.registry().logger(name)
    with (
        tempfile.TemporaryDirectory(prefix="optilab-rehearsal-") as folder,
        _at(f"the logger {name}"),
        kind.open(None, Path(folder)) as logger,
    ):
        logger.run_started(run)
        logger.run_measured(run, dict.fromkeys(COLUMNS, 0.0))
        logger.run_finished(run, "budget", "")
        logger.experiment_finished({"budget": 1})
