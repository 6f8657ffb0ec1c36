"""The syntax tree of a function that is loaded."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any


def tree_of(function: Callable[..., Any]) -> ast.AST:
    """The definition of a function, with the line numbers of its file; shared, so not to be changed.

    It is read once: a later edit of the file makes another function. OSError, TypeError, SyntaxError or IndexError if the source
    can't be read.
    """
    code = function.__code__
    if code not in _trees:
        _trees[code] = _read(function)
    return _trees[code]


_trees: dict[CodeType, ast.AST] = {}


def _read(function: Callable[..., Any]) -> ast.AST:
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    found = _functions("".join(lines)).get((code.co_name, code.co_firstlineno))
    if found is None:  # such as a cell of a notebook, whose lines are kept elsewhere
        found = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        ast.increment_lineno(found, code.co_firstlineno - 1)
    return found


@lru_cache(maxsize=8)
def _functions(source: str) -> dict[tuple[str, int], ast.AST]:
    """The functions of a file, by their names and first lines; a file is parsed once for all its rules."""
    return {
        (node.name, min([node.lineno, *(part.lineno for part in node.decorator_list)])): node
        for node in _defined_in(ast.parse(source))
    }


def _defined_in(block: ast.AST) -> Iterator[ast.FunctionDef]:
    """The functions that the statements of a block define, however deep; expressions define none."""
    for name in ("body", "orelse", "handlers", "finalbody", "cases"):
        inner = getattr(block, name, ())
        for node in inner if isinstance(inner, list) else ():  # a lambda's body is one expression
            if isinstance(node, ast.FunctionDef):
                yield node
            yield from _defined_in(node)


def dumped(tree: ast.AST) -> str:
    """A syntax tree as text, without docstrings and line numbers."""
    kept: list[tuple[Any, list[Any]]] = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and body and _is_text(body[0]):
            kept.append((node, body))
            node.body = body[1:]
    try:
        return ast.dump(tree)
    finally:
        for node, body in kept:
            node.body = body


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
