"""Which values of a measure are the best."""

from __future__ import annotations

import copy

import pytest

from optilab import InputError, Measure
from optilab.records.columns import ASCENDING, MEASURES, as_costs, in_words
from optilab.records.measures import direction, is_ascending, measure_behind, summary


def test_names_say_what_the_table_of_columns_says() -> None:
    """Of each of optilab's own measures."""
    for name in MEASURES:
        assert is_ascending(name) == (name in ASCENDING)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("val_acc", True),
        ("Top-1 Accuracy", True),
        ("score", True),
        ("brier_score", False),
        ("eval/loss", False),
        ("RMSE", False),
        ("time", False),
        ("error_rate", False),
        ("word error rate", False),
        ("success_rate", True),
        ("rate", None),
        ("heart_rate", None),
        ("learning_rate", None),
        ("fid_score", False),
        ("perplexity_score", False),
        ("f1_score", True),
        ("val_score", True),
        ("anomaly_score", None),
        ("neg_mean_squared_error", None),
        ("1 - accuracy", None),
        ("-loss", None),
        ("top-1 acc", True),
        ("test", None),
        ("value", None),
        ("", None),
    ],
)
def test_others_are_known_where_their_last_words_are(name: str, expected: bool | None) -> None:
    """And only there: nothing is guessed of the rest."""
    assert direction(name) is expected


def test_a_measure_is_its_name_and_has_a_direction() -> None:
    """It can stand in for the name anywhere, is copied whole, and its columns have its direction."""
    measure = Measure("test", ascending=True)
    assert {"test": 1}[measure] == 1
    assert copy.deepcopy(measure).ascending
    assert as_costs(measure, [1.0]).tolist() == [-1.0]
    column = summary(measure, "final")
    assert column == "final_test"
    assert is_ascending(measure_behind(column))
    assert in_words(measure) == "test"
    assert not is_ascending(Measure("score", ascending=False))


def test_an_unknown_direction_is_asked_for() -> None:
    """The message shows how to give it."""
    with pytest.raises(InputError, match=r"optilab.Measure\('test', ascending=True\), or False"):
        is_ascending("test")
