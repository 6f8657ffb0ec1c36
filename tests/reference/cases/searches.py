"""Descent with searches for the step length; all on functions of their own gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.case import Case, Reference, twin
from reference.peers import _traceable, optax, torch_optim
from reference.walks import DECAY, STEPS, Descent, Walk

Vector = NDArray[np.float64]
Search = Callable[[Walk, Vector, Vector, float, Vector, float, float], float]
VALLEY, OBLONG = "long_valley", "oblong"


# Readable twins of rules that no library has.


def armijo(
    walk: Walk, rates: Vector, lr: float = 1.0, c1: float = 1e-4, decrease: float = 0.8, increase: float = 1.5
) -> Iterator[Vector]:
    """The first of the lengths L, L * decrease, ... with sufficient decrease, where L grows again from the last one."""
    assert isinstance(walk, Descent)
    w, t = walk.w, lr
    for rate in rates:
        cost, g = walk.value_and_grad(w)
        lengths = min(t * increase, lr * rate) * decrease ** np.arange(100)
        t = next(t for t in lengths if walk.value_and_grad(w - t * g)[0] <= cost - c1 * t * (g @ g))
        w = w - t * g
        yield w


def barzilai_borwein(
    walk: Walk, rates: Vector, lr: float = 0.01, form: str = "long", low: float = 1e-10, high: float = 1e10
) -> Iterator[Vector]:
    """The step length that solves the secant equation best, from one side or from the other."""
    assert isinstance(walk, Descent)
    w, old = walk.w, None
    for rate in rates:
        _, g = walk.value_and_grad(w)
        t = lr * rate
        if old is not None:
            s, y = w - old[0], g - old[1]
            if s @ y > 0:
                t = np.clip(s @ s / (s @ y) if form == "long" else s @ y / (y @ y), low, high)
        old = w, g
        w = w - t * g
        yield w


def dense_lbfgs(
    walk: Walk, rates: Vector, lr: float = 1.0, memory: int = 100, scaled: bool = True, l1: bool = True
) -> Iterator[Vector]:
    """The inverse Hessian as a matrix, made anew in each step from the pairs in memory, without any search."""
    assert isinstance(walk, Descent)
    w, old = walk.w, None
    pairs: list[tuple[Vector, Vector]] = []
    eye = np.eye(w.size)
    for rate in rates:
        _, g = walk.value_and_grad(w)
        first = min(1, 1 / (np.abs(g).sum() if l1 else np.sqrt(g @ g))) if scaled else 1.0
        if old is not None:
            s, y = w - old[0], g - old[1]
            if s @ y > 1e-10:
                pairs = [*pairs, (s, y)][-memory:]
            first = 1.0
        h = eye
        if pairs and scaled:
            h = eye * (pairs[-1][0] @ pairs[-1][1]) / (pairs[-1][1] @ pairs[-1][1])
        for s, y in pairs:
            v = eye - np.outer(y, s) / (s @ y)
            h = v.T @ h @ v + np.outer(s, s) / (s @ y)
        old = w, g
        w = w - lr * rate * first * h @ g
        yield w


# Directions of the papers, with the searches of the libraries.


def by_torch(walk: Walk, w: Vector, g: Vector, cost: float, d: Vector, t: float, c2: float) -> float:
    """A step length by the search of torch.optim.LBFGS, of at most 25 trials."""
    import torch
    from torch.optim.lbfgs import _strong_wolfe

    def evaluate(x: Any, t: float, d: Any) -> tuple[float, Any]:
        value, gradient = walk.value_and_grad((x + t * d).numpy())  # type: ignore[union-attr]
        return value, torch.tensor(gradient)

    x, direction, gradient = torch.tensor(w), torch.tensor(d), torch.tensor(g)
    slope = gradient.dot(direction)
    return float(_strong_wolfe(evaluate, x, t, direction, cost, gradient, slope, c2=c2, max_ls=24)[2])


def by_scipy(walk: Walk, w: Vector, g: Vector, cost: float, d: Vector, t: float, c2: float) -> float:
    """A step length by the search of scipy.optimize, which is told the cost that makes it begin at t."""
    from scipy.optimize import line_search

    before = cost - t * (g @ d) / 2.02
    found = line_search(
        lambda w: walk.value_and_grad(w)[0],  # type: ignore[union-attr]
        lambda w: walk.value_and_grad(w)[1],  # type: ignore[union-attr]
        w, d, g, cost, before, c1=1e-4, c2=c2, maxiter=25,
    )  # fmt: skip
    assert found[0] is not None
    return float(found[0])


def searched(
    search: Search, direction: str, lr: float = 1.0, c2: float = 0.9, powell: bool = False, keep: bool = False
) -> Reference:
    """Descent along the directions of a paper with a library's search.

    keep: begin each search at the length of the step before, rather than as scipy.optimize.fmin_cg does.
    """
    beta: Callable[[Any, Any, Any], Any] = {
        "steepest": lambda g, old, d: 0.0,
        "fletcher_reeves": lambda g, old, d: (g @ g) / (old @ old),
        "polak_ribiere": lambda g, old, d: max(0.0, g @ (g - old) / (old @ old)),
        "hestenes_stiefel": lambda g, old, d: max(0.0, g @ (g - old) / (d @ (g - old))),
        "dai_yuan": lambda g, old, d: (g @ g) / (d @ (g - old)),
    }[direction]

    def make(walk: Walk, scheduled: bool) -> Vector:
        assert isinstance(walk, Descent)
        found, t = list[Vector](), lr
        old: Any = None
        w: Any = walk.w
        d: Any = np.zeros_like(w)
        cost, g = walk.value_and_grad(w)
        before: Any = cost + np.sqrt(g @ g) / 2
        for step in range(STEPS):
            begins = old is None or (powell and abs(g @ old) >= 0.2 * (g @ g))
            d = -g if begins else beta(g, old, d) * d - g
            d = -g if d @ g >= 0 else d
            rate = lr * (DECAY**step if scheduled else 1)
            first = t if keep else rate * min(1.0, 2.02 * (cost - before) / (g @ d))
            t = search(walk, w, g, cost, d, first, c2)
            w, old, before = w + t * d, g, cost
            cost, g = walk.value_and_grad(w)
            found.append(w)
        return np.array(found)

    return Reference(f"{direction} by {search.__name__}(lr={lr}, c2={c2}, powell={powell}, keep={keep})", make)


def optax_search(
    name: str, search: str, optimizer: str = "sgd", *, given: dict[str, Any], **arguments: Any
) -> Reference:
    """`optax.OPTIMIZER` with the line search `optax.scale_by_NAME`, called with `arguments`."""

    def make(walk: Walk, scheduled: bool) -> Vector:
        import jax

        jax.config.update("jax_enable_x64", True)
        import jax.numpy as jnp
        import optax as library

        assert isinstance(walk, Descent)
        assert not scheduled
        line = getattr(library, search)(**arguments)
        if optimizer == "sgd":
            method = library.chain(library.sgd(**given), line)
        else:
            method = getattr(library, optimizer)(linesearch=line, **given)
        parameters = [jnp.asarray(walk.w)]
        state, found = method.init(parameters), []
        update = jax.jit(method.update, static_argnames="value_fn")
        for _ in range(STEPS):
            cost, g = walk.value_and_grad(np.asarray(parameters[0]))
            gradient = [jnp.asarray(g)]
            updates, state = update(
                gradient, state, parameters, value=jnp.asarray(cost), grad=gradient, value_fn=traceable(walk.name)
            )
            parameters = library.apply_updates(parameters, updates)
            found.append(np.asarray(parameters[0]))
        return np.array(found)

    shown = ", ".join(f"{k}={v}" for k, v in {**given, **arguments}.items())
    return Reference(f"optax.{name}({shown})", make)


traceable = cache(_traceable)  # one function object for each name, so that JAX compiles once


def torch_lbfgs(line_search: str | None = "strong_wolfe", **arguments: Any) -> Reference:
    """`torch.optim.LBFGS` that does one iteration a step, with up to 25 trials."""
    return torch_optim("LBFGS", max_iter=1, max_eval=25, line_search_fn=line_search, **arguments)


def backtracking(**arguments: Any) -> Reference:
    """Optax's gradient descent with its backtracking search."""
    return optax_search(
        "scale_by_backtracking_linesearch",
        "scale_by_backtracking_linesearch",
        given={"learning_rate": 1.0},
        **arguments,
    )


