"""Searches that go by generations: what a sampler is told, and what is made of it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runner.searching import Counted, experiment

from optilab.errors import InputError
from optilab.runner.run import run_experiment
from optilab.runner.session import Way

INLINE, ONE, TWO = Way("inline"), Way(workers=1), Way(workers=2)


def test_stages_are_told_by_generation(tmp_path: Path, told: Path) -> None:
    """What is known beforehand belongs to the first; each says how many will be chosen yet."""
    observer = Counted()
    run_experiment(experiment(), tmp_path / "r", INLINE, observer)
    tuning = [stage for stage in observer.stages if stage[0] == "tuning"]
    assert [later for *_, later in tuning] == [56, 32, 8, 0]
    assert tuning[0][1] == 2 * (6 + 6 + 2)
    assert all(done + missing + later <= 84 for _, missing, done, later in tuning)


def test_more_samples_go_on_from_there(tmp_path: Path, told: Path) -> None:
    """The generations before the last are what they were."""
    entry = {"use": "sgd", "lr": {"log_uniform": [1e-6, 1.0]}}
    run_experiment(experiment(optimizers=[{**entry, "samples": 12}]), tmp_path / "r", INLINE)
    observer = Counted()
    run_experiment(experiment(optimizers=[{**entry, "samples": 18}]), tmp_path / "r", INLINE, observer)
    assert [missing for role, missing, *_ in observer.stages if role == "tuning"][:2] == [0, 0]


def test_a_sampler_is_told_what_came_of_its_points(tmp_path: Path, told: Path) -> None:
    """The median over the seeds of tuning, infinite where that many diverged; in the order in which it asked."""
    asked = experiment(
        optimizers=[{"use": "sgd", "lr": {"log_uniform": [1e-6, 10.0]}, "samples": 12}], tuning={"seeds": 3}
    )
    runs = run_experiment(asked, tmp_path / "r", INLINE).runs
    runs = runs[runs["role"] == "tuning"]
    costs = runs["final_train_cost"].where(runs["status"] == "budget", np.inf)
    expected = costs.groupby(runs["lr"]).median()
    heard = json.loads(told.read_text())
    assert len(heard) == 12
    assert [cost for _, cost, _ in heard] == [expected[point["lr"]] for point, *_ in heard]
    assert math.inf in expected.to_list()
    assert all(given_up is None for *_, given_up in heard)


def test_the_best_of_a_search_is_evaluated_on_other_seeds(tmp_path: Path, told: Path) -> None:
    """One cell of each line, the one with the lowest median, however it was found."""
    runs = run_experiment(experiment(prune_after=0.25), tmp_path / "r", INLINE).runs
    for label, line in runs.groupby("label"):
        tuned, evaluated = (line[line["role"] == role] for role in ("tuning", "evaluation"))
        costs = tuned["final_train_cost"].where(tuned["status"] == "budget", np.inf)
        assert set(evaluated["lr"]) == {costs.groupby(tuned["lr"]).median().idxmin()}, label
        assert not set(evaluated["seed"]) & set(tuned["seed"])


def test_a_point_that_is_asked_for_again_is_not_made_again(tmp_path: Path, told: Path) -> None:
    """Among few whole numbers, a sampler comes back to the same ones."""
    asked = experiment(
        optimizers=[{"use": ["sgd", "lookahead"], "lr": 1e-3, "sync_period": {"integer": [2, 4]}, "samples": 12}],
        tuning={},
    )
    observer = Counted()
    runs = run_experiment(asked, tmp_path / "r", INLINE, observer).runs
    assert len(runs[runs["role"] == "tuning"]) <= 3
    assert len(observer.made) == len(set(observer.made))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "haling"}, r"search\.method: unknown sampler 'haling'.*halving"),
        ({"tuning": None}, r"search: the sampler halving learns from runs, .*add a table \[tuning\]"),
        ({"tuning": None, "method": "sobol", "prune_after": 0.5}, r"search: prune_after compares runs, .*\[tuning\]"),
        ({"method": "few"}, r"the sampler few gave 19 points where 20 were asked for"),
        ({"method": "other_names"}, r"the sampler other_names gave the point .*where a number for each of lr"),
        ({"method": "blank"}, r"the sampler blank gave the point .*nan"),
        ({"method": "nothing"}, r"the sampler nothing gave the point None where a number for each of lr"),
        ({"method": "words"}, r"the sampler words gave the point .*large.* where a number for each of lr"),
        ({"method": "breaking"}, r"the sampler breaking has failed: KeyError: 'lr', in line \d+ of .*samplers\.py"),
        (
            {"method": "hopeless"},
            r"the sampler hopeless has failed: ZeroDivisionError: .*, in line \d+ of .*samplers\.py",
        ),
        (
            {"optimizers": [{"use": "sgd", "lr": {"uniform": [-1.0, 1.0]}, "samples": 8}]},
            r"optimizers\[0\]: lr = -1.* is out of range",
        ),
        (
            {
                "optimizers": [
                    {"use": "sgd", "lr": {"log_uniform": [1e-6, 1.0]}, "samples": 8, "label": label} for label in "ab"
                ]
            },
            r"optimizers\[1\]: 'b' is the same as 'a' of optimizers\[0\]; leave one out",
        ),
    ],
)
def test_searches_that_can_not_be(tmp_path: Path, told: Path, changes: dict[str, Any], message: str) -> None:
    """Each is told in one message; nothing was made that the experiment doesn't want."""
    with pytest.raises(InputError, match=message):
        run_experiment(experiment(**changes), tmp_path / "r", INLINE)
