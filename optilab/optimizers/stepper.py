"""Stepping an optimizer by hand, with the same compiled update as a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.compiler import modules
from optilab.compiler.calls import address_of
from optilab.compiler.types import BIAS, EVALUATIONS, VECTOR, context_without_examples
from optilab.errors import InputError
from optilab.kernels import loop
from optilab.kernels.subnormals import taken_for_zero
from optilab.optimizers.chain import Chain
from optilab.optimizers.memory import Layout
from optilab.optimizers.update import compile_update
from optilab.parameters.arguments import MAPPING, array, takes
from optilab.parameters.numeric import as_number
from optilab.problems.derivatives import spot_check
from optilab.problems.layers import LayerTable, described, plain_vector, table_of_shapes
from optilab.problems.problem import Precision, Problem
from optilab.texts import shown

Parts = Sequence[NDArray[Any]]


class Stepper:
    """An optimizer at some weights. `w` and `state` are live: they change with every step.

    hyperparameters: used by the next step; change a value to follow a schedule by hand.
    t: steps taken.
    InputError for weights that don't fit the problem or the precision, and for a rule that needs a problem if none is given.
    """  # `update` stands in for the compiled one, in the conformance kit

    def __init__(
        self,
        optimizer: Chain,
        w: ArrayLike | Parts,
        hyperparameters: dict[str, Any],
        problem: Problem | None,
        precision: Precision | None,
        seed: int,
        update: Any = None,
    ) -> None:
        start, layers = _flat("w", w)
        if precision is None:
            precision = problem.precision if problem else "float32" if start.dtype == np.float32 else "float64"
        if problem is not None and problem.precision != precision:
            raise InputError(
                f"the problem computes in {problem.precision}, not {precision}: "
                f"get_problem(..., precision={precision!r})"
            )
        if start.ndim != 1 or start.size == 0 or (problem is not None and start.size != problem.n_weights):
            expected = f"a vector of {problem.n_weights} weights" if problem else "a vector"
            raise InputError(f"w has shape {start.shape}; expected {expected}")
        if problem is not None:
            _check_layers("w", layers, problem.layers, problem.name)
            spot_check(problem)
        asked = {name for rule in optimizer.rules for name in rule.arguments}
        for name in ("value_and_grad", "full_value_and_grad"):
            if name in asked and problem is None:
                raise InputError(f"{optimizer.name} asks for {name}: start it with problem=...")

        self.hyperparameters = hyperparameters
        self._at_start = dict(hyperparameters)
        self.problem = problem
        self.t = 0
        self.w = start.astype(precision)
        self._optimizer = optimizer
        self._layers = problem.layers if problem else plain_vector(start.size) if layers is None else layers
        self._context = problem.context() if problem else context_without_examples(self._layers, [], precision)
        self._rows = problem.train_rows if problem else np.arange(1)
        self._evaluate = (
            problem.evaluate if problem else modules.entries("no_problem", precision, evaluate=loop.no_cost).evaluate
        )
        self._layout = Layout(optimizer, hyperparameters, self._layers)
        self._state, self._scalars = self._layout.allocate(self.w, seed)
        self.state = self._layout.views(self._state, self._scalars)
        self._update = update or compile_update(optimizer, precision)
        self._address = address_of(self._evaluate)

    @property
    def evaluation_point(self) -> NDArray[np.floating]:
        """The point at which the optimizer's cost is to be measured: `w`, or an average for optimizers that average."""
        return self._layout.evaluation_point(self.w, self._state)

    @property
    def gradient_evaluations(self) -> int:
        """Gradients computed by the rules themselves, or by steps without a gradient."""
        return int(self._context.tally[EVALUATIONS])

    def save(self) -> dict[str, NDArray[Any]]:
        """All that the next steps depend on, but for the hyperparameters, as a copy: `np.savez(file, **stepper.save())`."""
        return {
            "w": self.w.copy(),
            "state": self._state.copy(),
            "scalars": self._scalars.copy(),
            "t": np.array(self.t),
            "layers": np.array([[row["rows"], row["columns"], row["kind"]] for row in self._layers]),
            "rules": np.array([rule.label for rule in self._optimizer.rules]),
        }

    @takes(saved=MAPPING)
    def resume(self, saved: Mapping[str, ArrayLike]) -> None:
        """Go back to what `save` gave; the steps from there on are the same, bit for bit.

        InputError if it is not of this optimizer on the same layers in the same precision.
        """
        own = self.save()
        for name, mine in own.items():
            other = np.asarray(saved[name]) if name in saved else None
            of_numbers = name not in ("layers", "rules")
            if other is None or (of_numbers and (other.shape != mine.shape or other.dtype != mine.dtype)):
                found = "is missing" if other is None else f"has shape {other.shape} and type {other.dtype}"
                raise InputError(f"saved {name} {found}; {self._optimizer.name} expects {mine.shape}, {mine.dtype}")
        for name in ("layers", "rules"):
            if not np.array_equal(np.asarray(saved[name]), own[name]):
                found, wanted = shown(np.asarray(saved[name]).tolist()), shown(own[name].tolist())
                raise InputError(f"saved {name} are {found}; {self._optimizer.name} expects {wanted}")
        self.w[:], self._state[:], self._scalars[:] = saved["w"], saved["state"], saved["scalars"]
        self.t = int(np.asarray(saved["t"]))

    def _numbers(self) -> NDArray[np.float64]:
        """The hyperparameters as they are now. InputError if one is gone, or can't be changed any more."""
        if set(self.hyperparameters) != set(self._at_start):
            raise InputError(
                f"hyperparameters are {', '.join(self._at_start)}; found {', '.join(self.hyperparameters)}"
            )
        counts = {state.copies for rule in self._optimizer.rules for state in rule.states.values()}
        for name, value in self.hyperparameters.items():
            if value != self._at_start[name] and name.rpartition(".")[2] in counts:
                raise InputError(f"{name} = {value!r}: it says how much the rule remembers; begin anew with another")
        try:
            return np.array(self._optimizer.numbers(self.hyperparameters))
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"hyperparameters {self.hyperparameters!r}: {error}") from None

    def step(self, gradient: ArrayLike | Parts | None = None, cost: float | None = None) -> NDArray[np.floating]:
        """Take one step and return the weights; as in training, subnormal numbers are zero.

        gradient: at the present weights, as a vector or a list of layers; computed over all examples where a problem was given.
        cost: needed only by rules that ask for it.

        InputError for a gradient of another shape, and for values that are no real numbers.
        """
        if cost is not None:
            cost = as_number(cost, "cost")
        g = np.zeros_like(self.w)
        if gradient is not None:
            given, layers = _flat("gradient", gradient)
            if given.shape != self.w.shape:
                raise InputError(f"gradient has shape {given.shape}; expected {self.w.shape}, that of the weights")
            _check_layers("the gradient", layers, self._layers, "w")
            g[:] = given
        elif self.problem is not None:
            with taken_for_zero():
                cost = self._evaluate(self.w, g, self._rows, self._context)
        else:
            raise InputError("step() needs a gradient, unless the optimizer was started with problem=...")
        if cost is None and self._optimizer.needs_cost:
            raise InputError(f"{self._optimizer.name} asks for the cost: step(gradient, cost)")
        numbers = self._numbers()
        self.t += 1
        with taken_for_zero():
            self._update(
                self.w,
                g,
                float(self.t),
                0.0 if cost is None else float(cost),
                numbers,
                self._state,
                self._scalars,
                self._layout.layers,
                self._layout.spans,
                self._address,
                self._rows,
                self._rows,
                self._context,
            )
        return self.w


def _flat(name: str, given: ArrayLike | Parts) -> tuple[NDArray[Any], LayerTable | None]:
    """A vector as it is; a list of arrays end to end, with the table of their shapes."""
    if isinstance(given, (list, tuple)) and any(isinstance(part, np.ndarray) for part in given):
        parts = [array(f"{name}[{k}]", part) for k, part in enumerate(given)]
        return np.concatenate([part.ravel() for part in parts]), table_of_shapes([part.shape for part in parts])
    return array(name, given), None


def _check_layers(what: str, given: LayerTable | None, expected: LayerTable, owner: str) -> None:
    """InputError where a list of arrays has other shapes than the layers that it is for."""
    if given is None or np.array_equal(given, expected):
        return
    if len(expected) == 1 and expected["kind"][0] == VECTOR and [*given["kind"]] == [BIAS]:  # one vector in a list
        return
    raise InputError(f"{what} has layers {described(given)}; those of {owner} are {described(expected)}")
