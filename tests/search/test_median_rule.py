"""The median rule: which runs of a search are given up, and at which step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from optilab.search.median_rule import Limits, limits_of

COSTS = st.lists(st.floats(0, 100), min_size=6, max_size=6)


@given(before=st.lists(COSTS, max_size=9), mine=COSTS, after=st.integers(0, 5))
def test_runs_are_given_up_as_by_optunas_median_pruner(
    before: list[list[float]], mine: list[float], after: int
) -> None:
    """At the same step, whatever the runs before and however long none is given up."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=10 * after, n_min_trials=5)
    )
    for costs in before:
        other = study.ask()
        for k, cost in enumerate(costs):
            other.report(cost, 10 * k)
        study.tell(other, costs[-1])
    trial, expected = study.ask(), None
    for k, cost in enumerate(mine):
        trial.report(cost, 10 * k)
        if trial.should_prune():
            expected = 10 * k
            break
    limits = limits_of("train_cost", [{10 * k: c for k, c in enumerate(costs)} for costs in before], after / 5)
    found = limits.first_beyond({10 * k: c for k, c in enumerate(mine)}) if limits else None
    assert found == expected
    if limits:
        assert Limits.of_json(limits.as_json()) == limits


def test_a_run_that_ended_early_stands_where_it_ended() -> None:
    """Its last cost counts at every later step."""
    long = {0: 9.0, 10: 5.0, 20: 4.0}
    early = {0: 9.0, 10: 1.0}
    limits = limits_of("train_cost", [early, early, early, long, long], 0)
    assert limits
    assert limits.at == {0: 9.0, 10: 1.0, 20: 1.0}
