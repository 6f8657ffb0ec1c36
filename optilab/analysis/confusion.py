"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from optilab.errors import InputError


def confusion(truth: ArrayLike, prediction: ArrayLike, classes: Sequence[str]) -> pd.DataFrame:
    """How often each class was read as each: one row a class, one column a reading, named and ordered as `classes`.

    truth, prediction: [example], numbers of classes from 0.

    InputError where the two differ in length, or a number is none of a class.
    """
    true, read = np.asarray(truth), np.asarray(prediction)
    if true.shape != read.shape or true.ndim != 1:
        raise InputError(
            f"truth and prediction have shapes {true.shape} and {read.shape}: accepted are two lists of one length"
        )
    numbers = np.concatenate([true, read]).astype(np.int64)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < len(classes)):
        raise InputError(f"classes are numbered {numbers.min()} to {numbers.max()}: there are {len(classes)}")
    flat = np.bincount(true.astype(np.int64) * len(classes) + read.astype(np.int64), minlength=len(classes) ** 2)
    names = pd.Index(list(classes))
    return pd.DataFrame(
        flat.reshape(len(classes), len(classes)), index=names.rename("truth"), columns=names.rename("prediction")
    )


def most_confused(counts: pd.DataFrame, most: int = 3) -> pd.DataFrame:
    """The pairs of classes that are most often taken for each other: first, second, count (both ways together), highest first.

    counts: as by `confusion`. Pairs that were never confused are left out.
    """
    both = counts.to_numpy() + counts.to_numpy().T
    first, second = np.triu_indices(len(counts), k=1)
    pairs = pd.DataFrame({"first": first, "second": second, "count": both[first, second]})
    pairs = pairs[pairs["count"] > 0].sort_values("count", ascending=False, kind="stable").head(most)
    names = counts.index.to_numpy()
    return pairs.assign(first=names[pairs["first"]], second=names[pairs["second"]]).reset_index(drop=True)
