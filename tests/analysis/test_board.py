"""The leaderboard and the verdict of whole results, anybody's."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.published import tabular_seeds
from analysis.runs import history_of, runs_of
from scipy import stats

import optilab
from optilab import InputError
from optilab.analysis import interval, leaderboard, ranks, verdict
from optilab.records.question import Question


def table(problem: str = "p", measure: str = "test_cost", **values: Any) -> pd.DataFrame:
    """Anybody's runs: for each label its values, by seed from 0."""
    frames = [
        pd.DataFrame({"problem": problem, "label": label, "seed": range(len(found)), f"final_{measure}": found})
        for label, found in values.items()
    ]
    return pd.concat(frames, ignore_index=True)


COSTS = np.array([0.31, 0.30, 0.29, 0.33, 0.34, 0.28, 0.32, 0.35])


def test_a_row_a_line_the_best_first() -> None:
    """Median with its interval, difference from the control, outcome and p are those of the functions behind them."""
    runs = table(base=COSTS, ours=COSTS - 0.05, theirs=COSTS + 0.02)
    found = leaderboard(runs)
    assert found["label"].tolist() == ["ours", "base", "theirs"]
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["outcome"].tolist() == ["better", "control", "worse"]
    assert found["measure"].unique().tolist() == ["test_cost"]
    own = interval(COSTS - 0.05)
    assert found[["median", "low", "high", "n"]].iloc[0].tolist() == [own.estimate, own.low, own.high, 8]
    compared = verdict(runs).comparisons.set_index("label")
    for row in found[found["outcome"] != "control"].to_dict("records"):
        assert row["difference"] == compared.loc[row["label"], "difference"]
        assert row["p_holm"] == compared.loc[row["label"], "p_holm"]
    assert found[["difference", "p_holm"]].iloc[1].isna().all()
    assert found["mean_rank"].isna().all()


def test_the_numbers_are_numpys_and_scipys() -> None:
    """Of 120 published runs: medians, intervals, p and mean ranks; Holm by hand over all comparisons of the table."""
    seeds = tabular_seeds()
    few = seeds[seeds["opt"].isin(["adamw", "muon", "sgd"]) & seeds["ds"].isin(seeds["ds"].unique()[:4])]
    runs = few.rename(columns={"opt": "label", "ds": "problem", "test": "final_score"})
    found = leaderboard(runs, "score", "adamw").set_index(["problem", "label"])
    of_line = runs.sort_values("seed").groupby(["problem", "label"])["final_score"]
    values = {(str(problem), str(label)): own.to_numpy() for (problem, label), own in of_line}
    rows: dict[Any, Any] = found.to_dict("index")
    p = {}
    for (problem, label), own in values.items():
        row = rows[problem, label]
        ends = stats.quantile_test(own, p=0.5).confidence_interval(0.95)
        assert (row["median"], row["low"], row["high"]) == (pytest.approx(np.median(own)), ends.low, ends.high)
        if label != "adamw":
            gaps = own - values[problem, "adamw"]
            p[problem, label] = stats.permutation_test(
                (gaps,), np.mean, permutation_type="samples", n_resamples=np.inf
            ).pvalue
            assert row["difference"] == pytest.approx(np.median(gaps))
    smallest_first = sorted(p, key=lambda key: p[key])
    adjusted = np.fmax.accumulate([min(1, (len(p) - k) * p[key]) for k, key in enumerate(smallest_first)])
    assert [rows[key]["p_holm"] for key in smallest_first] == pytest.approx(list(adjusted))
    middles = pd.Series({key: np.median(own) for key, own in values.items()}).unstack()
    mean = pd.Series(stats.rankdata(-middles, axis=1).mean(axis=0), middles.columns)
    assert found["mean_rank"].groupby("label").first().to_dict() == pytest.approx(mean.to_dict())


@pytest.mark.parametrize(
    ("seeds", "confidence", "exact"),
    [(1, 0.95, False), (3, 0.95, False), (5, 0.95, False), (6, 0.95, True), (6, 0.99, False), (5, 0.9, True)],
)
def test_an_interval_is_exact_or_missing(seeds: int, confidence: float, exact: bool) -> None:
    """Of the median and of the difference: with few seeds there is no other, as that of a bootstrap would be."""
    runs = table(base=COSTS[:seeds], ours=COSTS[::-1][:seeds] - 0.05)
    found = leaderboard(runs, confidence=confidence).set_index("label")
    assert found[["low", "high"]].notna().to_numpy().tolist() == [[exact, exact]] * 2
    ours = found.loc[["ours"]]
    assert ours[["difference_low", "difference_high"]].notna().to_numpy().tolist() == [[exact, exact]]
    expected = np.median(COSTS[::-1][:seeds] - 0.05 - COSTS[:seeds])
    assert ours["difference"].tolist() == pytest.approx([expected])


