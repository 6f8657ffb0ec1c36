"""Small experiments for tests of pictures, and the command's way to draw them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from optilab.experiment.experiment import Experiment
from optilab.figures import draw as drawing
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results

draw = partial(drawing.draw, train_again=made_again)


def made(folder: Path, **changes: Any) -> Results:
    """Results of a small experiment."""
    given = {"name": "small", "question": "Who arrives?", "seeds": 3, "budget": {"steps": 20}, **changes}
    return run_experiment(Experiment.model_validate(given), folder, Way("inline"))
