"""Rules that evaluate further gradients: at a worse point, at an old one, or on both sides for the Hessian's sake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.kernels.noise import normal
from optilab.randomness import noise_key
from reference.case import Case, twin
from reference.expressions import optax_expression
from reference.walks import STEPS, Descent, Vector, Walk

VALLEY, OBLONG = "long_valley", "oblong"


def noise(n: int, *, signs: bool) -> NDArray[np.float64]:
    """[step, weight]: what optilab draws, with seed 0, for the first rule of a chain."""
    key = float(noise_key(0))
    drawn = np.array([[normal(key, float(t), i) for i in range(n)] for t in range(1, STEPS + 1)])
    return np.where(drawn > 0, 1.0, -1.0) if signs else drawn


def hessian(walk: Walk, w: Vector) -> NDArray[np.float64]:
    """The exact second derivatives of the two functions."""
    assert isinstance(walk, Descent)
    n = w.size
    if walk.name == OBLONG:
        mix = np.eye(n) + 0.3 * np.roll(np.eye(n), 1, axis=1)
        return mix.T @ np.diag(1 + 19 * np.arange(n) / 5) @ mix
    h = np.zeros((n, n))
    for i in range(n - 1):
        h[i, i] += 120 * w[i] ** 2 - 40 * w[i + 1] + 2
        h[i + 1, i + 1] += 20
        h[i, i + 1] = h[i + 1, i] = -40 * w[i]
    return h


class ExactHessian:
    """For Optax: v * H v with the exact Hessian of a function, and optilab's signs every `interval` steps."""

    def __init__(self, name: str, interval: int) -> None:
        self.name, self.interval = name, interval

    def __repr__(self) -> str:
        return f"v * H v on {self.name} with the signs of optilab's noise, every {self.interval} steps"

    def init(self, parameters: Any) -> Any:
        import jax.numpy as jnp

        return jnp.zeros((), jnp.int32)

    def update(self, updates: Any, done: Any, parameters: Any = None) -> Any:
        import jax
        import jax.numpy as jnp

        from reference.peers import _traceable

        signs = jnp.asarray(noise(parameters[0].size, signs=True)[:: self.interval])
        v = [signs[done]]
        product = jax.jvp(jax.grad(_traceable(self.name)), (parameters,), (v,))[1]
        return [product[0] * v[0]], done + 1


# Each as its paper writes it.


def sam(walk: Walk, rates: Vector, lr: float, rho: float, beta: float = 0.0) -> Iterator[Vector]:
    """SAM under the heavy ball."""
    w = walk.w.copy()
    velocity = np.zeros_like(w)
    for rate in rates:
        g = slope(walk, w)
        velocity = beta * velocity + slope(walk, w + rho * g / np.linalg.norm(g))
        w = w - lr * rate * velocity
        yield w


def asam(walk: Walk, rates: Vector, lr: float, rho: float, eta: float) -> Iterator[Vector]:
    """ASAM element by element, with T as a matrix."""
    w = walk.w.copy()
    for rate in rates:
        scale = np.diag(np.abs(w) + eta)
        g = slope(walk, w)
        worst = w + rho * scale @ scale @ g / np.linalg.norm(scale @ g)
        w = w - lr * rate * slope(walk, worst)
        yield w


def descent(walk: Walk, rates: Vector, lr: float) -> Iterator[Vector]:
    """Plain gradient descent."""
    w = walk.w.copy()
    for rate in rates:
        w = w - lr * rate * slope(walk, w)
        yield w


def sophia(
    walk: Walk,
    rates: Vector,
    eta: float = 1e-3,
    betas: tuple[float, float] = (0.96, 0.99),
    gamma: float = 0.01,
    eps: float = 1e-12,
    lam: float = 0.2,
    k: int = 10,
    rho: float = 1.0,
) -> Iterator[Vector]:
    """Sophia-H with the exact Hessian and normal noise: algorithms 1 and 3 of the paper."""
    w, u = walk.w.copy(), noise(walk.w.size, signs=False)
    m = h = np.zeros_like(w)
    for t, rate in enumerate(rates, 1):
        m = betas[0] * m + (1 - betas[0]) * slope(walk, w)
        if t % k == 1 % k:
            h = betas[1] * h + (1 - betas[1]) * u[t - 1] * (hessian(walk, w) @ u[t - 1])
        w = w - eta * rate * lam * w
        w = w - eta * rate * np.clip(m / np.maximum(gamma * h, eps), -rho, rho)
        yield w


