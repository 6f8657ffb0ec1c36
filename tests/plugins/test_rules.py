"""The bundled update rules against readable NumPy twins, against numbers of PyTorch, and against one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

import optilab
from optilab.problems.problem import Problem

Vector = NDArray[Any]
Gradients = NDArray[np.float64]
Walk = Iterator[Vector]


# Each rule as its paper writes it. Given the first weights and a gradient for each step, it yields the weights.


def sgd(w: Vector, gradients: Gradients, lr: float = 0.1) -> Walk:
    """A step down the gradient."""
    for g in gradients:
        w = w - lr * g
        yield w


def momentum(w: Vector, gradients: Gradients, lr: float = 0.1, momentum: float = 0.9) -> Walk:
    """The heavy ball, with the learning rate outside the sum."""
    b = np.zeros_like(w)
    for g in gradients:
        b = momentum * b + g
        w = w - lr * b
        yield w


def nesterov(w: Vector, gradients: Gradients, lr: float = 0.1, momentum: float = 0.9) -> Walk:
    """Nesterov's momentum in the form of Sutskever."""
    b = np.zeros_like(w)
    for g in gradients:
        b = momentum * b + g
        w = w - lr * (g + momentum * b)
        yield w


def adam(
    w: Vector, gradients: Gradients, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> Walk:
    """Algorithm 1 of Kingma and Ba."""
    return adamw(w, gradients, lr, beta1, beta2, eps, weight_decay=0)


def adamw(
    w: Vector,
    gradients: Gradients,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Walk:
    """Adam on weights that shrink by lr * weight_decay before each step."""
    m = v = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w = w * (1 - lr * weight_decay) - lr * m_hat / (np.sqrt(v_hat) + eps)
        yield w


def rmsprop(w: Vector, gradients: Gradients, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-8) -> Walk:
    """The gradient over its running root mean square."""
    v = np.zeros_like(w)
    for g in gradients:
        v = alpha * v + (1 - alpha) * g**2
        w = w - lr * g / (np.sqrt(v) + eps)
        yield w


def lion(
    w: Vector,
    gradients: Gradients,
    lr: float = 1e-4,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
) -> Walk:
    """Algorithm 2 of Chen et al."""
    m = np.zeros_like(w)
    for g in gradients:
        c = beta1 * m + (1 - beta1) * g
        w = w - lr * (np.sign(c) + weight_decay * w)
        m = beta2 * m + (1 - beta2) * g
        yield w


def lars(
    w: Vector,
    gradients: Gradients,
    lr: float = 1.0,
    momentum: float = 0.9,
    trust: float = 1e-3,
    weight_decay: float = 0.0,
) -> Walk:
    """Equation 6 of You et al., where all weights are one layer."""
    b = np.zeros_like(w)
    for g in gradients:
        w_norm, g_norm = np.linalg.norm(w), np.linalg.norm(g)
        ratio = trust * w_norm / (g_norm + weight_decay * w_norm)
        b = momentum * b + lr * ratio * (g + weight_decay * w)
        w = w - b
        yield w


def l2_sgd(w: Vector, gradients: Gradients, penalty: float = 1e-4, lr: float = 0.1) -> Walk:
    """The gradient of penalty / 2 * |w|^2 on top of the given one."""
    for g in gradients:
        w = w - lr * (g + penalty * w)
        yield w


def weight_decay_sgd(w: Vector, gradients: Gradients, weight_decay: float = 0.01, lr: float = 0.1) -> Walk:
    """Weights that shrink before each step."""
    for g in gradients:
        w = (1 - lr * weight_decay) * w - lr * g
        yield w


def clip_sgd(w: Vector, gradients: Gradients, max_norm: float = 1.0, lr: float = 0.1) -> Walk:
    """Steps along gradients of at most max_norm."""
    for g in gradients:
        w = w - lr * g * min(1, max_norm / np.linalg.norm(g))
        yield w


TWINS: dict[str, tuple[Callable[..., Walk], dict[str, Any]]] = {
    "gradient_descent": (sgd, {"lr": 0.03}),
    "sgd": (sgd, {"lr": 0.7}),
    "momentum": (momentum, {"lr": 0.02, "momentum": 0.5}),
    "nesterov": (nesterov, {"lr": 0.02, "momentum": 0.75}),
    "adam": (adam, {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-2}),
    "adamw": (adamw, {"lr": 0.05, "beta1": 0.7, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.3}),
    "rmsprop": (rmsprop, {"lr": 0.02, "alpha": 0.8, "eps": 1e-2}),
    "lion": (lion, {"lr": 0.01, "beta1": 0.6, "beta2": 0.8, "weight_decay": 0.2}),
    "lars": (lars, {"lr": 3.0, "momentum": 0.5, "trust": 0.02, "weight_decay": 0.1}),
    "l2 | sgd": (l2_sgd, {"penalty": 0.3, "lr": 0.2}),
    "weight_decay | sgd": (weight_decay_sgd, {"weight_decay": 0.3, "lr": 0.2}),
    "clip_by_global_norm | sgd": (clip_sgd, {"max_norm": 3.0, "lr": 0.2}),
}
STEPS = 40


@pytest.mark.parametrize("changed", [False, True], ids=["defaults", "changed"])
@pytest.mark.parametrize("name", TWINS)
def test_rule_is_its_numpy_twin(name: str, changed: bool) -> None:
    """Over 40 random gradients each rule takes the steps of its paper, at its defaults and at other values."""
    twin, others = TWINS[name]
    hyperparameters = others if changed else {}
    random = np.random.default_rng(0)
    w, gradients = random.normal(size=7), random.normal(size=(STEPS, 7))
    stepper = optilab.get_optimizer(name).start(w, **hyperparameters)
    for gradient, expected in zip(gradients, twin(w, gradients, **hyperparameters), strict=True):
        np.testing.assert_allclose(stepper.step(gradient), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", TWINS)
def test_rule_in_single_precision(name: str) -> None:
    """In float32 each rule stays near its twin, and its weights and its states stay in float32."""
    twin, hyperparameters = TWINS[name]
    random = np.random.default_rng(1)
    w, gradients = random.normal(size=7).astype(np.float32), random.normal(size=(STEPS, 7)).astype(np.float32)
    stepper = optilab.get_optimizer(name).start(w, **hyperparameters)
    for gradient in gradients:
        stepper.step(gradient)
    *_, expected = twin(w.astype(np.float64), gradients.astype(np.float64), **hyperparameters)
    assert stepper.w.dtype == np.float32
    assert all(state.dtype == np.float32 for state in stepper.state.values())
    np.testing.assert_allclose(stepper.w, expected, rtol=2e-5, atol=2e-5)


# Final weights of torch 2.13.0 after 30 steps from (0.5, -1, 2), where the gradient of weight k at step t is
# (k + 1) cos(k + 0.7 t), in float64.
TORCH = [
    # torch.optim.SGD
    ("sgd", {"lr": 0.1}, [0.4627850482744368, -0.6130268603914913, 2.738892294095223]),
    ("momentum", {"lr": 0.1}, [0.7534559498822861, 1.4382301049142197, 5.191776194119953]),
    ("momentum", {"lr": 0.03, "momentum": 0.5}, [0.4734184833364479, -0.8445423833836538, 2.331726876158387]),
    ("nesterov", {"lr": 0.1}, [0.6908954031684938, 1.5813802340313066, 5.61149086880318]),
    ("nesterov", {"lr": 0.02, "momentum": 0.7}, [0.48475894190763696, -0.8150463901552211, 2.3455157599103984]),
    ("l2 | sgd", {"lr": 0.1, "penalty": 0.05}, [0.387503144688727, -0.5100275432545781, 2.416730753077142]),
    ("l2 | momentum", {"lr": 0.1, "penalty": 0.05}, [0.14056889472742304, 0.7067378293500525, 1.854491658007521]),
    # torch.optim.Adam
    ("adam", {}, [0.4996567630461193, -0.9943324456943493, 2.0044275960552422]),
    (
        "adam",
        {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3},
        [0.46435829814817353, -0.7777992995511804, 2.180180950044524],
    ),
    ("l2 | adam", {"lr": 0.05, "penalty": 0.1}, [0.39467753363298075, -0.6498294005267667, 2.09354033255394]),
    # torch.optim.AdamW
    ("adamw", {}, [0.4995068998843647, -0.99403395103604, 2.003826564205383]),
    (
        "adamw",
        {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.1},
        [0.3964883464084198, -0.6678788778203577, 1.879607360688131],
    ),
    ("weight_decay | adam", {}, [0.4995068998843647, -0.99403395103604, 2.003826564205383]),
    # torch.optim.RMSprop
    ("rmsprop", {}, [0.4872601588521487, -0.728246260587339, 2.163230152276367]),
    (
        "rmsprop",
        {"lr": 0.02, "alpha": 0.9, "eps": 1e-4},
        [0.48513098649392733, -0.8236923763355962, 2.117231640769973],
    ),
]


@pytest.mark.parametrize(("name", "hyperparameters", "expected"), TORCH)
def test_rule_is_that_of_torch(name: str, hyperparameters: dict[str, Any], expected: list[float]) -> None:
    """Thirty steps of each rule that PyTorch has too end at the weights where PyTorch's end."""
    stepper = optilab.get_optimizer(name).start([0.5, -1.0, 2.0], **hyperparameters)
    k = np.arange(3)
    for t in range(1, 31):
        stepper.step((k + 1) * np.cos(k + 0.7 * t))
    np.testing.assert_allclose(stepper.w, expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["gradient_descent", "sgd"])
def test_a_step_of_gradient_descent_by_hand(name: str) -> None:
    """w_new = w_old - lr * gradient: from 2, down a slope of 3 with lr 0.1, to 1.7, and then to 1.4."""
    stepper = optilab.get_optimizer(name).start([2.0], lr=0.1)
    assert stepper.step([3.0])[0] == pytest.approx(1.7, rel=1e-15)
    assert stepper.step([3.0])[0] == pytest.approx(1.4, rel=1e-15)


def test_gradient_descent_takes_all_examples_and_sgd_a_batch() -> None:
    """They differ in the batch that they take by default, and in nothing else."""
    assert optilab.get_optimizer("gradient_descent").batch_size == "full"
    assert optilab.get_optimizer("sgd").batch_size == 32


@example_settings(max_examples=50)
@given(curvature=st.floats(0.1, 10), lr=st.floats(0.01, 0.19), steps=st.integers(1, 60))
def test_gradient_descent_on_a_parabola_in_closed_form(curvature: float, lr: float, steps: int) -> None:
    """On curvature / 2 * w^2 the weight after n steps is (1 - lr * curvature)^n of the first."""
    problem = optilab.get_problem("parabola", curvature=curvature)
    run = optilab.train(problem, "gradient_descent", lr=lr, steps=steps)
    assert run.w[0] == pytest.approx(-2.0 * (1 - lr * curvature) ** steps, rel=1e-12, abs=1e-100)


def walk(name: str, hyperparameters: dict[str, Any], n: int = 5) -> Vector:
    """Weights after each of 40 steps with random gradients."""
    random = np.random.default_rng(2)
    stepper = optilab.get_optimizer(name).start(random.normal(size=n), **hyperparameters)
    return np.array([stepper.step(gradient).copy() for gradient in random.normal(size=(STEPS, n))])


@pytest.mark.parametrize(
    ("special", "hyperparameters", "plain"),
    [
        ("momentum", {"momentum": 0.0}, "sgd"),
        ("nesterov", {"momentum": 0.0}, "sgd"),
        ("gradient_descent", {}, "sgd"),
        ("l2 | sgd", {"penalty": 0.0}, "sgd"),
        ("weight_decay | sgd", {"weight_decay": 0.0}, "sgd"),
        ("clip_by_global_norm | sgd", {"max_norm": 1e9}, "sgd"),
        ("adamw", {"weight_decay": 0.0}, "adam"),
        ("l2 | adam", {"penalty": 0.0}, "adam"),
        ("weight_decay | adam", {}, "adamw"),
    ],
)
def test_rule_in_its_limit_is_another(special: str, hyperparameters: dict[str, Any], plain: str) -> None:
    """Without what sets it apart, a rule takes the steps of the plainer one."""
    np.testing.assert_allclose(walk(special, hyperparameters), walk(plain, {}), rtol=1e-14)


def test_adam_without_memory_steps_by_the_sign() -> None:
    """With both betas and eps at zero, Adam divides the gradient by its own size."""
    steps = np.diff(walk("adam", {"beta1": 0.0, "beta2": 0.0, "eps": 0.0, "lr": 0.25}), axis=0)
    np.testing.assert_allclose(np.abs(steps), 0.25, rtol=1e-12)


@example_settings(max_examples=40)
@given(scale=st.sampled_from([1e-6, 1e-2, 4.0, 1e5]), seed=st.integers(0, 1000))
@pytest.mark.parametrize(
    ("name", "hyperparameters"),
    [("lion", {}), ("adam", {"eps": 0.0}), ("rmsprop", {"eps": 0.0}), ("lars", {}), ("clip_by_global_norm | sgd", {})],
)
def test_rule_that_does_not_see_the_size_of_gradients(
    name: str, hyperparameters: dict[str, Any], scale: float, seed: int
) -> None:
    """Rules that scale the gradient by itself take the same steps if all gradients are so many times as long."""
    random = np.random.default_rng(seed)
    w, gradients = random.normal(size=4), random.normal(size=(10, 4))
    if name.startswith("clip"):  # provided that all are clipped
        hyperparameters = {"max_norm": 1e-9}
    one, other = (optilab.get_optimizer(name).start(w, **hyperparameters) for _ in range(2))
    for gradient in gradients:
        np.testing.assert_allclose(one.step(gradient), other.step(scale * gradient), rtol=1e-11)


def test_lion_moves_every_weight_equally_far() -> None:
    """Without weight decay, each step of Lion is lr in one direction or the other, whatever the gradient."""
    steps = np.diff(walk("lion", {"lr": 0.25}), axis=0)
    np.testing.assert_allclose(np.abs(steps), 0.25, rtol=1e-12)
    assert {-1, 1} == set(np.sign(steps).ravel())


def test_lion_leaves_a_weight_without_gradient() -> None:
    """The sign of zero is zero: a weight that never had a gradient does not move."""
    stepper = optilab.get_optimizer("lion").start([1.0, 1.0], lr=0.1)
    np.testing.assert_allclose(stepper.step([0.0, 5.0]), [1.0, 0.9], rtol=1e-15)


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "lion", "momentum", "lars", "clip_by_global_norm | sgd"])
def test_a_gradient_of_zero_moves_nothing(name: str) -> None:
    """Without a slope from the beginning no rule moves, and none divides zero by zero."""
    stepper = optilab.get_optimizer(name).start([1.0, -2.0, 0.0])
    for _ in range(3):
        np.testing.assert_array_equal(stepper.step([0.0, 0.0, 0.0]), [1.0, -2.0, 0.0])


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """A small network in float64 that tells three classes apart."""
    random = np.random.default_rng(3)
    labels = np.arange(60) % 3
    x = random.normal(size=(60, 4)) + np.eye(3, 4)[labels]
    file = tmp_path_factory.mktemp("data") / "blobs.npz"
    np.savez(file, x_train=x, y_train=labels)
    dataset = {"path": str(file), "test_fraction": 0.0}
    return optilab.get_problem("network", dataset=dataset, hidden=[5], cost="cross_entropy", precision="float64")


def test_lars_gives_each_layer_its_own_step(network: Problem) -> None:
    """Each layer moves by lr * trust times the length of its weights, whatever the length of its gradient."""
    w, g = network.initial(1), np.random.default_rng(4).normal(size=network.n_weights)
    first_bias = network.layers[1]
    assert not w[first_bias["offset"] :][: first_bias["size"]].any()
    g[: first_bias["offset"]] *= 1e6
    stepper = optilab.get_optimizer("lars").start(w, problem=network, lr=2.0, trust=0.01, momentum=0.0)
    moved = stepper.step(g) - w
    assert len(network.layers) == 4
    for layer in network.layers:
        part = slice(layer["offset"], layer["offset"] + layer["size"])
        if w[part].any():
            assert np.linalg.norm(moved[part]) == pytest.approx(2.0 * 0.01 * np.linalg.norm(w[part]), rel=1e-12)
            direction = g[part] / np.linalg.norm(g[part])
            np.testing.assert_allclose(moved[part] / np.linalg.norm(moved[part]), -direction, rtol=1e-10)
        else:  # biases that are all zero take a plain step
            np.testing.assert_allclose(moved[part], -2.0 * g[part], rtol=1e-12)


def test_lars_sees_decay_in_its_ratio(network: Problem) -> None:
    """With weight decay the ratio is trust * |w| / (|g| + weight_decay * |w|), layer by layer."""
    random = np.random.default_rng(5)
    w, g = random.normal(size=(2, network.n_weights))
    stepper = optilab.get_optimizer("lars").start(w, problem=network, lr=0.5, trust=0.1, weight_decay=0.2, momentum=0.9)
    moved = stepper.step(g) - w
    for layer in network.layers:
        part = slice(layer["offset"], layer["offset"] + layer["size"])
        w_norm, g_norm = np.linalg.norm(w[part]), np.linalg.norm(g[part])
        expected = -0.5 * 0.1 * w_norm / (g_norm + 0.2 * w_norm) * (g[part] + 0.2 * w[part])
        np.testing.assert_allclose(moved[part], expected, rtol=1e-12)


def test_polyak_by_hand() -> None:
    """A cost of 3 over a gradient of length 5: the step is (3 - 1) / (0.5 * 25) times the gradient, at most lr."""
    stepper = optilab.get_optimizer("polyak").start([1.0, 1.0], lowest=1.0)
    np.testing.assert_allclose(stepper.step([3.0, 4.0], cost=3.0), [1 - 0.16 * 3, 1 - 0.16 * 4], rtol=1e-14)
    stepper = optilab.get_optimizer("polyak").start([1.0, 1.0], lr=0.1, c=1.0)
    np.testing.assert_allclose(stepper.step([3.0, 4.0], cost=3.0), [0.7, 0.6], rtol=1e-14)
    np.testing.assert_allclose(stepper.step([3.0, 4.0], cost=1.0), [0.7 - 0.12, 0.6 - 0.16], rtol=1e-14)
    np.testing.assert_allclose(stepper.step([0.0, 0.0], cost=1.0), [0.58, 0.44], rtol=1e-14)


def test_polyak_is_its_numpy_twin() -> None:
    """Over 40 random gradients and costs it takes the steps of equation 3."""
    random = np.random.default_rng(6)
    w, gradients, costs = random.normal(size=5), random.normal(size=(STEPS, 5)), random.uniform(0, 9, STEPS)
    stepper = optilab.get_optimizer("polyak").start(w, lr=0.8, c=0.7, lowest=-0.5)
    capped = 0
    for g, cost in zip(gradients, costs, strict=True):
        length = (cost + 0.5) / (0.7 * (g @ g))
        capped += length > 0.8
        w = w - min(0.8, length) * g
        np.testing.assert_allclose(stepper.step(g, cost), w, rtol=1e-12)
    assert 0 < capped < STEPS


def test_polyak_finds_the_bottom_of_a_parabola_at_once() -> None:
    """On a parabola the step of the paper, with c = 1/2, ends at the minimum, whatever the curvature."""
    problem = optilab.get_problem("parabola", curvature=8.0)
    assert optilab.train(problem, "polyak", steps=1).w[0] == pytest.approx(0, abs=1e-14)
    # Polyak's own c = 1 goes twice as far, capped by lr at where gradient descent goes.
    assert optilab.train(problem, "polyak", steps=1, c=1.0).w[0] == pytest.approx(-1, rel=1e-14)


def bowl_gradient(w: Vector) -> Vector:
    """Of (w0^2 + 20 w1^2) / 2."""
    return w * [1, 20]


@pytest.mark.parametrize("rho", [0.05, 0.4])
def test_sam_is_its_numpy_twin(rho: float) -> None:
    """On the bowl, SAM takes the gradient at w + rho * g / |g| and steps from w."""
    problem = optilab.get_problem("bowl")
    w = problem.initial()
    stepper = optilab.get_optimizer("sam | momentum").start(w, problem=problem, rho=rho, lr=0.02, momentum=0.5)
    b = np.zeros(2)
    for _ in range(STEPS):
        g = bowl_gradient(w)
        b = 0.5 * b + bowl_gradient(w + rho * g / np.linalg.norm(g))
        w = w - 0.02 * b
        np.testing.assert_allclose(stepper.step(), w, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("base", ["sgd", "momentum", "adam"])
def test_sam_without_radius_is_its_base(network: Problem, base: str) -> None:
    """With rho = 0 the weights are those of the base, bit for bit, on batches of a network."""
    plain = optilab.train(network, base, batch_size=7, epochs=4, seed=3)
    sharp = optilab.train(network, f"sam | {base}", rho=0.0, batch_size=7, epochs=4, seed=3)
    np.testing.assert_array_equal(sharp.w, plain.w)
    np.testing.assert_array_equal(sharp.history["train_cost"], plain.history["train_cost"])


def test_sam_computes_two_gradients_a_step(network: Problem) -> None:
    """The history of SAM counts two gradient evaluations a step, of two batches of examples; others count one."""
    for name, evaluations in [("sgd", 1), ("adam", 1), ("lars", 1), ("polyak", 1), ("sam | sgd", 2)]:
        history = optilab.train(network, name, batch_size=25, steps=10, measure_steps=1).history
        np.testing.assert_array_equal(history["gradient_evaluations"], evaluations * history["step"])
        examples = [0, 25, 50, 60, 85, 110, 120, 145, 170, 180, 205]  # the last of three batches has ten
        np.testing.assert_array_equal(history["examples"], evaluations * np.array(examples))


def test_sam_keeps_to_the_batch(network: Problem) -> None:
    """Its second gradient is over the same batch as the first."""
    w = network.initial(2)
    order = np.random.default_rng(np.random.SeedSequence(2, spawn_key=(1, 0))).permutation(60)
    expected = w.copy()
    for rows in (order[:20], order[20:40], order[40:]):
        g = network.gradient(expected, rows)
        expected -= 0.1 * network.gradient(expected + 0.3 * g / np.linalg.norm(g), rows)
    run = optilab.train(network, "sam | sgd", rho=0.3, lr=0.1, batch_size=20, epochs=1, seed=2)
    np.testing.assert_allclose(run.w, expected, rtol=1e-10, atol=1e-13)


def test_the_order_of_a_chain_is_the_algorithm() -> None:
    """Decoupled decay before Adam is AdamW; the gradient of a penalty before Adam is something else."""
    decoupled = walk("weight_decay | adam", {"weight_decay": 0.1, "lr": 0.1})
    np.testing.assert_allclose(decoupled, walk("adamw", {"weight_decay": 0.1, "lr": 0.1}), rtol=1e-13)
    assert np.abs(decoupled - walk("l2 | adam", {"penalty": 0.1, "lr": 0.1})).max() > 0.01
    # Under plain descent, before and after, and gradient and weights, are the same to first order only.
    before, after = walk("weight_decay | sgd", {}), walk("sgd | weight_decay", {})
    assert 1e-5 < np.abs(before - after).max() < 1e-2


def test_clipping_sees_the_penalty_only_if_it_comes_later() -> None:
    """`l2 | clip` shortens gradient and penalty together, `clip | l2` the gradient alone."""
    w, g = np.array([30.0, 0.0]), np.array([0.0, 40.0])
    together = optilab.get_optimizer("l2 | clip_by_global_norm | sgd").start(w, lr=1.0, penalty=1.0)
    np.testing.assert_allclose(together.step(g), [30 - 0.6, -0.8], rtol=1e-14)
    alone = optilab.get_optimizer("clip_by_global_norm | l2 | sgd").start(w, lr=1.0, penalty=1.0)
    np.testing.assert_allclose(alone.step(g), [0, -1], rtol=1e-14)


def test_states_in_a_chain_carry_the_name_of_their_rule() -> None:
    """A rule alone has its states by their own names, in a chain with the rule's before them, each with its own."""
    alone = optilab.get_optimizer("momentum").start([1.0, 2.0])
    alone.step([1.0, 3.0])
    assert list(alone.state) == ["b"]
    np.testing.assert_array_equal(alone.state["b"], [1, 3])

    chain = optilab.get_optimizer("momentum | adam").start([1.0, 2.0], lr=0.1)
    chain.step([1.0, 3.0])
    assert list(chain.state) == ["momentum.b", "adam.m", "adam.v"]
    np.testing.assert_array_equal(chain.state["momentum.b"], [1, 3])
    np.testing.assert_allclose(chain.state["adam.m"], [0.1, 0.3], rtol=1e-14)
    np.testing.assert_allclose(chain.state["adam.v"], [0.001, 0.009], rtol=1e-12)


vectors = arrays.arrays(np.float64, st.integers(1, 20), elements=st.floats(-1e3, 1e3))


@example_settings(max_examples=100)
@given(g=vectors, max_norm=st.floats(1e-3, 1e4))
def test_clipping_never_exceeds_max_norm(g: Vector, max_norm: float) -> None:
    """What is left of a gradient is at most max_norm long, points the same way, and is whole if it was short."""
    stepper = optilab.get_optimizer("clip_by_global_norm | sgd").start(np.zeros(g.size), lr=1.0, max_norm=max_norm)
    clipped = -stepper.step(g)
    norm = np.linalg.norm(g)
    assert np.linalg.norm(clipped) <= max_norm * (1 + 1e-14)
    if norm <= max_norm * (1 - 1e-14):
        np.testing.assert_array_equal(clipped, g)
    elif norm >= max_norm * (1 + 1e-14):
        np.testing.assert_allclose(clipped, g * max_norm / norm, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("size", [1e5, 1e15, 1e25, 1e38])
def test_clipping_an_exploding_gradient_in_single_precision(size: float) -> None:
    """A gradient in float32 of any finite length is shortened to max_norm, not lost: that is what clipping is for."""
    stepper = optilab.get_optimizer("clip_by_global_norm | sgd").start(np.zeros(2, np.float32), lr=1.0, max_norm=2.0)
    np.testing.assert_allclose(stepper.step(np.array([0.6, -0.8]) * size), [-1.2, 1.6], rtol=1e-5)


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam", "rmsprop", "lion", "lars", "clip_by_global_norm | sgd"])
def test_not_a_number_in_a_gradient_reaches_its_weight(name: str) -> None:
    """A gradient of NaN makes its weight NaN, so that divergence is seen."""
    stepper = optilab.get_optimizer(name).start([1.0, 2.0, 3.0])
    stepper.step([1.0, np.nan, 1.0])
    assert np.isnan(stepper.w[1])


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "lion"])
def test_elementwise_rule_treats_weights_alike(name: str) -> None:
    """Each weight is on its own: any order of the weights, and any number of others, leaves its steps as they are."""
    random = np.random.default_rng(8)
    w, gradients = random.normal(size=37), random.normal(size=(10, 37))
    order = random.permutation(37)[:30]
    all_weights, some = optilab.get_optimizer(name).start(w), optilab.get_optimizer(name).start(w[order])
    for gradient in gradients:
        np.testing.assert_allclose(some.step(gradient[order]), all_weights.step(gradient)[order], rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "hyperparameters", "message"),
    [
        ("momentum", {"momentum": 1.0}, r"momentum = 1.0 is out of range: accepted is \[0, 1\)"),
        ("adam", {"beta2": 1.0}, r"beta2 = 1.0 is out of range: accepted is \[0, 1\)"),
        ("adam", {"eps": -1e-9}, r"eps = -1e-09 is out of range: accepted is \[0, inf\)"),
        ("rmsprop", {"alpha": -0.1}, r"alpha = -0.1 is out of range: accepted is \[0, 1\)"),
        ("sgd", {"lr": 0}, r"lr = 0 is out of range: accepted is \(0, inf\)"),
        ("clip_by_global_norm", {"max_norm": 0.0}, r"max_norm = 0.0 is out of range: accepted is \(0, inf\)"),
        ("sam", {"rho": -1}, r"rho = -1 is out of range: accepted is \[0, inf\)"),
        ("l2", {"penalty": -1}, r"penalty = -1 is out of range: accepted is \[0, inf\)"),
        ("polyak", {"c": 0}, r"c = 0 is out of range: accepted is \(0, inf\)"),
        ("lars", {"trust": 0}, r"trust = 0 is out of range: accepted is \(0, inf\)"),
    ],
)
def test_rule_refuses_values_out_of_its_range(name: str, hyperparameters: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(hyperparameters)
