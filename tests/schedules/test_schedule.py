"""Schedules: identities, labels, values at chosen steps, the decorators."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from schedules.cells import SEQUENCE, bind

import optilab
from optilab import InputError, feedback, schedule
from optilab.plugins.loading import registry
from optilab.schedules import binding
from optilab.schedules.binding import from_spec
from optilab.training.plan import Plan
from optilab.training.stopping import Budget


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
    usual = binding.bind(two_kinds, {"option": 2}, "", lambda name, place: two_kinds)
    assert usual.identity == {"use": "two_kinds", "plain": 1.0, "of": "lr", "per": "step"}
    other = binding.bind(two_kinds, {"option": 3}, "", lambda name, place: two_kinds)
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
