"""Digests of generated modules: the kernels that they import count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from optilab.compiler import digests
from optilab.compiler.digests import closure_digest


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Writes the modules of a package optilab, and answers the digest of a text that imports the first of them."""

    def digest(**modules: str) -> str:
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text, "utf-8")
        digests._module.cache_clear()
        return closure_digest("from optilab.first import f\n")

    monkeypatch.setattr(digests, "_ROOT", tmp_path)
    yield digest
    digests._module.cache_clear()


def test_the_kernels_count_without_their_comments(kernels: Callable[..., str]) -> None:
    """What they do counts; lines, comments and docstrings don't."""
    before = kernels(first='def f(x):\n    """Doubled."""\n    return x in {1, 2} or 2 * x\n')
    assert kernels(first="# a comment\n\n\ndef f(x):\n    return x in {1, 2} or 2 * x\n") == before
    assert kernels(first='def f(x):\n    """Doubled."""\n    return x in {1, 2} or 3 * x\n') != before


def test_the_kernels_that_a_module_reaches_count_alone(kernels: Callable[..., str]) -> None:
    """A changed kernel makes a run stale, however it is imported; a new one, which nothing imports, makes none stale."""
    modules = {
        "first": "from optilab import second\nfrom optilab.third import g\n\ndef f(x):\n    return second.h(g(x))\n",
        "second": "def h(x):\n    from optilab.fourth import FACTOR\n    return FACTOR * x\n",
        "third": "def g(x):\n    return x\n",
        "fourth": "FACTOR = 2\n",
    }
    before = kernels(**modules)
    assert kernels(another="def convolve(x):\n    return x\n") == before
    for name, text in modules.items():
        assert kernels(**{**modules, name: f"{text}\nCHANGED = 1\n"}) != before
    assert kernels(**modules) == before
