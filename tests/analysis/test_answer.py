"""The verdict: it claims only what the statistics carry, and says what they can't."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab import InputError
from optilab.analysis import Findings, paired, seeds_for_significance, verdict

PUBLISHED = Path(__file__).parents[2] / "experiments" / "published"


def table(measure: str = "test_cost", problem: str = "p", **values: Any) -> pd.DataFrame:
    """Runs of evaluation: for each label its values, by seed from 0."""
    frames = [
        pd.DataFrame({"problem": problem, "label": label, "seed": range(len(found)), f"final_{measure}": found})
        for label, found in values.items()
    ]
    return pd.concat(frames, ignore_index=True)


def outcomes(found: Findings) -> dict[str, str]:
    """Outcome by label."""
    return dict(zip(found.comparisons["label"], found.comparisons["outcome"], strict=True))


def drawn(seed: int, n: int, mean: float = 0.0) -> list[float]:
    """Normal values."""
    return list(np.random.default_rng(seed).normal(mean, 1.0, n))


def test_a_clear_difference_is_called_by_its_name() -> None:
    """Lower costs are better and higher accuracies are; the sentence has the difference, its interval, the seeds and p."""
    base = np.linspace(0.3, 0.4, 10)
    costs = verdict(table(base=base, ours=base - 0.05, theirs=base + 0.02), "test_cost")
    assert outcomes(costs) == {"ours": "better", "theirs": "worse"}
    assert costs.sentences == (
        "base has a test cost of 0.35 [0.311, 0.389], the median of 10 seeds.",
        "ours is better than base: its test cost is lower by 0.05 [0.05, 0.05] (better on 10 of 10 seeds, p = .004 after Holm).",
        "theirs is worse than base: its test cost is higher by 0.02 [0.02, 0.02] (worse on 10 of 10 seeds, p = .004 after Holm).",
        "Intervals are of medians, at 95%, and differences are medians of the differences on the same seeds, not differences of medians; "
        "p is of the two-sided sign-flip test on paired seeds, with Holm's correction over 2 "
        "comparisons.",
    )
    rates = verdict(table("test_accuracy", base=base, ours=base + 0.05), "test_accuracy")
    assert outcomes(rates) == {"ours": "better"}
    assert rates.sentences[1] == (
        "ours is better than base: its test accuracy is higher by 5.00 points [5.00, 5.00] (better on 10 of 10 seeds, p = .002)."
    )


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_few_seeds_claim_nothing(n: int) -> None:
    """However large the difference: with fewer than six seeds no exact test can be significant, and the sentence says so."""
    found = verdict(table(base=drawn(0, n), ours=drawn(0, n, -1000.0)), "test_cost")
    assert outcomes(found) == {"ours": "undecided"}
    assert (
        f"{n} seeds can't show whether ours and base differ: p is never below {2 / 2**n:g}"[:60] in found.sentences[1]
    )
    assert "takes 6 seeds" in found.sentences[1]
    assert "better than" not in str(found)


def test_a_larger_family_takes_more_seeds() -> None:
    """Six seeds suffice for one comparison and not for three: the sentence says how many Holm's correction asks for."""
    base = np.linspace(0.3, 0.4, 6)
    assert outcomes(verdict(table(base=base, a=base - 1), "test_cost")) == {"a": "better"}
    found = verdict(table(base=base, a=base - 1, b=base - 1, c=base - 1), "test_cost")
    assert set(outcomes(found).values()) == {"undecided"}
    assert "significance among 3 comparisons takes 7 seeds" in found.sentences[1]


def test_several_methods_on_few_seeds_share_a_sentence() -> None:
    """What holds of all of them is said once, with their labels."""
    found = verdict(table(base=drawn(0, 3), a=drawn(1, 3), b=drawn(2, 3)), "test_cost")
    assert len(found.sentences) == 3
    assert found.sentences[1].startswith("3 seeds can't show whether these differ from base (")
    assert "; p" not in found.sentences[1]
    assert {"a", "b"} <= set(found.sentences[1].replace("(", " ").replace(")", " ").replace(";", " ").split())


