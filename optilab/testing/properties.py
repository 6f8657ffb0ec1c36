"""Properties that every optimizer must have. Each check raises a ViolationError, with the smallest example that fails."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import numpy as np
from hypothesis import reject

from optilab.optimizers.update import compile_update
from optilab.testing.examples import try_on, try_on_any
from optilab.testing.invariances import keeps_its_claims
from optilab.testing.strategies import Bowl, Walk, bowls, walks
from optilab.testing.subject import NotAsked, Subject, ViolationError, difference

Property = Callable[[Subject], str]


def compiles(subject: Subject) -> str:
    """Compiles in float32 and float64."""
    for precision in ("float32", "float64"):
        compile_update(subject.chain, precision)
    return ""


def stands_still(subject: Subject) -> str:
    """With lr = 0 it stands still."""
    if not any("lr" in rule.parameters for rule in subject.optimizer.rules):
        return NotAsked("it doesn't ask for lr")

    def check(course: Walk | Bowl) -> None:
        stepper = subject.start(course)
        stepper.hyperparameters.update(dict.fromkeys(_rates(subject), 0.0))
        path = subject.follow(stepper, course)
        if found := difference(np.broadcast_to(course.w, path.shape), path, 0):
            raise ViolationError(f"{found} (before and after), from {course}")

    try_on_any(subject, check)
    return ""


def deterministic(subject: Subject) -> str:
    """The same steps, bit for bit, when it is run again."""

    def check(course: Walk | Bowl) -> None:
        if found := difference(subject.walk(course), subject.walk(course), 0):
            raise ViolationError(f"{found} in two runs, from {course}")

    try_on_any(subject, check)
    return ""


def keeps_the_layer_table(subject: Subject) -> str:
    """Leaves the layer table as it is."""

    def check(course: Walk | Bowl) -> None:
        stepper = subject.start(course)
        layers = stepper._layout.layers
        before = layers.copy()
        subject.follow(stepper, course)
        if (layers != before).any():
            changed = [name for name in layers.dtype.names or () if (layers[name] != before[name]).any()]
            raise ViolationError(f"it writes to {', '.join(changed)} of the layer table, from {course}")

    try_on_any(subject, check)
    return ""


def resumes(subject: Subject) -> str:
    """Goes on from a saved state, bit for bit, as if it had never stopped."""

    def check(course: Walk | Bowl) -> None:
        whole = subject.walk(course)
        for stop in (1, 3):
            stepper, later = subject.start(course), subject.start(course)
            begun = subject.follow(stepper, course, 0, stop)
            later.resume(stepper.save())
            path = np.concatenate([begun, subject.follow(later, course, stop)])
            if found := difference(whole, path, 0):
                raise ViolationError(f"{found} when it is stopped after step {stop} and resumed, from {course}")

    try_on_any(subject, check)
    return ""


def descends(subject: Subject) -> str:
    """With a small enough step it descends on convex quadratics."""
    is_link = subject.chain is not subject.optimizer  # which may take every step back
    usual = _rates(subject)

    def check(bowl: Bowl) -> None:
        problem = bowl.problem
        begin = problem.cost(subject.start(bowl).evaluation_point)
        tried = []
        for factor in [1.0, 0.1, 0.01, 10.0, 1e-3, 100.0, 1e-4] if usual else [1.0]:
            stepper = subject.start(bowl)
            stepper.hyperparameters.update({n: v * factor for n, v in usual.items()})
            subject.follow(stepper, bowl, 0, 200)
            end = problem.cost(stepper.evaluation_point)
            if end < begin or (is_link and end == begin):
                return
            tried.append(f"{end:.3g}")
        raise ViolationError(
            f"the cost is {begin:.3g} at first, and {', '.join(tried)} after 200 steps at any lr, on {bowl}"
        )

    try_on(bowls(), check, min(subject.examples, 10), shrink=False)
    return ""


def equals_plain_python(subject: Subject) -> str:
    """Does what its source does in plain Python."""

    def check(course: Walk | Bowl) -> None:
        try:
            expected = subject.walk(course, subject.plain)
        except (ValueError, ZeroDivisionError, OverflowError):  # where compiled code has nan or inf
            reject()
        if found := difference(subject.walk(course), expected, 1e-7):
            raise ViolationError(f"{found}, compiled and in plain Python, from {course}")

    try_on_any(subject, check)
    return ""


def stays_in_bounds(subject: Subject) -> str:
    """Reads and writes no array out of its bounds."""

    def check(course: Walk | Bowl) -> None:
        try:
            subject.walk(course, subject.checked)
        except IndexError:
            raise ViolationError(f"an index is out of bounds{_line(subject, course)}, from {course}") from None

    try_on_any(subject, check)
    return ""


def counts_evaluations(subject: Subject) -> str:
    """Every gradient that it evaluates is counted."""
    if not subject.evaluates:
        return NotAsked("it evaluates no gradients itself")

    def check(bowl: Bowl) -> None:
        if bowl.condition < 3:
            reject()  # a search that has found the minimum goes by rounding, which differs in plain Python
        compiled, plain = subject.start(bowl), subject.start(bowl, subject.plain)
        subject.follow(compiled, bowl, 0, 3)
        subject.follow(plain, bowl, 0, 3)
        if compiled.gradient_evaluations != plain.gradient_evaluations:
            raise ViolationError(
                f"{compiled.gradient_evaluations} counted, {plain.gradient_evaluations} made, on {bowl}"
            )

    try_on(bowls(), check, min(subject.examples, 10))
    stepper = subject.start(_some_bowl())
    subject.follow(stepper, _some_bowl(), 0, 10)
    return f"{stepper.gradient_evaluations / 10:g} a step"


def shows_nan(subject: Subject) -> str:
    """A gradient of NaN is not silently absorbed. Weights show it, or a number among the states, or they stand still."""
    if subject.evaluates:
        return NotAsked("its gradients are its own")

    def check(walk: Walk) -> None:
        walk.gradients[0, 0] = 0
        clean, stepper = subject.start(walk), subject.start(walk)
        subject.follow(clean, walk)
        walk.gradients[0, 0] = np.nan
        path = subject.follow(stepper, walk)
        told = not np.array_equal(clean.save()["scalars"], stepper.save()["scalars"], equal_nan=True)
        if np.isfinite(path).all() and (path != walk.w).any() and not told:
            raise ViolationError(f"the weights go on as if nothing were wrong, to {path[-1].tolist()}, from {walk}")

    try_on(walks(at_least=3, shapes=subject.shapes), check, min(subject.examples, 20))
    return ""


def hears_every_gradient(subject: Subject) -> str:
    """Every weight hears its own gradient."""
    if subject.evaluates:
        return NotAsked("its gradients are its own")
    if subject.chain is not subject.optimizer:
        return NotAsked("a link may keep steps back")

    def check(walk: Walk) -> None:
        for alone in range(walk.w.size):
            only = np.zeros((12, walk.w.size))
            only[:, alone] = 1.0
            path = subject.follow(subject.start(walk), Walk(walk.shapes, walk.w, only, np.ones(12)), 0, 12)
            if (path[:, alone] == walk.w[alone]).all():
                raise ViolationError(f"weight {alone} stays where it is though it alone has a gradient, from {walk}")

    try_on(walks(shapes=subject.shapes), check, min(subject.examples, 5))
    return ""


def _rates(subject: Subject) -> dict[str, float]:
    """Every lr of the chain, by the name that it has among the hyperparameters."""
    return {n: v for n, v in subject.hyperparameters.items() if n.rpartition(".")[2] == "lr"}


def _line(subject: Subject, course: Walk | Bowl) -> str:
    """The line of the rule that plain Python finds at fault."""
    files = {rule.function.__code__.co_filename for rule in subject.optimizer.rules}
    try:
        subject.walk(course, subject.plain)
    except IndexError as error:
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename in files:
                return f" in line {frame.lineno} of {frame.filename}: {frame.line}"
    return ""


def _some_bowl() -> Bowl:
    return Bowl(10.0, 0.25, np.arange(1, 27) / 13)


PROPERTIES: dict[str, Property] = {
    (found.__doc__ or "").partition(".")[0]: found
    for found in (
        compiles,
        stays_in_bounds,
        stands_still,
        deterministic,
        keeps_the_layer_table,
        resumes,
        descends,
        equals_plain_python,
        counts_evaluations,
        shows_nan,
        hears_every_gradient,
        keeps_its_claims,
    )
}
