"""What all tests of pictures share."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def no_figures_left() -> Iterator[None]:
    """Close what a test has drawn."""
    yield
    plt.close("all")