def test_one_rule_under_four_names_is_one() -> None:
    """Labels that rank first and fourth by their medians can't be told apart where only rounding moved them."""
    names = ["elementwise", "twin", "third", "vectorwise"]
    found = verdict(
        table(**dict[str, Any]({name: drawn(40 + k, 10) for k, name in enumerate(names)})), "test_cost", "vectorwise"
    )
    assert set(outcomes(found).values()) == {"undecided"}
    for sentence in found.sentences[1:4]:
        assert "can't be told from vectorwise" in sentence
        assert "a t-test on these 10 seeds would likely have shown a difference of" in sentence


def test_claims_between_equals_are_rare() -> None:
    """Among 300 comparisons of a rule with itself on ten seeds at most one in twenty is called a difference."""
    values = np.random.default_rng(1).normal(size=(300, 2, 10))
    called = sum(outcomes(verdict(table(a=a, b=b), "test_cost"))["b"] != "undecided" for a, b in values)
    assert 0 < called <= stats.binom.ppf(0.99, 300, 0.05)


def test_what_the_seeds_would_have_shown_is_what_they_show() -> None:
    """A difference as large as the sentence says is found by a paired t-test in four of five repetitions."""
    generator = np.random.default_rng(2)
    base, ours = generator.normal(size=(2, 10))
    (sentence,) = [
        text for text in verdict(table(base=base, ours=ours), "test_cost").sentences if "would likely" in text
    ]
    size = float(sentence.split("shown a difference of ")[1].split(",")[0])
    gaps = generator.normal(size, np.std(ours - base, ddof=1), (4000, 10))
    power = (stats.ttest_1samp(gaps, 0, axis=1).pvalue < 0.05).mean()
    assert power == pytest.approx(0.8, abs=0.03)


def test_runs_that_did_not_last_are_the_worst() -> None:
    """A method that diverges on most seeds is worse, and how many runs did not last is said; none is left out."""
    runs = table(base=np.linspace(0.3, 0.4, 10), wild=np.linspace(0.1, 0.2, 10))
    runs["status"] = ["budget"] * 10 + ["diverged"] * 9 + ["budget"]
    found = verdict(runs, "test_cost")
    assert outcomes(found) == {"wild": "worse"}
    assert "wild did not last on 9 of 10 seeds." in found.sentences[1]
    assert found.comparisons["difference"].tolist() == [np.inf]
    rates = verdict(runs.rename(columns={"final_test_cost": "final_test_accuracy"}), "test_accuracy")
    assert outcomes(rates) == {"wild": "worse"}
    assert rates.comparisons["difference"].tolist() == [-np.inf]


def test_without_chance_there_is_no_test() -> None:
    """Two methods in which nothing is random are told with their values; one of them against a random one is tested."""
    runs = table(base=[0.5], ours=[0.25]).assign(is_random=False)
    found = verdict(runs, "test_cost")
    assert found.sentences == (
        "base has a test cost of 0.5.",
        "ours ends at 0.25, base at 0.5; nothing in these runs is random.",
    )
    noisy = table(noisy=np.linspace(0.3, 0.4, 10)).assign(is_random=True)
    found = verdict(pd.concat([noisy, runs]), "test_cost", "noisy")
    assert outcomes(found) == {"ours": "better", "base": "worse"}
    assert found.comparisons["n"].tolist() == [10, 10]


@cache
def in_order() -> tuple[pd.DataFrame, Findings]:
    """Runs of three methods on two problems, and the verdict on them."""
    parts = [table(problem=p, a=drawn(k, 6), b=drawn(k + 9, 6), c=drawn(k + 20, 6, -3)) for k, p in enumerate("pq")]
    runs = pd.concat(parts, ignore_index=True)
    return runs, verdict(runs, "test_cost", "b")


@settings(max_examples=25)
@given(order=st.permutations(range(36)))
def test_shuffled_rows_change_nothing(order: list[int]) -> None:
    """With a control that is named, neither words nor numbers depend on the order of rows."""
    runs, expected = in_order()
    found = verdict(runs.iloc[order], "test_cost", "b")
    assert found.sentences == expected.sentences
    pd.testing.assert_frame_equal(found.comparisons, expected.comparisons)


