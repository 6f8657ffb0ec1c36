"""Rules on float32 weights: what stays in float64, and what is rounded."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import types

from optilab import vectorwise
from optilab.compiler.jit import jit, jit_with_helpers
from optilab.compiler.narrowing import NumberKind, narrowed
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.rule import Rule
from optilab.optimizers.update import _kinds
from optilab.plugins.loading import registry

ELEMENTWISE = {
    rule.name: rule for optimizer in registry().optimizers.values() for rule in optimizer.rules if rule.elementwise
}
TYPES = {"number": types.float64, "whole": types.int64}
SMALL = 1e-3
TINY = 1e-300


def result_types(function: Any, kinds: dict[str, NumberKind]) -> list[str]:
    """Types that a function returns for float32 values and these numbers."""
    compiled = jit_with_helpers(function, {}, kinds, jit)
    arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
    compiled.compile(tuple(TYPES.get(kinds.get(name, "other"), types.float32) for name in arguments))
    found = next(iter(compiled.overloads.values())).signature.return_type
    return [str(part) for part in getattr(found, "types", [found])]


@pytest.mark.parametrize("rule", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_no_bundled_rule_leaves_float32(rule: Rule) -> None:
    """In float32 no bundled elementwise rule makes a weight or a state in float64, which takes three times as long."""
    compiled = jit_with_helpers(rule.function, rule.words, _kinds(rule, "float32"), jit)  # type: ignore[arg-type]
    kinds = _kinds(rule, "float32") or {}
    compiled.compile(tuple(TYPES.get(kinds.get(name, "other"), types.float32) for name in rule.arguments))
    found = next(iter(compiled.overloads.values())).signature.return_type
    assert "float64" not in str(found)


def corrected(m, g, t, beta):
    """What Adam does with its first moment."""
    m = beta * m + (1 - beta) * g
    return m / (1 - beta**t)


@given(
    m=st.floats(-1, 1, width=32), g=st.floats(-1, 1, width=32), t=st.integers(1, 3), beta=st.sampled_from([0.9, 0.9999])
)
def test_numbers_among_themselves_stay_in_float64(m: float, g: float, t: int, beta: float) -> None:
    """1 - beta**t keeps its digits: each factor is off by a rounding to float32, and not by the 1e-3 of 1 - float32(0.9999)."""
    kinds: dict[str, NumberKind] = {"t": "number", "beta": "number"}
    plain, _ = narrowed(corrected, kinds, {})  # type: ignore[arg-type]
    found = plain(np.float32(m), np.float32(g), float(t), beta)
    size = (beta * abs(m) + (1 - beta) * abs(g)) / (1 - beta**t)
    assert found.dtype == np.float32
    assert abs(found - corrected(m, g, float(t), beta)) <= 4e-7 * size + 1e-44


def pairs(v, eps, inside):
    """Chooses between numbers in pairs."""
    within, without = (eps, 0.0) if inside else (0.0, eps)
    return sqrt(v + within) + without


def branches(v, eps):
    """Chooses between a number and a value."""
    bound = 2 * eps
    v = bound if v < bound else v
    return max(v, 0.5), v > eps


def constants(v, eps):
    """Uses numbers that stand outside the rule."""
    scale = SMALL if eps > 1 else eps * SMALL
    return v * scale + SMALL


def powers(v, t):
    """Raises to powers."""
    v **= 0.5
    return v**2 + v**0.25 * t**-0.5


def counts(v, t):
    """Adds whole numbers, and a number in a loop."""
    for k in range(3):
        v += 1
        v -= (k > 1) * t
    return v


@pytest.mark.parametrize("function", [pairs, branches, constants, powers, counts])
def test_ways_for_a_number_to_meet_a_value(function: Callable[..., Any]) -> None:
    """Wherever a number meets a float32, a float32 comes out, close to what float64 gives."""
    names = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    kinds: dict[str, NumberKind] = {name: "whole" if name == "inside" else "number" for name in names}
    assert set(result_types(function, kinds)) <= {"float32", "bool"}
    values = [0.3, *(1.0 if name == "inside" else 0.7 for name in names)]
    plain, _ = narrowed(function, kinds, {})  # type: ignore[arg-type]
    np.testing.assert_allclose(plain(np.float32(values[0]), *values[1:]), function(*values), rtol=1e-6)


def walk(w, lr, count):
    """Counts with whole numbers."""
    last = count - 1
    for i in range(1, w.size - 1):
        w[i + 1] -= lr * w[i - 1] * 2
    return w[last + 0] + w[min(last, 2) - 1]


def test_what_counts_and_points_stays_whole() -> None:
    """Whole numbers beside an index stay whole, so that arrays can be indexed by them."""
    kinds: dict[str, NumberKind] = {"lr": "number", "count": "whole"}
    compiled = jit_with_helpers(walk, {}, kinds, jit)  # type: ignore[arg-type]
    start = np.arange(5, dtype=np.float32)
    found, expected = start.copy(), start.astype(np.float64)
    assert compiled(found, 0.1, 3) == pytest.approx(walk(expected, 0.1, 3), rel=1e-6)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def to_the_bound(v):
    """Meets the largest whole numbers of 16 bits."""
    return v * 32767, v * -32767, v + 32767, v - 32767, v / 32767, max(v, -32767), v * -1


def beyond_the_bound(v):
    """Meets whole numbers of more bits."""
    return v * 32768, v * -32768, v + 32768, v - 32768, v / 65536, max(v, -32769), v * 16777217, v > -40000


@pytest.mark.parametrize("v", [1.5, -0.75, 3e4])
def test_whole_constants_on_both_sides_of_sixteen_bits(v: float) -> None:
    """Whole constants of any size and sign keep their value; to 32767 they leave a float32 a float32, beyond they are exact."""
    for function in (to_the_bound, beyond_the_bound):
        compiled = jit_with_helpers(function, {}, {}, jit)  # type: ignore[arg-type]
        np.testing.assert_allclose(compiled(np.float32(v)), function(v), rtol=1.2e-7)
    assert set(result_types(to_the_bound, {})) == {"float32"}


@vectorwise(lr=1.0)
def hashed(w, lr):
    """Scatters numbers by Knuth's multiplicative hash, and by steps of 40,000 places."""
    for i in range(w.size):
        w[(i + 40000) % w.size] += (i * 2654435761) % 4294967296 % 1000


