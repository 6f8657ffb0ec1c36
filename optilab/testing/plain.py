"""The update of a chain in plain Python: the generated text without compilation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from optilab.compiler.jit import jit_with_helpers as _jit_with_helpers
from optilab.kernels import gather, noise
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.update import update_text

_IMPORTS = (
    "from optilab.testing.plain import "
    "adding, bind, entry, evaluate_at, gather, jit_inside, jit_with_helpers, normal, scatter, signatures"
)

normal = noise.normal  # compiled: its integers wrap around, which Python's don't
gather, scatter = gather.gather.py_func, gather.scatter.py_func

Update = Callable[..., None]


def signatures(_precision: str) -> SimpleNamespace:
    """No types, since nothing is compiled."""
    return SimpleNamespace(update=None, evaluate=None)


def evaluate_at(address: Any, _w: object) -> Any:
    """The function at an address."""
    return address.of


def entry(_signature: object, **_options: Any) -> Callable[[Update], Update]:
    """The function as it is."""
    return lambda function: function


def jit_inside(function: Any, **_options: Any) -> Any:
    """The function as it is."""
    return function


def jit_with_helpers(function: FunctionType, words: Mapping[str, int], _kinds: None, **_options: Any) -> Any:
    """The function as it is, with numbers for words, as compiled code has them."""
    return _jit_with_helpers(function, words, compiled=jit_inside)


def bind(evaluate: Any, rows: Any, context: Any) -> Callable[..., float]:
    """`evaluate` on these rows, as rules call it."""
    return lambda w, g: float(evaluate(w, g, rows, context))


def adding(function: Callable[..., float], evaluation: Callable[..., float], held: Any) -> Callable[..., float]:
    """The evaluation with what the function adds."""
    return lambda w, g: function(w, g, evaluation(w, g), held)


class _Record(dict[str, int]):
    """A row of the layer table."""

    __getattr__ = dict.__getitem__


class _Layers:
    """A layer table whose records have their fields as attributes; a NumPy record's own `size` would hide the field."""

    def __init__(self, layers: Any) -> None:
        self._layers = layers
        self.size = len(layers)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _Layers(self._layers[key])
        record = self._layers[key]
        return record if isinstance(key, str) else _Record({name: int(record[name]) for name in record.dtype.names})

    @property
    def shape(self) -> tuple[int]:
        """As of an array."""
        return (self.size,)

    def __len__(self) -> int:
        return self.size


def plain_update(optimizer: Optimizer) -> Update:
    """The update of `optimizer` in float64, to be used in place of the compiled one."""
    namespace: dict[str, Any] = {"rules": tuple(rule.function for rule in optimizer.rules)}
    text = update_text(optimizer, "float64", imports=_IMPORTS)
    exec(compile(text, f"<{optimizer.name} in plain Python>", "exec"), namespace)  # noqa: S102 optilab generates it

    def update(
        w: Any, g: Any, t: float, cost: float, numbers: Any, state: Any, scalars: Any, layers: Any, *rest: Any
    ) -> None:
        with np.errstate(all="ignore"):  # a division by zero is inf or nan, as in compiled code
            namespace["update"](w, g, t, cost, numbers, state, scalars, _Layers(layers), *rest)

    return update
