"""Calls between compiled functions, and from Python: by address, so that one training loop serves every rule and problem.

Numba's own way to pass a compiled function looks up what it has compiled in every call, in 50 microseconds. An address with
C's calling convention, as in Numba's documented protocol, loses exceptions: they are printed, and the caller goes on. Here the
address is that of the function with Numba's own calling convention, which passes an exception on to the caller.
"""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from optilab.compiler.types import signatures


class Address(int):
    """The address of a compiled function: a number for compiled code. It keeps the function in memory.

    of: the function.
    """

    of: Any


def address_of(dispatcher: Any) -> Address:
    """The address of the single version of an `entry`."""
    (compiled,) = dispatcher.overloads.values()
    address = Address(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))
    address.of = dispatcher
    return address


def _called_at(address: Any, w: Any, name: str) -> Any:
    """How compiled code turns an `Address` into a function with the signature `name` of `Signatures`, in w's precision."""
    kind = types.FunctionType(getattr(signatures(str(w.dtype)), name))

    def build(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        function = cgutils.create_struct_proxy(kind)(context, builder)
        function.jit_addr = builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))
        return function._getvalue()

    return kind(types.int64, w), build


def _at(name: str) -> Any:
    @intrinsic
    def called(typing_context, address, w):
        """The function at an address, for compiled code; in the precision of w."""
        return _called_at(address, w, name)

    return called


evaluate_at, update_at, evaluate_members_at = _at("evaluate"), _at("update"), _at("evaluate_members")
prepare_at, block_cost_at = _at("prepare"), _at("block_cost")
step_in_parts_at = _at("step_in_parts")


def direct(dispatcher: Any) -> Any:
    """The single version of an `entry`, called without a check of its arguments' types: a wrong one crashes the process.

    For the calls between two measurements, of which a short run makes thousands.
    """
    (compiled,) = dispatcher.overloads.values()
    return compiled.entry_point
