"""Results that reports are made of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from report.browsing import CHROMIUM

import optilab
from optilab.experiment.question import question_of
from optilab.records.question import Question
from optilab.report.html import Html
from optilab.report.report import write_report
from optilab.store import Results

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e$\\alpha$\x1b[31m"


EXPERIMENT = {
    "name": "valleys",
    "question": f"Who arrives? {HOSTILE}",
    "seeds": 7,
    "tuning": {"seeds": 2},
    "budget": {"steps": 20},
    "measure": {"steps": 2},
    "problems": [{"use": "bowl", "start": "random"}, {"use": "rosenbrock", "start": "random"}],
    "optimizers": [
        {"use": "sgd", "lr": [1e-4, 3e-4]},
        {"use": "momentum", "lr": [1e-4, 1e-3], "label": HOSTILE},
        {"use": "sgd", "lr": 1.5, "label": "wild"},
    ],
}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this session have together."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def valleys(shared: Path) -> Results:
    """Three lines on two functions, seven seeds: one line has a hostile name, one diverges. Made by the first process that asks."""
    with FileLock(shared / "valleys.lock"):
        if not (shared / "valleys.made").exists():
            optilab.run(EXPERIMENT, shared / "valleys", executor="inline")
            (shared / "valleys.made").touch()
    return optilab.load(shared / "valleys")


@pytest.fixture(scope="session")
def valleys_page(valleys: Results, shared: Path) -> Path:
    """The report of the valleys, a file. Made by the first process that asks."""
    with FileLock(shared / "page.lock"):
        if not (shared / "valleys.html").exists():
            write_report([valleys], shared / "valleys.html")
    return shared / "valleys.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium that looks for nothing elsewhere."""
    missing = "playwright is not installed: pip install 'optilab-framework[browser]'"
    playwright = pytest.importorskip("playwright.sync_api", reason=missing)
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with playwright.sync_playwright() as player:
        made = player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield made
        made.close()


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pictures that don't change and their numbers, which have tests of their own."""
    leave_out_pictures(monkeypatch)


def leave_out_pictures(patch: pytest.MonkeyPatch) -> None:
    """Reports have no pictures as long as the patch lasts."""
    for name in ("pictures", "still", "numbers"):
        patch.setattr(f"optilab.report.report.{name}", lambda *_: Html(""))


def made_up(runs: int, points: int, lines: int = 50) -> Results:
    """So many runs of so many measurements each, drawn at random: costs that fall, three measures, two columns of hyperparameters."""
    draw = np.random.default_rng(5)
    seeds = max(1, runs // lines)
    numbers = np.arange(runs)
    table: dict[str, Any] = {
        "run_id": [f"{k:016x}" for k in numbers],
        "experiment": "many",
        "problem": "network",
        "optimizer": "rule",
        "label": [f"line {k // seeds}" for k in numbers],
        "is_random": True,
        "lr": draw.lognormal(size=runs).round(4),
        "schedule": "constant",
        "batch_size": 32,
        "seed": numbers % seeds,
        "role": "evaluation",
        "status": "budget",
        "message": None,
        "steps": points - 1,
        "code": "0" * 16,
        "versions": '{"python": "3"}',
        "host": "here",
    }
    table["lr"] = pd.Series(table["label"]).map(
        {label: k * 0.01 for k, label in enumerate(sorted(set(table["label"])))}
    )
    rows = np.repeat(numbers, points)
    step = np.tile(np.arange(points), runs)
    level = np.repeat(draw.lognormal(size=runs), points)
    cost = level * np.exp(-step / points * 3) * draw.lognormal(sigma=0.1, size=len(rows))
    history = pd.DataFrame(
        {
            "run_id": np.array(table["run_id"])[rows],
            "step": step,
            "epoch": step / 10,
            "examples": step * 32,
            "gradient_evaluations": step,
            "seconds": step * 0.01,
            "cpu_seconds": step * 0.01,
            "train_cost": cost,
            "test_cost": cost * 1.1,
            "test_accuracy": 1 / (1 + cost),
        }
    )
    frame = pd.DataFrame(table)
    for name in ("train_cost", "test_cost", "test_accuracy"):
        frame[f"final_{name}"] = history[name].to_numpy()[points - 1 :: points]
        frame[f"best_{name}"] = frame[f"final_{name}"]
    return Results(Path("many"), frame, history, question=Question("Which of many?", measure="test_accuracy"))


ODD: dict[str, Callable[[Results], Results]] = {  # the valleys, made odd
    "one run": lambda r: replace(r, runs=r.runs[r.runs["role"] == "evaluation"][:1]),
    "one seed": lambda r: replace(r, runs=r.runs[r.runs["seed"] == 0]),
    "only diverged": lambda r: replace(r, runs=r.runs.assign(status="diverged")),
    "only tuning": lambda r: replace(r, runs=r.runs[r.runs["role"] == "tuning"]),
    "failed, without a history": lambda r: replace(
        r, runs=r.runs.assign(status="failed", message=f"why {HOSTILE}"), history=r.history[:0]
    ),
    "no runs, and a target": lambda r: replace(
        r,
        runs=r.runs[:0],
        history=r.history[:0],
        question=replace(question_of(r), measure="train_cost", target=0.1, chosen_by="best_test_cost"),
    ),
    "unequal seeds": lambda r: replace(r, runs=r.runs[(r.runs["label"] != "sgd") | (r.runs["seed"] < 3)]),
    "a control that isn't there": lambda r: replace(r, question=replace(question_of(r), control="nobody")),
    "a target that nobody reached": lambda r: replace(
        r, question=replace(question_of(r), measure="train_cost", target=1e-300)
    ),
    "a measure that wasn't taken": lambda r: replace(r, question=replace(question_of(r), measure="test_accuracy")),
    "two codes": lambda r: replace(r, runs=r.runs.assign(code=[f"{k % 2:016}" for k in range(len(r.runs))])),
}
