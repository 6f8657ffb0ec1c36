"""Every way to extend optilab. A plugin implements any of these with `@hookimpl`, and returns a list.

A package registers its module by an entry point in the group "optilab":

    [project.entry-points.optilab]
    my_optimizers = "my_package.my_module"

A single file is given to a command with --plugin FILE.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from optilab.datasets.dataset import Dataset
    from optilab.executors import ExecutorKind
    from optilab.loggers import LoggerKind
    from optilab.optimizers.optimizer import Optimizer
    from optilab.problems.problem import ProblemKind
    from optilab.schedules.schedule import Schedule
    from optilab.search.sampler import SamplerKind

hookspec = pluggy.HookspecMarker("optilab")
hookimpl = pluggy.HookimplMarker("optilab")


@hookspec
def optilab_optimizers() -> list[Optimizer]:  # type: ignore[empty-body]
    """Optimizers and chain links: functions decorated with @elementwise or @vectorwise, or chains of them."""


@hookspec
def optilab_schedules() -> list[Schedule]:  # type: ignore[empty-body]
    """Schedules: functions decorated with @schedule or @feedback."""


@hookspec
def optilab_datasets() -> list[Dataset]:  # type: ignore[empty-body]
    """Datasets: functions decorated with @dataset."""


@hookspec
def optilab_executors() -> list[ExecutorKind]:  # type: ignore[empty-body]
    """Executors, which compute the runs of an experiment: generator functions decorated with @executor."""


@hookspec
def optilab_loggers() -> list[LoggerKind]:  # type: ignore[empty-body]
    """Loggers, called when runs begin, are measured and end: generator functions decorated with @logger."""


@hookspec
def optilab_problems() -> list[ProblemKind]:  # type: ignore[empty-body]
    """Problems: functions decorated with @function, or instances of a ProblemKind."""


@hookspec
def optilab_samplers() -> list[SamplerKind]:  # type: ignore[empty-body]
    """Samplers, which choose the points of a search: functions decorated with @sampler."""
