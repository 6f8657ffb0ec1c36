"""Problems: a cost over a flat vector of weights, compiled; and plain functions of w as problems."""

from __future__ import annotations

import hashlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab import streams
from optilab.errors import InputError, at
from optilab.measurements import MEASURED
from optilab.numeric import as_finite
from optilab.parameters import Parameter, defaults, fill, intervals
from optilab.texts import shown
from optilab.validation import plain

if TYPE_CHECKING:
    from optilab.kernels.jit import Context

Precision = Literal["float32", "float64"]


class Problem(ABC):
    """A cost over `n_weights` weights, averaged over `n_examples` examples, with its gradient.

    name, parameters: what it was made from, defaults filled in; values that JSON can hold.
    precision: of the weights and of all arithmetic, "float32" or "float64".
    layers: the layer table, one record a weight matrix, bias or plain vector.
    classifies: whether it has an accuracy.
    notes: what a person should know of how its data were prepared, one sentence each.
    """

    name: str
    parameters: Mapping[str, Any]
    precision: Precision
    n_examples: int
    classifies: bool = False
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
        """Compiled function of (w, g, rows, context) that returns the cost."""

    @abstractmethod
    def context(self) -> Context:
        """The training examples and scratch memory of its own: one for each thread of work."""

    @abstractmethod
    def test_context(self) -> Context | None:
        """The same for the test examples, or None where there are none."""

    @abstractmethod
    def initial(self, seed: int = 0) -> NDArray[np.floating]:
        """First weights of a run with this seed."""

    @cached_property
    def unmeasured(self) -> frozenset[str]:
        """Columns of the history that have no values on this problem."""
        tested = self.test_context() is not None
        untested = {name for name in MEASURED if name.startswith("test_") and not tested}
        return frozenset(untested | {name for name in MEASURED if name.endswith("accuracy") and not self.classifies})

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
        """What tells this problem from another, without paths: part of a run's identity."""
        return {"use": self.name, **self.parameters}

    def cost(self, w: ArrayLike, rows: ArrayLike | None = None) -> float:
        """Mean cost at `w`, over all training examples or over those numbered `rows`."""
        return self._evaluated(w, rows, with_gradient=False)[0]

    def gradient(self, w: ArrayLike, rows: ArrayLike | None = None) -> NDArray[np.floating]:
        """Gradient of that cost, of the shape of `w`."""
        return self._evaluated(w, rows, with_gradient=True)[1]

    def _evaluated(
        self, w: ArrayLike, rows: ArrayLike | None, with_gradient: bool
    ) -> tuple[float, NDArray[np.floating]]:
        vector = self._weights(w)
        chosen = np.arange(self.n_examples) if rows is None else np.atleast_1d(np.array(rows))
        if not (np.issubdtype(chosen.dtype, np.integer) and chosen.ndim == 1 and chosen.size):
            raise InputError(f"rows of shape {chosen.shape} and type {chosen.dtype}: expected a list of row numbers")
        if chosen.min() < 0 or chosen.max() >= self.n_examples:
            raise InputError(f"rows go from {chosen.min()} to {chosen.max()}: there are {self.n_examples} examples")
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


@dataclass(frozen=True)
class Function(ProblemKind):
    """A plain function of one or more weights; made by `@function`."""

    compute: Callable[..., Any]
    start: tuple[float, ...]
    domain: tuple[tuple[float, float], ...]
    minima: tuple[tuple[float, ...], ...]
    ranges: Mapping[str, str]

    @property
    def name(self) -> str:  # type: ignore[override]
        """The function's name."""
        return self.compute.__name__

    @property
    def documentation(self) -> str:  # type: ignore[override]
        """The function's docstring."""
        return inspect.getdoc(self.compute) or ""

    @property
    def numbers(self) -> dict[str, Parameter]:
        """Parameters of the function itself."""
        found = defaults(self.compute)
        accepted = intervals(self.ranges, found, self.name)
        return {n: Parameter(n, d, accepted.get(n, Parameter(n).range)) for n, d in found.items()}

    @property
    def choices(self) -> dict[str, str]:
        """The parameters of the function, where it starts, and whether its gradient is checked before an experiment."""
        listed = {n: f"{p.default} in {p.range}" for n, p in self.numbers.items()}
        return {
            **listed,
            "start": f"{list(self.start)}, or 'random' in {[list(d) for d in self.domain]}",
            "check_gradient": "true, or false for a gradient that is not that of the cost",
        }

    def build(self, given: Mapping[str, Any], precision: Precision | None = None, place: str = "") -> FunctionProblem:
        """The function with these parameters, in float64 unless told otherwise.

        check_gradient: whether an experiment begins with a look at its gradient; no part of what the problem is.
        """
        rest = dict(given)
        check_gradient = Parameter("check_gradient", True).check(rest.pop("check_gradient", True), place)
        start = rest.pop("start", list(self.start))
        if not isinstance(start, str) or start != "random":
            wanted = f"a list of {len(self.start)} numbers, or 'random'"
            try:
                numbers = [float(as_finite(v, "start")) for v in plain(start, "start")]
            except (InputError, TypeError):
                numbers = []
            if len(numbers) != len(self.start):
                raise InputError(f"{at(place)}start = {shown(start)}: accepted is {wanted}")
            start = numbers
        filled = fill(self.numbers, rest, self.name, place)
        return FunctionProblem(self, {**filled, "start": start}, precision or "float64", check_gradient)


