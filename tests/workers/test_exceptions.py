"""What compiled code of a plugin raises is heard, wherever it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import optilab
import raising
from optilab.cli.main import main
from optilab.optimizers.optimizer import Optimizer
from optilab.problems.function import FunctionProblem
from optilab.store import load

FILE = """
name = "raising"
problem = {{ use = "{problem}" }}
budget = {{ steps = 400 }}
measure = {{ steps = 100 }}

[[optimizers]]
use = {use}
lr = 0.1
"""


RAISING: list[tuple[Optimizer, type[Exception], str]] = [
    (raising.late, ValueError, "too late"),
    (raising.picky, ZeroDivisionError, "so small a gradient"),
    (raising.newton, np.linalg.LinAlgError, "singular"),
    (optilab.get_optimizer("clip_by_global_norm") | raising.late, ValueError, "too late"),
    (raising.late | optilab.get_optimizer("lookahead"), ValueError, "too late"),
    (optilab.get_optimizer("sam") | raising.late, ValueError, "too late"),
]


@pytest.mark.parametrize(("optimizer", "kind", "message"), RAISING, ids=lambda value: getattr(value, "name", None))
def test_training_raises_what_a_rule_raises(
    optimizer: Optimizer, kind: type[Exception], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """In a notebook the exception is the author's own, and nothing is printed."""
    with pytest.raises(kind, match=message):
        optilab.train("bowl", optimizer, lr=0.04, steps=1000)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("optimizer", "kind", "message"), RAISING, ids=lambda value: getattr(value, "name", None))
def test_a_step_raises_what_a_rule_raises(optimizer: Optimizer, kind: type[Exception], message: str) -> None:
    """As training does."""
    problem = optilab.get_problem("bowl")
    stepper = optimizer.start(problem.initial(), problem=problem, lr=0.04)

    def step() -> None:
        for _ in range(1000):
            stepper.step()

    with pytest.raises(kind, match=message):
        step()


@pytest.mark.parametrize("optimizer", ["sgd", "sam | sgd", "svrg | sgd", "armijo"])
def test_training_raises_what_a_problem_raises(optimizer: str) -> None:
    """Also where a rule evaluates the gradient itself."""
    problem = raising.cliff.build({})
    assert isinstance(problem, FunctionProblem)
    with pytest.raises(RuntimeError, match="fell off"):
        optilab.train(problem, optimizer, lr=0.1, steps=1000)
    with pytest.raises(RuntimeError, match="fell off"):
        problem.cost([0.4, 1.0])


@pytest.mark.parametrize("executor", ["inline", "local"])
@pytest.mark.parametrize(
    ("use", "problem", "message"),
    [
        ("late", "bowl", "ValueError: too late"),
        ("picky", "bowl", "ZeroDivisionError: so small a gradient"),
        ("newton", "bowl", "LinAlgError: Matrix is singular to machine precision."),
        ("sgd", "cliff", "RuntimeError: fell off"),
    ],
)
def test_a_run_that_raises_has_failed(
    use: str,
    problem: str,
    message: str,
    executor: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With its message and what was measured before; the experiment's exit code says so; nothing else is printed."""
    monkeypatch.chdir(tmp_path)
    Path("raising.toml").write_text(FILE.format(use=f'"{use}"', problem=problem), "utf-8")
    arguments = ["run", "raising.toml", "--plugin", raising.__file__, "--executor", executor, "--quiet"]
    assert _exit_code(arguments) == 1
    found = load("results/raising")
    assert found.runs["status"].tolist() == ["failed"]
    assert found.runs["message"].tolist() == [message]
    place = "numpy.linalg" if use == "newton" else raising.__file__  # where it is raised
    assert place in found.runs["traceback"].item()
    assert len(found.history) == 1
    assert capfd.readouterr() == ("", "")


def _exit_code(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code
