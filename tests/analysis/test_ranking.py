"""Ranks over problems: Demšar's table, a published comparison of optimizers, and SciPy."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.demsar import METHODS, PRINTED_RANKS, TABLE
from analysis.published import tabular_means, tabular_seeds
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab import InputError
from optilab.analysis.ranking import critical_difference, friedman_from_mean_ranks, ranks

INF, NAN = math.inf, math.nan
SCORES = st.sampled_from([0.0, 1.0, 2.0, 3.0, INF])
TABLES = st.integers(2, 6).flatmap(
    lambda k: st.lists(st.lists(SCORES, min_size=k, max_size=k), min_size=2, max_size=6).map(
        lambda rows: pd.DataFrame(rows, columns=list("abcdef"[: len(rows[0])]))
    )
)


def _differ(found: Any) -> set[frozenset[str]]:
    """Pairs of methods that no clique holds both of."""
    pairs = {frozenset(pair) for pair in itertools.combinations(found.mean_ranks.index, 2)}
    return pairs - {frozenset(pair) for clique in found.cliques for pair in itertools.combinations(clique, 2)}


def test_critical_differences() -> None:
    """Those of four methods on fourteen data sets, at both levels, and of sixteen on seventeen."""
    assert critical_difference(4, 14) == pytest.approx(1.2536, abs=5e-5)
    assert critical_difference(4, 14, alpha=0.1) == pytest.approx(1.1181, abs=5e-5)
    assert critical_difference(16, 17) == pytest.approx(5.59, abs=5e-3)


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_critical_values_of_nemenyi(k: int, q: float) -> None:
    """Table 5 of Demšar 2006."""
    assert critical_difference(k, 1) / math.sqrt(k * (k + 1) / 6) == pytest.approx(q, abs=1e-3)


def test_without_problems_nothing_is_told_apart() -> None:
    """The critical difference is infinite."""
    assert critical_difference(3, 0) == INF


def test_friedman_of_the_printed_ranks() -> None:
    """Demšar's 9.28 and 3.69 come of his ranks, without correction for ties."""
    found = friedman_from_mean_ranks(PRINTED_RANKS, 14)
    assert found.chi2 == pytest.approx(9.28, abs=5e-3)
    assert pytest.approx(3.69, abs=5e-3) == found.F
    assert found.p == pytest.approx(stats.chi2.sf(found.chi2, 3))
    assert found.p_F == pytest.approx(stats.f.sf(found.F, 3, 39))


