"""Schedules as parameters of others, several at once, their identities and labels, and what can't be scheduled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from optilab import InputError, feedback, schedule, vectorwise
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.experiment.identity import run_id
from optilab.plugins.loading import registry
from optilab.schedules.binding import from_spec
from optilab.schedules.schedule import BoundSchedule
from optilab.training.plan import Plan
from optilab.training.stopping import Budget, Length
from optilab.training.training import train as train_plan


def grid(schedule: Any, steps: int = 20, **entry: Any) -> Sequence[Cell]:
    """Cells of an experiment of one optimizer, momentum unless another is named, with these schedules."""
    optimizer = {"use": "momentum", "lr": 0.01, "schedule": schedule, **entry}
    experiment = {"name": "e", "budget": {"steps": steps}, "problem": {"use": "bowl"}, "optimizers": [optimizer]}
    return grid_of(Experiment.model_validate(experiment)).cells


def check(schedule: Any, steps: int = 20, **entry: Any) -> None:
    """Check a cell of one schedule, or of one group of them."""
    grid([schedule], steps, **entry)


def bind(table: dict[str, Any]) -> BoundSchedule:
    """The schedule of a table."""
    rest = dict(table)
    return optilab.get_schedule(rest.pop("use"), **rest)


SEQUENCE = {"use": "sequence", "schedules": [{"use": "warmup", "steps": 100}, "cosine"], "milestones": [100]}


def test_a_list_of_schedules_is_a_parameter() -> None:
    """Schedules in a list are given by name or as tables, and filled in like any other."""
    first, second = bind(SEQUENCE).parameters["schedules"]
    assert (first.schedule.name, first.parameters["steps"]) == ("warmup", 100)
    assert second == bind({"use": "cosine"})


def test_the_identity_of_schedules_in_a_list() -> None:
    """It holds all that the schedules in the list are, as values that JSON has, and tells them apart."""
    found = bind(SEQUENCE).identity
    assert json.loads(json.dumps(found)) == found
    warmup, cosine = found["schedules"]
    assert warmup["then"]["use"] == "constant"
    assert cosine == {"use": "cosine", "floor": 0.0, "of": "lr", "per": "step"}
    assert found != bind({**SEQUENCE, "schedules": [{"use": "warmup", "steps": 100}, "linear"]}).identity
    assert found != bind({**SEQUENCE, "milestones": [99]}).identity


def test_the_label_names_what_is_not_usual() -> None:
    """Parameters at their defaults are left out, of schedules inside others too."""
    assert bind(SEQUENCE).label == "sequence (schedules=[warmup (steps=100), cosine], milestones=[100])"
    assert bind({"use": "warmup", "steps": 5, "then": "constant"}).label == "warmup (steps=5)"
    assert bind({"use": "warmup", "steps": 5, "then": "cosine"}).label == "warmup (steps=5, then cosine)"
    assert bind({"use": "multi_step", "milestones": []}).label == "multi_step"
    assert bind({"use": "product", "schedules": ["constant"]}).label == "product"


def test_the_label_names_hyperparameter_and_unit() -> None:
    """It says what a schedule is of where that isn't lr, and what it counts where that isn't steps."""
    assert bind({"use": "linear", "end": 0.9, "of": "momentum"}).label == "linear (end=0.9) of momentum"
    assert bind({"use": "cosine", "per": "epoch"}).label == "cosine per epoch"


def test_a_schedule_shows_its_name() -> None:
    """A schedule, and so a default that lists schedules, is shown by name."""
    from optilab_schedules.combined import sequence

    assert repr(sequence) == "sequence"
    assert repr(sequence.parameters["schedules"].default) == "(constant,)"


@optilab.schedule()
def two_kinds(step, total, plain=1.0, *, option=2.0):
    """One parameter that can stand anywhere, and a keyword-only one."""
    return np.full_like(step, plain * option)


def test_an_option_at_its_default_is_no_part_of_the_identity() -> None:
    """A keyword-only parameter counts where it isn't at its default, so that it can be added to a schedule later."""
    usual = optilab.schedules.bind(two_kinds, {"option": 2}, "", lambda name, place: two_kinds)
    assert usual.identity == {"use": "two_kinds", "plain": 1.0, "of": "lr", "per": "step"}
    other = optilab.schedules.bind(two_kinds, {"option": 3}, "", lambda name, place: two_kinds)
    assert other.identity == {**usual.identity, "option": 3.0}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"use": "cosine", "floor": 0.01}, {"floor": 0.01}),
        ({"use": "cosine", "of": "momentum", "per": "epoch"}, {"floor": 0, "of": "momentum", "per": "epoch"}),
        ({"use": "constant"}, {}),
        ({"use": "exponential", "gamma": 0.9}, {"gamma": 0.9}),
        ({"use": "one_cycle", "rise": 0.2}, {"rise": 0.2, "div": 25, "final_div": 10_000}),
        ({"use": "multi_step", "milestones": [3, 5]}, {"milestones": [3, 5], "gamma": 0.1}),
        (
            {"use": "warmup", "steps": 5},
            {"steps": 5, "then": {"use": "constant", "of": "lr", "per": "step"}},
        ),
        (
            {"use": "reduce_on_plateau", "patience": 3},
            {
                "monitor": "train_cost",
                "factor": 0.1,
                "patience": 3,
                "threshold": 1e-4,
                "cooldown": 0,
                "floor": 0,
            },
        ),
    ],
)
def test_the_identity_of_a_schedule_does_not_change(table: dict[str, Any], expected: dict[str, Any]) -> None:
    """Runs made before these schedules had options are still found."""
    assert bind(table).identity == {"use": table["use"], "of": "lr", "per": "step", **expected}


