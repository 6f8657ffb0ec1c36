"""Runs that advance together: to the bit as alone, whatever they are measured on, and however one of them ends."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from training.runs import alone, make_plan, make_problem, same

import optilab
from optilab.errors import InputError
from optilab.optimizers.memory import Layout
from optilab.problems.problem import Problem
from optilab.training import lockstep
from optilab.training.lockstep import MOST, Lockstep, company, how_many
from optilab.training.plan import Plan
from optilab.training.run import Run
from optilab.training.setup import Setup
from optilab.training.stopping import Budget, Measure, Stop
from optilab.training.training import Training


@pytest.fixture
def network_of_pixels() -> Problem:
    """A network with a narrow first layer on sparse pixels."""
    return make_problem("sparse", "float32", activation="relu")


def together(plans: list[Plan], heard: Any = None) -> list[Run]:
    """The runs side by side."""
    setups: dict[int, Setup] = {}
    trainings = []
    for plan in plans:
        setup = setups.setdefault(id(plan.optimizer), Setup(plan.problem, plan.optimizer))
        trainings.append(Training(plan, 0, setup.beside()))
    Lockstep(trainings).finish(heard or [None] * len(plans))
    return [training.run for training in trainings]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["sparse", "dense", "numbers"])
@pytest.mark.parametrize("batch_size", [1, 32, 300, "full"])
def test_as_alone_on_all_examples(kind: str, precision: str, batch_size: Any) -> None:
    """In both precisions, on every form of the examples, with batches of one, of many, and of more than are worked on at a time.

    Five runs are one more than have their first layers worked on at once, where that is done.
    """
    problem = make_problem(kind, precision, validation=50, measured_examples=300)
    plans = [
        *(make_plan(problem, batch_size=batch_size, lr=lr) for lr in (0.1, 0.3, 0.5)),
        *(make_plan(problem, "adam", batch_size=batch_size, lr=lr) for lr in (0.01, 0.02)),
    ]
    runs = together(plans)
    assert all(same(run, alone(plan)) for run, plan in zip(runs, plans, strict=True))
    assert runs[0].w.tobytes() != runs[1].w.tobytes()


@pytest.mark.parametrize(
    "given",
    [
        {"cost": "quadratic"},
        {"cost": "binary_cross_entropy"},
        {"hidden": [70]},
        {"hidden": [16], "inputs": 450},
        {"hidden": [40], "inputs": 900},
    ],
)
def test_as_alone_with_other_costs_and_widths(given: dict[str, Any]) -> None:
    """Costs that are written otherwise, a first layer that is packed, and narrow ones on pixels of several parts."""
    problem = make_problem("sparse", "float32", **given)
    plans = [make_plan(problem, lr=lr) for lr in (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]
    assert all(same(run, alone(plan)) for run, plan in zip(together(plans), plans, strict=True))


def test_four_of_which_some_leave(network_of_pixels: Problem) -> None:
    """Runs whose first layers are worked on at once: the others go on when one of them diverges, with the results that they have alone."""
    rates = (0.01, 1e30, 0.02, 0.03, 1e200, 0.04)
    plans = [make_plan(network_of_pixels, batch_size=50, lr=lr) for lr in rates]
    runs = together(plans)
    assert [run.status for run in runs] == ["budget", "diverged", "budget", "budget", "diverged", "budget"]
    assert all(same(run, alone(plan)) for run, plan in zip(runs, plans, strict=True))


def test_runs_that_begin_alike_are_measured_once(network_of_pixels: Problem) -> None:
    """At the first weights, which seeds tell apart; each has the costs and the norm of the gradient that it has alone."""
    plans = [make_plan(network_of_pixels, lr=lr, budget=Budget(steps=20)) for lr in (0.01, 0.02, 0.03)]
    plans = [replace(plan, data_order="shared") for plan in plans]
    seeds = (0, 0, 1)
    setup = Setup(network_of_pixels, plans[0].optimizer)
    trainings = [Training(plan, seed, setup.beside()) for plan, seed in zip(plans, seeds, strict=True)]
    group = Lockstep(trainings)
    measured, evaluate = [], group._evaluate
    group._evaluate = lambda members, *given: (measured.append(len(members)), evaluate(members, *given))[1]
    group.finish([None] * 3)
    assert measured == [2, 2, 3, 3]  # on training and test examples, at the start and at the end
    for training, plan, seed in zip(trainings, plans, seeds, strict=True):
        assert same(training.run, alone(plan, seed))


def test_one_that_diverges_leaves(network: Problem) -> None:
    """At the step at which it does so alone, with its message; the others go on to their end."""
    plans = [make_plan(network, batch_size=5, lr=lr, stop=Stop(diverged_above=50)) for lr in (0.1, 60.0, 2e3, 1e200)]
    runs, singles = together(plans), [alone(plan) for plan in plans]
    assert [run.status for run in runs] == ["budget", "diverged", "diverged", "diverged"]
    assert len({run.steps for run in runs}) > 2
    for run, single in zip(runs, singles, strict=True):
        assert same(run, single)
        assert (run.message, run.last_finite_step) == (single.message, single.last_finite_step)


def test_one_that_stops_or_is_given_up_leaves(network: Problem) -> None:
    """By its stopping rule, by its budget, or because whoever hears of it says so; each as alone."""
    plans = [
        make_plan(network, batch_size=5),
        make_plan(network, batch_size=5, stop=Stop(target={"train_cost": 0.9})),
        make_plan(network, batch_size=5, lr=0.2, budget=Budget(steps=45, examples=77)),
        make_plan(network, batch_size=5, lr=0.3),
    ]
    heard: list[Any] = [None, None, None, lambda run: run.steps < 40]
    runs = together(plans, heard)
    assert [run.status for run in runs] == ["budget", "target", "budget", "pruned"]
    assert [run.steps for run in runs] == [45, 40, 16, 40]
    assert all(same(run, alone(plan)) for run, plan in list(zip(runs, plans, strict=True))[:3])


def test_clocks_share_out_what_passed(network: Problem) -> None:
    """Each run has a part of the time, and the parts are no more than the whole."""
    begin = time.perf_counter()
    runs = together([make_plan(network, batch_size=1, lr=lr) for lr in (0.1, 0.2, 0.3)])
    passed = time.perf_counter() - begin
    assert sum(run.train_seconds + run.measure_seconds for run in runs) <= passed
    assert all(run.train_seconds > 0 and run.measure_seconds > 0 for run in runs)
    assert all((np.diff(run.history["seconds"]) > 0).all() for run in runs)
    assert max(run.train_seconds for run in runs) < 0.9 * sum(run.train_seconds for run in runs)


def test_who_can_advance_together(network: Problem) -> None:
    """Runs with the same batches and measurements, whatever their rule and hyperparameters; in full batches, whatever their seed."""
    plan = make_plan(network, batch_size=5)
    own = company(plan, 1)
    assert own is not None
    assert company(make_plan(network, "momentum", batch_size=5, lr=3.0), 1) == own
    full = make_plan(network, batch_size="full")
    assert company(full, 1) == company(full, 2) != own
    others = [
        make_plan(network, batch_size=6),
        make_plan(network, batch_size=5, budget=Budget(steps=46)),
        make_plan(network, batch_size=5, measure=Measure(steps=21)),
        make_plan(network, batch_size=5, measure=Measure(steps=20, gradient_norm=False)),
        make_plan(network, batch_size=5, stop=Stop(diverged_above=7)),
        make_plan(make_problem("dense", "float64"), batch_size=5),
    ]
    assert own not in [company(other, 1) for other in others]
    assert company(plan, 2) != own


def test_who_is_alone(network: Problem) -> None:
    """Runs on functions, runs whose time is limited, and rules that evaluate gradients themselves."""
    bowl = optilab.get_problem("bowl")
    assert company(make_plan(bowl, batch_size="full"), 0) is None
    assert company(make_plan(network, stop=Stop(time_limit=9)), 0) is None
    assert company(make_plan(network, budget=Budget(seconds=9)), 0) is None
    rule = optilab.get_optimizer("sam") | optilab.get_optimizer("sgd")
    plan = make_plan(network)
    assert company(replace(plan, optimizer=rule, hyperparameters=rule.fill({"lr": 0.1})), 0) is None


def test_how_many_advance_together(network: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as follow each other in one company, up to a number; fewer where their memory is more than the cache."""
    plan, other = make_plan(network, batch_size=5), make_plan(network, batch_size=6)
    assert how_many([(plan, 0)]) == 1
    assert how_many([(plan, 0)] * 9) == MOST
    assert how_many([(plan, 0), (plan, 0), (other, 0), (plan, 0)]) == 2
    assert how_many([(plan, 0), (plan, 1)]) == 1
    monkeypatch.setattr(lockstep, "_ROOM", 3 * 2 * 8 * network.n_weights)
    assert how_many([(plan, 0)] * 9) == 3
    slower = make_plan(network, "momentum", batch_size=5)
    assert how_many([(plan, 0), (slower, 0), (slower, 0)]) == 2
    monkeypatch.setattr(lockstep, "_ROOM", 1)
    assert how_many([(plan, 0)] * 9) == 1


