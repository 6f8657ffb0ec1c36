"""Which parts are joined: how often a row is written again, and that no part becomes large."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.store import compaction
from optilab.store.compaction import FAN, due, groups
from optilab.store.parts import Part


class Weighed(Part):
    """A part that needs no file: its digest says how large it is."""

    @property
    def size(self) -> int:
        """Its bytes."""
        return int(self.digest, 16)


def weighed(first: int, last: int, size: int = 1) -> Part:
    """A recent part of these commits."""
    return Weighed(Path("runs"), first, last, f"{size:016x}", "recent")


def after(commits: int, size: int = 1) -> tuple[list[Part], int]:
    """The recent parts after so many commits of one size, joined as soon as they are due, and how often rows were written."""
    parts: list[Part] = []
    written = 0
    for commit in range(1, commits + 1):
        parts.append(weighed(commit, commit, size))
        written += 1
        while joined := due(parts):
            span = joined[0].first, joined[-1].last
            assert joined == parts[-len(joined) :]
            parts[-len(joined) :] = [weighed(*span, sum(part.size for part in joined))]
            written += span[1] - span[0] + 1
    return parts, written


@given(commits=st.integers(1, 800))
def test_parts_are_the_digits_of_the_number_of_commits(commits: int) -> None:
    """Three parts of one size are joined at once, so that each power of three has as many parts as its digit says."""
    digits, rest, power = [], commits, 1
    while rest:
        digits += [power] * (rest % FAN)
        rest, power = rest // FAN, power * FAN
    parts, _ = after(commits)
    assert [part.last - part.first + 1 for part in parts] == digits[::-1]
    assert [part.first for part in parts] == [1, *(part.last + 1 for part in parts[:-1])]


def test_rows_are_written_again_once_for_each_power_of_three() -> None:
    """After 3^n commits there is one part, and every row was written n + 1 times."""
    for n in range(6):
        parts, written = after(FAN**n)
        assert len(parts) == 1
        assert written == (n + 1) * FAN**n


def test_sizes_that_differ_are_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parts are not due, nor are three of which one has more commits, nor three that are large together."""
    one, two, three, long = weighed(1, 1), weighed(2, 2), weighed(3, 3), weighed(1, 3)
    assert due([one, two]) == []
    assert due([one, two, three]) == [one, two, three]
    assert due([long, weighed(4, 4), weighed(5, 5)]) == []
    assert due([long, weighed(4, 4), weighed(5, 5), weighed(6, 6)]) == [weighed(k, k) for k in (4, 5, 6)]
    monkeypatch.setattr(compaction, "LARGE", 30)
    assert len(due([weighed(k, k, 10) for k in (1, 2, 3)])) == 3
    assert due([weighed(1, 1, 11), weighed(2, 2, 10), weighed(3, 3, 10)]) == []


@given(sizes=st.lists(st.integers(1, 40), max_size=30))
def test_groups_are_as_few_as_may_be(sizes: list[int]) -> None:
    """Each group is filled up to the bound with the parts in order; a part beyond the bound stands alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "LARGE", 40)
        parts = [weighed(k, k, size) for k, size in enumerate(sizes, 1)]
        found = groups(parts)
    assert [part for group in found for part in group] == parts
    filled = [sum(part.size for part in group) for group in found]
    assert all(size <= 40 for size in filled)
    assert all(size + group[0].size > 40 for size, group in zip(filled, found[1:], strict=False))


def test_a_large_part_stands_alone() -> None:
    """What is large already is not joined with its neighbours."""
    parts = [weighed(1, 1, 5), weighed(2, 2, compaction.LARGE + 1), weighed(3, 3, 5), weighed(4, 4, 5)]
    assert groups(parts) == [parts[:1], parts[1:2], parts[2:]]