def test_a_group_of_one_is_that_one() -> None:
    """A schedule alone in an inner list is the same run as without the list."""
    (alone,), (in_a_group,) = grid(["cosine"]), grid([["cosine"]])
    assert run_id(alone.plan, 0) == run_id(in_a_group.plan, 0)
    assert alone.label == in_a_group.label


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"schedules": "cosine"}, "schedules = 'cosine' is not a list of schedules"),
        ({"schedules": []}, r"schedules = \[\] is not a list of schedules"),
        ({"schedules": ["cosine", "cosin"]}, r"schedules\[1\]: unknown schedule 'cosin': did you mean 'cosine'"),
        ({"schedules": [{"use": "cosine", "flor": 1}]}, r"schedules\[0\]: unknown parameter of cosine 'flor'"),
        ({"schedules": [3]}, r"schedules\[0\]: 3 is not a schedule"),
        ({"schedules": ["cosine", "reduce_on_plateau"]}, r"schedules\[1\]: reduce_on_plateau is a feedback schedule"),
        (
            {"schedules": [{"use": "cosine", "of": "momentum"}]},
            r"schedules\[0\]: of and per are those of the outermost",
        ),
        ({"schedules": [{"use": "cosine", "per": "epoch"}]}, r"schedules\[0\]: of and per are those of the outermost"),
        ({"schedules": ["cosine"], "milestones": [-1]}, r"milestones = -1 is out of range: accepted is \(0, inf\)"),
    ],
)
def test_what_is_not_a_list_of_schedules(table: dict[str, Any], message: str) -> None:
    """A schedule in a list that isn't one is refused with its place in the list, and what is accepted."""
    with pytest.raises(InputError, match=message):
        bind({"use": "sequence", **table})


MOMENTUM_TOO: list[Any] = ["cosine", {"use": "linear", "start": 1, "end": 0.9, "of": "momentum"}]


def test_a_list_in_the_list_is_followed_together() -> None:
    """The outer list is an axis of the grid; an inner one is several schedules of one run."""
    plain, together = grid(["constant", MOMENTUM_TOO])
    assert [s.schedule.name for s in plain.plan.schedules] == ["constant"]
    assert [(s.schedule.name, s.of) for s in together.plan.schedules] == [("cosine", "lr"), ("linear", "momentum")]


