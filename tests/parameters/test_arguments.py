"""What is called from Python: arguments of every type, first weights, callbacks, experiments as dicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

import optilab
from optilab.errors import InputError
from optilab.experiment.file import experiment_of
from optilab.parameters.arguments import SEED, array

CALLS: dict[str, Callable[..., Any]] = {
    "train": lambda **given: optilab.train(**{"problem": "bowl", "optimizer": "sgd", "steps": 1, "lr": 0.01, **given}),
    "run": lambda **given: optilab.run(**{"experiment": EXPERIMENT, "executor": "inline", **given}),
    "load": optilab.load,
    "get_problem": lambda **given: optilab.get_problem(**{"name": "bowl", **given}),
    "get_optimizer": optilab.get_optimizer,
    "get_schedule": lambda **given: optilab.get_schedule(**{"name": "cosine", **given}),
    "start": lambda **given: optilab.get_optimizer("sgd").start(**{"w": [1.0, 2.0], "lr": 0.1, **given}),
}


EXPERIMENT: dict[str, Any] = {
    "name": "from-python",
    "problem": {"use": "bowl"},
    "budget": {"steps": 2},
    "optimizers": [{"use": "sgd", "lr": 0.01}],
}


ODD: list[Any] = [
    3.5,
    True,
    b"bytes",
    object(),
    [1, [2]],
    {1: 2},
    {"a"},
    np.array(["x"]),
    lambda: 0,
    1j,
    "\ud800",
    10**400,
]


WRONG: dict[tuple[str, str], list[Any]] = {
    ("train", "problem"): [None, *ODD],
    ("train", "optimizer"): [None, [], [1], *ODD],
    ("train", "w"): [
        "x",
        [],
        [[1.0], [2.0, 3.0]],
        [1j, 2],
        np.nan,
        [np.nan, 1.0],
        [1e400, 1.0],
        {"a": 1},
        object(),
        b"x",
    ],
    ("train", "precision"): ["float16", np.float32, 64, [], True],
    ("train", "batch_size"): ["half", 0, -1, 2.5, True, [1], 10**400],
    ("train", "epochs"): ["1", -1, True, [1], 1j, float("nan")],
    ("train", "steps"): ["1", 0, -1, 2.5, True, [1], float("nan")],
    ("train", "seconds"): ["1", -1, True, [1], float("nan")],
    ("train", "seed"): ["1", -1, 0.5, True, [1]],
    ("train", "measure_steps"): ["1", 0, 2.5, True, [1]],
    ("train", "measure_epochs"): ["1", 0, True, [1]],
    ("train", "measure_gradient_norm"): ["no", 0, 1.0, [False]],
    ("train", "stop"): ["x", 1, [1], {1: 2}, {"targt": {}}],
    ("train", "callback"): ["x", 1, [print]],
    ("train", "schedule"): [1, True, object(), {"floor": 1}, {1: 2}, "cosin"],
    ("train", "lr"): ["x", None, [1], True, -1.0, float("nan"), 1j, object()],
    ("run", "experiment"): [None, 3, True, [1], {1: 2}, {"name": 1}, object(), b"x", "no/such/file.toml"],
    ("run", "results"): [3, True, [1], object(), "a\0b"],
    ("run", "executor"): [None, 3, ["local"], "locl"],
    ("run", "workers"): ["2", 0, -1, 1.5, True, [1]],
    ("run", "address"): [3, ["x"]],
    ("run", "rerun"): ["some", True, 1],
    ("run", "fail_fast"): ["yes", 1, None],
    ("run", "log"): ["tensorboard", [1], 3, ["tensorbord"]],
    ("load", "results"): [None, 3, True, [1], "no/such/folder", object(), "a\0b"],
    ("get_problem", "name"): [None, 3, True, ["bowl"], "bwl", object()],
    ("get_problem", "precision"): ["float16", np.float32, 64, []],
    ("get_problem", "condition"): ["x", True, [1], 1j, object(), float("nan")],
    ("get_optimizer", "name"): [None, 3, True, [], [1], {"a"}, object(), "sdg", ""],
    ("get_schedule", "name"): [None, 3, True, ["cosine"], "cosin"],
    ("get_schedule", "floor"): ["x", True, [1], 1j, object()],
    ("start", "w"): ["x", None, [[1.0], [2.0, 3.0]], [1j, 2], {"a": 1}, object(), [[1.0, 2.0]]],
    ("start", "problem"): [3, True, [1], "bwl", object()],
    ("start", "precision"): ["float16", 32],
    ("start", "seed"): [-1, 0.5, "x", True],
    ("start", "lr"): ["x", None, [1], True, -1.0, 1j],
}


@pytest.mark.parametrize(("call", "argument"), WRONG)
def test_arguments_of_the_wrong_type_are_named(call: str, argument: str, tmp_path: Path, monkeypatch: Any) -> None:
    """Whatever an argument is given, it is an InputError in one short message that names it; nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    named = argument.partition("_")[2] if argument.startswith("measure_") else argument
    if call in ("get_problem", "get_optimizer", "get_schedule") and argument == "name":
        named = f"name|unknown {call.partition('_')[2]}|an optimizer has"
    named = {"results": "results|no/such", "experiment": "experiment|name|no/such"}.get(argument, named)
    for value in WRONG[call, argument]:
        with pytest.raises(InputError, match=f"{named}|unknown {argument}|at least one|unknown logger") as caught:
            CALLS[call](**{argument: value})
        assert len(str(caught.value)) < 300
        str(caught.value).encode()
    assert not list(tmp_path.iterdir())


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    """They do what Python's own do."""
    given: dict[str, Any] = {
        "steps": np.int64(5),
        "seed": np.uint8(1),
        "measure_steps": np.int32(1),
        "lr": np.float64(0.01),
    }
    own = optilab.train("bowl", "sgd", **{name: value.item() for name, value in given.items()})
    assert optilab.train("bowl", "sgd", **given).w.tolist() == own.w.tolist()
    arrays: dict[str, Any] = {name: np.array(value) for name, value in given.items()}
    assert optilab.train("bowl", "sgd", **arrays).w.tolist() == own.w.tolist()
    problem = {"use": "bowl", "start": "random"}
    results = optilab.run({**EXPERIMENT, "problem": problem}, tmp_path / "r", executor="inline", workers=None)
    assert len(results.runs) == 1


