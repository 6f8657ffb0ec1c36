"""Parameters of a network as a person gives them, and the layers that follow from them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from optilab.datasets.examples import Examples
from optilab.errors import InputError, at
from optilab.problems.split import check_size, check_validation

Activation = Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus"]
Cost = Literal["quadratic", "cross_entropy", "binary_cross_entropy", "huber"]
FirstWeights = Literal["normal", "lecun", "glorot", "he", "orthogonal"]


class NetworkParameters(BaseModel):
    """The parameters of a network, as in an experiment's [problem]."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: str | dict[str, Any]
    hidden: list[int] = [16, 16]
    activation: Activation | list[Activation] = "sigmoid"
    cost: Cost = "quadratic"
    output_activation: Activation | None = None
    first_weights: FirstWeights | None = None
    huber_delta: float = Field(1.0, gt=0, allow_inf_nan=False)
    outputs: int | None = Field(None, gt=0)
    validation: int | float | dict[str, int | float] | None = None
    measured_examples: int | float | None = None

    _validation = field_validator("validation", mode="before")(check_validation)
    _measured = field_validator("measured_examples", mode="before")(check_size)


def layer_activations(given: NetworkParameters, classifies: bool, place: str) -> list[str]:
    """Activation of every layer; the last one's follows from the cost where it isn't given.

    InputError, beginning with `place`, for another number of activations than hidden layers, and for an output activation
    that the cost doesn't allow.
    """
    if isinstance(given.activation, list):
        hidden: list[str] = list(given.activation)
        if len(hidden) != len(given.hidden):
            raise InputError(f"{at(place)}activation names {len(hidden)} for {len(given.hidden)} hidden layers")
    else:
        hidden = [given.activation] * len(given.hidden)
    if given.cost in ("cross_entropy", "binary_cross_entropy"):
        if given.output_activation not in (None, "identity"):
            raise InputError(
                f"{at(place)}output_activation = {given.output_activation!r}: {given.cost} is written against the "
                "last pre-activations; accepted is 'identity'"
            )
        return [*hidden, "identity"]
    return [*hidden, given.output_activation or ("sigmoid" if classifies else "identity")]


def output_count(given: NetworkParameters, examples: Examples, place: str) -> int:
    """Number of outputs that the labels need. InputError, beginning with `place`, where cost, labels and `outputs` don't fit together."""
    if examples.classes is None:
        if given.cost in ("cross_entropy", "binary_cross_entropy"):
            raise InputError(
                f"{at(place)}cost = {given.cost!r} needs labels that are classes (integers or names), but "
                f"the labels are numbers; accepted is 'quadratic' or 'huber'"
            )
        needed = {int(np.prod(examples.y_train.shape[1:]))}
    else:
        needed = {len(examples.classes)}
        if len(examples.classes) == 2 and given.cost != "cross_entropy":
            needed.add(1)
    if given.outputs is not None and given.outputs not in needed:
        wanted = " or ".join(map(str, sorted(needed)))
        raise InputError(f"{at(place)}outputs = {given.outputs} doesn't fit the labels, which need {wanted}")
    if given.outputs is None and needed == {1, 2} and given.cost == "binary_cross_entropy":
        return 1
    return given.outputs or max(needed)
