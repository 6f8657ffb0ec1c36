"""Linear algebra in the rules of plugins: compiled once for its types, and called by its address."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.linalg as algebra
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.linalg import eigh

from optilab import vectorwise


def _fill(w, k, a):
    """Leave a matrix of two rows and columns in the k-th four weights."""
    for i in range(2):
        for j in range(2):
            w[4 * k + 2 * i + j] = a[i, j]


@vectorwise()
def _linear(w, g):
    a, b = g[:4].reshape((2, 2)), g[4:8].reshape((2, 2))
    _fill(w, 0, eigh(a)[1])
    _fill(w, 1, algebra.qr(a)[0])
    _fill(w, 2, np.linalg.inv(a))
    _fill(w, 3, np.linalg.solve(a, b))
    np.dot(a, b.T, w[16:20].reshape((2, 2)))
    _fill(w, 5, np.linalg.inv(a=b))  # such calls are not made by address, nor those of norm and dot
    w[24], w[25], w[26], w[27] = np.linalg.norm(a), np.linalg.det(a), np.linalg.det(b.T), np.dot(g, g)


@vectorwise()
def _wrong(w, g):
    w[:] = np.linalg.solve(g.reshape((2, 2)), g.reshape((4, 1)))[0, 0]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@settings(max_examples=20)
@given(numbers=st.tuples(*[st.floats(0.5, 2)] * 4))
def test_it_computes_what_numpy_does(precision: Any, numbers: tuple[float, float, float, float]) -> None:
    """Under whichever name it is imported, and also where it isn't called by address."""
    p, q, r, s = numbers
    a, b = np.array([[p + 3, q], [q, r + 3]], precision), np.array([[s + 4, p], [q, r + 4]], precision)
    g = np.concatenate([a.ravel(), b.ravel(), np.zeros(20, precision)])
    w = _linear.start(np.ones(28, precision)).step(g)
    expected = [
        *(np.linalg.eigh(a)[1], np.linalg.qr(a)[0], np.linalg.inv(a), np.linalg.solve(a, b), a @ b.T, np.linalg.inv(b)),
        np.array([np.linalg.norm(a), np.linalg.det(a), np.linalg.det(b), g @ g]),
    ]
    tolerance = 1e-4 if precision == "float32" else 1e-12
    assert w == pytest.approx(np.concatenate([part.ravel() for part in expected]), rel=tolerance, abs=tolerance)


def test_an_error_in_it_reaches_the_caller() -> None:
    """Such as that of a matrix which doesn't fit."""
    with pytest.raises(np.linalg.LinAlgError, match="Incompatible array sizes"):
        _wrong.start(np.ones(4)).step(np.ones(4))


PLUGIN = """
import numpy as np

from optilab import hookimpl, vectorwise


@vectorwise()
def first(w, g):
    w[:] = np.linalg.eigh(g.reshape((2, 2)))[0].sum()


@vectorwise()
def second(w, g):
    w[:] = 2 * np.linalg.eigh(g.reshape((2, 2)))[0].sum()


@hookimpl
def optilab_optimizers():
    return [first, second]
"""

PROGRAM = """
import sys

import optilab
from optilab.compiler import cache
from optilab.plugins import loading

loading.use_file(sys.argv[1])
for name in sys.argv[2:]:
    before = cache.LOG.compiled
    w = optilab.get_optimizer(name).start([1.0] * 4).step([3.0, 1.0, 1.0, 2.0])
    print(round(w[0], 9), cache.LOG.compiled - before)
"""


def test_two_rules_share_it_and_the_next_process_loads_it(tmp_path: Path) -> None:
    """The first compiles it, its update, the cost of no problem, and the control of arithmetic; the second its own update; what is lost is made anew."""
    (tmp_path / "algebraic.py").write_text(PLUGIN, "utf-8")

    def made(*names: str) -> list[tuple[float, int]]:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "algebraic.py"), *names]
        environment = {**os.environ, "OPTILAB_CACHE": str(tmp_path / "cache")}
        ran = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return [(float(w), int(compiled)) for w, compiled in map(str.split, ran.stdout.splitlines())]

    assert made("first", "second") == [(5.0, 4), (10.0, 1)]
    assert made("second", "first") == [(10.0, 0), (5.0, 0)]
    (folder,) = (path for path in tmp_path.glob("cache/compiled/*/*eigh*") if path.is_dir())
    shutil.rmtree(folder)
    assert made("second", "first") == [(10.0, 1), (5.0, 0)]
