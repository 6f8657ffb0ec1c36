"""What an experiment samples: cells, runs and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from optilab.errors import InputError
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.experiment.identity import run_id


def grid(*optimizers: dict[str, Any], **changes: Any) -> Sequence[Cell]:
    """The cells of an experiment with these optimizers."""
    given = {"name": "s", "problem": {"use": "bowl"}, "budget": {"steps": 5}, "optimizers": list(optimizers)}
    return grid_of(Experiment.model_validate({**given, **changes})).cells


SGD = {"use": "sgd", "lr": {"log_uniform": [1e-4, 1.0]}, "samples": 8}


def test_every_optimizer_tries_the_same_learning_rates() -> None:
    """With the same range they are the same, with another one they lie as far along it."""
    adam = {**SGD, "use": "adam", "beta1": {"uniform": [0.8, 0.99]}, "lr": {"log_uniform": [1e-6, 1e-2]}}
    same = {**SGD, "use": "momentum", "momentum": {"uniform": [0.5, 0.9]}}
    found = grid(SGD, adam, same)
    assert len(found) == 24
    tried = {n: [c.hyperparameters["lr"] for c in found if c.label == n] for n in ("sgd", "adam", "momentum")}
    assert tried["sgd"] == tried["momentum"]
    assert tried["adam"] == pytest.approx([lr / 100 for lr in tried["sgd"]])
    assert len(set(tried["sgd"])) == 8


def test_what_is_sampled_together_multiplies_with_what_is_listed() -> None:
    """Eight points of two hyperparameters, times two batch sizes' worth of anything else."""
    found = grid(
        {
            **SGD,
            "use": "adam",
            "beta1": {"uniform": [0.8, 0.99]},
            "beta2": [0.9, 0.99],
            "schedule": ["constant", "cosine"],
        }
    )
    assert len(found) == 8 * 2 * 2
    assert len({(c.hyperparameters["lr"], c.hyperparameters["beta1"]) for c in found}) == 8


def test_only_new_points_are_new_runs() -> None:
    """More samples, another optimizer and another sampled hyperparameter elsewhere leave the runs that there are."""

    def ids(found: Sequence[Cell]) -> set[str]:
        return {run_id(c.plan, 0) for c in found if c.optimizer == ("sgd",)}

    before = ids(grid(SGD))
    assert before == ids(grid(SGD, {**SGD, "use": "adam", "eps": {"log_uniform": [1e-10, 1e-6]}}))
    assert before < ids(grid({**SGD, "samples": 30}))
    assert not before & ids(grid(SGD, search={"seed": 1}))
    assert not before & ids(grid(SGD, search={"method": "latin_hypercube"}))


def test_a_rule_of_a_chain_is_sampled_by_its_own_name() -> None:
    """As TOML writes it: clip_by_global_norm.max_norm = { ... }."""
    chain = ["clip_by_global_norm", "adam"]
    found = grid({"use": chain, "samples": 4, "adam": {"lr": {"log_uniform": [1e-3, 1e-1]}}})
    assert len({c.hyperparameters.get("adam.lr", c.hyperparameters.get("lr")) for c in found}) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": None}, r"optimizers\[0\]\.samples is missing: how many points of lr are to be tried\?"),
        ({"samples": 0}, r"optimizers\[0\]\.samples = 0: accepted is a whole number from 1 to 1,000,000"),
        ({"samples": True}, r"optimizers\[0\]\.samples = True: accepted is a whole number"),
        ({"lr": 0.1}, r"optimizers\[0\]\.samples: nothing is sampled here"),
        ({"lr": {"log_uniform": [0, 1]}}, r"optimizers\[0\]\.lr: log_uniform = \[0, 1\] must lie above zero"),
        ({"lr": {"log_uniform": [1, 0.1]}}, r"log_uniform = \[1, 0\.1\] is not \[low, high\]"),
        ({"lr": {"uniform": [1]}}, r"uniform = \[1\] is not \[low, high\]"),
        ({"lr": {"uniform": ["a", "b"]}}, r"is not \[low, high\], two numbers"),
        ({"lr": {"integer": [0.5, 2]}}, r"integer = \[0\.5, 2\] is not \[low, high\], two whole numbers"),
        ({"lr": {"uniform": [0.1, 1], "points": 3}}, r"write \{ uniform = \[low, high\] \} alone"),
        ({"lr": {"lognormal": [0.1, 1]}}, r"optimizers\[0\]\.lr = .*write \{ log = .*log_uniform"),
        ({"lr": {"uniform": [-1.0, 1.0]}}, r"optimizers\[0\]: lr = -.* is out of range"),
    ],
)
def test_searches_that_can_not_be(changes: dict[str, Any], message: str) -> None:
    """Each is told with its place, what was found and what is accepted."""
    entry = {name: value for name, value in {**SGD, **changes}.items() if value is not None}
    with pytest.raises(InputError, match=message):
        grid(entry)


def test_an_unknown_method_is_told() -> None:
    """With the one that is near."""
    with pytest.raises(InputError, match=r"search\.method: unknown sampler 'sobo'.*sobol"):
        grid(SGD, search={"method": "sobo"})


@pytest.mark.parametrize(
    ("setting", "entry"),
    [
        ({"generation": 4}, {"use": "sgd", "lr": 0.1}),
        ({"generation": 4}, SGD),
        ({"prune_after": 0.25}, {"use": "sgd", "lr": 0.1}),
    ],
)
def test_settings_that_nothing_reads_are_told(setting: dict[str, Any], entry: dict[str, Any]) -> None:
    """How a search goes by generations means nothing where none does."""
    with pytest.raises(InputError, match=rf"search\.{next(iter(setting))}: no search goes by generations here"):
        grid(entry, search=setting, tuning={})
