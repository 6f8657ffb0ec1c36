"""Arguments of statistics: numbers as arrays and tables, with a message for what can't be used."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.inputs import floats, numbers
from optilab.errors import InputError
from optilab.texts import counted, shown


def switches(values: ArrayLike, name: str, count: int) -> NDArray[np.bool_]:
    """`values` as an array of `count` truth values, for which 0 and 1 may stand.

    Raises InputError, which calls the argument `name`.
    """
    found = numbers(values, name, "say of each whether it is true")
    if not np.isin(found, (0, 1)).all():
        raise InputError(f"{name}: {shown(found[~np.isin(found, (0, 1))][0].item())} is neither true nor false")
    if len(found) != count:
        raise InputError(f"{name}: has {counted(len(found), 'value')} for {counted(count, 'time')}")
    return found.astype(bool)


def amounts(values: Any, name: str) -> NDArray[np.float64]:
    """`values` as an array of any shape of numbers >= 0; what is missing, or masked, is infinite.

    Raises InputError, which calls the argument `name`.
    """
    found = floats(values)
    if found is None:
        raise InputError(f"{name}: holds what is no number; what was not reached is inf or missing")
    if (found < 0).any():
        raise InputError(f"{name}: {shown(found[found < 0][0].item())} is below 0")
    return np.where(np.isnan(found), np.inf, found)


def amounts_table(values: pd.DataFrame, name: str) -> pd.DataFrame:
    """A table of numbers >= 0, rows and columns in the order of their names; what is missing is infinite.

    Raises InputError, which calls the argument `name`, also if two rows or two columns have one name.
    """
    if not isinstance(values, pd.DataFrame):
        raise InputError(f"{name}: {shown(values)} is no DataFrame; a row is a problem and a column a method")
    for axis, labels in (("rows", values.index), ("columns", values.columns)):
        if not labels.is_unique:
            raise InputError(f"{name}: two {axis} are called {shown(labels[labels.duplicated()][0])}")
    rows, columns = by_name(values.index), by_name(values.columns)
    return pd.DataFrame(amounts(values.loc[rows, columns], name), pd.Index(rows), pd.Index(columns))


def by_name(names: Iterable[Hashable]) -> list[Any]:
    """Names in an order that does not depend on the one they come in; they may be of several types."""
    return sorted(names, key=lambda name: (str(name), type(name).__name__))