def test_a_difference_that_is_no_number_has_no_interval() -> None:
    """As that of runs of which one half did not last here, and the other there."""
    runs = table(a=COSTS, b=COSTS).assign(status="budget")
    runs.loc[[0, 1, 2, 3, 12, 13, 14, 15], "status"] = "diverged"
    row = leaderboard(runs).set_index("label").loc["b"]
    assert row[["difference", "difference_low", "difference_high"]].isna().all()


def test_without_a_seed_in_common_nothing_is_tested() -> None:
    """There is no p and no outcome; a third method, that shares seeds with the control, has them."""
    far = table(far=COSTS - 0.1)
    far["seed"] += 100
    found = leaderboard(pd.concat([table(base=COSTS, ours=COSTS - 0.05), far])).set_index("label")
    assert found["outcome"].to_dict() == {"far": "", "ours": "better", "base": "control"}
    assert found["p_holm"].notna().to_dict() == {"far": False, "ours": True, "base": False}
    assert found.loc["far", ["difference", "difference_low", "difference_high"]].isna().all()


def test_an_accuracy_is_best_where_it_is_highest() -> None:
    """Also one of another name, where the name says it; where it doesn't, a Measure says it."""
    for measure in ("test_accuracy", "exam_score"):
        assert leaderboard(table(measure=measure, a=COSTS, b=COSTS + 0.1))["label"].tolist() == ["b", "a"]
    odd = table(measure="exam", a=COSTS, b=COSTS + 1)
    with pytest.raises(InputError, match=r"highest or the lowest 'exam' the best\? .* ascending=True"):
        leaderboard(odd)
    for ascending, first in ((True, "b"), (False, "a")):
        measure = optilab.Measure("exam", ascending=ascending)
        assert leaderboard(odd, measure)["label"].iloc[0] == first
        assert ("b is better than a" in str(verdict(odd, measure))) == ascending


def test_methods_that_tie_share_a_rank() -> None:
    """And the next one has the rank that it would have had."""
    found = leaderboard(table(a=COSTS, b=COSTS, c=COSTS + 1))
    assert dict(zip(found["label"], found["rank"], strict=True)) == {"a": 1, "b": 1, "c": 3}


def test_runs_that_did_not_last_are_infinite() -> None:
    """They count, at the bad end, in the median and among the statuses; whichever end that is."""
    for measure, worst in (("test_cost", math.inf), ("test_accuracy", -math.inf)):
        runs = table(measure=measure, base=COSTS, wild=COSTS).assign(status="budget")
        runs.loc[8:12, "status"] = "diverged"
        found = leaderboard(runs).set_index("label")
        assert found.loc["wild", "median"] == worst
        assert found.loc["wild", "statuses"] == "5 diverged, 3 budget"
        assert found.loc["wild", "rank"] == 2


def tuned() -> SimpleNamespace:
    """Results with a grid on the seeds that are compared, and a line of which nothing lasted."""
    rows = [
        {"label": label, "optimizer": label, "lr": lr, "seed": seed, "final_train_cost": cost + seed / 100}
        for label, lr, cost in (("a", 0.1, 0.5), ("a", 0.2, 0.4), ("b", 0.3, 0.7))
        for seed in range(6)
    ]
    lost = [
        {"label": "c", "lr": lr, "seed": seed, "status": "diverged", "final_train_cost": math.inf}
        for lr in (8.0, 9.0)
        for seed in range(6)
    ]
    return SimpleNamespace(runs=runs_of(*rows, *lost), history=history_of(*([1.0, 0.5] for _ in range(30))))


