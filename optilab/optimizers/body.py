"""The source of a rule's function, read before it is compiled: names, assignments, returns."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optilab.compiler.syntax import tree_of
from optilab.errors import InputError


@dataclass(frozen=True)
class Body:
    """Facts read from the source of a rule's function.

    names: those it uses. assigned: those it assigns to. rebound: those it assigns to other than by += and the like, with the
    first place. statements: its assignments. returns: the values of its return statements. comparisons: all that it makes.
    always_returns: whether every path through it ends in a return statement.
    """

    names: frozenset[str]
    assigned: frozenset[str]
    rebound: Mapping[str, ast.Name]
    statements: tuple[ast.Assign, ...]
    returns: tuple[ast.expr, ...]
    comparisons: tuple[ast.Compare, ...]
    always_returns: bool

    def texts_compared_with(self, name: str) -> list[str]:
        """Texts that the argument `name` is compared with, as in `name == "text"` or `name in ("text", "other")`."""
        sides = [(node.left, *node.comparators) for node in self.comparisons]
        own = [side for side in sides if any(isinstance(part, ast.Name) and part.id == name for part in side)]
        parts = [inner for side in own for part in side for inner in ast.walk(part)]
        return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def body_of(function: Callable[..., Any]) -> Body:
    """The body of a rule's function. InputError if its source can't be read."""
    try:
        found = tree_of(function)
    except (OSError, TypeError, SyntaxError, IndexError):
        raise InputError("the source of the rule can't be read; write it in a file or in a notebook's cell") from None
    nodes = list(_own_nodes(found))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    augmented = {id(node.target) for node in nodes if isinstance(node, ast.AugAssign)}
    stored = [node for node in names if isinstance(node.ctx, ast.Store)]
    rebound = {node.id: node for node in reversed(stored) if id(node) not in augmented}
    return Body(
        frozenset(node.id for node in names),
        frozenset(node.id for node in stored),
        rebound,
        tuple(node for node in nodes if isinstance(node, ast.Assign)),
        tuple(node.value for node in nodes if isinstance(node, ast.Return) and node.value is not None),
        tuple(node for node in nodes if isinstance(node, ast.Compare)),
        isinstance(found, ast.FunctionDef) and _always_returns(found.body),
    )


def _always_returns(statements: list[ast.stmt]) -> bool:
    last = statements[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _always_returns(last.body) and _always_returns(last.orelse)
    return isinstance(last, ast.Return)


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions inside it."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            yield node
            yield from _own_nodes(node)
