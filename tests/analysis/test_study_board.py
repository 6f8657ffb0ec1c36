"""What tables and reports show of studies, and when they show nothing."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from analysis.test_studies import GOAL, QUICK, SLOW, results, together

from optilab.analysis import profile_score, study_times
from optilab.analysis.given import given
from optilab.analysis.study_board import StudyBoard, study_board
from optilab.records.question import Question

INF = math.inf


def board_of(there: SimpleNamespace) -> StudyBoard | None:
    """The board of results."""
    return study_board(given(there))


def test_the_board_has_the_times_and_tells_how_they_came_about() -> None:
    """The numbers are those of `study_times`; on validation with equal trials there is nothing to warn of."""
    there = results(slow=SLOW, quick=QUICK)
    found = board_of(there)
    assert found is not None
    assert found.times.equals(study_times(there))
    assert (found.unit, found.scores, found.score_note) == ("epochs", None, "")
    assert found.note == (
        "Time to a validation accuracy of 90.00 % as AlgoPerf counts it: the median over studies of the time of each study's fastest trial. "
        "A study is one seed of tuning, a trial one combination of hyperparameters; a study in which no trial reached the target is "
        "infinitely late, and takes part in the median. The fastest trial is picked by this very time, so a new run takes longer as a rule."
    )


def test_scores_are_those_of_the_profile_of_times() -> None:
    """Over two problems and methods; a method that was not run on one of them never reached the target there."""
    there = together(results("p", a=[[8.0, 9], [8, 9]], b=[[4.0, 9], [4, 9]]), results("q", a=[[3.0, 9], [3, 9]]))
    found = board_of(there)
    assert found is not None
    assert found.scores is not None
    times = study_times(there).pivot(index="problem", columns="label", values="time")
    assert found.scores.to_dict() == profile_score(times).to_dict()
    assert found.scores.to_dict() == pytest.approx({"a": (2 / 3 + 1) / 2, "b": 1 / 2}, abs=0.01)
    assert "of these times over 2 problems, from 1 to 4 times as long" in found.score_note


def test_what_makes_times_hard_to_compare_is_told() -> None:
    """Unequal trials, unequal studies, a target that is not of validation, and seeds that are not of tuning."""
    there = results(a=[[8.0, 9], [8, 9]], b=[[4.0]], role="evaluation")
    there.history["test_accuracy"] = there.history["valid_accuracy"]
    there.runs["final_test_accuracy"] = 0.95
    there.question = Question(measure="test_accuracy", target=0.9)
    found = board_of(there)
    assert found is not None
    for told in (
        "AlgoPerf sets targets on validation, this one is of the test accuracy.",
        "The numbers of trials are unequal, which favours methods with more.",
        "The numbers of studies are unequal; a line in which nothing is random has one.",
        "A study is one seed, a trial",
    ):
        assert told in found.note


def test_what_did_not_last_and_what_was_not_tuned_is_told() -> None:
    """Runs that were given up are counted, and methods without a run of tuning named, up to six of them."""
    there = results(a=QUICK)
    there.runs.loc[[0, 3], "status"] = ["pruned", "diverged"]
    found = board_of(there)
    assert found is not None
    assert found.note.endswith(" Of 15 runs 2 did not last: what these reached, they reached before.")
    others: dict[str, Any] = {f"other{k}": [[3.0]] for k in range(8)}
    found = board_of(together(there, results(role="evaluation", **others)))
    assert found is not None
    assert found.times["label"].tolist() == ["a"]
    names = "; ".join(f"other{k}" for k in range(6))
    assert found.note.endswith(f" Without runs of tuning, and so not in the table: {names}; and 2 more.")


@pytest.mark.parametrize("studies", [[[4.0, 8]], [[4.0], [5], [6]]])
def test_one_study_or_one_trial_is_not_told(studies: list[list[float]]) -> None:
    """A table of them would say what others say."""
    assert board_of(results(a=studies)) is None


def test_without_a_target_a_history_or_hyperparameters_there_is_nothing() -> None:
    """Nor where the measure of the target was not recorded on the way."""
    there = results(a=QUICK)
    there.question = Question(measure="valid_accuracy")
    assert board_of(there) is None
    there.question = GOAL
    assert study_board(given(there.runs, question=GOAL)) is None
    assert study_board(given(there.runs.drop(columns="role").drop_duplicates("seed"), question=GOAL)) is None
    there.history = there.history.drop(columns="valid_accuracy")
    assert board_of(there) is None


def test_steps_are_called_so() -> None:
    """Where there are no epochs, as on a function."""
    there = results(a=QUICK)
    there.history["step"] = there.history["epoch"].astype(int)
    found = board_of(there)
    assert found is not None
    assert found.unit == "steps"
