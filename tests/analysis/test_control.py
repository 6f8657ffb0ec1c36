"""Methods against a control: Demšar's table, SciPy, and enumeration."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.demsar import TABLE
from analysis.published import tabular_means
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab import InputError
from optilab.analysis.control import against_control
from optilab.analysis.families import holm

INF = math.inf
COLUMNS = ["better", "worse", "statistic", "p", "p_holm", "n", "reason"]
SCORES = st.sampled_from([0.0, 1.0, 2.0, 3.5, INF])
TABLES = st.lists(st.lists(SCORES, min_size=4, max_size=4), max_size=7).map(
    lambda rows: pd.DataFrame(rows, columns=list("abcd"), dtype=float)
)


def test_the_signed_ranks_of_demsar() -> None:
    """C4.5 with +m is better by 93 ranks to 12, a tie split; p is that of SciPy's zsplit."""
    found = against_control(TABLE, "C4.5", lowest=False)
    assert list(found.columns) == COLUMNS
    row = found.loc["C4.5+m"]
    assert (row["better"], row["worse"], row["statistic"], row["n"]) == (93, 12, 12, 14)
    assert row["p"] == pytest.approx(0.010968, abs=5e-7)
    assert list(found.index) == ["C4.5+m", "C4.5+m+cf", "C4.5+cf"]


def test_float_noise_breaks_no_ties() -> None:
    """Three differences of .005, one for the control: rank 2 each, though in float64 the one is the smallest."""
    scores = pd.DataFrame({"control": [0.763, 0.12, 0.005], "ours": [0.768, 0.115, 0.01]})
    noisy = stats.wilcoxon(scores["ours"] - scores["control"], zero_method="zsplit")
    assert noisy.statistic == 1
    row = against_control(scores, "control", lowest=False).loc["ours"]
    assert (row["better"], row["worse"]) == (4, 2)


def test_holm_is_over_all_methods_compared() -> None:
    """Three here: the smallest p is tripled."""
    found = against_control(TABLE, "C4.5", lowest=False)
    assert found["p_holm"].tolist() == holm(found["p"].to_numpy()).tolist()
    assert found["p_holm"].iloc[0] == pytest.approx(3 * found["p"].iloc[0])
    assert not (found["p_holm"] < found["p"]).any()


def test_a_published_comparison() -> None:
    """Against AdamW on seventeen data sets: its average of weights is better, Muon is not beyond doubt."""
    scores = tabular_means()
    found = against_control(scores, "adamw", lowest=False)
    assert len(found) == 15
    assert found.index[found["p_holm"] < 0.05].tolist() == ["adamw-ema"]
    expected = stats.wilcoxon(scores["muon"] - scores["adamw"], zero_method="zsplit")
    assert found.loc["muon", "p"] == pytest.approx(expected.pvalue)
    assert found.loc["muon", "statistic"] == expected.statistic


@settings(max_examples=50)
@given(TABLES)
def test_the_test_by_enumeration(scores: pd.DataFrame) -> None:
    """Up to seven problems p is the share of all signs with as extreme a rank sum, with ties and zeros and infinities."""
    found = against_control(scores, "a")
    for name in "bcd":
        pairs = list(zip(scores["a"], scores[name], strict=True))
        gains = [0.0 if x == y else min(max(x - y, -9.0), 9.0) for x, y in pairs]
        sizes = stats.rankdata(np.abs(gains)) * (np.array(gains) != 0)
        sums = [abs(float(np.dot(signs, sizes))) for signs in itertools.product([1, -1], repeat=len(gains))]
        own = abs(float(np.dot(np.sign(gains), sizes)))
        row = found.loc[name]
        assert row["p"] == pytest.approx(np.mean([one >= own - 1e-9 for one in sums]))
        assert row["better"] - row["worse"] == pytest.approx(float(np.dot(np.sign(gains), sizes)))
        assert row["better"] + row["worse"] == len(gains) * (len(gains) + 1) / 2
        assert bool(row["reason"]) == (not any(gains))


def test_diverged_methods() -> None:
    """A method that diverged is worse by more than any other, one that did where the control did ties."""
    scores = pd.DataFrame({"control": [1.0, 2, 3, 4, 5, INF], "ours": [0.5, 1.0, 1.5, 2.0, INF, INF]})
    found = against_control(scores, "control")
    row = found.loc["ours"]
    assert (row["better"], row["worse"]) == (2 + 3 + 4 + 5 + 0.5, 6 + 0.5)
    assert against_control(scores.replace(INF, -INF), "control").equals(found)
    assert against_control(-scores, "control", lowest=False).equals(found)


def test_nothing_to_test() -> None:
    """Without differences or without problems p is 1, and the reason says why; without methods the table is empty."""
    same = against_control(pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}), "a").loc["b"]
    assert (same["p"], same["p_holm"], same["better"], same["worse"]) == (1, 1, 1.5, 1.5)
    assert same["reason"] == "no differences"
    none = against_control(pd.DataFrame({"a": [], "b": []}), "a").loc["b"]
    assert (none["p"], none["n"], none["reason"]) == (1, 0, "no problems")
    alone = against_control(pd.DataFrame({"a": [1.0, 2.0]}), "a")
    assert alone.empty
    assert list(alone.columns) == COLUMNS
    one = against_control(pd.DataFrame({"a": [1.0], "b": [2.0]}), "a").loc["b"]
    assert (one["p"], one["worse"], one["reason"]) == (1, 1, "")


@settings(max_examples=30)
@given(TABLES, st.booleans(), st.data())
def test_order_changes_nothing(scores: pd.DataFrame, lowest: bool, data: st.DataObject) -> None:
    """Shuffled problems and methods give the same table."""
    found = against_control(scores, "b", lowest=lowest)
    rows = data.draw(st.permutations(list(scores.index)))
    columns = data.draw(st.permutations(list(scores.columns)))
    pd.testing.assert_frame_equal(against_control(scores.loc[rows, columns], "b", lowest=lowest), found)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"a": [1.0], "other": [1.0]}, "unknown control 'ours': known are a, other"),
        ({"a": [1.0], "ours": [math.nan]}, "scores has no value in row 0, column 'ours'"),
        ({"a": ["low"], "ours": [1.0]}, "scores must be numbers"),
    ],
)
def test_what_is_refused(scores: dict[str, Any], message: str) -> None:
    """A control that is no column, a missing score and words."""
    with pytest.raises(InputError, match=message):
        against_control(pd.DataFrame(scores), "ours")
