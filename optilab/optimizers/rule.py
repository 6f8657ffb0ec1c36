"""One update rule, as read from its function.

A rule asks for what it needs by the names of its arguments:

    w, g                    weights and gradient on this batch
    t                       the step, from 1, as a float
    cost                    the cost at w on this batch
    noise                   a standard normal number for each weight, new in each step
    layers                  the layer table: records with offset, size, rows (fan-in), columns (fan-out), kind
    value_and_grad          value_and_grad(w, g) fills g with the gradient of the same batch at w, returns the cost
    full_value_and_grad     the same over all training examples
    lr, or any default      hyperparameters at this step
    any other name          state that lasts between steps, one value a weight, starting at zero unless declared

It returns, by name, what it changed. The names of a vectorwise rule are arrays and are changed in place; of those it
returns only the states that are scalars, and `skip`: if that is true, the rules after it wait for another step.

A vectorwise rule that adds something to the cost, and its gradient to g, also returns `cost`. It keeps no state, for it is
then part of every evaluation that the rules after it make: of the cost that they are given, and of value_and_grad.

Numbers (t, cost, hyperparameters, constants) are float64; in a float32 run what is computed from them alone is rounded where it
meets a float32. A number computed from a sum over weights isn't: `w.dtype.type(...)` rounds it.

Plain Python functions of the rule's package, and `optilab.norm` and `optilab.is_finite`, are compiled with it. Sums may be
reordered, so that math.isfinite of a sum is always true: use `optilab.is_finite`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from optilab.optimizers.state import State
from optilab.optimizers.writes import written
from optilab.parameters.accepted import Words
from optilab.parameters.parameter import Parameter

INPUTS = ("w", "g", "t", "cost", "noise")
EVALUATIONS = ("value_and_grad", "full_value_and_grad")
VECTORWISE_INPUTS = (*INPUTS, "layers", *EVALUATIONS)


CLAIMS = {
    "gradient scale": "multiplying all gradients by a number changes no step",
    "rotation": "rotating all weights and gradients rotates the steps",
    "sign flips": "flipping the sign of a weight and its gradient flips its steps",
    "translation": "adding a number to all weights changes no step",
}


Link = Literal["before", "after"]


@dataclass(frozen=True)
class Rule:
    """One update rule.

    changes: what it returns, by name.
    evaluate_at: the state at which cost and accuracy are to be measured, in place of w.
    claims: invariances that hold at the defaults, of CLAIMS.
    reference: another implementation, called with the rule's own names: "torch.optim.X(lr=lr)".
    link: for a rule that makes no step itself, whether it stands "before" or "after" the one that does.
    layers: which layers it works on, as in `selection.selected`; "" for all.
    """

    function: Callable[..., Any]
    elementwise: bool
    parameters: Mapping[str, Parameter]
    states: Mapping[str, State]
    changes: tuple[str, ...]
    batch_size: int | Literal["full"] | None = None
    evaluate_at: str | None = None
    claims: tuple[str, ...] = ()
    reference: str | None = None
    link: Link | None = None
    layers: str = ""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def label(self) -> str:
        """Its name, and the layers it works on: "name on matrices"."""
        return f"{self.name} on {self.layers}" if self.layers else self.name

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """Names that the rule asks for, in order."""
        return tuple(inspect.signature(self.function).parameters)

    @cached_property
    def writes(self) -> frozenset[str]:
        """Arguments that it changes: those that an elementwise rule returns, and arrays that a vectorwise rule writes to."""
        return frozenset(self.changes) if self.elementwise else written(self.function) | frozenset(self.changes)

    @property
    def words(self) -> dict[str, int]:
        """The number that stands for each word that its hyperparameters accept."""
        ranges = [p.range for p in self.parameters.values()]
        return {w: k for k, w in enumerate(sorted({w for r in ranges if isinstance(r, Words) for w in r.words}))}

    def number(self, name: str, value: Any) -> float:
        """The value of a hyperparameter as compiled code gets it."""
        return float(self.words[value]) if isinstance(self.parameters[name].range, Words) else float(value)
