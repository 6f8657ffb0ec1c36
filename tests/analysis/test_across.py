"""Many problems together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from analysis.demsar import TABLE
from analysis.published import FOLDER

from optilab.analysis import ranks, verdict
from optilab.analysis.across import across
from optilab.store import load_table


def test_published_methods_are_told_apart_as_they_were() -> None:
    """On Demšar's data, at a level of .1, exactly two of three differ from C4.5; at .05 none does."""
    told = across(TABLE, TABLE.columns[0], lowest=False, confidence=0.9)
    assert len(told) == 2
    assert "have a better mean rank" in told[1]
    assert "Over 14 problems" in told[0]
    assert "none can be told" in across(TABLE, TABLE.columns[0], lowest=False)[1]


def test_a_critical_difference_parts_no_two_of_sixteen() -> None:
    """Of 16 optimizers on 17 data sets muon-ema has the best mean rank, and can't be told from the control by it."""
    found = load_table(FOLDER / "tabular_mlp_seeds.csv", measure="test", best="highest", control="adamw")
    told = verdict(found).sentences
    assert told[0].startswith(
        "Over 17 problems adamw has a mean rank of 9.71 among 16 methods; the best are muon-ema 4.82"
    )
    assert told[1] == "By mean ranks none can be told from adamw (critical difference 5.6)."
    assert told[-2] == (
        "Problem by problem, 10 seeds can't show whether any of 15 methods differs from adamw: p is never below .002, and "
        "significance among 255 comparisons, on 17 problems, takes 14 seeds."
    )
    assert len(told) == 2 + 17 + 2


def test_a_worse_one_is_called_worse() -> None:
    """In words that go with how many there are."""
    scores = pd.DataFrame({"base": [1.0] * 20, "a": [2.0] * 20, "b": [3.0] * 20})
    assert across(scores, "base")[1] == "a, b have a worse mean rank than base (critical difference .74)."
    assert ranks(scores).critical_difference == pytest.approx(0.74, abs=0.005)


def test_methods_that_did_not_run_everywhere_are_counted() -> None:
    """They have no mean rank."""
    scores = pd.DataFrame({"base": [1.0] * 6, "a": [2.0] * 6, "b": [np.nan] + [3.0] * 5})
    assert "1 method that did not run on all of them is left out." in across(scores, "base")[0]


@pytest.mark.parametrize(
    "scores",
    [
        pd.DataFrame({"base": [1.0] * 4, "a": [2.0] * 4}),
        pd.DataFrame({"base": [1.0] * 6}),
    ],
)
def test_where_there_is_nothing_to_rank_nothing_is_said(scores: pd.DataFrame) -> None:
    """Few problems, or one method."""
    assert across(scores, "base") == []


def test_a_control_that_was_not_run_everywhere_has_no_mean_rank() -> None:
    """The sentence says on how many problems it is missing."""
    scores = pd.DataFrame({"base": [np.nan] + [1.0] * 5, "a": [2.0] * 6, "b": [3.0] * 6})
    assert across(scores, "base") == ["No mean ranks: base was not run on 1 of 6 problems."]


def test_the_best_are_the_best_whoever_they_are() -> None:
    """The control is among them where it is one of the three; the best alone is not many."""
    scores = pd.DataFrame({"b": [1.0] * 6, "base": [2.0] * 6, "c": [3.0] * 6, "d": [4.0] * 6})
    assert "among 4 methods; the best are b 1.00, base 2.00, c 3.00 (" in across(scores, "base")[0]
    assert "among 2 methods; the best is b 1.00 (" in across(scores[["b", "base"]], "base")[0]
    assert "among 2 methods (ranks" in across(scores[["base", "c"]], "base")[0]
