"""Adam and its kin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.case import Case, Reference, twin
from reference.peers import optax, torch_optim
from reference.walks import DECAY, STEPS, Gradients, Vector, Walk, split

SMALL = "small gradients"  # eps counts


def in_double(reference: Reference) -> Reference:
    """The same with float64 as PyTorch's default: NAdam keeps the product of its momenta in that."""

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import torch

        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            return reference.make(walk, scheduled)
        finally:
            torch.set_default_dtype(before)

    return Reference(f"{reference.text} after torch.set_default_dtype(torch.float64)", make)


def sparse_adam(lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8) -> Reference:
    """`torch.optim.SparseAdam` on gradients without their zeros."""

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import torch

        assert isinstance(walk, Gradients)
        parameters = [torch.tensor(np.array(part), requires_grad=True) for part in split(walk.w)]
        optimizer = torch.optim.SparseAdam(parameters, lr=lr, betas=betas, eps=eps)
        found = []
        for step, gradient in enumerate(walk.gradients):
            optimizer.param_groups[0]["lr"] = lr * DECAY**step if scheduled else lr
            for parameter, part in zip(parameters, split(gradient), strict=True):
                parameter.grad = torch.tensor(np.array(part)).to_sparse()
            optimizer.step()
            found.append(np.concatenate([p.detach().numpy().ravel() for p in parameters]))
        return np.array(found)

    return Reference(f"torch.optim.SparseAdam(lr={lr}, betas={betas}, eps={eps}) on sparse gradients", make)


