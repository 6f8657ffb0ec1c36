"""The verdict below the table of `optilab run`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.calls import refused

from terminals import call

EXPERIMENT = """
name = "starts"
seeds = {seeds}
problem = {{ use = "two_valleys", start = "random" }}
budget = {{ steps = 20 }}
{more}

[[optimizers]]
use = "sgd"
lr = 0.05

[[optimizers]]
use = "sgd"
label = "slow"
lr = 1e-6
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(seeds: int, *arguments: str, more: str = "") -> str:
    """What the command prints, its lines joined."""
    Path("starts.toml").write_text(EXPERIMENT.format(seeds=seeds, more=more), "utf-8")
    return " ".join(call("run", "starts.toml", "--executor", "inline", *arguments).stdout.split())


def test_the_verdict_stands_below_the_table(made: Path) -> None:
    """Others are compared with the first entry, or with the control that the experiment names."""
    text = run(8)
    assert "sgd has a training cost of" in text
    assert "slow is worse than sgd: its training cost is higher by" in text
    assert "worse on 8 of 8 seeds, p = .008" in text
    text = run(8, more='comparison = { control = "slow", measure = "train_cost", confidence = 0.9 }')
    assert "sgd is better than slow" in text
    assert "Intervals are of medians, at 90%" in text


def test_times_to_a_target_come_first(made: Path) -> None:
    """Where the experiment names a target, the time that each needs is told, in steps on a function."""
    text = run(8, more='comparison = { target = 0.5, measure = "train_cost" }')
    assert "sgd reaches a training cost of 0.5 in" in text
    assert " steps" in text
    assert text.index("reaches a training cost") < text.index("has a training cost of")


def test_few_seeds_are_told_to_be_few(made: Path) -> None:
    """With three seeds nothing is called better; with one, how many it takes is said."""
    assert "3 seeds can't show whether slow and sgd differ: p is never below .25" in run(3)
    text = run(1)
    assert "1 seed can't show which one is better: a significant difference takes 6 seeds at least." in text


def test_nothing_random_has_no_verdict(made: Path) -> None:
    """Where no seed makes a difference, the table says it all."""
    given = EXPERIMENT.format(seeds=3, more="").replace(', start = "random"', "")
    Path("starts.toml").write_text(given, "utf-8")
    text = call("run", "starts.toml", "--executor", "inline").stdout
    assert "slow" in text
    assert "than" not in text
    assert "p =" not in text


def test_programs_get_the_verdict_too(made: Path) -> None:
    """The summary has its sentences in a list."""
    Path("starts.toml").write_text(EXPERIMENT.format(seeds=8, more=""), "utf-8")
    found = json.loads(call("run", "starts.toml", "--executor", "inline", "--json", "--quiet").stdout)
    assert found["verdict"][1].startswith("slow is worse than sgd")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('control = "sdg"', "comparison.control: unknown label 'sdg': did you mean 'sgd'"),
        (
            'measure = "test_cost"',
            "comparison.measure = 'test_cost': it is not measured on problem, two_valleys, which has no test part",
        ),
        ('measure = "train_accuracy"', "which has no classes"),
        ('measure = "cost"', "comparison.measure"),
        ("confidence = 95", "comparison.confidence"),
        ("target = 0.9", "target is a value of the measure: give measure too"),
        ('target = 90, measure = "test_accuracy"', "target = 90: an accuracy is a share, above 0 and at most 1"),
    ],
)
def test_comparisons_that_can_not_be_made_are_refused_at_once(made: Path, given: str, message: str) -> None:
    """Before anything runs: the label, the measure and the confidence are checked."""
    Path("starts.toml").write_text(EXPERIMENT.format(seeds=2, more=f"comparison = {{ {given} }}"), "utf-8")
    assert message in refused("run", "starts.toml")
    assert not Path("results").exists()


def test_a_dry_run_says_what_the_seeds_can_show(made: Path) -> None:
    """Before anything runs: how many are needed at least, or which difference they would likely show."""
    for seeds, more, told in (
        (3, "", "3 seeds can't show which one is better: a significant difference takes 6 seeds at least."),
        (
            6,
            "comparison.confidence = 0.99",
            "6 seeds can't show which one is better: a significant difference takes 8 seeds",
        ),
        (10, "", "A t-test on 10 seeds would likely show a difference of 1 standard deviations of paired differences"),
    ):
        assert told in run(seeds, "--dry-run", more=more)
    given = EXPERIMENT.format(seeds=3, more="").replace(', start = "random"', "")
    Path("starts.toml").write_text(given, "utf-8")
    assert "difference" not in call("run", "starts.toml", "--dry-run").stdout


TUNED = """
name = "tuned"
seeds = 8
problem = {{ use = "two_valleys", start = "random" }}
budget = {{ steps = 20 }}
{tuning}
{more}

[[optimizers]]
use = "gradient_descent"
lr = {first}

[[optimizers]]
use = "momentum"
lr = 0.01

[[optimizers]]
use = "momentum"
lr = 0.02

[[optimizers]]
use = "adam"
lr = 0.1
"""


def tuned(first: str, tuning: str = "tuning = {{ seeds = 1 }}", more: str = "", code: int = 0) -> str:
    """What a run of these prints."""
    Path("tuned.toml").write_text(TUNED.format(first=first, tuning=tuning.format(), more=more), "utf-8")
    return " ".join(call("run", "tuned.toml", "--executor", "inline", "--results", "t", code=code).stdout.split())


def test_the_control_is_the_first_line_of_the_first_entry(made: Path) -> None:
    """Whatever comes first in the alphabet, and whatever labels are made of."""
    assert "gradient_descent has a training cost of" in tuned("0.05")
    given = TUNED.format(first="0.05", tuning="", more="")
    Path("tuned.toml").write_text(
        given.replace('use = "gradient_descent"\nlr = 0.05', 'use = "momentum"\nlr = 0.03'), "utf-8"
    )
    text = " ".join(call("run", "tuned.toml", "--executor", "inline", "--results", "u").stdout.split())
    assert "momentum (lr=0.03) has a training cost of" in text


def test_lines_of_which_nothing_could_be_chosen_are_named(made: Path) -> None:
    """A control of which no value lasted is told, and the results are shown all the same; so is another line."""
    text = tuned("[1e200, 1e250]")
    assert (
        "gradient_descent, the control: nothing could be chosen: no value lasted, so nothing is compared with it."
        in text
    )
    assert "results: t" in text
    text = tuned("[1e200, 1e250]", more='comparison.control = "adam"')
    assert "gradient_descent: nothing could be chosen: no value lasted, so it is not compared." in text
    assert "adam has a training cost of" in text


def test_a_choice_on_the_same_seeds_is_not_hidden(made: Path) -> None:
    """Without tuning on other seeds the best of several values is favoured, and p is too small."""
    warning = "Hyperparameters were chosen on these very seeds, which favours lines with more trials: p is too small."
    assert warning in tuned("[0.01, 0.05]", tuning="")
    assert warning not in tuned("0.05", tuning="")
    assert warning not in tuned("[0.01, 0.05]")


def test_runs_that_end_at_a_target_are_compared_by_their_times(made: Path) -> None:
    """What they overshoot says nothing: the time to the target of [stop] is compared in place of the last value."""
    text = run(8, more="stop.target = { train_cost = 0.5 }\nmeasure.steps = 1")
    assert "sgd reaches a training cost of 0.5 in" in text
    assert "Runs ended at this target, so their last values are not compared." in text
    assert "has a training cost of" not in text
