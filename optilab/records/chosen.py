"""By what hyperparameters were chosen: a column of `runs`, and how sentences call it."""

from __future__ import annotations

from optilab.records.columns import TIME_TO_TARGET, in_words


class TimeToTarget(str):
    """The column `time_to_target` of `runs`, with the target that it is the time to.

    measure: of which target is a value.

    >>> TimeToTarget("test_accuracy", 0.95) == "time_to_target"
    True
    """

    measure: str
    target: float

    def __new__(cls, measure: str, target: float) -> TimeToTarget:
        """The name of the column; a TimeToTarget is a str."""
        made = super().__new__(cls, TIME_TO_TARGET)
        made.measure, made.target = measure, target
        return made


def by_in_words(by: str) -> str:
    """A column by which hyperparameters were chosen, as sentences call it; they say so where it is of the test examples.

    >>> by_in_words("best_valid_cost"), by_in_words("final_test_cost")
    ('best validation cost', 'final test cost, on the test examples themselves')
    >>> by_in_words(TimeToTarget("valid_accuracy", 0.95))
    'time to a validation accuracy of 95 %'
    """
    if isinstance(by, TimeToTarget):
        value = f"{100 * by.target:.6g} %" if by.measure.endswith("accuracy") else f"{by.target:.6g}"
        said = f"time to a {in_words(by.measure)} of {value}"
    else:
        which, _, measure = by.partition("_")
        said = f"{which} {in_words(measure)}"
    return f"{said}, on the test examples themselves" if is_of_test_examples(by) else said


def nothing_chosen(by: str) -> str:
    """What is said of a line of which no hyperparameters could be chosen.

    >>> nothing_chosen("final_valid_cost")
    'nothing could be chosen: no value lasted'
    """
    missed = f"no value led to a {by_in_words(by).removeprefix('time to a ')}" if isinstance(by, TimeToTarget) else ""
    return f"nothing could be chosen: {missed or 'no value lasted'}"


def is_of_test_examples(by: str) -> bool:
    """Whether a column by which hyperparameters were chosen is of the examples that test results are reported of.

    >>> is_of_test_examples("best_test_cost"), is_of_test_examples("final_valid_cost")
    (True, False)
    """
    measure = by.measure if isinstance(by, TimeToTarget) else by.partition("_")[2]
    return measure.startswith("test_")
