"""Steps that update a wide first layer part by part: to the bit those without parts, however a run goes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training.runs import make_plan, make_problem, same

import optilab
from optilab.kernels import parts
from optilab.kernels.sparse import MOST_PACKED, packed_size, room_for_pixels
from optilab.plugins.loading import registry
from optilab.training.plan import Plan
from optilab.training.stopping import Budget, Stop
from optilab.training.training import Training

POINTWISE = sorted(name for name, optimizer in registry().optimizers.items() if optimizer.is_pointwise)


def with_and_without(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> tuple[Training, Training]:
    """The run with parts, and without."""
    found = []
    for large in (0, 2**62):
        monkeypatch.setattr(parts, "_LARGE", large)
        training = Training(plan, 0)
        assert (training._in_parts != 0) == (large == 0)
        training.finish()
        found.append(training)
    return found[0], found[1]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(
    ("inputs", "columns", "batch_size"),
    [(30, 64, 32), (500, 70, 8), (999, 65, 100), (700, 150, 31), (331, 101, 64)],
)
def test_parts_change_nothing(
    precision: Any, inputs: int, columns: int, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one part or several, which end between two multiples of what is updated at once, and with a smaller last batch."""
    problem = make_problem("sparse", precision, inputs, hidden=[columns, 6])
    plan = make_plan(problem, batch_size=batch_size)
    run, other = with_and_without(plan, monkeypatch)
    assert same(run.run, other.run)
    np.testing.assert_array_equal(run.position.w, other.position.w)


@pytest.mark.parametrize("rule", POINTWISE)
def test_bundled_optimizers_that_remember_nothing(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them makes the same run."""
    chain = {"before": f"{rule} | sgd", "after": f"sgd | {rule}", None: rule}[optilab.get_optimizer(rule).rules[0].link]
    plan = make_plan(make_problem("sparse", "float32", 600, hidden=[67]), chain, batch_size=20)
    run, other = with_and_without(plan, monkeypatch)
    assert same(run.run, other.run)


def test_which_optimizers_update_weights_part_by_part() -> None:
    """Those whose rules are elementwise, work on all layers, and ask for no state and no noise."""
    assert {"sgd", "take_sign"} <= set(POINTWISE)
    assert not {"momentum", "adam", "lars", "sgld"} & set(POINTWISE)
    assert optilab.get_optimizer("weight_decay | sgd").is_pointwise
    assert not optilab.get_optimizer("sgd on matrices | sgd on rest").is_pointwise


@pytest.mark.parametrize("bound", [1e-3, 2.0])
def test_a_run_that_diverges(bound: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends before the step whose cost is not below the bound, at the weights of the step before."""
    problem = make_problem("sparse", "float32", 600, hidden=[67])
    plan = make_plan(problem, lr=30.0, stop=Stop(diverged_above=bound))
    run, other = with_and_without(plan, monkeypatch)
    assert (run.run.status, run.run.message) == (other.run.status, other.run.message)
    assert run.run.status == "diverged"
    np.testing.assert_array_equal(run.position.w, other.position.w)


def test_limits_count_what_parts_evaluate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradient evaluations and their examples, in the history and in the budget."""
    problem = make_problem("sparse", "float32", 600, hidden=[67])
    plan = make_plan(problem, batch_size=32, budget=Budget(gradient_evaluations=25))
    run, other = with_and_without(plan, monkeypatch)
    assert same(run.run, other.run)
    assert run.run.steps == 25
    assert run.run.history["gradient_evaluations"].iloc[-1] == 25


def test_where_steps_are_in_parts() -> None:
    """Where the first layer is large, on sparse pixels, its deltas fit, and the optimizer allows it."""
    images, numbers = (make_problem(kind, "float32", 900, hidden=[400]) for kind in ("sparse", "numbers"))
    small = make_problem("sparse", "float32", 600, hidden=[400])
    assert make_plan(images).is_in_parts
    assert not make_plan(numbers).is_in_parts
    assert not make_plan(small).is_in_parts
    assert not make_plan(images, "adam").is_in_parts
    assert not make_plan(images, batch_size=7).is_in_parts
    assert not make_plan(images, batch_size=300).is_in_parts
    assert not make_plan(optilab.get_problem("bowl"), batch_size=1).is_in_parts


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize("columns", [64, 65, 512, 513, 1000, 2049])
def test_packed_deltas_fit_their_memory(columns: int, itemsize: int) -> None:
    """For the most examples with which parts pay, of columns that fill their last strip or don't; those of one example more don't fit."""
    most = max((b for b in range(1, 257) if parts.pay([100_000, columns, 9], itemsize, b)), default=0)
    assert 8 <= most <= 256
    assert packed_size(columns, most, itemsize) <= MOST_PACKED
    assert most == 256 or packed_size(columns, most + 1, itemsize) > MOST_PACKED
    reals, _ = room_for_pixels(100, columns, 256, 10)
    assert reals * itemsize >= packed_size(columns, most, itemsize)
