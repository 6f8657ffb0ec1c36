"""Write data/schedules.npz: the curves of PyTorch's and Optax's schedules, which test_schedules_of_peers.py compares ours with.

Needs the extra `peers`: python tests/reference/make_schedules.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
import torch
from optax.contrib import reduce_on_plateau
from torch.optim import lr_scheduler
from torch.optim.swa_utils import SWALR

jax.config.update("jax_enable_x64", True)

FILE = Path(__file__).with_name("data") / "schedules.npz"


def torch_rates(
    make: Callable[[torch.optim.Optimizer], Any], steps: int, lr: float = 1.0
) -> tuple[list[float], list[float]]:
    """Learning rate and momentum of each step, as the scheduler sets them one after another."""
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.SGD([weight], lr=lr, momentum=0.9)
    scheduler = make(optimizer)
    rates, momenta = [], []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        momenta.append(float(optimizer.param_groups[0]["momentum"]))
        optimizer.step()
        scheduler.step()
    return rates, momenta


def of_torch() -> dict[str, list[Any]]:
    """A curve for each scheduler and each of its switches."""

    def one(name: str, **arguments: Any) -> Callable[[torch.optim.Optimizer], Any]:
        return lambda optimizer: getattr(lr_scheduler, name)(optimizer, **arguments)

    def several(name: str, parts: Iterable[Any], **arguments: Any) -> Callable[[torch.optim.Optimizer], Any]:
        return lambda optimizer: getattr(lr_scheduler, name)(
            optimizer=optimizer, schedulers=[part(optimizer) for part in parts], **arguments
        )

    def averaged(**arguments: Any) -> Callable[[torch.optim.Optimizer], Any]:
        return lambda optimizer: SWALR(optimizer, **arguments)

    cases: dict[str, tuple[Any, ...]] = {
        "StepLR": (one("StepLR", step_size=7), 30),
        "StepLR gamma": (one("StepLR", step_size=4, gamma=0.3), 15),
        "MultiStepLR": (one("MultiStepLR", milestones=[3, 8, 21]), 30),
        "MultiStepLR gamma": (one("MultiStepLR", milestones=[2, 5, 9], gamma=0.5), 15),
        "ConstantLR": (one("ConstantLR"), 15),
        "ConstantLR switches": (one("ConstantLR", factor=0.5, total_iters=8), 15),
        "LinearLR": (one("LinearLR"), 15),
        "LinearLR switches": (one("LinearLR", start_factor=0.2, end_factor=0.7, total_iters=9), 15),
        "ExponentialLR": (one("ExponentialLR", gamma=0.9), 30),
        "ExponentialLR growing": (one("ExponentialLR", gamma=1.05), 30),
        "PolynomialLR": (one("PolynomialLR"), 15),
        "PolynomialLR switches": (one("PolynomialLR", total_iters=12, power=2.5), 18),
        "CosineAnnealingLR": (one("CosineAnnealingLR", T_max=10), 35),
        "CosineAnnealingLR eta_min": (one("CosineAnnealingLR", T_max=7, eta_min=0.1), 35, 0.4),
        "CosineAnnealingWarmRestarts": (one("CosineAnnealingWarmRestarts", T_0=7), 30),
        "CosineAnnealingWarmRestarts switches": (
            one("CosineAnnealingWarmRestarts", T_0=4, T_mult=2, eta_min=0.05),
            70,
            0.5,
        ),
        "CosineAnnealingWarmRestarts thrice": (one("CosineAnnealingWarmRestarts", T_0=3, T_mult=3), 130),
        "CyclicLR": (one("CyclicLR", base_lr=0.1, max_lr=0.4, step_size_up=5), 35),
        "CyclicLR sides": (one("CyclicLR", base_lr=0.1, max_lr=0.5, step_size_up=3, step_size_down=8), 35),
        "CyclicLR triangular2": (
            one("CyclicLR", base_lr=0.2, max_lr=0.5, step_size_up=4, step_size_down=6, mode="triangular2"),
            50,
        ),
        "CyclicLR exp_range": (
            one("CyclicLR", base_lr=0.1, max_lr=0.5, step_size_up=4, mode="exp_range", gamma=0.97),
            50,
        ),
        "OneCycleLR": (one("OneCycleLR", max_lr=1.0, total_steps=30), 30),
        "OneCycleLR switches": (
            one("OneCycleLR", max_lr=0.5, total_steps=23, pct_start=0.25, div_factor=10.0, final_div_factor=100.0),
            23,
        ),
        "OneCycleLR linear": (one("OneCycleLR", max_lr=1.0, total_steps=30, anneal_strategy="linear"), 30),
        "OneCycleLR three_phase": (one("OneCycleLR", max_lr=1.0, total_steps=30, three_phase=True), 30),
        "OneCycleLR three_phase linear": (
            one(
                "OneCycleLR",
                max_lr=1.0,
                total_steps=41,
                pct_start=0.4,
                three_phase=True,
                anneal_strategy="linear",
                final_div_factor=50.0,
            ),
            41,
        ),
        "SequentialLR": (
            several(
                "SequentialLR",
                [one("ConstantLR", factor=0.1, total_iters=20), one("ExponentialLR", gamma=0.9)],
                milestones=[20],
            ),
            40,
        ),
        "SequentialLR of three": (
            several(
                "SequentialLR",
                [
                    one("LinearLR", start_factor=0.1, total_iters=5),
                    one("CosineAnnealingLR", T_max=12, eta_min=0.2),
                    one("StepLR", step_size=4, gamma=0.5),
                ],
                milestones=[5, 17],
            ),
            40,
        ),
        "ChainedScheduler": (
            several(
                "ChainedScheduler",
                [one("ConstantLR", factor=0.1, total_iters=20), one("ExponentialLR", gamma=0.9)],
            ),
            40,
        ),
        "SWALR": (averaged(swa_lr=0.05), 15, 0.5),
        "SWALR linear": (averaged(swa_lr=0.8, anneal_epochs=6, anneal_strategy="linear"), 15, 0.5),
    }
    found: dict[str, list[Any]] = {}
    for name, (make, *arguments) in cases.items():
        rates, momenta = torch_rates(make, *arguments)
        found[f"torch {name}"] = rates
        if len(set(momenta)) > 1:
            found[f"torch {name} momentum"] = momenta
    return found


def of_optax() -> dict[str, Any]:
    """A curve for each schedule and each of its switches, driven by counts in float64."""
    cases: dict[str, tuple[Callable[[Any], Any], int]] = {
        "constant": (optax.constant_schedule(0.3), 15),
        "polynomial": (optax.polynomial_schedule(1.0, 0.2, 2.5, 20), 30),
        "polynomial begin": (optax.polynomial_schedule(1.0, 0.2, 2.0, 20, transition_begin=7), 40),
        "linear": (optax.linear_schedule(0.3, 0.9, 20), 30),
        "linear begin": (optax.linear_schedule(0.3, 0.9, 20, transition_begin=7), 40),
        "piecewise_constant": (optax.piecewise_constant_schedule(1.0, {5: 0.5, 9: 3.0, 20: 0.1}), 30),
        "piecewise_interpolate linear": (
            optax.piecewise_interpolate_schedule("linear", 1.0, {5: 0.5, 9: 3.0, 20: 0.1}),
            30,
        ),
        "piecewise_interpolate cosine": (
            optax.piecewise_interpolate_schedule("cosine", 1.0, {5: 0.5, 9: 3.0, 20: 0.1}),
            30,
        ),
        "exponential_decay": (optax.exponential_decay(1.0, 8, 0.5), 30),
        "exponential_decay staircase": (optax.exponential_decay(1.0, 8, 0.5, staircase=True), 30),
        "exponential_decay begin": (optax.exponential_decay(1.0, 8, 0.5, transition_begin=5), 30),
        "exponential_decay staircase begin": (
            optax.exponential_decay(1.0, 4, 0.5, transition_begin=5, staircase=True),
            30,
        ),
        "exponential_decay end": (optax.exponential_decay(1.0, 8, 0.5, end_value=0.3), 30),
        "exponential_decay growing": (optax.exponential_decay(1.0, 8, 2.0, end_value=5.0), 30),
        "cosine_decay": (optax.cosine_decay_schedule(1.0, 20), 30),
        "cosine_decay switches": (optax.cosine_decay_schedule(1.0, 20, alpha=0.1, exponent=1.7), 30),
        "linear_onecycle": (optax.linear_onecycle_schedule(30, 1.0), 45),
        "linear_onecycle switches": (optax.linear_onecycle_schedule(37, 1.0, 0.2, 0.7, 10.0, 50.0), 55),
        "cosine_onecycle": (optax.cosine_onecycle_schedule(30, 1.0), 45),
        "cosine_onecycle switches": (optax.cosine_onecycle_schedule(37, 1.0, 0.45, 8.0, 100.0), 55),
        "warmup_constant": (optax.warmup_constant_schedule(0.1, 1.0, 12), 20),
        "warmup_cosine_decay": (optax.warmup_cosine_decay_schedule(0.1, 1.0, 6, 30, 0.05), 45),
        "warmup_cosine_decay exponent": (optax.warmup_cosine_decay_schedule(0.0, 1.0, 6, 30, exponent=2.0), 45),
        "warmup_exponential_decay": (optax.warmup_exponential_decay_schedule(0.1, 1.0, 6, 8, 0.5), 45),
        "warmup_exponential_decay switches": (
            optax.warmup_exponential_decay_schedule(0.1, 1.0, 6, 8, 0.5, 3, staircase=True, end_value=0.2),
            45,
        ),
        "sgdr": (
            optax.sgdr_schedule(
                [
                    {"init_value": 0.1, "peak_value": 1.0, "decay_steps": 10, "warmup_steps": 2, "end_value": 0.1},
                    {"init_value": 0.1, "peak_value": 0.5, "decay_steps": 20, "warmup_steps": 4, "end_value": 0.1},
                ]
            ),
            45,
        ),
        "join": (
            optax.join_schedules(
                [
                    optax.linear_schedule(0.2, 1.0, 5),
                    optax.cosine_decay_schedule(1.0, 10),
                    lambda count: 0.1 + 0 * count,
                ],
                [5, 15],
            ),
            30,
        ),
    }
    found = {}
    for name, (curve, steps) in cases.items():
        values = [np.asarray(curve(jax.numpy.float64(step))) for step in range(steps)]
        if any(v.dtype != np.float64 for v in values):
            raise TypeError(f"optax {name} computes in {values[0].dtype}")
        found[f"optax {name}"] = np.array(values)
    return found


PLATEAU: dict[str, dict[str, Any]] = {
    "min": {"factor": 0.5, "patience": 2},
    "max": {"mode": "max", "factor": 0.5, "patience": 2},
    "abs": {"factor": 0.5, "patience": 1, "threshold": 0.3, "threshold_mode": "abs"},
    "max abs": {"mode": "max", "factor": 0.3, "patience": 1, "threshold": 0.3, "threshold_mode": "abs"},
    "cooldown": {"factor": 0.5, "patience": 1, "threshold": 0.1, "cooldown": 3, "min_lr": 0.01},
    "eps": {"factor": 0.5, "patience": 1, "threshold": 0.1, "eps": 0.03},
}
OPTAX_PLATEAU = {
    "rtol": {"factor": 0.5, "patience": 3, "rtol": 1e-2},
    "atol": {"factor": 0.5, "patience": 2, "rtol": 0.0, "atol": 0.3},
    "accumulation": {"factor": 0.5, "patience": 2, "accumulation_size": 3, "min_scale": 0.1},
    "cooldown": {"factor": 0.5, "patience": 2, "rtol": 0.1, "cooldown": 3},
}


def of_plateaus() -> dict[str, Any]:
    """What is measured, and the learning rate after each measurement."""
    random = np.random.default_rng(0)
    measured = np.repeat(np.exp(-np.arange(24) / 6), 5) + 0.02 * random.standard_normal(120)
    found: dict[str, Any] = {"measured": measured}
    for name, switches in PLATEAU.items():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **switches)
        rates = []
        for value in measured:
            scheduler.step(value)
            rates.append(optimizer.param_groups[0]["lr"])
        found[f"torch ReduceLROnPlateau {name}"] = rates
    for name, switches in OPTAX_PLATEAU.items():
        transformation = reduce_on_plateau(**switches)
        one = jax.numpy.ones(1, np.float64)
        state = transformation.init(one)
        rates = []
        for value in measured:
            _, state = transformation.update(one, state, value=value)
            rates.append(float(state.scale))
        found[f"optax reduce_on_plateau {name}"] = rates
    return found


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    versions = [f"torch {torch.__version__.partition('+')[0]}", f"jax {jax.__version__}", f"optax {optax.__version__}"]
    found = {**of_torch(), **of_optax(), **of_plateaus()}
    curves: dict[str, Any] = {name: np.array(values, np.float64) for name, values in found.items()}
    np.savez_compressed(FILE, versions=np.array(versions), **curves)
    print(f"{FILE.name}: {len(curves)} curves, {FILE.stat().st_size} bytes; {', '.join(versions)}")