def test_large_whole_constants_beside_an_index_stay_whole() -> None:
    """Beside an index a constant beyond 16 bits is a whole number in float32 as well: a hash is the same, and points."""
    expected = np.zeros(7)
    for i in range(7):
        expected[(i + 40000) % 7] += i * 2654435761 % 2**32 % 1000
    for dtype in ("float32", "float64"):
        stepper = hashed.start(np.zeros(7), precision=dtype)
        np.testing.assert_array_equal(stepper.step(np.zeros(7)), expected)


def guarded(v):
    """A number that float32 doesn't have."""
    return v / (v + TINY) if v > 1e-320 else v + 1e-300


def test_a_number_that_float32_lacks_stays() -> None:
    """A constant below float32's smallest is not rounded to zero."""
    assert "float64" in result_types(guarded, {})


def half(number):
    """Half of a number."""
    return 0.5 * number


def seen(beta, t):
    """A share of the weight, as a helper gives it."""
    return 1 - half(beta) ** t


def by_a_helper(m, beta, t):
    """Divides by what a helper computes from numbers."""
    return m / seen(beta, t)


def test_helpers_keep_the_numbers_that_they_are_given() -> None:
    """What helpers compute from numbers is a number: in float64 inside them, rounded where it meets a value."""
    kinds: dict[str, NumberKind] = {"beta": "number", "t": "number"}
    assert result_types(by_a_helper, kinds) == ["float32"]
    compiled = jit_with_helpers(by_a_helper, {}, kinds, jit)  # type: ignore[arg-type]
    assert compiled(np.float32(1), 1.9998, 1.0) == pytest.approx(1 / (1 - 0.9999), rel=1e-7)


def half_or_whole(number):
    """Half of a number, or the whole number below it."""
    if number > 1:
        return half(number)
    return int(number)


def by_a_doubtful_helper(v, beta):
    """Multiplies by what may be a number that was computed, or one that counts."""
    return v * half_or_whole(beta)


def test_a_helper_that_does_not_always_make_a_number_is_left_alone() -> None:
    """Only where every return of a helper is a number is its result rounded; one that may count is taken as it is."""
    kinds: dict[str, NumberKind] = {"beta": "number"}
    assert result_types(by_a_doubtful_helper, kinds) == ["float64"]
    compiled = jit_with_helpers(by_a_doubtful_helper, {}, kinds, jit)  # type: ignore[arg-type]
    assert compiled(np.float32(1), 2.2) == 1.1


def test_a_captured_number() -> None:
    """A function inside another takes along what it captured."""
    rate, name = 0.1, "captured"

    def captured(v):
        return v * rate + len(name)

    plain, _ = narrowed(captured, {}, {})  # type: ignore[arg-type]
    assert plain(np.float32(2)) == pytest.approx(8.2, rel=1e-7)
    assert plain.__code__.co_firstlineno == captured.__code__.co_firstlineno
    assert plain.__code__.co_filename == __file__


def test_rules_in_both_precisions_agree() -> None:
    """The first steps of Adam in float32 are those in float64, to the precision of float32."""
    adam: Optimizer = registry().optimizers["adam"]
    gradients = np.random.default_rng(0).normal(size=(5, 40))
    paths = []
    for dtype in ("float32", "float64"):
        stepper = adam.start(np.zeros(40), precision=dtype)
        paths.append(np.array([stepper.step(g.astype(dtype)).copy() for g in gradients]))
    np.testing.assert_allclose(paths[0], paths[1], rtol=1e-5, atol=1e-8)
