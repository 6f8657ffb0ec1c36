"""The dataset that a problem's table describes: a file, arrays, or arrays by their digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optilab.datasets.arrays import array_dataset, kept_dataset
from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import ARRAYS
from optilab.datasets.from_files import file_dataset
from optilab.datasets.options import Arrays, File, Kept
from optilab.errors import InputError
from optilab.parameters.tables import validated
from optilab.texts import is_near, shown


def given_dataset(given: Mapping[str, Any], place: str = "") -> Dataset:
    """The dataset of a table: { path = ... }, arrays { x_train = ..., y_train = ... }, or { digest = ... } of such arrays.

    InputError for unknown keys, values out of range, and a file or arrays that can't be used.
    """
    key = place or "dataset"
    if holds_arrays(given):
        return array_dataset(validated(Arrays, dict(given), key), place)
    if "digest" in given:
        return kept_dataset(validated(Kept, dict(given), key), place)
    if not any(key in File.model_fields or is_near(key, File.model_fields) for key in given):
        raise InputError(f"{key} = {shown(dict(given))}: give the path of a file, or arrays as x_train and y_train")
    return file_dataset(validated(File, dict(given), key), place)


def holds_arrays(given: Any) -> bool:
    """Whether a dataset is given by arrays in memory."""
    return isinstance(given, Mapping) and any(name in given for name in ARRAYS)


def without_arrays(problem: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """A problem's table that can be written to a file: arrays in memory are stored in the cache and named by digest.

    InputError for arrays that can't be used.
    """
    if not holds_arrays(problem.get("dataset")):
        return dict(problem)
    data = given_dataset(problem["dataset"], f"{place}.dataset" if place else "")
    data.load()
    return {**problem, "dataset": {"digest": data.digest}}