def sklearn_adam(lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> Reference:
    """The Adam of `sklearn.neural_network.MLPClassifier`."""

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

        assert isinstance(walk, Gradients)
        parameters = [np.array(part) for part in split(walk.w)]
        optimizer = AdamOptimizer(parameters, lr, beta1, beta2, eps)
        found = []
        for step in range(STEPS):
            optimizer.learning_rate_init = lr * DECAY**step if scheduled else lr
            optimizer.update_params(parameters, split(walk.gradients[step]))
            found.append(np.concatenate([p.ravel() for p in parameters]))
        return np.array(found)

    name = "sklearn.neural_network._stochastic_optimizers.AdamOptimizer"
    return Reference(f"{name}(learning_rate_init={lr}, beta_1={beta1}, beta_2={beta2}, epsilon={eps})", make)


# Readable twins, from the papers. Averages are kept as the weighted sums that they are, from the whole past.


def average(past: list[Vector], beta: float) -> Vector:
    """Sum of (1 - beta) * beta^(t - k) * past_k, where t is the last."""
    ages = np.arange(len(past))[::-1]
    return np.asarray((1 - beta) * (beta**ages @ np.array(past)))


def walked(walk: Walk, rates: Vector) -> Iterator[tuple[int, Vector, list[Vector], float]]:
    """Step from 1, gradient, gradients so far, rate."""
    assert isinstance(walk, Gradients)
    past: list[Vector] = []
    for t, (g, rate) in enumerate(zip(walk.gradients, rates, strict=True), 1):
        past.append(g)
        yield t, g, past, rate


def squares(past: list[Vector]) -> list[Vector]:
    """Of the gradients."""
    return [g**2 for g in past]


def adam(
    walk: Walk,
    rates: Vector,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    correct_m: bool = True,
) -> Iterator[Vector]:
    """Algorithm 1, or AdamD."""
    w = walk.w
    for t, _, past, rate in walked(walk, rates):
        m_hat = average(past, beta1) / (1 - beta1**t if correct_m else 1)
        v_hat = average(squares(past), beta2) / (1 - beta2**t)
        w = w - rate * lr * m_hat / (np.sqrt(v_hat) + eps)
        yield w


def amsgrad_of_keras(walk: Walk, rates: Vector, lr: float, eps: float) -> Iterator[Vector]:
    """The maximum of raw second moments, with eps before the correction."""
    w, largest = walk.w, np.zeros_like(walk.w)
    for t, _, past, rate in walked(walk, rates):
        largest = np.maximum(largest, average(squares(past), 0.999))
        length = rate * lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        w = w - length * average(past, 0.9) / (np.sqrt(largest) + eps)
        yield w


def adamax_of_keras(walk: Walk, rates: Vector, lr: float, beta2: float, eps: float) -> Iterator[Vector]:
    """Section 7.1 of the paper: the norm is the largest of beta2^(t-k) * |g_k|; eps is added to it."""
    w = walk.w
    for t, _, past, rate in walked(walk, rates):
        u = np.max([beta2 ** (t - k) * np.abs(g) for k, g in enumerate(past, 1)], axis=0)
        w = w - rate * lr / (1 - 0.9**t) * average(past, 0.9) / (u + eps)
        yield w


def nadam(
    walk: Walk, rates: Vector, lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, psi: float = 4e-3
) -> Iterator[Vector]:
    """Algorithm 2 without its extra beta2; psi = 1 is its schedule 0.96^t, and that of Keras."""
    w = walk.w
    mu = beta1 * (1 - 0.5 * 0.96 ** (psi * np.arange(1, STEPS + 2)))  # mu[t - 1] is mu_t
    for t, g, past, rate in walked(walk, rates):
        m_hat = mu[t] * average(past, beta1) / (1 - np.prod(mu[: t + 1])) + (1 - mu[t - 1]) * g / (1 - np.prod(mu[:t]))
        v_hat = average(squares(past), beta2) / (1 - beta2**t)
        w = w - rate * lr * m_hat / (np.sqrt(v_hat) + eps)
        yield w


def radam(walk: Walk, rates: Vector, lr: float, beta2: float, threshold: float) -> Iterator[Vector]:
    """Algorithm 2, without eps."""
    w = walk.w
    limit = 2 / (1 - beta2) - 1
    for t, _, past, rate in walked(walk, rates):
        length = limit - 2 * t * beta2**t / (1 - beta2**t)
        step = average(past, 0.9) / (1 - 0.9**t)
        if length > threshold:
            r = np.sqrt((length - 4) / (limit - 4) * (length - 2) / (limit - 2) * limit / length)
            step = r * step / np.sqrt(average(squares(past), beta2) / (1 - beta2**t))
        w = w - rate * lr * step
        yield w


def adabelief(walk: Walk, rates: Vector, lr: float, beta1: float, beta2: float, eps: float) -> Iterator[Vector]:
    """Algorithm 2."""
    w, s = walk.w, np.zeros_like(walk.w)
    for t, g, past, rate in walked(walk, rates):
        m = average(past, beta1)
        s = beta2 * s + (1 - beta2) * (g - m) ** 2 + eps
        w = w - rate * lr * m / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + eps)
        yield w


def acprop(walk: Walk, rates: Vector, lr: float, beta1: float, beta2: float, eps: float) -> Iterator[Vector]:
    """Algorithm 1: the denominator is that of the step before; the first step is plain."""
    w, s = walk.w, np.zeros_like(walk.w)
    for t, g, past, rate in walked(walk, rates):
        w = w - rate * lr * (g / (np.sqrt(s / (1 - beta2 ** (t - 1))) + eps) if t > 1 else g)
        s = beta2 * s + (1 - beta2) * (g - average(past, beta1)) ** 2 + eps
        yield w


