"""Networks on examples in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import Examples, Sparse
from optilab.problems.network import Network
from optilab.problems.network_parameters import NetworkParameters
from optilab.problems.problem import Precision


@dataclass(frozen=True)
class InMemory(Dataset):
    """Examples that need no file."""

    def load(self) -> Examples:
        return self.read()


def make_network(examples: Examples, dtype: Precision = "float64", **parameters: Any) -> Network:
    """A network on these examples."""
    data = InMemory("examples", lambda: examples, "0")
    return Network(NetworkParameters(dataset="examples", **parameters), data, dtype)


def make_examples(x: NDArray[Any], y: NDArray[Any], classes: int = 0, sparse: bool = False) -> Examples:
    """Training examples, of so many classes where y are classes."""
    names = tuple(map(str, range(classes))) or None
    nothing = x[:0].copy(), y[:0].copy()
    return Examples(x, y, *nothing, classes=names, sparse_train=Sparse.of(x) if sparse else None)
