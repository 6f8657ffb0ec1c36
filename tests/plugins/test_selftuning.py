"""Rules that find the length of their steps themselves, beyond the trajectories of their references."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from walking import walk_along

Vector = NDArray[np.float64]

RULES = [
    "polyak",
    "ali_g",
    "dog",
    "l_dog",
    "dowg",
    "dadapt_sgd",
    "dadapt_adam",
    "prodigy",
    "momo",
    "momo_adam",
    "sgd | mechanize",
]
STEPS = 25
SHAPES = [(3, 2), (2,)]


def walk(name: str, gradients: Vector, costs: Vector, w: Vector | None = None, **hyperparameters: Any) -> Vector:
    """Weights after each step, from `w` or from the same random ones."""
    start = np.random.default_rng(1).normal(size=gradients.shape[1]) if w is None else w
    return walk_along(name, gradients, start, costs, **hyperparameters)


def drawn(seed: int = 0, n: int = 6) -> tuple[Vector, Vector]:
    """Gradients that drift, and costs."""
    random = np.random.default_rng(seed)
    return random.normal(size=n) + random.normal(size=(STEPS, n)), random.uniform(0.5, 3, STEPS)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("late", [0, 3])
def test_not_a_number_in_a_gradient_reaches_its_weight(name: str, late: int) -> None:
    """A gradient of NaN, in the first step or later, makes its weight NaN, so that divergence is seen."""
    gradients, costs = drawn()
    gradients[late, 2] = np.nan
    assert np.isnan(walk(name, gradients[: late + 1], costs[: late + 1])[-1, 2])


@pytest.mark.parametrize("name", RULES)
def test_a_gradient_of_zero_moves_nothing(name: str) -> None:
    """Without a slope from the beginning no rule moves, none divides zero by zero, and steps come when the slope does."""
    gradients, costs = drawn()
    gradients[:3] = 0
    start = np.arange(1.0, 7.0)
    found = walk(name, gradients, costs, start)
    np.testing.assert_array_equal(found[:3], [start] * 3)
    assert np.isfinite(found).all()
    assert (found[-1] != start).all()


@pytest.mark.parametrize("name", RULES)
def test_rule_in_single_precision(name: str) -> None:
    """In float32 each rule stays near its walk in float64, and its weights and states a weight stay in float32."""
    gradients, costs = drawn()
    gradients *= 0.1
    fast: dict[str, Any] = (
        {"first": 0.1} if "dog" in name else {"d0": 0.1} if "prodigy" in name or "dadapt" in name else {}
    )
    fast = (
        {"s_init": 0.1, "num_betas": 3}
        if "mechanize" in name
        else {"first": 0.1, "eps": 0.1}
        if name == "dowg"
        else fast
    )
    expected = walk(name, gradients, costs, **fast)
    start = np.random.default_rng(1).normal(size=6).astype(np.float32)
    stepper = optilab.get_optimizer(name).start(start, **fast)
    for g, cost in zip(gradients, costs, strict=True):
        stepper.step(g.astype(np.float32), cost)
    assert stepper.w.dtype == np.float32
    assert {state.dtype for state in stepper.state.values() if state.size == 6} <= {np.dtype(np.float32)}
    assert np.abs(expected[-1] - start).max() > 1e-3
    np.testing.assert_allclose(stepper.w, expected[-1], rtol=1e-3, atol=1e-3 * np.abs(expected[-1]).max())


# Limits in which a rule is another.


@pytest.mark.parametrize(
    ("name", "hyperparameters", "plain", "its"),
    [
        ("momo", {"beta": 0.0}, "polyak", {"c": 1.0}),
        ("momo", {"beta": 0.0, "bias_correction": True, "lr": 0.1}, "polyak", {"c": 1.0, "lr": 0.1}),
        ("ali_g", {"eps": 0.0, "lr": 0.3}, "polyak", {"c": 1.0, "lr": 0.3}),
        ("ali_g", {"eps": 0.7, "lr": 0.3}, "polyak", {"c": 1.0, "lr": 0.3, "eps": 0.7}),
        ("polyak", {"growth": 1e300, "lr": 1e-3, "c": 1.0}, "polyak", {"lr": 1e9, "c": 1.0}),
        ("polyak", {"sps_plus": True}, "polyak", {}),
    ],
)
def test_rule_in_its_limit_is_another(
    name: str, hyperparameters: dict[str, Any], plain: str, its: dict[str, Any]
) -> None:
    """Without what sets it apart, a rule takes the steps of the plainer one."""
    gradients, costs = drawn()
    found, expected = walk(name, gradients, costs, **hyperparameters), walk(plain, gradients, costs, **its)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "hyperparameters", "plain", "its"),
    [
        ("polyak", {"lr": 0.1}, "sgd", {"lr": 0.1}),
        ("ali_g", {"lr": 0.1, "momentum": 0.9}, "nesterov", {"lr": 0.1, "momentum": 0.9}),
        (
            "ali_g",
            {"lr": 0.1, "momentum": 0.9, "step_inside_momentum": False},
            "nesterov",
            {"lr": 0.1, "momentum": 0.9},
        ),
        ("momo_adam", {"lr": 0.1}, "adam", {"lr": 0.1}),
        ("momo_adam", {"lr": 0.1, "weight_decay": 0.2, "decay": "linear"}, "adamw", {"lr": 0.1, "weight_decay": 0.2}),
    ],
)
def test_a_huge_cost_leaves_the_rule_without_its_bound(
    name: str, hyperparameters: dict[str, Any], plain: str, its: dict[str, Any]
) -> None:
    """Where the cost is far above its lowest value, lr bounds each step, and what is left is the rule underneath."""
    gradients, costs = drawn()
    found = walk(name, gradients, costs + 1e9, **hyperparameters)
    np.testing.assert_allclose(found, walk(plain, gradients, costs, **its), rtol=1e-10, atol=1e-12)


def test_costs_at_their_lowest_stop_the_steps() -> None:
    """Where the cost is its lowest, Polyak's step is zero; below, it goes uphill, but for SPS+."""
    g = [3.0, 4.0]
    cases: list[tuple[dict[str, Any], float, list[float]]] = [
        ({"lowest": 1.0}, 1.0, [1.0, 1.0]),
        ({"lowest": 1.0}, 0.5, [1 + 0.04 * 3, 1 + 0.04 * 4]),
        ({"lowest": 1.0, "sps_plus": True}, 0.5, [1.0, 1.0]),
        ({"lowest": 1.0, "eps": 12.5}, 2.0, [1 - 0.04 * 3, 1 - 0.04 * 4]),
    ]
    for hyperparameters, cost, expected in cases:
        stepper = optilab.get_optimizer("polyak").start([1.0, 1.0], **hyperparameters)
        np.testing.assert_allclose(stepper.step(g, cost=cost), expected, rtol=1e-14)


