"""What the rules of a chain let one another have: a cost and a gradient that belong together."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

import optilab
from optilab import InputError, elementwise, function, norm, vectorwise
from optilab.optimizers.optimizer import Optimizer
from optilab.problems.function import FunctionProblem
from optilab.problems.layers import table_of_shapes

SHAPES = ((2, 3), (3,), (3, 2), (2,))
N = 17
AT: dict[str, Any] = {
    "start": [0.0] * N,
    "domain": [(-2, 2)] * N,
    "ranges": {"on_matrices": "[0, inf)", "on_biases": "[0, inf)"},
}


@function(**AT)
def penalized(w, g, on_matrices=0.0, on_biases=0.0):
    """A crooked valley in 17 weights, on two matrices and two biases; with a penalty for each kind of layer."""
    cost = 0.0
    g[:] = 0
    for i in range(w.size - 1):
        bend = w[i + 1] - w[i] * w[i] / 2
        cost += (w[i] - 1) ** 2 / 4 + bend * bend
        g[i] += (w[i] - 1) / 2 - 2 * bend * w[i]
        g[i + 1] += 2 * bend
    for i in range(w.size):
        penalty = on_biases if 6 <= i < 9 or i >= 15 else on_matrices
        cost += penalty / 2 * w[i] * w[i]
        g[i] += penalty * w[i]
    return cost


class Layered(FunctionProblem):
    """The valley with its weights on layers."""

    @cached_property
    def layers(self) -> Any:
        """Two weight matrices, each with its bias."""
        return table_of_shapes(SHAPES)


def problem(dtype: Any = "float64", **penalties: float) -> Layered:
    """The valley with these penalties."""
    parameters = {"on_matrices": 0.0, "on_biases": 0.0, **penalties, "start": [0.0] * N}
    return Layered(penalized, parameters, dtype)


def walk(chain: str, on: Layered, steps: int, **given: Any) -> NDArray[Any]:
    """The last weights of some steps, from a start of its own."""
    w = np.random.default_rng(4).normal(size=N).astype(on.precision)
    stepper = optilab.get_optimizer(chain).start(w, problem=on, seed=3, **given)
    for _ in range(steps):
        stepper.step()
    return stepper.w.copy()


ALL = ("l2", {"on_matrices": 0.3, "on_biases": 0.3}, {"penalty": 0.3})
MATRICES = ("l2 on matrices", {"on_matrices": 0.3}, {"penalty": 0.3})
BOTH = (
    "l2 on biases | l2 on matrices",
    {"on_matrices": 0.1, "on_biases": 0.7},
    {"l2_1.penalty": 0.7, "l2_2.penalty": 0.1},
)
Penalty = tuple[str, dict[str, float], dict[str, float]]
READERS: list[tuple[str, dict[str, Any], Penalty]] = [
    ("lbfgs", {}, MATRICES),
    ("lbfgs", {"line_search": "zoom"}, MATRICES),
    ("lbfgs", {"line_search": "backtracking"}, MATRICES),
    ("wolfe", {}, ALL),
    ("nonlinear_cg", {}, ALL),
    ("armijo", {}, BOTH),
    ("polyak", {}, BOTH),
    ("ali_g", {}, ALL),
    ("momo", {"lr": 0.1}, MATRICES),
    ("momo_adam", {}, BOTH),
    ("sam | momentum", {"lr": 0.01}, BOTH),
    ("asam | sgd", {"lr": 0.01}, ALL),
    ("svrg | sgd", {"lr": 0.01, "interval": 3}, MATRICES),
]  # sophia and adahessian draw other noise at another place of a chain


@pytest.mark.parametrize(("rule", "given", "penalty"), READERS)
def test_a_penalty_is_part_of_the_cost_for_all_rules_after_it(
    rule: str, given: dict[str, Any], penalty: Penalty
) -> None:
    """With `l2` before it, a rule that reads the cost or evaluates steps as it does where the problem has the penalty itself."""
    link, penalties, more = penalty
    found = walk(f"{link} | {rule}", problem(), 6, **given, **more)
    np.testing.assert_allclose(found, walk(rule, problem(**penalties), 6, **given), rtol=1e-9, atol=1e-11)
    assert not np.allclose(found, walk(rule, problem(), 6, **given), rtol=1e-7)


@pytest.mark.parametrize("rule", ["armijo", "polyak", "sam | momentum"])
def test_a_penalty_in_single_precision(rule: str) -> None:
    """So it is in float32."""
    found = walk(f"l2 | {rule}", problem("float32"), 3, penalty=0.3, lr=0.01)
    expected = walk(rule, problem("float32", on_matrices=0.3, on_biases=0.3), 3, lr=0.01)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_penalized_minimum_is_that_of_scipy() -> None:
    """`l2 | nonlinear_cg` ends where scipy.optimize.minimize ends on the cost with the penalty, not on the cost alone."""
    plain = problem()
    found = walk("l2 | nonlinear_cg", plain, 300, penalty=0.2)
    expected = minimize(
        lambda w: plain.cost(w) + 0.1 * w @ w, found + 0.1, jac=lambda w: plain.gradient(w) + 0.2 * w, tol=1e-12
    ).x
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(plain.gradient(found)).max() > 0.01


def test_what_is_measured_is_the_cost_without_the_penalty() -> None:
    """The history has the problem's own cost; and a rule that asks for no cost needs none, with a penalty before it."""
    run = optilab.train("bowl", "l2 | sgd", steps=4, measure_steps=1, lr=0.01, penalty=0.5)
    bowl = optilab.get_problem("bowl")
    np.testing.assert_allclose(run.history["train_cost"].to_numpy()[-1], bowl.cost(run.w), rtol=1e-12)
    assert optilab.get_optimizer("l2 | sgd").start([2.0], lr=1.0, penalty=0.5).step([0.0])[0] == 1.0
    with pytest.raises(InputError, match=r"l2 \| polyak asks for the cost"):
        optilab.get_optimizer("l2 | polyak").start([2.0]).step([1.0])


