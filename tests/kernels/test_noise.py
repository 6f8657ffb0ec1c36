"""The noise of update rules: normal numbers that depend on nothing but key, step and place."""

from __future__ import annotations

from math import cos, log, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from scipy import stats

from optilab import elementwise, randomness, train
from optilab.kernels.noise import _cos_of_turns, _log, _mixed, _seed, normal

GOLDEN = 0x9E3779B97F4A7C15
BITS_64 = 2**64 - 1
BITS_32 = 2**32 - 1


def drawn(key: int, t: float, n: int = 20_000) -> np.ndarray:
    """The numbers of the first n places."""
    return np.array([normal(float(key), t, i) for i in range(n)])


def test_numbers_are_normal() -> None:
    """Their distribution can't be told from the standard normal by a Kolmogorov-Smirnov test, at fixed keys."""
    for key, t in [(0, 1.0), (12345, 7.0), (2**31, 1e6)]:
        assert stats.kstest(drawn(key, t), "norm").pvalue > 0.001


@pytest.mark.parametrize(("one", "other"), [((1, 1.0), (2, 1.0)), ((1, 1.0), (1, 2.0)), ((7, 3.0), (8, 2.0))])
def test_other_keys_and_steps_are_independent(one: tuple[int, float], other: tuple[int, float]) -> None:
    """Numbers of another key or step are not correlated, nor are those of neighbouring places."""
    a, b = drawn(*one), drawn(*other)
    limit = 4 / np.sqrt(a.size)
    assert abs(np.corrcoef(a, b)[0, 1]) < limit
    assert abs(np.corrcoef(a[1:], a[:-1])[0, 1]) < limit
    assert abs(np.corrcoef(a**2, b**2)[0, 1]) < limit


def test_numbers_depend_on_nothing_else() -> None:
    """The same key, step and place give the same number, in any order; all numbers are finite."""
    assert normal(5.0, 3.0, 17) == drawn(5, 3.0, 18)[17]
    assert np.isfinite(drawn(3, 2.0)).all()


def finalised(z: int) -> int:
    """SplitMix64's finaliser, as printed by Steele, Lea and Flood (2014) and in Vigna's splitmix64.c, in Python's integers."""
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & BITS_64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & BITS_64
    return z ^ z >> 31


def triple32(x: int) -> int:
    """Wellons' triple32 (2018), in Python's integers."""
    x = (x ^ x >> 17) * 0xED5AD4BB & BITS_32
    x = (x ^ x >> 11) * 0xAC4C1B51 & BITS_32
    x = (x ^ x >> 15) * 0x31848BAB & BITS_32
    return x ^ x >> 14


def reference(key: int, t: int, i: int) -> float:
    """The number by the same generators in Python's integers, and by Box and Muller (1958) with the library's functions."""
    seed = finalised(key * GOLDEN + t & BITS_64)
    first = triple32(i + seed & BITS_32)
    second = triple32(first + (seed >> 32) & BITS_32)
    one, other = ((first >> 1) + 0.5) / 2**31, (second >> 1) / 2**31
    return sqrt(-2 * log(one)) * cos(2 * pi * other)


def test_hash_of_a_step_is_that_of_splitmix64() -> None:
    """With seed 1234567 the finaliser gives the numbers that the published generator begins with."""
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [int(_seed(np.uint64(1234567 + n * GOLDEN & BITS_64))) for n in range(1, 6)] == published


@given(z=st.integers(0, BITS_64))
def test_hashes_wrap_around_as_those_in_integers(z: int) -> None:
    """Both hashes are those of the papers, bit by bit, for every word."""
    assert int(_seed(np.uint64(z))) == finalised(z)
    assert int(_mixed(np.uint32(z & BITS_32))) == triple32(z & BITS_32)


@example_settings(max_examples=300)
@given(key=st.integers(0, 2**32 + 100), t=st.integers(1, 2**40), i=st.integers(0, 2**31 - 1))
def test_numbers_are_those_of_the_papers(key: int, t: int, i: int) -> None:
    """A number is that of the generators of the papers, to the last bits of its logarithm and its cosine."""
    assert normal(float(key), float(t), i) == pytest.approx(reference(key, t, i), rel=1e-12, abs=1e-13)


# (key, t, i): the reference above, computed once.
LITERALS = {
    (0, 1, 0): -0.11128147353576319,
    (0, 1, 1): 0.7706204798225761,
    (0, 2, 0): 1.2989236986646904,
    (1, 1, 0): -0.4893890770850567,
    (12345, 7, 13001): -1.5318283731980198,
    (3444837047, 1000, 5): 1.566300189667619,
    (4294967297, 8589934592, 2147483647): 0.1342959083808239,
}


def test_numbers_never_change() -> None:
    """These numbers are literals: others would change every run with noise without a new identity."""
    found = {place: normal(float(place[0]), float(place[1]), place[2]) for place in LITERALS}
    assert found == pytest.approx(LITERALS, rel=1e-12)


@given(x=st.floats(2.0**-32, 1))
def test_series_of_the_logarithm_and_the_cosine(x: float) -> None:
    """The series agree with the library's functions to the last bits but one, where numbers are drawn from them."""
    assert _log(x) == pytest.approx(log(x), rel=4e-16, abs=2e-16)
    assert _cos_of_turns(x) == pytest.approx(cos(2 * pi * x), abs=2e-15)


@elementwise(lr=1.0)
def drifts(w, noise, lr):
    """Adds noise."""
    w += lr * noise
    return w


def test_noise_of_a_run() -> None:
    """In a run the key is that of the seed plus the rule's number in the chain, t counts the steps, i the weights."""
    key = randomness.noise_key(7)
    run = train("bowl", drifts | drifts, lr=0.01, steps=3, seed=7)
    moved = [sum(reference(key + rule, t, i) for rule in (0, 1) for t in (1, 2, 3)) for i in (0, 1)]
    np.testing.assert_allclose(run.w, np.array([-1.8, 0.9]) + 0.01 * np.array(moved), rtol=1e-12)
