"""How often a function is compiled that others call with constants."""

from __future__ import annotations

import pytest
from numba.core.compiler import CompilerBase
from numba.core.errors import TypingError

from optilab.compiler.jit import jit, jit_inside


@pytest.mark.parametrize("compiled", [jit, jit_inside])
def test_constants_are_numbers_like_others(compiled) -> None:
    """A function is compiled once, whatever whole numbers and truth values its callers write, by place or by name."""

    @compiled
    def scaled(x, times, is_negative=False):
        return -x * times if is_negative else x * times

    @jit
    def called(x, n):
        return (
            scaled(x, 1) + 10 * scaled(x, 2, True) + 100 * scaled(x, times=3) + 1000 * scaled(x, n, is_negative=False)
        )

    assert called(1.0, 4) == 4281
    assert len(scaled.overloads) == 2  # one of them leaves out is_negative


def test_a_constant_that_must_be_known_is() -> None:
    """A function whose result has another type for each constant has one compilation for each."""

    @jit
    def entry_of(pair, k):
        return pair[k]

    @jit
    def called(x):
        pair = x, x > 1
        return 10 * entry_of(pair, 0) if entry_of(pair, 1) else 0.0

    assert called(2.0) == 20
    assert called(0.5) == 0


def test_a_function_may_call_itself_with_a_constant() -> None:
    """By itself, or by way of another."""

    @jit
    def counted(x, step):
        if x <= 0:
            return 0
        return counted(x - 0.5, 1) + step

    @jit
    def even(n, is_first):
        return True if n == 0 else odd(n - 1, False)

    @jit
    def odd(n, is_first):
        return False if n == 0 else even(n - 1, False)

    assert counted(5.0, 1) == 10
    assert even(7, True) is False


def test_an_error_is_told_as_it_is_and_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions without constants are not compiled again once one of them has failed."""
    compiled: list[str] = []
    usual = CompilerBase._compile_core

    def noted(self):
        compiled.append(self.state.func_id.func_name)
        return usual(self)

    monkeypatch.setattr(CompilerBase, "_compile_core", noted)

    @jit
    def broken(x, times):
        return x.no_such_attribute * times

    @jit
    def between(x):
        return broken(x, 2)

    @jit
    def called(x):
        return between(x)

    with pytest.raises(TypingError, match="no_such_attribute"):
        called(1.0)
    assert compiled == ["called", "between", "broken", "broken"]
