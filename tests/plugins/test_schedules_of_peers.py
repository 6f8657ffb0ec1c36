"""The bundled schedules against those of PyTorch and Optax, as reference/make_schedules.py has drawn them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optilab
from optilab.plugins.loading import registry
from optilab.schedules.binding import from_spec

REFERENCE = np.load(Path(__file__).parents[1] / "reference" / "data" / "schedules.npz")


def linear(start: float, end: float, **more: Any) -> dict[str, Any]:
    """The table of a straight line."""
    return {"use": "linear", "start": start, "end": end, **more}


def transition(schedule: Any, steps: int, begin: int = 0) -> dict[str, Any]:
    """The table of a schedule with steps of its own."""
    return {"use": "transition", "schedule": schedule, "steps": steps, "begin": begin}


def sequence(schedules: list[Any], *milestones: float) -> dict[str, Any]:
    """The table of schedules one after another."""
    return {"use": "sequence", "schedules": schedules, "milestones": list(milestones)}


def exponential(gamma: float, every: float = 1) -> dict[str, Any]:
    """The table of an exponential."""
    return {"use": "exponential", "gamma": gamma, "every": every}


def constant(factor: float) -> dict[str, Any]:
    """The table of a constant other than 1."""
    return {"use": "constant", "factor": factor}


def piecewise(shape: str = "constant", **factors: float) -> dict[str, Any]:
    """The table of factors at milestones, as in at_5=0.1."""
    milestones = [int(name.removeprefix("at_")) for name in factors]
    return {"use": "piecewise", "milestones": milestones, "factors": list(factors.values()), "shape": shape}


def one_cycle(**switches: Any) -> dict[str, Any]:
    """The table of one cycle."""
    return {"use": "one_cycle", **switches}


HALVED = exponential(0.5, every=8)

# How each scheduler of PyTorch and each schedule of Optax is said here, and the total; PyTorch's rates over the largest.
SAME: dict[str, tuple[Any, int]] = {
    "torch StepLR": ({"use": "step", "every": 7}, 20),
    "torch StepLR gamma": ({"use": "step", "every": 4, "gamma": 0.3}, 10),
    "torch MultiStepLR": ({"use": "multi_step", "milestones": [3, 8, 21]}, 20),
    "torch MultiStepLR gamma": ({"use": "multi_step", "milestones": [9, 2, 5], "gamma": 0.5}, 10),
    "torch ConstantLR": (sequence([constant(1 / 3), "constant"], 5), 10),
    "torch ConstantLR switches": (sequence([constant(0.5), "constant"], 8), 10),
    "torch LinearLR": (linear(1 / 3, 1), 5),
    "torch LinearLR switches": (transition(linear(0.2, 0.7), 9), 3),
    "torch ExponentialLR": (exponential(0.9), 20),
    "torch ExponentialLR growing": (exponential(1.05), 20),
    "torch PolynomialLR": ("polynomial", 5),
    "torch PolynomialLR switches": (transition({"use": "polynomial", "power": 2.5}, 12), 40),
    "torch CosineAnnealingLR": ({"use": "cosine_wave", "steps": 10}, 20),
    "torch CosineAnnealingLR eta_min": ({"use": "cosine_wave", "steps": 7, "floor": 0.25}, 20),
    "torch CosineAnnealingWarmRestarts": ({"use": "cosine_restarts", "steps": 7}, 20),
    "torch CosineAnnealingWarmRestarts switches": (
        {"use": "cosine_restarts", "steps": 4, "growth": 2, "floor": 0.1},
        40,
    ),
    "torch CosineAnnealingWarmRestarts thrice": ({"use": "cosine_restarts", "steps": 3, "growth": 3}, 80),
    "torch CyclicLR": ({"use": "cyclic", "up": 5, "start": 0.25}, 20),
    "torch CyclicLR momentum": ({"use": "cyclic", "up": 5, "start": 0.9 / 0.8}, 20),
    "torch CyclicLR sides": ({"use": "cyclic", "up": 3, "down": 8, "start": 0.2}, 20),
    "torch CyclicLR sides momentum": ({"use": "cyclic", "up": 3, "down": 8, "start": 0.9 / 0.8}, 20),
    "torch CyclicLR triangular2": ({"use": "cyclic", "up": 4, "down": 6, "start": 0.4, "mode": "triangular2"}, 30),
    "torch CyclicLR triangular2 momentum": (
        {"use": "cyclic", "up": 4, "down": 6, "start": 0.9 / 0.8, "mode": "triangular2"},
        30,
    ),
    "torch CyclicLR exp_range": ({"use": "cyclic", "up": 4, "start": 0.2, "mode": "exp_range", "gamma": 0.97}, 30),
    "torch CyclicLR exp_range momentum": (
        {"use": "cyclic", "up": 4, "start": 0.9 / 0.8, "mode": "exp_range", "gamma": 0.97},
        30,
    ),
    "torch OneCycleLR": ("one_cycle", 30),
    "torch OneCycleLR momentum": (one_cycle(div=0.85 / 0.95, final_div=1), 30),
    "torch OneCycleLR switches": (one_cycle(rise=0.25, div=10, final_div=100), 23),
    "torch OneCycleLR switches momentum": (one_cycle(rise=0.25, div=0.85 / 0.95, final_div=1), 23),
    "torch OneCycleLR linear": (one_cycle(shape="linear"), 30),
    "torch OneCycleLR linear momentum": (one_cycle(div=0.85 / 0.95, final_div=1, shape="linear"), 30),
    "torch OneCycleLR three_phase": (one_cycle(fall=0.6), 30),
    "torch OneCycleLR three_phase momentum": (one_cycle(fall=0.6, div=0.85 / 0.95, final_div=1), 30),
    "torch OneCycleLR three_phase linear": (one_cycle(rise=0.4, fall=0.8, final_div=50, shape="linear"), 41),
    "torch OneCycleLR three_phase linear momentum": (
        one_cycle(rise=0.4, fall=0.8, div=0.85 / 0.95, final_div=1, shape="linear"),
        41,
    ),
    "torch SequentialLR": (sequence([constant(0.1), exponential(0.9)], 20), 30),
    "torch SequentialLR of three": (
        sequence([linear(0.1, 1), {"use": "cosine", "floor": 0.2}, {"use": "step", "every": 4, "gamma": 0.5}], 5, 17),
        30,
    ),
    "torch ChainedScheduler": (
        {"use": "product", "schedules": [sequence([constant(0.1), "constant"], 20), exponential(0.9)]},
        30,
    ),
    "torch SWALR": (piecewise("cosine", at_10=0.1), 10),
    "torch SWALR linear": (piecewise("linear", at_6=1.6), 10),
    "optax constant": (constant(0.3), 10),
    "optax polynomial": ({"use": "polynomial", "power": 2.5, "floor": 0.2}, 20),
    "optax polynomial begin": (transition({"use": "polynomial", "power": 2, "floor": 0.2}, 20, 7), 27),
    "optax linear": (linear(0.3, 0.9), 20),
    "optax linear begin": (transition(linear(0.3, 0.9), 20, 7), 27),
    "optax piecewise_constant": (piecewise(at_5=0.5, at_9=3, at_20=0.1), 20),
    "optax piecewise_interpolate linear": (piecewise("linear", at_5=0.5, at_9=3, at_20=0.1), 20),
    "optax piecewise_interpolate cosine": (piecewise("cosine", at_5=0.5, at_9=3, at_20=0.1), 20),
    "optax exponential_decay": (HALVED, 20),
    "optax exponential_decay staircase": ({"use": "step", "every": 8, "gamma": 0.5}, 20),
    "optax exponential_decay begin": (sequence(["constant", HALVED], 5), 20),
    "optax exponential_decay staircase begin": (
        sequence(["constant", {"use": "step", "every": 4, "gamma": 0.5}], 5),
        20,
    ),
    "optax exponential_decay end": ({"use": "clip", "schedule": HALVED, "low": 0.3}, 20),
    "optax exponential_decay growing": ({"use": "clip", "schedule": exponential(2, every=8), "high": 5}, 20),
    "optax cosine_decay": ("cosine", 20),
    "optax cosine_decay switches": ({"use": "cosine", "floor": 0.1, "power": 1.7}, 20),
    "optax linear_onecycle": (one_cycle(fall=0.85, shape="linear", convention="optax"), 30),
    "optax linear_onecycle switches": (
        one_cycle(rise=0.2, fall=0.7, div=10, final_div=50, shape="linear", convention="optax"),
        37,
    ),
    "optax cosine_onecycle": (one_cycle(convention="optax"), 30),
    "optax cosine_onecycle switches": (one_cycle(rise=0.45, div=8, final_div=100, convention="optax"), 37),
    "optax warmup_constant": (transition(linear(0.1, 1), 12), 20),
    "optax warmup_cosine_decay": (sequence([linear(0.1, 1), {"use": "cosine", "floor": 0.05}], 6), 30),
    "optax warmup_cosine_decay exponent": (sequence([linear(0, 1), {"use": "cosine", "power": 2}], 6), 30),
    "optax warmup_exponential_decay": (sequence([linear(0.1, 1), HALVED], 6), 30),
    "optax warmup_exponential_decay switches": (
        sequence(
            [
                linear(0.1, 1),
                "constant",
                {"use": "clip", "schedule": {"use": "step", "every": 8, "gamma": 0.5}, "low": 0.2},
            ],
            6,
            9,
        ),
        30,
    ),
    "optax sgdr": (
        sequence(
            [
                linear(0.1, 1),
                {"use": "cosine", "floor": 0.1},
                linear(0.1, 0.5),
                {"use": "product", "schedules": [constant(0.5), {"use": "cosine", "floor": 0.2}]},
            ],
            2,
            10,
            14,
        ),
        30,
    ),
    "optax join": (sequence([linear(0.2, 1), "cosine", constant(0.1)], 5, 15), 20),
}
LARGEST = {  # what PyTorch's rates and momenta are over here, where that isn't 1
    "torch CosineAnnealingLR eta_min": 0.4,
    "torch CosineAnnealingWarmRestarts switches": 0.5,
    "torch CyclicLR": 0.4,
    "torch CyclicLR sides": 0.5,
    "torch CyclicLR triangular2": 0.5,
    "torch CyclicLR exp_range": 0.5,
    "torch OneCycleLR switches": 0.5,
    "torch SWALR": 0.5,
    "torch SWALR linear": 0.5,
    **{name: 0.8 for name in SAME if "CyclicLR" in name and "momentum" in name},
    **{name: 0.85 for name in SAME if "OneCycleLR" in name and "momentum" in name},
}


@pytest.mark.parametrize("name", SAME)
def test_schedule_is_that_of_the_peers(name: str) -> None:
    """Each curve of PyTorch's and Optax's schedules is drawn here too, at defaults, with each switch, and past the end."""
    spec, total = SAME[name]
    expected = REFERENCE[name] / LARGEST.get(name, 1.0)
    found = from_spec(spec, "", registry().schedule)
    # where a peer subtracts its way down to 0, its last bits are of 1
    np.testing.assert_allclose(found.multipliers(0, len(expected), total, 1), expected, rtol=1e-12, atol=1e-14)


PEER_PLATEAUS: dict[str, dict[str, Any]] = {
    "torch ReduceLROnPlateau min": {"patience": 2},
    "torch ReduceLROnPlateau max": {"monitor": "test_accuracy", "patience": 2, "eps": 1e-8},
    "torch ReduceLROnPlateau abs": {"patience": 1, "threshold": 0.3, "threshold_mode": "abs", "eps": 1e-8},
    "torch ReduceLROnPlateau max abs": {
        "monitor": "gradient_norm",
        "mode": "max",
        "factor": 0.3,
        "patience": 1,
        "threshold": 0.3,
        "threshold_mode": "abs",
        "eps": 1e-8,
    },
    "torch ReduceLROnPlateau cooldown": {"patience": 1, "threshold": 0.1, "cooldown": 3, "floor": 0.01},
    "torch ReduceLROnPlateau eps": {"patience": 1, "threshold": 0.1, "eps": 0.03},
    "optax reduce_on_plateau rtol": {"patience": 2, "threshold": 1e-2},
    "optax reduce_on_plateau atol": {"patience": 1, "threshold": 0.3, "threshold_mode": "abs"},
    "optax reduce_on_plateau accumulation": {"patience": 1, "accumulation": 3, "floor": 0.1},
    "optax reduce_on_plateau cooldown": {"patience": 1, "threshold": 0.1, "cooldown": 3},
}


@pytest.mark.parametrize("name", PEER_PLATEAUS)
def test_reduce_on_plateau_is_that_of_the_peers(name: str) -> None:
    """After 120 measurements each, with every switch, the multiplier is PyTorch's or Optax's; Optax counts one fewer."""
    generator = optilab.get_schedule("reduce_on_plateau", **{"factor": 0.5, **PEER_PLATEAUS[name]}).begin()
    assert next(generator) == 1
    monitor = PEER_PLATEAUS[name].get("monitor", "train_cost")
    found = [generator.send({monitor: float(value)}) for value in REFERENCE["measured"]]
    assert len(set(found)) > 2
    np.testing.assert_allclose(found, REFERENCE[name], rtol=1e-12)


def test_no_curve_of_the_peers_is_left_out() -> None:
    """Every curve in the reference file is compared, and it says which versions drew them."""
    assert set(REFERENCE.files) == {*SAME, *PEER_PLATEAUS, "measured", "versions"}
    assert [v.partition(" ")[0] for v in REFERENCE["versions"]] == ["torch", "jax", "optax"]