def adahessian(
    walk: Walk,
    rates: Vector,
    eta: float = 0.15,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-4,
    decay: float = 0.0,
    k: float = 1.0,
) -> Iterator[Vector]:
    """AdaHessian with the exact Hessian."""
    w, z = walk.w.copy(), noise(walk.w.size, signs=True)
    m = v = np.zeros_like(w)
    for t, rate in enumerate(rates, 1):
        m = betas[0] * m + (1 - betas[0]) * slope(walk, w)
        diagonal = z[t - 1] * (hessian(walk, w) @ z[t - 1])
        v = betas[1] * v + (1 - betas[1]) * diagonal**2
        m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
        w = w - eta * rate * (m_hat / (np.sqrt(v_hat) ** k + eps) + decay * w)
        yield w


def slope(walk: Walk, w: Vector) -> Vector:
    """Gradient on a function."""
    assert isinstance(walk, Descent)
    return walk.value_and_grad(w)[1]


def optax_sam(base: str, lr: float, rho: float, period: int) -> Any:
    """optax.contrib.sam with the adversary of the paper, which sees the same batch."""
    adversary = f"optax.chain(optax.contrib.normalize(), optax.sgd({rho}))"
    text = f"optax.contrib.sam({base}, {adversary}, sync_period={period}, opaque_mode=True)"
    return optax_expression(text, lr, ("grad_fn",))


def optax_sophia(lr: float, walk: str, interval: int = 10, more: str = "") -> Any:
    """optax.contrib.sophia with optilab's signs and the exact Hessian."""
    text = f"optax.contrib.sophia(lr, update_interval={interval}, hessian_diagonal_fn=exact{more})"
    return optax_expression(text, lr, exact=ExactHessian(walk, interval))


FORET = "Foret et al., 2021, arXiv:2010.01412"
KWON = "Kwon et al., 2021, arXiv:2102.11600"
JOHNSON = "Johnson and Zhang, NIPS 2013"
LIU = "Liu et al., 2023, arXiv:2305.14342"
YAO = "Yao et al., 2021, arXiv:2006.00719"
OF_OPTAX = {
    "beta1": 0.965,
    "eps": 1e-8,
    "weight_decay": 1e-4,
    "probe": "signs",
    "bias_correction": True,
    "hessian_late": True,
}
DIFFERENCE = "the Hessian's product is a central difference here, and exact there"

