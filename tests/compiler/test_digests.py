"""Digests of code: what is compiled counts, wherever it stands; what isn't, doesn't."""

from __future__ import annotations

import functools
import importlib
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import pytest

from optilab.compiler.digests import code_behind, source_digest

HELPERS = """
import numba
import numpy as np

FACTOR = 0.5
TABLE = np.array([1.0, 2.0])
NAMES = ("one", "two")
UNUSED = 1


def plain(x):
    return x * FACTOR


@numba.njit
def inner(x):
    return x + TABLE[0]


@numba.njit
def jitted(x):
    return inner(x)


class Settings:
    rate = 3.0
"""
RULE = '''
from math import sqrt

import numpy as np

import HELPERS
from HELPERS import plain as imported


def other(x):
    """The function next to it."""
    return x


def rule(w, g, lr, scale=1.0):
    """A step."""
    w -= lr * g * HELPERS.FACTOR + HELPERS.jitted(w) + imported(g) + HELPERS.Settings.rate + sqrt(2.0) * np.pi
    return w
'''
Read = Callable[..., Any]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Read]:
    """The module of a rule, freshly imported, with changes to its text or to that of its helpers."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    name = f"helpers_{abs(hash(request.node.name))}"
    used = [name, f"rule_{name}"]

    def fresh(*, rule: tuple[str, str] = ("", ""), helpers: tuple[str, str] = ("", "")) -> Any:
        for text, (old, new), module in ((HELPERS, helpers, used[0]), (RULE, rule, used[1])):
            assert old in text
            (tmp_path / f"{module}.py").write_text(text.replace(old, new, 1).replace("HELPERS", name), "utf-8")
            sys.modules.pop(module, None)
        importlib.invalidate_caches()
        return importlib.import_module(used[1])

    yield fresh
    for module in used:
        sys.modules.pop(module, None)


@pytest.mark.parametrize(
    "helpers",
    [
        ("FACTOR = 0.5", "FACTOR = 0.25"),
        ("TABLE = np.array([1.0, 2.0])", "TABLE = np.array([1.0, 3.0])"),
        ("return x * FACTOR", "return x / FACTOR"),
        ("return inner(x)", "return 2 * inner(x)"),
        ("return x + TABLE[0]", "return x - TABLE[0]"),
        ("@numba.njit\ndef inner", "@numba.njit(fastmath=True)\ndef inner"),
        ("rate = 3.0", "rate = 4.0"),
    ],
)
def test_what_it_reads_of_other_modules_counts(read: Read, helpers: tuple[str, str]) -> None:
    """Values, functions, compiled functions and what those read in turn, arrays, and attributes of classes."""
    assert source_digest(read(helpers=helpers).rule) != source_digest(read().rule)


def scaled(factor: float, x: float) -> float:
    """A product."""
    return factor * x


def calling(function: Any) -> Callable[..., Any]:
    """A function that closes over another and calls it."""

    def call(x: Any) -> Any:
        return function(x)

    return call


pair: Any = namedtuple  # mypy asks that a literal name be that of a variable


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (functools.partial(scaled, 1.0), functools.partial(scaled, 2.0)),
        (functools.partial(scaled, factor=1.0), functools.partial(scaled, factor=2.0)),
        (pair("Pair", "a b")(1, 2), pair("Pair", "b a")(1, 2)),
        (numba.stencil(lambda a: 1.0 * a[0]), numba.stencil(lambda a: 2.0 * a[0])),
    ],
    ids=["partial", "keyword of partial", "named tuple", "stencil"],
)
def test_what_is_called_counts_whatever_kind_it_is_of(one: Any, other: Any) -> None:
    """Arguments that a partial function holds, the names of a tuple's fields, and what a stencil does."""
    assert source_digest(calling(one)) != source_digest(calling(other))


@pytest.mark.parametrize(
    "reads", ["from HELPERS import FACTOR as factor", "import HELPERS; factor = getattr(HELPERS, 'FACTOR')"]
)
def test_what_is_imported_when_a_function_is_called_counts(read: Read, reads: str) -> None:
    """Whether the module has been imported before or not: a schedule may import what it needs."""
    inside = ('    """A step."""', f"    {reads}\n    lr = lr * factor")
    before = source_digest(read(rule=inside).rule)
    assert source_digest(read(rule=inside, helpers=("FACTOR = 0.5", "FACTOR = 0.25")).rule) != before


@pytest.mark.parametrize(
    "rule",
    [
        ("w -= lr", "w += lr"),
        ("sqrt(2.0)", "sqrt(3.0)"),
        ("np.pi", "np.e"),
        ("from math import sqrt", "from math import exp as sqrt"),
    ],
)
def test_what_it_does_counts(read: Read, rule: tuple[str, str]) -> None:
    """Operators, constants, and which function of a library a name stands for."""
    assert source_digest(read(rule=rule).rule) != source_digest(read().rule)


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": ("import numpy as np", "# a comment\n\nimport numpy as np")},
        {"rule": ('"""A step."""', '"""A step, described at more length."""')},
        {"rule": ('    """A step."""\n', "")},
        {"rule": ('"""The function next to it."""\n    return x', "return 2 * x")},
        {"rule": ("scale=1.0", "scale=2.0")},
        {"helpers": ("UNUSED = 1", "UNUSED = 2")},
        {"helpers": ("def plain(x):", "def plain(x):\n    # a comment")},
    ],
)
def test_what_is_not_compiled_does_not_count(read: Read, changes: dict[str, tuple[str, str]]) -> None:
    """Comments, docstrings, neighbours, values that nobody reads, and the rule's own defaults, which a run states."""
    assert source_digest(read(**changes).rule) == source_digest(read().rule)


def test_compiled_functions_of_others_come_before_those_that_call_them(read: Read) -> None:
    """So that they can be compiled anew in that order."""
    module = read()
    assert [found.py_func.__name__ for found in code_behind(module.rule).jitted] == ["inner", "jitted"]


def test_a_module_that_is_imported_later_counts_from_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function's digest is the same before its first call, which imports what it reads, and after."""
    name = "imported_by_the_call"
    (tmp_path / f"{name}.py").write_text("FACTOR = 0.5\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def later(x: float) -> float:
        from imported_by_the_call import FACTOR  # type: ignore[import-not-found]

        return float(x * FACTOR)

    before = source_digest(later)
    assert later(2.0) == 1.0
    assert source_digest(later) == before
    del sys.modules[name]
