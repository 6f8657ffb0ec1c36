"""Interleaved rounds, ratios round by round, and the check that the work is the same."""

from __future__ import annotations

import numpy as np
import pytest

from speed.timing import FEW, Attempt, Done, Spread, UnequalWorkError, interleaved, ratios, repeated, same_work, short


def noting(called: list[str], name: str, seconds: list[float]) -> Attempt:
    """An attempt that notes its name, and takes these seconds in turn."""
    left = iter(seconds)

    def attempt() -> Done:
        called.append(name)
        return Done(next(left), list)

    return attempt


def test_ratios_are_of_the_same_round() -> None:
    """The second round's time is divided by the second round's, whatever the medians are; missing rounds are left out."""
    assert ratios([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == [2.0, 3.0, 1.0]
    assert ratios([2.0, 9.0], [1.0, 3.0, 4.0]) == [2.0, 3.0]


def test_rounds_begin_with_each_in_turn() -> None:
    """Every contestant takes part once a round, and the first of one round is the last of the next."""
    called: list[str] = []
    attempts = {name: noting(called, name, [1.0, 2.0, 3.0]) for name in "abc"}
    assert interleaved(attempts, 3, at_least=0) == {name: [1.0, 2.0, 3.0] for name in "abc"}
    assert called == [*"abc", *"bca", *"cab"]


def test_slow_contestants_take_part_in_a_few_rounds() -> None:
    """Beyond the patience there are only so many rounds, of all that are that slow."""
    attempts = {name: noting([], name, [1.0] * 9) for name in "ab"}
    assert {len(times) for times in interleaved(attempts, 9, patience=0.0, at_least=0).values()} == {FEW}


def test_what_is_short_is_repeated_in_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as begins within the time, of which the median counts; what takes longer is done once."""
    clock = iter([0.0, 0.05, 0.09, 0.1, 7.0, 9.0])
    monkeypatch.setattr("speed.timing.time.perf_counter", lambda: next(clock))
    called: list[str] = []
    assert repeated(noting(called, "a", [5.0, 2.0, 3.0, 1.0]), 0.1) == 3.0
    assert called == ["a"] * 3
    assert repeated(noting(called, "b", [5.0]), 0.1) == 5.0


def test_other_work_is_noticed() -> None:
    """A cost that is further away than the tolerance, one that is not a number, and another number of runs are errors."""
    same_work({"a": [1.0, 2.0], "b": [1.0001, 2.0]}, 1e-3)
    for costs in ([1.0, 2.1], [1.0, np.nan], [1.0]):
        with pytest.raises(UnequalWorkError, match=r"b ends at cost .* a at"):
            same_work({"a": [1.0, 2.0], "b": costs}, 1e-3)


def test_spreads_are_told_in_three_digits() -> None:
    """Median, lowest and highest; a dash where there is none."""
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of([2.3456, 2.0, 31.25]).text("x") == "2.35x [2.00, 31.2]"
    assert Spread.of([]).text() == "-"
    assert [short(value) for value in (1234.5, 12.34, 0.01234, 0.0)] == ["1,234", "12.3", "0.0123", "0"]
