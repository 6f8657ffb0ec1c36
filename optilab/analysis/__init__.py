"""Statistics of comparisons: tables or arrays in, tables or small results out; they need nothing else of optilab.

`leaderboard` and `verdict` take whole results, anybody's; all others take what their question needs.

A table of runs has a row a run, with its problem, label (the method), seed and values; a history has a row a measurement, with its
run_id. Scores and times are tables with a row a problem and a column a method.

Names are loaded when they are first used: importing this package imports neither pandas nor SciPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optilab.analysis.answer import verdict
    from optilab.analysis.arrival import arrival_verdict
    from optilab.analysis.best_of_k import median_of_studies, tuning_curve
    from optilab.analysis.board import leaderboard
    from optilab.analysis.censoring import (
        Logrank,
        MedianTime,
        expected_running_time,
        logrank,
        median_time,
        survival,
    )
    from optilab.analysis.control import against_control
    from optilab.analysis.effort import tuning_effort
    from optilab.analysis.families import holm
    from optilab.analysis.findings import Findings
    from optilab.analysis.good_range import SensitivityWidth, sensitivity_width
    from optilab.analysis.intervals import Interval, interval, proportion
    from optilab.analysis.pairs import Paired, cliffs_delta, magnitude, paired
    from optilab.analysis.profiles import data_profile, held_out_by_name, performance_profile, profile_score
    from optilab.analysis.ranking import Friedman, Ranks, critical_difference, friedman_from_mean_ranks, ranks
    from optilab.analysis.resolution import (
        power_of,
        seeds_for_significance,
        seeds_needed,
        smallest_difference,
        smallest_p,
    )
    from optilab.analysis.studies import study_times
    from optilab.analysis.targets import ecdf, log_targets, time_to_target

_HOME = {  # no module is called as a function is: the module would take its place here
    "Findings": "findings",
    "Friedman": "ranking",
    "Interval": "intervals",
    "Logrank": "censoring",
    "MedianTime": "censoring",
    "Paired": "pairs",
    "Ranks": "ranking",
    "SensitivityWidth": "good_range",
    "against_control": "control",
    "arrival_verdict": "arrival",
    "cliffs_delta": "pairs",
    "critical_difference": "ranking",
    "data_profile": "profiles",
    "ecdf": "targets",
    "expected_running_time": "censoring",
    "friedman_from_mean_ranks": "ranking",
    "held_out_by_name": "profiles",
    "holm": "families",
    "interval": "intervals",
    "leaderboard": "board",
    "log_targets": "targets",
    "logrank": "censoring",
    "magnitude": "pairs",
    "median_of_studies": "best_of_k",
    "median_time": "censoring",
    "paired": "pairs",
    "performance_profile": "profiles",
    "power_of": "resolution",
    "profile_score": "profiles",
    "proportion": "intervals",
    "ranks": "ranking",
    "seeds_for_significance": "resolution",
    "seeds_needed": "resolution",
    "sensitivity_width": "good_range",
    "smallest_difference": "resolution",
    "smallest_p": "resolution",
    "study_times": "studies",
    "survival": "censoring",
    "time_to_target": "targets",
    "tuning_curve": "best_of_k",
    "tuning_effort": "effort",
    "verdict": "answer",
}

__all__ = [
    "Findings",
    "Friedman",
    "Interval",
    "Logrank",
    "MedianTime",
    "Paired",
    "Ranks",
    "SensitivityWidth",
    "against_control",
    "arrival_verdict",
    "cliffs_delta",
    "critical_difference",
    "data_profile",
    "ecdf",
    "expected_running_time",
    "friedman_from_mean_ranks",
    "held_out_by_name",
    "holm",
    "interval",
    "leaderboard",
    "log_targets",
    "logrank",
    "magnitude",
    "median_of_studies",
    "median_time",
    "paired",
    "performance_profile",
    "power_of",
    "profile_score",
    "proportion",
    "ranks",
    "seeds_for_significance",
    "seeds_needed",
    "sensitivity_width",
    "smallest_difference",
    "smallest_p",
    "study_times",
    "survival",
    "time_to_target",
    "tuning_curve",
    "tuning_effort",
    "verdict",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'optilab.analysis' has no attribute {name!r}")
    return getattr(import_module(f"optilab.analysis.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