def test_schedules_together_change_their_hyperparameters() -> None:
    """The weights are those of the same steps by hand, with a learning rate and a momentum of each step."""
    (cell,) = grid([[*MOMENTUM_TOO, {"use": "exponential", "gamma": 0.9}]], steps=8, momentum=0.8)
    run = train_plan(cell.plan, 0)
    w, b = cell.plan.problem.initial(0), np.zeros(2)
    for step in range(8):
        b = 0.8 * (1 - 0.1 * step / 8) * b + w * [1, 20]
        w = w - 0.01 * (1 + np.cos(np.pi * step / 8)) / 2 * 0.9**step * b
    np.testing.assert_allclose(run.w, w, rtol=1e-12)
    np.testing.assert_allclose(run.history["lr"].iloc[-1], 0.01 * (1 + np.cos(7 * np.pi / 8)) / 2 * 0.9**7, rtol=1e-12)


def test_the_label_of_schedules_together() -> None:
    """Both are named, by what tells them from the other schedules of the experiment, and say what they are of."""
    labels = [cell.label for cell in grid(["constant", MOMENTUM_TOO])]
    assert labels == ["momentum, constant", "momentum, cosine + linear of momentum"]
    (_, together) = grid(["constant", MOMENTUM_TOO])
    assert together.schedule_label == "cosine + linear (end=0.9) of momentum"
    several = [cell.label for cell in grid([MOMENTUM_TOO, ["cosine", {**MOMENTUM_TOO[1], "end": 0.8}], "cosine"])]
    assert several == [
        "momentum, cosine + linear (end=0.9) of momentum",
        "momentum, cosine + linear (end=0.8) of momentum",
        "momentum, cosine",
    ]


def test_schedules_that_count_otherwise_are_told_apart() -> None:
    """A schedule by steps and the same by epochs are two lines of the comparison."""
    assert [c.label for c in grid(["cosine", {"use": "cosine", "per": "epoch"}])] == [
        "momentum, cosine",
        "momentum, cosine per epoch",
    ]


def test_runs_with_schedules_together_differ_by_each_of_them() -> None:
    """Every schedule of a group is part of the run's identity."""
    variants = [
        [MOMENTUM_TOO],
        [MOMENTUM_TOO[:1]],
        [MOMENTUM_TOO[1:]],
        [["cosine", {**MOMENTUM_TOO[1], "end": 0.8}]],
        [["linear", MOMENTUM_TOO[1]]],
        ["constant"],
    ]
    assert len({run_id(grid(v)[0].plan, 0) for v in variants}) == len(variants)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ([[]], r"optimizers\[0\]\.schedule: an empty list in the list"),
        ([["cosine", "cosin"]], r"optimizers\[0\]\.schedule: unknown schedule 'cosin': did you mean 'cosine'"),
        ([["cosine", ["linear"]]], r"optimizers\[0\]\.schedule: \['linear'\] is not a schedule"),
        ([["cosine", {"use": "linear", "of": "beta"}]], r"optimizers\[0\]: schedule linear of 'beta': momentum has lr"),
    ],
)
def test_what_is_not_a_group_of_schedules(schedule: Any, message: str) -> None:
    """An empty group, an unknown name, a list too many and an unknown hyperparameter are refused with their place."""
    with pytest.raises(InputError, match=message):
        grid(schedule)


