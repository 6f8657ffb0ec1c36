"""What optilab offers plugins, and how the bundled ones use it."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import optilab
from optilab import hookspecs
from optilab.plugins import loading

ROOT = Path(__file__).parents[2]
HOOKS = [name for name in vars(hookspecs) if name.startswith("optilab_")]


@pytest.fixture(autouse=True)
def fresh_registry() -> Iterator[None]:
    """Each test begins and ends with no registry."""
    loading.forget()
    yield
    loading.forget()


def bundled_entry_points() -> dict[str, str]:
    """Entry points as pyproject.toml declares them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return dict(project["entry-points"]["optilab"])


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook: str) -> None:
    """A hook specification has a docstring."""
    assert (getattr(hookspecs, hook).__doc__ or "").strip()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_implemented_by_a_bundled_plugin(hook: str) -> None:
    """Each hook is used by at least one bundled plugin, and what it returns is registered."""
    modules = [importlib.import_module(module) for module in bundled_entry_points().values()]
    assert any(getattr(module, hook)() for module in modules if hasattr(module, hook))
    assert getattr(loading.registry(), hook.removeprefix("optilab_"))


def test_every_bundled_plugin_is_an_entry_point() -> None:
    """The modules that implement hooks are those that pyproject.toml lists, no more and no fewer."""
    found = set()
    for top, pattern in ((ROOT / "plugins", "**/*.py"), (ROOT, "optilab/**/*.py")):
        for file in top.glob(pattern):
            if re.search(r"^@hookimpl", file.read_text("utf-8"), re.MULTILINE):
                found.add(".".join(file.relative_to(top).with_suffix("").parts))
    assert found == set(bundled_entry_points().values())


def test_the_framework_names_no_bundled_optimizer() -> None:
    """No word in optilab's source is the name of an optimizer."""
    found = loading.registry()
    names = [n for n in found.optimizers if found.sources["optimizers", n].endswith("of optilab-framework")]
    assert {"adam", "momentum", "nesterov", "rmsprop", "lion", "sgd", "gradient_descent", "sam"} <= set(names)
    word = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b", re.IGNORECASE)
    hits = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in sorted((ROOT / "optilab").rglob("*.py"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if word.search(line)
    ]
    assert not hits, "\n".join(hits)


def test_importing_optilab_is_light() -> None:
    """Importing optilab and its command line loads no compiler, no pandas and no plotting."""
    heavy = "numba, llvmlite, scipy, pandas, pyarrow, matplotlib, seaborn, pydantic, loky"
    code = f"import sys, optilab, optilab.cli.main; print(*[m for m in '{heavy}'.split(', ') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_public_name_is_there() -> None:
    """What optilab.__all__ promises can be imported, and an unknown name is an AttributeError."""
    for name in optilab.__all__:
        assert getattr(optilab, name) is not None
    assert set(optilab.__all__) <= set(dir(optilab))
    with pytest.raises(AttributeError, match="module 'optilab' has no attribute 'no_such_name'"):
        _ = optilab.no_such_name


def test_bundled_plugins_take_all_they_need_from_optilab_itself() -> None:
    """No bundled plugin imports a module of the framework below `optilab`, and what it takes from there is public."""
    files = list((ROOT / "plugins").rglob("*.py"))
    assert len(files) > 70
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            module = node.module if isinstance(node, ast.ImportFrom) else None
            deeper = [name for name in [module or "", *([] if module else names)] if name.startswith("optilab.")]
            assert not deeper, f"{file}:{node.lineno}"  # type: ignore[attr-defined]
            assert module != "optilab" or set(names) <= set(optilab.__all__), file


def test_the_kinds_of_layer_are_numbers_that_compiled_rules_compare_with() -> None:
    """MATRIX, BIAS and VECTOR are plain, different whole numbers: compiled code takes them for constants."""
    kinds = [optilab.MATRIX, optilab.BIAS, optilab.VECTOR]
    assert len(set(kinds)) == 3
    assert {type(kind) for kind in kinds} == {int}


def test_bundled_plugins_are_testable_by_calling_them() -> None:
    """A hook implementation is a function without arguments that returns a list."""
    for module_name in bundled_entry_points().values():
        module: ModuleType = importlib.import_module(module_name)
        for hook in HOOKS:
            if hasattr(module, hook):
                returned = getattr(module, hook)()
                assert isinstance(returned, list)
                assert all(thing.name and thing.documentation for thing in returned)
