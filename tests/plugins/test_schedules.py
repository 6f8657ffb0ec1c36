"""The bundled schedules: their formulas, bounds, joins and ends, and what they do to a run."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from optilab.problems.problem import Problem

Vector = NDArray[np.float64]


def curve(name: str, steps: int, total: int | None = None, /, **parameters: Any) -> Vector:
    """Multipliers of the first steps of a run of `total`, or of as many."""
    step = np.arange(steps, dtype=np.float64)
    return optilab.get_schedule(name, **parameters).curve(step, total or steps)


# Of torch.optim.lr_scheduler.ReduceLROnPlateau, after each of these costs.
COSTS = [5, 4, 3, 3, 3, 3, 3, 2.9999, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 1, 1, 1, 1]
PLATEAUS = [
    (
        {"factor": 0.5, "patience": 2, "threshold": 1e-4, "cooldown": 0},
        [1.0] * 5 + [0.5] * 6 + [0.25] * 3 + [0.125] * 3 + [0.0625] * 6 + [0.03125],
    ),
    (
        {"factor": 0.5, "patience": 1, "threshold": 0.1, "cooldown": 2, "floor": 0.1},
        [1.0] * 4 + [0.5] * 4 + [0.25] * 4 + [0.125] * 4 + [0.1] * 8,
    ),
]


@pytest.mark.parametrize(("parameters", "expected"), PLATEAUS)
def test_reduce_on_plateau_is_that_of_torch(parameters: dict[str, Any], expected: list[float]) -> None:
    """With patience, threshold, cooldown and floor, the multiplier falls after the costs after which PyTorch's does."""
    generator = optilab.get_schedule("reduce_on_plateau", **parameters).begin()
    assert next(generator) == 1
    assert [generator.send({"train_cost": cost}) for cost in COSTS] == expected


def test_reduce_on_plateau_watches_the_column_it_is_told() -> None:
    """The monitored column decides; others may do what they like."""
    generator = optilab.get_schedule("reduce_on_plateau", monitor="test_cost", patience=0, factor=0.5).begin()
    assert next(generator) == 1
    sent = [{"train_cost": 1.0, "test_cost": cost} for cost in (3.0, 2.0, 2.0, 1.0)]
    assert [generator.send(row) for row in sent] == [1, 1, 0.5, 0.5]


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@given(
    values=st.lists(st.integers(-40, 40).map(lambda k: k / 4), min_size=1, max_size=30),
    patience=st.integers(0, 4),
    threshold=st.sampled_from([0.0, 1e-4, 0.1, 0.5]),
)
def test_a_plateau_by_its_definition(
    mode: str, threshold_mode: str, values: list[float], patience: int, threshold: float
) -> None:
    """Better is better than the best by threshold * |best|, or by threshold, whatever the sign of the measure."""
    generator = optilab.get_schedule(
        "reduce_on_plateau",
        monitor="gradient_norm",
        mode=mode,
        threshold_mode=threshold_mode,
        patience=patience,
        threshold=threshold,
        factor=0.5,
    ).begin()
    next(generator)
    best, bad, multiplier = None, 0, 1.0
    for value in values:
        cost = value if mode == "min" else -value
        if best is None or best - cost > threshold * (abs(best) if threshold_mode == "rel" else 1):
            best, bad = cost, 0
        else:
            bad += 1
        if bad > patience:
            multiplier, bad = multiplier / 2, 0
        assert generator.send({"gradient_norm": value}) == multiplier


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_cost_that_stands_still_is_a_plateau_on_either_side_of_zero(sign: float) -> None:
    """A negative cost that stays where it is reduces the rate as soon as a positive one does."""
    generator = optilab.get_schedule("reduce_on_plateau", patience=2, factor=0.5).begin()
    next(generator)
    assert [generator.send({"train_cost": sign * 3.0}) for _ in range(7)] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_an_accuracy_is_watched_for_its_rise() -> None:
    """Where no mode is given, accuracies are better the higher, and everything else the lower it is."""
    for monitor, better, worse in (("test_accuracy", 0.9, 0.1), ("test_cost", 0.1, 0.9)):
        for path, expected in (([0.5, better], 1.0), ([0.5, worse], 0.5)):
            generator = optilab.get_schedule("reduce_on_plateau", monitor=monitor, patience=0, factor=0.5).begin()
            next(generator)
            assert [generator.send({monitor: value}) for value in path][-1] == expected


@pytest.mark.parametrize(
    ("monitor", "mode", "better"),
    [("train_accuracy", "min", "higher"), ("test_accuracy", "min", "higher"), ("train_cost", "max", "lower")],
)
def test_a_mode_that_contradicts_its_monitor_is_refused(monitor: str, mode: str, better: str) -> None:
    """An accuracy as low as possible, or a cost as high, is nobody's aim: it is refused before anything runs."""
    schedule = {"use": "reduce_on_plateau", "monitor": monitor, "mode": mode}
    message = f'mode = "{mode}" contradicts monitor = "{monitor}", which is better the {better} it is'
    with pytest.raises(optilab.InputError, match=message):
        optilab.train("bowl", "sgd", steps=1, schedule=schedule)


COUNTS = [
    ("warmup", "steps", {}),
    ("inverse_sqrt", "warmup", {}),
    ("cyclic", "up", {}),
    ("cyclic", "down", {"up": 3}),
    ("cosine_restarts", "steps", {}),
    ("cosine_wave", "steps", {}),
    ("step", "every", {}),
    ("exponential", "every", {"gamma": 0.5}),
    ("transition", "steps", {}),
    ("transition", "begin", {"steps": 3}),
    ("multi_step", "milestones", {}),
    ("piecewise", "milestones", {"factors": [0.5]}),
    ("sequence", "milestones", {"schedules": ["constant", "linear"]}),
    ("reduce_on_plateau", "patience", {}),
    ("reduce_on_plateau", "cooldown", {}),
    ("reduce_on_plateau", "accumulation", {}),
]