@pytest.mark.parametrize(
    ("schedule", "steps", "message"),
    [
        (
            {"use": "constant", "factor": 1.2, "of": "momentum"},
            20,
            r"schedule constant of 'momentum': 1.08 at step 0 is out of range: accepted is \[0, 1\)",
        ),
        (
            {"use": "linear", "start": 1, "end": 1.2, "of": "momentum"},
            20,
            r"schedule linear of 'momentum': 1.008 at step 12 is out of range: accepted is \[0, 1\)",
        ),
        (
            {"use": "step", "every": 999_999, "gamma": 2, "of": "momentum"},
            1_000_000,
            r"schedule step of 'momentum': 1.8 at step 999999 is out of range",
        ),
        (
            {"use": "exponential", "gamma": 2},
            2000,
            r"schedule exponential of 'lr': inf at step 1024 is out of range: accepted is \(0, inf\)",
        ),
        (
            [{"use": "constant", "factor": 1.1, "of": "momentum"}] * 2,
            20,
            r"schedule constant \+ constant of 'momentum': 1.089 at step 0 is out of range",
        ),
    ],
)
def test_a_schedule_that_leaves_the_range_is_refused(schedule: Any, steps: int, message: str) -> None:
    """Before anything runs it is told which schedule takes what where, and what would be accepted."""
    with pytest.raises(InputError, match=message):
        check(schedule, steps)


@optilab.schedule()
def below_zero(step, total):
    """Falls below zero."""
    return 1 - step


@optilab.schedule()
def no_number(step, total):
    """Has no value at step 3."""
    return np.where(step == 3, np.nan, 1.0)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [(below_zero, "'lr': -0.1 at step 2 is out of range"), (no_number, "'lr': nan at step 3 is out of range")],
)
def test_a_schedule_of_ones_own_that_leaves_the_range(schedule: Any, message: str) -> None:
    """Negative rates, and what isn't a number, are refused in a single run as well."""
    with pytest.raises(InputError, match=message):
        optilab.train("bowl", "sgd", lr=0.1, steps=5, schedule=schedule)


def test_schedules_that_make_up_for_one_another() -> None:
    """It is the product that counts: one may go up as far as the other goes down."""
    up, down = ({"use": "constant", "factor": f, "of": "momentum"} for f in (2, 0.5))
    check([up, down])
    with pytest.raises(InputError, match=r"'momentum': 1.8 at step 0"):
        check(up)


def test_a_learning_rate_may_come_to_rest() -> None:
    """A schedule may bring lr to zero, where nothing moves, although nobody can give it as zero."""
    table = {"use": "piecewise", "milestones": [5], "factors": [0]}
    rates = optilab.train("bowl", "sgd", lr=0.01, steps=8, measure_steps=1, schedule=table).history["lr"]
    assert rates.tolist()[1:] == [0.01] * 5 + [0.0] * 3
    with pytest.raises(InputError, match="'scale': 0 at step 5 is out of range"):
        optilab.train("bowl", with_choices, steps=8, schedule={**table, "of": "scale"})


def test_what_a_feedback_schedule_answers_is_not_foreseen() -> None:
    """A feedback schedule beside a curve leaves the curve to be checked as it is."""
    plateau = {"use": "reduce_on_plateau", "of": "momentum"}
    check([plateau, {"use": "linear", "end": 0.5, "of": "momentum"}])
    with pytest.raises(InputError, match=r"linear of 'momentum': 1.008 at step 12"):
        check([{"use": "linear", "end": 1.2, "of": "momentum"}, "reduce_on_plateau"])


def test_parameters_that_do_not_fit_one_another_are_refused_at_once() -> None:
    """What a schedule can only say once it is asked for values is said before anything runs, with its place."""
    with pytest.raises(
        InputError, match=r"^optimizers\[0\]: sequence: 2 schedules have 1 milestones between them, not 0"
    ):
        check({"use": "sequence", "schedules": ["cosine", "linear"]})


@optilab.schedule()
def fails_late(step, total):
    """Doesn't work for more than one step."""
    if len(step) > 1:
        raise ZeroDivisionError
    return np.ones_like(step)


def test_a_schedule_that_fails_is_left_to_the_run() -> None:
    """An exception in an author's function isn't told as misuse: the run is planned, and raises it as it is."""
    check(fails_late)
    with pytest.raises(ZeroDivisionError):
        optilab.train("bowl", "sgd", lr=0.1, steps=5, measure_steps=5, schedule=fails_late)