CASES = [
    Case("sam | sgd", {"lr": 0.01}, optax_sam("optax.sgd(lr)", 0.01, 0.05, 2), walk=VALLEY),
    Case("sam | sgd", {"lr": 0.01, "rho": 0.3}, optax_sam("optax.sgd(lr)", 0.01, 0.3, 2), walk=OBLONG, scheduled=True),
    Case("sam | sgd", {"lr": 0.01, "rho": 0.1, "ascents": 3}, optax_sam("optax.sgd(lr)", 0.01, 0.1, 4), walk=OBLONG),
    Case("sam | adam", {"lr": 0.05}, optax_sam("optax.adam(lr)", 0.05, 0.05, 2), walk=VALLEY),
    Case("sam | sgd", {"lr": 0.01}, twin(sam, FORET, lr=0.01, rho=0.05), walk=VALLEY),
    Case(
        "sam | momentum",
        {"lr": 0.01, "momentum": 0.7, "rho": 0.2},
        twin(sam, FORET, lr=0.01, rho=0.2, beta=0.7),
        walk=OBLONG,
        scheduled=True,
    ),
    Case("asam | sgd", {"lr": 0.01}, twin(asam, KWON, lr=0.01, rho=0.5, eta=0.01), walk=OBLONG),
    # where there are no biases; where there are, see test_asam_keeps_to_the_batch_and_may_spare_biases
    Case("asam | sgd", {"lr": 0.02, "plain_biases": True}, twin(asam, KWON, lr=0.02, rho=0.5, eta=0.01), walk=OBLONG),
    Case(
        "asam | sgd",
        {"lr": 0.01, "rho": 0.1, "eta": 0.3},
        twin(asam, KWON, lr=0.01, rho=0.1, eta=0.3),
        walk=VALLEY,
        scheduled=True,
    ),
    Case("svrg | sgd", {"lr": 0.01}, twin(descent, JOHNSON, lr=0.01), walk=VALLEY),
    Case("svrg | sgd", {"lr": 0.01, "interval": 7}, twin(descent, JOHNSON, lr=0.01), walk=OBLONG, scheduled=True),
    Case("sophia", {}, twin(sophia, LIU), walk=VALLEY, rtol=1e-8, why=DIFFERENCE),
    Case("sophia", {}, twin(sophia, LIU), walk=OBLONG, rtol=1e-8, why=DIFFERENCE),
    Case(
        "sophia",
        {"lr": 0.05, "beta1": 0.8, "beta2": 0.6, "gamma": 0.5, "eps": 0.1, "weight_decay": 0.0, "interval": 3},
        twin(sophia, LIU, eta=0.05, betas=(0.8, 0.6), gamma=0.5, eps=0.1, lam=0.0, k=3),
        walk=VALLEY,
        scheduled=True,
        rtol=1e-7,
        why=DIFFERENCE,
    ),
    Case(
        "sophia",
        {"lr": 0.05, "clip": 0.3, "interval": 1, "beta2": 0.5, "gamma": 0.2},
        twin(sophia, LIU, eta=0.05, rho=0.3, k=1, betas=(0.96, 0.5), gamma=0.2),
        walk=OBLONG,
        rtol=1e-7,
        why=DIFFERENCE,
    ),
    Case("sophia", {"lr": 0.01, **OF_OPTAX}, optax_sophia(0.01, VALLEY), walk=VALLEY, rtol=1e-8, why=DIFFERENCE),
    Case(
        "sophia",
        {"lr": 0.05, **OF_OPTAX, "interval": 4, "gamma": 0.3, "clip": 0.5, "beta2": 0.8},
        optax_sophia(0.05, OBLONG, 4, ", gamma=0.3, clip_threshold=0.5, b2=0.8"),
        walk=OBLONG,
        scheduled=True,
        rtol=1e-8,
        why=DIFFERENCE,
    ),
    Case("adahessian", {}, twin(adahessian, YAO), walk=VALLEY, rtol=1e-8, why=DIFFERENCE),
    Case("adahessian", {}, twin(adahessian, YAO), walk=OBLONG, rtol=1e-8, why=DIFFERENCE),
    Case(
        "adahessian",
        {"lr": 0.3, "beta1": 0.8, "beta2": 0.95, "eps": 0.1, "weight_decay": 0.1, "power": 0.5},
        twin(adahessian, YAO, eta=0.3, betas=(0.8, 0.95), eps=0.1, decay=0.1, k=0.5),
        walk=VALLEY,
        scheduled=True,
        rtol=1e-8,
        why=DIFFERENCE,
    ),
]

SETTINGS = {
    "sam": {
        "bowl": {"use": "sam | sgd", "lr": 0.05, "rho": 1e-3, "steps": 1_000},
        "rosenbrock": {"use": "sam | adam", "lr": 0.05, "rho": 1e-3, "schedule": "cosine", "steps": 5_000},
    },
    "asam": {
        "bowl": {"use": "asam | sgd", "lr": 0.05, "rho": 1e-3, "steps": 1_000},
        "rosenbrock": {"use": "asam | sgd", "lr": 0.001, "rho": 1e-3, "steps": 30_000},
    },
    "svrg": {
        "bowl": {"use": "svrg | sgd", "lr": 0.05, "steps": 1_000},
        "rosenbrock": {"use": "svrg | sgd", "lr": 0.001, "steps": 30_000},
    },
    "sophia": {
        "bowl": {"lr": 0.01, "weight_decay": 0.0, "steps": 1_000},
        "rosenbrock": {"lr": 0.01, "weight_decay": 0.0, "steps": 5_000},
    },
    "adahessian": {"bowl": {"steps": 1_000}, "rosenbrock": {"lr": 0.5, "steps": 30_000}},
}
