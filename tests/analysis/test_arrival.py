"""The verdict on times to a target."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab.analysis import Findings
from optilab.analysis.arrival import arrival_verdict

GOAL = 0.9


def results(problem: str = "p", **times: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and history: for each label and seed the epoch of the first accuracy of 0.95, infinite for a run that misses; 20 epochs."""
    runs, history = [], []
    for label, epochs in times.items():
        for seed, epoch in enumerate(epochs):
            run = f"{problem} {label} {seed}"
            runs.append({"problem": problem, "label": label, "seed": seed, "run_id": run, "status": "budget"})
            history += [(run, 0.0, 0.1), (run, 20.0, 0.5 if np.isinf(epoch) else 0.97)]
            history += [] if np.isinf(epoch) else [(run, epoch, 0.95)]
    return pd.DataFrame(runs), pd.DataFrame(history, columns=["run_id", "epoch", "test_accuracy"])


def judged(runs: pd.DataFrame, history: pd.DataFrame, control: str = "base", **options: Any) -> Findings:
    """The verdict with an accuracy of 90 % as the target."""
    return arrival_verdict(runs, history, GOAL, "test_accuracy", control, **options)


BASE = np.array([4.0, 5.0, 6.0, 4.5, 5.5, 5.0, 4.0, 6.0, 5.0, 5.5])


def test_the_ratio_of_times_is_told_with_its_interval() -> None:
    """A method that needs half as long on each seed, and one that needs twice as long."""
    found = judged(*results(base=BASE, quick=BASE / 2, slow=BASE * 2))
    assert found.sentences == (
        "base reaches a test accuracy of 90.00 % in 5 epochs [4, 5.5].",
        "quick reaches it in 2.5 epochs [2, 2.75], 0.5 times as long [0.5, 0.5] in the median over seeds (sooner on 10 of 10 seeds, p = .004 after Holm).",
        "slow reaches it in 10 epochs [8, 11], 2 times as long [2, 2] in the median over seeds (later on 10 of 10 seeds, p = .004 after Holm).",
    )
    assert found.comparisons["outcome"].tolist() == ["better", "worse"]