@optilab.elementwise(lr=0.1, ranges={"mode": "{raw, halved}", "power": "{1, 2, ...}", "scale": "(0, 1]"})
def with_choices(w, g, lr, flip=False, mode="raw", power=1, scale=1.0):
    """Has a switch, a choice of words and a whole number."""
    w -= lr * g * scale**power if flip else lr * g * scale
    return w


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"use": "cosine", "of": "flip"}, "cosine of 'flip': it is a switch, and only numbers have schedules"),
        ({"use": "cosine", "of": "mode"}, r"cosine of 'mode': it is one of \{raw, halved\}, and only numbers"),
        ({"use": "reduce_on_plateau", "of": "flip"}, "reduce_on_plateau of 'flip': it is a switch"),
        ({"use": "cosine", "of": "power"}, r"cosine of 'power': 0.975528 at step 1 is out of range: .* \{1, 2, ...\}"),
    ],
)
def test_only_numbers_have_schedules(schedule: Any, message: str) -> None:
    """A switch and a choice of words can't be scheduled, and a whole number only from one to another."""
    with pytest.raises(InputError, match=message):
        optilab.train("bowl", with_choices, steps=10, schedule=schedule)
    halves = {"use": "step", "every": 5, "gamma": 0.5, "of": "power"}
    assert optilab.train("bowl", with_choices, power=2, lr=0.01, steps=10, schedule=halves).status == "budget"


@optilab.vectorwise(lr=0.1, states={"old": optilab.per_weight(copies="memory")}, ranges={"memory": "{1, 2, ...}"})
def remembers(w, g, old, lr, memory=3):
    """Keeps some gradients."""
    old[0, :] = g
    w -= lr * old[0, :]


def test_the_size_of_a_memory_has_no_schedule() -> None:
    """What a rule's memory is made for stays as it is, even if a schedule would keep it in its range."""
    with pytest.raises(InputError, match="of 'memory': it says how much the rule remembers"):
        optilab.train("bowl", remembers, steps=4, schedule={"use": "constant", "factor": 2, "of": "memory"})


def test_a_hyperparameter_of_one_rule_has_a_schedule() -> None:
    """A qualified name is the hyperparameter of one rule of a chain, and is checked with that rule's range."""
    chain: dict[str, Any] = {"use": ["l2", "momentum"]}
    check({"use": "constant", "factor": 1.1, "of": "momentum.momentum"}, **chain)
    with pytest.raises(InputError, match=r"of 'momentum.momentum': 1.08 at step 0 is out of range"):
        check({"use": "constant", "factor": 1.2, "of": "momentum.momentum"}, **chain)


@example_settings(max_examples=60)
@given(steps=st.integers(1, 5000), momentum=st.floats(0.1, 0.99), end=st.floats(0, 3))
def test_the_last_step_is_checked(steps: int, momentum: float, end: float) -> None:
    """In runs of every length a straight line is refused exactly if its last value is out of range."""
    last = momentum * (1 + (end - 1) * (steps - 1) / steps)
    table = {"use": "linear", "end": end, "of": "momentum"}
    try:
        check(table, steps, momentum=momentum)
    except InputError:
        assert last >= 1 - 1e-12
    else:
        assert last < 1 + 1e-12


@example_settings(max_examples=60)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=20), st.integers(1, 400))
def test_multipliers_at_chosen_steps(steps: list[int], steps_per_epoch: int) -> None:
    """Multipliers at any steps are those of the whole run at these steps, by steps and by epochs."""
    for per in ("step", "epoch"):
        bound = optilab.get_schedule("cosine", per=per)
        whole: NDArray[np.float64] = bound.multipliers(0, 5001, 5001, steps_per_epoch)
        chosen = bound.multipliers_at(np.array(steps, float), 5001, steps_per_epoch)
        np.testing.assert_allclose(chosen, whole[steps], rtol=1e-14, atol=1e-16)