def adan(
    walk: Walk,
    rates: Vector,
    lr: float,
    betas: tuple[float, float, float] = (0.02, 0.08, 0.01),
    eps: float = 1e-8,
    decay: float = 0.0,
) -> Iterator[Vector]:
    """Algorithm 1, with the paper's betas, which are 1 - beta elsewhere; biases are corrected, as its authors do."""
    w = walk.w
    b1, b2, b3 = betas
    for t, _, past, rate in walked(walk, rates):
        changes = list(np.diff(np.array(past), axis=0, prepend=np.array(past[:1])))
        m = average(past, 1 - b1) / (1 - (1 - b1) ** t)
        v = average(changes, 1 - b2) / (1 - (1 - b2) ** t)
        ahead = [(g + (1 - b2) * change) ** 2 for g, change in zip(past, changes, strict=True)]
        n = average(ahead, 1 - b3) / (1 - (1 - b3) ** t)
        eta = rate * lr / (np.sqrt(n) + eps)
        w = (w - eta * (m + (1 - b2) * v)) / (1 + decay * rate * lr)
        yield w


def yogi(walk: Walk, rates: Vector, lr: float, beta2: float, eps: float, v0: float) -> Iterator[Vector]:
    """Algorithm 2: no correction of biases."""
    w, v = walk.w, np.full_like(walk.w, v0)
    for _, g, past, rate in walked(walk, rates):
        v = np.where(v > g**2, v - (1 - beta2) * g**2, v + (1 - beta2) * g**2)
        w = w - rate * lr * average(past, 0.9) / (np.sqrt(v) + eps)
        yield w


def ademamix(
    walk: Walk, rates: Vector, lr: float, beta1: float, beta3: float, alpha: float, warmup: int
) -> Iterator[Vector]:
    """Algorithm 1; in the warm-up the half-life log(1/2) / log(beta3) grows in proportion, as in appendix A.1."""
    w, slow = walk.w, np.zeros_like(walk.w)
    short, long = np.log(0.5) / np.log(beta1), np.log(0.5) / np.log(beta3)
    for t, g, past, rate in walked(walk, rates):
        done = min(1, t / warmup)
        beta = 0.5 ** (1 / (short + done * (long - short)))
        slow = beta * slow + (1 - beta) * g
        v_hat = average(squares(past), 0.999) / (1 - 0.999**t)
        m_hat = average(past, beta1) / (1 - beta1**t)
        w = w - rate * lr * (m_hat + done * alpha * slow) / (np.sqrt(v_hat) + 1e-8)
        yield w


def simplified_ademamix(
    walk: Walk, rates: Vector, lr: float, beta1: float, beta2: float, alpha: float, eps: float
) -> Iterator[Vector]:
    """The sum of all gradients, each beta1 times as heavy as the next, and alpha times the last."""
    w = walk.w
    for t, g, past, rate in walked(walk, rates):
        momentum = sum(beta1 ** (t - k) * old for k, old in enumerate(past, 1)) + alpha * g
        w = w - rate * lr * momentum / (np.sqrt(average(squares(past), beta2) / (1 - beta2**t)) + eps)
        yield w


def adopt(
    walk: Walk, rates: Vector, lr: float, beta1: float, beta2: float, eps: float, power: float
) -> Iterator[Vector]:
    """Algorithm 2, which counts the first gradient, that it only squares, as number 0."""
    w, m, v = walk.w, np.zeros_like(walk.w), np.zeros_like(walk.w)
    for t, g, _, rate in walked(walk, rates):
        if t == 1:
            v = g**2
        else:
            bound = (t - 1) ** power
            m = beta1 * m + (1 - beta1) * np.clip(g / np.maximum(np.sqrt(v), eps), -bound, bound)
            w = w - rate * lr * m
            v = beta2 * v + (1 - beta2) * g**2
        yield w


def optimistic_adam(walk: Walk, rates: Vector, lr: float, eps: float) -> Iterator[Vector]:
    """Algorithm 1: twice the new direction of Adam less the last one, which in the first step is the new one."""
    assert isinstance(walk, Gradients)
    points = [walk.w, *adam(walk, np.ones(STEPS), lr=1.0, eps=eps)]
    directions = -np.diff(np.array(points), axis=0)
    w, last = walk.w, directions[0]
    for direction, rate in zip(directions, rates, strict=True):
        w = w - rate * lr * (2 * direction - last)
        last = direction
        yield w