def test_an_optimizer_that_does_not_fit_is_alone(network: Problem) -> None:
    """Its memory can't be laid out, and its runs fail one by one; those before it advance together."""
    plan = make_plan(network, batch_size=5)
    unfit = optilab.get_optimizer("sgd").on("hidden")
    other = replace(plan, optimizer=unfit)
    with pytest.raises(InputError):
        Layout(unfit, other.hyperparameters, network.layers)
    assert how_many([(plan, 0), (plan, 0), (other, 0)]) == 2
    assert how_many([(other, 0), (plan, 0)]) == 1


def test_what_runs_of_a_plan_have_in_common_is_made_once(network: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their memory is laid out, and the types of the loop's arguments are checked, for the first; the others' results are the same."""
    plan = make_plan(network, "adam")
    setup, laid_out, checked = Setup(plan.problem, plan.optimizer), [], []
    usual, loop = Layout.__init__, setup.checked_loop
    monkeypatch.setattr(Layout, "__init__", lambda *given: (laid_out.append(1), usual(*given))[1])
    setup.checked_loop = lambda *given: (checked.append(1), loop(*given))[1]
    for seed in range(3):
        training = Training(plan, seed, setup)
        training.finish()
        assert same(training.run, alone(replace(plan), seed))
    assert (len(laid_out), len(checked)) == (1 + 3, 1)  # `alone` has three plans and setups of its own


def test_seeds_that_share_an_order_advance_together(network: Problem) -> None:
    """From first weights of their own, through the same batches, each as alone."""
    plan = replace(make_plan(network, batch_size=5), data_order="shared")
    assert company(plan, 1) == company(plan, 2) is not None
    setup = Setup(plan.problem, plan.optimizer)
    trainings = [Training(plan, seed, setup.beside()) for seed in (1, 2)]
    Lockstep(trainings).finish([None, None])
    runs = [training.run for training in trainings]
    assert runs[0].w.tobytes() != runs[1].w.tobytes()
    assert all(same(run, alone(plan, seed)) for run, seed in zip(runs, (1, 2), strict=True))
