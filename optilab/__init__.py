"""optilab: a pluggable framework for experiments with optimizers.

Names are loaded when they are first used: importing optilab imports no compiler, no pandas, no plotting.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optilab.api import load, run, train
    from optilab.datasets import Examples, dataset
    from optilab.errors import InputError
    from optilab.executors import executor
    from optilab.experiment import Experiment
    from optilab.hookspecs import hookimpl
    from optilab.loggers import logger
    from optilab.lookup import get_optimizer, get_problem, get_schedule
    from optilab.maths import is_finite, norm
    from optilab.optimizers import elementwise, vectorwise
    from optilab.problems import function
    from optilab.samplers import sampler
    from optilab.schedules import feedback, schedule
    from optilab.states import left_matrix, per_column, per_layer, per_row, per_weight, right_matrix, scalar

__version__ = "0.1.0"

_HOME = {
    "elementwise": "optimizers",
    "vectorwise": "optimizers",
    "per_weight": "states",
    "per_layer": "states",
    "per_row": "states",
    "per_column": "states",
    "left_matrix": "states",
    "right_matrix": "states",
    "scalar": "states",
    "schedule": "schedules",
    "feedback": "schedules",
    "dataset": "datasets",
    "executor": "executors",
    "logger": "loggers",
    "sampler": "samplers",
    "Examples": "datasets",
    "function": "problems",
    "hookimpl": "hookspecs",
    "is_finite": "maths",
    "norm": "maths",
    "InputError": "errors",
    "Experiment": "experiment",
    "get_optimizer": "lookup",
    "get_problem": "lookup",
    "get_schedule": "lookup",
    "train": "api",
    "run": "api",
    "load": "api",
}

__all__ = [
    "Examples",
    "Experiment",
    "InputError",
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
