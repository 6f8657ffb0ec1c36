"""Binding schedules: lists of schedules as a parameter, and what isn't one."""

from __future__ import annotations

from typing import Any

import pytest
from schedules.cells import SEQUENCE, bind

from optilab import InputError


def test_a_list_of_schedules_is_a_parameter() -> None:
    """Schedules in a list are given by name or as tables, and filled in like any other."""
    first, second = bind(SEQUENCE).parameters["schedules"]
    assert (first.schedule.name, first.parameters["steps"]) == ("warmup", 100)
    assert second == bind({"use": "cosine"})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"schedules": "cosine"}, "schedules = 'cosine' is not a list of schedules"),
        ({"schedules": []}, r"schedules = \[\] is not a list of schedules"),
        ({"schedules": ["cosine", "cosin"]}, r"schedules\[1\]: unknown schedule 'cosin': did you mean 'cosine'"),
        ({"schedules": [{"use": "cosine", "flor": 1}]}, r"schedules\[0\]: unknown parameter of cosine 'flor'"),
        ({"schedules": [3]}, r"schedules\[0\]: 3 is not a schedule"),
        ({"schedules": ["cosine", "reduce_on_plateau"]}, r"schedules\[1\]: reduce_on_plateau is a feedback schedule"),
        (
            {"schedules": [{"use": "cosine", "of": "momentum"}]},
            r"schedules\[0\]: of and per are those of the outermost",
        ),
        ({"schedules": [{"use": "cosine", "per": "epoch"}]}, r"schedules\[0\]: of and per are those of the outermost"),
        ({"schedules": ["cosine"], "milestones": [-1]}, r"milestones = -1 is out of range: accepted is \(0, inf\)"),
    ],
)
def test_what_is_not_a_list_of_schedules(table: dict[str, Any], message: str) -> None:
    """A schedule in a list that isn't one is refused with its place in the list, and what is accepted."""
    with pytest.raises(InputError, match=message):
        bind({"use": "sequence", **table})
