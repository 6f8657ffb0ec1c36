"""A run's identity: what makes it another run, what doesn't, and how it becomes sixteen digits."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from by_json import by_json
from grids import adam, data, grid, network
from optilab.experiment.file import read
from optilab.experiment.grid import grid_of
from optilab.experiment.identity import identity, run_id, run_ids
from optilab.training.plan import Plan
from optilab.training.stopping import Budget

ADAM = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def id_of(seed: int = 0, **changes: Any) -> str:
    """The run_id of an experiment of one cell."""
    (cell,) = grid(**changes)
    return run_id(cell.plan, seed)


def plan(lr: float) -> Plan:
    """Ten steps of gradient descent."""
    problem, optimizer = optilab.get_problem("bowl"), optilab.get_optimizer("sgd")
    return Plan(problem, optimizer, optimizer.fill({"lr": lr}), [], "full", Budget(steps=10), None)


def identities(**given: Any) -> set[str]:
    """Of a run that is measured each step, and of one that is measured every other."""
    found = set()
    for steps in (1, 2):
        content = {
            "name": "e",
            "problem": {"use": "bowl"},
            "budget": {"steps": 10},
            "measure": {"steps": steps},
            **given,
        }
        found.add(run_id(grid_of(optilab.Experiment.model_validate(content)).cells[0].plan, 0))
    return found


@given(st.permutations(list(ADAM)), st.sets(st.sampled_from(list(ADAM))))
def test_a_run_is_the_same_however_its_optimizer_is_written(order: list[str], left_out: set[str]) -> None:
    """Neither the order of keys, nor whether a default is written down, changes a run's identity."""
    written = {name: ADAM[name] for name in order if name not in left_out}
    assert id_of(**adam(**written)) == id_of(**adam())


@given(
    st.permutations(["use", "condition", "start"]),
    st.sets(st.sampled_from(["condition", "start"])),
    st.integers(0, 2**31),
)
def test_a_run_is_the_same_however_its_problem_is_written(order: list[str], left_out: set[str], seed: int) -> None:
    """The same holds for the table of the problem, whatever the seed."""
    default = {"use": "bowl", "condition": 20.0, "start": [-1.8, 0.9]}
    written = {name: default[name] for name in order if name not in left_out}
    assert id_of(seed, problem=written) == id_of(seed, problem={"use": "bowl"})


@given(st.integers(1, 10**6), st.integers(0, 2**31))
def test_whole_numbers_are_the_same_with_and_without_a_point(number: int, seed: int) -> None:
    """1 and 1.0 are one number, in hyperparameters, problems, schedules and budgets."""

    def written(kind: type) -> str:
        schedule = {"use": "inverse_time", "rate": kind(number)}
        return id_of(
            seed,
            problem={"use": "bowl", "condition": kind(number)},
            budget={"epochs": kind(number)},
            **adam(lr=kind(number), schedule=schedule),
        )

    assert written(int) == written(float)


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_runs_differ_exactly_where_the_learning_rate_does(one: float, other: float) -> None:
    """Two learning rates are two runs, however near they are."""
    assert (id_of(**adam(lr=one)) == id_of(**adam(lr=other))) == (one == other)


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_runs_differ_exactly_where_the_seed_does(one: int, other: int) -> None:
    """Two seeds are two runs."""
    (cell,) = grid()
    assert (run_id(cell.plan, one) == run_id(cell.plan, other)) == (one == other)


def test_a_shared_order_counts_where_there_are_batches() -> None:
    """In full batches the order changes nothing."""
    problem = optilab.get_problem("network", dataset={"x_train": np.eye(20)[:, :3], "y_train": [0, 1] * 10}, hidden=[2])
    rule = optilab.get_optimizer("sgd")

    def identity_of(batch_size: Any, order: Any) -> str:
        plan = Plan(problem, rule, rule.fill({"lr": 0.1}), [], batch_size, Budget(steps=9), None, data_order=order)
        return run_id(plan, 0)

    assert identity_of(5, "shared") != identity_of(5, "own")
    assert identity_of("full", "shared") == identity_of("full", "own")


def test_a_run_id_is_sixteen_hexadecimal_digits() -> None:
    """It is short enough for a file name, and holds only digits and a to f."""
    assert len(id_of()) == 16
    assert set(id_of()) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"question": "Why?"},
        {"seeds": 7},
        {"measure": {"steps": 3}},
        {"measure": {"gradient_norm": False}},
        {"tuning": {"seeds": 2}},
        {"budget": {"epochs": 20}},
        {"precision": "float64"},
        {"data_order": "own"},
        {"data_order": "shared"},
        adam(lr=0.1, label="mine"),
        adam(lr=0.1, batch_size="full"),
        adam(lr=0.1, batch_size=1),
        {"optimizers": [{"use": ["adam"], "lr": 0.1}]},
    ],
)
def test_what_does_not_change_a_run_does_not_change_its_identity(changes: dict[str, Any]) -> None:
    """Names, labels, cadence of measuring, and other ways to say the same leave a run what it is."""
    assert id_of(**changes) == id_of()


