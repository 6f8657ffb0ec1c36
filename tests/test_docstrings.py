"""What every file of the project keeps to: exceptions are in the docstrings, files are short, packages are rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for folder in ("optilab", "plugins") for path in (ROOT / folder).rglob("*.py"))
SPECIAL = ("__init__", "__post_init__", "__call__", "__or__")  # named by their class's docstring too
MAKERS = {"unknown": "InputError", "overdue": "OverdueError"}  # functions that make what is raised
UNTOLD = {"NotImplementedError", "AssertionError", "ViolationError", "NotAsked", "StopIteration"}


def public_functions(node: ast.AST, described: str = "") -> Iterator[tuple[ast.FunctionDef, str]]:
    """Functions and methods that others may call, each with what its docstring, and for special ones its class's, says."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            if not child.name.startswith("_"):
                yield from public_functions(child, ast.get_docstring(child) or "")
        elif isinstance(child, ast.FunctionDef):
            if child.name in SPECIAL:
                yield child, (ast.get_docstring(child) or "") + described
            elif not child.name.startswith("_"):
                yield child, ast.get_docstring(child) or ""
        elif isinstance(child, (ast.If, ast.Try)):
            yield from public_functions(child, described)


def raised(function: ast.FunctionDef) -> set[str]:
    """Names of the exceptions that a function raises itself, but for those of functions inside it."""
    found, open_nodes = set(), list[ast.AST](function.body)
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = ast.unparse(made).rpartition(".")[2]
            name = MAKERS.get(name, name)
            if name[0].isupper():  # a variable holds what was caught elsewhere
                found.add(name)
        open_nodes += ast.iter_child_nodes(node)
    return found - UNTOLD


def untold(source: str) -> list[str]:
    """Functions that raise what their docstring doesn't name."""
    return [
        f"{function.name}, line {function.lineno}: {name}"
        for function, described in public_functions(ast.parse(source))
        for name in sorted(raised(function))
        if name not in described
    ]


def test_docstrings_name_what_is_raised() -> None:
    """Every public function that raises something itself says so."""
    found = {str(path.relative_to(ROOT)): untold(path.read_text("utf-8")) for path in MODULES}
    assert {name: functions for name, functions in found.items() if functions} == {}


def test_what_is_not_told_is_found() -> None:
    """Of a function, a method, a special method and a function under a condition; not of a private or an inner one."""
    source = """
if True:
    def plain(): raise ValueError("x")
class Public:
    '''Raises a KeyError.'''
    def __call__(self): raise KeyError
    def method(self):
        '''Does it.'''
        raise errors.InputError("x") from None
    def told(self):
        '''Raises an InputError.'''
        raise InputError
    def _private(self): raise OSError
class _Private:
    def method(self): raise OSError
def outer():
    def inner(): raise OSError
    raise unknown("a word", "of", words)
def passes(error): raise error
"""
    expected = ["plain, line 3: ValueError", "method, line 7: InputError", "outer, line 16: InputError"]
    assert untold(source) == expected


def test_no_module_is_long() -> None:
    """At most 300 lines, so that one can be read in one go."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_packages_are_docstrings() -> None:
    """What a package holds is imported from its modules, but for the three that are doors for the users of the library."""
    packages = [path for path in MODULES if path.name == "__init__.py" and path.parent != ROOT / "optilab"]
    doors = {"analysis", "store", "testing"}
    for path in packages:
        body = ast.parse(path.read_text("utf-8")).body
        assert isinstance(body[0], ast.Expr), path
        assert len(body) == 1 or path.parent.name in doors, path


def test_the_root_holds_few_files() -> None:
    """What is many files is a room; only what fits none lies beside the rooms."""
    assert len(list((ROOT / "optilab").glob("*.py"))) <= 12


def test_the_files_of_the_quick_suite_are_there() -> None:
    """tests/conftest.py lists them by name; one that was moved would be left out in silence."""
    tree = ast.parse((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (listed,) = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "QUICK"
    ]
    places = ast.literal_eval(listed)
    assert len(places) > 10
    assert [place for place in places if not (ROOT / "tests" / place).is_file()] == []