@examples(seed=st.integers(0, 2**70))
def test_a_seed_is_any_whole_number_from_zero(seed: int) -> None:
    """However large; and it stays what it is."""
    assert SEED.accepted("seed", seed) == seed


def test_arrays_of_other_names_are_told_which_names_are_known() -> None:
    """As x and y, which are neither arrays nor keys of a file."""
    with pytest.raises(InputError, match=r"give the path of a file, or arrays as x_train and y_train"):
        optilab.get_problem("network", dataset={"X": [[1.0]], "y": [1]})


def test_brackets_are_hinted_at() -> None:
    """A table in two brackets where one stands alone, and a list of tables in one."""
    with pytest.raises(InputError, match=r"write \[problem\], with one bracket"):
        experiment_of({**EXPERIMENT, "problem": [{"use": "bowl"}]})
    with pytest.raises(InputError, match=r"write \[\[optimizers\]\], with two brackets"):
        experiment_of({**EXPERIMENT, "optimizers": {"use": "sgd"}})


def test_arrays_are_of_real_numbers() -> None:
    """What NumPy can't make one of is told with its name."""
    assert array("w", [1, 2.5]).tolist() == [1, 2.5]
    with pytest.raises(InputError, match=r"w = \[\[1\], \[2, 3\]\]: accepted are real numbers"):
        array("w", [[1], [2, 3]])


@pytest.mark.parametrize("cost", ["1", [1.0], 1j, 10**400, True, np.array([1.0, 2.0])])
def test_a_cost_that_is_no_number_is_refused_by_step(cost: Any) -> None:
    """Nothing is stepped; numbers of NumPy are numbers."""
    stepper = optilab.get_optimizer("polyak").start([1.0, 2.0])
    with pytest.raises(InputError, match=r"^cost = "):
        stepper.step([0.1, 0.2], cost)
    assert (stepper.t, stepper.w.tolist()) == (0, [1.0, 2.0])
    single: Any = np.float32(1.0)
    assert stepper.step([0.1, 0.2], single) is stepper.w


@pytest.mark.parametrize("saved", [3, None, [("w", 1)], "w"])
def test_what_is_no_dict_is_refused_by_resume(saved: Any) -> None:
    """With the name of the argument."""
    with pytest.raises(InputError, match=r"^saved = .*: accepted is a dict"):
        optilab.get_optimizer("sgd").start([1.0, 2.0]).resume(saved)