def test_friedman_of_the_table() -> None:
    """With correction for ties, as SciPy has it."""
    found = ranks(TABLE, lowest=False)
    assert found.chi2 == pytest.approx(10.95238, abs=5e-6)
    assert found.p == pytest.approx(0.0119862, abs=5e-8)
    assert pytest.approx(4.58589, abs=5e-6) == found.F
    expected = stats.friedmanchisquare(*TABLE.to_numpy().T)
    assert (found.chi2, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.n == 14
    assert found.reason == ""
    assert found.critical_difference == critical_difference(4, 14)


def test_two_pairs_of_the_table_differ() -> None:
    """At .10 C4.5 against the two with +m, as Demšar says; they make two overlapping groups. At .05 none does."""
    found = ranks(TABLE, lowest=False, alpha=0.1)
    assert list(found.mean_ranks.index) == ["C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"]
    assert _differ(found) == {frozenset({"C4.5", "C4.5+m"}), frozenset({"C4.5", "C4.5+m+cf"})}
    assert found.cliques == [("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5")]
    assert [set(clique) for clique in ranks(TABLE, lowest=False).cliques] == [set(METHODS)]


def test_the_best_has_the_lowest_rank() -> None:
    """Whichever end of the scores is the better one."""
    scores = pd.DataFrame({"a": [1, 1], "b": [2, 3], "c": [2, 4]})
    assert ranks(scores).mean_ranks.to_dict() == {"a": 1, "b": 2.25, "c": 2.75}
    assert ranks(scores, lowest=False).mean_ranks.to_dict() == {"c": 1.25, "b": 1.75, "a": 3}
    assert ranks(-scores, lowest=False).mean_ranks.equals(ranks(scores).mean_ranks)


def test_ranks_of_a_published_comparison() -> None:
    """Sixteen optimizers on seventeen data sets: chi2 54.97; the critical difference does not part Muon from AdamW."""
    seeds = tabular_seeds()
    means = seeds.pivot_table(index="ds", columns="opt", values="test")
    found = ranks(means, lowest=False)
    assert (found.n, len(found.mean_ranks)) == (17, 16)
    assert found.chi2 == pytest.approx(54.97, abs=5e-3)
    assert found.p == pytest.approx(1.8e-6, abs=5e-8)
    expected = {"muon-ema": 4.65, "adamw-ema": 5.00, "muon": 5.12, "adamw": 9.65, "sgd": 11.82}
    assert found.mean_ranks[list(expected)].round(2).to_dict() == expected
    assert list(found.mean_ranks.index[:3]) == ["muon-ema", "adamw-ema", "muon"]
    assert found.mean_ranks.index[-1] == "sgd"
    assert frozenset({"muon", "adamw"}) not in _differ(found)
    assert frozenset({"muon-ema", "sgd"}) in _differ(found)
    assert found.reason.startswith("16 methods on 17 problems, more than one to two")


def test_rounded_scores_tie() -> None:
    """The published means have six digits, at which two optimizers tie on one data set; SciPy's chi2 is then 54.91."""
    means = tabular_means()
    found = ranks(means, lowest=False)
    assert found.chi2 == pytest.approx(stats.friedmanchisquare(*means.to_numpy().T).statistic)
    assert found.chi2 == pytest.approx(54.91, abs=5e-3)
    assert found.mean_ranks["adamw"] == pytest.approx(9.65 - 0.5 / 17, abs=5e-3)


@settings(max_examples=50)
@given(TABLES)
def test_friedman_is_scipys(scores: pd.DataFrame) -> None:
    """For three methods and more; for two, with as many signs as problems, chi2 is that of the sign test."""
    found = ranks(scores)
    if (scores.nunique(axis=1) == 1).all():
        assert (found.chi2, found.p, found.F, found.p_F) == (0, 1, 0, 1)
    elif scores.shape[1] > 2:
        expected = stats.friedmanchisquare(*scores.to_numpy().T)
        assert (found.chi2, found.p) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-9)
    else:
        wins = np.array([(x < y) - (x > y) for x, y in zip(scores["a"], scores["b"], strict=True)])
        assert found.chi2 == pytest.approx(wins.sum() ** 2 / np.abs(wins).sum())
    assert found.mean_ranks.sum() == pytest.approx(scores.shape[1] * (scores.shape[1] + 1) / 2)


@given(TABLES, st.sampled_from([0.01, 0.5, 0.9]))
def test_cliques_hold_what_lies_together(scores: pd.DataFrame, alpha: float) -> None:
    """Two methods share a clique just where their ranks are less than the critical difference apart; none lies in another."""
    found = ranks(scores, alpha=alpha)
    gaps = {
        frozenset({a, b}): abs(found.mean_ranks[a] - found.mean_ranks[b])
        for a, b in itertools.combinations(found.mean_ranks.index, 2)
    }
    assert _differ(found) == {pair for pair, gap in gaps.items() if gap >= found.critical_difference}
    sets = [set(clique) for clique in found.cliques]
    assert not any(one <= other for one, other in itertools.permutations(sets, 2))
    assert all(len(one) > 1 for one in sets)


def test_diverged_methods_tie_at_the_bad_end() -> None:
    """Whichever sign infinity has, and whichever end is bad."""
    scores = pd.DataFrame({"a": [1.0, 1.0], "b": [INF, 2.0], "c": [-INF, 3.0]})
    assert ranks(scores).mean_ranks.to_dict() == {"a": 1, "b": 2.25, "c": 2.75}
    assert ranks(scores, lowest=False).mean_ranks.to_dict() == {"c": 1.75, "a": 2, "b": 2.25}


