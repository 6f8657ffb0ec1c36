"""What `optilab check` finds in a file, under which names."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from optilab import InputError
from optilab.cli.main import main
from optilab.testing.isolated import names_in

OTHERS = """
import numpy as np

from optilab import feedback, function, hookimpl, sampler, schedule
from optilab.datasets.examples import Examples
from optilab.datasets.dataset import dataset


@schedule()
def halved(step, total):
    return np.where(step < total / 2, 1.0, 0.5)


@feedback()
def faithful():
    while True:
        yield 1.0


@function(start=[1.0], domain=[(-1, 1)], minima=[[0.0]])
def square(w, g):
    g[0] = 2 * w[0]
    return w[0] ** 2


@dataset(digest="0123456789abcdef")
def four():
    x = np.arange(8.0).reshape(4, 2)
    return Examples(x, x[:, :1], x[:0], x[:0, :1])


@sampler
def lowest(ranges, samples, seed):
    return [{name: found.low for name, found in ranges.items()} for _ in range(samples)]


@hookimpl
def optilab_schedules():
    return [halved, faithful]


@hookimpl
def optilab_problems():
    return [square]


@hookimpl
def optilab_datasets():
    return [four]


@hookimpl
def optilab_samplers():
    return [lowest]
"""


def test_other_things_than_optimizers_are_checked(tmp_path: Path) -> None:
    """Schedules, problems, datasets and samplers of a file are checked as well, each under what it is."""
    (tmp_path / "others.py").write_text(OTHERS)
    told = CliRunner().invoke(main, ["check", str(tmp_path / "others.py")])
    assert told.exit_code == 0, told.output
    titles = [line for line in told.output.splitlines() if not line.startswith(" ")]
    assert titles == ["schedule halved", "schedule faithful", "problem square", "dataset four", "sampler lowest"]
    assert "✗" not in told.output
    assert "✓ Has the gradient of its cost, by finite differences" in told.output


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cosine", ["schedule cosine"]),
        ("rosenbrock", ["problem rosenbrock"]),
        ("mnist", ["dataset mnist"]),
        ("sobol", ["sampler sobol"]),
        ("two_weights", ["problem bowl", "problem rosenbrock"]),  # a plugin
    ],
)
def test_names_of_other_things(name: str, expected: list[str]) -> None:
    """A schedule, problem, dataset or sampler is found by its name, or by that of its plugin."""
    assert names_in(name) == (expected, [])


def test_what_can_be_checked(tmp_path: Path) -> None:
    """A file, a plugin, an optimizer or a chain; what registers no optimizer, or is unknown, is told."""
    assert names_in("sgd") == (["sgd"], [])
    assert names_in("clip_by_global_norm | sgd") == (["clip_by_global_norm | sgd"], [])
    assert names_in("gradient_descent")[0] == ["gradient_descent"]  # an optimizer rather than the plugin of that name
    assert names_in("momentum")[0] == ["momentum"]
    empty = tmp_path / "empty.py"
    empty.write_text('"""Nothing."""\n')
    with pytest.raises(InputError, match="registers no optimizer"):
        names_in(str(empty))
    with pytest.raises(InputError, match="unknown optimizer 'momentun': did you mean 'momentum'"):
        names_in("momentun")