def test_times_are_compared_as_by_scipy() -> None:
    """The median time is that of its Kaplan-Meier curve, p that of all signs of the logarithms of the ratios."""
    rng = np.random.default_rng(4)
    times: dict[str, Any] = {
        "base": BASE,
        **{name: np.round(BASE * rng.lognormal(shift, 0.3, 10), 3) for name, shift in (("a", -0.3), ("b", 0.1))},
    }
    found = judged(*results(**times))
    rows = found.comparisons.set_index("label")
    p = {}
    for name in "ab":
        gaps = np.log(times[name]) - np.log(BASE)
        assert rows.loc[name, "difference"] == pytest.approx(np.median(gaps))
        p[name] = stats.permutation_test((gaps,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
        assert rows.loc[name, "p"] == pytest.approx(p[name])
        curve = stats.ecdf(times[name]).cdf
        median = curve.quantiles[curve.probabilities >= 0.5][0]
        assert f"{name} reaches it in {median:.3g} epochs" in str(found)
    small, large = sorted(p, key=lambda name: p[name])
    assert rows.loc[small, "p_holm"] == pytest.approx(min(1, 2 * p[small]))
    assert rows.loc[large, "p_holm"] == pytest.approx(max(rows.loc[small, "p_holm"], p[large]))


def test_a_miss_is_infinitely_late() -> None:
    """It is neither left out nor counted with the length of the run; how many runs arrive is said."""
    rarely = np.where(np.arange(10) < 2, 3.0, np.inf)
    found = judged(*results(base=BASE, rarely=rarely, never=np.full(10, np.inf)))
    assert found.sentences[1].startswith("never reaches it in none of 10 runs (later on 10 of 10 seeds, p = .004")
    assert found.sentences[2].startswith("rarely reaches it in 2 of 10 runs")
    assert "10 runs" in found.sentences[2]
    mostly = np.where(np.arange(10) < 8, BASE, np.inf)
    assert "(8 of 10 runs)" in judged(*results(base=BASE, mostly=mostly)).sentences[1]


def test_a_run_that_diverged_after_it_arrived_has_arrived() -> None:
    """What happens later makes no arrival undone; a run that diverged before it is a miss to the end of the longest run."""
    runs, history = results(base=BASE, wild=BASE / 2)
    runs.loc[runs["label"] == "wild", "status"] = "diverged"
    assert judged(runs, history).comparisons["outcome"].tolist() == ["better"]
    lost = history["run_id"].str.contains("wild") & (history["epoch"] > 0)
    assert "wild reaches it in none of 10 runs" in judged(runs, history[~lost]).sentences[1]


@pytest.mark.parametrize("n", [2, 3, 5])
def test_few_seeds_show_nothing(n: int) -> None:
    """However much sooner they are."""
    found = judged(*results(base=BASE[:n], quick=BASE[:n] / 100))
    assert found.comparisons["outcome"].tolist() == ["undecided"]
    assert found.sentences[1].endswith(f"; {n} seeds can't show whether that is sooner or later than base.")


def test_alike_times_can_not_be_told_apart() -> None:
    """The ratio is told, and that it proves nothing; where both always miss there is none."""
    found = judged(*results(base=BASE, twin=BASE[::-1]))
    assert ", which can't be told from base: 1 times as long [" in found.sentences[1]
    both = judged(*results(base=np.full(8, np.inf), twin=np.full(8, np.inf)))
    assert both.comparisons["outcome"].tolist() == ["undecided"]
    assert both.sentences[1] == "twin reaches it in none of 8 runs, as does base."


def test_seeds_on_which_both_arrive_together_are_counted() -> None:
    """They are neither sooner nor later; where there is nothing else, that is all that is said."""
    same = judged(*results(base=BASE, same=BASE)).sentences[1]
    assert same.endswith("1 times as long [1, 1] in the median over seeds (as soon on 10 of 10 seeds, p = 1).")
    some = BASE + np.array([-1, -1, 1, 1, 1, 0, 0, 0, 0, 0])
    assert (
        "(later on 3, sooner on 2, as soon on 5 of 10 seeds, p = "
        in judged(*results(base=BASE, some=some)).sentences[1]
    )


def test_a_target_reached_at_once_takes_no_time() -> None:
    """First weights that are good enough count as time 0, and no logarithm fails."""
    found = judged(*results(base=BASE, lucky=np.zeros(10)))
    assert found.sentences[1] == "lucky reaches it in 0 epochs (sooner on 10 of 10 seeds, p = .002)."
    assert found.comparisons["outcome"].tolist() == ["better"]


def test_a_method_without_chance_is_compared_on_every_seed() -> None:
    """Its one run stands against all runs of the control."""
    runs, history = results(base=BASE, fixed=[1.0])
    runs["is_random"] = runs["label"] != "fixed"
    found = judged(runs, history)
    assert found.comparisons[["n", "outcome"]].to_numpy().tolist() == [[10, "better"]]
    assert "(sooner on 10 of 10 seeds" in found.sentences[1]


@cache
def in_order() -> tuple[pd.DataFrame, pd.DataFrame, Findings]:
    """Runs on two problems, their history, and the verdict on them."""
    parts = [results(p, base=BASE, ours=BASE - k) for k, p in enumerate("pq", 1)]
    runs, history = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    return runs, history, judged(runs, history)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_shuffled_rows_change_nothing(seed: int) -> None:
    """Neither the order of runs nor that of measurements enters."""
    runs, history, expected = in_order()
    found = judged(runs.sample(frac=1, random_state=seed), history.sample(frac=1, random_state=seed))
    assert found.sentences == expected.sentences
    assert found.sentences[0].startswith("p: base reaches")


def test_without_runs_nothing_is_said() -> None:
    """As before the first run has ended."""
    runs = pd.DataFrame({"problem": ["p"], "label": ["a"], "seed": [0], "run_id": ["r"]})[:0]
    history = pd.DataFrame({"run_id": ["r"], "epoch": [1.0], "test_cost": [0.1]})[:0]
    found = arrival_verdict(runs, history, 0.5, "test_cost", "a")
    assert not [sentence for sentence in found.sentences if "reaches" in sentence]
