"""What all tests of pictures share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import pytest
from figures.looks import made
from matplotlib.figure import Figure

from optilab.store import Results
from pictures import made_of_images


@pytest.fixture(autouse=True)
def no_figures_left() -> Iterator[None]:
    """Close what a test has drawn."""
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def two_weights(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two functions of two weights, with three lines, of which one diverges."""
    return made(
        tmp_path_factory.mktemp("two") / "r",
        measure={"steps": 2},
        problems=[{"use": "bowl", "start": "random"}, {"use": "rosenbrock", "start": "random"}],
        optimizers=[
            {"use": "sgd", "lr": [1e-4, 3e-4]},
            {"use": "adam", "lr": 0.1, "label": "my adam"},
            {"use": "momentum", "lr": 0.5, "label": "wild"},
        ],
    )


@pytest.fixture(scope="module")
def one_weight(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A function of one weight, with two lines and nothing that varies."""
    return made(
        tmp_path_factory.mktemp("one") / "r",
        measure={"steps": 1},
        problem={"use": "two_valleys", "start": "random"},
        optimizers=[{"use": "sgd", "lr": 0.03}, {"use": "adam", "lr": 0.03}],
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A network that tells the sides apart."""
    return made_of_images(
        tmp_path_factory.mktemp("images"),
        seeds=2,
        optimizers=[{"use": "adam", "lr": [0.01, 0.03], "batch_size": 8}],
        tuning={"seeds": 1, "by": "test_cost", "by_test": True},
    )


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """All figures that are saved, kept to be looked at."""
    kept: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *arguments: Any, **named: Any) -> None:
        kept.append(figure)
        save(figure, *arguments, **named)

    monkeypatch.setattr(Figure, "savefig", keep)
    yield kept
    plt.close("all")
