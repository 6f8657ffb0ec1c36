"""A run is named by the first digits of its run_id, as long as they are enough."""

from __future__ import annotations

import pandas as pd
import pytest

from optilab import InputError
from optilab.runner.replay import _row

RUNS = pd.DataFrame({"run_id": ["ab10", "ab2f", "ab3c", "c0de", "c0ff"], "seed": [0, 1, 2, 3, 4]})


@pytest.mark.parametrize(("digits", "seed"), [("ab1", 0), ("ab10", 0), ("ab2", 1), ("c0d", 3)])
def test_digits_that_are_enough(digits: str, seed: int) -> None:
    """Digits that one run alone begins with name it, up to all of them."""
    assert _row(RUNS, digits)["seed"] == seed


def test_digits_that_are_not_enough() -> None:
    """Runs that begin alike, two or more, need more digits; none at all, and digits of no run, name nothing."""
    for digits, count in (("a", 3), ("c", 2)):
        with pytest.raises(InputError, match=f"{count} runs begin with '{digits}': give more digits"):
            _row(RUNS, digits)
    for unknown in ("", "ab4", "b1"):
        with pytest.raises(InputError, match="unknown run"):
            _row(RUNS, unknown)
