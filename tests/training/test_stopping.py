"""Stopping rules that end a run before its budget: convergence, targets, plateaus."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from optilab import InputError
from optilab.experiment.grid import grid_of
from optilab.experiment.identity import run_id
from optilab.records.columns import MEASURES
from optilab.training.plan import Plan
from optilab.training.stopping import Plateau, Stop, StoppingRules
from optilab.training.training import Training


def test_convergence() -> None:
    """On w^2 / 2 with lr 0.5 the gradient halves in each step: from 2 it is first at or below 1e-3 after 11."""
    run = optilab.train("parabola", "sgd", lr=0.5, steps=100, measure_steps=1, stop={"gradient_norm": 1e-3})
    assert (run.status, run.steps) == ("converged", 11)
    assert run.message == "the norm of the gradient is 0.000976562"
    assert run.last_finite_step == 11


@pytest.mark.parametrize(("measure", "value"), [("train_cost", 0.1), ("gradient_norm", 0.5)])
def test_a_target_from_above(measure: str, value: float) -> None:
    """Costs and norms reach their target from above, at the first measurement where they do."""
    run = optilab.train("parabola", "sgd", lr=0.1, steps=100, measure_steps=1, stop={"target": {measure: value}})
    assert run.status == "target"
    assert run.history[measure].iloc[-1] <= value < run.history[measure].iloc[-2]
    assert run.message.startswith(f"{measure} is ")


def test_a_target_from_below() -> None:
    """An accuracy reaches its target from below."""
    problem = optilab.get_problem("network", dataset="mnist", hidden=[8], activation="relu", cost="cross_entropy")
    stop = {"target": {"test_accuracy": 0.5}}
    run = optilab.train(problem, "adam", lr=1e-2, batch_size=100, steps=500, measure_steps=20, stop=stop)
    accuracies = run.history["test_accuracy"]
    assert run.status == "target"
    assert accuracies.iloc[-1] >= 0.5 > accuracies.iloc[:-1].max()


def test_a_plateau() -> None:
    """With lr 2 the weight of w^2 / 2 jumps between -2 and 2: the cost of the start is never undercut."""
    stop = {"plateau": {"patience": 3}}
    run = optilab.train("parabola", "sgd", lr=2, steps=100, measure_steps=1, stop=stop)
    assert (run.status, run.steps) == ("plateau", 3)
    assert run.message == "no lower train_cost than 2 in 3 measurements"


@given(
    values=st.lists(st.floats(-100, 100), min_size=1, max_size=30),
    patience=st.integers(1, 5),
    improvement=st.floats(0, 0.5),
)
def test_a_plateau_by_its_definition(values: list[float], patience: int, improvement: float) -> None:
    """It is seen at the first measurement that ends `patience` in a row without enough improvement on the best before."""
    rules = StoppingRules(Stop(plateau=Plateau(patience=patience, improvement=improvement)))
    measured = dict.fromkeys(MEASURES, math.nan)
    seen = next((k for k, v in enumerate(values) if rules.verdict({**measured, "train_cost": v})), None)
    bests = [min(values[:k], default=math.inf) for k in range(len(values))]
    better = [k == 0 or v < b - improvement * abs(b) for k, (v, b) in enumerate(zip(values, bests, strict=True))]
    ends = [k for k in range(len(values)) if k + 1 >= patience and not any(better[k + 1 - patience : k + 1])]
    assert seen == (ends[0] if ends else None)


@pytest.mark.parametrize(
    ("stop", "status", "steps"),
    [
        ({"gradient_norm": 0.5}, "converged", 2),
        ({"gradient_norm": math.nextafter(0.5, 0)}, "converged", 3),
        ({"target": {"train_cost": 0.125}}, "target", 2),
        ({"target": {"train_cost": math.nextafter(0.125, 0)}}, "target", 3),
        ({"target": {"gradient_norm": 0.25}}, "target", 3),
        ({"diverged_above": 2.0}, "diverged", 0),
        ({"diverged_above": math.nextafter(2.0, 3)}, "budget", 5),
        (
            {"plateau": {"patience": 1, "improvement": 0.75}},
            "plateau",
            1,
        ),  # a quarter of the best is not below a quarter
        ({"plateau": {"patience": 1, "improvement": math.nextafter(0.75, 0)}}, "budget", 5),
    ],
)
def test_stopping_exactly_at_the_limit(stop: dict[str, Any], status: str, steps: int) -> None:
    """On w^2 / 2 with lr 0.5 the weight halves exactly: a value at its limit has reached it, the next number has not."""
    run = optilab.train("parabola", "sgd", lr=0.5, steps=5, measure_steps=1, stop=stop)
    assert (run.status, run.steps) == (status, steps)


@pytest.mark.parametrize("measure", ["train_accuracy", "test_accuracy"])
def test_an_accuracy_exactly_at_its_target(measure: str) -> None:
    """An accuracy of exactly the target has reached it, from below."""
    rules = StoppingRules(Stop(target={measure: 0.75}))
    measured = dict.fromkeys(MEASURES, math.nan)
    assert rules.verdict({**measured, measure: math.nextafter(0.75, 0)}) is None
    assert rules.verdict({**measured, measure: 0.75}) == ("target", f"{measure} is 0.75")


def test_a_rule_can_end_a_run_before_its_first_step() -> None:
    """What starts at its minimum has converged after no steps."""
    run = optilab.train("parabola", "sgd", steps=10, stop={"gradient_norm": 10.0})
    assert (run.status, run.steps) == ("converged", 0)


def plan(**given: Any) -> Plan:
    """Of one experiment's only cell."""
    optimizers = given.pop("optimizers", [{"use": "sgd", "lr": 0.1}])
    content = {"name": "e", "problem": {"use": "bowl"}, "budget": {"steps": 10}, "optimizers": optimizers, **given}
    return grid_of(optilab.Experiment.model_validate(content)).cells[0].plan


