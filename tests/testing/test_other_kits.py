"""What `optilab check` finds of schedules, problems, datasets and samplers, right ones and wrong ones."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from optilab import feedback, function, schedule
from optilab.datasets.dataset import dataset
from optilab.datasets.examples import Examples
from optilab.plugins.loading import registry
from optilab.search.sampler import Point, Sampler, Trial, sampler
from optilab.testing import data, functions, samplers, schedules
from optilab.testing.verdicts import Kit

calls = itertools.count()


def broken(kit: Kit) -> dict[str, str]:
    """The properties that don't hold, and why."""
    return {v.title: v.detail for v in kit.verdicts() if v.outcome == "broken"}


@schedule()
def to_infinity(step, total):
    """Divides by zero at its last step."""
    return 1 / (total - 1 - step)


@schedule(ranges={"rate": "[0, inf)"})
def below_zero(step, total, rate):
    """Falls below zero before its end."""
    return 1 - (rate + 1) * step / total


@schedule()
def of_another_shape(step, total):
    """Answers three numbers, whatever it is asked."""
    return np.ones(3)


@schedule()
def imaginary(step, total):
    """Answers complex numbers."""
    return np.exp(1j * step)


@schedule()
def of_the_mean(step, total):
    """Looks at all steps that it is asked for together."""
    return step / (1 + np.mean(step))


@schedule()
def in_place(step, total):
    """Counts on in the array that it is given."""
    step += 1
    return step / (total + 1)


@schedule()
def counting(step, total):
    """Counts its calls."""
    return np.full(np.shape(step), 1.0 + next(calls))


@schedule()
def at_random(step, total):
    """Answers something else each time."""
    return np.random.default_rng().uniform(0.5, 1, np.shape(step))


@feedback()
def ends():
    """Has an end."""
    for _ in range(5):
        yield 1.0


@feedback()
def answers_nan():
    """Takes the logarithm of a cost."""
    while True:
        measured = yield 1.0
        yield np.log(measured["train_cost"])


@feedback()
def changes_measurements():
    """Writes into what it is told."""
    while True:
        measured = yield 1.0
        measured["train_cost"] = 0.0


best = [np.inf]


