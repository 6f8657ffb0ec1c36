"""The compiled functions of networks, the same for all of a precision. The compiler is loaded only where one is asked for."""

from __future__ import annotations

from typing import Any

from optilab.problems.problem import Precision

# What all networks need is in two modules, for two processes to compile them at the same time: the second is what takes longest.
_MODULES = ("network", "block")


def _kernels(module: str) -> dict[str, Any]:
    from optilab.kernels import blocks, dense, parts

    found = {
        "network": (dense.prepare, blocks.evaluate, blocks.evaluate_members),
        "block": (dense.block_cost,),
        "parts": (parts.step_in_parts,),
    }
    return {kernel.py_func.__name__: kernel for kernel in found[module]}


def compiled_network(precision: Precision) -> Any:
    """A module with `evaluate` and `evaluate_members`, and with `prepare`, which both call by its address."""
    from optilab.compiler import modules

    return modules.entries("network", precision, **_kernels("network"))


def compiled_block(precision: Precision) -> Any:
    """A module with `block_cost`, the cost and gradient of a block of examples, which both call by its address."""
    from optilab.compiler import modules

    return modules.entries("block", precision, **_kernels("block"))


def compiled_parts(precision: Precision) -> Any:
    """A module with `step_in_parts`, which only networks with a wide first layer need."""
    from optilab.compiler import modules

    return modules.entries("parts", precision, **_kernels("parts"))


def is_compiled(precision: Precision) -> bool:
    """Whether what all networks need is compiled, here or in the cache."""
    from optilab.compiler import modules

    return all(modules.is_kept(module, precision, **_kernels(module)) for module in _MODULES)


def network_code() -> str:
    """Digest of the code of all three modules."""
    from optilab.compiler import modules

    kernels = {name: kernel for module in (*_MODULES, "parts") for name, kernel in _kernels(module).items()}
    return modules.code_of(modules.entries_text("float64", **kernels))
