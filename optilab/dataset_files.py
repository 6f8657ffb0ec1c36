"""Datasets from files of the user's own: .npz and .csv."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.datasets import ARRAYS, Dataset, Examples, checked
from optilab.errors import InputError, at


@dataclass(frozen=True)
class DatasetFile:
    """A user's own .npz (x_train, y_train, and optionally x_test, y_test) or .csv.

    label: the .csv's column to predict.
    test_fraction, split_seed: which examples are kept for testing where the file has no test part.
    numbers: the labels are numbers to predict, even where they are whole; else whole numbers and words are classes.
    standardize: scale each input to mean 0 and deviation 1 over the training examples.
    """

    path: str
    label: str | None = None
    test_fraction: float = 0.2
    split_seed: int = 0
    standardize: bool = False
    numbers: bool = False

    def dataset(self, place: str = "") -> Dataset:
        """The file as a dataset; InputError if it can't be read."""
        path = Path(self.path).expanduser()
        if not 0 <= self.test_fraction < 1:
            raise InputError(f"{at(place)}test_fraction = {self.test_fraction} is out of range: accepted is [0, 1)")
        if path.suffix not in (".npz", ".csv"):
            raise InputError(f"{at(place)}{self.path!r} is neither a .npz nor a .csv file")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{at(place)}can't read the dataset {self.path!r}: {error.strerror}") from None
        options = [self.label, self.test_fraction, self.split_seed, self.standardize, self.numbers]
        digest = hashlib.sha256(content + json.dumps(options).encode()).hexdigest()
        return Dataset(path.stem, lambda: self._read(path, place), digest, f"The file {self.path}.")

    def _read(self, path: Path, place: str) -> Examples:
        read = _read_npz if path.suffix == ".npz" else self._read_csv
        try:
            arrays = read(path)
        except InputError as error:
            raise InputError(f"{at(place)}{error}") from None
        except Exception as error:  # whatever the readers raise for a damaged file
            raise InputError(f"{at(place)}{self.path!r} is not a readable {path.suffix} file: {error}") from error
        return self._prepared(arrays)

    def _read_csv(self, path: Path) -> dict[str, NDArray[Any]]:
        import pandas as pd

        table = pd.read_csv(path)
        if self.label is None:
            raise InputError(f"{self.path!r}: which column is to be predicted? Give it as label = ...")
        if self.label not in table:
            raise InputError(f"{self.path!r} has no column {self.label!r}; it has {', '.join(map(str, table))}")
        if not len(table):
            raise InputError(f"{self.path!r} is empty: it has columns and no rows")
        inputs = table.drop(columns=self.label)
        words = [str(c) for c in inputs if not pd.api.types.is_numeric_dtype(inputs[c])]
        if words:
            raise InputError(f"{self.path!r}: the column {words[0]!r} does not hold numbers")
        labels = table[self.label]
        if labels.isna().any():
            raise InputError(f"{self.path!r}: {self.label!r} is empty in row {int(np.argmax(labels.isna()))}")
        return {"x_train": inputs.to_numpy(np.float64), "y_train": labels.to_numpy()}

    def _prepared(self, arrays: dict[str, NDArray[Any]]) -> Examples:
        """Split, number the classes, standardize."""
        x, y = arrays["x_train"], arrays["y_train"]
        if len(x) != len(y):
            raise InputError(f"dataset {self.path!r}: x_train has {len(x)} examples, y_train has {len(y)}")
        if "x_test" in arrays:
            x_test, y_test = arrays["x_test"], arrays["y_test"]
        else:
            order = np.random.default_rng(self.split_seed).permutation(len(x))
            n_test = round(self.test_fraction * len(x))
            test, train = np.sort(order[:n_test]), np.sort(order[n_test:])
            x, y, x_test, y_test = x[train], y[train], x[test], y[test]
        classes = None
        if self.numbers:
            if not np.issubdtype(y.dtype, np.number):
                raise InputError(f"dataset {self.path!r}: numbers = true, but the labels are not numbers")
            y, y_test = y.astype(np.float64), y_test.astype(np.float64)
        elif not np.issubdtype(y.dtype, np.floating):
            y, y_test = _flat(y, self.path, "y_train"), _flat(y_test, self.path, "y_test")
            names = np.unique(y)
            strange = np.setdiff1d(y_test, names)
            if strange.size:
                raise InputError(
                    f"dataset {self.path!r}: the test label {strange[0].item()!r} is not among the training "
                    "labels; if the labels are numbers to predict, say numbers = true"
                )
            y, y_test = np.searchsorted(names, y), np.searchsorted(names, y_test)
            classes = tuple(str(n) for n in names)
        image = (x.shape[1], x.shape[2]) if x.ndim == 3 else None
        examples = checked(Examples(x, y, x_test, y_test, classes, image), self.path)
        if self.standardize:
            mean, deviation = examples.x_train.mean(axis=0), examples.x_train.std(axis=0)
            deviation = np.where(deviation == 0, 1, deviation)
            scaled = {part: (getattr(examples, part) - mean) / deviation for part in ("x_train", "x_test")}
            examples = replace(examples, **scaled)
        return examples


def _flat(y: NDArray[Any], path: str, name: str) -> NDArray[Any]:
    """One label an example."""
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    if y.ndim != 1:
        raise InputError(f"dataset {path!r}: {name} has shape {y.shape}; expected one label an example")
    return y


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name in ARRAYS}
        found = ", ".join(file.files)
    missing = [n for n in ("x_train", "y_train") if n not in arrays]
    if ("x_test" in arrays) != ("y_test" in arrays):
        missing += [n for n in ("x_test", "y_test") if n not in arrays]
    if missing:
        raise InputError(f"{str(path)!r} has no array {' and no '.join(missing)}; it has {found or 'none'}")
    return arrays
