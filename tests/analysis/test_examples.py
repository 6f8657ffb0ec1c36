"""The examples in the docstrings of the analysis run, and print what they say."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

from optilab import analysis

MODULES = [f"optilab.analysis.{found.name}" for found in pkgutil.iter_modules(analysis.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name: str) -> None:
    """Each example passes; where one function of a file has an example, all public ones have."""
    module = importlib.import_module(name)
    found = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    for test in found:
        assert doctest.DocTestRunner(verbose=False).run(test, clear_globs=False).failed == 0, test.name
    public = {
        function
        for function, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == name and not function.startswith("_")
    }
    assert not found or public <= {test.name.rpartition(".")[2] for test in found}
