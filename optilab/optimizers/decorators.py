"""The decorators that turn a function into an optimizer: `elementwise` and `vectorwise`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from optilab.errors import InputError
from optilab.optimizers.declaration import Declaration
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.rule import Link
from optilab.optimizers.state import State


@dataclass(frozen=True)
class _Decorator:
    declaration: Declaration

    def __call__(self, function: Callable[..., Any]) -> Optimizer:
        return Optimizer((self.declaration.rule(function),))


def elementwise(
    function: None = None,
    /,
    *,
    lr: float | None = None,
    states: Mapping[str, State] | None = None,
    ranges: Mapping[str, str] | None = None,
    batch_size: int | Literal["full"] | None = None,
    evaluate_at: str | None = None,
    claims: Sequence[str] = (),
    reference: str | None = None,
    link: Link | None = None,
) -> Callable[[Callable[..., Any]], Optimizer]:
    """Turn the update of one weight, written in scalar maths, into an optimizer.

    lr: default learning rate, for a rule that asks for lr.
    states: those other than the default, one value a weight that starts at zero: `per_weight(start)`, `scalar(start)`.
    ranges: what hyperparameters accept: {"beta1": "[0, 1)", "power": "{1, 2, ...}", "mode": "{raw, corrected}"}; lr is
        positive anyway.
    batch_size: the default batch size, "full" for all examples.
    evaluate_at: the state at which cost and accuracy are measured instead of w.
    claims: invariances that hold at the defaults, for `optilab check`: "gradient scale", "rotation", "sign flips",
        "translation".
    reference: another implementation, which `optilab check` compares the rule with, called with the rule's names, as in
        "torch.optim.X(lr=lr, b=b)".
    link: for a rule that makes no step itself, whether it stands "before" or "after" the one that does.

    InputError if the rule asks for what it can't have, or doesn't return by name what it changes.
    """
    _check_parentheses("elementwise", function)
    return _Decorator(
        Declaration(True, lr, states or {}, ranges or {}, batch_size, evaluate_at, claims, reference, link)
    )


def vectorwise(
    function: None = None,
    /,
    *,
    lr: float | None = None,
    states: Mapping[str, State] | None = None,
    ranges: Mapping[str, str] | None = None,
    batch_size: int | Literal["full"] | None = None,
    evaluate_at: str | None = None,
    claims: Sequence[str] = (),
    reference: str | None = None,
    link: Link | None = None,
) -> Callable[[Callable[..., Any]], Optimizer]:
    """Turn an update of the whole vector, which changes its arrays in place, into an optimizer.

    Arguments as for `elementwise`; states may also be `per_layer`, `per_row`, `per_column`, `left_matrix`, `right_matrix`,
    and have copies. InputError as for `elementwise`.
    """
    _check_parentheses("vectorwise", function)
    return _Decorator(
        Declaration(False, lr, states or {}, ranges or {}, batch_size, evaluate_at, claims, reference, link)
    )


def _check_parentheses(decorator: str, function: object) -> None:
    """InputError if a decorator is used without parentheses, and so gets the function itself."""
    if function is not None:
        raise InputError(f"write the decorator with parentheses: @{decorator}(), or @{decorator}(lr=0.1)")
