"""The cost along lines and in planes through the weights of networks: which runs they go through, and what it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.curves import bands, ranked
from optilab.figures.source import as_in_the_file, problems_of
from optilab.figures.view import Repeated, View
from optilab.problems.problem import Problem
from optilab.records.histories import history_of
from optilab.records.statuses import LASTED

_WORK = 7e10  # weights times examples times points, that are computed in some seconds
_FEWEST, _MOST = 500, 10_000  # examples

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Runs:
    """One run of each line on a problem with more than two weights, all from one seed.

    problem: its label; `of`: the problem. labels: best first. rows: of `runs`, one a label.
    ended: labels of lines whose run of this seed did not last. problems: how many could have been shown.
    """

    problem: str
    of: Problem
    seed: int
    labels: list[str]
    rows: pd.DataFrame
    ended: list[str]
    problems: int

    def again(self, view: View, label: str) -> Repeated:
        """The run of a line, repeated."""
        row = self.rows[self.rows["label"] == label].iloc[0]
        return view.again(row["spec"], self.seed)

    def in_the_file(self, view: View) -> list[str]:
        """The labels in the order of the experiment's file."""
        return as_in_the_file(view.results, self.labels)


def runs_of(view: View) -> Runs | None:
    """The runs of the best cells on the first problem with more than two weights, on the seed on which most lasted; None if there is none.

    InputError if a problem can't be rebuilt.
    """
    results = view.results
    problems = {label: problem for label, problem in problems_of(results).items() if problem.n_weights > 2}
    best = view.best
    for label, problem in problems.items():
        own = best[best["problem"] == label]
        lasted = own[own["status"].isin(LASTED)]
        if lasted.empty:
            continue
        most = lasted.groupby("seed")["label"].nunique().sort_index()
        seed = int(most.index[int(most.to_numpy().argmax())])
        rows = lasted[lasted["seed"] == seed].drop_duplicates("label")
        order = ranked(bands(history_of(results.history, own["run_id"]), own, "step", "train_cost"))
        labels = [name for name in order if name in set(rows["label"])]
        labels += [name for name in rows["label"] if name not in set(labels)]
        ended = [name for name in dict.fromkeys(own["label"]) if name not in set(labels)]
        return Runs(label, problem, seed, labels, rows, ended, len(problems))
    return None


def sample(rows: NDArray[np.int64], n_weights: int, points: int) -> NDArray[np.int64]:
    """So many of the rows, evenly spaced, that the cost at `points` points takes some seconds; all where there are few."""
    most = int(np.clip(_WORK / (n_weights * points), _FEWEST, _MOST))
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def costs(problem: Problem, points: ArrayLike, part: str, rows: NDArray[np.int64]) -> Weights:
    """Mean cost over examples at each of some points, [point, weight]: those numbered `rows` of the part "train", "valid" or "test"."""
    context = problem.test_context() if part == "test" else problem.context()
    nothing = np.zeros(0, problem.precision)
    vectors = np.array(points, problem.precision, order="C")
    return np.array([problem.evaluate(vector, nothing, rows, context) for vector in vectors], np.float64)


def parts_of(problem: Problem) -> dict[str, NDArray[np.int64]]:
    """The row numbers of each part that the problem has: "train", "valid", "test"."""
    found = {"train": problem.train_rows, "valid": problem.valid_rows, "test": np.arange(problem.n_test_examples)}
    return {name: rows for name, rows in found.items() if rows.size}


def sampled_text(used: int, every: int, what: str) -> str:
    """Over how many examples a cost was computed: a phrase."""
    whole = f"{every:,} {what}{'' if every == 1 else 's'}"
    return whole if used == every else f"{used:,} of {whole}, evenly spaced,"


@dataclass(frozen=True)
class Plane:
    """The plane through three points: an origin, and two directions of length 1 at right angles."""

    origin: Weights
    along: Weights
    across: Weights

    @classmethod
    def through(cls, ends: Sequence[ArrayLike]) -> Plane | None:
        """The plane through three points, the first of which is its origin and the second at its right; None if they lie on one line.

        Gram-Schmidt, as Garipov et al., "Loss surfaces, mode connectivity, and fast ensembling of DNNs", 2018, equation 3.
        """
        first, second, third = (np.asarray(end, np.float64) for end in ends)
        along = second - first
        length = np.linalg.norm(along)
        if not length > 0:
            return None
        along = along / length
        across = (third - first) - np.dot(third - first, along) * along
        height = np.linalg.norm(across)
        if not height > 1e-6 * np.linalg.norm(third - first):
            return None
        return cls(first, along, across / height)

    def project(self, points: ArrayLike) -> Weights:
        """Coordinates of the points nearest to some others, [point, 2]."""
        return (np.atleast_2d(np.asarray(points, np.float64)) - self.origin) @ np.stack(
            [self.along, self.across], axis=1
        )

    def at(self, places: ArrayLike) -> Weights:
        """The points at some coordinates, [point, weight]."""
        found = np.atleast_2d(np.asarray(places, np.float64))
        return self.origin + found @ np.stack([self.along, self.across])

    def distance(self, point: ArrayLike) -> float:
        """How far a point lies off the plane."""
        return float(np.linalg.norm(np.asarray(point, np.float64) - self.at(self.project(point))[0]))
