"""What the column `spec` of a table of results says of the examples: in which order they were seen, and which were measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

from optilab.texts import shortened

_NAME = 40  # letters of a label
_NAMED = 6  # problems in a sentence
ONE_ORDER = "in one order of the examples"


def share_order(runs: pd.DataFrame) -> bool:
    """Whether runs of a table of results saw batches in an order that all seeds share."""
    specs = map(str, runs["spec"].unique() if "spec" in runs else [])
    return any('"data_order": "shared"' in spec and '"batch_size": "full"' not in spec for spec in specs)


def measured_on(runs: pd.DataFrame) -> str:
    """The sentence about the examples that training costs are of, where these are some of those that are trained on; "" where they are all."""
    if "spec" not in runs:
        return ""
    first = runs.drop_duplicates("problem")
    sizes = {str(label): _measured(spec) for label, spec in zip(first["problem"], first["spec"], strict=True)}
    some = {label: size for label, size in sizes.items() if size is not None}
    if not some:
        return ""
    said = next(iter(some.values()))
    if len(sizes) > 1:
        named = [f"{size} on {shortened(label, _NAME)}" for label, size in some.items()]
        more = [f"and some on {len(named) - _NAMED} more problems"] if len(named) > _NAMED else []
        said = ", ".join([*named[:_NAMED], *more, ""]).rstrip()
    return f"Training costs, accuracies and gradients are of {said} of the examples that are trained on."


def _measured(spec: Any) -> str | None:
    """How many examples of a run's problem are measured, in words; None for all, or where that isn't known."""
    try:
        problem = json.loads(spec)["problem"]
        size = problem["measured_examples"] if problem["use"] == "network" else None
    except (TypeError, ValueError, LookupError):  # of a table that is not optilab's
        return None
    if isinstance(size, bool) or not isinstance(size, int | float):
        return None
    return f"{size:,}" if isinstance(size, int) else f"{100 * size:g} %"
