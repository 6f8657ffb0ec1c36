"""The compiled functions of networks, the same for all of a precision. The compiler is loaded only where one is asked for."""

from __future__ import annotations

from typing import Any

from optilab.problems.problem import Precision


def _kernels() -> dict[str, Any]:
    from optilab.kernels import dense

    names = ("prepare", "block_cost", "evaluate", "evaluate_members")
    return {name: getattr(dense, name) for name in names}


def compiled_network(precision: Precision) -> Any:
    """A module with `evaluate` and `evaluate_members`, and with `prepare` and `block_cost`, which both call by their addresses."""
    from optilab.compiler import modules

    return modules.entries("network", precision, **_kernels())


def is_compiled(precision: Precision) -> bool:
    """Whether it is compiled, here or in the cache."""
    from optilab.compiler import modules

    return modules.is_kept("network", precision, **_kernels())


def network_code() -> str:
    """Digest of its code."""
    from optilab.compiler import modules

    return modules.code_of(modules.entries_text("float64", **_kernels()))
