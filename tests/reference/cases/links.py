"""Links, in chains with a rule: decay, clipping, gradients, averages, waiting, masks, grafts; and rules on some layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab import randomness
from optilab.kernels.noise import normal
from reference.case import Case, Reference, twin
from reference.peers import torch_optim
from reference.walks import DECAY, STEPS, Gradients, Walk, split

Vector = NDArray[np.float64]
Layers = list[Vector]
Step = Callable[
    [Layers, Layers, float, int], Layers
]  # of weights, gradient, lr and t; gives what is added to the weights

SMALL = "small gradients"


def flat(layers: Any) -> Vector:
    """Layers end to end."""
    return np.concatenate([np.asarray(layer).ravel() for layer in layers])


# Chains of Optax, written as code.


def composed(text: str, begin: str = "w", observe: str = "w") -> Reference:
    """A transformation of Optax from an expression.

    text: in which `rate(x)` is x, or x with its schedule where the case is scheduled.
    begin: of the layers w, the parameters to begin with; observe: of parameters w and the state, what to keep.
    """

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import jax

        jax.config.update("jax_enable_x64", True)
        import jax.numpy as jnp
        import optax

        def rate(first: float) -> Any:
            return (lambda count: first * jnp.float64(DECAY) ** jnp.float64(count)) if scheduled else first

        def value(expression: str, **names: Any) -> Any:
            given = {"optax": optax, "jnp": jnp, "rate": rate, "split": split, **names}
            return eval(expression, given)  # noqa: S307 expressions of this file

        transformation = optax.with_extra_args_support(value(text))
        starts = split(walk.w) if isinstance(walk, Gradients) else [walk.w]
        w = value(begin, w=[jnp.asarray(part, jnp.float64) for part in starts])
        state = transformation.init(w)
        found = []
        for step in range(STEPS):
            if isinstance(walk, Gradients):
                g = [jnp.asarray(part) for part in split(walk.gradients[step])]
            else:
                g = [jnp.asarray(walk.value_and_grad(np.asarray(getattr(w, "fast", w)[0]))[1])]
            updates, state = transformation.update(g, state, w)
            w = optax.apply_updates(w, updates)
            found.append(flat(value(observe, w=w, state=state)))
        return np.array(found)

    return Reference(text, make)


def on_each_layer(text: str) -> Reference:
    """The same transformation of Optax on each layer as if it were alone."""
    return composed(f"optax.partition({{k: {text} for k in range(4)}}, list(range(4)))")


def sync(period: int, step_size: float, fast: str, observe: str) -> Reference:
    """optax.lookahead around `fast`; observe "fast" or "slow" parameters."""
    text = f"optax.lookahead({fast}, {period}, {step_size})"
    return composed(text, "optax.LookaheadParams.init_synced(w)", f"w.{observe}")


def free(base: str, lr: float, beta: float, observe: str = "w", power: float = 2.0) -> Reference:
    """optax.contrib.schedule_free around `base`."""
    text = f"optax.contrib.schedule_free({base}, rate({lr}), b1={beta}, weight_lr_power={power})"
    return composed(text, observe=observe)


AVERAGED = "optax.contrib.schedule_free_eval_params(state, w)"


def noisy(lr: float, eta: float, gamma: float) -> Reference:
    """optax.add_noise before SGD, with optilab's numbers in the place of those that JAX draws."""

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import jax

        jax.config.update("jax_enable_x64", True)
        import optax

        w, found = walk.w, []
        noise, unit = optax.add_noise(eta, gamma, key=0), optax.add_noise(1.0, 0.0, key=0)
        noise_state, unit_state = noise.init(w), unit.init(w)
        for step in range(STEPS):
            drawn, noise_state = noise.update(np.zeros_like(w), noise_state)
            divisor, unit_state = unit.update(np.zeros_like(w), unit_state)
            w = w - lr * (walk.gradients[step] + np.asarray(drawn / divisor) * normals(step + 1, w.size))  # type: ignore[union-attr]
            found.append(w)
        return np.array(found)

    return Reference(f"optax.add_noise(eta={eta}, gamma={gamma}) before SGD(lr={lr})", make)


def normals(t: int, n: int) -> Vector:
    """What the first rule of a chain gets as noise at step t, where the seed is 0."""
    return np.array([normal(randomness.noise_key(0), t, i) for i in range(n)])


