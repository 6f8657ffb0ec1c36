"""Datasets in files, made up, and loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from optilab.datasets.examples import Examples
from optilab.datasets.given import given_dataset

Load = Callable[..., Examples]

PLAIN = "a,b,y\n1,2.5,u\n3,4.5,v\n5,6.5,u\n"
AS_NUMBERS = [[1, 2.5], [3, 4.5], [5, 6.5]]


def some_examples(n: int = 20, inputs: int = 3) -> dict[str, Any]:
    """Numbers and labels of three classes."""
    stream = np.random.default_rng(7)
    return {"x_train": stream.normal(size=(n, inputs)), "y_train": np.arange(n) % 3}


def npz(path: Path, **content: Any) -> str:
    """A .npz of these arrays, with those of `some_examples` where none are given."""
    np.savez(path, **{**some_examples(), **content})
    return str(path)


def csv(path: Path, *lines: str) -> str:
    """A .csv of these lines."""
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return str(path)


def loaded(path: str, **options: Any) -> Examples:
    """The examples in a file."""
    return given_dataset({"path": path, **options}).load()
