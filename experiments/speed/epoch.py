"""One epoch of the digit network against PyTorch, JAX with Optax, and scikit-learn, on one core.

    pip install -e '.[peers]'
    python experiments/speed/epoch.py

All train the 784-16-16-10 network (sigmoid, cross-entropy on softmax) in float32 for one epoch: the same 60,000 digits in
the same order from the same weights. First all are checked to end at the same cost, and so to do the same work; then
they are timed in turn, round after round, in this process on one core with one thread. Compiling is off the clock for all.
PyTorch is eager; JAX is one jitted lax.scan over the epoch; scikit-learn is MLPClassifier.partial_fit.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
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
import sklearn.neural_network
import torch

import optilab
from optilab.training.plan import Plan
from optilab.training.setup import computing
from optilab.training.stopping import Budget
from optilab.training.training import Training

RATES = {"sgd": 0.1, "adam": 1e-3}
RATES_OF_ONE = {"sgd": 0.01, "adam": 1e-3}  # for B = 1: at 0.1 rounding alone drives float32 2 % from float64
SIZES = (784, 16, 16, 10)
TOLERANCE = 2e-3  # relative, of the cost after an epoch in float32

# An Epoch prepares fresh weights off the clock and returns the function to be timed, which returns the weights it ends at.
Weights = list[np.ndarray]
Epoch = Callable[[], Callable[[], Weights]]


def rate(rule: str, batch: int) -> float:
    """Learning rate for this batch size."""
    return (RATES_OF_ONE if batch == 1 else RATES)[rule]


def split(w: np.ndarray) -> Weights:
    """The flat vector as W1, b1, W2, b2, ..."""
    parts, offset = [], 0
    for rows, columns in itertools.pairwise(SIZES):
        parts += [w[offset : offset + rows * columns].reshape(rows, columns)]
        offset += rows * columns
        parts += [w[offset : offset + columns]]
        offset += columns
    return [part.copy() for part in parts]


def ours(problem, order: np.ndarray, rule: str, batch: int) -> Epoch:
    """optilab: one interval of its training loop."""
    optimizer = optilab.get_optimizer(rule)
    full = batch == len(order)
    plan = Plan(
        problem=problem,
        optimizer=optimizer,
        hyperparameters=optimizer.fill({"lr": rate(rule, batch)}),
        schedules=(),
        batch_size="full" if full else batch,
        budget=Budget(epochs=1),
        measure=None,
    )

    def prepare() -> Callable[[], Weights]:
        training = Training(plan, 0)
        if not full:
            training.order = lambda epoch, steps_left: order[None]

        def run() -> Weights:
            with computing():
                training.advance(training.total)
            return split(training.run.w)

        return run

    return prepare


def torch_epoch(x, y, start: Weights, order: np.ndarray, rule: str, batch: int) -> Epoch:
    """PyTorch eager: nn.Sequential, torch.optim, batches gathered by index_select."""
    images, labels, rows = torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(order)

    def prepare() -> Callable[[], Weights]:
        layers: list[torch.nn.Module] = []
        for k in range(3):
            linear = torch.nn.Linear(SIZES[k], SIZES[k + 1])
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(start[2 * k].T.copy()))
                linear.bias.copy_(torch.from_numpy(start[2 * k + 1]))
            layers += [linear, torch.nn.Sigmoid()]
        net = torch.nn.Sequential(*layers[:-1])
        make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[rule]
        optimizer = make(net.parameters(), lr=rate(rule, batch))
        cost = torch.nn.CrossEntropyLoss()

        def run() -> Weights:
            for first in range(0, len(rows), batch):
                if batch == len(rows):
                    inputs, truth = images, labels
                else:
                    chosen = rows[first : first + batch]
                    inputs, truth = images.index_select(0, chosen), labels.index_select(0, chosen)
                optimizer.zero_grad(set_to_none=True)
                cost(net(inputs), truth).backward()
                optimizer.step()
            return [p.detach().numpy().T.copy() if p.ndim == 2 else p.detach().numpy().copy() for p in net.parameters()]

        return run

    return prepare


def jax_epoch(x, y, start: Weights, order: np.ndarray, rule: str, batch: int) -> Epoch:
    """JAX: a whole epoch as one jitted lax.scan, the update from Optax."""
    images, labels = jnp.asarray(x), jnp.asarray(y)
    transform = {"sgd": optax.sgd, "adam": optax.adam}[rule](rate(rule, batch))
    whole = len(order) // batch * batch

    def cost(params, inputs, truth):
        a = inputs
        for k in range(3):
            a = a @ params[2 * k] + params[2 * k + 1]
            if k < 2:
                a = jax.nn.sigmoid(a)
        return optax.softmax_cross_entropy_with_integer_labels(a, truth).mean()

    def step(carry, rows):
        params, state = carry
        inputs, truth = (images, labels) if batch == len(order) else (images[rows], labels[rows])
        updates, state = transform.update(jax.grad(cost)(params, inputs, truth), state, params)
        return (optax.apply_updates(params, updates), state), None

    @jax.jit
    def epoch(carry, rows):
        carry, _ = jax.lax.scan(step, carry, rows[:whole].reshape(-1, batch))
        return step(carry, rows[whole:])[0] if whole < len(order) else carry

    rows = jnp.asarray(order.astype(np.int32))

    def prepare() -> Callable[[], Weights]:
        params = [jnp.asarray(part) for part in start]
        carry = (params, transform.init(params))
        if not compiled:
            jax.block_until_ready(epoch(carry, rows))
            compiled.append(True)
        return lambda: [np.asarray(part) for part in jax.block_until_ready(epoch(carry, rows))[0]]

    compiled: list[bool] = []
    return prepare


def sklearn_epoch(x, y, start: Weights, order: np.ndarray, rule: str, batch: int) -> Epoch:
    """scikit-learn: MLPClassifier.partial_fit, on examples that are in order already."""
    inputs, truth = (x, y) if batch == len(order) else (x[order], y[order])

    def prepare() -> Callable[[], Weights]:
        net = sklearn.neural_network.MLPClassifier(
            SIZES[1:-1], activation="logistic", solver=rule, alpha=0.0, batch_size=batch, shuffle=False,
            learning_rate_init=rate(rule, batch), momentum=0.0, nesterovs_momentum=False,
        )  # fmt: skip
        net.partial_fit(inputs[:batch], truth[:batch], classes=np.arange(10))
        del net._optimizer
        net.coefs_ = [part.copy() for part in start[0::2]]
        net.intercepts_ = [part.copy() for part in start[1::2]]

        def run() -> Weights:
            net.partial_fit(inputs, truth)
            return [part for pair in zip(net.coefs_, net.intercepts_, strict=True) for part in pair]

        return run

    return prepare


def main() -> None:
    """Check, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds; a row in which a peer takes seconds has 2")
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 10, 32, 128, 1024, 60_000])
    parser.add_argument("--rules", nargs="*", default=["sgd", "adam"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    network = {"dataset": "mnist", "hidden": list(SIZES[1:-1]), "activation": "sigmoid", "cost": "cross_entropy"}
    problem = optilab.get_problem("network", **network)
    exact = optilab.get_problem("network", **network, precision="float64")
    data = problem.examples
    x, y = (data.x_train / np.float32(255)).astype(np.float32), np.asarray(data.y_train)
    order = np.random.default_rng(0).permutation(len(y))
    start = split(problem.initial(0))

    print("milliseconds an epoch: median [lowest to highest] of the rounds; in brackets the ratio to optilab")
    behind = []
    for rule in arguments.rules:
        for batch in arguments.batches:
            epochs = {
                "optilab": ours(problem, order, rule, batch),
                "jax": jax_epoch(x, y, start, order, rule, batch),
                "torch": torch_epoch(x, y, start, order, rule, batch),
                "sklearn": sklearn_epoch(x, y, start, order, rule, batch),
            }
            costs, first = {}, {}
            for name, prepare in epochs.items():
                run = prepare()
                begin = time.perf_counter()
                weights = run()
                first[name] = time.perf_counter() - begin
                costs[name] = exact.cost(np.concatenate([part.ravel() for part in weights]))
            for name, cost in costs.items():
                if abs(cost - costs["optilab"]) > TOLERANCE * cost:
                    raise SystemExit(f"{rule}, B = {batch}: {name} ends at cost {cost}, optilab at {costs['optilab']}")
            times: dict[str, list[float]] = {name: [] for name in epochs}
            for _ in range(2 if max(first.values()) > 3 else arguments.rounds):
                for name, prepare in epochs.items():
                    run = prepare()
                    begin = time.perf_counter()
                    run()
                    times[name].append(1e3 * (time.perf_counter() - begin))
            middle = {name: statistics.median(values) for name, values in times.items()}
            shown = [
                f"{name} {middle[name]:.0f} [{min(values):.0f} to {max(values):.0f}]"
                + (f" ({middle[name] / middle['optilab']:.1f}x)" if name != "optilab" else "")
                for name, values in times.items()
            ]
            print(f"{rule:<4} B = {'full' if batch == len(order) else batch:<5} {'; '.join(shown)}", flush=True)
            behind += [f"{name}, {rule}, B = {batch}" for name in middle if middle[name] < middle["optilab"]]
    print("ahead of every peer in every row" if not behind else f"behind {'; '.join(behind)}")


if __name__ == "__main__":
    main()
