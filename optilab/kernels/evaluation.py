"""`value_and_grad(w, g)` as update rules see it: the problem's compiled function with its batch already filled in.

Numba has no closures that live at run time, so this is a small Numba type of its own: a struct of the function, the
rows of the batch and the context, which compiled code can pass around and call.
"""

from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.core.typing.templates import signature
from numba.extending import intrinsic, lower_builtin, make_attribute_wrapper, models, register_model


class Evaluation(types.Callable):
    """Numba type of a function of (w, g), bound to the rows it is evaluated on."""

    def __init__(self, function, rows, context):
        self.function, self.rows, self.context = function, rows, context
        super().__init__(name=f"Evaluation({function}, {rows}, {context})")

    def get_call_type(self, context, args, kws):
        """The signature of a call, (w, g) -> cost. TypingError, as Numba reports it, for other arguments."""
        if len(args) != 2 or kws:
            raise TypingError("value_and_grad takes two arguments: value_and_grad(w, g)")
        precision = self.function.signature.args[0].dtype
        if any(getattr(arg, "dtype", None) != precision for arg in args):
            found = " and ".join(map(str, args))
            raise TypingError(f"value_and_grad takes vectors of {precision}, as np.zeros_like(w) makes; found {found}")
        return signature(types.float64, *args, recvr=self)

    def get_call_signatures(self):
        """Not enumerable: any two vectors of the right precision."""
        return (), True

    def get_impl_key(self, sig):
        """One implementation for all instances of the type."""
        return Evaluation


@register_model(Evaluation)
class _EvaluationModel(models.StructModel):
    def __init__(self, manager, evaluation):
        members = [("function", evaluation.function), ("rows", evaluation.rows), ("context", evaluation.context)]
        super().__init__(manager, evaluation, members)


for _member in ("function", "rows", "context"):
    make_attribute_wrapper(Evaluation, _member, _member)


@intrinsic
def bind(typing_context, function, rows, context):
    """Evaluation of `function` on `rows`: called with (w, g), it fills g and returns the cost."""
    evaluation = Evaluation(function, rows, context)

    def build(codegen_context, builder, sig, args):
        struct = cgutils.create_struct_proxy(evaluation)(codegen_context, builder)
        struct.function, struct.rows, struct.context = args
        for kind, value in zip(sig.args, args, strict=True):
            codegen_context.nrt.incref(builder, kind, value)
        return struct._getvalue()

    return evaluation(function, rows, context), build


@lower_builtin(Evaluation, Evaluation, types.Array, types.Array)
def _call(codegen_context, builder, sig, args):
    def call(evaluation, w, g):
        return evaluation.function(w, g, evaluation.rows, evaluation.context)

    return codegen_context.compile_internal(builder, call, sig, args)


class Sum(types.Callable):
    """Numba type of an evaluation and a compiled function of (w, g, cost, held) that adds to it."""

    def __init__(self, function, evaluation, held):
        self.function, self.evaluation, self.held = function, evaluation, held
        super().__init__(name=f"Sum({function}, {evaluation}, {held})")

    def get_call_type(self, context, args, kws):
        """As for the evaluation."""
        self.evaluation.get_call_type(context, args, kws)
        return signature(types.float64, *args, recvr=self)

    def get_call_signatures(self):
        """Not enumerable, as for the evaluation."""
        return (), True

    def get_impl_key(self, sig):
        """One implementation for all instances of the type."""
        return Sum


@register_model(Sum)
class _SumModel(models.StructModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, [("evaluation", kind.evaluation), ("held", kind.held)])


for _member in ("evaluation", "held"):
    make_attribute_wrapper(Sum, _member, _member)


@intrinsic
def adding(typing_context, function, evaluation, held):
    """The evaluation with what `function(w, g, cost, held)` adds to g and to the cost, which it returns."""
    kind = Sum(function, evaluation, held)

    def build(codegen_context, builder, sig, args):
        struct = cgutils.create_struct_proxy(kind)(codegen_context, builder)
        _, struct.evaluation, struct.held = args
        for part, value in zip(sig.args[1:], args[1:], strict=True):
            codegen_context.nrt.incref(builder, part, value)
        return struct._getvalue()

    return kind(function, evaluation, held), build


@lower_builtin(Sum, Sum, types.Array, types.Array)
def _call_sum(codegen_context, builder, sig, args):
    function = sig.args[0].function.dispatcher

    def call(total, w, g):
        cost = total.evaluation(w, g)
        return function(w, g, cost, total.held)

    return codegen_context.compile_internal(builder, call, sig, args)
