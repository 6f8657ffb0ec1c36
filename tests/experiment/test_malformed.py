"""Whatever stands in an experiment: it is run as it says, or refused in one message, and nothing is created meanwhile."""

from __future__ import annotations

import copy
import datetime
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optilab.cli.dry_run import dry_run
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import read
from optilab.parameters.tables import validated
from optilab.texts import shown

ROUNDS = 40  # groups of mutants, each a test
MUTANTS = 25  # of a group


def deep(depth: int) -> Any:
    """Lists in each other."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


NO_RANGES: list[Any] = [[-1e308, 1e308], [float("nan"), 1], [0, float("inf")], [1, 1], {}, 3]
ODD: list[Any] = [
    *(2**63, 2**63 - 1, -(2**63) - 1, 2**53, 2**62, 10**9, 10**400, -(10**400), 10**5000, 0, -1, 1),
    *(1e308, -1e308, 1.7976931348623157e308, 5e-324, float("inf"), float("-inf"), float("nan"), -0.0, 0.5, 2.0),
    *(True, False, None, "", "x", "1", "x" * 100_000, "\x00", "\ud800", "\x1b[31m", "../..", "²", "random", "full"),
    *([], {}, [[]], [{}], [None], [1, 2], [1, "1", 1.0, True], ["a", 1], {"use": 3}, {"use": "sgd"}, {"": 1}, {3: 4}),
    *(deep(15), deep(25), deep(900)),
    *(datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1), datetime.time(1), b"x", {1, 2}, 1j, object()),
    *(
        Decimal("0.1"),
        Fraction(1, 3),
        np.float64(0.1),
        np.int64(3),
        np.bool_(True),
        np.str_("sgd"),
        np.datetime64("2020"),
    ),
    *(np.array(0.1), np.array([0.1, 0.2]), np.zeros((2, 2)), np.array(["a"]), np.array([None]), np.zeros(0)),
    *({"log": e, "points": 3} for e in ([1e-320, 1e308], [5e-324, 1], [1e308, 1e309], [1, 10**400], ["a", 1], [1])),
    *({"log": [0.1, 1], "points": p} for p in (10**9, 10**400, 2**63, 0, -1, 1.0, True, "3", None, [3])),
    *({"linear": e, "points": 3} for e in NO_RANGES),
    *({"log_uniform": e} for e in ([1e-320, 1e308], [0, 1], [1, 10**400], [1, float("inf")], "ab", 3, [True, 2])),
    *({"uniform": [-1e308, 1e308]}, {"integer": [0, 2**63]}, {"integer": [-(10**30), 10**400]}, {"integer": [1, 3]}),
    *({"uniform": [0.1, 0.9], "points": 3}, {"log": [1, 2], "linear": [1, 2], "points": 2}, {"points": 2}),
]
GOOD: list[dict[str, Any]] = [
    {
        "name": "one",
        "question": "Which?",
        "seeds": 2,
        "precision": "float64",
        "problem": {"use": "bowl", "condition": 20, "start": [1.0, 2.0]},
        "budget": {"steps": 10},
        "measure": {"steps": 2},
        "stop": {"gradient_norm": 1e-6, "plateau": {"of": "train_cost", "patience": 3}, "target": {"train_cost": 1.0}},
        "optimizers": [
            {"use": "adam", "lr": [0.1, 0.2], "beta1": 0.5, "label": "mine", "schedule": ["constant", "cosine"]},
            {"use": ["l2", "sgd"], "lr": {"log": [0.01, 1], "points": 3}, "schedule": {"use": "warmup", "steps": 3}},
        ],
    },
    {
        "name": "two",
        "seeds": [3, 4],
        "problems": [{"use": "bowl", "start": "random"}, {"use": "rosenbrock"}],
        "budget": {"epochs": 3.5, "gradient_evaluations": 30},
        "stop": {"diverged_above": 100.0, "time_limit": 10.0},
        "tuning": {"seeds": 2, "by": "train_cost"},
        "search": {"method": "sobol", "seed": 1, "generation": 2, "prune_after": 0.5},
        "optimizers": [
            {"use": "adam", "lr": {"log_uniform": [0.01, 1]}, "beta1": {"uniform": [0.1, 0.9]}, "samples": 3},
            {"use": "clip_by_global_norm | sgd", "batch_size": "full", "sgd": {"lr": 0.1}},
        ],
    },
    {
        "name": "three",
        "problem": {
            "use": "network",
            "dataset": {"path": "data.npz", "test_fraction": 0.25, "split_seed": 1, "standardize": True},
            "hidden": [4, 3],
            "activation": ["tanh", "relu"],
            "cost": "cross_entropy",
            "first_weights": "he",
            "huber_delta": 1.0,
            "outputs": 3,
        },
        "budget": {"epochs": 2, "examples": 100},
        "optimizers": [
            {"use": "sgd", "batch_size": [1, 4], "lr": 0.1},
            {
                "use": "adam",
                "schedule": [
                    {"use": "sequence", "schedules": [{"use": "warmup", "steps": 3}, "cosine"], "milestones": [4]}
                ],
            },
        ],
    },
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of an experiment: of each key and each number of a list."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    if isinstance(value, list):
        for k, inner in enumerate(value):
            found += places(inner, (*path, k))
    return found


def mutate(content: dict[str, Any], stream: random.Random) -> str:
    """Change one place: put in an odd value, leave it out, give it twice, or add a key beside it; says what was done."""
    *path, last = stream.choice(places(content))
    inside: Any = content
    for key in path:
        inside = inside[key]
    odd = copy.copy(stream.choice(ODD))
    what = stream.choice(["put", "put", "put", "put", "wrap", "drop", "add"])
    if what == "drop":
        del inside[last]
    elif what == "wrap":
        inside[last] = [inside[last], odd]
    elif what == "add" and isinstance(inside, dict):
        inside[stream.choice(["lr", "samples", "eps", "start", "of", "path", "x", "", "²"])] = odd
    else:
        inside[last] = odd
    return f"{what} {[*path, last]} {shown(odd)}"


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_malformed_experiment_is_one_message(folder: Path, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Good experiments with an odd value at any place are expanded, or told in one printable line of bounded length."""
    stream = random.Random(number)
    for _ in range(MUTANTS):
        content = copy.deepcopy(stream.choice(GOOD))
        done = [mutate(content, stream) for _ in range(stream.choice([1, 1, 1, 2]))]
        told = ""
        try:
            dry_run(validated(Experiment, content), None)
        except InputError as error:
            told = str(error)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__} for {done}") from error
        assert told.isprintable(), done
        assert len(told) < 600, done
        assert sorted(path.name for path in folder.iterdir()) == ["data.npz"], done
    capsys.readouterr()


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good["name"])
def test_the_experiments_that_are_spoiled_are_good(folder: Path, good: dict[str, Any]) -> None:
    """Or the test above would see only one message."""
    dry_run(validated(Experiment, good), None)


