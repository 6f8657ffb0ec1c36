"""The built-in plugin: networks, executors on this machine, and space-filling samplers."""

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
    """Executors in this process, and on the cores of this machine."""
    return [inline, local]


@hookimpl
def optilab_samplers() -> list[SamplerKind]:
    """Samplers that fill a space evenly."""
    return [sobol, latin_hypercube]