def test_stopping_rules_and_identity() -> None:
    """Each rule but the time limit makes another run; when it is measured matters only to what reads measurements."""
    rules: list[dict[str, Any]] = [
        {},
        {"gradient_norm": 0.1},
        {"target": {"train_cost": 0.1}},
        {"plateau": {}},
        {"diverged_above": 10.0},
    ]
    ids = [run_id(plan(stop=stop), 0) for stop in rules]
    assert len(set(ids)) == len(ids)
    for stop, one in zip(rules, ids, strict=True):
        assert run_id(plan(stop={**stop, "time_limit": 5.0}), 0) == one
        other = run_id(plan(stop=stop, measure={"steps": 3}), 0)
        assert (other == one) == (set(stop) <= {"diverged_above"})


def test_a_run_that_is_given_up() -> None:
    """What listens to the measurements can end the run at any of them; at the end it is too late for that."""
    heard = []

    def listen(run: Any) -> bool:
        heard.append(run.steps)
        return bool(run.steps < 6)

    training = Training(plan(measure={"steps": 3}), 0)
    training.finish(listen)
    assert heard == [0, 3, 6]
    assert (training.run.status, training.run.message) == ("pruned", "given up after step 6")
    last = Training(plan(budget={"steps": 6}, measure={"steps": 3}), 0)
    last.finish(listen)
    assert last.run.status == "budget"


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        ({"gradient_norm": 0}, r"stop\.gradient_norm = 0: .*greater than 0"),
        ({"target": {}}, r"stop\.target: give one measure and its value; measures are train_cost"),
        ({"target": {"train_cost": 1, "test_cost": 1}}, r"stop\.target: give one measure"),
        ({"target": {"cost": 1}}, r"stop\.target: give one measure"),
        ({"plateau": {"patience": 0}}, r"stop\.plateau\.patience = 0"),
        ({"plateau": {"improvement": 1}}, r"stop\.plateau\.improvement = 1"),
        (
            {"plateau": {"of": "train_accuracy"}},
            r"stop\.plateau\.of = 'train_accuracy': expected 'train_cost', 'valid_cost', 'test_cost' or",
        ),
        ({"time_limit": 0}, r"stop\.time_limit = 0"),
        ({"timelimit": 1}, r"stop\.timelimit: unknown key; did you mean 'time_limit'"),
    ],
)
def test_rules_that_can_not_be(stop: dict[str, Any], message: str) -> None:
    """What doesn't fit is told with its place and what is accepted."""
    with pytest.raises(InputError, match=message):
        optilab.train("bowl", "sgd", steps=1, stop=stop)


def test_a_measure_that_the_problem_does_not_have() -> None:
    """A target or a plateau of what isn't measured would never end anything, and is refused."""
    for stop in ({"target": {"test_accuracy": 0.5}}, {"plateau": {"of": "test_cost"}}):
        with pytest.raises(InputError, match=r"stop: test_(accuracy|cost) is not measured on this problem"):
            optilab.train("bowl", "sgd", steps=1, stop=stop)
