"""The plugin that comes with the framework itself: the network, the executors and the samplers that need nothing else."""

from __future__ import annotations

from optilab.executors import ExecutorKind
from optilab.hookspecs import hookimpl
from optilab.plugins.loading import registry
from optilab.problems.network import NetworkKind
from optilab.problems.problem import ProblemKind
from optilab.search.sampler import SamplerKind
from optilab.search.space_filling import latin_hypercube, sobol
from optilab.workers.local import inline, local


@hookimpl
def optilab_problems() -> list[ProblemKind]:
    """The network, on any dataset that a plugin offers."""
    return [NetworkKind(lambda name, place: registry().dataset(name, place))]


@hookimpl
def optilab_executors() -> list[ExecutorKind]:
    """In this process, and on the cores of this machine."""
    return [inline, local]


@hookimpl
def optilab_samplers() -> list[SamplerKind]:
    """Points that fill a space evenly."""
    return [sobol, latin_hypercube]