def test_all_problems_rank_alike() -> None:
    """chi2 is the largest there is, n (k - 1); F is infinite, and its p 0."""
    found = ranks(pd.DataFrame([[1, 2, 3]] * 8, columns=list("abc")))
    assert found.chi2 == pytest.approx(16)
    assert (found.F, found.p_F) == (INF, 0)


def test_nothing_to_test() -> None:
    """One problem, one method, or none: each number that can't be had is NaN, and the reason says why."""
    one = ranks(pd.DataFrame({"a": [1.0], "b": [2.0]}))
    assert one.mean_ranks.to_dict() == {"a": 1, "b": 2}
    assert all(map(math.isnan, (one.chi2, one.p, one.F, one.p_F)))
    assert one.reason == "nothing to test with 2 methods on 1 problem"
    alone = ranks(pd.DataFrame({"a": [1.0, 2.0]}))
    assert (alone.mean_ranks.to_dict(), alone.cliques) == ({"a": 1}, [])
    assert alone.reason == "nothing to test with 1 method on 2 problems"
    none = ranks(pd.DataFrame({"a": [], "b": []}))
    assert (none.critical_difference, none.n, none.cliques) == (INF, 0, [])
    assert none.reason == "nothing to test with 2 methods on 0 problems"
    assert ranks(pd.DataFrame()).reason == "nothing to test with 0 methods on 0 problems"


def test_many_methods_on_few_problems() -> None:
    """More than half as many: the reason warns."""
    few = pd.DataFrame(np.arange(24).reshape(8, 3), columns=list("abc"))
    assert ranks(few.iloc[:5]).reason.startswith("3 methods on 5 problems, more than one to two: the critical ")
    assert ranks(few.iloc[:6]).reason == ""


@settings(max_examples=40)
@given(TABLES, st.booleans(), st.data())
def test_order_changes_nothing(scores: pd.DataFrame, lowest: bool, data: st.DataObject) -> None:
    """Shuffled problems and methods give the same, methods of equal ranks in the same order."""
    found = ranks(scores, lowest=lowest)
    rows = data.draw(st.permutations(list(scores.index)))
    columns = data.draw(st.permutations(list(scores.columns)))
    assert repr(ranks(scores.loc[rows, columns], lowest=lowest)) == repr(found)


def test_missing_scores_are_refused() -> None:
    """A method that was not run somewhere can't be ranked there; the message names both."""
    with pytest.raises(
        InputError, match="scores has no value in row 'q', column 'b'; leave out the problem or the method"
    ):
        ranks(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, NAN]}, index=["p", "q"]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: critical_difference(1, 5), "k must be a whole number of at least 2, not 1"),
        (lambda: critical_difference(3, -1), "n must be a whole number of at least 0, not -1"),
        (lambda: critical_difference(3, 5, 5), "alpha must lie between 0 and 1, not 5"),
        (lambda: ranks(TABLE, alpha=0), "alpha must lie between 0 and 1, not 0"),
        (lambda: friedman_from_mean_ranks([1.0], 5), "mean_ranks must be of at least 2 methods, not 1"),
        (lambda: friedman_from_mean_ranks([1.0, 2.0], 1), "n must be a whole number of at least 2, not 1"),
        (lambda: friedman_from_mean_ranks([1.0, 3.0], 5), "mean_ranks of 2 methods must add up to 3, not 4"),
        (lambda: friedman_from_mean_ranks([1.0, NAN], 5), r"mean_ranks\[1\] is NaN"),
        (lambda: friedman_from_mean_ranks([1.0, INF], 5), "mean_ranks of 2 methods must add up to 3, not inf"),
        (lambda: friedman_from_mean_ranks([1.0, 2.0], 5, ties=2), r"ties must lie in \[0, 1\], not 2"),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    """Each message names the argument, its value and what is accepted."""
    with pytest.raises(InputError, match=message):
        call()
