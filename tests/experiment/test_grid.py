"""The grid: its axes, its labels, and the identity of every run."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.errors import InputError
from optilab.experiment import blocks
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import read
from optilab.experiment.grid import grid_of, problem_labels
from optilab.experiment.identity import run_id
from optilab.experiment.resolve import table_key
from optilab.records.canonical import canonical_text

BASE: dict[str, Any] = {
    "name": "grid",
    "budget": {"steps": 20},
    "problem": {"use": "bowl", "condition": 20},
    "optimizers": [{"use": "adam", "lr": 0.1}],
}
ADAM = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def grid(**changes: Any) -> Sequence[Cell]:
    """Cells of a small experiment."""
    return grid_of(Experiment.model_validate({**BASE, **changes})).cells


def identity(seed: int = 0, **changes: Any) -> str:
    """The run_id of an experiment of one cell."""
    (cell,) = grid(**changes)
    return run_id(cell.plan, seed)


def adam(**changes: Any) -> dict[str, Any]:
    """The optimizers of an experiment of one cell."""
    return {"optimizers": [{"use": "adam", **changes}]}


def data(folder: Path, offset: float = 0.0) -> str:
    """A dataset file of 12 examples; its name is the same in every folder."""
    folder.mkdir(exist_ok=True)
    x = np.random.default_rng(3).uniform(size=(12, 2)) + offset
    np.savez(folder / "data.npz", x_train=x, y_train=np.arange(12) % 2)
    return str(folder / "data.npz")


def network(path: str, **changes: Any) -> dict[str, Any]:
    """An experiment of one cell with a network."""
    return {
        "budget": {"epochs": 1},
        "problem": {"use": "network", "dataset": {"path": path}, "hidden": [3], **changes},
        "optimizers": [{"use": "sgd", "batch_size": 4}],
    }


@given(st.permutations(list(ADAM)), st.sets(st.sampled_from(list(ADAM))))
def test_a_run_is_the_same_however_its_optimizer_is_written(order: list[str], left_out: set[str]) -> None:
    """Neither the order of keys, nor whether a default is written down, changes a run's identity."""
    written = {name: ADAM[name] for name in order if name not in left_out}
    assert identity(**adam(**written)) == identity(**adam())


@given(
    st.permutations(["use", "condition", "start"]),
    st.sets(st.sampled_from(["condition", "start"])),
    st.integers(0, 2**31),
)
def test_a_run_is_the_same_however_its_problem_is_written(order: list[str], left_out: set[str], seed: int) -> None:
    """The same holds for the table of the problem, whatever the seed."""
    default = {"use": "bowl", "condition": 20.0, "start": [-1.8, 0.9]}
    written = {name: default[name] for name in order if name not in left_out}
    assert identity(seed, problem=written) == identity(seed, problem={"use": "bowl"})


@given(st.integers(1, 10**6), st.integers(0, 2**31))
def test_whole_numbers_are_the_same_with_and_without_a_point(number: int, seed: int) -> None:
    """1 and 1.0 are one number, in hyperparameters, problems, schedules and budgets."""

    def written(kind: type) -> str:
        schedule = {"use": "inverse_time", "rate": kind(number)}
        return identity(
            seed,
            problem={"use": "bowl", "condition": kind(number)},
            budget={"epochs": kind(number)},
            **adam(lr=kind(number), schedule=schedule),
        )

    assert written(int) == written(float)


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
def test_runs_differ_exactly_where_the_learning_rate_does(one: float, other: float) -> None:
    """Two learning rates are two runs, however near they are."""
    assert (identity(**adam(lr=one)) == identity(**adam(lr=other))) == (one == other)


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_runs_differ_exactly_where_the_seed_does(one: int, other: int) -> None:
    """Two seeds are two runs."""
    (cell,) = grid()
    assert (run_id(cell.plan, one) == run_id(cell.plan, other)) == (one == other)


