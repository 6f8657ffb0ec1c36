"""Numbers of NumPy and Python in experiments, problems, optimizers and training."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optilab
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment


def test_numbers_of_numpy_are_numbers(folder: Path) -> None:
    """In experiments, problems, optimizers and training, arrays of one dimension are lists as well."""
    plain = {
        "name": "e",
        "seeds": [1, 2],
        "problem": {"use": "bowl", "start": [1.0, 2.0], "condition": 3.0},
        "budget": {"steps": 4},
        "optimizers": [{"use": "adam", "lr": [0.1, 0.2], "beta1": 0.5}],
    }
    with_numpy = {
        "name": np.str_("e"),
        "seeds": np.array([1, 2]),
        "problem": {"use": "bowl", "start": np.array([1.0, 2.0]), "condition": np.float32(3)},
        "budget": {"steps": np.int64(4)},
        "optimizers": [{"use": "adam", "lr": np.array([0.1, 0.2]), "beta1": np.float64(0.5)}],
    }
    assert Experiment.model_validate(with_numpy) == Experiment.model_validate(plain)
    assert Experiment.model_validate({**plain, "seeds": np.int64(3)}).seeds == 3
    problem = optilab.get_problem("bowl", start=np.array([1, 2]), condition=np.float64(3))
    assert problem.parameters == optilab.get_problem("bowl", start=[1.0, 2.0], condition=3).parameters
    one = optilab.train(
        problem,
        "adam",
        steps=np.int64(4),  # type: ignore[arg-type]  # taken, though not promised
        seed=np.int64(3),  # type: ignore[arg-type]
        lr=np.float64(0.1),
        measure_steps=np.int32(2),  # type: ignore[arg-type]
    )
    other = optilab.train(problem, "adam", steps=4, seed=3, lr=0.1, measure_steps=2)
    columns = [name for name in one.history.columns if "seconds" not in name]
    assert one.history[columns].equals(other.history[columns])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"seed": 2**63}, r"seed = 9223372036854775808: accepted is a whole number from 0 to 2\*\*63 - 1"),
        ({"seed": 10**400}, r"seed = a whole number of about 401 digits: accepted is"),
        ({"seed": True}, r"seed = True: accepted is a whole number"),
        ({"seed": np.float64(1)}, r"seed = .*1\.0.*: accepted is a whole number"),
        ({"batch_size": 10**5000}, r"batch_size = a whole number of about 5001 digits: accepted is 'full'"),
        ({"lr": 10**400}, r"lr = a whole number of about 401 digits: a whole number has at most 64 bits"),
        ({"lr": 1e308 * 10}, r"lr = inf is out of range: accepted is \(0, inf\)"),
        ({"lr": np.array([0.1, 0.2])}, r"lr = array\(\[0\.1, 0\.2\]\) is not a number"),
        ({"lr": 1j}, r"lr = 1j is not a number"),
        ({"lr": datetime.date(2020, 1, 1)}, r"lr = datetime\.date\(2020, 1, 1\) is not a number"),
        ({"steps": 10**400}, r"steps = a whole number of about 401 digits"),
        ({"steps": 2**62}, r"steps = 4611686018427387904: input should be less than or equal to 9007199254740992"),
        (
            {"stop": {"target": {"train_cost": float("nan")}}},
            r"stop\.target.*: the value of a target is a finite number",
        ),
    ],
)
def test_numbers_that_can_not_be_are_told_from_python_too(given: dict[str, Any], told: str) -> None:
    """With the argument's name, a short value, and what is accepted."""
    with pytest.raises(InputError, match=told) as caught:
        optilab.train("bowl", "adam", **{"steps": 3, **given})
    assert len(str(caught.value)) < 300
