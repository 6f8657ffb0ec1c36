"""Gradient descent, its momenta, and descent by signs and averages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

import optilab
from reference.case import Case, Reference, twin
from reference.peers import optax, torch_optim
from reference.walks import DECAY, STEPS, Gradients, Vector, Walk, split

Walked = Iterator[Vector]


def slope(walk: Walk, step: int, w: Vector) -> Vector:
    """The gradient at step 0, 1, ..."""
    return walk.gradients[step] if isinstance(walk, Gradients) else walk.value_and_grad(w)[1]


def sklearn_sgd(**arguments: Any) -> Reference:
    """The SGD of scikit-learn's MLPs; `learning_rate` is set before each step, as its schedules do."""

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

        assert isinstance(walk, Gradients)
        parameters = [part.copy() for part in split(walk.w)]
        optimizer = SGDOptimizer(parameters, **arguments)
        found = []
        for step, gradient in enumerate(walk.gradients):
            if scheduled:
                optimizer.learning_rate = optimizer.learning_rate_init * DECAY**step
            optimizer.update_params(parameters, split(gradient))
            found.append(np.concatenate([part.ravel() for part in parameters]))
        return np.array(found)

    shown = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return Reference(f"sklearn.neural_network._stochastic_optimizers.SGDOptimizer({shown})", make)


def optax_chain(text: str, build: Callable[[Any, Any], Any], lr: float) -> Reference:
    """A chain of Optax's transformations.

    build: of (optax, rate), where rate(count) is the learning rate, in float64.
    """

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import jax

        jax.config.update("jax_enable_x64", True)
        import jax.numpy as jnp
        import optax as library

        def rate(count: Any) -> Any:
            return lr * jnp.float64(DECAY if scheduled else 1) ** jnp.asarray(count, jnp.float64)

        transformation = build(library, rate)
        w = jnp.asarray(walk.w, jnp.float64)
        state = transformation.init(w)
        found = []
        for step in range(STEPS):
            updates, state = transformation.update(jnp.asarray(slope(walk, step, np.asarray(w))), state, w)
            w = library.apply_updates(w, updates)
            found.append(np.asarray(w))
        return np.array(found)

    return Reference(text, make)


def velocity(lr: float, momentum: float, nesterov: bool = False) -> Reference:
    """Optax's momentum with the learning rate inside."""
    return optax_chain(
        f"optax.chain(scale_by_learning_rate({lr}), trace({momentum}, nesterov={nesterov}))",
        lambda o, rate: o.chain(o.scale_by_learning_rate(rate), o.trace(momentum, nesterov)),
        lr,
    )


def torch_asgd(observed: str, **arguments: Any) -> Reference:
    """`torch.optim.ASGD` with float64 as the default, without which its eta is single.

    observed: "w", or "ax", the average.
    """

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import torch

        assert not scheduled  # a schedule comes one step late
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            w = torch.tensor(np.array(walk.w), requires_grad=True)
            optimizer = torch.optim.ASGD([w], **arguments)
            found = []
            for step in range(STEPS):
                w.grad = torch.tensor(np.array(slope(walk, step, w.detach().numpy())))
                optimizer.step()
                kept = w if observed == "w" else optimizer.state[w]["ax"]
                found.append(kept.detach().numpy().copy())
        finally:
            torch.set_default_dtype(before)
        return np.array(found)

    shown = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return Reference(f"torch.optim.ASGD({shown}) in float64, observed at {observed}", make)


def heavy_ball(walk: Walk, rates: Vector, lr: float, momentum: float = 0.9) -> Walked:
    """Polyak's equation 9: x_(n+1) = x_n - alpha f'(x_n) + beta (x_n - x_(n-1))."""
    last = now = walk.w
    for n, rate in enumerate(rates):
        last, now = now, now - lr * rate * slope(walk, n, now) + momentum * (now - last)
        yield now