@feedback()
def remembers_other_runs():
    """Keeps what it was told outside of the run."""
    while True:
        measured = yield 1.0 if best[0] > 1 else 0.5
        best[0] = measured["train_cost"]


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    ("wrong", "title", "detail"),
    [
        (to_infinity, "Answers a finite", "it answers inf at step 0 in a run of 1"),
        (below_zero, "Answers a finite", "it answers -0.0714286 at step 5 in a run of 7, with {'rate': 0.5}"),
        (of_another_shape, "Answers a finite", r"an array of shape (3,) and type float64"),
        (imaginary, "Answers a finite", "type complex128"),
        (of_the_mean, "Answers the same for one step", "at step 1 of 2, alone and among others"),
        (in_place, "Leaves the steps", "it changes the array of steps"),
        (counting, "Answers the same whatever", "for the second time and at first"),
        (at_random, "Answers the same whatever", "for the second time and at first"),
        (ends, "Answers a finite", "it ends after 5 measurements; a feedback schedule never ends"),
        (answers_nan, "Answers a finite", "it answers -"),
        (changes_measurements, "Leaves the measurements", "it changes a measurement"),
        (remembers_other_runs, "Answers a run the same", "beside other runs"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_wrong_schedule(wrong: Any, title: str, detail: str) -> None:
    """What a schedule does wrong is a broken property, with the step and the run where it shows."""
    best[0] = np.inf
    found = broken(schedules.kit_of(wrong))
    (why,) = [why for name, why in found.items() if name.startswith(title)]
    assert detail in why


@pytest.mark.parametrize("name", registry().schedules)
def test_bundled_schedules_are_right(name: str) -> None:
    """Every bundled schedule keeps all properties of its kit."""
    verdicts = [*schedules.kit_of(registry().schedules[name]).verdicts()]
    assert [v.outcome for v in verdicts] == ["holds"] * len(verdicts)


AT_ZERO: dict[str, Any] = {"start": [1.0, 2.0], "domain": [(-2, 2)] * 2, "minima": [[0.0, 0.0]]}


@function(**AT_ZERO)
def beyond(w, g):
    """Writes beyond the end of g."""
    g[0] = 2 * w[0]
    g[1] = 2 * w[1]
    g[2] = 1.0
    return w[0] ** 2 + w[1] ** 2


@function(**AT_ZERO)
def steeper(w, g):
    """Has another slope than it says."""
    g[0] = 2 * w[0]
    g[1] = 3 * w[1]
    return w[0] ** 2 + w[1] ** 2


@function(**{**AT_ZERO, "minima": [[0.5, 0.0]]})
def elsewhere(w, g):
    """Has its minimum somewhere else."""
    g[:] = 2 * w
    return w[0] ** 2 + w[1] ** 2


@function(**AT_ZERO)
def saddle(w, g):
    """Has no minimum."""
    g[0] = 2 * w[0]
    g[1] = -2 * w[1]
    return w[0] ** 2 - w[1] ** 2


@function(**AT_ZERO)
def kinked(w, g):
    """Has a kink for a minimum."""
    g[0] = 1.0 if w[0] > 0 else -1.0
    g[1] = 1.0 if w[1] > 0 else -1.0
    return abs(w[0]) + abs(w[1])


@function(**AT_ZERO)
def misspelt(w, g):
    """Uses a name that there is not."""
    g[:] = 2 * w
    return w[0] ** 2 + wrong[1] ** 2  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("kind", "title", "detail"),
    [
        (beyond, "Reads and writes", "an index is out of bounds at w = [1.0, 2.0] in line"),
        (steeper, "Has the gradient", "g[1] is 6, and differences of the cost give 4"),
        (elsewhere, "Has minima", "less than 0.25 at the minimum [0.5, 0.0]"),
        (saddle, "Has minima", "less than 0 at the minimum [0.0, 0.0]"),
        (misspelt, "Compiles", "doesn't compile"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_wrong_function(kind: Any, title: str, detail: str) -> None:
    """What a function does wrong is a broken property, with the point where it shows."""
    found = broken(functions.kit_of(kind))
    (why,) = [why for name, why in found.items() if name.startswith(title)]
    assert detail in why


@pytest.mark.parametrize(
    "kind", [kinked, *(registry().problems[n] for n in ("parabola", "two_valleys", "bowl", "rosenbrock"))]
)
def test_right_functions(kind: Any) -> None:
    """Bundled functions, and one with a kink for a minimum, keep all properties."""
    assert broken(functions.kit_of(kind)) == {}


X, Y = np.arange(12.0).reshape(6, 2), np.arange(6) % 2


def examples(**changes: Any) -> Examples:
    """Six examples of two classes."""
    return Examples(**{"x_train": X, "y_train": Y, "x_test": X[:2], "y_test": Y[:2], "classes": ("a", "b"), **changes})


@dataset(digest="1" * 16)
def right_data():
    """The same six examples every time."""
    return examples()


@dataset(digest="2" * 16)
def data_with_nan():
    """Examples without a value."""
    return examples(x_train=X * np.nan)


@dataset(digest="3" * 16)
def data_at_random():
    """Other examples each time."""
    return examples(x_train=np.random.default_rng().normal(size=(6, 2)))


@dataset(digest="version 1")
def data_without_digest():
    """Examples under a name for a digest."""
    return examples()


def test_datasets(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A right dataset keeps all properties; NaN, other content each time, and a digest that is none or another's are told."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path))
    assert broken(data.kit_of(right_data)) == {}
    changed = dataset(digest="1" * 16)(lambda: examples(x_train=X + 1))
    object.__setattr__(changed, "name", "right_data")
    for wrong, detail in (
        (data_with_nan, "NaN"),
        (data_at_random, "x_train is another when it is read again"),
        (data_without_digest, "its digest is 'version 1'"),
        (changed, "x_train is another of what was stored under its digest"),
    ):
        assert any(detail in why for why in broken(data.kit_of(wrong)).values()), broken(data.kit_of(wrong))


def points(count: int, seed: int, ranges: Mapping[str, Any]) -> list[Point]:
    """Random points."""
    random = np.random.default_rng(seed)
    return [{name: found.values(random.uniform(size=1))[0] for name, found in ranges.items()} for _ in range(count)]


@sampler
def uniform(ranges, samples, seed):
    """Draws at random, from the seed."""
    return points(samples, seed, ranges)


@sampler
def one_too_few(ranges, samples, seed):
    """Forgets a point."""
    return points(samples - 1, seed, ranges)


@sampler
def above(ranges, samples, seed):
    """Leaves a range."""
    return [{**point, "lr": 2.0} for point in points(samples, seed, ranges)]


@sampler
def with_fractions(ranges, samples, seed):
    """Takes the middle of each range, of whole numbers too."""
    return [{name: (found.low + found.high) / 2 for name, found in ranges.items()} for _ in range(samples)]


@sampler
def without_names(ranges, samples, seed):
    """Knows lr alone."""
    return [{"lr": 0.1} for _ in range(samples)]


@sampler
def unseeded(ranges, samples, seed):
    """Draws other points each time."""
    return points(samples, next(calls), ranges)


class Learns(Sampler):
    """Asks for the neighbourhood of the best."""

    def __init__(self, ranges: Mapping[str, Any], seed: int) -> None:
        self.ranges, self.seed, self.asked = ranges, seed, 0

    def ask(self, count: int) -> Sequence[Point]:
        """Random points."""
        self.asked += count
        return points(count, self.seed + self.asked, self.ranges)

    def tell(self, trials: Sequence[Trial]) -> None:
        """Works with the logarithm of a cost."""
        assert all(np.isfinite(trial.cost) for trial in trials)


@sampler
def learns(ranges, samples, seed):
    """Learns from what came of its points."""
    return Learns(ranges, seed)


def test_samplers() -> None:
    """A right sampler keeps all properties; a wrong one is told by the point, or by what it can't be told."""
    assert broken(samplers.kit_of(uniform)) == {}
    for wrong, detail in (
        (one_too_few, "it gave 0 points where 1 were asked for"),
        (above, "it gave lr = 2.0, which is not in [0.0001, 1]"),
        (with_fractions, "it gave memory = 10.5, which is no whole number"),
        (without_names, "it gave a point of lr; expected lr, decay, memory"),
        (unseeded, "and when it was asked again"),
        (learns, "AssertionError"),
    ):
        assert any(detail in why for why in broken(samplers.kit_of(wrong)).values()), broken(samplers.kit_of(wrong))


@pytest.mark.parametrize("name", registry().samplers)
def test_bundled_samplers_are_right(name: str) -> None:
    """Every bundled sampler keeps all properties of its kit."""
    assert broken(samplers.kit_of(registry().samplers[name])) == {}