def test_another_schedule_is_other_code() -> None:
    """What a run executes includes its schedules, and those inside them: an edited one makes its runs stale."""

    def plan(spec: object) -> Plan:
        optimizer = optilab.get_optimizer("sgd")
        bound = [] if spec is None else [from_spec(spec, "", registry().schedule)]
        problem = optilab.get_problem("bowl")
        return Plan(problem, optimizer, optimizer.fill({}), bound, "full", Budget(steps=10), None)

    codes = [plan(spec).code for spec in (None, "cosine", {"use": "product", "schedules": ["cosine"]})]
    assert len(set(codes)) == 3
    assert plan("cosine").code == codes[1]


@vectorwise(ranges={"every": "{1, 2, ...}"})
def counting_by(w, every=100):
    """Adds a whole number to its weight."""
    w[0] += every


@feedback()
def a_tenth():
    """A tenth but for a bit: of 30 it is 3.0000000000000004."""
    while True:
        yield 0.1 * 1.0000000000000002


@feedback(ranges={"answer": "(-inf, inf)"})
def answering(answer=1.0):
    """One, and after the first measurement something else."""
    yield 1.0
    while True:
        yield answer


def counted(schedule: Any, whole: int, steps: int, **parameters: Any) -> float:
    """The sum of what the rule was given in a run, measured after each step."""
    bound = BoundSchedule(schedule, parameters, "every")
    problem = optilab.get_problem("parabola", start=[0.0])
    given = counting_by.fill({"every": whole})
    measure = Length(steps=1)
    return float(train_plan(Plan(problem, counting_by, given, [bound], "full", Budget(steps=steps), measure), 0).w[0])


def test_a_whole_number_under_a_schedule_is_the_nearest() -> None:
    """What is whole but for rounding is accepted, and the rule gets the whole number: 100, 10, 1 of 100 * 0.1^t."""
    find = registry().schedule
    assert 100 * 0.1**2 != 1
    assert counted(find("exponential", ""), 100, 3, gamma=0.1, every=1) == 111
    assert counted(find("step", ""), 8, 4, gamma=0.5, every=2) == 8 + 8 + 4 + 4
    assert 30 * 0.1 * 1.0000000000000002 != 3
    assert counted(a_tenth, 30, 2) == 6
    with pytest.raises(InputError, match=r"'every': 0.5 at step 2 is out of range: accepted is \{1, 2, ...\}"):
        counted(find("step", ""), 1, 4, gamma=0.5, every=2)


@pytest.mark.parametrize("answer", [0.001, -1.0, float("nan"), float("inf"), 0.255])
def test_a_feedback_schedule_that_leaves_the_range_is_told(answer: float) -> None:
    """What it answers is looked at when it answers: no rule gets a value that it doesn't accept."""
    with pytest.raises(InputError, match=r"schedule answering of 'every' answers .* is out of range: accepted is"):
        counted(answering, 100, 4, answer=answer)


@pytest.mark.parametrize("steps", [2.5, 0, -1, "two", True])
def test_a_schedule_called_from_python_checks_its_parameters(steps: Any) -> None:
    """As in a file: a warm-up of two and a half steps would go above 1."""
    warmup = registry().schedule("warmup")
    with pytest.raises(InputError, match="steps = "):
        warmup(np.arange(4.0), 10, steps=steps)
    np.testing.assert_array_equal(warmup(np.arange(4.0), 10, steps=np.int64(2)), [0.5, 1, 1, 1])


def test_the_decorators_need_no_parentheses() -> None:
    """As the design has them; with ranges they take them."""

    @schedule
    def halves(step, total):
        """Half."""
        return 0.5 + 0 * step

    @feedback
    def still():
        """Nothing changes."""
        while True:
            yield 1.0

    assert halves(np.arange(3.0), 3).tolist() == [0.5, 0.5, 0.5]
    assert (halves.is_feedback, still.is_feedback) == (False, True)
