"""The limits by which runs of a search are given up, as they are sent to workers."""

from __future__ import annotations

import json

import pytest

from optilab.search.median_rule import ENOUGH, Limits, costs_of, limits_of


def test_limits_survive_the_way_to_a_worker() -> None:
    """As JSON and back they are the same, and give up the same run at the same step."""
    runs = [{2: 5.0 + k, 4: 3.0 + k, 6: 1.0 + k} for k in range(ENOUGH)]
    limits = limits_of("train_cost", runs, 0.5)
    assert limits == Limits("train_cost", {4: 5.0, 6: 3.0}, ENOUGH)
    sent = json.loads(json.dumps(limits.as_json()))
    assert Limits.of_json(sent) == limits
    assert Limits.of_json(sent).first_beyond({2: 9.0, 4: 5.0, 6: 3.1}) == 6
    assert limits_of("train_cost", runs[1:], 0.5) is None


def test_steps_and_costs_that_do_not_match_are_not_cut_off() -> None:
    """As many costs as steps: a list that lacks some is an error, not a shorter list."""
    with pytest.raises(ValueError, match="shorter"):
        Limits.of_json({"measure": "train_cost", "steps": [1, 2], "costs": [1.0], "runs": 5})
    with pytest.raises(ValueError, match="shorter"):
        costs_of("train_cost", [1, 2], [1.0])
    assert costs_of("train_cost", [1.0, 2.0], [0.5, 0.25]) == {1: 0.5, 2: 0.25}
    assert costs_of("valid_accuracy", [1.0, 2.0], [0.5, 0.25]) == {1: -0.5, 2: -0.25}