def test_whatever_changes_a_run_changes_its_identity() -> None:
    """Each of these is a run of its own."""
    variants = [
        id_of(),
        id_of(seed=1),
        id_of(budget={"steps": 21}),
        id_of(precision="float32"),
        id_of(stop={"diverged_above": 100.0}),
        id_of(problem={"use": "bowl", "condition": 21}),
        id_of(problem={"use": "bowl", "start": "random"}),
        id_of(problem={"use": "bowl", "start": [1, 1]}),
        id_of(problem={"use": "rosenbrock"}),
        id_of(**adam(lr=0.2)),
        id_of(**adam(lr=0.1, beta1=0.8)),
        id_of(**adam(lr=0.1, schedule="cosine")),
        id_of(**adam(lr=0.1, schedule={"use": "cosine", "floor": 0.1})),
        id_of(**adam(lr=0.1, schedule={"use": "cosine", "of": "beta1"})),
        id_of(**adam(lr=0.1, schedule={"use": "cosine", "per": "epoch"})),
        id_of(**adam(lr=0.1, schedule={"use": "warmup", "steps": 5})),
        id_of(**adam(lr=0.1, schedule={"use": "warmup", "steps": 5, "then": "cosine"})),
        id_of(optimizers=[{"use": "adamw", "lr": 0.1}]),
        id_of(optimizers=[{"use": ["l2", "adam"], "lr": 0.1}]),
        id_of(optimizers=[{"use": ["adam", "l2"], "lr": 0.1}]),
    ]
    assert len(set(variants)) == len(variants)


def test_the_cadence_counts_where_a_schedule_reads_the_measurements() -> None:
    """A feedback schedule answers to measurements, so how often they are made is part of the run."""
    watched = adam(lr=0.1, schedule="reduce_on_plateau")
    assert id_of(measure={"steps": 3}, **watched) != id_of(measure={"steps": 4}, **watched)


def test_the_identity_of_a_network(tmp_path: Path) -> None:
    """The content of the dataset counts and its path doesn't; so do batch size, layers, cost and split."""
    here, there, other = data(tmp_path / "here"), data(tmp_path / "there"), data(tmp_path / "other", offset=1.0)
    assert id_of(**network(here)) == id_of(**network(there))
    assert id_of(**network(here)) == id_of(**network(here, activation="sigmoid", outputs=2))
    variants = [
        id_of(**network(here)),
        id_of(**network(other)),
        id_of(**network(here, hidden=[4])),
        id_of(**network(here, cost="cross_entropy")),
        id_of(**network(here, activation="tanh")),
        id_of(**network(here, first_weights="normal")),
        id_of(**network(here, dataset={"path": here, "split_seed": 1})),
        id_of(**network(here, dataset={"path": here, "standardize": True})),
        id_of(**{**network(here), "optimizers": [{"use": "sgd", "batch_size": 5}]}),
        id_of(**{**network(here), "budget": {"epochs": 2}}),
        id_of(**{**network(here), "precision": "float64"}),
    ]
    assert len(set(variants)) == len(variants)


def test_epochs_are_the_steps_they_amount_to(tmp_path: Path) -> None:
    """A budget in epochs is the same run as the same budget in steps; a batch of all examples is the full batch."""
    path = data(tmp_path / "d")  # 12 examples, of which 2 are kept for testing: 3 steps an epoch
    assert id_of(**network(path)) == id_of(**{**network(path), "budget": {"steps": 3}})
    full, ten = ({**network(path), "optimizers": [{"use": "sgd", "batch_size": size}]} for size in ("full", 10))
    assert id_of(**full) == id_of(**ten)


def test_the_batch_size_is_part_of_the_identity(tmp_path: Path) -> None:
    """Two batch sizes are two runs, as long as they are not two words for one."""
    path = data(tmp_path / "d")
    sizes = [1, 2, 4, 9, 10, "full"]
    found = [
        id_of(**{**network(path), "budget": {"steps": 3}, "optimizers": [{"use": "sgd", "batch_size": size}]})
        for size in sizes
    ]
    assert found[-1] == found[-2]
    assert len(set(found)) == len(sizes) - 1


def test_a_dataset_that_was_changed_is_noticed_at_once(tmp_path: Path) -> None:
    """A file that is written anew between two readings, as in a notebook, is another dataset."""
    before = id_of(**network(data(tmp_path / "d")))
    after = id_of(**network(data(tmp_path / "d", offset=1.0)))
    assert before != after


def test_changes_by_set_are_part_of_the_identity(tmp_path: Path) -> None:
    """A run with a changed budget is another run than the one in the file."""
    path = tmp_path / "e.toml"
    path.write_text(
        'name = "e"\nbudget = { steps = 5 }\nproblem = { use = "bowl" }\noptimizers = [{ use = "sgd" }]\n', "utf-8"
    )
    (plain,), (changed,) = grid_of(read(path)).cells, grid_of(read(path, ["budget.steps=6"])).cells
    assert run_id(plain.plan, 0) != run_id(changed.plan, 0)
    assert run_id(plain.plan, 0) == run_id(grid_of(read(path, ["budget.steps=5", "name=other"])).cells[0].plan, 0)


@pytest.mark.parametrize("seed", [0, 12])
@pytest.mark.parametrize("lr", [0.1, 1.0])
def test_a_run_id_is_the_digest_of_the_identity(lr: float, seed: int) -> None:
    """It is the SHA-256 of the identity as the shortest JSON with sorted keys, of which it has the first 16 digits."""
    text = json.dumps(by_json({**identity(plan(lr)), "seed": seed}), sort_keys=True, separators=(",", ":"))
    assert run_id(plan(lr), seed) == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert run_ids(plan(lr), [99, seed]) == [run_id(plan(lr), 99), run_id(plan(lr), seed)]


def test_what_is_measured_counts_where_one_schedule_of_several_reads_it() -> None:
    """How often is measured is part of the identity as soon as one of the schedules follows the measurements, and not before."""
    curve = {"of": "lr", "use": "cosine"}
    follows = {"of": "momentum", "use": "reduce_on_plateau"}
    for schedules, count in (([curve], 1), ([follows], 2), ([curve, follows], 2)):
        optimizer = {"use": "momentum", "lr": 0.1, "schedule": [schedules]}
        assert len(identities(optimizers=[optimizer])) == count
