"""Labels that a picture has to take as they are."""

from __future__ import annotations

from typing import Any

from figures.looks import legend_of
from matplotlib.figure import Figure

LABELS = {  # as they are given, and as they stand in a legend
    r"$\frac{": r"$\frac{",
    "_hidden": "_hidden",
    "$x$ or $y$": "$x$ or $y$",
    "a\x1b[31mred\x1b[0m\nline": r"a\x1b[31mred\x1b[0m\nline",
    "字 \u202e": r"\u5b57 \u202e",
    "x" * 10**5: None,
    r"\$ \\ {} ^_ %": r"\$ \\ {} ^_ %",
}


def optimizers() -> list[dict[str, Any]]:
    """One for each label, each with two learning rates."""
    return [{"use": "sgd", "lr": [1e-3 + 1e-5 * k, 2e-3 + 1e-5 * k], "label": text} for k, text in enumerate(LABELS)]


def legend(figure: Figure) -> list[str]:
    """The names in the legends."""
    return [text.replace(r"\$", "$") for text in legend_of(figure)]