def test_a_run_id_is_sixteen_hexadecimal_digits() -> None:
    """It is short enough for a file name, and holds only digits and a to f."""
    assert len(identity()) == 16
    assert set(identity()) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"question": "Why?"},
        {"seeds": 7},
        {"measure": {"steps": 3}},
        {"tuning": {"seeds": 2}},
        {"budget": {"epochs": 20}},
        {"precision": "float64"},
        adam(lr=0.1, label="mine"),
        adam(lr=0.1, batch_size="full"),
        adam(lr=0.1, batch_size=1),
        {"optimizers": [{"use": ["adam"], "lr": 0.1}]},
    ],
)
def test_what_does_not_change_a_run_does_not_change_its_identity(changes: dict[str, Any]) -> None:
    """Names, labels, cadence of measuring, and other ways to say the same leave a run what it is."""
    assert identity(**changes) == identity()


def test_whatever_changes_a_run_changes_its_identity() -> None:
    """Each of these is a run of its own."""
    variants = [
        identity(),
        identity(seed=1),
        identity(budget={"steps": 21}),
        identity(precision="float32"),
        identity(stop={"diverged_above": 100.0}),
        identity(problem={"use": "bowl", "condition": 21}),
        identity(problem={"use": "bowl", "start": "random"}),
        identity(problem={"use": "bowl", "start": [1, 1]}),
        identity(problem={"use": "rosenbrock"}),
        identity(**adam(lr=0.2)),
        identity(**adam(lr=0.1, beta1=0.8)),
        identity(**adam(lr=0.1, schedule="cosine")),
        identity(**adam(lr=0.1, schedule={"use": "cosine", "floor": 0.1})),
        identity(**adam(lr=0.1, schedule={"use": "cosine", "of": "beta1"})),
        identity(**adam(lr=0.1, schedule={"use": "cosine", "per": "epoch"})),
        identity(**adam(lr=0.1, schedule={"use": "warmup", "steps": 5})),
        identity(**adam(lr=0.1, schedule={"use": "warmup", "steps": 5, "then": "cosine"})),
        identity(optimizers=[{"use": "adamw", "lr": 0.1}]),
        identity(optimizers=[{"use": ["l2", "adam"], "lr": 0.1}]),
        identity(optimizers=[{"use": ["adam", "l2"], "lr": 0.1}]),
    ]
    assert len(set(variants)) == len(variants)


def test_the_cadence_counts_where_a_schedule_reads_the_measurements() -> None:
    """A feedback schedule answers to measurements, so how often they are made is part of the run."""
    watched = adam(lr=0.1, schedule="reduce_on_plateau")
    assert identity(measure={"steps": 3}, **watched) != identity(measure={"steps": 4}, **watched)


def test_the_identity_of_a_network(tmp_path: Path) -> None:
    """The content of the dataset counts and its path doesn't; so do batch size, layers, cost and split."""
    here, there, other = data(tmp_path / "here"), data(tmp_path / "there"), data(tmp_path / "other", offset=1.0)
    assert identity(**network(here)) == identity(**network(there))
    assert identity(**network(here)) == identity(**network(here, activation="sigmoid", outputs=2))
    variants = [
        identity(**network(here)),
        identity(**network(other)),
        identity(**network(here, hidden=[4])),
        identity(**network(here, cost="cross_entropy")),
        identity(**network(here, activation="tanh")),
        identity(**network(here, first_weights="normal")),
        identity(**network(here, dataset={"path": here, "split_seed": 1})),
        identity(**network(here, dataset={"path": here, "standardize": True})),
        identity(**{**network(here), "optimizers": [{"use": "sgd", "batch_size": 5}]}),
        identity(**{**network(here), "budget": {"epochs": 2}}),
        identity(**{**network(here), "precision": "float64"}),
    ]
    assert len(set(variants)) == len(variants)


def test_epochs_are_the_steps_they_amount_to(tmp_path: Path) -> None:
    """A budget in epochs is the same run as the same budget in steps; a batch of all examples is the full batch."""
    path = data(tmp_path / "d")  # 12 examples, of which 2 are kept for testing: 3 steps an epoch
    assert identity(**network(path)) == identity(**{**network(path), "budget": {"steps": 3}})
    full, ten = ({**network(path), "optimizers": [{"use": "sgd", "batch_size": size}]} for size in ("full", 10))
    assert identity(**full) == identity(**ten)