# Where a search interpolates along a curved valley, rounding grows: moved by one unit in the last place of its start, the
# reference itself goes as far astray.
ROUNDING: dict[str, Any] = {"rtol": 1e-7, "why": "moved by one unit in the last place, the reference deviates as much"}

NEAR_ZERO: dict[str, Any] = {
    "rtol": 1e-7,
    "why": "the weights come near zero, where a small difference is a large part of them",
}

ZOOM: dict[str, Any] = {"approx_dec_rtol": None, "stepsize_precision": 0.0}
TO_THE_END = {"curvature": 0.0, "tolerance_grad": 0.0, "tolerance_change": 0.0}

CASES = [
    Case("armijo", {}, backtracking(max_backtracking_steps=29), walk=VALLEY),
    Case("armijo", {}, backtracking(max_backtracking_steps=29), walk=OBLONG),
    Case(
        "armijo",
        {"lr": 0.3, "c1": 0.3, "decrease": 0.5, "increase": 3.0},
        backtracking(
            max_backtracking_steps=29, slope_rtol=0.3, decrease_factor=0.5, increase_factor=3.0, max_learning_rate=0.3
        ),
        walk=VALLEY,
    ),
    Case("armijo", {"lr": 0.1}, twin(armijo, "Armijo, 1966", lr=0.1), **ROUNDING, walk=VALLEY, scheduled=True),
    Case("armijo", {"lr": 20.0}, twin(armijo, "Armijo, 1966", lr=20.0), walk=OBLONG),
    Case("wolfe", {}, searched(by_torch, "steepest", keep=True), walk=VALLEY),
    Case("wolfe", {"lr": 0.01, "c2": 0.1}, searched(by_torch, "steepest", lr=0.01, c2=0.1, keep=True), walk=VALLEY),
    Case("wolfe", {"c2": 0.5}, searched(by_torch, "steepest", c2=0.5, keep=True), walk=OBLONG),
    Case(
        "wolfe",
        {"line_search": "zoom"},
        optax_search(
            "scale_by_zoom_linesearch",
            "scale_by_zoom_linesearch",
            given={"learning_rate": 1.0},
            max_linesearch_steps=25,
            **ZOOM,
        ),
        walk=VALLEY,
    ),
    Case(
        "wolfe",
        {"line_search": "zoom", "c1": 0.01, "c2": 0.1},
        optax_search(
            "scale_by_zoom_linesearch",
            "scale_by_zoom_linesearch",
            given={"learning_rate": 1.0},
            max_linesearch_steps=25,
            slope_rtol=0.01,
            curv_rtol=0.1,
            **ZOOM,
        ),
        walk=OBLONG,
    ),
    *(
        Case("nonlinear_cg", {"formula": formula}, searched(by_torch, formula, c2=0.4), **ROUNDING, walk=VALLEY)
        for formula in ("fletcher_reeves", "polak_ribiere", "hestenes_stiefel", "dai_yuan")
    ),
    Case("nonlinear_cg", {}, searched(by_torch, "polak_ribiere", c2=0.4), **ROUNDING, walk=VALLEY, scheduled=True),
    Case(
        "nonlinear_cg",
        {"lr": 0.5, "c2": 0.1},
        searched(by_torch, "polak_ribiere", lr=0.5, c2=0.1),
        **ROUNDING,
        walk=VALLEY,
    ),
    Case(
        "nonlinear_cg",
        {"restarts": "powell"},
        searched(by_torch, "polak_ribiere", c2=0.4, powell=True),
        **ROUNDING,
        walk=VALLEY,
    ),
    *(
        Case(
            "nonlinear_cg",
            {"line_search": "zoom", "formula": formula, "c2": c2},
            searched(by_scipy, formula, c2=c2),
            walk=VALLEY,
        )
        for formula, c2 in (("fletcher_reeves", 0.3), ("hestenes_stiefel", 0.1), ("dai_yuan", 0.4))
    ),
    Case("barzilai_borwein", {}, twin(barzilai_borwein, "Barzilai and Borwein, 1988"), walk=VALLEY),
    Case("barzilai_borwein", {}, twin(barzilai_borwein, "Barzilai and Borwein, 1988"), **NEAR_ZERO, walk=OBLONG),
    Case(
        "barzilai_borwein",
        {"form": "short", "lr": 0.002},
        twin(barzilai_borwein, "Barzilai and Borwein, 1988", form="short", lr=0.002),
        walk=VALLEY,
        scheduled=True,
    ),
    Case(
        "barzilai_borwein",
        {"min_step": 0.04, "max_step": 0.06, "lr": 0.03},
        twin(barzilai_borwein, "Barzilai and Borwein, 1988", low=0.04, high=0.06, lr=0.03),
        walk=OBLONG,
    ),
    Case("lbfgs", {}, torch_lbfgs(), **ROUNDING, walk=VALLEY),
    Case("lbfgs", {}, torch_lbfgs(), walk=OBLONG),
    Case("lbfgs", {"lr": 0.5, "memory": 3}, torch_lbfgs(lr=0.5, history_size=3), walk=VALLEY),
    Case("lbfgs", {"memory": 2}, torch_lbfgs(history_size=2), **ROUNDING, walk=OBLONG),
    Case("lbfgs", {}, torch_lbfgs(), **ROUNDING, walk=VALLEY, scheduled=True),
    Case(
        "lbfgs",
        {"tolerance_grad": 0.3, "tolerance_change": 1e-3},
        torch_lbfgs(tolerance_grad=0.3, tolerance_change=1e-3),
        walk=VALLEY,
    ),
    Case("lbfgs", {"line_search": "none"}, torch_lbfgs(None), **ROUNDING, walk=VALLEY),
    Case(
        "lbfgs", {"line_search": "none", "memory": 4, "lr": 0.7}, torch_lbfgs(None, lr=0.7, history_size=4), walk=OBLONG
    ),
    Case("lbfgs", {"line_search": "none", "lr": 0.7}, torch_lbfgs(None, lr=0.7), walk=VALLEY, scheduled=True),
    Case(
        "lbfgs",
        {"line_search": "none", "memory": 10, "lr": 0.2, "first_step": "l2"},
        optax("lbfgs", 0.2, memory_size=10, linesearch=None),
        **NEAR_ZERO,
        walk=OBLONG,
    ),
    Case(
        "lbfgs",
        {"line_search": "none", "memory": 5, "lr": 0.02, "scaled": False},
        optax("lbfgs", 0.02, memory_size=5, scale_init_precond=False, linesearch=None),
        walk=OBLONG,
        scheduled=True,
    ),
    Case(
        "lbfgs",
        {"line_search": "zoom", "memory": 10, "first_step": "l2", "max_trials": 20} | TO_THE_END,
        optax_search(
            "lbfgs",
            "scale_by_zoom_linesearch",
            "lbfgs",
            given={"memory_size": 10},
            max_linesearch_steps=20,
            initial_guess_strategy="one",
            **ZOOM,
        ),
        **ROUNDING,
        walk=VALLEY,
    ),
    Case(
        "lbfgs",
        {"line_search": "backtracking", "memory": 10, "first_step": "l2", "max_trials": 20, "decrease": 0.5, "lr": 3.9}
        | TO_THE_END,
        optax_search(
            "lbfgs",
            "scale_by_backtracking_linesearch",
            "lbfgs",
            given={"memory_size": 10},
            max_backtracking_steps=19,
            decrease_factor=0.5,
            increase_factor=float("inf"),
            max_learning_rate=3.9,
        ),
        walk=OBLONG,
    ),
    Case(
        "lbfgs",
        {"line_search": "none", "lr": 0.5, "memory": 3},
        twin(dense_lbfgs, "Liu and Nocedal, 1989", lr=0.5, memory=3),
        walk=VALLEY,
    ),
    Case(
        "lbfgs",
        {"line_search": "none", "lr": 0.3, "first_step": "l2"},
        twin(dense_lbfgs, "Liu and Nocedal, 1989", lr=0.3, l1=False),
        walk=VALLEY,
        scheduled=True,
    ),
]

SETTINGS = {
    "armijo": {"bowl": {"steps": 300}, "rosenbrock": {"steps": 10_000}},
    "wolfe": {"bowl": {"steps": 300}, "rosenbrock": {"steps": 10_000}},
    "nonlinear_cg": {"bowl": {"steps": 20}, "rosenbrock": {"steps": 50}},
    "barzilai_borwein": {"bowl": {"steps": 50}, "rosenbrock": {"lr": 0.001, "steps": 200}},
    "lbfgs": {"bowl": {"steps": 20}, "rosenbrock": {"steps": 50}},
}