@example_settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), growth=st.floats(1.0, 3.0))
def test_a_smoothed_step_never_grows_faster_than_it_may(seed: int, growth: float) -> None:
    """With a finite growth, no step of Polyak's is longer than growth times the last one that was not zero."""
    gradients, costs = drawn(seed)
    costs[4] = 0  # a step of zero, after which steps grow from the one before
    found = walk("polyak", gradients, costs, np.zeros(6), lr=1e-3, growth=growth)
    moves = np.diff(np.vstack([np.zeros(6), found]), axis=0)
    lengths = np.linalg.norm(moves, axis=1) / np.linalg.norm(gradients, axis=1)
    assert lengths[4] == 0
    lengths = np.delete(lengths, 4)
    assert lengths[0] <= 1e-3 * growth * (1 + 1e-9)
    assert (lengths[1:] <= growth * lengths[:-1] * (1 + 1e-7)).all()
    assert (lengths > 0).all()


def test_momo_does_not_step_below_its_bound() -> None:
    """On a cost that is its own linear model, one step of MoMo ends at the lowest cost, from wherever it comes."""
    slope = np.array([3.0, 4.0])
    stepper = optilab.get_optimizer("momo").start([2.0, 1.0], lr=1e9, lowest=-5.0)
    for _ in range(3):
        w = stepper.step(slope, cost=slope @ stepper.w)
        assert slope @ w == pytest.approx(-5.0, rel=1e-12)


