"""Profiles and AlgoPerf's score, against published numbers and a plain count."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab.analysis.profiles import data_profile, held_out_by_name, performance_profile, profile_score
from optilab.errors import InputError

INF, NAN = math.inf, math.nan
PUBLISHED = Path(__file__).parents[2] / "experiments" / "published" / "algoperf_v05_external.csv"
SCORES = {  # of the leaderboard, best first; lawa_ema has .3384 there
    "shampoo_submission": 0.7784,
    "schedule_free_adamw": 0.7077,
    "generalized_adam": 0.6383,
    "cyclic_lr": 0.6301,
    "nadamp": 0.5909,
    "baseline": 0.5707,
    "amos": 0.4918,
    "caspr_adaptive": 0.4722,
    "lawa_queue": 0.3699,
    "lawa_ema": 0.3434,
    "schedule_free_prodigy": 0.0,
}
SMALL = pd.DataFrame({"a": [1.0, 1.0, 4.0], "b": [1.5, INF, 1.0]}, index=["p", "q", "r"])  # optimagic's test
times_of = st.sampled_from([0.0, 1.0, 1.5, 2.0, 4.0, 9.0, INF, NAN])
tables = st.lists(st.lists(times_of, min_size=3, max_size=3), min_size=1, max_size=5).map(
    lambda rows: pd.DataFrame(rows, index=[f"p{k}" for k in range(len(rows))], columns=list("abc"))
)


@pytest.fixture
def published() -> pd.DataFrame:
    """Times of eleven submissions to AlgoPerf 0.5, a row a workload."""
    return pd.read_csv(PUBLISHED, index_col=0).T


def shuffled(table: pd.DataFrame, data: st.DataObject) -> pd.DataFrame:
    """Its rows and columns in another order."""
    return table.loc[data.draw(st.permutations(list(table.index))), data.draw(st.permutations(list(table)))]


def test_the_published_scores_are_found(published: pd.DataFrame) -> None:
    """AlgoPerf 0.5, external tuning: all to four digits, in this order. lawa_ema has .3434 by the rule, the smallest time.

    The leaderboard's .3384 comes from code that takes the smallest number of evaluations in its place, which these times don't hold.
    """
    scores = profile_score(published, held_out=held_out_by_name(published.index))
    assert scores.round(4).to_dict() == SCORES
    assert scores.index.tolist() == list(SCORES)
    assert scores.name == "score"


def test_workloads_have_the_variants_of_their_names(published: pd.DataFrame) -> None:
    """Six of the eight of AlgoPerf; an underscore parts the names."""
    found = held_out_by_name(published.index)
    assert found == held_out_by_name(published.index[::-1])
    assert found["imagenet_resnet"] == ["imagenet_resnet_large_bn_init"]
    assert len(found) == 6
    assert held_out_by_name(["a", "ab", "a_b", "a_b_c", "d"]) == {"a": ["a_b", "a_b_c"]}


def test_held_out_variants_count(published: pd.DataFrame) -> None:
    """Without them the workloads are fourteen, and without their rows a miss on one is forgotten."""
    assert profile_score(published).round(4).to_dict() != SCORES
    base = profile_score(published.iloc[:8])
    assert base["cyclic_lr"] > SCORES["cyclic_lr"] + 0.01


def test_a_variant_missed_is_its_workload_missed() -> None:
    """Also if it is only above r_max times the smallest; the ratio is then to the best of those that are left."""
    times = pd.DataFrame({"a": [1.0, 5.0], "b": [2.0, 1.0], "c": [4.0, 1.0]}, index=["p", "p_wide"])
    assert profile_score(times, held_out={"p": ["p_wide"]}, points=None).to_dict() == pytest.approx(
        {"b": 1.0, "c": 2 / 3, "a": 0.0}
    )
    assert profile_score(times, r_max=6, held_out={"p": ["p_wide"]}, points=None)["a"] == 1
    alike = profile_score(times, held_out={"p": "p_wide"}, points=None)
    assert alike["a"] == 0


def test_the_profile_is_optimagics() -> None:
    """Ratios 1, 1, 4 and 1.5, inf, 1; it rises at these alone."""
    found = performance_profile(SMALL)
    assert found.index.tolist() == [1, 1.5, 4]
    assert found.index.name == "tau"
    assert found["a"].tolist() == pytest.approx([2 / 3, 2 / 3, 1])
    assert found["b"].tolist() == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    assert performance_profile(SMALL, [9, 1, 1]).index.tolist() == [1, 9]


def test_the_area_is_optimagics() -> None:
    """.6667 and .6111 exactly; by 100 trapezoids half a step more where a profile jumps at the end."""
    assert profile_score(SMALL, points=None).to_dict() == pytest.approx({"a": 2 / 3, "b": 11 / 18})
    assert profile_score(SMALL)["a"] == pytest.approx(2 / 3 + 1 / 3 / 2 / 99)


def test_a_time_of_zero_is_the_best() -> None:
    """A target that is reached at the start: 0 over 0 is 1, and any other time is infinitely longer."""
    times = pd.DataFrame({"a": [0.0], "b": [0.0], "c": [1e-300]})
    assert performance_profile(times, [1, 1e9]).to_numpy().tolist() == [[1, 1, 0], [1, 1, 0]]


def test_problems_that_no_method_solves_count() -> None:
    """They lower every profile; where none is solved all shares are 0, as they are without problems."""
    none = pd.DataFrame({"a": [INF, NAN], "b": [INF, INF]})
    assert performance_profile(none).to_numpy().tolist() == [[0, 0]]
    assert profile_score(none).tolist() == [0, 0]
    assert profile_score(none, points=None).tolist() == [0, 0]
    assert profile_score(SMALL[:0]).to_dict() == {"a": 0, "b": 0}
    assert performance_profile(SMALL[:0]).to_numpy().tolist() == [[0, 0]]
    alone = pd.DataFrame({"a": [1.0, INF]})
    assert profile_score(alone)["a"] == pytest.approx(0.5)


def test_equal_scores_are_in_the_order_of_names() -> None:
    """Whatever order the columns have."""
    times = pd.DataFrame({"c": [1.0], "a": [2.0], "b": [1.0]})
    assert profile_score(times).index.tolist() == ["b", "c", "a"]


def test_profiles_are_scipys_distributions() -> None:
    """Those of the ratios to the best, and of evaluations in units of n + 1, in which a miss is censored beyond all others."""
    rng = np.random.default_rng(6)
    times = pd.DataFrame(rng.lognormal(3, 1, (12, 3)), [f"p{k}" for k in range(12)], list("abc"))
    times = times.mask(rng.random((12, 3)) < 0.2, INF)
    sizes = {name: int(n) for name, n in zip(times.index, rng.integers(1, 50, 12), strict=True)}
    ratios = times.div(times.min(axis=1), axis=0)
    groups = times.div([sizes[name] + 1 for name in times.index], axis=0)
    for found, values in ((performance_profile(times), ratios), (data_profile(times, sizes), groups)):
        for name in "abc":
            own = values[name].to_numpy()
            missed = np.isinf(own)
            data = stats.CensoredData(uncensored=own[~missed], right=np.full(missed.sum(), 1e9))
            expected = stats.ecdf(data).cdf.evaluate(found.index.to_numpy())
            assert found[name].tolist() == pytest.approx(expected.tolist())


def test_a_data_profile_counts_simplex_gradients() -> None:
    """20 evaluations of a problem with 4 weights are 4 of n + 1; another method changes nothing."""
    evaluations = pd.DataFrame({"a": [20.0, 6.0], "b": [INF, 3.0]}, index=["p", "q"])
    found = data_profile(evaluations, {"q": 2, "p": 4})
    assert found.index.tolist() == [1, 2, 4]
    assert found.index.name == "alpha"
    assert found.to_numpy().tolist() == [[0, 0.5], [0.5, 0.5], [1, 0.5]]
    assert data_profile(evaluations[["a"]], pd.Series({"p": 4, "q": 2}), [1, 2, 4])["a"].tolist() == found["a"].tolist()
    assert data_profile(evaluations[:0], {}).empty


@given(times=tables, data=st.data())
@settings(max_examples=25)
def test_order_does_not_matter(times: pd.DataFrame, data: st.DataObject) -> None:
    """Rows and columns in another order give the same tables, which are those of a plain count."""
    mixed = shuffled(times, data)
    found = performance_profile(times)
    pd.testing.assert_frame_equal(found, performance_profile(mixed), check_exact=True)
    sizes = dict.fromkeys(times.index, 3)
    pd.testing.assert_frame_equal(data_profile(times, sizes), data_profile(mixed, sizes), check_exact=True)
    for points in (None, 100):
        scores = profile_score(times, points=points)
        pd.testing.assert_series_equal(scores, profile_score(mixed, points=points), check_exact=True)
        assert scores.between(0, 1).all()
        assert scores.is_monotonic_decreasing
    rows = [[INF if math.isnan(t) else t for t in row] for row in times.to_numpy().tolist()]
    for tau, *shares in found.itertuples():
        for k, share in enumerate(shares):
            within = [math.isfinite(row[k]) and row[k] / max(min(row), 1e-9) <= tau for row in rows if row[k] > 0]
            zero = [row for row in rows if row[k] == 0]
            assert share == pytest.approx((sum(within) + len(zero)) / len(rows))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"r_max": 1}, "r_max: 1 is no finite factor above 1; AlgoPerf's is 4"),
        ({"r_max": NAN}, "r_max: nan is no finite factor above 1; AlgoPerf's is 4"),
        ({"points": 1}, "points: 1 are too few for an integral; 2 or more, or None for the exact one"),
        ({"held_out": {"x": ["p"]}}, "held_out: 'x' is no row of times"),
        ({"held_out": {"p": ["x"]}}, "held_out: 'x' is no row of times"),
        ({"held_out": {"p": ["q"], "q": ["r"]}}, "held_out: 'q' stands there twice; a variant is that of one problem"),
        ({"held_out": {"p": ["r"], "q": ["r"]}}, "held_out: 'r' stands there twice; a variant is that of one problem"),
        ({"times": SMALL.to_numpy()}, "times: .* is no DataFrame; a row is a problem and a column a method"),
        ({"times": -SMALL}, "times: -1.0 is below 0"),
        ({"times": SMALL.astype(str).replace("1.0", "one")}, "times: holds what is no number; .*"),
        ({"times": pd.concat([SMALL, SMALL])}, "times: two rows are called 'p'"),
        ({"times": SMALL[["a", "a"]]}, "times: two columns are called 'a'"),
    ],
)
def test_what_can_not_be_scored_is_refused(changes: dict[str, Any], message: str) -> None:
    """The message names the argument and what is accepted."""
    with pytest.raises(InputError, match=f"^{message}$"):
        profile_score(**{"times": SMALL, **changes})


def test_levels_have_a_least() -> None:
    """No factor is below 1 and no budget below 0."""
    with pytest.raises(InputError, match=r"^taus: 0.5 is below 1$"):
        performance_profile(SMALL, [0.5, 2])
    with pytest.raises(InputError, match=r"^alphas: -1.0 is below 0$"):
        data_profile(SMALL, dict.fromkeys("pqr", 1), np.array([-1, 2]))


@pytest.mark.parametrize("sizes", [{"p": 1, "q": 1}, {"p": 1, "q": 1, "r": 0}])
def test_each_problem_has_a_number_of_weights(sizes: dict[str, int]) -> None:
    """One that lacks it, or has none, is named."""
    with pytest.raises(InputError, match=r"^n_weights: (None|0) for 'r'; it is a number of 1 or more$"):
        data_profile(SMALL, sizes)
