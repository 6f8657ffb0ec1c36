"""Problems: a cost over a flat vector of weights, compiled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.errors import InputError
from optilab.records.columns import MEASURED

if TYPE_CHECKING:
    from optilab.compiler.types import Context


Precision = Literal["float32", "float64"]


class Problem(ABC):
    """A cost over `n_weights` weights, averaged over `n_examples` examples, with its gradient.

    name, parameters: what it was made from, defaults filled in; values that JSON can hold.
    precision: of the weights and of all arithmetic, "float32" or "float64".
    n_examples: how many there are to train on. n_test_examples: how many there are to test on, if any.
    layers: the layer table, one record a weight matrix, bias or plain vector.
    classifies: whether it has an accuracy.
    shares_examples: whether runs that see the same examples gain by reading them together; then it has `evaluate_members`, which agrees
        with `evaluate` to the bit.
    notes: what a person should know of how its data were prepared, one sentence each.
    """

    name: str
    parameters: Mapping[str, Any]
    precision: Precision
    n_examples: int
    n_test_examples: int = 0
    classifies: bool = False
    shares_examples: bool = False
    notes: Sequence[str] = ()

    @property
    @abstractmethod
    def layers(self) -> NDArray[np.void]:
        """The layer table: records of offset, size, rows (fan-in), columns (fan-out), kind."""

    @property
    @abstractmethod
    def code(self) -> str:
        """Digest of the source that the cost is compiled from."""

    @cached_property
    @abstractmethod
    def evaluate(self) -> Any:
        """Compiled function of (w, g, rows, context): fills g with the gradient, unless g is empty, and returns the cost."""

    @cached_property
    def evaluate_members(self) -> Any:
        """Compiled function of (members, rows, context): `evaluate` for several runs at once."""
        raise NotImplementedError

    def is_faster_in_parts(self, batch_size: int) -> bool:
        """Whether a step on so many examples is faster with `step_in_parts`."""
        return False

    @cached_property
    def step_in_parts(self) -> Any:
        """Compiled function of the arguments of `kernels.parts.step_in_parts`: `evaluate` and a pointwise update in one, to the bit.

        Compiled code calls it by its address; Python can't.
        """
        raise NotImplementedError

    @abstractmethod
    def context(self) -> Context:
        """The training examples with new scratch memory, for one thread at a time."""

    @abstractmethod
    def test_context(self) -> Context | None:
        """The test examples and scratch memory, or None where there are no test examples."""

    @abstractmethod
    def initial(self, seed: int = 0) -> NDArray[np.floating]:
        """First weights of a run with this seed."""

    @cached_property
    def unmeasured(self) -> frozenset[str]:
        """Columns of the history that have no values on this problem."""
        absent = [] if self.n_test_examples else ["test_"]
        absent += [] if self.valid_rows.size else ["valid_"]
        untested = {name for name in MEASURED if name.startswith(tuple(absent))}
        return frozenset(untested | {name for name in MEASURED if name.endswith("accuracy") and not self.classifies})

    @property
    def train_rows(self) -> NDArray[np.int64]:
        """Row numbers of the examples to train on."""
        return np.arange(self.n_examples)

    @property
    def measured_rows(self) -> NDArray[np.int64]:
        """Row numbers of the examples that the training cost of a history is measured on: all to train on, or some of them."""
        return self.train_rows

    @property
    def valid_rows(self) -> NDArray[np.int64]:
        """Row numbers of the examples to validate on, in the same data as those to train on; empty where there are none."""
        return np.arange(0)

    @property
    def random_start(self) -> bool:
        """Whether the first weights depend on the seed."""
        return True

    @property
    def n_weights(self) -> int:
        """Number of weights and biases."""
        return int(self.layers["size"].sum())

    @property
    def identity(self) -> dict[str, Any]:
        """Values that distinguish this problem from others, without paths: part of a run's identity."""
        return {"use": self.name, **self.parameters}

    def cost(self, w: ArrayLike, rows: ArrayLike | None = None) -> float:
        """Mean cost at `w`, over all examples to train on, or over those numbered `rows` of the training part.

        InputError for `w` of another shape than the weights, and for rows that don't exist.
        """
        return self._evaluated(w, rows, with_gradient=False)[0]

    def costs(self, points: ArrayLike) -> NDArray[np.float64]:
        """Mean cost over all examples to train on at each of `points`, of shape (number of points, n_weights).

        InputError for points of another shape.
        """
        vectors = np.array(points, self.precision, order="C")  # compiled code takes rows without gaps
        if vectors.ndim != 2 or vectors.shape[1] != self.n_weights:
            raise InputError(f"points have shape {vectors.shape}: expected (number of points, {self.n_weights})")
        rows, no_gradient = self.train_rows, np.zeros(0, self.precision)
        evaluate, context = self.evaluate, self._own_context
        return np.array([evaluate(vector, no_gradient, rows, context) for vector in vectors], np.float64)

    def gradient(self, w: ArrayLike, rows: ArrayLike | None = None) -> NDArray[np.floating]:
        """Gradient of that cost, of the shape of `w`. InputError as for `cost`."""
        return self._evaluated(w, rows, with_gradient=True)[1]

    def _evaluated(
        self, w: ArrayLike, rows: ArrayLike | None, with_gradient: bool
    ) -> tuple[float, NDArray[np.floating]]:
        vector = self._weights(w)
        chosen = self.train_rows if rows is None else np.atleast_1d(np.array(rows))
        if not (np.issubdtype(chosen.dtype, np.integer) and chosen.ndim == 1 and chosen.size):
            raise InputError(f"rows of shape {chosen.shape} and type {chosen.dtype}: expected a list of row numbers")
        n_rows = self.n_examples + self.valid_rows.size
        if chosen.min() < 0 or chosen.max() >= n_rows:
            raise InputError(f"rows go from {chosen.min()} to {chosen.max()}: there are {n_rows} examples")
        g = np.zeros(vector.size if with_gradient else 0, self.precision)
        return float(self.evaluate(vector, g, chosen.astype(np.int64), self._own_context)), g

    def _weights(self, w: ArrayLike) -> NDArray[np.floating]:
        vector = np.array(w, self.precision)
        if vector.shape != (self.n_weights,):
            raise InputError(f"w has shape {vector.shape}: {self.name} has {self.n_weights} weights")
        return vector

    @cached_property
    def _own_context(self) -> Context:
        return self.context()


class ProblemKind(ABC):
    """A family of problems under one name: what a plugin registers."""

    name: str
    documentation: str

    @property
    @abstractmethod
    def choices(self) -> dict[str, str]:
        """Its parameters, each with its default and what it accepts, to be read by a person."""

    @abstractmethod
    def build(self, given: Mapping[str, Any], precision: Precision | None = None, place: str = "") -> Problem:
        """The problem with these parameters; InputError, beginning with `place`, if they don't fit."""
