"""Problems that are one function of the weights."""

from __future__ import annotations

from typing import Any

import pytest

import optilab
from optilab import InputError


@pytest.mark.parametrize(
    "given",
    [
        {"start": [0.0], "domain": [(0, 1), (0, 1)]},
        {"start": [0.0, 0.0], "domain": [(0, 1)]},
        {"start": [0.0], "domain": [(0, 1)], "minima": [[0.0], [0.0, 1.0]]},
    ],
)
def test_a_function_has_one_entry_a_weight(given: dict[str, Any]) -> None:
    """Start, domain and each of the minima must be of one length."""

    def valley(w, g):
        g[0] = w[0]
        return w[0] * w[0] / 2

    with pytest.raises(InputError, match="valley: start, domain and minima must have one entry a weight"):
        optilab.function(**given)(valley)
    assert optilab.function(start=[0.0], domain=[(0, 1)], minima=[[0.0]])(valley).name == "valley"
