"""Samplers of Optuna (https://optuna.org), which choose the points of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optilab import InputError, Point, Sampled, Sampler, SamplerKind, Trial, hookimpl, sampler


@sampler
def tpe(sampled: Mapping[str, Sampled], samples: int, seed: int) -> Sampler:
    """TPE, the tree-structured Parzen estimator: points where good ones lie more densely than bad ones, by Optuna.

    Bergstra et al., "Algorithms for hyper-parameter optimization", 2011. Its first ten points are chosen at random.

    InputError where Optuna isn't installed.
    """
    try:
        import optuna
    except ImportError:
        raise InputError("the sampler 'tpe' needs `pip install 'optilab-framework[optuna]'`") from None
    return Study(optuna.samplers.TPESampler(seed=seed, constant_liar=True), sampled)


class Study(Sampler):
    """An Optuna study with any of Optuna's samplers; a plugin for another one needs only a function like `tpe`."""

    def __init__(self, chooser: Any, sampled: Mapping[str, Sampled]) -> None:
        import optuna

        quiet = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # or it logs each study
        self._study = optuna.create_study(sampler=chooser)
        optuna.logging.set_verbosity(quiet)
        self._distributions = {name: _distribution(found) for name, found in sampled.items()}
        self._asked: list[Any] = []

    def ask(self, count: int) -> Sequence[Point]:
        """Return `count` points, to be tried in parallel."""
        self._asked = [self._study.ask(self._distributions) for _ in range(count)]
        return [trial.params for trial in self._asked]

    def tell(self, trials: Sequence[Trial]) -> None:
        """Report the costs of the points asked for last; one that was given up is pruned, as Optuna calls it."""
        from optuna.trial import TrialState

        for asked, trial in zip(self._asked, trials, strict=True):
            if trial.given_up_after is None:
                self._study.tell(asked, trial.cost)
            else:
                asked.report(trial.cost, trial.given_up_after)
                self._study.tell(asked, state=TrialState.PRUNED)


def _distribution(found: Sampled) -> Any:
    from optuna.distributions import FloatDistribution, IntDistribution

    if found.kind == "integer":
        return IntDistribution(int(found.low), int(found.high))
    return FloatDistribution(found.low, found.high, log=found.kind == "log_uniform")


@hookimpl
def optilab_samplers() -> list[SamplerKind]:
    return [tpe]