def fista(walk: Walk, rates: Vector, lr: float, observed: str) -> Walked:
    """Equations 4.1 to 4.3 with nothing to be proximal about; y is where gradients are taken."""
    x, y, t = walk.w, walk.w, 1.0
    for k, rate in enumerate(rates):
        x_old, x = x, y - lr * rate * slope(walk, k, y)
        t_old, t = t, (1 + sqrt(1 + 4 * t**2)) / 2
        y = x + (t_old - 1) / t * (x - x_old)
        yield x if observed == "x" else y


def optimistic(walk: Walk, rates: Vector, lr: float, alpha: float = 1.0, beta: float = 1.0) -> Walked:
    """x_(k+1) = x_k - lr alpha g_k - lr beta (g_k - g_(k-1)), where g_(-1) = g_0."""
    w, last = walk.w, slope(walk, 0, walk.w)
    for k, rate in enumerate(rates):
        g = slope(walk, k, w)
        w = w - lr * rate * alpha * g - lr * rate * beta * (g - last)
        last = g
        yield w


def noisy_descent(walk: Walk, rates: Vector, lr: float = 0.1, eta: float = 0.01, gamma: float = 0.55) -> Walked:
    """Equation 1, sigma_t^2 = eta / (1 + t)^gamma with t from 0, with the numbers that optilab draws for seed 0."""
    draws = optilab.get_optimizer("noisy_sgd").start(np.zeros(walk.w.size), lr=1.0, eta=1.0, gamma=0.0)
    before: Any
    w, before = walk.w, np.zeros(walk.w.size)
    for t, rate in enumerate(rates):
        after = draws.step(np.zeros(walk.w.size)).copy()
        normal, before = before - after, after
        w = w - lr * rate * (slope(walk, t, w) + normal * sqrt(eta / (1 + t) ** gamma))
        yield w


def bottou(
    walk: Walk, rates: Vector, lr: float, lambd: float, alpha: float, t0: float, observed: str = "average"
) -> Walked:
    """Steps gamma_t = gamma_0 / (1 + lambda gamma_0 t)^alpha on a cost with a penalty; the mean of the weights since t0."""
    w, since = walk.w, list[Vector]()
    for t, rate in enumerate(rates):
        gamma = lr * rate / (1 + lambd * lr * rate * t) ** alpha
        w = w - gamma * (slope(walk, t, w) + lambd * w)
        since = [*since, w] if t >= t0 + 2 else [w]
        yield w if observed == "w" else np.mean(since, axis=0)


def schedule_free_sgd(
    walk: Walk,
    rates: Vector,
    lr: float,
    beta: float = 0.9,
    warmup: int = 0,
    power: float = 2.0,
    r: float = 0.0,
    observed: str = "y",
) -> Walked:
    """Equations 3 to 5, where x is the mean of all z, each with its weight."""
    y = z = walk.w
    seen, weights, highest = list[Vector](), list[float](), 0.0
    for k, rate in enumerate(rates):
        gamma = lr * rate * min(1, (k + 1) / max(warmup, 1))
        highest = max(highest, gamma)
        z = z - gamma * slope(walk, k, y)
        seen, weights = [*seen, z], [*weights, (k + 1) ** r * highest**power]
        x = np.average(seen, axis=0, weights=weights)
        y = (1 - beta) * z + beta * x
        yield x if observed == "x" else y


def schedule_free_adamw(
    walk: Walk,
    rates: Vector,
    lr: float = 0.0025,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    decay: float = 0.0,
    warmup: int = 0,
    power: float = 2.0,
    observed: str = "y",
    rate_is_corrected: bool = True,
) -> Walked:
    """Algorithm 1, with a power other than 2 as in its authors' code; or with the moment corrected, as in their code now."""
    z = x = walk.w
    v, total, highest = np.zeros_like(z), 0.0, 0.0
    for t, rate in enumerate(rates, 1):
        y = (1 - beta1) * z + beta1 * x
        g = slope(walk, t - 1, y)
        v = beta2 * v + (1 - beta2) * g**2
        gamma = lr * rate * min(1, t / max(warmup, 1))
        bias = 1 - beta2**t
        if rate_is_corrected:
            gamma *= sqrt(bias)
            z = z - gamma * g / (np.sqrt(v) + eps) - gamma * decay * y
        else:
            z = z - gamma * g / (np.sqrt(v / bias) + eps) - gamma * decay * y
        highest = max(highest, gamma)
        total += highest**power
        c = highest**power / total
        x = (1 - c) * x + c * z
        yield x if observed == "x" else (1 - beta1) * z + beta1 * x