@example_settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), name=st.sampled_from(["momo", "momo_adam"]))
def test_an_adapted_bound_is_never_below_the_given_one(seed: int, name: str) -> None:
    """adapt_lower_bound moves the bound, and never below `lowest`; without it the bound stays."""
    gradients, costs = drawn(seed)
    for adapt in (True, False):
        stepper = optilab.get_optimizer(name).start(np.ones(6), lowest=-0.5, adapt_lower_bound=adapt, lr=0.5)
        bounds = []
        for g, cost in zip(gradients, costs, strict=True):
            stepper.step(g, cost)
            bounds.append(stepper.state["bound"][0])
        assert min(bounds) >= -0.5
        assert (max(bounds) > -0.5) == adapt


# Distances and gradients.


def test_the_first_steps_of_dog_by_hand() -> None:
    """From a point 5 from 0, along a gradient of length 2, the first step is 0.1 * (1 + 5) long, and then 0.6 / 2 * ..."""
    stepper = optilab.get_optimizer("dog").start([3.0, 4.0], first=0.1, eps=0.0)
    np.testing.assert_allclose(stepper.step([2.0, 0.0]), [3 - 0.6, 4.0], rtol=1e-14)
    np.testing.assert_allclose(stepper.step([0.0, 1.5]), [2.4, 4 - 0.6 / 2.5 * 1.5], rtol=1e-14)
    for first_is, length in [("distance", 0.1 / 2), ("learning_rate", 0.1)]:
        stepper = optilab.get_optimizer("dog").start([3.0, 4.0], first=0.1, first_is=first_is, eps=0.0)
        np.testing.assert_allclose(stepper.step([2.0, 0.0]), [3 - length * 2, 4.0], rtol=1e-14)


def test_the_first_step_of_dowg_by_hand() -> None:
    """The first step is first / sqrt(first * |g|^2) times the gradient: sqrt(first) long."""
    stepper = optilab.get_optimizer("dowg").start([3.0, 4.0], first=0.25, eps=0.0)
    np.testing.assert_allclose(stepper.step([2.0, 0.0]), [2.5, 4.0], rtol=1e-14)


def test_dog_by_layers_is_dog_on_each_layer() -> None:
    """A layer of L-DoG goes where DoG goes on that layer alone; with one layer they are the same, bit for bit."""
    gradients, costs = drawn(n=8)
    start = np.random.default_rng(3).normal(size=8)
    layers = optilab.get_optimizer("l_dog").start([start[:6].reshape(3, 2), start[6:]], first=0.1)
    for g in gradients:
        layers.step([g[:6].reshape(3, 2), g[6:]])
    for own in (slice(6), slice(6, 8)):
        alone = walk("dog", gradients[:, own], costs, start[own], first=0.1)[-1]
        np.testing.assert_allclose(layers.w[own], alone, rtol=1e-13)
    one = walk("l_dog", gradients, costs, start, first=0.1)
    np.testing.assert_array_equal(one, walk("dog", gradients, costs, start, first=0.1))


