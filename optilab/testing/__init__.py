"""The conformance kit: properties that every optimizer must have, for `optilab check` and for a plugin's own tests.

In a test module of a plugin:

    from optilab.testing import OptimizerContract
    from my_package.my_module import my_rule

    class TestMyRule(OptimizerContract):
        optimizer = my_rule

`walks` and `bowls` are the Hypothesis strategies behind it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optilab.testing.contract import OptimizerContract
    from optilab.testing.kit import check
    from optilab.testing.speed import nanoseconds_a_weight
    from optilab.testing.strategies import Bowl, Walk, bowls, walks
    from optilab.testing.verdicts import Verdict

_HOME = {
    "Bowl": "strategies",
    "OptimizerContract": "contract",
    "Verdict": "verdicts",
    "Walk": "strategies",
    "bowls": "strategies",
    "check": "kit",
    "nanoseconds_a_weight": "speed",
    "walks": "strategies",
}

__all__ = [
    "Bowl",
    "OptimizerContract",
    "Verdict",
    "Walk",
    "bowls",
    "check",
    "nanoseconds_a_weight",
    "walks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'optilab.testing' has no attribute {name!r}")
    return getattr(import_module(f"optilab.testing.{_HOME[name]}"), name)
