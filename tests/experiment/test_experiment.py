"""The experiment file: what it accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
from experiment.files import NETWORK, PLAIN, Write, grid

from optilab.errors import InputError
from optilab.experiment.file import read
from optilab.experiment.grid import grid_of
from optilab.experiment.seeds import seeds_of, tuning_seeds

ROOT = Path(__file__).parents[2]


def test_a_plain_experiment_is_its_grid(write: Write) -> None:
    """Each value of an axis is a cell, and everything that isn't given has its default."""
    experiment = read(write(PLAIN))
    found = grid_of(experiment).cells
    assert [cell.hyperparameters["lr"] for cell in found] == [0.1, 0.2]
    assert {cell.hyperparameters["beta1"] for cell in found} == {0.9}
    assert list(seeds_of(experiment, "evaluation")) == [0, 1]
    assert tuning_seeds(experiment) == []
    assert experiment.measure is None
    assert experiment.question == ""


@pytest.mark.parametrize("file", sorted((ROOT / "experiments").glob("*.toml")), ids=lambda file: file.stem)
def test_the_bundled_experiments_validate(file: Path) -> None:
    """Each file in experiments/ validates, expands, and is called what its experiment is called."""
    experiment = read(file)
    assert grid_of(experiment).cells
    assert seeds_of(experiment, "evaluation")
    assert experiment.name == file.stem
    assert experiment.question


def test_several_problems_are_each_a_grid(write: Write) -> None:
    """[[problems]] runs every optimizer on every problem, and tells each problem's place."""
    text = PLAIN.replace("[problem]", "[[problems]]") + '\n[[problems]]\nuse = "rosenbrock"\n'
    found = grid(write(text))
    assert [(cell.problem["use"], cell.hyperparameters["lr"]) for cell in found] == [
        ("bowl", 0.1),
        ("bowl", 0.2),
        ("rosenbrock", 0.1),
        ("rosenbrock", 0.2),
    ]
    with pytest.raises(InputError, match=r"problems\[1\]\.use: unknown problem 'rosenbruck'"):
        grid(write(text.replace("rosenbrock", "rosenbruck")))


def test_a_dataset_is_looked_for_beside_the_file(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is relative to the experiment, wherever the command is called; an absolute one stays."""
    path = write(NETWORK)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    beside = grid(path)[0].plan
    absolute = grid(write(NETWORK.replace('"data.npz"', repr(str(tmp_path / "data.npz")))))[0].plan
    assert beside.problem.n_weights == 3 * 4 + 4 + 4 * 3 + 3
    assert beside.problem.identity == absolute.problem.identity


def test_seeds_may_be_listed(write: Write) -> None:
    """A list of seeds is taken as it is, each once; those of tuning are disjoint from those of a count."""
    experiment = read(write(PLAIN), ["seeds=[7, 3, 7]", "tuning.seeds=3"])
    assert list(seeds_of(experiment, "evaluation")) == [7, 3]
    assert len(set(tuning_seeds(experiment))) == 3
    assert not set(tuning_seeds(experiment)) & set(range(100_000))


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    """A file that an editor of Windows saved begins with three bytes more, and is the same experiment."""
    (tmp_path / "one.toml").write_text(PLAIN, "utf-8")
    (tmp_path / "two.toml").write_text(PLAIN, "utf-8-sig")
    assert (tmp_path / "two.toml").read_bytes().startswith(b"\xef\xbb\xbf")
    assert read(tmp_path / "two.toml") == read(tmp_path / "one.toml")