def test_the_best_hyperparameters_of_whole_results_are_chosen() -> None:
    """Trials and epochs say what that took; a line of which nothing could be chosen stands last, with its reason."""
    found = leaderboard(tuned())
    assert found["label"].tolist() == ["a", "b", "c"]
    assert found["hyperparameters"].tolist() == ["lr=0.2*", "lr=0.3", "nothing could be chosen: no value lasted"]
    assert found["trials"].tolist() == [2, 1, 2]
    assert found["epochs"].tolist() == [6.0, 3.0, 6.0]
    assert found["seconds"].tolist()[:2] == [0.1, 0.1]
    assert found["n"].tolist() == [6, 6, 0]
    assert pd.isna(found["rank"].iloc[2])
    assert found["statuses"].iloc[2] == "12 diverged"


def test_the_verdict_says_what_was_left_out_and_how_it_was_chosen() -> None:
    """The same sentences as below the table in a terminal."""
    told = verdict(tuned())
    assert told.sentences[0].startswith("a has a training cost of 0.425")
    assert "c: nothing could be chosen: no value lasted, so it is not compared." in told.sentences
    assert told.sentences[-1].startswith("Hyperparameters were chosen on these very seeds")
    assert verdict(tuned(), control="c").sentences[0] == (
        "c, the control: nothing could be chosen: no value lasted, so nothing is compared with it."
    )


def test_points_in_mid_run_do_not_count() -> None:
    """However low a cost was before the end: the table has the last one."""
    results = tuned()
    history = results.history.assign(train_cost=0.0)
    pd.testing.assert_frame_equal(
        leaderboard(results), leaderboard(SimpleNamespace(runs=results.runs, history=history))
    )


def test_the_question_of_the_results_decides() -> None:
    """Its measure, control and confidence are those of the table, unless others are asked for."""
    runs = table(a=COSTS, b=COSTS + 1).assign(final_train_cost=0.5)
    results = SimpleNamespace(runs=runs, question=Question(measure="train_cost", control="b", confidence=0.9))
    assert leaderboard(results)["measure"].iloc[0] == "train_cost"
    assert verdict(results, "test_cost").control == "b"
    assert "at 90%" in str(verdict(results, "test_cost"))
    assert "at 99%" in str(verdict(results, "test_cost", confidence=0.99))
    assert leaderboard(results, "test_cost", "a").set_index("label").loc["a", "outcome"] == "control"


def test_the_order_of_rows_changes_nothing() -> None:
    """With a control that is named."""
    runs = pd.concat([table("p", a=COSTS, b=COSTS + 1, c=COSTS), table("q", a=COSTS, b=COSTS - 1, c=COSTS)])
    shuffled = runs.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(leaderboard(runs, control="b"), leaderboard(shuffled, control="b"))


def test_several_problems_have_ranks_of_their_own_and_a_mean() -> None:
    """The mean is that of `ranks` over medians, of methods that have one everywhere."""
    runs = pd.concat([table("p", a=COSTS, b=COSTS + 1, c=COSTS), table("q", a=COSTS, b=COSTS - 1)])
    found = leaderboard(runs)
    assert found["problem"].tolist() == ["p", "p", "p", "q", "q"]
    assert found.loc[found["problem"] == "q", "rank"].tolist() == [1, 2]
    assert found.drop_duplicates("label").set_index("label")["mean_rank"].to_dict() == pytest.approx(
        {"a": 1.5, "b": 1.5, "c": math.nan}, nan_ok=True
    )


def test_published_results_rank_as_they_do_elsewhere() -> None:
    """Of 16 optimizers on 17 data sets: the mean ranks are those of the medians."""
    seeds = tabular_seeds()
    runs = seeds.rename(columns={"ds": "problem", "opt": "label", "test": "final_score"})
    found = leaderboard(runs, "score", "adamw")
    assert len(found) == 16 * 17
    medians = seeds.pivot_table(index="ds", columns="opt", values="test", aggfunc="median")
    expected = ranks(medians, lowest=False).mean_ranks
    assert found.drop_duplicates("label").set_index("label")["mean_rank"].to_dict() == pytest.approx(expected.to_dict())