@pytest.mark.parametrize(("name", "parameter", "others"), COUNTS)
def test_what_counts_steps_is_a_whole_number(name: str, parameter: str, others: dict[str, Any]) -> None:
    """Half a step is refused wherever steps, or measurements, are counted; 4.0 is 4."""

    def plan(value: float) -> Any:
        given = {parameter: [value] if parameter == "milestones" else value}
        return optilab.train("bowl", "sgd", steps=8, lr=1e-3, schedule={"use": name, **others, **given})

    with pytest.raises(optilab.InputError, match=r"2\.5"):
        plan(2.5)
    np.testing.assert_array_equal(plan(4.0).w, plan(4).w)


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_a_warmup_never_goes_above_one(steps: int) -> None:
    """The way up ends at 1, with its last step."""
    values = curve("warmup", 12, 12, steps=steps)
    assert values.max() == 1.0
    assert values[steps - 1] == 1.0


@optilab.feedback()
def halved_at_first():
    """Begins at a half, and goes on at the whole."""
    yield 0.5
    while True:
        yield 1.0


def test_first_answer_of_a_feedback_schedule_counts() -> None:
    """What it answers before any measurement multiplies the first interval; `lr` in the history tells."""
    run = optilab.train("bowl", "sgd", lr=0.01, steps=3, measure_steps=1, schedule=halved_at_first)
    assert run.history["lr"].tolist() == [0.005, 0.01, 0.01, 0.01]


REQUIRED: dict[str, dict[str, Any]] = {
    "step": {"every": 3},
    "exponential": {"gamma": 0.95},
    "inverse_time": {"rate": 0.1},
    "warmup": {"steps": 4},
    "cyclic": {"up": 4},
    "cosine_restarts": {"steps": 4},
    "cosine_wave": {"steps": 4},
    "transition": {"steps": 4},
}


def bundled() -> list[str]:
    """Names of the schedules that come with optilab, feedback aside."""
    names = []
    for point in entry_points(group="optilab"):
        if point.dist is not None and point.dist.name == "optilab-framework":
            module = point.load()
            if hasattr(module, "optilab_schedules"):
                names += [s.name for s in module.optilab_schedules() if not s.is_feedback]
    return sorted(names)


@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("total", [1, 2, 3, 10, 1000])
def test_schedule_of_any_length_is_a_multiplier(name: str, total: int) -> None:
    """In runs of one step and of a thousand, and past their end, each schedule is finite and from 0 to 1.

    Only Chebyshev's steps are longer, up to the condition, 20.
    """
    values = curve(name, 2 * total + 5, total, **REQUIRED.get(name, {}))
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= (20 if name == "chebyshev" else 1) + 1e-14


RISING = (
    "warmup",
    "warmup_stable_decay",
    "one_cycle",
    "cyclic",
    "cosine_restarts",
    "cosine_wave",
    "chebyshev",
)


@pytest.mark.parametrize("name", [n for n in bundled() if n not in RISING])
def test_schedule_that_goes_down_starts_at_one(name: str) -> None:
    """The first step of a decay is taken with the whole hyperparameter, and it never rises."""
    values = curve(name, 50, 40, **REQUIRED.get(name, {}))
    assert values[0] == 1
    assert (np.diff(values) <= 1e-16).all()


STAYS = {
    "constant",
    "polynomial",
    "linear",
    "cosine",
    "rex",
    "warmup",
    "warmup_stable_decay",
    "one_cycle",
    "sequence",
    "product",
    "transition",
    "clip",
    "multi_step",
    "piecewise",
}
GOES_ON = {"step", "exponential", "inverse_time", "inverse_sqrt", "cyclic", "cosine_restarts", "cosine_wave"}


@pytest.mark.parametrize("name", bundled())
def test_schedule_past_its_end(name: str) -> None:
    """Past the end a schedule stays as it is, or goes on as if the run were longer, or begins anew, as it says."""
    values = curve(name, 75, 25, **REQUIRED.get(name, {}))
    if name in STAYS:
        np.testing.assert_array_equal(values[25:], np.full(50, values[25]))
    elif name in GOES_ON:
        np.testing.assert_array_equal(values, curve(name, 75, 1000, **REQUIRED.get(name, {})))
        assert len(set(values[25:])) > 3
    else:
        assert name == "chebyshev"
        np.testing.assert_array_equal(values, np.tile(values[:25], 3))


@example_settings(max_examples=60)
@given(total=st.integers(1, 300), steps=st.lists(st.integers(0, 1000), min_size=1, max_size=8))
@pytest.mark.parametrize("name", bundled())
def test_schedule_of_an_array_is_that_of_each_step(name: str, total: int, steps: list[int]) -> None:
    """Each value depends on its own step alone, in any order, in a column as in a row, of a whole number as of a float."""
    bound = optilab.get_schedule(name, **REQUIRED.get(name, {}))
    together = bound.curve(np.array(steps, float)[:, None], total)
    assert together.shape == (len(steps), 1)
    alone = [float(bound.curve(np.array(step), total)) for step in steps]
    np.testing.assert_allclose(together[:, 0], alone, rtol=1e-13, atol=1e-16)


floors = st.floats(0, 1)
totals = st.integers(1, 500)


