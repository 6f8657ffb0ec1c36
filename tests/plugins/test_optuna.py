"""Optuna chooses the points: as it does by itself, and better than at random."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
import pytest

from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.plugins.loading import registry
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.search.sampled import Sampled
from optilab.search.sampler import Point, Sampler, Trial

RANGES = {
    "lr": Sampled("log_uniform", 1e-4, 1.0),
    "k": Sampled("integer", 1, 9),
    "beta1": Sampled("uniform", 0.5, 0.99),
}


def cost(point: Point) -> float:
    """Lowest at lr = 0.01, k = 3; infinite for a large lr."""
    if point["lr"] > 0.5:
        return np.inf
    return float((np.log10(point["lr"]) + 2) ** 2 + 0.1 * (point["k"] - 3) ** 2)


def tried(points: int, seed: int, judge: Callable[[Point], Trial]) -> list[Point]:
    """The points that it asks for, six at a time."""
    chooser = registry().sampler("tpe").start(RANGES, points, seed)
    assert isinstance(chooser, Sampler)
    found: list[Point] = []
    while len(found) < points:
        asked = chooser.ask(6)
        chooser.tell([judge(point) for point in asked])
        found += asked
    return found


def judged(point: Point) -> Trial:
    """What came of a point; a bad one was given up."""
    found = cost(point)
    return Trial(point, found, 5 if 2 < found < np.inf else None)


def test_the_points_are_optunas_own() -> None:
    """Those of a study of Optuna that is told the same, a pruned trial for one that was given up."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=7, constant_liar=True))
    space = {
        "lr": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True),
        "k": optuna.distributions.IntDistribution(1, 9),
        "beta1": optuna.distributions.FloatDistribution(0.5, 0.99),
    }
    expected = []
    for _ in range(6):
        trials = [study.ask(space) for _ in range(6)]
        for trial in trials:
            found = judged(trial.params)
            if found.given_up_after is None:
                study.tell(trial, found.cost)
            else:
                trial.report(found.cost, found.given_up_after)
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        expected += [trial.params for trial in trials]
    assert tried(36, 7, judged) == expected


def test_another_seed_gives_other_points() -> None:
    """And the same seed the same."""
    one, again, other = (tried(6, seed, judged) for seed in (1, 1, 2))
    assert one == again
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_it_comes_closer_than_an_even_spread() -> None:
    """In the median of eleven searches of sixty points."""
    found, spread = [], []
    for seed in range(11):
        found.append(min(map(cost, tried(60, seed, judged))))
        points = registry().sampler("sobol").start(RANGES, 60, seed)
        assert isinstance(points, list)
        spread.append(min(map(cost, points)))
    assert np.median(found) < np.median(spread) / 2


def experiment(samples: int) -> Experiment:
    """A search for a learning rate and a momentum, with runs that are given up."""
    return Experiment.model_validate(
        {
            "name": "guided",
            "budget": {"steps": 200},
            "measure": {"steps": 20},
            "problem": {"use": "rosenbrock"},
            "tuning": {},
            "search": {"method": "tpe", "prune_after": 0.25},
            "optimizers": [
                {
                    "use": "momentum",
                    "lr": {"log_uniform": [1e-6, 1.0]},
                    "momentum": {"uniform": [0.0, 0.99]},
                    "samples": samples,
                }
            ],
        }
    )


def test_a_whole_experiment_goes_by_it(tmp_path: Path) -> None:
    """Later points are better than the first, some runs are given up, and more samples continue the search."""
    runs = run_experiment(experiment(40), tmp_path / "r", Way(workers=2)).runs
    tuned = runs[runs["role"] == "tuning"]
    assert len(tuned) == 40
    assert set(tuned["status"]) >= {"budget", "pruned"}
    more = run_experiment(experiment(48), tmp_path / "r", Way("inline")).runs
    assert set(tuned["run_id"]) < set(more["run_id"])


def test_without_optuna_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One message, before anything is made."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"the sampler 'tpe' needs `pip install 'optilab-framework\[optuna\]'`"):
        run_experiment(experiment(8), tmp_path / "r", Way("inline"))
    assert not (tmp_path / "r").exists()
