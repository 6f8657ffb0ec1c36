"""Which arrays a function writes to, by its source and that of the plain functions that it calls."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from optilab.compiler.syntax import tree_of

_IN_PLACE = ("fill", "sort", "partition", "put", "itemset")  # methods of an array


def written(function: Callable[..., Any]) -> frozenset[str]:
    """The parameters whose arrays it changes, itself or through the helpers that it hands them, or parts of them, on to."""
    return _written(function, ())


def _written(function: Any, callers: tuple[Any, ...]) -> frozenset[str]:
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount]
    if function in callers:
        return frozenset()
    nodes = list(ast.walk(tree_of(function)))
    owner = _aliases(nodes, {name: name for name in parameters})
    found = {owner[name] for node in nodes for name in _changed(node) if name in owner}
    for call in (node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        assert isinstance(call.func, ast.Name)
        handed = [owner.get(_array(argument) or "") for argument in call.args]
        helper = function.__globals__.get(call.func.id)
        if call.func.id in parameters:  # value_and_grad(w, g) fills g
            found |= {name for name in handed[1:2] if name}
        elif isinstance(helper, FunctionType):
            names = helper.__code__.co_varnames
            inside = _written(helper, (*callers, function))
            found |= {name for position, name in enumerate(handed) if name and names[position] in inside}
    return frozenset(found)


def _aliases(nodes: list[ast.AST], owner: dict[str, str]) -> dict[str, str]:
    """The parameter of which each name is the array, or a part of it: after part = g[first:end] that is g."""
    while True:
        count = len(owner)
        for node in nodes:
            if isinstance(node, ast.Assign) and (source := _array(node.value)) in owner:
                assert source is not None
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        owner.setdefault(target.id, owner[source])
        if len(owner) == count:
            return owner


def _array(node: ast.AST) -> str | None:
    """The name of the array that an expression is, or is a view of; None for a number of it, or anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and any(isinstance(part, ast.Slice) for part in ast.walk(node.slice)):
        return _array(node.value)
    return None


def _changed(node: ast.AST) -> Iterator[str]:
    """Names whose arrays a statement changes in place."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = [part for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Subscript)]
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _IN_PLACE:
        targets = [node.func.value]
    for target in targets:
        base = target
        while isinstance(base, ast.Subscript):
            base = base.value
        if isinstance(base, ast.Name):
            yield base.id
