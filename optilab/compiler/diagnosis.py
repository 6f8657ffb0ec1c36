"""The compiler's reason why code doesn't compile."""

from __future__ import annotations

import itertools


def reason_of(error: Exception) -> str:
    """What went wrong, on one line: without Numba's account of its pipeline, and the source that it quotes."""
    said = [line.strip() for line in str(error).splitlines()]
    rest = itertools.dropwhile(lambda line: not line or line.startswith("Failed in "), said)
    return " ".join(
        itertools.takewhile(lambda line: not line.startswith(("During:", "There are", "File ")), rest)
    ).strip()