def test_published_runs_of_others_are_judged_as_scipy_judges_them() -> None:
    """On 17 data sets of another study, with ten seeds each: p is that of SciPy's permutation test, after Holm over all 255."""
    published = pd.read_csv(PUBLISHED / "tabular_mlp_seeds.csv")
    runs = published.rename(columns={"ds": "problem", "opt": "label", "test": "final_score"})
    found = verdict(runs.assign(final_score=-runs["final_score"]), "score", "adamw").comparisons
    assert len(found) == 17 * 15
    wide = runs.pivot_table(index="seed", columns=["problem", "label"], values="final_score")
    for row in found.iloc[::16].to_dict("records"):
        gaps = (wide[row["problem"], "adamw"] - wide[row["problem"], row["label"]]).round(12)
        test = stats.permutation_test((gaps,), np.mean, permutation_type="samples", n_resamples=np.inf)
        assert row["p"] == pytest.approx(test.pvalue, abs=2 / 1024)
        assert row["difference"] == pytest.approx(gaps.median(), rel=1e-9)
    assert (found["outcome"] == "undecided").equals(
        ~((found["p_holm"] <= 0.05) & ((found["low"] > 0) | (found["high"] < 0)))
    )


def test_problems_are_judged_one_by_one() -> None:
    """Each sentence names its problem; where the control was not run, that is said."""
    base = np.linspace(0.3, 0.4, 10)
    runs = pd.concat([table(problem="p", base=base, ours=base - 0.1), table(problem="q", ours=base)])
    found = verdict(runs, "test_cost", "base")
    assert found.sentences[1].startswith("p: ours is better than base")
    assert "q: base was not run there, so nothing is compared with it." in found.sentences
    assert found.comparisons["problem"].tolist() == ["p"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drop": "seed"}, "runs has no column 'seed'; its columns are problem, label, final_test_cost"),
        ({"control": "bse"}, "unknown label 'bse': did you mean 'base'"),
        ({"twice": True}, "'base' has two runs of seed 0 on 'p'; choose one cell of each method"),
        ({"confidence": 1.5}, "confidence must lie between 0 and 1"),
        (
            {"nan": True},
            r"row 0 \(label 'base', seed 0, problem 'p'\): final_test_cost is missing; give a run that diverged inf",
        ),
    ],
)
def test_tables_that_can_not_be_judged(change: dict[str, Any], message: str) -> None:
    """A message says what is missing or wrong."""
    runs = table(base=drawn(0, 6), ours=drawn(1, 6))
    runs = runs.drop(columns=change["drop"]) if "drop" in change else runs
    runs = pd.concat([runs, runs[:1]]) if "twice" in change else runs
    if "nan" in change:
        runs.loc[0, "final_test_cost"] = np.nan
    with pytest.raises(InputError, match=message):
        verdict(runs, "test_cost", change.get("control"), confidence=change.get("confidence", 0.95))


def test_nothing_is_said_of_nothing() -> None:
    """An empty table has one sentence and no comparisons."""
    found = verdict(table(base=drawn(0, 6))[:0], "test_cost")
    assert found.sentences == ("No runs to compare.",)
    assert found.comparisons.empty


def test_intervals_that_are_not_exact_are_not_shown() -> None:
    """With fewer than six seeds no interval of a median covers 95 %: no brackets stand there, and no note on them."""
    found = verdict(table(base=drawn(0, 3), ours=drawn(1, 3)), "test_cost")
    assert "[" not in str(found)
    assert found.sentences[-1] == (
        "Differences are medians of the differences on the same seeds, not differences of medians; p is of the two-sided sign-flip test "
        "on paired seeds."
    )
    many = verdict(table(base=drawn(0, 12), ours=drawn(1, 12)), "test_cost", confidence=0.995)
    assert many.sentences[-1].startswith("Intervals are of medians, at 99.5%, and differences are medians of")


def test_a_control_that_did_not_last_has_no_value() -> None:
    """It is told with the number of seeds on which it didn't, in place of an infinite median."""
    runs = table("test_accuracy", base=np.linspace(0.8, 0.9, 8), ours=np.linspace(0.8, 0.9, 8))
    runs["status"] = ["diverged"] * 6 + ["budget"] * 10
    found = verdict(runs, "test_accuracy")
    assert found.sentences[0] == "base did not last on 6 of 8 seeds."
    assert "infinity" not in found.sentences[1]
    assert found.comparisons["difference"].tolist() == [np.inf]