def optax_ema(lr: float, decay: float, debias: bool) -> Reference:
    """optax.ema of the weights along SGD."""

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import jax

        jax.config.update("jax_enable_x64", True)
        import optax

        w, found = walk.w, []
        average = optax.ema(decay, debias)
        state = average.init(w)
        for gradient in walk.gradients:  # type: ignore[union-attr]
            w = w - lr * gradient
            mean, state = average.update(w, state)
            found.append(np.asarray(mean))
        return np.array(found)

    return Reference(f"optax.ema({decay}, debias={debias}) of the weights of SGD(lr={lr})", make)


# PyTorch around SGD.


def torch_clipped(name: str, lr: float, *arguments: float) -> Reference:
    """`torch.nn.utils.NAME(parameters, *arguments)` before each step of SGD."""

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import torch

        parameters = [torch.tensor(part.copy(), requires_grad=True) for part in split(walk.w)]
        optimizer = torch.optim.SGD(parameters, lr)
        found = []
        for gradient in walk.gradients:  # type: ignore[union-attr]
            for parameter, part in zip(parameters, split(gradient), strict=True):
                parameter.grad = torch.tensor(part.copy())
            getattr(torch.nn.utils, name)(parameters, *arguments)
            optimizer.step()
            found.append(flat(p.detach() for p in parameters))
        return np.array(found)

    return Reference(f"torch.nn.utils.{name}({', '.join(map(str, arguments))}) before SGD(lr={lr})", make)


def torch_averaged(lr: float, decay: float | None, start: int = 0, interval: int = 1) -> Reference:
    """`torch.optim.swa_utils.AveragedModel` along SGD, updated every `interval` steps after `start`.

    decay: of an exponential average; None for one with equal shares. Until the first update, the weights themselves.
    """

    def make(walk: Walk, scheduled: bool) -> NDArray[np.float64]:
        import torch
        from torch.optim import swa_utils

        model = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(part.copy())) for part in split(walk.w)])
        function = swa_utils.get_swa_avg_fn() if decay is None else swa_utils.get_ema_avg_fn(decay)
        averaged = swa_utils.AveragedModel(model, avg_fn=function)  # multi_avg_fn rounds the shares to single precision
        optimizer = torch.optim.SGD(model.parameters(), lr)
        found = []
        for step, gradient in enumerate(walk.gradients, 1):  # type: ignore[union-attr]
            for parameter, part in zip(model, split(gradient), strict=True):
                parameter.grad = torch.tensor(part.copy())
            optimizer.step()
            if step > start and (step - start) % interval == 0:
                averaged.update_parameters(model)
            shown = averaged.module if averaged.n_averaged > 0 else model
            found.append(flat(p.detach() for p in shown))
        return np.array(found)

    kind = "SWA" if decay is None else f"EMA, {decay}"
    return Reference(f"torch.optim.swa_utils.AveragedModel({kind}, {start}, {interval}) of SGD(lr={lr})", make)


# Twins. The rules that links stand around:


def sgd(lr: float) -> Step:
    """Robbins and Monro."""
    return lambda w, g, rate, t: [-lr * rate * part for part in g]


