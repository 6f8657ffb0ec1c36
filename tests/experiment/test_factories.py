"""Identities of runs: rules that one factory makes are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

import optilab
from optilab.plugins import loading

PLUGIN = '''
from optilab import elementwise, hookimpl


def make(factor):
    """A rule for each factor."""

    @elementwise(lr=0.1)
    def rule(w, g, lr):
        w -= factor * lr * g
        return w

    return rule


@hookimpl
def optilab_optimizers():
    return [make(0.5).called("half", "Half steps."), make(0.1).called("tenth", "Tenth steps.")]
'''

FILE = """
name = "factory"
problem = { use = "bowl" }
budget = { steps = 10 }

[[optimizers]]
use = "half"

[[optimizers]]
use = "tenth"
"""


@pytest.mark.parametrize("executor", ["inline", "local"])
def test_rules_of_one_factory_are_two_optimizers(
    executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has runs of its own, made by its own compiled code, in one process as in many."""
    monkeypatch.chdir(tmp_path)
    Path("factory.py").write_text(PLUGIN, "utf-8")
    Path("factory.toml").write_text(FILE, "utf-8")
    loading.use_file("factory.py")
    runs = optilab.run("factory.toml", executor=executor).runs.set_index("label")
    assert runs["run_id"].nunique() == 2
    for name, factor in (("half", 0.5), ("tenth", 0.1)):
        alone = optilab.train("bowl", "sgd", lr=factor * 0.1, steps=10)
        assert runs.loc[name, "final_train_cost"] == pytest.approx(alone.log[-1, 6], rel=1e-12)


CALLING = """
import numba

from optilab import vectorwise, hookimpl
from {package}_one import step as one
from {package}_other import step as other


def make(step):
    @vectorwise(lr=0.1)
    def rule(w, g, lr):
        for i in range(w.size):
            w[i] -= lr * step(g[i])

    return rule


@hookimpl
def optilab_optimizers():
    return [
        make(one).called("one", "Of one module."),
        make(other).called("other", "Of another module."),
        make(numba.njit(lambda x: 2.0 * x)).called("twice", "Twice."),
        make(numba.njit(lambda x: 3.0 * x)).called("thrice", "Thrice."),
    ]
"""


def test_rules_that_close_over_functions_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions of two modules that have the same name, and functions that have none, are told apart."""
    monkeypatch.chdir(tmp_path)
    package = "steps_of_a_factory"
    for name, factor in (("one", 0.5), ("other", 0.25)):
        Path(f"{package}_{name}.py").write_text(
            f"import numba\n\n@numba.njit\ndef step(x):\n    return {factor} * x\n", "utf-8"
        )
    Path("calling.py").write_text(CALLING.replace("{package}", package), "utf-8")
    loading.use_file("calling.py")
    optimizers = [{"use": name} for name in ("one", "other", "twice", "thrice")]
    experiment = {"name": "e", "problems": [{"use": "bowl"}], "budget": {"steps": 10}, "optimizers": optimizers}
    runs = optilab.run(experiment, executor="inline").runs.set_index("label")
    assert runs["run_id"].nunique() == 4
    for name, factor in (("one", 0.5), ("other", 0.25), ("twice", 2.0), ("thrice", 3.0)):
        alone = optilab.train("bowl", "sgd", lr=factor * 0.1, steps=10)
        assert runs.loc[name, "final_train_cost"] == pytest.approx(alone.log[-1, 6], rel=1e-12)
