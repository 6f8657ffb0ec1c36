"""Nanoseconds a weight of every bundled optimizer, beside PyTorch's and Optax's, on one core.

    pip install -e '.[peers]'
    python experiments/speed/rules.py [--rounds 5] [--only adam lion]

Each takes steps in float32 on a gradient that stays the same, on the 13,002 weights of the digit network (six layers) and on a
million (three layers). optilab's update runs in its compiled training loop; PyTorch's `step()` as it is called from Python, once
with foreach=True and once with fused=True where it has that; Optax's update is jitted with the whole loop of steps around it, so
that Python is out of it. What a rule is compared with is the reference that it names itself, and those listed here. Rules that
evaluate gradients have no peers here: what they take depends on the problem.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

from optilab.optimizers.optimizer import Optimizer
from optilab.plugins.loading import registry
from optilab.testing.parity import Call, parsed
from optilab.testing.speed import DIGITS, Timed
from optilab.testing.subject import Subject

Shapes = tuple[tuple[int, ...], ...]

SIZES: dict[str, Shapes] = {"13,002": DIGITS, "1,000,000": ((992, 1000), (1000,), (1000, 7))}

# Peers besides the reference that a rule names itself, in the same notation.
ALSO = {
    "sgd": ["torch.optim.SGD(lr=lr)", "optax.sgd(learning_rate=lr)"],
    "momentum": ["torch.optim.SGD(lr=lr, momentum=momentum)", "optax.sgd(learning_rate=lr, momentum=momentum)"],
    "nesterov": [
        "torch.optim.SGD(lr=lr, momentum=momentum, nesterov=True)",
        "optax.sgd(learning_rate=lr, momentum=momentum, nesterov=True)",
    ],
    "adam": ["torch.optim.Adam(lr=lr)", "optax.adam(learning_rate=lr)"],
    "adamw": ["torch.optim.AdamW(lr=lr)", "optax.adamw(learning_rate=lr)"],
    "amsgrad": ["torch.optim.Adam(lr=lr, amsgrad=True)", "optax.amsgrad(learning_rate=lr)"],
    "adamax": ["torch.optim.Adamax(lr=lr)", "optax.adamax(learning_rate=lr)"],
    "nadam": ["torch.optim.NAdam(lr=lr)", "optax.nadam(learning_rate=lr)"],
    "radam": ["torch.optim.RAdam(lr=lr)", "optax.radam(learning_rate=lr)"],
    "adagrad": ["torch.optim.Adagrad(lr=lr)", "optax.adagrad(learning_rate=lr)"],
    "adadelta": ["torch.optim.Adadelta(lr=lr)", "optax.adadelta(learning_rate=lr)"],
    "rmsprop": ["torch.optim.RMSprop(lr=lr)", "optax.rmsprop(learning_rate=lr)"],
    "rprop": ["torch.optim.Rprop(lr=0.01)", "optax.rprop(learning_rate=0.01)"],
    "asgd": ["torch.optim.ASGD(lr=lr)"],
    "adafactor": ["torch.optim.Adafactor(lr=lr)", "optax.adafactor(learning_rate=lr)"],
    "lion": ["optax.lion(learning_rate=lr)"],
    "signum": ["optax.signum(learning_rate=lr)"],
    "sign_sgd": ["optax.sign_sgd(learning_rate=lr)"],
    "adabelief": ["optax.adabelief(learning_rate=lr)"],
    "adan": ["optax.adan(learning_rate=lr)"],
    "yogi": ["optax.yogi(learning_rate=lr)"],
    "novograd": ["optax.novograd(learning_rate=lr)"],
    "lars": ["optax.lars(learning_rate=lr)"],
    "lamb": ["optax.lamb(learning_rate=lr)"],
    "fromage": ["optax.fromage(learning_rate=lr)"],
    "sm3": ["optax.sm3(learning_rate=0.1)"],
    "muon": ["optax.contrib.muon(learning_rate=lr)"],
    "optimistic_gradient_descent": ["optax.optimistic_gradient_descent(learning_rate=lr)"],
    "optimistic_adam": ["optax.optimistic_adam_v2(learning_rate=lr)"],
    "noisy_sgd": ["optax.noisy_sgd(learning_rate=lr, key=0)"],
    "polyak": ["optax.polyak_sgd()"],
    "acprop": ["optax.contrib.acprop(learning_rate=lr)"],
    "ademamix": ["optax.contrib.ademamix(learning_rate=lr)"],
    "simplified_ademamix": ["optax.contrib.simplified_ademamix(learning_rate=lr)"],
    "adopt": ["optax.contrib.adopt(learning_rate=lr)"],
    "cocob": ["optax.contrib.cocob()"],
    "madgrad": ["optax.contrib.madgrad(learning_rate=lr)"],
    "schedule_free_sgd": ["optax.contrib.schedule_free_sgd(learning_rate=lr)"],
    "schedule_free_adamw": ["optax.contrib.schedule_free_adamw(learning_rate=lr)"],
    "dadapt_adamw": ["optax.contrib.dadapt_adamw()"],
    "prodigy": ["optax.contrib.prodigy()"],
    "dog": ["optax.contrib.dog(learning_rate=1.0)"],
    "dowg": ["optax.contrib.dowg(learning_rate=1.0)"],
    "momo": ["optax.contrib.momo()"],
    "momo_adam": ["optax.contrib.momo_adam()"],
}


def arrays(shapes: Shapes, seed: int, scale: float) -> list[np.ndarray]:
    """Random layers in float32."""
    random = np.random.default_rng(seed)
    return [(scale * random.normal(size=shape)).astype(np.float32) for shape in shapes]


def torch_steps(call: Call, shapes: Shapes, **how: bool) -> Callable[[int], float] | None:
    """A function that times calls of step(), in seconds; None if PyTorch lacks the optimizer in this form."""
    parameters = [torch.tensor(part, requires_grad=True) for part in arrays(shapes, 0, 1.0)]
    for parameter, gradient in zip(parameters, arrays(shapes, 1, 0.01), strict=True):
        parameter.grad = torch.tensor(gradient)
    try:
        optimizer = Call(*call[:2], [parameters, *call.positional], {**call.named, **how}).made_by(torch)
        optimizer.step()
    except (TypeError, RuntimeError, ValueError, NotImplementedError):
        return None

    def run(steps: int) -> float:
        begin = time.perf_counter()
        for _ in range(steps):
            optimizer.step()
        return time.perf_counter() - begin

    return run


def optax_steps(call: Call, shapes: Shapes) -> Callable[[int], float]:
    """A function that times updates in one jitted loop, in seconds."""
    transformation = optax.with_extra_args_support(call.made_by(optax))
    gradients = [jnp.asarray(part) for part in arrays(shapes, 1, 0.01)]

    def step(number, carried):
        parameters, state = carried
        seen, _ = jax.lax.optimization_barrier((gradients, number))  # or what depends on them alone is done once
        updates, state = transformation.update(seen, state, parameters, value=jnp.float32(1.0))
        return optax.apply_updates(parameters, updates), state

    loop = jax.jit(lambda steps, carried: jax.lax.fori_loop(0, steps, step, carried), donate_argnums=1)
    parameters = [jnp.asarray(part) for part in arrays(shapes, 0, 1.0)]
    # copies, for a buffer that a state holds twice can't be donated
    kept = [loop(1, jax.tree.map(jnp.copy, (parameters, transformation.init(parameters))))]

    def run(steps: int) -> float:
        begin = time.perf_counter()
        kept[0] = jax.block_until_ready(loop(steps, kept[0]))
        return time.perf_counter() - begin

    return run


def peers(name: str, optimizer: Optimizer, subject: Subject, shapes: Shapes) -> dict[str, Callable[[int], float]]:
    """The implementations that an optimizer is compared with, ready to be timed."""
    texts = dict.fromkeys([*ALSO.get(name, []), *(rule.reference for rule in optimizer.rules if rule.reference)])
    found: dict[str, Callable[[int], float]] = {}
    for text in texts:
        call = parsed(text, subject.hyperparameters)
        if call.library == "optax":
            found.setdefault("optax", optax_steps(call, shapes))
            continue
        for how in ("foreach", "fused"):
            run = torch_steps(call, shapes, **{how: True})
            if run is not None:
                found.setdefault(f"torch {how}", run)
        if not any(key.startswith("torch") for key in found):
            run = torch_steps(call, shapes)
            if run is not None:
                found["torch"] = run
    return found


def timed(runs: dict[str, Callable[[int], float]], rounds: int, n: int) -> dict[str, float]:
    """Median nanoseconds a weight of each, in interleaved rounds of about a twentieth of a second."""
    steps = {}
    for name, run in runs.items():
        run(3)
        begin = time.perf_counter()
        run(10)
        steps[name] = max(2, int(0.5 / (time.perf_counter() - begin)))
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name].append(run(steps[name]) / steps[name])
    return {name: statistics.median(taken) / n * 1e9 for name, taken in seconds.items()}


def main() -> None:
    """Print a row for each optimizer and size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="names of optimizers")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    behind = []
    for name, optimizer in sorted(registry().optimizers.items()):
        if options.only and name not in options.only:
            continue
        subject = Subject(optimizer)
        cells = []
        for size, shapes in SIZES.items():
            n = sum(int(np.prod(shape)) for shape in shapes)
            own = Timed(subject.chain, subject.hyperparameters, shapes)
            runs = {"optilab": own.seconds, **({} if subject.evaluates else peers(name, optimizer, subject, shapes))}
            found = timed(runs, options.rounds, n)
            others = "".join(f"; {k} {v:.2f} ({v / found['optilab']:.1f}x)" for k, v in found.items() if k != "optilab")
            cells.append(f"{size}: {found['optilab']:.2f}{others}")
            behind += [f"{name} at {size}: {k}" for k, v in found.items() if v < found["optilab"]]
        print(f"{name:<28} {' | '.join(cells)}", flush=True)
    print("ahead of every peer in every row" if not behind else f"behind: {', '.join(behind)}")


if __name__ == "__main__":
    main()
