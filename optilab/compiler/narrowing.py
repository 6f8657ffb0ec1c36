"""Keeps a rule on float32 weights in float32, as NumPy does with Python's numbers.

In compiled code `1 - beta1` is a float64, and so is every product with it: half as many weights at a time, and each
converted back and forth. Here what a rule computes from numbers alone (hyperparameters, t, constants) stays in float64, where
1 - beta2**t needs it, and is rounded to float32 once, where it meets the weights.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Collection, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Literal

import numpy as np

from optilab.compiler.syntax import tree_of

# number: a float64 computed from numbers alone. whole: the same of whole constants, which may count or index. other: all else.
NumberKind = Literal["whole", "number", "other"]
_FLOAT32, _INT16 = "optilab_float32", "optilab_int16"
_GLOBALS = {_FLOAT32: np.float32, _INT16: np.int16}
_MEETING = (ast.Add, ast.Sub, ast.Mult, ast.Div)
# Calls by the last part of their name, as in np.sqrt.
_COUNTING = set("range len int round bool float int64 zeros empty ones full arange reshape".split())  # noqa: SIM905
_CHOOSING = set("min max minimum maximum where clip".split())  # noqa: SIM905
_OF_NUMBERS = set("abs float min max minimum maximum sqrt square pow power exp expm1 log log1p log2 sin cos".split())  # noqa: SIM905


def narrowed(
    function: FunctionType, arguments: Mapping[str, NumberKind], helpers: Mapping[str, FunctionType]
) -> tuple[FunctionType, dict[str, dict[str, NumberKind]]]:
    """A function that works in float32, and the kinds of the arguments that it gives to each of its helpers.

    It is left as it is if its source can't be read. arguments: kinds of its own; those that are not named are "other".
    """
    given: dict[str, dict[str, NumberKind]] = {name: {} for name in helpers}
    tree = _definition(function)
    if tree is None:
        return function, given
    narrowing = _Narrowing(_kinds(tree, arguments, _around(function)), helpers)
    code = _compiled(narrowing.visit(copy.deepcopy(tree)), function)
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    closure = tuple(cells[name] for name in code.co_freevars)
    made = FunctionType(code, {**function.__globals__, **_GLOBALS}, function.__name__, function.__defaults__, closure)
    made.__module__, made.__qualname__ = function.__module__, function.__qualname__
    return made, given | narrowing.given


def _definition(function: FunctionType) -> ast.FunctionDef | None:
    try:
        tree = tree_of(function)
    except (OSError, TypeError, SyntaxError, IndexError):
        return None
    return tree if isinstance(tree, ast.FunctionDef) else None


def _compiled(tree: ast.FunctionDef, function: FunctionType) -> CodeType:
    """The code of a definition, compiled inside a function that has the names it captures."""
    tree.decorator_list = []
    captured = ", ".join(function.__code__.co_freevars)
    module = ast.parse(f"def around({captured}): pass")
    module.body[0].body = [tree]  # type: ignore[attr-defined]
    outer = next(_codes(compile(module, function.__code__.co_filename, "exec")))
    return next(_codes(outer))


def _codes(code: CodeType) -> Iterator[CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _around(function: FunctionType) -> dict[str, NumberKind]:
    """Kinds of the numbers that a function finds around itself; "name()" is a function that turns numbers into a number."""
    captured = inspect.getclosurevars(function)
    found: dict[str, NumberKind] = {}
    for name, value in {**captured.globals, **captured.nonlocals}.items():
        if isinstance(value, float):
            found[name] = "number"
        elif type(value) is int:
            found[name] = "whole"
        elif isinstance(value, FunctionType) and value is not function and _makes_a_number(value):
            found[f"{name}()"] = "number"
    return found


def _makes_a_number(helper: FunctionType) -> bool:
    """Whether a helper that is given numbers returns one."""
    tree = _definition(helper)
    if tree is None:
        return False
    kinds = _kinds(tree, {argument.arg: "number" for argument in tree.args.args}, _around(helper))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return bool(returned) and all(value is not None and _kind(value, kinds) == "number" for value in returned)


def _kinds(
    tree: ast.FunctionDef, arguments: Mapping[str, NumberKind], around: Mapping[str, NumberKind]
) -> dict[str, NumberKind]:
    """Kinds of the names in a function; those that are not in the dictionary are "other".

    around: kinds of names outside of it, as from `_around`.
    """
    values: dict[str, list[ast.expr]] = {name: [] for name in (*around, *arguments)}
    for name, value in _assignments(tree):
        values.setdefault(name, []).append(value)
    stored = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    others = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} - set(arguments)
    others |= {name for name in stored if stored.count(name) > len(values.get(name, ()))}  # such as a loop's
    known = {**around, **arguments}
    kinds: dict[str, NumberKind] = {name: known.get(name, "whole") for name in values if name not in others}
    while True:  # until no kind changes any more
        joined = {name: _joined([kind, *(_kind(v, kinds) for v in values[name])]) for name, kind in kinds.items()}
        if joined == kinds:
            return kinds
        kinds = joined


def _assignments(tree: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """Names and what is assigned to them, also in pairs: `a, b = (c, d) if e else (d, c)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
                yield from _parts(target, value)


def _parts(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ast.Tuple(), ast.Tuple():
            for pair in zip(target.elts, value.elts, strict=False):
                yield from _parts(*pair)
        case ast.Tuple(), ast.IfExp(body=ast.Tuple(elts=first), orelse=ast.Tuple(elts=second)):
            for part, one, two in zip(target.elts, first, second, strict=False):
                yield from _parts(part, ast.IfExp(value.test, one, two))


def _joined(kinds: Collection[NumberKind]) -> NumberKind:
    return "other" if "other" in kinds else "number" if "number" in kinds else "whole"


def _kind(node: ast.expr, kinds: dict[str, NumberKind]) -> NumberKind:
    match node:
        case ast.Constant(value=bool()):
            return "other"
        case ast.Constant(value=int()):
            return "whole"
        case ast.Constant(value=float()):
            return "number"
        case ast.Name(id=name):
            return kinds.get(name, "other")
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _kind(operand, kinds)
        case ast.BinOp(left=left, op=op, right=right):
            kind = _joined([_kind(left, kinds), _kind(right, kinds)])
            return "number" if kind == "whole" and isinstance(op, ast.Div) else kind
        case ast.IfExp(body=body, orelse=orelse):
            return _joined([_kind(body, kinds), _kind(orelse, kinds)])
        case ast.Call(func=func, args=args, keywords=[]) if args and (
            _name(func) in _OF_NUMBERS or f"{_name(func)}()" in kinds
        ):
            kind = _joined([_kind(arg, kinds) for arg in args])
            return "number" if kind == "whole" and _name(func) not in {"abs", "min", "max"} else kind
    return "other"


def _size_of_whole(node: ast.expr) -> int | None:
    """The size of a whole number that is written out, with its sign; None where it isn't."""
    match node:
        case ast.Constant(value=int(value)):
            return abs(value)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _size_of_whole(operand)
    return None


def _name(function: ast.expr) -> str:
    """The last part of a function's name."""
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


class _Narrowing(ast.NodeTransformer):
    """Rounds numbers where they meet something else."""

    def __init__(self, kinds: dict[str, NumberKind], helpers: Mapping[str, FunctionType]) -> None:
        self._kinds = kinds
        self._helpers = helpers
        self.given: dict[str, dict[str, NumberKind]] = {}

    def _is_other(self, node: ast.expr) -> bool:
        return _kind(node, self._kinds) == "other"

    def _rounded(self, node: ast.expr) -> ast.expr:
        kind = _kind(node, self._kinds)
        if kind == "whole":
            whole = _size_of_whole(node)
            if whole is None or whole >= 2**15:
                return node  # it may count or index, and float32 lacks most of those beyond 2**24
            return _call(_INT16, node)  # with a float32 it makes a float32, with an index an index
        if isinstance(node, ast.Constant) and kind == "number":
            size = abs(float(node.value))  # type: ignore[arg-type]
            if not (size == 0 or 1e-37 < size < 1e38):
                return node  # float32 has no such number
        return _call(_FLOAT32, node) if kind == "number" else node

    def _met(self, *nodes: ast.expr) -> list[ast.expr]:
        """Numbers among others are rounded; numbers among themselves are left."""
        if not any(map(self._is_other, nodes)):
            return list(nodes)
        return [self._rounded(node) for node in nodes]

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, _MEETING):
            node.left, node.right = self._met(node.left, node.right)
        elif self._is_other(node.left):
            node.right = self._exponent(node.op, node.right)
        return self.generic_visit(node)

    def _exponent(self, op: ast.operator, node: ast.expr) -> ast.expr:
        """An exponent, rounded if it is a number; a whole one stays, and the power is multiplied out."""
        number = isinstance(op, ast.Pow) and _kind(node, self._kinds) == "number"
        return self._rounded(node) if number else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        node.left, *node.comparators = self._met(node.left, *node.comparators)
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.body, node.orelse = self._met(node.body, node.orelse)
        return self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if self._is_other(node.target):
            meets = isinstance(node.op, _MEETING)
            node.value = self._rounded(node.value) if meets else self._exponent(node.op, node.value)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = _name(node.func)
        if isinstance(node.func, ast.Name) and name in self._helpers:
            code = self._helpers[name].__code__
            pairs = zip(code.co_varnames[: code.co_argcount], node.args, strict=False)
            kinds = {argument: _kind(part, self._kinds) for argument, part in pairs}
            for argument, kind in self.given.get(name, {}).items():
                kinds[argument] = _joined([kind, kinds.get(argument, "other")])
            self.given[name] = kinds
        elif name in _CHOOSING:
            node.args = self._met(*node.args)
        elif name not in {*_COUNTING, *_GLOBALS}:
            others = any(map(self._is_other, node.args))
            node.args = [
                self._rounded(part) if others and _kind(part, self._kinds) == "number" else part for part in node.args
            ]
        return self.generic_visit(node)


def _call(name: str, argument: ast.expr) -> ast.Call:
    made = ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [argument], []), argument)
    return ast.fix_missing_locations(made)