@pytest.mark.parametrize(
    ("results", "given", "message"),
    [
        ({"a": 1}, {}, "results must be a DataFrame of runs, or have one as .runs, not {'a': 1}"),
        (table(a=COSTS).drop(columns="label"), {}, "runs has no column 'label'"),
        (table(a=COSTS), {"measure": "test_cots"}, "unknown measure 'test_cots': did you mean 'test_cost'"),
        (table(a=COSTS), {"control": "b"}, "unknown label 'b'"),
        (
            runs_of({"final_test_cost": 0.5}, {"label": "b", "problem": "q", "final_train_cost": 0.5}),
            {"measure": "test_cost"},
            "test_cost was not measured in 1 run: first in seed 0 of 'b' on 'q'",
        ),
    ],
)
def test_what_can_not_be_ranked_is_refused(results: Any, given: dict[str, Any], message: str) -> None:
    """A message says what is missing or wrong."""
    for ask in (leaderboard, verdict):
        with pytest.raises(InputError) as caught:
            ask(results, **given)
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        (table(a=COSTS), "Nothing is compared with a, which is alone."),
        (table(a=COSTS[:1], b=COSTS[:1]), "1 seed can't show whether b and a differ"),
        (table(a=COSTS[:0]), "No runs to compare."),
        (
            table(a=[0.5], b=[0.25]).assign(is_random=False),
            "Nothing in these runs is random, so there is nothing to test.",
        ),
    ],
)
def test_where_there_is_little_to_say_that_is_said(runs: pd.DataFrame, told: str) -> None:
    """One method, one seed, no run or no chance: a sentence, and a table with a row for each method."""
    assert told in str(verdict(runs))
    assert len(leaderboard(runs)) == runs["label"].nunique()


def test_a_target_that_ended_runs_leaves_nothing_to_compare_but_times() -> None:
    """The table has the last values and no comparison of them."""
    rows = [
        {"label": label, "seed": seed, "status": "target", "final_train_cost": 0.4}
        for label in ("a", "b")
        for seed in range(6)
    ]
    results = SimpleNamespace(
        runs=runs_of(*rows),
        history=history_of(*([1.0, 0.4] for _ in range(6)), *([1.0, 0.7, 0.4] for _ in range(6))),
        question=Question(stopped_at={"train_cost": 0.5}),
    )
    assert "b reaches it in 1 epoch, 2 times as long" in str(verdict(results))
    found = leaderboard(results)
    assert found["outcome"].tolist() == ["control", ""]
    assert found["p_holm"].isna().all()


def stopped(*, is_random: bool = True) -> SimpleNamespace:
    """Runs that ended at a cost of 0.5: one line later and lower, one that missed it, one that diverged."""
    lines = [
        ("slow", "target", [1.0, 0.7, 0.1]),
        ("fast", "target", [1.0, 0.4]),
        ("missed", "budget", [1.0, 0.9, 0.6]),
        ("wild", "diverged", [1.0, 0.55]),
    ]
    seeds = range(6) if is_random else range(1)
    rows = [
        {"label": label, "seed": seed, "status": status, "final_train_cost": costs[-1], "is_random": is_random}
        for label, status, costs in lines
        for seed in seeds
    ]
    history = history_of(*(costs for _, _, costs in lines for _ in seeds))
    return SimpleNamespace(runs=runs_of(*rows), history=history, question=Question(stopped_at={"train_cost": 0.5}))


@pytest.mark.parametrize("is_random", [True, False])
def test_runs_that_ended_at_a_target_are_ranked_by_the_time_to_it(is_random: bool) -> None:
    """Not by their last values. What missed it is infinitely late, however near it came."""
    found = leaderboard(stopped(is_random=is_random))
    assert dict(zip(found["label"], found["rank"], strict=True)) == {"fast": 1, "slow": 2, "missed": 3, "wild": 3}
    assert found["label"].tolist() == ["fast", "slow", "missed", "wild"]
    both = stopped(is_random=is_random)
    both.runs = pd.concat([both.runs, both.runs.assign(problem="q", run_id="q" + both.runs["run_id"])])
    both.history = pd.concat([both.history, both.history.assign(run_id="q" + both.history["run_id"])])
    means = leaderboard(both).drop_duplicates("label").set_index("label")["mean_rank"]
    assert means.to_dict() == {"fast": 1.0, "slow": 2.0, "missed": 3.5, "wild": 3.5}


def test_times_to_a_target_are_told_where_nothing_is_random() -> None:
    """There is nothing to test, but the times are exact."""
    told = verdict(stopped(is_random=False)).sentences
    assert told[0] == "slow reaches a training cost of 0.5 in 1 epoch."
    assert "fast reaches it in 0.5 epochs." in told
    assert told[-1] == "Nothing in these runs is random, so there is nothing to test."