LINKS = (
    "clip_by_value clip_by_global_norm clip_by_layer_norm adaptive_gradient_clipping centralize normalize_gradient "
    "take_sign add_gradient_noise accumulate sam asam svrg"
)


@pytest.mark.parametrize("link", LINKS.split())
@pytest.mark.parametrize("reader", ["lbfgs", "wolfe", "nonlinear_cg", "armijo", "polyak", "ali_g", "momo", "momo_adam"])
def test_a_changed_gradient_before_a_rule_that_asks_for_the_cost(link: str, reader: str) -> None:
    """Whatever else changes the gradient is refused before a rule that compares it with the cost."""
    with pytest.raises(InputError, match=rf"{reader} asks for the cost, .* {link} has changed it; leave out {link}"):
        optilab.get_optimizer(f"{link} | {reader}")
    with pytest.raises(InputError, match="asks for the cost"):
        optilab.get_optimizer(
            f"l2 | {link} on matrices | {reader}" if link not in ("sam", "asam", "svrg") else f"l2 | {link} | {reader}"
        )


@pytest.mark.parametrize("mover", ["weight_decay", "sgd", "weight_decay on matrices", "l2 | weight_decay"])
@pytest.mark.parametrize("reader", ["lbfgs", "wolfe", "nonlinear_cg", "armijo"])
def test_moved_weights_before_a_rule_that_searches(mover: str, reader: str) -> None:
    """A search compares costs with that at its start; a rule that moves the weights before it is refused, and not behind it."""
    with pytest.raises(
        InputError, match=rf"{reader} searches from w .* once (weight_decay|sgd) has moved w; leave out"
    ):
        optilab.get_optimizer(f"{mover} | {reader}")
    assert optilab.get_optimizer(f"{reader} | weight_decay")
    assert optilab.get_optimizer(f"sgd | take_direction | {reader} | take_length")


