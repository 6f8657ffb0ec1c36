"""A target that an optimizer sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optilab
from optilab.errors import InputError
from optilab.experiment.question import question_of

TABLE: dict[str, Any] = {
    "name": "e",
    "seeds": 7,
    "problem": {"use": "two_valleys", "start": "random"},
    "budget": {"steps": 30},
    "measure": {"steps": 1},
    "optimizers": [{"use": "sgd", "label": "base", "lr": 0.02}, {"use": "sgd", "label": "fast", "lr": 0.05}],
}


def with_target(**target: Any) -> dict[str, Any]:
    """The experiment with such a target."""
    return {**TABLE, "comparison": {"measure": "train_cost", "target": target}}


def test_the_target_is_the_median_of_the_best_values(tmp_path: Path) -> None:
    """Of the evaluation runs of the label; the verdict says whose it is, and how long each needs to reach it."""
    found = optilab.run(with_target(reference="base"), results=tmp_path / "r", executor="inline")
    best = found.runs.loc[found.runs["label"] == "base", "best_train_cost"]
    assert question_of(found).target == pytest.approx(best.median())
    assert question_of(optilab.load(tmp_path / "r")).target == question_of(found).target
    said = found.verdict().sentences
    assert said[0].startswith("The target, ")
    assert said[0].endswith("is the median over seeds of the best training cost of base's runs.")
    assert "base reaches a training cost of" in said[1]


def test_another_quantile(tmp_path: Path) -> None:
    """Of costs, a lower quantile is the harder one."""
    found = optilab.run(with_target(reference="base", quantile=0.25), results=tmp_path / "r", executor="inline")
    best = found.runs.loc[found.runs["label"] == "base", "best_train_cost"]
    assert question_of(found).target == pytest.approx(np.quantile(best, 0.25))
    assert "is the 0.25 quantile over seeds" in found.verdict().sentences[0]


def test_a_reference_that_did_not_last_sets_no_target(tmp_path: Path) -> None:
    """There is none then, and the final values are compared as ever."""
    table = with_target(reference="wild")
    table["optimizers"] = [*TABLE["optimizers"], {"use": "sgd", "label": "wild", "lr": 1e6}]
    found = optilab.run(table, results=tmp_path / "r", executor="inline")
    assert question_of(found).target is None
    assert found.verdict().sentences[0].startswith("base has a training cost of")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"reference": "bsae"}, "comparison.target.reference: unknown label 'bsae': did you mean 'base'"),
        *(
            (
                {"reference": "base", "quantile": q},
                f"comparison.target.quantile = {q}: a quantile lies above 0 and below 1",
            )
            for q in (1.5, 2, 1, 0, -0.5)
        ),
        ({"reference": "base", "quantile": "half"}, "comparison.target.quantile = 'half': expected a number"),
        ({"reference": 1}, "comparison.target.reference = 1: expected a text"),
        (
            {"reference": "base", "quantil": 0.5},
            "comparison.target.quantil: unknown key; did you mean 'quantile'",
        ),
        ({}, "comparison.target.reference: missing"),
        *(
            (given, f"comparison.target = {given!r}: expected a number, or {{ reference = LABEL, quantile = 0.5 }}")
            for given in ("x", True, [1])
        ),
        (float("inf"), "comparison.target = inf: input should be a finite number"),
    ],
)
def test_targets_that_can_not_be(target: Any, message: str, tmp_path: Path) -> None:
    """An unknown label, a quantile outside, an unknown key and a missing one are named, and what is accepted; nothing is run."""
    with pytest.raises(InputError) as refused:
        optilab.run({**TABLE, "comparison": {"measure": "train_cost", "target": target}}, results=tmp_path / "r")
    assert message in str(refused.value)
    assert not (tmp_path / "r").exists()


def test_one_problem_only(tmp_path: Path) -> None:
    """With several problems a number is asked for."""
    table = {k: v for k, v in with_target(reference="base").items() if k != "problem"}
    with pytest.raises(InputError, match="a reference sets it on one problem"):
        optilab.run({**table, "problems": [{"use": "bowl"}, {"use": "rosenbrock"}]}, results=tmp_path / "r")