def test_the_batch_size_is_part_of_the_identity(tmp_path: Path) -> None:
    """Two batch sizes are two runs, as long as they are not two words for one."""
    path = data(tmp_path / "d")
    sizes = [1, 2, 4, 9, 10, "full"]
    found = [
        identity(**{**network(path), "budget": {"steps": 3}, "optimizers": [{"use": "sgd", "batch_size": size}]})
        for size in sizes
    ]
    assert found[-1] == found[-2]
    assert len(set(found)) == len(sizes) - 1


def test_a_dataset_that_was_changed_is_noticed_at_once(tmp_path: Path) -> None:
    """A file that is written anew between two readings, as in a notebook, is another dataset."""
    before = identity(**network(data(tmp_path / "d")))
    after = identity(**network(data(tmp_path / "d", offset=1.0)))
    assert before != after


def test_a_list_is_an_axis() -> None:
    """Every combination of the values of all axes is a cell, in the order in which they are written."""
    found = grid(**adam(lr=[0.1, 0.2], beta1=[0.8, 0.9], schedule=["constant", "cosine"]))
    assert [(c.schedule_label, c.hyperparameters["lr"], c.hyperparameters["beta1"]) for c in found] == [
        (schedule, lr, beta1) for schedule in ("constant", "cosine") for lr in (0.1, 0.2) for beta1 in (0.8, 0.9)
    ]


def test_a_logarithmic_axis() -> None:
    """Points stand at equal ratios, the ends are exact, and decades are round."""
    found = grid(**adam(lr={"log": [0.001, 10], "points": 5}))
    assert [cell.hyperparameters["lr"] for cell in found] == [0.001, 0.01, 0.1, 1.0, 10.0]
    found = grid(**adam(lr={"log": [0.03, 3], "points": 5}))
    values = np.array([cell.hyperparameters["lr"] for cell in found])
    assert values[[0, 2, -1]].tolist() == [0.03, 0.3, 3.0]
    np.testing.assert_allclose(values[1:] / values[:-1], 10**0.5, rtol=1e-10)


@given(st.integers(1, 40), st.floats(1e-8, 1e8), st.floats(1e-8, 1e8))
def test_a_logarithmic_axis_keeps_its_ends(points: int, low: float, high: float) -> None:
    """As many points as asked for, from the one end to the other, to twelve digits."""
    (entry,) = adam(lr={"log": [low, high], "points": points})["optimizers"]
    values = [cell.hyperparameters["lr"] for cell in grid(optimizers=[entry], problem={"use": "parabola"})]
    assert values[0] == pytest.approx(low, rel=1e-11)
    assert len(values) == len(set(values)) <= points
    if points > 1:
        assert values[-1] == pytest.approx(high, rel=1e-11)


def test_a_linear_axis() -> None:
    """Points stand at equal distances."""
    found = grid(**adam(lr=0.1, beta1={"linear": [0.5, 0.9], "points": 3}))
    assert [cell.hyperparameters["beta1"] for cell in found] == pytest.approx([0.5, 0.7, 0.9])
    found = grid(**adam(lr=0.1, beta1={"linear": [0.5, 0.9], "points": 1}))
    assert [cell.hyperparameters["beta1"] for cell in found] == [0.5]


def test_a_cell_that_is_written_twice_runs_once() -> None:
    """Values and entries that are repeated, or equal once defaults are filled in, are one cell."""
    assert len(grid(**adam(lr=[0.1, 0.1, 0.2]))) == 2
    twice = [{"use": "adam", "lr": [0.1, 0.2]}, {"use": "adam", "lr": 0.2, "beta1": 0.9}, {"use": "adam", "lr": 0.1}]
    assert len(grid(optimizers=twice)) == 2
    problems = {"problem": None, "problems": [{"use": "bowl"}, {"use": "bowl", "condition": 20}]}
    assert len(grid(**problems)) == 1


def test_labels_name_only_what_varies() -> None:
    """One value of everything is a plain name; what takes several values is told apart by it."""

    def labels(**changes: Any) -> list[str]:
        return list(dict.fromkeys(cell.label for cell in grid(**changes)))

    assert labels(**adam()) == ["adam"]
    assert labels(**adam(lr=[0.1, 0.2])) == ["adam"]
    assert labels(**adam(label="mine", lr=[0.1, 0.2])) == ["mine"]
    plain, scheduled = labels(**adam(schedule=["constant", {"use": "cosine", "floor": 0.25}]))
    assert plain != scheduled
    assert "adam" in plain
    assert "cosine" in scheduled
    several = labels(optimizers=[{"use": "adam"}, {"use": "sgd"}, {"use": ["l2", "sgd"]}])
    assert len(set(several)) == 3
    assert several[:2] == ["adam", "sgd"]


