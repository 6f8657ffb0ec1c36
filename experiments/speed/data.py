"""What is trained on: the digits, and dense data made from a seed; as optilab's problems and as arrays for its peers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import optilab
from speed.cases import Case

DENSE = {"10,000 x 20": (10_000, 20), "50,000 x 50": (50_000, 50), "tiny": (300, 7)}
_CLASSES = 5


@dataclass(frozen=True)
class Data:
    """Examples in the form that optilab takes them, and as float32 [example, feature] and labels for its peers.

    stored: bytes of a feature as optilab keeps it in memory. nonzero: number of features of all examples that are not zero.
    """

    dataset: Any
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    stored: int
    nonzero: int


@cache
def data(name: str) -> Data:
    """The data of this name."""
    if name == "digits":
        examples = problem_of("mnist", (16, 16)).examples
        x = np.asarray(examples.x_train, np.float32).reshape(len(examples.y_train), -1) / np.float32(255)
        return Data("mnist", x, np.asarray(examples.y_train), 1, int(np.count_nonzero(x)))
    count, features = DENSE[name]
    random = np.random.default_rng(1)
    x = random.standard_normal((count, features)).astype(np.float32)
    scores = np.tanh(x) @ random.standard_normal((features, _CLASSES)) + 0.5 * random.standard_normal((count, _CLASSES))
    y = scores.argmax(1)
    test = min(count, 100)
    return Data({"x_train": x, "y_train": y, "x_test": x[:test], "y_test": y[:test]}, x, y, 4, x.size)


def problem_table(dataset: Any, hidden: tuple[int, ...], activation: str = "sigmoid") -> dict[str, Any]:
    """A network with cross-entropy on softmax, as in an experiment's [problem]."""
    return {"dataset": dataset, "hidden": list(hidden), "activation": activation, "cost": "cross_entropy"}


def problem_of(
    dataset: Any,
    hidden: tuple[int, ...],
    activation: str = "sigmoid",
    precision: Literal["float32", "float64"] = "float32",
    **more: Any,
) -> Any:
    """The problem of this network."""
    return optilab.get_problem("network", precision, **problem_table(dataset, hidden, activation), **more)


def sizes_of(case: Case) -> list[int]:
    """Numbers of inputs, of neurons of each layer, and of outputs."""
    found = data(case.data)
    return [found.x.shape[1], *case.hidden, int(found.y.max()) + 1]