OTHER: dict[str, Any] = {"lr": 0.05, "beta1": 0.8, "beta2": 0.99, "eps": 1e-3}
TORCH: dict[str, Any] = {"lr": 0.05, "betas": (0.8, 0.99), "eps": 1e-3}
OPTAX: dict[str, Any] = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.99, "eps": 1e-3}
LR = {"lr": 0.05}

ADAM = "Kingma and Ba, 2015, arXiv:1412.6980"
KERAS = "keras.optimizers"
DOZAT = "Dozat, 2016"
LIU = "Liu et al., 2020, arXiv:1908.03265"
BELIEF = "Zhuang et al., 2020, arXiv:2010.07468"
ACPROP = "Zhuang et al., 2021, arXiv:2110.05454"
ADAN = "Xie et al., 2022, arXiv:2208.06677"
YOGI = "Zaheer et al., 2018"
MIX = "Pagliardini, Ablin and Grangier, 2024, arXiv:2409.03137"
SIMPLE = "Morwani et al., 2025, arXiv:2502.02431"
ADOPT = "Taniguchi et al., 2024, arXiv:2411.02853"
GAMES = "Daskalakis et al., 2018, arXiv:1711.00141"

CASES = [
    # adam
    Case("adam", {"lr": 1e-3}, torch_optim("Adam", lr=1e-3)),
    Case("adam", OTHER, optax("adam", **OPTAX)),
    Case("adam", OTHER, twin(adam, ADAM, **OTHER)),
    Case("adam", LR, torch_optim("Adam", lr=0.05), walk=SMALL),
    Case("adam", LR, torch_optim("Adam", lr=0.05), scheduled=True),
    Case("adam", LR, optax("adam", 0.05), walk="long_valley"),
    Case("adam", {**LR, "eps_root": 1e-12}, optax("adam", 0.05, eps_root=1e-12), walk=SMALL),
    Case("adam", {**LR, "eps_hat": True}, sklearn_adam(0.05), walk=SMALL),
    Case("adam", {**OTHER, "eps_hat": True}, sklearn_adam(**OTHER), scheduled=True),
    Case(
        "adam", {**OTHER, "correct_m": False}, twin(adam, "St John, 2021, arXiv:2110.10828", correct_m=False, **OTHER)
    ),
    Case("l2 | adam", {**LR, "penalty": 0.3}, torch_optim("Adam", lr=0.05, weight_decay=0.3)),
    Case("l2 | adam", {**OTHER, "penalty": 0.1}, torch_optim("Adam", weight_decay=0.1, **TORCH), scheduled=True),
    # adamw
    Case("adamw", {}, torch_optim("AdamW")),
    Case("adamw", {**LR, "weight_decay": 0.3}, optax("adamw", 0.05, weight_decay=0.3), scheduled=True),
    Case("adamw", {**OTHER, "weight_decay": 0.3}, torch_optim("AdamW", weight_decay=0.3, **TORCH), walk=SMALL),
    Case("adamw", {**OTHER, "eps_root": 0.1}, optax("adamw", eps_root=0.1, weight_decay=0.01, **OPTAX)),
    Case("adamw", {**LR, "eps_hat": True, "weight_decay": 0.0}, sklearn_adam(0.05), walk=SMALL),
    # amsgrad
    Case("amsgrad", {}, torch_optim("Adam", amsgrad=True)),
    Case("amsgrad", OTHER, torch_optim("Adam", amsgrad=True, **TORCH), scheduled=True),
    Case("amsgrad", LR, torch_optim("Adam", lr=0.05, amsgrad=True), walk=SMALL),
    Case("amsgrad", {**LR, "nu_max": "corrected"}, optax("amsgrad", 0.05)),
    Case(
        "amsgrad",
        {**OTHER, "nu_max": "corrected", "eps_root": 1e-2},
        optax("amsgrad", eps_root=1e-2, **OPTAX),
        scheduled=True,
    ),
    Case("amsgrad", {**LR, "nu_max": "corrected"}, optax("amsgrad", 0.05), walk=SMALL),
    Case(
        "amsgrad",
        {**OTHER, "correct_m": False, "correct_v": False},
        optax("amsgrad", bias_correction_mu=False, bias_correction_nu=False, **OPTAX),
    ),
    Case(
        "amsgrad",
        {**LR, "nu_max": "corrected", "correct_m": False},
        optax("amsgrad", 0.05, bias_correction_mu=False),
        scheduled=True,
    ),
    Case("amsgrad", {**LR, "eps_hat": True}, twin(amsgrad_of_keras, KERAS, lr=0.05, eps=1e-8), walk=SMALL),
    Case(
        "weight_decay | amsgrad",
        {"lr": 0.05, "weight_decay": 0.3},
        torch_optim("AdamW", lr=0.05, weight_decay=0.3, amsgrad=True),
    ),
    Case("l2 | amsgrad", {"lr": 0.05, "penalty": 0.3}, torch_optim("Adam", lr=0.05, weight_decay=0.3, amsgrad=True)),
    # adamax
    Case("adamax", {}, torch_optim("Adamax")),
    Case("adamax", OTHER, torch_optim("Adamax", **TORCH), walk=SMALL),
    Case("adamax", {**OTHER, "beta2": 0.8}, optax("adamax", **{**OPTAX, "b2": 0.8}), scheduled=True),
    Case(
        "adamax",
        {"lr": 0.05, "beta2": 0.8, "eps": 0.1, "eps_in_max": False},
        twin(adamax_of_keras, f"{ADAM}, and {KERAS}", lr=0.05, beta2=0.8, eps=0.1),
    ),
    Case(
        "weight_decay | adamax",
        {"lr": 0.05, "weight_decay": 0.3},
        optax("adamaxw", 0.05, weight_decay=0.3),
        scheduled=True,
    ),
    Case("l2 | adamax", {"lr": 0.05, "penalty": 0.3}, torch_optim("Adamax", lr=0.05, weight_decay=0.3)),
    # sparse_adam
    Case("sparse_adam", {}, sparse_adam()),
    Case("sparse_adam", OTHER, sparse_adam(**TORCH), scheduled=True),
    Case("sparse_adam", LR, sparse_adam(lr=0.05), walk=SMALL),
    # nadam
    Case("nadam", {}, in_double(torch_optim("NAdam"))),
    Case(
        "nadam",
        {**OTHER, "momentum_decay": 0.1},
        in_double(torch_optim("NAdam", momentum_decay=0.1, **TORCH)),
        scheduled=True,
    ),
    Case("nadam", LR, in_double(torch_optim("NAdam", lr=0.05)), walk=SMALL),
    Case(
        "nadam",
        {"lr": 0.03},
        torch_optim("NAdam", lr=0.03),
        rtol=1e-7,
        why="torch.optim.NAdam keeps the product of its momenta in float32",
    ),
    Case("nadam", {**OTHER, "momentum_decay": 1.0}, twin(nadam, f"{DOZAT}, and {KERAS}", psi=1.0, **OTHER)),
    Case("nadam", {**LR, "scheduled_momentum": False}, optax("nadam", 0.05)),
    Case(
        "nadam",
        {**OTHER, "scheduled_momentum": False, "eps_root": 1e-2},
        optax("nadam", eps_root=1e-2, **OPTAX),
        scheduled=True,
    ),
    Case("l2 | nadam", {"lr": 0.05, "penalty": 0.3}, in_double(torch_optim("NAdam", lr=0.05, weight_decay=0.3))),
    # nadamw
    Case("nadamw", {}, in_double(torch_optim("NAdam", weight_decay=0.01, decoupled_weight_decay=True))),
    Case(
        "nadamw",
        {**OTHER, "weight_decay": 0.3, "momentum_decay": 0.1},
        in_double(torch_optim("NAdam", weight_decay=0.3, momentum_decay=0.1, decoupled_weight_decay=True, **TORCH)),
        walk=SMALL,
    ),
    Case(
        "nadamw",
        {**LR, "scheduled_momentum": False, "weight_decay": 0.3, "eps_root": 1e-2},
        optax("nadamw", 0.05, weight_decay=0.3, eps_root=1e-2),
        scheduled=True,
    ),
    # radam
    Case("radam", {}, torch_optim("RAdam")),
    Case("radam", OTHER, torch_optim("RAdam", **TORCH), scheduled=True),
    Case("radam", LR, torch_optim("RAdam", lr=0.05), walk=SMALL),
    Case("radam", {**LR, "eps_hat": False, "strict": False}, optax("radam", 0.05), walk=SMALL),
    Case(
        "radam",
        {**OTHER, "eps_hat": False, "threshold": 9.0, "eps_root": 1e-2},
        optax("radam", threshold=9.0, eps_root=1e-2, **OPTAX),
        scheduled=True,
    ),
    Case("radam", {**OTHER, "eps_hat": False, "nesterov": True}, optax("radam", nesterov=True, **OPTAX)),
    Case(
        "radam",
        {**LR, "beta2": 0.95, "threshold": 4.0, "eps": 0.0},
        twin(radam, LIU, lr=0.05, beta2=0.95, threshold=4.0),
    ),
    Case(
        "weight_decay | radam",
        {"lr": 0.05, "weight_decay": 0.3},
        torch_optim("RAdam", lr=0.05, weight_decay=0.3, decoupled_weight_decay=True),
    ),
    Case("l2 | radam", {"lr": 0.05, "penalty": 0.3}, torch_optim("RAdam", lr=0.05, weight_decay=0.3)),
    # adabelief
    Case("adabelief", {}, optax("adabelief", 1e-3)),
    Case("adabelief", {**OTHER, "eps_root": 1e-2}, optax("adabelief", eps_root=1e-2, **OPTAX), scheduled=True),
    Case("adabelief", {**LR, "nesterov": True}, optax("adabelief", 0.05, nesterov=True)),
    Case("adabelief", LR, optax("adabelief", 0.05), walk=SMALL),
    Case("adabelief", {**OTHER, "eps_root": 1e-3}, twin(adabelief, BELIEF, **OTHER)),
    # acprop
    Case("acprop", {"center": "old"}, optax("contrib.acprop", 1e-3)),
    Case(
        "acprop",
        {**OTHER, "eps": 0.0, "eps_root": 1e-2, "center": "old"},
        optax("contrib.acprop", eps_root=1e-2, **{**OPTAX, "eps": 0.0}),
        scheduled=True,
    ),
    Case("acprop", {**LR, "center": "old"}, optax("contrib.acprop", 0.05), walk=SMALL),
    Case("acprop", {}, twin(acprop, ACPROP, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-16)),
    Case("acprop", {**OTHER, "eps_root": 1e-3}, twin(acprop, ACPROP, **OTHER), scheduled=True),
    Case(
        "weight_decay | acprop",
        {"lr": 0.05, "weight_decay": 0.3, "center": "old"},
        optax("contrib.acprop", 0.05, weight_decay=0.3),
    ),
    # adan
    Case("adan", {}, twin(adan, ADAN, lr=1e-3)),
    Case(
        "adan",
        {"lr": 0.05, "beta1": 0.8, "beta2": 0.7, "beta3": 0.95, "eps": 1e-3, "weight_decay": 0.3},
        twin(adan, ADAN, lr=0.05, betas=(0.2, 0.3, 0.05), eps=1e-3, decay=0.3),
        scheduled=True,
    ),
    Case("adan", LR, twin(adan, ADAN, lr=0.05), walk=SMALL),
    Case("adan", {**LR, "difference": "one_minus_beta2", "eps_root": 1e-8}, optax("adan", 0.05)),
    Case("adan", {**LR, "difference": "one_minus_beta2", "eps_root": 1e-8}, optax("adan", 0.05), walk=SMALL),
    Case(
        "adan",
        {"lr": 0.05, "beta1": 0.8, "beta2": 0.7, "beta3": 0.95, "difference": "one_minus_beta2", "eps_root": 1e-2},
        optax("adan", 0.05, b1=0.8, b2=0.7, b3=0.95, eps_root=1e-2),
        scheduled=True,
    ),
    Case(
        "weight_decay | adan",
        {
            "lr": 0.05,
            "weight_decay.weight_decay": 0.3,
            "adan.weight_decay": 0.0,
            "difference": "one_minus_beta2",
            "eps_root": 1e-8,
        },
        optax("adan", 0.05, weight_decay=0.3),
    ),
    # yogi
    Case("yogi", {}, optax("yogi", 0.01)),
    Case("yogi", OTHER, optax("yogi", **OPTAX), scheduled=True),
    Case("yogi", LR, optax("yogi", 0.05), walk=SMALL),
    Case(
        "yogi",
        {**LR, "beta2": 0.9, "eps": 0.1, "initial_m": 0.0, "initial_v": 0.3, "correct_bias": False},
        twin(yogi, YOGI, lr=0.05, beta2=0.9, eps=0.1, v0=0.3),
        scheduled=True,
    ),
    # ademamix
    Case("ademamix", {}, optax("contrib.ademamix", 1e-3)),
    Case(
        "ademamix",
        {**OTHER, "beta3": 0.95, "alpha": 2.0, "eps_root": 1e-2},
        optax("contrib.ademamix", b3=0.95, alpha=2.0, eps_root=1e-2, **OPTAX),
        scheduled=True,
    ),
    Case("ademamix", LR, optax("contrib.ademamix", 0.05), walk=SMALL),
    Case(
        "ademamix",
        {**LR, "beta1": 0.8, "beta3": 0.99, "alpha": 3.0, "warmup": 25},
        twin(ademamix, MIX, lr=0.05, beta1=0.8, beta3=0.99, alpha=3.0, warmup=25),
        scheduled=True,
    ),
    Case(
        "weight_decay | ademamix",
        {"lr": 0.05, "weight_decay": 0.3},
        optax("contrib.ademamix", 0.05, weight_decay=0.3),
    ),
    # simplified_ademamix
    Case("simplified_ademamix", {}, optax("contrib.simplified_ademamix", 1e-4)),
    Case(
        "simplified_ademamix",
        {**OTHER, "alpha": 3.0, "eps_root": 1e-2},
        optax("contrib.simplified_ademamix", alpha=3.0, eps_root=1e-2, **OPTAX),
        scheduled=True,
    ),
    Case("simplified_ademamix", LR, optax("contrib.simplified_ademamix", 0.05), walk=SMALL),
    Case("simplified_ademamix", {**OTHER, "alpha": 2.0}, twin(simplified_ademamix, SIMPLE, alpha=2.0, **OTHER)),
    # adopt
    Case("adopt", {}, optax("contrib.adopt", 1e-3)),
    Case("adopt", {**OTHER, "beta2": 0.5}, optax("contrib.adopt", **{**OPTAX, "b2": 0.5}), scheduled=True),
    Case("adopt", {**LR, "clip": False}, optax("contrib.adopt", 0.05, use_clipping=False)),
    Case("adopt", {**LR, "nesterov": True}, optax("contrib.adopt", 0.05, nesterov=True)),
    Case("adopt", LR, optax("contrib.adopt", 0.05), walk=SMALL),
    Case("adopt", {**OTHER, "clip_power": 0.1}, twin(adopt, ADOPT, power=0.1, **OTHER), scheduled=True),
    # optimistic_adam
    Case("optimistic_adam", {}, optax("optimistic_adam_v2", 1e-3, nesterov=False)),
    Case("optimistic_adam", {**LR, "nesterov": True}, optax("optimistic_adam_v2", 0.05)),
    Case(
        "optimistic_adam",
        {**OTHER, "alpha": 0.7, "beta": 0.4, "eps_root": 1e-2, "nesterov": True},
        optax("optimistic_adam_v2", alpha=0.7, beta=0.4, eps_root=1e-2, **OPTAX),
        scheduled=True,
    ),
    Case("optimistic_adam", LR, optax("optimistic_adam_v2", 0.05, nesterov=False), walk=SMALL),
    Case("optimistic_adam", {**LR, "eps": 1e-3}, twin(optimistic_adam, GAMES, lr=0.05, eps=1e-3), scheduled=True),
]