def test_labels_tell_batch_sizes_apart(tmp_path: Path) -> None:
    """Several batch sizes are several lines; the one size of an optimizer is not worth a word if it is its usual one."""
    base = network(data(tmp_path / "d"))
    one = [cell.label for cell in grid(**{**base, "optimizers": [{"use": "sgd"}]})]
    assert one == ["sgd"]
    three = [cell.label for cell in grid(**{**base, "optimizers": [{"use": "sgd", "batch_size": [1, 4, "full"]}]})]
    assert len(set(three)) == 3
    assert "1" in three[0]
    assert "4" in three[1]
    assert "full" in three[2]


def test_labels_of_problems_name_only_what_varies() -> None:
    """A problem is called by its name, and by the parameters that tell it from its namesakes."""

    def labels(*problems: dict[str, Any]) -> list[str]:
        experiment = Experiment.model_validate({**BASE, "problem": None, "problems": list(problems)})
        labels = problem_labels(experiment)
        return [labels[table_key(cell.problem)] for cell in grid_of(experiment).cells]

    assert labels({"use": "bowl", "condition": 5}) == ["bowl"]
    assert labels({"use": "bowl"}, {"use": "rosenbrock"}) == ["bowl", "rosenbrock"]
    steep, flat = labels({"use": "bowl", "condition": 5}, {"use": "bowl", "condition": 2})
    assert "condition=5" in steep
    assert "condition=2" in flat


def test_two_entries_of_one_optimizer_are_two_lines() -> None:
    """Their labels name what differs, no more than tells them apart; a label of the user's own on both joins them."""

    def lines(*entries: dict[str, Any]) -> list[tuple[str, str]]:
        cells = grid(optimizers=[{"use": "adam", **entry} for entry in entries])
        return list(dict.fromkeys((cell.label, cell.line_id) for cell in cells))

    def labels(*entries: dict[str, Any]) -> list[str]:
        found = lines(*entries)
        assert len({line for _, line in found}) == len(found)
        return [label for label, _ in found]

    assert labels({"lr": 0.1}, {"lr": 0.2}) == ["adam (lr=0.1)", "adam (lr=0.2)"]
    assert labels({"lr": 0.1}, {"lr": 0.1 + 1e-9}) == ["adam (lr=0.1)", "adam (lr=0.100000001)"]
    assert labels({"lr": [0.1, 0.2]}, {"lr": [0.1, 0.2], "beta1": 0.5}) == ["adam (beta1=0.9)", "adam (beta1=0.5)"]
    assert labels({"lr": [1, 2]}, {"lr": [3, 4]}) == ["adam (lr=[1, 2])", "adam (lr=[3, 4])"]
    assert labels({"lr": {"log": [1, 32], "points": 6}}, {"lr": 7}) == ["adam (lr=1 to 32)", "adam (lr=7)"]
    assert labels({}, {"schedule": "constant"}) == ["adam", "adam (schedule=constant)"]
    assert labels({"lr": 0.1, "label": "x"}, {"lr": 0.2, "label": "x"}) == ["x"]
    three = labels(*({"lr": lr, "beta1": beta1} for lr, beta1 in [(0.1, 0.5), (0.1, 0.6), (0.2, 0.5)]))
    assert three == ["adam (lr=0.1, beta1=0.5)", "adam (lr=0.1, beta1=0.6)", "adam (lr=0.2, beta1=0.5)"]
    schedules = [{"schedule": {"use": "cosine", "floor": floor}} for floor in (0.1, 0.1 + 1e-9)]
    assert len(set(labels(*schedules))) == 2


def test_a_line_is_the_same_on_all_problems_and_with_more_values() -> None:
    """Its identity depends on what it is, and not on what else is tried, on which problem, or where it stands."""
    alone = {cell.line_id for cell in grid(**adam(lr=0.1))}
    more = {cell.line_id for cell in grid(optimizers=[{"use": "sgd"}, {"use": "adam", "lr": [0.1, 1.0]}])}
    both = {
        cell.line_id for cell in grid(problem=None, problems=[{"use": "bowl"}, {"use": "rosenbrock"}], **adam(lr=1))
    }
    assert alone == both < more
    assert len(more) == 2
    assert {cell.line_id for cell in grid(budget={"steps": 21}, **adam(lr=0.1))} != alone


