"""Feedback schedules: their answers are checked when they come."""

from __future__ import annotations

import pytest
from schedules.cells import check, counted

from optilab import InputError, feedback


def test_what_a_feedback_schedule_answers_is_not_foreseen() -> None:
    """A feedback schedule beside a curve leaves the curve to be checked as it is."""
    plateau = {"use": "reduce_on_plateau", "of": "momentum"}
    check([plateau, {"use": "linear", "end": 0.5, "of": "momentum"}])
    with pytest.raises(InputError, match=r"linear of 'momentum': 1.008 at step 12"):
        check([{"use": "linear", "end": 1.2, "of": "momentum"}, "reduce_on_plateau"])


@feedback(ranges={"answer": "(-inf, inf)"})
def answering(answer=1.0):
    """One, and after the first measurement something else."""
    yield 1.0
    while True:
        yield answer


@pytest.mark.parametrize("answer", [0.001, -1.0, float("nan"), float("inf"), 0.255])
def test_a_feedback_schedule_that_leaves_the_range_is_told(answer: float) -> None:
    """What it answers is looked at when it answers: no rule gets a value that it doesn't accept."""
    with pytest.raises(InputError, match=r"schedule answering of 'every' answers .* is out of range: accepted is"):
        counted(answering, 100, 4, answer=answer)