@example_settings(max_examples=60)
@given(total=totals, floor=floors, power=st.floats(0.1, 5))
@pytest.mark.parametrize("name", ["cosine", "polynomial", "rex"])
def test_schedule_stays_between_its_floor_and_one(name: str, total: int, floor: float, power: float) -> None:
    """From 1 down to the floor at the end, where it stays, never below and never up."""
    parameters = {"floor": floor} if name == "rex" else {"floor": floor, "power": power}
    values = curve(name, total + 20, total, **parameters)
    assert values[0] == pytest.approx(1, rel=1e-15)
    assert (np.diff(values) <= 1e-15).all()
    assert values.min() >= floor - 1e-15
    np.testing.assert_allclose(values[total:], floor, rtol=1e-14, atol=1e-15)


@example_settings(max_examples=60)
@given(total=totals, start=st.floats(0, 5), end=st.floats(0, 5))
def test_linear_is_a_straight_line(total: int, start: float, end: float) -> None:
    """It begins at start, is at end after the total, stays there, and is half way between half way through."""
    values = curve("linear", 2 * total + 1, 2 * total, start=start, end=end)
    assert values[0] == start
    assert values[-1] == pytest.approx(end, rel=1e-14, abs=1e-14)
    assert values[total] == pytest.approx((start + end) / 2, rel=1e-14)
    assert curve("linear", 3 * total, total, start=start, end=end)[-1] == pytest.approx(end, rel=1e-14, abs=1e-14)


@example_settings(max_examples=60)
@given(every=st.integers(1, 30), gamma=st.floats(0.1, 1))
def test_step_falls_after_every_so_many_steps(every: int, gamma: float) -> None:
    """Every value lasts `every` steps, and the next is gamma times it, also past the end."""
    values = curve("step", 4 * every, 2, every=every, gamma=gamma).reshape(4, every)
    np.testing.assert_allclose(values, np.repeat(gamma ** np.arange(4.0), every).reshape(4, every), rtol=1e-14)


@example_settings(max_examples=60)
@given(rate=st.floats(0, 10), power=st.floats(0.1, 3), step=st.integers(0, 1000))
def test_inverse_time_is_its_formula(rate: float, power: float, step: int) -> None:
    """(1 + rate * step) to the power of -power, also past the end."""
    value = curve("inverse_time", step + 1, 7, rate=rate, power=power)[step]
    assert value == pytest.approx(np.exp(-power * np.log1p(rate * step)), rel=1e-12)


def test_multi_step_without_milestones_is_constant() -> None:
    """By default there are no milestones."""
    np.testing.assert_array_equal(curve("multi_step", 5), np.ones(5))


def test_constant_is_one() -> None:
    """The schedule that changes nothing."""
    np.testing.assert_array_equal(curve("constant", 5), np.ones(5))


@example_settings(max_examples=60)
@given(
    total=st.integers(10, 500),
    rise=st.floats(0.15, 0.9),
    div=st.floats(1.5, 100),
    final_div=st.floats(1, 1e5),
)
def test_one_cycle_rises_once_and_falls_once(total: int, rise: float, div: float, final_div: float) -> None:
    """From 1/div up to at most 1 at about rise * total, then down to 1/(div * final_div), where it stays."""
    values = curve("one_cycle", total + 10, total, rise=rise, div=div, final_div=final_div)
    top = int(values.argmax())
    assert values[0] == pytest.approx(1 / div, rel=1e-10)
    assert abs(top - (rise * total - 1)) <= 1
    assert values.max() <= 1 + 1e-15
    assert (np.diff(values[: top + 1]) >= -1e-12).all()
    assert (np.diff(values[top:]) <= 1e-12).all()
    np.testing.assert_allclose(values[total - 1 :], 1 / (div * final_div), rtol=1e-9)


@example_settings(max_examples=60)
@given(steps=st.integers(1, 50), total=st.integers(1, 200))
def test_warmup_rises_to_one_and_stays(steps: int, total: int) -> None:
    """The first of n steps has 1/n, the n-th has 1, and so have all after it."""
    values = curve("warmup", steps + 10, total, steps=steps)
    np.testing.assert_allclose(values[:steps], np.arange(1, steps + 1) / steps, rtol=1e-14)
    np.testing.assert_array_equal(values[steps:], 1)


def test_warmup_and_then_another() -> None:
    """After the warmup the other schedule runs from its own start to its own end over what is left."""
    values = curve("warmup", 25, 20, steps=4, then={"use": "cosine", "floor": 0.1})
    np.testing.assert_allclose(values[:4], [0.25, 0.5, 0.75, 1], rtol=1e-15)
    np.testing.assert_allclose(values[4:], curve("cosine", 21, 16, floor=0.1), rtol=1e-14)
    np.testing.assert_array_equal(values[4:], curve("warmup", 25, 20, steps=4, then="cosine")[4:] * 0.9 + 0.1)


def test_warmup_longer_than_the_run() -> None:
    """A warmup that outlasts the run is cut off with it."""
    np.testing.assert_allclose(curve("warmup", 3, 3, steps=10, then="cosine"), [0.1, 0.2, 0.3], rtol=1e-15)


@example_settings(max_examples=60)
@given(total=totals, floor=floors, power=st.floats(0.2, 4))
def test_cosine_is_its_formula(total: int, floor: float, power: float) -> None:
    """Floor + (1 - floor) * cos(pi x / 2)^(2 power), by the half-angle formula, and half way down at half the run."""
    x = np.arange(total + 1) / total
    expected = floor + (1 - floor) * np.abs(np.cos(np.pi * x / 2)) ** (2 * power)
    np.testing.assert_allclose(curve("cosine", total + 1, total, floor=floor, power=power), expected, atol=1e-6)
    middle = curve("cosine", total + 1, 2 * total, floor=floor)[total]
    assert middle == pytest.approx((1 + floor) / 2, rel=1e-14)


