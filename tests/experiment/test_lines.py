"""Lines of the comparison: which cells are one line, and what it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grids import adam, data, grid, network
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of


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


def test_one_run_under_two_labels() -> None:
    """Its results could be shown under one of them alone, so it is refused."""
    same = [{"use": "sgd", "lr": 0.1}, {"use": "sgd", "lr": [0.1, 0.2], "label": "again"}]
    given = {"name": "e", "problem": {"use": "bowl"}, "budget": {"steps": 5}, "optimizers": same}
    with pytest.raises(
        InputError,
        match=r"optimizers\[1\]: 'again' has some of the values of 'sgd' of optimizers\[0\] too, .* leave these values out",
    ):
        grid_of(Experiment.model_validate(given))