def test_entries_that_share_some_cells_are_refused() -> None:
    """A run belongs to one line: the other would be chosen without it."""
    with pytest.raises(
        InputError,
        match=r"optimizers\[1\]: 'adam' has some of the values of 'adam' of optimizers\[0\] too, .* leave these values out",
    ):
        grid(optimizers=[{"use": "adam", "lr": [0.1, 0.2]}, {"use": "adam", "lr": [0.2, 0.4]}])


@pytest.mark.parametrize("chain", [["l2", "adam"], "l2 | adam", ["l2|adam"]])
def test_a_chain_is_one_however_it_is_written(chain: Any) -> None:
    """Names in a list, or joined by a bar, are the same line, and there once."""
    assert {c.line_id for c in grid(optimizers=[{"use": chain, "lr": 0.1}])} == {
        c.line_id for c in grid(optimizers=[{"use": ["l2", "adam"], "lr": 0.1}])
    }
    assert len(grid(optimizers=[{"use": ["l2", "adam"], "lr": 0.1}, {"use": chain, "lr": 0.1}])) == 1


@given(st.data())
def test_a_block_counts_and_names_its_cells_without_making_them(data: st.DataObject) -> None:
    """Its length, its cells by number and their run_ids are those of the cells made one by one."""
    values = st.lists(st.floats(0.01, 0.9), min_size=1, max_size=4)
    axes = data.draw(st.fixed_dictionaries({"lr": values, "beta1": values, "beta2": values}))
    experiment = Experiment.model_validate({**BASE, "optimizers": [{"use": "adam", **axes}]})
    cells = grid_of(experiment).cells
    expected = [dict(zip(axes, v, strict=True)) for v in itertools.product(*(dict.fromkeys(a) for a in axes.values()))]
    assert len(cells) == len(expected)
    assert [{name: cell.hyperparameters[name] for name in axes} for cell in cells] == expected
    assert [cells[k] for k in range(len(cells))] == list(cells)
    (block,) = cells.blocks
    assert list(block.run_ids([3, 8])) == [[run_id(cell.plan, seed) for seed in (3, 8)] for cell in cells]


def test_many_entries_are_compared_by_what_was_written_down_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value is written down once for each hyperparameter of each entry, however many others it is compared with."""
    written = []
    monkeypatch.setattr(blocks, "canonical_text", lambda value: written.append(value) or canonical_text(value))
    found = grid(optimizers=[{"use": "adam", "lr": 0.1 + k / 100} for k in range(30)])
    assert len(found) == 30
    assert len(written) == 30 * len(found[0].hyperparameters)


def test_changes_by_set_are_part_of_the_identity(tmp_path: Path) -> None:
    """A run with a changed budget is another run than the one in the file."""
    path = tmp_path / "e.toml"
    path.write_text(
        'name = "e"\nbudget = { steps = 5 }\nproblem = { use = "bowl" }\noptimizers = [{ use = "sgd" }]\n', "utf-8"
    )
    (plain,), (changed,) = grid_of(read(path)).cells, grid_of(read(path, ["budget.steps=6"])).cells
    assert run_id(plain.plan, 0) != run_id(changed.plan, 0)
    assert run_id(plain.plan, 0) == run_id(grid_of(read(path, ["budget.steps=5", "name=other"])).cells[0].plan, 0)


def test_one_run_under_two_labels() -> None:
    """Its results could be shown under one of them alone, so it is refused."""
    same = [{"use": "sgd", "lr": 0.1}, {"use": "sgd", "lr": [0.1, 0.2], "label": "again"}]
    given = {"name": "e", "problem": {"use": "bowl"}, "budget": {"steps": 5}, "optimizers": same}
    with pytest.raises(
        InputError,
        match=r"optimizers\[1\]: 'again' has some of the values of 'sgd' of optimizers\[0\] too, .* leave these values out",
    ):
        grid_of(Experiment.model_validate(given))