@example_settings(max_examples=60)
@given(total=totals, floor=floors)
def test_rex_is_its_formula(total: int, floor: float) -> None:
    """As in the paper, (1 - x) / (1/2 + (1 - x) / 2) above the floor: two thirds at half the run."""
    left = 1 - np.arange(total + 1) / total
    expected = floor + (1 - floor) * left / (0.5 + 0.5 * left)
    np.testing.assert_allclose(curve("rex", total + 1, total, floor=floor), expected, rtol=1e-12, atol=1e-15)
    assert curve("rex", total + 1, 2 * total)[total] == pytest.approx(2 / 3, rel=1e-14)


@example_settings(max_examples=60)
@given(
    total=st.integers(1, 500),
    warmup=st.floats(0, 0.5),
    decay=st.floats(0.01, 0.5),
    floor=floors,
    shape=st.sampled_from(["linear", "cosine", "sqrt"]),
)
def test_warmup_stable_decay_has_three_parts(total: int, warmup: float, decay: float, floor: float, shape: str) -> None:
    """Straight up to 1, there until the last fraction of the run, and from there down to the floor, where it stays."""
    parameters = {"warmup": warmup, "decay": decay, "floor": floor, "shape": shape}
    values = curve("warmup_stable_decay", total + 20, total, **parameters)
    step = np.arange(total + 20)
    up, begin = max(warmup * total, 1), total - decay * total
    rising, falling = step < min(up - 1, begin), step > begin
    np.testing.assert_allclose(values[rising], (step[rising] + 1) / up, rtol=1e-12)
    stable = (step >= up - 1) & (step <= begin)
    np.testing.assert_allclose(values[stable], 1, rtol=1e-12)
    assert (np.diff(values[falling & (step >= up - 1)]) <= 1e-15).all()
    np.testing.assert_allclose(values[max(total, int(up) + 1) :], floor, rtol=1e-12, atol=1e-15)


def test_shapes_of_the_decay() -> None:
    """A quarter of the way down, a straight line has lost a quarter, half a cosine 0.146, and 1 - sqrt a half."""
    at = {
        shape: curve("warmup_stable_decay", 100, 100, warmup=0.1, decay=0.4, shape=shape)[70]
        for shape in ("linear", "cosine", "sqrt")
    }
    assert at == pytest.approx({"linear": 0.75, "cosine": (1 + np.sqrt(0.5)) / 2, "sqrt": 0.5}, rel=1e-12)


@example_settings(max_examples=60)
@given(warmup=st.integers(1, 400), width=st.integers(1, 4096))
def test_inverse_sqrt_is_noam(warmup: int, width: int) -> None:
    """Over its largest value, the rate of the Transformer: width^-0.5 * min(t^-0.5, t * warmup^-1.5), t from 1."""
    t = np.arange(1.0, 1001)
    noam = width**-0.5 * np.minimum(t**-0.5, t * warmup**-1.5)
    np.testing.assert_allclose(curve("inverse_sqrt", 1000, 10, warmup=warmup), noam / noam.max(), rtol=1e-12)


@example_settings(max_examples=60)
@given(warmup=st.integers(1, 400))
def test_inverse_sqrt_with_a_constant_start(warmup: int) -> None:
    """1 for the first `warmup` steps, and sqrt(warmup / t) from there; without a warm-up it is 1 / sqrt(t)."""
    t = np.arange(1.0, 1001)
    values = curve("inverse_sqrt", 1000, 10, warmup=warmup, first="constant")
    np.testing.assert_allclose(values, (np.maximum(t, warmup) / warmup) ** -0.5, rtol=1e-12)
    np.testing.assert_allclose(curve("inverse_sqrt", 1000, 10), 1 / np.sqrt(t), rtol=1e-12)
    np.testing.assert_allclose(curve("inverse_time", 1000, 10, rate=1, power=0.5), 1 / np.sqrt(t), rtol=1e-12)


@example_settings(max_examples=60)
@given(quarter=st.integers(4, 100), fall=st.sampled_from([0.5, 0.75]), shape=st.sampled_from(["cosine", "linear"]))
@pytest.mark.parametrize(("convention", "early"), [("torch", (1, 2, 1)), ("optax", (0, 0, 0))])
def test_one_cycle_with_a_third_phase(
    convention: str, early: tuple[int, int, int], quarter: int, fall: float, shape: str
) -> None:
    """It is at the top at `rise`, back where it began at `fall`, and from there goes down to the end; straight, if it is told."""
    total = 4 * quarter
    switches = {"rise": 0.25, "fall": fall, "shape": shape, "convention": convention}
    values = curve("one_cycle", total + 10, total, **switches)
    top, back, end = (int(f * total) - e for f, e in zip((0.25, fall, 1), early, strict=True))
    np.testing.assert_allclose(values[[0, top, back, end]], [1 / 25, 1, 1 / 25, 4e-6], rtol=1e-9)
    np.testing.assert_array_equal(values[end:], np.full(total + 10 - end, values[end]))
    for begin, last in ((0, top), (top, back), (back, end)):
        change = np.diff(values[begin : last + 1])
        assert (change > 0).all() or (change < 0).all()
        assert np.allclose(change, change[0], rtol=1e-6) == (shape == "linear")


