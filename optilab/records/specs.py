"""What the column `spec` of a table of results says of the examples: in which order they were seen, and which were measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ONE_ORDER = "in one order of the examples"
_MEASURED = re.compile(r'"measured": ([0-9.e-]+)')


def share_order(runs: pd.DataFrame) -> bool:
    """Whether runs of a table of results saw batches in an order that all seeds share."""
    return any('"data_order": "shared"' in spec and '"batch_size": "full"' not in spec for spec in _specs(runs))


def measured_on(runs: pd.DataFrame) -> str:
    """The clause about the training examples that training costs are of, where these are not all of them; "" where they are."""
    sizes = sorted({float(found[1]) for spec in _specs(runs) if (found := _MEASURED.search(spec))})
    said = " or ".join(f"{size:,.0f}" if size >= 1 else f"{100 * size:g} %" for size in sizes)
    return f"training costs are of {said} of the training examples" if sizes else ""


def _specs(runs: pd.DataFrame) -> Iterator[str]:
    return map(str, runs["spec"].unique() if "spec" in runs else [])