def adam(lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> Step:
    """Kingma and Ba, algorithm 1."""
    m: Layers = [np.zeros(1)] * 4
    v: Layers = [np.zeros(1)] * 4

    def step(w: Layers, g: Layers, rate: float, t: int) -> Layers:
        m[:] = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
        v[:] = [beta2 * a + (1 - beta2) * b**2 for a, b in zip(v, g, strict=True)]
        hats = [(a / (1 - beta1**t), b / (1 - beta2**t)) for a, b in zip(m, v, strict=True)]
        return [-lr * rate * a / (np.sqrt(b) + eps) for a, b in hats]

    return step


def walked(walk: Walk, rates: Vector, step: Step) -> Iterator[Vector]:
    """Weights along the gradients of a walk, to which `step` adds something."""
    w = split(walk.w)
    for t, (gradient, rate) in enumerate(zip(walk.gradients, rates, strict=True), 1):  # type: ignore[union-attr]
        w = [a + b for a, b in zip(w, step(w, split(gradient), rate, t), strict=True)]
        yield flat(w)


def centred(walk: Walk, rates: Vector, lr: float) -> Iterator[Vector]:
    """Equation 1: the mean over the inputs of each neuron is taken out of the gradient of a matrix."""

    def step(w: Layers, g: Layers, rate: float, t: int) -> Layers:
        return [-lr * rate * (part - part.mean(axis=0) if part.ndim == 2 else part) for part in g]

    return walked(walk, rates, step)


def with_noise(walk: Walk, rates: Vector, lr: float, eta: float, gamma: float) -> Iterator[Vector]:
    """Equation 1: variance eta / t^gamma."""

    def step(w: Layers, g: Layers, rate: float, t: int) -> Layers:
        noise = split(normals(t, walk.w.size))
        return [-lr * rate * (a + np.sqrt(eta / t**gamma) * b) for a, b in zip(g, noise, strict=True)]

    return walked(walk, rates, step)


def cautious(
    walk: Walk, rates: Vector, lr: float, rescale: str, decay: float = 0.0, beta1: float = 0.9
) -> Iterator[Vector]:
    """AdamW whose step is masked where it goes up the gradient; the decay, on the weights after that, is not."""
    base = adam(lr, beta1=beta1)

    def step(w: Layers, g: Layers, rate: float, t: int) -> Layers:
        moved = []
        for part, u, slope in zip(w, base(w, g, rate, t), g, strict=True):
            mask = (-u * slope > 0).astype(float)
            if rescale == "mean":
                mask /= max(mask.mean(), 1e-3)
            if rescale == "count":
                mask *= mask.size / (mask.sum() + 1)
            after = part + u * mask
            moved.append(after - lr * rate * decay * after - part)
        return moved

    return walked(walk, rates, step)


def grafted(
    walk: Walk, rates: Vector, direction: Callable[[], Step], length: Callable[[], Step], layerwise: bool
) -> Iterator[Vector]:
    """Algorithm 1: the direction of one rule at the length of another, both made anew since they remember."""
    direct, measure = direction(), length()

    def step(w: Layers, g: Layers, rate: float, t: int) -> Layers:
        d, m = direct(w, g, rate, t), measure(w, g, rate, t)
        if not layerwise:
            return [part * np.linalg.norm(flat(m)) / np.linalg.norm(flat(d)) for part in d]
        return [a * np.linalg.norm(b) / np.linalg.norm(a) for a, b in zip(d, m, strict=True)]

    return walked(walk, rates, step)


def accumulated(walk: Walk, rates: Vector, lr: float, every: int) -> Iterator[Vector]:
    """Adam with the mean of several gradients, at the learning rate of the last of these steps."""
    base = adam(lr)
    seen: list[Layers] = []

    def step(w: Layers, g: Layers, rate: float, t: int) -> Layers:
        seen.append(g)
        if t % every:
            return [np.zeros_like(part) for part in g]
        return base(w, [np.mean(parts, axis=0) for parts in zip(*seen[-every:], strict=True)], rate, t // every)

    return walked(walk, rates, step)


def looking_ahead(walk: Walk, rates: Vector, base: Step, period: int, step_size: float) -> Iterator[Vector]:
    """Algorithm 1; yields the fast weights."""
    slow = split(walk.w)

    def step(w: Layers, g: Layers, rate: float, t: int) -> Layers:
        moved = base(w, g, rate, t)
        if t % period:
            return moved
        slow[:] = [s + step_size * (a + b - s) for s, a, b in zip(slow, w, moved, strict=True)]
        return [s - a for s, a in zip(slow, w, strict=True)]

    return walked(walk, rates, step)


def ranger(walk: Walk, rates: Vector, lr: float) -> Iterator[Vector]:
    """RAdam on gradients without their means, with eps before the correction, and Lookahead; yields the fast weights."""
    beta1, beta2, eps = 0.95, 0.999, 1e-5
    m: Layers = [np.zeros(1)] * 4
    v: Layers = [np.zeros(1)] * 4

    def radam(w: Layers, g: Layers, rate: float, t: int) -> Layers:
        g = [part - part.mean(axis=0) if part.ndim == 2 else part for part in g]
        m[:] = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
        v[:] = [beta2 * a + (1 - beta2) * b**2 for a, b in zip(v, g, strict=True)]
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        step = lr * rate / (1 - beta1**t)
        if length <= 5:
            return [-step * a for a in m]
        r = np.sqrt((length - 4) / (longest - 4) * (length - 2) / length * longest / (longest - 2))
        return [-step * r * np.sqrt(1 - beta2**t) * a / (np.sqrt(b) + eps) for a, b in zip(m, v, strict=True)]

    return looking_ahead(walk, rates, radam, 6, 0.5)


def free_adam(walk: Walk, rates: Vector, lr: float, beta: float, r: float) -> Iterator[Vector]:
    """Equations 3 to 5 around Adam without momentum, with the weights t^r * lr_max^2 of the authors' code; yields x."""
    base = adam(lr, beta1=0.0)
    z = x = y = split(walk.w)
    total = highest = 0.0
    for t, (gradient, rate) in enumerate(zip(walk.gradients, rates, strict=True), 1):  # type: ignore[union-attr]
        z = [a + b for a, b in zip(z, base(y, split(gradient), rate, t), strict=True)]
        highest = max(highest, lr * rate)
        total += t**r * highest**2
        c = t**r * highest**2 / total
        x = [(1 - c) * a + c * b for a, b in zip(x, z, strict=True)]
        y = [(1 - beta) * a + beta * b for a, b in zip(z, x, strict=True)]
        yield flat(x)


def averaged(walk: Walk, rates: Vector, lr: float, start: int, interval: int) -> Iterator[Vector]:
    """The mean of the weights at certain steps, as such; until there are any, the weights."""
    kept: Layers = []
    for t, w in enumerate(walked(walk, rates, sgd(lr)), 1):
        if t > start and (t - start) % interval == 0:
            kept.append(w)
        yield np.mean(kept, axis=0) if kept else w


CAUTIOUS = "Liang et al., 2024, arXiv:2411.16085"
GRAFTING = "Agarwal et al., 2020, arXiv:2002.11803"
YONG = "Yong et al., 2020, arXiv:2004.01461"
NEELAKANTAN = "Neelakantan et al., 2015, arXiv:1511.06807"
SWA = "Izmailov et al., 2018, arXiv:1803.05407"
RANGER = {"beta1": 0.95, "eps": 1e-5, "sync_period": 6}

DECAYED = [
    Case("l2 | sgd", {"lr": 0.1}, torch_optim("SGD", lr=0.1, weight_decay=1e-4)),
    Case("l2 | sgd", {"lr": 0.1, "penalty": 0.3}, torch_optim("SGD", lr=0.1, weight_decay=0.3), scheduled=True),
    Case("l2 | momentum", {"lr": 0.1, "penalty": 0.3}, torch_optim("SGD", lr=0.1, momentum=0.9, weight_decay=0.3)),
    Case("l2 | adam", {"lr": 0.05, "penalty": 0.3}, torch_optim("Adam", lr=0.05, weight_decay=0.3)),
    Case(
        "l2 | adam",
        {"lr": 0.05, "penalty": 0.2},
        composed("optax.chain(optax.add_decayed_weights(0.2), optax.adam(rate(0.05)))"),
        walk=SMALL,
    ),
    Case(
        "l2 on matrices | sgd",
        {"lr": 0.1, "penalty": 0.3},
        composed("optax.chain(optax.add_decayed_weights(0.3, mask=[True, False, True, False]), optax.sgd(rate(0.1)))"),
    ),
    Case("weight_decay | adam", {"lr": 0.05}, torch_optim("AdamW", lr=0.05)),
    Case(
        "weight_decay | adam",
        {"lr": 0.05, "weight_decay": 0.3},
        torch_optim("AdamW", lr=0.05, weight_decay=0.3),
        scheduled=True,
    ),
    Case(
        "weight_decay on matrices | adam",
        {"lr": 0.05, "weight_decay": 0.3},
        composed("optax.adamw(rate(0.05), weight_decay=0.3, mask=[True, False, True, False])"),
        scheduled=True,
    ),
    Case(
        "weight_decay | sgd",
        {"lr": 0.1, "weight_decay": 0.02, "scaled_by_lr": False},
        composed("optax.chain(optax.sgd(rate(0.1)), optax.add_decayed_weights(-0.02))"),
        scheduled=True,
    ),
]

CLIPPED = [
    Case("clip_by_value | sgd", {"lr": 0.1}, composed("optax.chain(optax.clip(1.0), optax.sgd(rate(0.1)))")),
    Case("clip_by_value | sgd", {"lr": 0.1, "max_value": 0.3}, torch_clipped("clip_grad_value_", 0.1, 0.3)),
    Case(
        "clip_by_value | adam",
        {"lr": 0.05, "max_value": 0.5},
        composed("optax.chain(optax.clip(0.5), optax.adam(rate(0.05)))"),
        scheduled=True,
    ),
    Case(
        "clip_by_global_norm | sgd",
        {"lr": 0.1},
        composed("optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(rate(0.1)))"),
    ),
    Case(
        "clip_by_global_norm | adam",
        {"lr": 0.05, "max_norm": 9.5},
        composed("optax.chain(optax.clip_by_global_norm(9.5), optax.adam(rate(0.05)))"),
        scheduled=True,
    ),
    Case(
        "clip_by_global_norm | sgd",
        {"lr": 0.1, "max_norm": 9.5, "norm_eps": 1e-6},
        torch_clipped("clip_grad_norm_", 0.1, 9.5),
    ),
    Case(
        "clip_by_global_norm | sgd",
        {"lr": 1e3, "max_norm": 5e-6, "norm_eps": 1e-6},
        torch_clipped("clip_grad_norm_", 1e3, 5e-6),
        walk=SMALL,
    ),
    Case(
        "clip_by_layer_norm | sgd",
        {"lr": 0.1},
        on_each_layer("optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(rate(0.1)))"),
    ),
    Case(
        "clip_by_layer_norm | adam",
        {"lr": 0.05, "max_norm": 3.0},
        on_each_layer("optax.chain(optax.clip_by_global_norm(3.0), optax.adam(rate(0.05)))"),
        scheduled=True,
    ),
    Case(
        "clip_by_layer_norm | sgd",
        {"lr": 0.1, "max_norm": 0.7, "measure": "rms"},
        composed("optax.chain(optax.clip_by_block_rms(0.7), optax.sgd(rate(0.1)))"),
    ),
    Case(
        "adaptive_gradient_clipping | sgd",
        {"lr": 0.1},
        composed("optax.chain(optax.adaptive_grad_clip(0.01), optax.sgd(rate(0.1)))"),
    ),
    Case(
        "adaptive_gradient_clipping | sgd",
        {"lr": 0.1, "clipping": 0.6, "min_norm": 0.4},
        composed("optax.chain(optax.adaptive_grad_clip(0.6, 0.4), optax.sgd(rate(0.1)))"),
        scheduled=True,
    ),
    Case(
        "adaptive_gradient_clipping | adam",
        {"lr": 0.05, "clipping": 0.5},
        composed("optax.chain(optax.adaptive_grad_clip(0.5), optax.adam(rate(0.05)))"),
    ),
]

CHANGED = [
    Case("centralize | sgd", {"lr": 0.1}, twin(centred, YONG, lr=0.1)),
    Case("centralize | sgd", {"lr": 0.1}, twin(centred, YONG, lr=0.1), scheduled=True),
    Case(
        "centralize | adam",
        {"lr": 0.05, "mean_over": "outputs"},
        composed("optax.chain(optax.centralize(), optax.adam(rate(0.05)))"),
        scheduled=True,
    ),
    Case(
        "normalize_gradient | sgd",
        {"lr": 0.1},
        composed("optax.chain(optax.normalize_by_update_norm(), optax.sgd(rate(0.1)))"),
        scheduled=True,
    ),
    Case(
        "normalize_gradient | sgd",
        {"lr": 0.1},
        composed("optax.chain(optax.normalize_by_update_norm(), optax.sgd(rate(0.1)))"),
        walk=SMALL,
    ),
    Case(
        "normalize_gradient | momentum",
        {"lr": 0.1, "norm_eps": 0.5, "layerwise": True},
        on_each_layer("optax.chain(optax.normalize_by_update_norm(eps=0.5), optax.sgd(rate(0.1), momentum=0.9))"),
    ),
    Case("take_sign | sgd", {"lr": 0.1}, composed("optax.sign_sgd(rate(0.1))"), scheduled=True),
    Case("add_gradient_noise | sgd", {"lr": 0.1}, noisy(0.1, 0.01, 0.55)),
    Case("add_gradient_noise | sgd", {"lr": 0.1, "eta": 0.3, "gamma": 1.5}, noisy(0.1, 0.3, 1.5)),
    Case(
        "add_gradient_noise | sgd",
        {"lr": 0.1, "eta": 1.0},
        twin(with_noise, NEELAKANTAN, lr=0.1, eta=1.0, gamma=0.55),
        scheduled=True,
    ),
]

WAITING = [
    Case(
        "accumulate | adam",
        {"lr": 0.05},
        composed("optax.MultiSteps(optax.adam(0.05), 4, accumulator_dtype=jnp.float64).gradient_transformation()"),
    ),
    Case(
        "accumulate | adam",
        {"lr": 0.05, "every": 3, "mean": False, "eps": 0.1},
        composed(
            "optax.MultiSteps(optax.adam(0.05, eps=0.1), 3, use_grad_mean=False, accumulator_dtype=jnp.float64)"
            ".gradient_transformation()"
        ),
    ),
    Case("accumulate | adam", {"lr": 0.05, "every": 1}, torch_optim("Adam", lr=0.05), scheduled=True),
    Case(
        "accumulate | adam",
        {"lr": 0.05, "every": 3},
        twin(accumulated, "optax.MultiSteps", lr=0.05, every=3),
        scheduled=True,
    ),
    Case(
        "apply_if_finite | adam",
        {"lr": 0.05, "max_consecutive_errors": 2},
        composed("optax.apply_if_finite(optax.adam(rate(0.05)), 2)"),
        scheduled=True,
    ),
]

AVERAGES = [
    Case("sgd | ema", {"lr": 0.1}, torch_averaged(0.1, 0.999), observe="evaluation_point"),
    Case("sgd | ema", {"lr": 0.1, "decay": 0.8}, torch_averaged(0.1, 0.8), observe="evaluation_point"),
    Case("sgd | ema", {"lr": 0.1, "decay": 0.8}, torch_optim("SGD", lr=0.1), scheduled=True),
    Case(
        "sgd | ema",
        {"lr": 0.1, "decay": 0.9, "debias": True},
        optax_ema(0.1, 0.9, True),
        observe="evaluation_point",
    ),
    Case("sgd | polyak_averaging", {"lr": 0.1}, torch_averaged(0.1, None), observe="evaluation_point"),
    Case("sgd | polyak_averaging", {"lr": 0.1, "start": 7}, torch_averaged(0.1, None, 7), observe="evaluation_point"),
    Case(
        "sgd | polyak_averaging",
        {"lr": 0.1, "start": 2},
        twin(averaged, "Polyak and Juditsky, 1992", lr=0.1, start=2, interval=1),
        observe="evaluation_point",
        scheduled=True,
    ),
    Case("sgd | swa", {"lr": 0.1, "interval": 3}, torch_averaged(0.1, None, 0, 3), observe="evaluation_point"),
    Case(
        "sgd | swa",
        {"lr": 0.1, "start": 4, "interval": 5},
        torch_averaged(0.1, None, 4, 5),
        observe="evaluation_point",
    ),
    Case(
        "sgd | swa",
        {"lr": 0.1, "start": 1, "interval": 2},
        twin(averaged, SWA, lr=0.1, start=1, interval=2),
        observe="evaluation_point",
        scheduled=True,
    ),
    Case("sgd | swa", {"lr": 0.1}, torch_optim("SGD", lr=0.1)),
]

OBSERVED: tuple[tuple[str, Any], ...] = (("fast", "w"), ("slow", "evaluation_point"))

AHEAD = [
    *(
        Case("sgd | lookahead", {"lr": 0.1}, sync(5, 0.5, "optax.sgd(rate(0.1))", which), observe=observe)
        for which, observe in OBSERVED
    ),
    *(
        Case(
            "adam | lookahead",
            {"lr": 0.05, "sync_period": 3, "slow_step_size": 0.8},
            sync(3, 0.8, "optax.adam(rate(0.05))", which),
            observe=observe,
            scheduled=True,
        )
        for which, observe in OBSERVED
    ),
    Case(
        "sgd | lookahead",
        {"lr": 0.005, "sync_period": 4},
        sync(4, 0.5, "optax.sgd(rate(0.005))", "fast"),
        walk="long_valley",
    ),
    Case(
        "momentum | lookahead",
        {"lr": 0.1, "sync_period": 1, "slow_step_size": 1.0},
        torch_optim("SGD", lr=0.1, momentum=0.9),
    ),
    Case(
        "sgd | lookahead",
        {"lr": 0.1, "sync_period": 7, "slow_step_size": 0.25},
        twin(looking_ahead, "Zhang et al., 2019, arXiv:1907.08610", base=sgd(0.1), period=7, step_size=0.25),
    ),
    Case(
        "ranger",
        {"lr": 1e-3},
        twin(ranger, "Wright, 2019, github.com/lessw2020/Ranger-Deep-Learning-Optimizer", lr=1e-3),
        scheduled=True,
    ),
    Case(
        "radam | lookahead",
        {"lr": 1e-3, **RANGER, "strict": False, "eps_hat": False},
        sync(6, 0.5, "optax.radam(rate(0.001), b1=0.95, eps=1e-5)", "slow"),
        observe="evaluation_point",
    ),
    Case("sgd | schedule_free", {"lr": 0.1}, free("optax.sgd(rate(0.1))", 0.1, 0.9)),
    Case(
        "sgd | schedule_free",
        {"lr": 0.1},
        free("optax.sgd(rate(0.1))", 0.1, 0.9, AVERAGED),
        observe="evaluation_point",
    ),
    Case(
        "adam | schedule_free",
        {"lr": 0.05, "beta1": 0.0, "beta": 0.7},
        free("optax.adam(rate(0.05), b1=0.0)", 0.05, 0.7, AVERAGED),
        observe="evaluation_point",
        scheduled=True,
    ),
    Case(
        "weight_decay | adam | schedule_free",
        {"lr": 0.05, "beta1": 0.0, "weight_decay": 0.3, "weight_lr_power": 0.5},
        free("optax.adamw(rate(0.05), b1=0.0, weight_decay=0.3)", 0.05, 0.9, AVERAGED, 0.5),
        observe="evaluation_point",
    ),
    Case(
        "sgd | schedule_free",
        {"lr": 0.01, "beta": 0.8},
        free("optax.sgd(rate(0.01))", 0.01, 0.8),
        walk="long_valley",
    ),
    Case(
        "adam | schedule_free",
        {"lr": 0.05, "beta1": 0.0, "beta": 0.6, "r": 1.0},
        twin(free_adam, "Defazio et al., 2024, arXiv:2405.15682", lr=0.05, beta=0.6, r=1.0),
        observe="evaluation_point",
        scheduled=True,
    ),
]

MASKED = [
    *(
        Case(
            "adam | cautious",
            {"lr": 0.05, "rescale": rescale},
            twin(cautious, CAUTIOUS, lr=0.05, rescale=rescale),
            scheduled=scheduled,
        )
        for rescale, scheduled in (("mean", False), ("mean", True), ("count", False), ("off", True))
    ),
    Case("adam | cautious", {"lr": 0.05}, twin(cautious, CAUTIOUS, lr=0.05, rescale="mean"), walk=SMALL),
    Case(
        "remember_start | adam | cautious | weight_decay",
        {"lr": 0.05, "weight_decay": 0.3},
        twin(cautious, CAUTIOUS, lr=0.05, rescale="mean", decay=0.3),
        scheduled=True,
    ),
]

GRAFTED = [
    Case(
        "sgd | take_direction | adam | take_length",
        {"sgd.lr": 0.1, "adam.lr": 0.05},
        twin(grafted, GRAFTING, direction=partial(sgd, 0.1), length=partial(adam, 0.05), layerwise=True),
    ),
    Case(
        "adam | take_direction | sgd | take_length",
        {"lr": 0.05, "layerwise": False},
        twin(grafted, GRAFTING, direction=partial(adam, 0.05), length=partial(sgd, 0.05), layerwise=False),
        scheduled=True,
    ),
    Case(
        "remember_start | sgd | take_direction | sgd | take_length",
        {"lr": 0.1},
        torch_optim("SGD", lr=0.1),
    ),
]

ROUTED = [
    Case(
        "sgd on matrices | adam on rest",
        {"sgd.lr": 0.1, "adam.lr": 0.02},
        composed("optax.partition({'s': optax.sgd(0.1), 'a': optax.adam(0.02)}, ['s', 'a', 's', 'a'])"),
    ),
    Case(
        "adam on last | momentum on rest",
        {"lr": 0.05},
        composed(
            "optax.partition({'m': optax.sgd(rate(0.05), momentum=0.9), 'a': optax.adam(rate(0.05))},"
            " ['m', 'm', 'a', 'a'])"
        ),
        scheduled=True,
    ),
    Case(
        "clip_by_global_norm on first matrices | adam",
        {"lr": 0.05, "max_norm": 0.5},
        composed(
            "optax.chain(optax.masked(optax.clip_by_global_norm(0.5), [True, False, False, False]),"
            " optax.adam(rate(0.05)))"
        ),
    ),
    # layers that no rule selects stay as they are
    Case(
        "adam on last",
        {"lr": 0.05},
        composed(
            "optax.partition({'a': optax.adam(rate(0.05)), 'frozen': optax.set_to_zero()},"
            " ['frozen', 'frozen', 'a', 'a'])"
        ),
        scheduled=True,
    ),
    Case(
        "l2 | momentum on matrices | sgd on last biases",
        {"lr": 0.1, "penalty": 0.2},
        composed(
            "optax.chain(optax.add_decayed_weights(0.2), optax.partition({'m': optax.sgd(rate(0.1), momentum=0.9),"
            " 's': optax.sgd(rate(0.1)), 'frozen': optax.set_to_zero()}, ['m', 'frozen', 'm', 's']))"
        ),
    ),
]

CASES = [*DECAYED, *CLIPPED, *CHANGED, *WAITING, *AVERAGES, *AHEAD, *MASKED, *GRAFTED, *ROUTED]


def place(use: str, bowl: dict[str, Any], rosenbrock: dict[str, Any], **both: Any) -> dict[str, dict[str, Any]]:
    """Settings of a chain for both functions."""
    return {"bowl": {"use": use, **both, **bowl}, "rosenbrock": {"use": use, **both, **rosenbrock}}


ADAM = {"lr": 0.1, "steps": 1_000}, {"lr": 0.05, "steps": 5_000}
MOMENTUM = {"lr": 0.003, "steps": 5_000}
COSINE: dict[str, Any] = {"schedule": "cosine"}
GRAFT = {"adam.lr": 0.05, "steps": 10_000}

SETTINGS = {
    "l2": place("l2 | adam", *ADAM, penalty=1e-5),
    "weight_decay": place("weight_decay | adam", *ADAM, weight_decay=1e-5),
    "clip_by_value": place("clip_by_value | momentum", MOMENTUM, MOMENTUM),
    "clip_by_global_norm": place("clip_by_global_norm | momentum", MOMENTUM, MOMENTUM),
    "clip_by_layer_norm": place("clip_by_layer_norm | momentum", MOMENTUM, MOMENTUM),
    "adaptive_gradient_clipping": place("adaptive_gradient_clipping | momentum", MOMENTUM, MOMENTUM, clipping=1.0),
    "centralize": place("centralize | adam", *ADAM),
    "normalize_gradient": place("normalize_gradient | sgd", *[{"lr": 0.02, "steps": 20_000}] * 2, **COSINE),
    "take_sign": place("take_sign | momentum", *[{"lr": 0.003, "steps": 30_000}] * 2, **COSINE),
    "add_gradient_noise": place("add_gradient_noise | adam", *ADAM, **COSINE),
    "accumulate": place("accumulate | adam", {"lr": 0.1, "steps": 4_000}, {"lr": 0.05, "steps": 20_000}),
    "apply_if_finite": place("apply_if_finite | adam", *ADAM),
    "ema": place("adam | ema", *ADAM, decay=0.99),
    "polyak_averaging": place("adam | polyak_averaging", *ADAM, start=900),
    "swa": place(
        "adam | swa",
        {"lr": 0.1, "steps": 1_000, "start": 800},
        {"lr": 0.05, "steps": 5_000, "start": 4_500},
        interval=20,
    ),
    "lookahead": place("adam | lookahead", *ADAM),
    "ranger": place("ranger", {"lr": 0.1, "steps": 4_000}, {"lr": 0.003, "steps": 30_000}, **COSINE),
    "schedule_free": place(
        "adam | schedule_free", {"lr": 0.1, "steps": 4_000}, {"lr": 0.05, "steps": 20_000}, beta1=0.0
    ),
    "cautious": place("adam | cautious", *ADAM),
    "remember_start": place("remember_start | adam | cautious | weight_decay", *ADAM, weight_decay=1e-5),
    "take_direction": place("momentum | take_direction | adam | take_length", GRAFT, GRAFT, **{"momentum.lr": 0.1}),
    "take_length": place("sgd | take_direction | adam | take_length", GRAFT, GRAFT, **{"sgd.lr": 0.1}),
}
