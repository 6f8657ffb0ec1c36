"""Problems to search on, and the rules that search."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from optilab.optimizers.stepper import Stepper
from optilab.problems.problem import Problem
from reference.walks import long_valley, oblong

Vector = NDArray[np.float64]
Settings = dict[str, Any]
VALLEY, OBLONG = long_valley.build({}), oblong.build({})
FORMULAS = ("fletcher_reeves", "polak_ribiere", "hestenes_stiefel", "dai_yuan")
WOLFE: list[tuple[str, Settings]] = [
    ("wolfe", {}),
    ("wolfe", {"line_search": "zoom", "c2": 0.3}),
    *(("nonlinear_cg", {"formula": formula}) for formula in FORMULAS),
    ("nonlinear_cg", {"line_search": "zoom", "c2": 0.1}),
    ("lbfgs", {}),
    ("lbfgs", {"line_search": "zoom", "memory": 4, "c2": 0.5}),
]
BACKTRACKING: list[tuple[str, Settings]] = [
    ("armijo", {}),
    ("armijo", {"lr": 0.5, "c1": 0.4, "decrease": 0.5, "increase": 4.0}),
    ("lbfgs", {"line_search": "backtracking", "decrease": 0.5}),
]
PLAIN: list[tuple[str, Settings]] = [
    ("barzilai_borwein", {}),
    ("barzilai_borwein", {"form": "short"}),
    ("lbfgs", {"line_search": "none"}),
]
starts = st.lists(st.integers(-16, 16).map(lambda k: k / 8), min_size=6, max_size=6).map(np.array)


def begin(name: str, given: Settings, problem: Problem, w: Any = None) -> Stepper:
    """The rule `name` on a problem."""
    return optilab.get_optimizer(name).start(problem.initial() if w is None else w, problem=problem, **given)