def test_what_is_no_test_is_not_in_the_family() -> None:
    """A pair in which nothing is random, or without a common seed, makes no p-value larger."""
    base = np.linspace(0.3, 0.4, 6)
    runs = table(base=base, ours=base - 0.1).assign(is_random=True)
    fixed = table(problem="q", base=[0.5], ours=[0.4]).assign(is_random=False)
    late = table(other=base).assign(is_random=True, seed=range(100, 106))
    found = verdict(pd.concat([runs, fixed, late]), "test_cost", "base")
    assert found.comparisons.set_index(["problem", "label"]).loc[("p", "ours"), "p_holm"] == 2 / 2**6
    assert found.comparisons["outcome"].tolist().count("better") == 1
    assert "p: other and base have no seed in common, so they can't be compared." in found.sentences


@pytest.mark.parametrize("n", [4, 8])
def test_ties_are_neither_higher_nor_lower(n: int) -> None:
    """Equal values are the same; where most are equal, the median difference is 0."""
    base = np.full(n, 0.9)
    told = verdict(table("test_accuracy", base=base, ours=base), "test_accuracy").sentences[1]
    assert (
        told
        == {
            4: "4 seeds can't show whether ours and base differ: p is never below .125, and significance takes 6 seeds; they are the same.",
            8: "ours can't be told from base: they are the same in test accuracy (on 8 seeds, p = 1).",
        }[n]
    )
    most = verdict(table("test_accuracy", base=base, ours=[*base[1:], 0.95]), "test_accuracy").sentences[1]
    if n == 4:
        assert most.endswith("; their median difference is 0.")
    else:
        assert "base: their median difference in test accuracy is 0 [0, 5.00] (better on 1 of 8 seeds, p = 1);" in most


def test_few_seeds_name_what_is_lower() -> None:
    """The measure of the method, and not the method."""
    told = verdict(table("test_accuracy", base=[0.5] * 3, ours=[0.4] * 3), "test_accuracy").sentences[1]
    assert told.endswith("takes 6 seeds; the test accuracy of ours is lower by 10.00 points.")


def test_ends_of_intervals_have_no_minus_before_0() -> None:
    """Of a method that is lower, or no lower."""
    base, ours = np.full(8, 0.8), np.array([0.7] * 4 + [0.8] * 4)
    told = verdict(table("test_accuracy", base=base, ours=ours), "test_accuracy").sentences[1]
    assert "lower by 5.00 points [0, 10.00] (worse on 4 of 8 seeds" in told


@pytest.mark.parametrize("n", [2, 8])
def test_no_difference_is_told_where_no_run_lasted(n: int) -> None:
    """Two infinite values are no ties that say something."""
    runs = table("test_accuracy", base=[0.5] * n, ours=[0.5] * n).assign(status="diverged")
    told = str(verdict(runs, "test_accuracy"))
    assert not any(word in told for word in ("higher", "lower", "the same", "median difference", "better on"))
    assert f"ours did not last on {n} of {n} seeds, and base did not last on {n} of {n} seeds." in told


@pytest.mark.parametrize("random", [True, False])
def test_one_seed_on_many_problems_is_ranked(random: bool) -> None:
    """Mean ranks take problems, not seeds; the warning is of problems one by one."""
    frames = [
        table(problem=f"p{k:02}", base=[1.0 + k], ours=[0.5 + k]).assign(
            role="evaluation",
            status="budget",
            run_id=[f"{k}a", f"{k}b"],
            is_random=random,
            optimizer=["base", "ours"],
            schedule="",
            batch_size=1,
        )
        for k in range(20)
    ]
    told = verdict(pd.concat(frames, ignore_index=True)).sentences
    assert told[0].startswith("Over 20 problems base has a mean rank of 2.00 among 2 methods; the best is ours 1.00")
    assert told[1] == "ours has a better mean rank than base (critical difference .44)."
    assert told[2].startswith("Problem by problem, 1 seed can't show" if random else "Nothing in these runs is random")
    few = verdict(pd.concat(frames[:4], ignore_index=True)).sentences
    assert few[0].startswith("1 seed can't show" if random else "Nothing in these runs is random")