def function(
    *,
    start: Sequence[float],
    domain: Sequence[tuple[float, float]],
    minima: Sequence[Sequence[float]] = (),
    ranges: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Any]], Function]:
    """Make a problem of a function f(w, g, **parameters) that fills g with its gradient and returns its value.

    start: where a run starts, one number a weight.
    domain: lowest and highest value of each weight: where random starts are drawn, and what pictures show.
    minima: known minima.
    ranges: accepted values of its parameters, as intervals.
    """

    def wrap(compute: Callable[..., Any]) -> Function:
        points = tuple(tuple(float(v) for v in point) for point in minima)
        if len(start) != len(domain) or any(len(point) != len(start) for point in points):
            raise InputError(f"{compute.__name__}: start, domain and minima must have one entry a weight")
        box = tuple((float(low), float(high)) for low, high in domain)
        return Function(compute, tuple(float(v) for v in start), box, points, dict(ranges or {}))

    return wrap


_FUNCTION = '''"""{name} in {precision}: generated by optilab. The function itself is given by the loader."""

from optilab.kernels.jit import EVALUATIONS, EXAMPLES, entry, jit_with_helpers, signatures

value_and_gradient = jit_with_helpers(compute{options})


@entry(signatures("{precision}").evaluate{options})
def evaluate(w, g, rows, context):
    if g.size == 0:
        g = context.scratch
    else:
        context.tally[EVALUATIONS] += 1
        context.tally[EXAMPLES] += rows.size
    return value_and_gradient(w, g{parameters})
'''


class FunctionProblem(Problem):
    """A plain function of w, seen as the cost of a single example."""

    _options = ""  # of the compiler

    def __init__(
        self, kind: Function, parameters: Mapping[str, Any], precision: Precision, check_gradient: bool = True
    ) -> None:
        self.check_gradient = check_gradient
        self.name = kind.name
        self.kind = kind
        self.parameters = parameters
        self.precision = precision
        self.n_examples = 1

    @cached_property
    def layers(self) -> NDArray[np.void]:
        """A single plain vector."""
        from optilab.layers import plain_vector

        return plain_vector(len(self.kind.start))

    @cached_property
    def code(self) -> str:
        """Digest of the function's source."""
        from optilab.kernels.digests import source_digest

        return hashlib.sha256(source_digest(self.kind.compute).encode()).hexdigest()

    @cached_property
    def evaluate(self) -> Any:
        """The compiled function; InputError if it doesn't compile."""
        from numba.core.errors import NumbaError, UnsupportedBytecodeError

        from optilab.kernels import cache
        from optilab.kernels.compiling import reason_of

        numbers = "".join(f", context.settings[{k}]" for k in range(len(self.kind.numbers)))
        text = _FUNCTION.format(name=self.name, precision=self.precision, parameters=numbers, options=self._options)
        try:
            module = cache.load(f"{self.name}_{self.precision}", text, self.code, {"compute": self.kind.compute})
        except (NumbaError, UnsupportedBytecodeError) as error:
            code = self.kind.compute.__code__
            place = f"in {code.co_filename}, line {code.co_firstlineno}"
            raise InputError(f"problem {self.name!r} doesn't compile, {place}: {reason_of(error)}") from error
        return module.evaluate

    @cached_property
    def checked(self) -> FunctionProblem:
        """The same, in which an access out of bounds is an IndexError."""
        return _CheckedFunctionProblem(self.kind, self.parameters, self.precision)

    def context(self) -> Context:
        """No examples; the function's parameters as settings."""
        from optilab.kernels.jit import context_without_examples

        return context_without_examples(self.layers, [self.parameters[n] for n in self.kind.numbers], self.precision)

    @property
    def random_start(self) -> bool:
        """Whether the start is drawn, and not given."""
        return bool(self.parameters["start"] == "random")

    def test_context(self) -> None:
        """A function has no test examples."""
        return

    def initial(self, seed: int = 0) -> NDArray[np.floating]:
        """The start, or a point drawn evenly from the domain."""
        start = self.parameters["start"]
        if start == "random":
            low, high = np.array(self.kind.domain).T
            start = streams.first_weights(seed).uniform(low, high)
        return np.array(start, self.precision)


class _CheckedFunctionProblem(FunctionProblem):
    """A function that is compiled with a look at every index."""

    _options = ", boundscheck=True"
