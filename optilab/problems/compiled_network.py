"""The compiled functions of networks, the same for all of a precision. The compiler is loaded only where one is asked for."""

from __future__ import annotations

from typing import Any

from optilab.problems.problem import Precision

# Two modules, for two processes to compile them at the same time: the second is what takes longest.
_MODULES = ("network", "block")


def _kernels(module: str) -> dict[str, Any]:
    from optilab.kernels import blocks, dense

    found = {"network": (dense.prepare, blocks.evaluate, blocks.evaluate_members), "block": (dense.block_cost,)}
    return {kernel.py_func.__name__: kernel for kernel in found[module]}


def compiled_network(precision: Precision) -> Any:
    """A module with `evaluate` and `evaluate_members`, and with `prepare`, which both call by its address."""
    from optilab.compiler import modules

    return modules.entries("network", precision, **_kernels("network"))


def compiled_block(precision: Precision) -> Any:
    """A module with `block_cost`, the cost and gradient of a block of examples, which both call by its address."""
    from optilab.compiler import modules

    return modules.entries("block", precision, **_kernels("block"))


def is_compiled(precision: Precision) -> bool:
    """Whether both are compiled, here or in the cache."""
    from optilab.compiler import modules

    return all(modules.is_kept(module, precision, **_kernels(module)) for module in _MODULES)


def network_code() -> str:
    """Digest of their code."""
    from optilab.compiler import modules

    kernels = {name: kernel for module in _MODULES for name, kernel in _kernels(module).items()}
    return modules.code_of(modules.entries_text("float64", **kernels))