KEYS = [
    *("", ".", " ", "..", "optimizers", "optimizers[", "optimizers[0", "optimizers[0]", "optimizers[0].lr", "a[0][0]"),
    *("optimizers[0][0]", "optimizers.0.lr.0", "optimizers.0.lr[1]", "optimizers]0[", "seeds", "seeds.0", "budget."),
    *(
        "a.b.c",
        "²",
        "optimizers.²",
        "optimizers.-1",
        "optimizers.1e3",
        "\ud800",
        "\x00",
        "\x1b[31m",
        "problem.use",
        "[0]",
    ),
    *("optimizers." + "9" * 5000, ".".join("a" * 60), "measure.epochs", "budget.steps.x", "name", "x" * 10_000),
]
VALUES = [
    *("", "1", "1e400", "[", "{", "}", "{a=1}", "[[[[", "'", '"', "\n", "1\nx=2", "2020-01-01", "inf", "nan", "true"),
    *("0x" + "f" * 5000, "9" * 5000, "\ud800", "\x00", "{x={x={x=1}}}", "[" * 900, "{a=" * 900, "[1,2]", "\x1b[3m"),
    *("1979-05-27T07:32:00Z", "𝟙", "[1.5]", "-1", "x" * 10_000),
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ascii(key)[:30])
def test_a_malformed_change_is_one_message(folder: Path, key: str) -> None:
    """Whatever stands before and behind the sign, --set makes a change or tells in one printable line why it can't."""
    file = folder / "e.toml"
    file.write_text(
        'name = "e"\nbudget.steps = 3\nproblem.use = "bowl"\n[[optimizers]]\nuse = "sgd"\nlr = [0.1, 0.2]\n', "utf-8"
    )
    for value in VALUES:
        told = ""
        try:
            read(file, [f"{key}={value}"])
        except InputError as error:
            told = str(error)
        assert told.isprintable(), value
        assert len(told) < 400, value