@pytest.mark.parametrize("convention", ["torch", "optax"])
@pytest.mark.parametrize("fall", [0, 0.6])
@pytest.mark.parametrize("total", range(1, 8))
def test_one_cycle_in_a_few_steps(total: int, fall: float, convention: str) -> None:
    """A run too short for its phases begins at 1/div, rises first and falls then, and soon after it is at the end."""
    values = curve("one_cycle", total + 6, total, fall=fall, convention=convention)
    top = int(values.argmax())
    assert values[0] == pytest.approx(1 / 25, rel=1e-12)
    assert (np.diff(values[: top + 1]) > 0).all()
    assert (np.diff(values[top:]) <= 1e-12).all()
    np.testing.assert_allclose(values[total + 1 :], 4e-6, rtol=1e-9)


@example_settings(max_examples=60)
@given(
    up=st.integers(1, 20),
    down=st.integers(0, 20),
    start=st.floats(0, 2),
    gamma=st.floats(0.5, 1),
    mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
)
def test_cyclic_comes_back(up: int, down: int, start: float, gamma: float, mode: str) -> None:
    """It is at start at the beginning of each cycle, farthest from it after `up` steps, and never beyond 1."""
    values = curve("cyclic", 200, 10, up=up, down=down, start=start, gamma=gamma, mode=mode)
    period = up + (down or up)
    cycles = values[: 200 // period * period].reshape(-1, period)
    np.testing.assert_allclose(cycles[:, 0], start, rtol=1e-12, atol=1e-12)
    rise = (cycles[:, min(up, period - 1)] - start) if up < period else np.zeros(len(cycles))
    k = np.arange(len(cycles))
    heights: dict[str, Any] = {"triangular": 1.0, "triangular2": 0.5**k, "exp_range": gamma ** (k * period + up)}
    np.testing.assert_allclose(rise, (1 - start) * heights[mode] * np.ones(len(cycles)), rtol=1e-9, atol=1e-12)
    assert (np.abs(values - start) <= abs(1 - start) + 1e-12).all()


@example_settings(max_examples=60)
@given(steps=st.integers(1, 30), growth=st.integers(1, 3), gamma=st.floats(0.3, 1), floor=floors)
def test_cosine_restarts_are_cosines(steps: int, growth: int, gamma: float, floor: float) -> None:
    """Each part is the cosine over its own length, gamma times as high above the floor as the one before it."""
    values = curve("cosine_restarts", 400, 10, steps=steps, growth=growth, gamma=gamma, floor=floor)
    begin, length, height = 0, steps, 1 - floor
    while begin + length <= 400:
        part = floor + height * curve("cosine", length)
        np.testing.assert_allclose(values[begin : begin + length], part, rtol=1e-12, atol=1e-14)
        begin, length, height = begin + length, length * growth, height * gamma
    assert begin > 200 // growth


@example_settings(max_examples=60)
@given(steps=st.integers(1, 50), floor=floors)
def test_cosine_wave_goes_down_and_up(steps: int, floor: float) -> None:
    """Down it is the cosine, up the same backwards, and then it begins anew."""
    values = curve("cosine_wave", 4 * steps + 1, 10, steps=steps, floor=floor)
    down = curve("cosine", steps + 1, steps, floor=floor)
    np.testing.assert_allclose(values[: steps + 1], down, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(values[steps : 2 * steps + 1], down[::-1], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(values[2 * steps :], values[: 2 * steps + 1], rtol=1e-12, atol=1e-13)


def test_chebyshev_in_the_order_of_the_paper() -> None:
    """Eight steps come in the order 1 8 4 5 2 7 3 6, of which the first is the longest and the eighth the shortest."""
    longest = np.argsort(-curve("chebyshev", 8))
    places = np.empty(8, int)
    places[longest] = np.arange(1, 9)
    assert places.tolist() == [1, 8, 4, 5, 2, 7, 3, 6]


@example_settings(max_examples=60)
@given(total=st.integers(1, 64), condition=st.floats(1.5, 100))
def test_chebyshev_steps_are_the_best(total: int, condition: float) -> None:
    """What is left of an error, over all curvatures, is at most that of the Chebyshev polynomial, and at the ends just it."""
    steps = curve("chebyshev", total, condition=condition)
    assert (steps > 1 - 1e-12).all()
    assert (steps < condition + 1e-9).all()
    curvatures = np.linspace(1 / condition, 1, 301)
    left = np.abs(np.prod(1 - steps[:, None] * curvatures, axis=0))
    best = 1 / np.cosh(total * np.arccosh((condition + 1) / (condition - 1)))
    np.testing.assert_allclose(left[[0, -1]], best, rtol=1e-7)
    assert left.max() <= best * (1 + 1e-7)


def test_chebyshev_in_a_run() -> None:
    """32 steps of gradient descent on a bowl whose curvatures are 1 and 20 leave what the polynomial leaves of both weights."""
    problem = optilab.get_problem("bowl")
    run = optilab.train(problem, "gradient_descent", lr=1 / 20, steps=32, schedule="chebyshev")
    best = 1 / np.cosh(32 * np.arccosh(21 / 19))
    np.testing.assert_allclose(np.abs(run.w / problem.initial()), best, rtol=1e-6)


increasing = st.lists(st.integers(1, 100), min_size=1, max_size=5, unique=True).map(sorted)


@example_settings(max_examples=60)
@given(milestones=increasing, data=st.data())
@pytest.mark.parametrize("shape", ["constant", "linear", "cosine"])
def test_piecewise_goes_through_its_points(shape: str, milestones: list[int], data: st.DataObject) -> None:
    """At each milestone it has the product of the factors so far, and between two nothing beyond theirs."""
    factors = data.draw(st.lists(st.floats(0, 3), min_size=len(milestones), max_size=len(milestones)))
    values = curve("piecewise", 120, 10, milestones=milestones, factors=factors, shape=shape)
    points = np.cumprod([1.0, *factors])
    np.testing.assert_allclose(values[[0, *milestones]], points, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(values[milestones[-1] :], points[-1], rtol=1e-12, atol=1e-300)
    for begin, end, one, other in zip([0, *milestones], milestones, points, points[1:], strict=False):
        between = values[begin:end]
        if shape == "constant":
            np.testing.assert_array_equal(between, np.full(end - begin, one))
        assert between.min() >= min(one, other) * (1 - 1e-12)
        assert between.max() <= max(one, other) * (1 + 1e-12)


def test_piecewise_along_a_line_and_a_cosine() -> None:
    """A quarter of the way, a straight line has gone a quarter and half a cosine 0.146."""
    straight, bent = (
        curve("piecewise", 100, milestones=[40], factors=[0.5], shape=shape)[10] for shape in ("linear", "cosine")
    )
    assert straight == pytest.approx(1 - 0.5 / 4, rel=1e-14)
    assert bent == pytest.approx(1 - 0.5 * (1 - np.sqrt(0.5)) / 2, rel=1e-14)


@example_settings(max_examples=30)
@given(total=st.integers(1, 100))
@pytest.mark.parametrize("name", bundled())
def test_a_sequence_or_product_of_one_is_that_one(name: str, total: int) -> None:
    """A single schedule stands alone in a sequence, in a product, and in a clip that is wide enough."""
    table = {"use": name, **REQUIRED.get(name, {})}
    alone = curve(name, 2 * total, total, **REQUIRED.get(name, {}))
    np.testing.assert_array_equal(curve("sequence", 2 * total, total, schedules=[table]), alone)
    np.testing.assert_array_equal(curve("product", 2 * total, total, schedules=[table]), alone)
    np.testing.assert_array_equal(curve("clip", 2 * total, total, schedule=table), alone)


@example_settings(max_examples=60)
@given(milestones=increasing, total=st.integers(1, 120))
def test_parts_of_a_sequence_begin_anew(milestones: list[int], total: int) -> None:
    """Each part is that schedule from its own step 0 over its own length, the last over what is left, or a single step."""
    tables = [{"use": "cosine", "floor": 1 / (k + 2)} for k in range(len(milestones) + 1)]
    values = curve("sequence", 150, total, schedules=tables, milestones=milestones)
    ends = [*milestones, max(total, milestones[-1] + 1)]
    for k, (begin, end) in enumerate(zip([0, *milestones], ends, strict=True)):
        last = k == len(milestones)
        part = curve("cosine", (150 if last else end) - begin, end - begin, floor=1 / (k + 2))
        np.testing.assert_array_equal(values[begin : 150 if last else end], part)


@example_settings(max_examples=60)
@given(steps=st.integers(1, 50), total=st.integers(60, 200), start=floors)
def test_a_sequence_is_continuous_where_its_parts_are(steps: int, total: int, start: float) -> None:
    """A straight line up to 1 and a cosine from there make no jump: a step changes no more than the steeper of both."""
    parts = [{"use": "linear", "start": start, "end": 1}, "cosine"]
    values = curve("sequence", total + 10, total, schedules=parts, milestones=[steps])
    steepest = max((1 - start) / steps, np.pi / 2 / (total - steps))
    assert np.abs(np.diff(values)).max() <= steepest + 1e-12
    assert values[steps] == 1


@example_settings(max_examples=60)
@given(total=st.integers(1, 500), fractions=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4, unique=True))
def test_milestones_as_fractions(total: int, fractions: list[float]) -> None:
    """Milestones below 1 are that fraction of the run, to the nearest step, and step 1 at the earliest."""
    parts = [{"use": "constant", "factor": k} for k in range(len(fractions) + 1)]
    values = curve("sequence", total + 5, total, schedules=parts, milestones=sorted(fractions))
    at = [max(1, round(f * total)) for f in sorted(fractions)]
    np.testing.assert_array_equal(values, np.searchsorted(at, np.arange(total + 5), side="right"))


@example_settings(max_examples=60)
@given(st.lists(st.floats(0, 4), min_size=1, max_size=5), totals)
def test_a_product_of_constants_is_their_product(factors: list[float], total: int) -> None:
    """Constants multiply, and a curve is multiplied at every step."""
    tables: list[Any] = [{"use": "constant", "factor": f} for f in factors]
    expected = np.prod(factors)
    np.testing.assert_allclose(curve("product", 9, total, schedules=tables), np.full(9, expected), rtol=1e-14)
    whole = curve("product", 9, total, schedules=[*tables, "cosine"])
    np.testing.assert_allclose(whole, expected * curve("cosine", 9, total), rtol=1e-14, atol=1e-300)


@example_settings(max_examples=60)
@given(steps=st.integers(1, 50), begin=st.integers(0, 50), total=st.integers(1, 60))
@pytest.mark.parametrize("name", ["cosine", "linear", "polynomial", "rex", "one_cycle"])
def test_a_transition_has_steps_of_its_own(name: str, steps: int, begin: int, total: int) -> None:
    """The schedule over `steps` steps from `begin`, its first value before that and its last after it, in any run."""
    values = curve("transition", 120, total, schedule=name, steps=steps, begin=begin)
    own = curve(name, steps + 1, steps)
    np.testing.assert_array_equal(values[:begin], np.full(begin, own[0]))
    np.testing.assert_array_equal(values[begin : begin + steps + 1], own)
    np.testing.assert_array_equal(values[begin + steps :], np.full(120 - begin - steps, own[-1]))


def test_a_transition_ends() -> None:
    """Even a schedule that goes on past its end stays at the value that it has after its steps."""
    grows = {"use": "exponential", "gamma": 2}
    values = curve("transition", 8, 100, schedule=grows, steps=3, begin=2)
    assert values.tolist() == [1, 1, 1, 2, 4, 8, 8, 8]


@example_settings(max_examples=60)
@given(st.floats(0, 1), st.floats(1e-3, 2), totals)
def test_a_clip_keeps_its_bounds(low: float, width: float, total: int) -> None:
    """Below low and above high it is these; anywhere else the schedule itself."""
    values = curve("clip", total + 9, total, schedule="cosine", low=low, high=low + width)
    inside = curve("cosine", total + 9, total)
    np.testing.assert_array_equal(values, np.minimum(np.maximum(inside, low), low + width))


def test_schedule_can_be_called_as_a_function() -> None:
    """A schedule is a NumPy function of the step, for plots and tests: of a number or of an array, whole or not."""
    from optilab_schedules.decay import cosine

    assert cosine(5, 10) == pytest.approx(0.5, rel=1e-15)
    np.testing.assert_allclose(cosine([0, 5, 10], 10, floor=0.5), [1, 0.75, 0.5], rtol=1e-15)


def test_steps_of_an_interval_are_those_of_the_whole_run() -> None:
    """Multipliers of any part of a run are that part of the multipliers of the whole."""
    for name in bundled():
        bound = optilab.get_schedule(name, **REQUIRED.get(name, {}))
        whole = bound.multipliers(0, 100, 100, 10)
        parts = [bound.multipliers(first, steps, 100, 10) for first, steps in ((0, 1), (1, 42), (43, 57))]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_schedule_counted_in_epochs() -> None:
    """Per = "epoch" gives all steps of an epoch the value at the number of epochs behind, of all that there are."""
    bound = optilab.get_schedule("linear", per="epoch")
    np.testing.assert_allclose(bound.multipliers(0, 10, 10, 4), np.repeat([1, 2 / 3, 1 / 3], 4)[:10], rtol=1e-14)
    halving = optilab.get_schedule("step", every=2, gamma=0.5, per="epoch")
    np.testing.assert_array_equal(halving.multipliers(0, 12, 12, 3), np.repeat([1, 0.5], 6))


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """A straight line through twelve noisy points, in float64."""
    x = np.linspace(-1, 1, 12)[:, None]
    y = x[:, 0] / 2 + np.random.default_rng(0).normal(scale=0.1, size=12)
    file = tmp_path_factory.mktemp("data") / "line.npz"
    np.savez(file, x_train=x, y_train=y)
    return optilab.get_problem(
        "network", dataset={"path": str(file), "test_fraction": 0.0}, hidden=[], precision="float64"
    )


def used(schedule: Any, steps: int = 8, optimizer: str = "sgd", **given: Any) -> Vector:
    """The learning rate of each step, as the history has it."""
    problem = optilab.get_problem("bowl")
    history = optilab.train(problem, optimizer, steps=steps, measure_steps=1, schedule=schedule, **given).history
    np.testing.assert_array_equal(history["step"], np.arange(steps + 1))
    return history["lr"].to_numpy()[1:]


def test_schedule_multiplies_the_learning_rate() -> None:
    """The learning rate of a step is its base times the schedule at the steps taken before it."""
    np.testing.assert_allclose(used("cosine", lr=0.02), 0.02 * curve("cosine", 8), rtol=1e-14)
    np.testing.assert_allclose(used(None, lr=0.02), np.full(8, 0.02), rtol=1e-15)
    table = {"use": "warmup", "steps": 3, "then": {"use": "linear", "end": 0.5}}
    expected = [1 / 3, 2 / 3, 1, 1, 0.9, 0.8, 0.7, 0.6]
    np.testing.assert_allclose(used(table, lr=0.01), 0.01 * np.array(expected), rtol=1e-14)


def test_schedules_multiply_one_another() -> None:
    """Two schedules of one hyperparameter both count."""
    both = used([{"use": "step", "every": 4, "gamma": 0.5}, {"use": "exponential", "gamma": 0.9}], lr=0.02)
    expected = 0.02 * np.array([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]) * 0.9 ** np.arange(8)
    np.testing.assert_allclose(both, expected, rtol=1e-14)


@pytest.mark.parametrize("measure_steps", [1, 3, 8])
def test_weights_follow_the_schedule(measure_steps: int) -> None:
    """Weights after a scheduled run are those of the same steps by hand, however often it is measured."""
    problem = optilab.get_problem("bowl")
    table = {"use": "linear", "start": 0.1, "end": 1.0}
    run = optilab.train(problem, "sgd", lr=0.09, steps=8, schedule=table, measure_steps=measure_steps)
    w = problem.initial()
    for step in range(8):
        w = w - 0.09 * (0.1 + 0.9 * step / 8) * w * [1, 20]
    np.testing.assert_allclose(run.w, w, rtol=1e-12)


def test_schedule_of_another_hyperparameter() -> None:
    """A schedule of momentum changes momentum from step to step and leaves the learning rate alone."""
    table = {"use": "linear", "end": 0.5, "of": "momentum"}
    np.testing.assert_allclose(used(table, optimizer="momentum", lr=0.01), np.full(8, 0.01), rtol=1e-15)
    problem = optilab.get_problem("bowl")
    run = optilab.train(problem, "momentum", steps=8, lr=0.01, momentum=0.8, schedule=table)
    w, b = problem.initial(), np.zeros(2)
    for step in range(8):
        b = 0.8 * (1 - 0.5 * step / 8) * b + w * [1, 20]
        w = w - 0.01 * b
    np.testing.assert_allclose(run.w, w, rtol=1e-12)


def test_schedule_in_epochs_on_batches(line: Problem) -> None:
    """On twelve examples in batches of five, per = "epoch" changes the learning rate after every third step."""
    table = {"use": "step", "every": 1, "gamma": 0.5, "per": "epoch"}
    run = optilab.train(line, "sgd", lr=0.1, batch_size=5, epochs=3, measure_steps=1, schedule=table)
    np.testing.assert_allclose(run.history["lr"][1:], 0.1 * np.repeat([1, 0.5, 0.25], 3), rtol=1e-14)


def test_reduce_on_plateau_in_a_run(line: Problem) -> None:
    """Once the cost stops falling, the learning rate is cut after the measurements after which the twin cuts it."""
    table = {"use": "reduce_on_plateau", "patience": 2, "factor": 0.5, "threshold": 0.01}
    run = optilab.train(line, "gradient_descent", lr=0.3, epochs=40, schedule=table)
    costs, rates = run.history["train_cost"], run.history["lr"]

    factor, lowest, bad, expected = 1.0, np.inf, 0, []
    for cost in costs:
        expected.append(0.3 * factor)  # of the step before this measurement
        bad = 0 if cost < 0.99 * lowest else bad + 1
        lowest = cost if bad == 0 else lowest
        if bad > 2:
            factor, bad = factor / 2, 0
    assert rates.iloc[-1] < 0.1
    np.testing.assert_allclose(rates[1:], expected[1:], rtol=1e-14)


def test_reduce_on_plateau_changes_the_steps(line: Problem) -> None:
    """A cut learning rate is the one that the next steps are taken with."""
    table = {"use": "reduce_on_plateau", "patience": 0, "factor": 0.1, "threshold": 0.9}  # cuts at each measurement
    run = optilab.train(line, "gradient_descent", lr=0.1, epochs=3, schedule=table)
    w = line.initial()
    for lr in (0.1, 0.01, 0.001):
        w = w - lr * line.gradient(w)
    np.testing.assert_allclose(run.w, w, rtol=1e-13)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: optilab.get_schedule("cosin"), "unknown schedule 'cosin': did you mean 'cosine'"),
    (lambda: optilab.get_schedule("cosine", flor=0.1), "unknown parameter of cosine 'flor': did you mean 'floor'"),
    (lambda: optilab.get_schedule("cosine", floor=2), r"floor = 2 is out of range: accepted is \[0, 1\]"),
    (lambda: optilab.get_schedule("step"), "schedule step needs a value for every"),
    (lambda: optilab.get_schedule("multi_step", milestones=3), "milestones = 3 is not a list of numbers"),
    (lambda: optilab.get_schedule("multi_step", milestones=["3"]), "milestones = '3' is not a number"),
    (lambda: optilab.get_schedule("cosine", per="week"), "per = 'week': accepted is 'step' or 'epoch'"),
    (lambda: optilab.get_schedule("warmup", steps=0), r"steps = 0 is out of range: accepted is \{1, 2, ...\}"),
    (lambda: optilab.get_schedule("warmup", steps=2, then="cosin"), "then: unknown schedule 'cosin'"),
    (lambda: optilab.get_schedule("cyclic", up=2, mode="square"), "mode = 'square': accepted is 'triangular' or"),
    (lambda: optilab.get_schedule("transition", steps=2.5), r"steps = 2.5 is out of range: accepted is \{1, 2, ...\}"),
    (lambda: curve("one_cycle", 9, fall=0.2), "one_cycle: fall = 0.2 is not after rise = 0.3"),
    (lambda: curve("clip", 9, low=2, high=1), "clip: low = 2 is above high = 1"),
    (lambda: curve("piecewise", 9, milestones=[3]), "piecewise: 1 milestones need as many factors, not 0"),
    (
        lambda: curve("piecewise", 9, milestones=[3, 2], factors=[1, 1]),
        r"piecewise: milestones = \[3, 2\] don't increase",
    ),
    (
        lambda: curve("sequence", 9, schedules=["cosine", "linear"]),
        "sequence: 2 schedules have 1 milestones between them, not 0",
    ),
    (
        lambda: curve("sequence", 9, schedules=["cosine"] * 3, milestones=[3, 3]),
        r"sequence: milestones = \[3, 3\] don't increase from above 0",
    ),
    (
        lambda: curve("sequence", 9, schedules=["cosine"] * 3, milestones=[0.5, 3]),
        "sequence: milestone 0.5 is a fraction and 3 is a step",
    ),
    (
        lambda: optilab.get_schedule("warmup", steps=2, then="reduce_on_plateau"),
        "then: reduce_on_plateau is a feedback schedule and can't stand inside another",
    ),
    (
        lambda: optilab.train("bowl", "sgd", steps=1, schedule={"use": "cosine", "of": "momentum"}),
        "schedule cosine of 'momentum': sgd has lr",
    ),
    (lambda: optilab.train("bowl", "sgd", steps=1, schedule=0.5), "0.5 is not a schedule; write its name"),
    (lambda: optilab.train("bowl", "sgd", steps=1, schedule={"floor": 0.5}), "is not a schedule; write its name"),
]


@pytest.mark.parametrize(("ask", "message"), ERRORS)
def test_what_is_not_a_schedule(ask: Callable[[], Any], message: str) -> None:
    """Unknown names, missing values and values out of range are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        ask()


def test_reduce_on_plateau_of_an_unknown_column() -> None:
    """A monitor that is no column of the history is refused in one message, like any other unknown name."""
    table = {"use": "reduce_on_plateau", "monitor": "train_cots"}
    with pytest.raises(optilab.InputError, match="train_cots"):
        optilab.train("bowl", "sgd", steps=1, schedule=table)
