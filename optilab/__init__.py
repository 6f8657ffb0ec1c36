"""optilab: a pluggable framework for experiments with optimizers.

Names are loaded when they are first used: importing optilab imports no compiler, no pandas, no plotting.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from optilab.version import __version__ as __version__

if TYPE_CHECKING:
    from optilab.api import get_optimizer, get_problem, get_schedule, load, run, train
    from optilab.compiler.types import BIAS, MATRIX, VECTOR
    from optilab.datasets.dataset import dataset
    from optilab.datasets.examples import Examples
    from optilab.errors import InputError
    from optilab.executors import ExecutorKind, Pool, executor, usual_workers
    from optilab.experiment.experiment import Experiment
    from optilab.hookspecs import hookimpl
    from optilab.loggers import LoggedRun, Logger, LoggerKind, logger
    from optilab.optimizers.decorators import elementwise, vectorwise
    from optilab.optimizers.maths import is_finite, norm
    from optilab.optimizers.state import left_matrix, per_column, per_layer, per_row, per_weight, right_matrix, scalar
    from optilab.problems.function import function
    from optilab.records.measures import Measure
    from optilab.records.statuses import FAILURES
    from optilab.schedules.schedule import feedback, schedule
    from optilab.search.sampled import Sampled
    from optilab.search.sampler import Point, Sampler, SamplerKind, Trial, sampler
    from optilab.workers.supervisor import close_workers

_HOME = {
    "MATRIX": "compiler.types",
    "BIAS": "compiler.types",
    "VECTOR": "compiler.types",
    "elementwise": "optimizers.decorators",
    "vectorwise": "optimizers.decorators",
    "per_weight": "optimizers.state",
    "per_layer": "optimizers.state",
    "per_row": "optimizers.state",
    "per_column": "optimizers.state",
    "left_matrix": "optimizers.state",
    "right_matrix": "optimizers.state",
    "scalar": "optimizers.state",
    "schedule": "schedules.schedule",
    "feedback": "schedules.schedule",
    "dataset": "datasets.dataset",
    "executor": "executors",
    "ExecutorKind": "executors",
    "Pool": "executors",
    "usual_workers": "executors",
    "close_workers": "workers.supervisor",
    "logger": "loggers",
    "Logger": "loggers",
    "LoggerKind": "loggers",
    "LoggedRun": "loggers",
    "FAILURES": "records.statuses",
    "Measure": "records.measures",
    "sampler": "search.sampler",
    "Sampler": "search.sampler",
    "SamplerKind": "search.sampler",
    "Point": "search.sampler",
    "Trial": "search.sampler",
    "Sampled": "search.sampled",
    "Examples": "datasets.examples",
    "function": "problems.function",
    "hookimpl": "hookspecs",
    "is_finite": "optimizers.maths",
    "norm": "optimizers.maths",
    "InputError": "errors",
    "Experiment": "experiment.experiment",
    "get_optimizer": "api",
    "get_problem": "api",
    "get_schedule": "api",
    "train": "api",
    "run": "api",
    "load": "api",
}

__all__ = [
    "BIAS",
    "FAILURES",
    "MATRIX",
    "VECTOR",
    "Examples",
    "ExecutorKind",
    "Experiment",
    "InputError",
    "LoggedRun",
    "Logger",
    "LoggerKind",
    "Measure",
    "Point",
    "Pool",
    "Sampled",
    "Sampler",
    "SamplerKind",
    "Trial",
    "close_workers",
    "dataset",
    "elementwise",
    "executor",
    "feedback",
    "function",
    "get_optimizer",
    "get_problem",
    "get_schedule",
    "hookimpl",
    "is_finite",
    "left_matrix",
    "load",
    "logger",
    "norm",
    "per_column",
    "per_layer",
    "per_row",
    "per_weight",
    "right_matrix",
    "run",
    "sampler",
    "scalar",
    "schedule",
    "train",
    "usual_workers",
    "vectorwise",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'optilab' has no attribute {name!r}")
    value = getattr(import_module(f"optilab.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
