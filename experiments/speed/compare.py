"""One case: optilab and its peers at the same work, checked to be the same, in interleaved rounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from speed import ours, peers
from speed.cases import Case
from speed.data import data, problem_of, sizes_of
from speed.limits import peak
from speed.table import OURS, Row
from speed.timing import PATIENCE, Attempt, Done, interleaved, ratios, same_work
from speed.work import work_of

TOLERANCE = 1e-4  # relative, between costs after an epoch; where they were compared, they were within 4e-6
SCAN, VMAP, EAGER, CORE = "JAX scan", "JAX vmap", "PyTorch", "core"
CHECKED = 10_000  # examples over which costs of single runs are compared, in float64
_MOMENT = 0.02  # seconds, in which a round measures the core's peak


def names(case: Case) -> list[str]:
    """Contestants of a case, of the peers those that are installed."""
    wanted = [VMAP if case.runs > 1 else SCAN, *([EAGER] if case.eager else [])]
    return [OURS, *(name for name in wanted if peers.present(name.partition(" ")[0]))]


def contestants(case: Case) -> dict[str, Attempt]:
    """Attempts at the case, by contestant."""
    found = data(case.data)
    problem = problem_of(found.dataset, case.hidden, case.activation)
    exact = problem_of(found.dataset, case.hidden, case.activation, "float64")

    checked = np.arange(min(CHECKED, len(found.y))) if case.runs == 1 else None  # the runner's costs are over all

    def cost_of(w: ours.Weights) -> float:
        return float(exact.cost(w.astype(np.float64), checked))

    start = peers.split(problem.initial(ours.SEED), sizes_of(case))
    order = ours.order_of(problem, case.batch)
    made = {
        OURS: lambda: ours.grid(case) if case.runs > 1 else ours.one_run(problem, case, cost_of),
        SCAN: lambda: peers.jax_scan(case, start, order, cost_of),
        VMAP: lambda: peers.jax_vmap(case, start, order, cost_of),
        EAGER: lambda: peers.torch_eager(case, start, order, cost_of),
    }
    return {name: made[name]() for name in names(case)}


def compared(case: Case, rounds: int, patience: float = PATIENCE) -> Iterator[Row]:
    """Rows of a case: milliseconds of a run and epoch.

    UnequalWorkError if the contestants don't end at the same cost. PyTorch, which trains the runs of a grid one after another, does one
    of them, and is not checked there.
    """
    attempts = contestants(case)
    costs = {name: attempt().costs for name, attempt in attempts.items()}  # the first attempt compiles
    checked = {name: told() for name, told in costs.items() if case.runs == 1 or name != EAGER}
    same_work(checked, TOLERANCE)
    core = Done(np.nan, list)  # the peak is measured in each round too: a core is not as fast at any time
    times = interleaved({**attempts, CORE: lambda: replace(core, seconds=1 / peak(_MOMENT))}, rounds, patience)
    for name in attempts:
        seconds, work = times[name], work_of(case)
        yield Row(
            case.part,
            case.name,
            name,
            "ms",
            [1e3 * value for value in seconds],
            ratios(seconds, times[OURS]) if name != OURS else (),
            case.eager_target if name == EAGER else case.target if name != OURS else None,
            work,
            [work.operations * share for share in ratios(times[CORE], seconds)],
            checked[name][0] if name in checked else np.nan,
        )