def test_a_chain_that_does_not_belong_together_in_an_experiment() -> None:
    """The message begins with the place in the file."""
    from optilab.experiment.grid import grid_of

    content = {"name": "e", "problem": {"use": "bowl"}, "budget": {"steps": 10}}
    optimizers = [{"use": ["clip_by_value", "lbfgs"]}]
    with pytest.raises(InputError, match=r"^optimizers\[0\].use: clip_by_value \| lbfgs: lbfgs asks for the cost"):
        grid_of(optilab.Experiment.model_validate({**content, "optimizers": optimizers}))


@pytest.mark.parametrize("reader", ["sam", "asam", "svrg"])
def test_a_changed_gradient_before_a_rule_that_evaluates_another(reader: str) -> None:
    """A clipped gradient is lost in a rule that evaluates the gradient anew: the other way round is what was meant."""
    for link in ("clip_by_value", "centralize", "accumulate"):
        with pytest.raises(InputError, match=rf"{link} before it would be lost; write {reader} \| {link}"):
            optilab.get_optimizer(f"{link} | {reader} | sgd")
        assert optilab.get_optimizer(f"{reader} | {link} | sgd")


@pytest.mark.parametrize(
    "chain",
    [
        "apply_if_finite | lbfgs",
        "clip_by_value | sophia",
        "centralize | adahessian",
        "weight_decay | polyak",
        "l2 | sam | sgd",
    ],
)
def test_chains_that_belong_together(chain: str) -> None:
    """What leaves the gradient as it is, adds to the cost, or stands before an evaluation of curvatures is taken."""
    assert optilab.get_optimizer(chain).name == chain


def halve(vector):
    """Half of a vector, in place."""
    for i in range(vector.size):
        vector[i] *= 0.5


def pass_on(vector):
    """Hands it on."""
    halve(vector[1:])


@vectorwise()
def by_helper(g):
    """Changes g in a function of a function."""
    part = g[:]
    pass_on(part)


@vectorwise()
def looks(g, seen):
    """Reads g, and writes elsewhere."""
    for i in range(g.size):
        seen[i] = g[i] / (1 + norm(g))


@vectorwise()
def fills(g, first=1.0):
    """Fills g."""
    g.fill(first)


@vectorwise()
def doubles(g):
    """Changes g as a whole."""
    g *= 2


@elementwise()
def elementwise_link(g, factor=0.5):
    """Returns g."""
    g *= factor
    return g


@pytest.mark.parametrize(
    ("rule", "changes"),
    [(by_helper, True), (looks, False), (fills, True), (doubles, True), (elementwise_link, True)],
    ids=lambda value: getattr(value, "name", None),
)
def test_whether_a_rule_changes_its_gradient(rule: Optimizer, changes: bool) -> None:
    """It is read from the rule's source, and from that of the helpers that it hands g on to."""
    assert ("g" in rule.rules[0].writes) is changes
    if changes:
        with pytest.raises(InputError, match="polyak asks for the cost"):
            rule | optilab.get_optimizer("polyak")


def test_what_a_rule_that_adds_to_the_cost_may_ask_for() -> None:
    """It is a function of w alone: it has no state, no noise and no evaluations, and is vectorwise."""

    def with_state(w, g, cost, m):
        m[0] = 1
        cost += m[0]
        return cost

    def noisy(w, g, cost, noise):
        cost += noise[0]
        return cost

    def without_gradient(w, cost):
        cost += w[0]
        return cost

    def one(w, g, cost):
        cost += w
        return cost

    for rule, message in (
        (with_state, "function of w alone; it can't have or return m too"),
        (noisy, "function of w alone; it can't have or return noise too"),
        (without_gradient, "adds to its gradient too: ask for g"),
    ):
        with pytest.raises(InputError, match=message):
            vectorwise()(rule)
    with pytest.raises(InputError, match="it returns 'cost'; what it can return is w, g"):
        elementwise()(one)