def test_a_sentence_never_contradicts_itself() -> None:
    """No smaller difference than was seen is said to be what a t-test would have shown; where p is significant alone, it is said."""
    seen = {"p alone": 0, "left out": 0, "said": 0}
    for seed in range(200):
        ours = np.array(drawn(seed, 8, 0.75))
        found = verdict(table(base=np.zeros(8), ours=ours), "test_cost")
        row, sentence = found.comparisons.iloc[0], found.sentences[1]
        if row["outcome"] != "undecided":
            continue
        if row["p_holm"] <= 0.05:
            seen["p alone"] += 1
            assert "p is significant, but the interval of the median difference does not leave out 0" in sentence
        elif "would likely have shown" in sentence:
            seen["said"] += 1
            shown = float(sentence.split("a difference of ")[1].split(",")[0])
            assert abs(row["difference"]) < shown * 1.01
        else:
            seen["left out"] += 1
            assert abs(row["difference"]) > 0.5
    assert seen["said"] > 50
    assert min(seen.values()) > 0


def test_a_rule_written_twice_is_the_same() -> None:
    """Values that differ by rounding alone are the same, in the sentence and in every statistic."""
    base = np.array(drawn(3, 10)) + 3
    ours = base * (1 + 1e-16 * np.array([1, -1, 2, 1, -2, 1, 1, -1, 2, 3]))
    ours[0] = np.nextafter(base[0], 9)
    assert (ours != base).any()
    found = verdict(table(base=base, ours=ours), "test_cost")
    row = found.comparisons.iloc[0]
    assert (row["difference"], row["p"], row["cliffs_delta"], row["probability_of_improvement"]) == (0, 1, 0, 0.5)
    assert found.sentences[1] == "ours can't be told from base: they are the same in test cost (on 10 seeds, p = 1)."


def test_a_lost_pair_is_no_difference_of_nothing() -> None:
    """A t-test has nothing to say where a run of either did not last, nor where values are beyond what can be squared."""
    base, ours = np.array(drawn(1, 9)), np.array(drawn(2, 9))
    base[4] = ours[4] = np.inf
    assert "t-test" not in " ".join(verdict(table(base=base, ours=ours), "test_cost").sentences)
    huge = verdict(table(base=base * 1e300, ours=ours * 1e300), "test_cost").sentences
    assert "infinity" not in huge[1]


@pytest.mark.parametrize("methods", [7, 4999, 10**6])
def test_enough_seeds_are_significant_in_any_family(methods: int) -> None:
    """Seeds that are said to be enough for so many comparisons are: where all differences have one sign, p after Holm is low enough."""
    seeds = seeds_for_significance(methods)
    base = np.linspace(0.3, 0.4, seeds)
    assert methods * paired(base - 0.1, base).p <= 0.05 < methods * paired(base[1:] - 0.1, base[1:]).p


def test_thousands_of_methods_are_not_all_named() -> None:
    """One sentence has a few names and the number of the others; the smallest p is never 0."""
    runs = pd.DataFrame({"problem": "p", "label": [f"m{k:05}" for k in range(2_000)], "seed": 0})
    told = verdict(runs.assign(final_test_cost=np.arange(2_000.0)), "test_cost").sentences
    assert len(told) == 3
    assert "; and 1991 more)" in told[1]
    assert max(map(len, told)) < 400
    few = verdict(
        pd.concat([runs.head(256).assign(seed=k, final_test_cost=np.arange(256.0)) for k in range(13)]), "test_cost"
    )
    assert "p is never below .0002, and significance among 255 comparisons takes 14 seeds" in " ".join(few.sentences)


def test_confidence_is_never_so_low_that_three_seeds_show_something() -> None:
    """At .75 and less a p of 2 / 2^3 would be significant."""
    runs = table(base=[3.0, 3, 3], ours=[1.0, 1, 1])
    assert outcomes(verdict(runs, "test_cost", confidence=0.76)) == {"ours": "undecided"}
    with pytest.raises(InputError, match=r"confidence = 0\.75: give more than 0\.75"):
        verdict(runs, "test_cost", confidence=0.75)


def test_runs_of_two_versions_of_code_are_named() -> None:
    """Seeds of one method that other code has made are not compared without a word."""
    runs = table(base=drawn(1, 8), ours=drawn(2, 8)).assign(code="one")
    assert "versions of their code" not in str(verdict(runs, "test_cost"))
    runs.loc[(runs["label"] == "ours") & (runs["seed"] == 3), "code"] = "other"
    told = verdict(runs, "test_cost").sentences
    assert told[-1].startswith("Made by different versions of their code, so not all alike: runs of ours (")
