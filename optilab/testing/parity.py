"""Parity with the reference that a rule names: a call such as "torch.optim.X(lr=lr)", in the rule's own names."""

from __future__ import annotations

import ast
import importlib.util
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.testing.strategies import Walk, layers_of
from optilab.testing.subject import NotAsked, Subject, ViolationError, difference

STEPS = 30
_SHAPES = ((5, 3), (3,), (3, 4), (4,))
_OPERATIONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}


def follows_its_reference(subject: Subject) -> str:
    """Thirty steps on random gradients in float64 end where the reference's do."""
    named = [rule.reference for rule in subject.optimizer.rules if rule.reference]
    if len(named) != 1 or len(subject.optimizer.rules) != 1:
        return NotAsked("it names none")
    call = parsed(named[0], subject.hyperparameters)
    if importlib.util.find_spec(call.library) is None:
        return NotAsked(f"{call.library} is not installed")
    random = np.random.default_rng(0)
    n = sum(int(np.prod(shape)) for shape in _SHAPES)
    walk = Walk(_SHAPES, random.normal(size=n), random.normal(size=(STEPS, n)), random.uniform(1, 2, STEPS))
    expected = (_torch if call.library == "torch" else _optax)(call, walk)
    path = subject.follow(subject.start(walk), walk, 0, STEPS)
    if found := difference(path, expected, 1e-8):
        raise ViolationError(f"{found}, here and in {named[0]}, on random gradients")
    largest = float(np.abs(path - expected).max())
    return f"{named[0]}, to {largest:.1e}"


class Call(NamedTuple):
    """A call of a library's function."""

    library: str
    name: str
    positional: list[Any]
    named: dict[str, Any]

    def made_by(self, module: Any) -> Any:
        """The result of the call, with the library's module."""
        function = module
        for part in self.name.split(".")[1:]:
            function = getattr(function, part)
        return function(*self.positional, **self.named)


def parsed(reference: str, values: Mapping[str, Any]) -> Call:
    """The call in a reference. InputError for anything but a call of torch.optim or optax."""
    try:
        return _call(ast.parse(reference, mode="eval").body, values)
    except (SyntaxError, ValueError, KeyError) as error:
        missing = f": the rule has no {error}" if isinstance(error, KeyError) else ""
        raise InputError(
            f"reference = {reference!r} is not a call like 'torch.optim.X(lr=lr)' or 'optax.x(lr)' "
            f"with arguments made of the rule's hyperparameters and numbers{missing}"
        ) from None


def _call(tree: ast.expr, values: Mapping[str, Any]) -> Call:
    """The call in a syntax tree. ValueError or KeyError for anything else."""
    library = ast.unparse(tree.func).partition(".")[0] if isinstance(tree, ast.Call) else ""
    if not isinstance(tree, ast.Call) or library not in ("torch", "optax"):
        raise ValueError
    positional = [_value(argument, values) for argument in tree.args]
    named = {str(k.arg): _value(k.value, values) for k in tree.keywords}
    return Call(library, ast.unparse(tree.func), positional, named)


def _value(node: ast.AST, values: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Tuple):
        return tuple(_value(part, values) for part in node.elts)
    if isinstance(node, ast.BinOp):
        return _OPERATIONS[type(node.op)](_value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.UnaryOp):
        return _OPERATIONS[type(node.op)](_value(node.operand, values))
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test, values) else node.orelse, values)
    raise ValueError


def _torch(call: Call, walk: Walk) -> NDArray[np.float64]:
    import torch

    parameters = [torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in walk.layers]
    optimizer = call._replace(positional=[parameters, *call.positional]).made_by(torch)
    found = []
    for gradient in walk.gradients:
        for parameter, part in zip(parameters, layers_of(gradient, walk.shapes), strict=True):
            parameter.grad = torch.tensor(part)
        optimizer.step()
        found.append(np.concatenate([p.detach().numpy().ravel() for p in parameters]))
    return np.array(found)


def _optax(call: Call, walk: Walk) -> NDArray[np.float64]:
    import jax
    import optax

    found = []
    with jax.enable_x64(True):
        transformation = optax.with_extra_args_support(call.made_by(optax))
        parameters = [jax.numpy.asarray(part) for part in walk.layers]
        state = transformation.init(parameters)
        for gradient, cost in zip(walk.gradients, walk.costs, strict=True):
            parts = [jax.numpy.asarray(part) for part in layers_of(gradient, walk.shapes)]
            updates, state = transformation.update(parts, state, parameters, value=jax.numpy.asarray(cost))
            parameters = optax.apply_updates(parameters, updates)
            found.append(np.concatenate([np.asarray(p).ravel() for p in parameters]))
    return np.array(found)
