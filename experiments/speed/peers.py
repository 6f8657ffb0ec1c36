"""The peers' side: an epoch as one jitted `lax.scan` of JAX with Optax, under `vmap` over a grid, and in PyTorch eager."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speed.cases import Case
from speed.ours import CostOf, rates
from speed.timing import Attempt, Done, timed

_NEEDED = {"JAX": ("jax", "optax"), "PyTorch": ("torch",)}
_PIP = {"jax": "jax", "optax": "optax", "torch": "torch==2.13.0"}

Parts = list[NDArray[np.floating]]


def missing() -> list[str]:
    """Names of the packages of peers that are not installed."""
    return [name for names in _NEEDED.values() for name in names if find_spec(name) is None]


def present(peer: str) -> bool:
    """Whether a peer, "JAX" or "PyTorch", can take part."""
    return not set(_NEEDED[peer]) & set(missing())


def missing_sentence() -> str:
    """What is missing and how to install it, as one sentence; empty if nothing is."""
    absent = missing()
    if not absent:
        return ""
    out = [peer for peer in _NEEDED if not present(peer)]
    line = " ".join(f"'{_PIP[name]}'" if "=" in _PIP[name] else _PIP[name] for name in absent)
    return f"Without {' and '.join(out)}, which can't be imported, the rest is measured: pip install {line}"


def split(w: NDArray[np.floating], sizes: Sequence[int]) -> Parts:
    """The flat vector as W1, b1, W2, b2, ..."""
    parts, offset = [], 0
    for rows, columns in itertools.pairwise(sizes):
        parts.append(w[offset : offset + rows * columns].reshape(rows, columns).copy())
        offset += rows * columns
        parts.append(w[offset : offset + columns].copy())
        offset += columns
    return parts


def joined(parts: Sequence[Any]) -> NDArray[np.floating]:
    """W1, b1, W2, b2, ... as the flat vector."""
    return np.concatenate([np.asarray(part).ravel() for part in parts])


@cache
def _on_device(name: str) -> tuple[Any, Any]:
    from speed.data import data

    numpy = import_module("jax.numpy")
    return numpy.asarray(data(name).x), numpy.asarray(data(name).y.astype(np.int32))


def jax_epoch(case: Case, start: Parts, order: NDArray[np.int64]) -> Callable[[Any, Any, Any], Any]:
    """epoch(lr, x, y) -> weights and biases after one pass, not yet jitted."""
    jax, optax = import_module("jax"), import_module("optax")
    numpy = import_module("jax.numpy")
    activation = {"sigmoid": jax.nn.sigmoid, "tanh": numpy.tanh, "gelu": lambda z: jax.nn.gelu(z, approximate=False)}
    act, make = activation[case.activation], {"sgd": optax.sgd, "adam": optax.adam}[case.rule]
    whole = len(order) // case.batch * case.batch
    rows = numpy.asarray(order.astype(np.int32))
    first = [numpy.asarray(part) for part in start]

    def cost(parts: Any, inputs: Any, truth: Any) -> Any:
        a = inputs
        for k in range(0, len(parts) - 2, 2):
            a = act(a @ parts[k] + parts[k + 1])
        scores = a @ parts[-2] + parts[-1]
        return optax.softmax_cross_entropy_with_integer_labels(scores, truth).mean()

    def epoch(lr: Any, x: Any, y: Any) -> Any:
        transform = make(lr)

        def step(carry: Any, chosen: Any) -> Any:
            parts, state = carry
            gradient = jax.grad(cost)(parts, x[chosen], y[chosen])
            updates, state = transform.update(gradient, state, parts)
            return (optax.apply_updates(parts, updates), state), None

        carry, _ = jax.lax.scan(step, (first, transform.init(first)), rows[:whole].reshape(-1, case.batch))
        if whole < len(order):
            carry, _ = step(carry, rows[whole:])
        return carry[0]

    return epoch


def jax_scan(case: Case, start: Parts, order: NDArray[np.int64], cost_of: CostOf) -> Attempt:
    """One run."""
    jax, numpy = import_module("jax"), import_module("jax.numpy")
    epoch, (x, y) = jax.jit(jax_epoch(case, start, order)), _on_device(case.data)
    lr = numpy.float32(case.rate)

    def attempt() -> Done:
        seconds, parts = timed(lambda: jax.block_until_ready(epoch(lr, x, y)))
        return Done(seconds, lambda: [cost_of(joined(parts))])

    return attempt


def jax_vmap(case: Case, start: Parts, order: NDArray[np.int64], cost_of: CostOf) -> Attempt:
    """The grid as one computation; its seconds are those of a run."""
    jax, numpy = import_module("jax"), import_module("jax.numpy")
    epoch = jax.jit(jax.vmap(jax_epoch(case, start, order), in_axes=(0, None, None)))
    chosen, (x, y) = numpy.asarray(np.asarray(rates(case), np.float32)), _on_device(case.data)

    def attempt() -> Done:
        seconds, parts = timed(lambda: jax.block_until_ready(epoch(chosen, x, y)))
        stacked = [np.asarray(part) for part in parts]
        return Done(
            seconds / case.runs, lambda: [cost_of(joined([part[k] for part in stacked])) for k in range(case.runs)]
        )

    return attempt


def torch_eager(case: Case, start: Parts, order: NDArray[np.int64], cost_of: CostOf) -> Attempt:
    """One run with nn.Sequential, torch.optim, and batches gathered by index_select."""
    from speed.data import data

    torch = import_module("torch")
    torch.set_num_threads(1)
    x, y, rows = (torch.from_numpy(array) for array in (data(case.data).x, data(case.data).y, order))
    act = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "gelu": torch.nn.GELU}[case.activation]
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[case.rule]

    def attempt() -> Done:
        layers: list[Any] = []
        for matrix, bias in zip(start[::2], start[1::2], strict=True):
            linear = torch.nn.Linear(*matrix.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(matrix.T.copy()))
                linear.bias.copy_(torch.from_numpy(bias))
            layers += [linear, act()]
        net, loss = torch.nn.Sequential(*layers[:-1]), torch.nn.CrossEntropyLoss()
        optimizer = make(net.parameters(), lr=case.rate)

        def run() -> None:
            for chosen in rows.split(case.batch):
                optimizer.zero_grad(set_to_none=True)
                loss(net(x.index_select(0, chosen)), y.index_select(0, chosen)).backward()
                optimizer.step()

        seconds, _ = timed(run)
        parts = [part.detach().numpy() for part in net.parameters()]
        return Done(seconds, lambda: [cost_of(joined([part.T if part.ndim == 2 else part for part in parts]))])

    return attempt