def averaged(parameters: Any, state: Any) -> Any:
    """Where Optax's schedule-free methods are evaluated."""
    from optax.contrib import schedule_free_eval_params

    return schedule_free_eval_params(state, parameters)


def warmed(name: str, lr: float, steps: int, **arguments: Any) -> Reference:
    """A schedule-free method of Optax with its own warmup, but in float64."""

    def build(library: Any, rate: Any) -> Any:
        factory = getattr(library.contrib, name.removeprefix("contrib."))
        return factory(lambda count: rate(count) * (count.astype("float64") / steps).clip(max=1), **arguments)

    shown = "".join(f", {key}={value}" for key, value in arguments.items())
    return optax_chain(f"optax.{name}(linear warmup to {lr} in {steps} steps{shown})", build, lr)


FREE_SGD, FREE_ADAMW = "contrib.schedule_free_sgd", "contrib.schedule_free_adamw"
ROAD = "Defazio et al., 2024, arXiv:2405.15682"
SINGLE = "Optax computes the rates of its warmup in single precision"

CASES = [
    Case("gradient_descent", {}, torch_optim("SGD", lr=0.1)),
    Case("gradient_descent", {"lr": 0.01}, optax("sgd", 0.01), walk="oblong", scheduled=True),
    Case("sgd", {}, torch_optim("SGD", lr=0.1)),
    Case("sgd", {"lr": 0.7}, optax("sgd", 0.7), scheduled=True),
    Case("l2 | sgd", {"penalty": 0.3}, torch_optim("SGD", lr=0.1, weight_decay=0.3)),
    # Momentum
    Case("momentum", {}, torch_optim("SGD", lr=0.1, momentum=0.9)),
    Case("momentum", {"momentum": 0.5}, torch_optim("SGD", lr=0.1, momentum=0.5), scheduled=True),
    Case("momentum", {"momentum": 0.7}, optax("sgd", 0.1, momentum=0.7), scheduled=True),
    Case("momentum", {"dampening": 0.3}, torch_optim("SGD", lr=0.1, momentum=0.9, dampening=0.3)),
    Case("momentum", {"dampening": 1.0}, torch_optim("SGD", lr=0.1, momentum=0.9, dampening=1.0), scheduled=True),
    Case(
        "l2 | momentum",
        {"penalty": 0.3, "dampening": 0.3},
        torch_optim("SGD", lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.3),
        scheduled=True,
    ),
    Case("momentum", {"lr": 0.01}, torch_optim("SGD", lr=0.01, momentum=0.9), walk="oblong"),
    Case("momentum", {"lr_inside_momentum": True}, velocity(0.1, 0.9), scheduled=True),
    Case("momentum", {"lr_inside_momentum": True}, torch_optim("SGD", lr=0.1, momentum=0.9)),
    Case(
        "momentum",
        {"lr_inside_momentum": True, "momentum": 0.8},
        sklearn_sgd(learning_rate_init=0.1, momentum=0.8, nesterov=False),
        scheduled=True,
    ),
    Case(
        "momentum",
        {"lr_inside_momentum": True, "dampening": 0.3},
        torch_optim("SGD", lr=0.1, momentum=0.9, dampening=0.3),
    ),
    # Nesterov's momentum
    Case("nesterov", {}, torch_optim("SGD", lr=0.1, momentum=0.9, nesterov=True)),
    Case("nesterov", {"momentum": 0.5}, torch_optim("SGD", lr=0.1, momentum=0.5, nesterov=True), scheduled=True),
    Case("nesterov", {"momentum": 0.7}, optax("sgd", 0.1, momentum=0.7, nesterov=True), scheduled=True),
    Case(
        "l2 | nesterov",
        {"penalty": 0.3},
        torch_optim("SGD", lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.3),
        scheduled=True,
    ),
    Case("nesterov", {"lr": 0.003}, optax("sgd", 0.003, momentum=0.9, nesterov=True), walk="long_valley"),
    Case("nesterov", {"lr_inside_momentum": True}, velocity(0.1, 0.9, nesterov=True), scheduled=True),
    Case(
        "nesterov",
        {"lr_inside_momentum": True, "momentum": 0.8},
        sklearn_sgd(learning_rate_init=0.1, momentum=0.8, nesterov=True),
        scheduled=True,
    ),
    Case("heavy_ball", {}, velocity(0.1, 0.9)),
    Case("heavy_ball", {"momentum": 0.6}, velocity(0.1, 0.6), scheduled=True),
    Case("heavy_ball", {}, twin(heavy_ball, "Polyak, 1964", lr=0.1), scheduled=True),
    Case("heavy_ball", {"lr": 0.01}, twin(heavy_ball, "Polyak, 1964", lr=0.01), walk="oblong"),
    Case("accelerated_gradient", {}, twin(fista, "Beck and Teboulle, 2009", lr=0.1, observed="y")),
    Case(
        "accelerated_gradient",
        {},
        twin(fista, "Beck and Teboulle, 2009", lr=0.1, observed="x"),
        scheduled=True,
        observe="evaluation_point",
    ),
    Case(
        "accelerated_gradient",
        {"lr": 0.01},
        twin(fista, "Beck and Teboulle, 2009", lr=0.01, observed="x"),
        walk="long_valley",
        observe="evaluation_point",
    ),
    # With something added to the gradient
    Case("optimistic_gradient_descent", {}, optax("optimistic_gradient_descent", 0.1)),
    Case(
        "optimistic_gradient_descent",
        {"alpha": 0.7, "beta": 0.3},
        optax("optimistic_gradient_descent", 0.1, alpha=0.7, beta=0.3),
        scheduled=True,
    ),
    Case(
        "optimistic_gradient_descent",
        {"lr": 0.01, "beta": 0.4},
        twin(optimistic, "Mokhtari et al., arXiv:1901.08511", lr=0.01, beta=0.4),
        walk="oblong",
    ),
    Case("noisy_sgd", {"eta": 0.0}, optax("noisy_sgd", 0.1, eta=0.0, key=0), scheduled=True),
    Case("noisy_sgd", {}, twin(noisy_descent, "Neelakantan et al., arXiv:1511.06807")),
    Case(
        "noisy_sgd",
        {"eta": 2.0, "gamma": 1.5},
        twin(noisy_descent, "Neelakantan et al., arXiv:1511.06807", eta=2.0, gamma=1.5),
        scheduled=True,
    ),
    # By the sign
    Case("sign_sgd", {}, optax("sign_sgd", 1e-3)),
    Case("sign_sgd", {"lr": 0.1}, optax("sign_sgd", 0.1), scheduled=True),
    Case("sign_sgd", {"lr": 0.1}, optax("sign_sgd", 0.1), walk="small gradients"),
    Case("signum", {}, optax("signum", 1e-3)),
    Case("signum", {"lr": 0.1, "beta": 0.6}, optax("signum", 0.1, beta=0.6), scheduled=True),
    Case("signum", {"lr": 0.01}, optax("signum", 0.01), walk="long_valley"),
    # Averages
    Case("asgd", {}, torch_asgd("w")),
    Case("asgd", {}, torch_asgd("ax"), observe="evaluation_point"),
    Case(
        "asgd",
        {"lr": 0.1, "lambd": 0.5, "alpha": 0.6, "t0": 5.0},
        torch_asgd("ax", lr=0.1, lambd=0.5, alpha=0.6, t0=5),
        observe="evaluation_point",
    ),
    Case(
        "l2 | asgd",
        {"penalty": 0.3, "lr": 0.1, "lambd": 0.2, "t0": 0.0},
        torch_asgd("w", lr=0.1, lambd=0.2, t0=0, weight_decay=0.3),
    ),
    Case(
        "asgd",
        {"lr": 0.1, "lambd": 0.5, "alpha": 0.6, "t0": 5.0},
        twin(bottou, "Bottou, 2012", lr=0.1, lambd=0.5, alpha=0.6, t0=5),
        scheduled=True,
        observe="evaluation_point",
    ),
    Case(
        "asgd",
        {"lr": 0.01, "t0": 0.0},
        twin(bottou, "Bottou, 2012", lr=0.01, lambd=1e-4, alpha=0.75, t0=0),
        walk="oblong",
        observe="evaluation_point",
    ),
    # Without a schedule
    Case("schedule_free_sgd", {}, optax(FREE_SGD, 1.0)),
    Case("schedule_free_sgd", {}, optax(FREE_SGD, 1.0, observe=averaged), observe="evaluation_point"),
    Case(
        "schedule_free_sgd",
        {"lr": 0.1, "beta": 0.6, "weight_lr_power": 1.0},
        optax(FREE_SGD, 0.1, b1=0.6, weight_lr_power=1.0, observe=averaged),
        scheduled=True,
        observe="evaluation_point",
    ),
    Case(
        "l2 | schedule_free_sgd",
        {"penalty": 0.3, "lr": 0.1},
        optax(FREE_SGD, 0.1, weight_decay=0.3),
        scheduled=True,
    ),
    Case(
        "schedule_free_sgd",
        {"lr": 0.1, "warmup_steps": 15, "warmup_from_zero": True},
        optax(FREE_SGD, 0.1, warmup_steps=15, observe=averaged),
        observe="evaluation_point",
        rtol=3e-6,
        why=SINGLE,
    ),
    Case(
        "schedule_free_sgd",
        {"lr": 0.1, "warmup_steps": 15, "warmup_from_zero": True},
        warmed(FREE_SGD, 0.1, 15),
    ),
    Case("schedule_free_sgd", {"lr": 0.02}, optax(FREE_SGD, 0.02), walk="oblong"),
    Case(
        "schedule_free_sgd",
        {"lr": 0.1, "warmup_steps": 15},
        twin(schedule_free_sgd, ROAD, lr=0.1, warmup=15, observed="x"),
        scheduled=True,
        observe="evaluation_point",
    ),
    Case(
        "schedule_free_sgd",
        {"lr": 0.1, "beta": 0.7, "warmup_steps": 10, "weight_lr_power": 0.5, "r": 1.5},
        twin(schedule_free_sgd, ROAD, lr=0.1, beta=0.7, warmup=10, power=0.5, r=1.5),
    ),
    Case("schedule_free_adamw", {}, optax(FREE_ADAMW, 0.0025)),
    Case(
        "schedule_free_adamw",
        {"lr": 0.05},
        optax(FREE_ADAMW, 0.05, observe=averaged),
        walk="small gradients",
        observe="evaluation_point",
    ),
    Case(
        "schedule_free_adamw",
        {"lr": 0.05, "beta1": 0.7, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.3, "weight_lr_power": 1.0},
        optax(FREE_ADAMW, 0.05, b1=0.7, b2=0.9, eps=1e-3, weight_decay=0.3, weight_lr_power=1.0, observe=averaged),
        scheduled=True,
        observe="evaluation_point",
    ),
    Case(
        "schedule_free_adamw",
        {"lr": 0.05, "warmup_steps": 15, "warmup_from_zero": True},
        optax(FREE_ADAMW, 0.05, warmup_steps=15, observe=averaged),
        observe="evaluation_point",
        rtol=3e-6,
        why=SINGLE,
    ),
    Case(
        "schedule_free_adamw",
        {"lr": 0.05, "warmup_steps": 15, "warmup_from_zero": True, "weight_decay": 0.2},
        warmed(FREE_ADAMW, 0.05, 15, weight_decay=0.2),
    ),
    Case("schedule_free_adamw", {"lr": 0.05}, optax(FREE_ADAMW, 0.05), walk="long_valley"),
    Case(
        "schedule_free_adamw",
        {"lr": 0.05, "warmup_steps": 15, "weight_decay": 0.2},
        twin(schedule_free_adamw, ROAD, lr=0.05, warmup=15, decay=0.2, rate_is_corrected=False),
        scheduled=True,
    ),
    Case(
        "schedule_free_adamw",
        {"bias_correction": "rate"},
        twin(schedule_free_adamw, ROAD, observed="x"),
        observe="evaluation_point",
    ),
    Case(
        "schedule_free_adamw",
        {"lr": 0.05, "bias_correction": "rate", "warmup_steps": 15, "weight_decay": 0.2, "beta1": 0.8, "beta2": 0.95},
        twin(schedule_free_adamw, ROAD, lr=0.05, beta1=0.8, beta2=0.95, warmup=15, decay=0.2, observed="x"),
        observe="evaluation_point",
        scheduled=True,
    ),
    Case(
        "schedule_free_adamw",
        {"lr": 0.05, "bias_correction": "rate", "weight_lr_power": 0.5},
        twin(schedule_free_adamw, ROAD, lr=0.05, power=0.5),
        walk="small gradients",
    ),
]

SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "gradient_descent": {"bowl": {"lr": 0.05, "steps": 200}, "rosenbrock": {"lr": 0.002, "steps": 10_000}},
    "sgd": {"bowl": {"lr": 0.05, "steps": 200}, "rosenbrock": {"lr": 0.002, "steps": 10_000}},
    "momentum": {"bowl": {"lr": 0.1, "steps": 200}, "rosenbrock": {"lr": 0.003, "steps": 1_000}},
    "nesterov": {"bowl": {"lr": 0.03, "steps": 200}, "rosenbrock": {"lr": 0.001, "steps": 2_000}},
    "heavy_ball": {"bowl": {"lr": 0.1, "steps": 200}, "rosenbrock": {"lr": 0.003, "steps": 1_000}},
    "accelerated_gradient": {"bowl": {"lr": 0.05, "steps": 200}, "rosenbrock": {"lr": 0.001, "steps": 5_000}},
    "optimistic_gradient_descent": {
        "bowl": {"lr": 0.03, "steps": 500},
        "rosenbrock": {"lr": 0.0005, "steps": 30_000},
    },
    "noisy_sgd": {
        "bowl": {"lr": 0.03, "eta": 1e-4, "steps": 500},
        "rosenbrock": {"lr": 0.001, "eta": 1e-4, "steps": 20_000},
    },
    "sign_sgd": {
        "bowl": {"lr": 0.05, "steps": 500, "schedule": "cosine"},
        "rosenbrock": {"lr": 0.0003, "steps": 30_000, "schedule": "cosine"},
    },
    "signum": {
        "bowl": {"lr": 0.02, "steps": 500, "schedule": "cosine"},
        "rosenbrock": {"lr": 0.003, "steps": 5_000, "schedule": "cosine"},
    },
    "asgd": {
        "bowl": {"lr": 0.05, "t0": 100.0, "steps": 200},
        "rosenbrock": {"lr": 0.002, "lambd": 1e-6, "steps": 10_000},
    },
    "schedule_free_sgd": {"bowl": {"lr": 0.5, "steps": 200}, "rosenbrock": {"lr": 0.003, "steps": 20_000}},
    "schedule_free_adamw": {"bowl": {"lr": 0.3, "steps": 2_000}, "rosenbrock": {"lr": 0.03, "steps": 30_000}},
}