@example_settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("dog", "farthest"),
        ("dog", "squares"),
        ("dowg", "farthest"),
        ("dowg", "squares"),
        ("dadapt_sgd", "d"),
        ("dadapt_adam", "d"),
        ("prodigy", "d"),
        ("l_dog", "farthest"),
    ],
)
def test_estimates_never_fall(name: str, state: str, seed: int) -> None:
    """Distances, sums of squares, and the estimates d only grow, and begin above zero."""
    gradients, _ = drawn(seed)
    stepper = optilab.get_optimizer(name).start(np.ones(6))
    values = []
    for g in gradients:
        stepper.step(g)
        values.append(stepper.state[state].copy())
    assert (np.diff(values, axis=0) >= 0).all()
    assert np.min(values) > 0


def test_dog_keeps_the_farthest_distance() -> None:
    """`farthest` is the largest distance of any weights so far from the first, before the last step."""
    gradients, costs = drawn()
    start = np.ones(6)
    stepper = optilab.get_optimizer("dog").start(start, first=0.5)
    for g in gradients:
        stepper.step(g)
    path = np.vstack([start, walk("dog", gradients, costs, start, first=0.5)])[:-1]
    farthest = np.linalg.norm(path - start, axis=1).max()
    assert stepper.state["farthest"][0] == pytest.approx(max(farthest, 0.5 * (1 + np.sqrt(6))), rel=1e-12)


# Estimates of the distance to the minimum.


@example_settings(max_examples=20, deadline=None)
@given(scale=st.sampled_from([1e-12, 1e-3, 7.0, 1e9]), seed=st.integers(0, 1000))
def test_dadapt_sgd_does_not_see_the_size_of_gradients(scale: float, seed: int) -> None:
    """All gradients so many times as long give the same steps, at the defaults."""
    gradients, costs = drawn(seed)
    one, other = (walk("dadapt_sgd", k * gradients, costs) for k in (1.0, scale))
    np.testing.assert_allclose(other, one, rtol=1e-9)


@pytest.mark.parametrize("name", ["dadapt_sgd", "dadapt_adam", "prodigy", "dowg"])
def test_where_the_start_is_does_not_matter(name: str) -> None:
    """From a start that is shifted, the same gradients make the same steps."""
    gradients, costs = drawn()
    start = np.random.default_rng(5).normal(size=6)
    here = walk(name, gradients, costs, start) - start
    there = walk(name, gradients, costs, start + 0.5) - start - 0.5
    np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-9)


def distance_test(name: str, **hyperparameters: Any) -> tuple[float, float]:
    """On |w - 3| summed over ten weights from 0, the estimate d after 300 steps, and the lowest cost."""
    stepper = optilab.get_optimizer(name).start(np.zeros(10), **hyperparameters)
    lowest = np.inf
    for _ in range(300):
        off = stepper.w - 3
        lowest = min(lowest, np.abs(off).sum())
        stepper.step(np.sign(off))
    return float(stepper.state["d"][0]), lowest


@pytest.mark.parametrize(
    ("name", "distance", "times"), [("dadapt_sgd", 3 * np.sqrt(10), 2), ("dadapt_adam", 3, 10), ("prodigy", 3, 1)]
)
def test_d_grows_to_the_size_of_the_distance(name: str, distance: float, times: float) -> None:
    """On a convex cost d grows from 1e-6 to the size of the distance from the start to the minimum, and not far beyond."""
    d, lowest = distance_test(name)
    assert 0.05 * distance < d <= times * distance * (1 + 1e-9)
    assert lowest < 0.2 * 30


@example_settings(max_examples=20, deadline=None)
@given(growth=st.floats(1.0, 1.5))
@pytest.mark.parametrize("name", ["dadapt_sgd", "dadapt_adam", "prodigy"])
def test_growth_bounds_the_estimate(name: str, growth: float) -> None:
    """No step multiplies d by more than `growth`; Prodigy's does so freely once, when it leaves d0."""
    stepper = optilab.get_optimizer(name).start(np.zeros(4), growth=growth, d0=1e-5)
    values = [1e-5]
    for _ in range(60):
        stepper.step(np.sign(stepper.w - 3.0))
        values.append(stepper.state["d"][0])
    left = np.flatnonzero(np.array(values) > 1e-5)
    first = left[0] if name == "prodigy" else 0
    assert (np.array(values[first + 1 :]) <= growth * np.array(values[first:-1]) * (1 + 1e-12)).all()
    if growth > 1.01:
        assert values[-1] > 1e-5