COSINE = {"schedule": "cosine"}  # where steps of one length would jump over the valley

SETTINGS = {
    "adam": {"bowl": {"lr": 0.1, "steps": 300}, "rosenbrock": {"lr": 0.05, "steps": 5_000, **COSINE}},
    "adamw": {
        "bowl": {"lr": 0.1, "weight_decay": 0.0, "steps": 300},
        "rosenbrock": {"lr": 0.05, "weight_decay": 0.0, "steps": 5_000, **COSINE},
    },
    "amsgrad": {"bowl": {"lr": 0.1, "steps": 300}, "rosenbrock": {"lr": 0.2, "steps": 2_000}},
    "adamax": {"bowl": {"lr": 0.1, "steps": 400}, "rosenbrock": {"lr": 0.1, "steps": 5_000, **COSINE}},
    "sparse_adam": {"bowl": {"lr": 0.1, "steps": 300}, "rosenbrock": {"lr": 0.05, "steps": 5_000, **COSINE}},
    "nadam": {"bowl": {"lr": 0.1, "steps": 300}, "rosenbrock": {"lr": 0.01, "steps": 8_000, **COSINE}},
    "nadamw": {
        "bowl": {"lr": 0.1, "weight_decay": 0.0, "steps": 300},
        "rosenbrock": {"lr": 0.01, "weight_decay": 0.0, "steps": 8_000, **COSINE},
    },
    "radam": {"bowl": {"lr": 0.1, "steps": 400}, "rosenbrock": {"lr": 0.003, "steps": 20_000, **COSINE}},
    "adabelief": {"bowl": {"lr": 0.1, "steps": 300}, "rosenbrock": {"lr": 0.1, "steps": 5_000, **COSINE}},
    "acprop": {"bowl": {"lr": 0.05, "steps": 300}, "rosenbrock": {"lr": 0.001, "steps": 20_000, **COSINE}},
    "adan": {"bowl": {"lr": 0.1, "steps": 600}, "rosenbrock": {"lr": 0.05, "steps": 3_000, **COSINE}},
    "yogi": {"bowl": {"lr": 0.1, "steps": 400}, "rosenbrock": {"lr": 0.2, "steps": 2_000}},
    "adopt": {"bowl": {"lr": 0.1, "steps": 400}, "rosenbrock": {"lr": 0.1, "beta2": 0.99, "steps": 8_000, **COSINE}},
    "optimistic_adam": {"bowl": {"lr": 0.1, "steps": 300}, "rosenbrock": {"lr": 0.01, "steps": 10_000, **COSINE}},
    "ademamix": {
        "bowl": {"lr": 0.1, "beta3": 0.99, "alpha": 1.0, "steps": 1_000},
        "rosenbrock": {"lr": 0.03, "beta3": 0.99, "alpha": 1.0, "steps": 8_000, **COSINE},
    },
    "simplified_ademamix": {
        "bowl": {"lr": 0.003, "beta1": 0.9, "steps": 1_000},
        "rosenbrock": {"lr": 0.001, "beta1": 0.9, "steps": 10_000, **COSINE},
    },
}