def test_prodigy_may_leave_its_first_estimate_in_single_precision() -> None:
    """In float32 too, the first estimate above d0 is not held back by `growth`."""
    stepper = optilab.get_optimizer("prodigy").start(np.zeros(4, np.float32), growth=1.0, d0=1e-5)
    for _ in range(10):
        stepper.step(np.sign(stepper.w - 3.0))
    assert stepper.state["d"][0] > 1.5e-5


def test_prodigy_warms_up_safely() -> None:
    """With safeguard_warmup a schedule that begins low doesn't inflate d: lr only scales the numerator."""
    gradients = np.tile([1.0, 2.0], (3, 1))
    found = {}
    for safe in (False, True):
        stepper = optilab.get_optimizer("prodigy").start([0.0, 0.0], lr=1e-3, safeguard_warmup=safe)
        for g in gradients:
            stepper.step(g)
        found[safe] = stepper.state["s"].copy()
    np.testing.assert_allclose(found[False], 1e-3 * found[True], rtol=1e-9)


# The link.


@pytest.mark.parametrize("base", ["sgd", "adam", "momentum"])
def test_mechanize_begins_with_a_small_part_of_the_step(base: str) -> None:
    """The first step is s_init times that of the rule before, and the weights are w0 - sum(s) * delta ever after."""
    gradients, costs = drawn()
    start = np.random.default_rng(1).normal(size=6)
    whole = walk(base, gradients[:1], costs[:1], start, lr=0.5)[0] - start
    stepper = optilab.get_optimizer(f"{base} | mechanize").start(start, lr=0.5, s_init=0.01)
    np.testing.assert_allclose(stepper.step(gradients[0]) - start, 0.01 * whole, rtol=1e-9)
    for g in gradients[1:]:
        stepper.step(g)
        state = {k.partition(".")[2]: v for k, v in stepper.state.items() if k.startswith("mechanize")}
        np.testing.assert_allclose(stepper.w, start - state["s"].sum() * state["delta"], rtol=1e-13)
    assert state["s"].size == 6


def test_mechanize_adds_up_the_steps_of_the_rule_before() -> None:
    """With a tiny eps, delta is minus the sum of the steps that the rule before has taken."""
    gradients, _ = drawn()
    stepper = optilab.get_optimizer("sgd | mechanize").start(np.ones(6), lr=0.25, eps=1e-300)
    for g in gradients:
        stepper.step(g)
    np.testing.assert_allclose(stepper.state["mechanize.delta"], 0.25 * gradients.sum(axis=0), rtol=1e-7)


def test_mechanize_grows_while_gradients_agree() -> None:
    """Along a constant slope the sum of s grows without bound; where gradients turn against the sum, it falls."""
    stepper = optilab.get_optimizer("sgd | mechanize").start([0.0], lr=1.0)
    sums = []
    for step in range(150):
        stepper.step([1.0 if step < 100 else -1.0])
        sums.append(stepper.state["mechanize.s"].sum())
    assert sums[99] > 100 * sums[0]
    assert sums[-1] < 0.5 * max(sums)


def test_mechanize_has_as_many_betas_as_asked() -> None:
    """num_betas is the length of its four arrays."""
    stepper = optilab.get_optimizer("sgd | mechanize").start([1.0, 2.0], num_betas=3)
    assert [stepper.state[f"mechanize.{name}"].size for name in "srmv"] == [3, 3, 3, 3]
    np.testing.assert_allclose(stepper.state["mechanize.s"], 1e-6, rtol=1e-12)
