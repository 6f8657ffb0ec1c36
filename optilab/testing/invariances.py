"""The invariances that a rule may claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from optilab.testing.examples import try_on
from optilab.testing.strategies import Walk, walks
from optilab.testing.subject import NotAsked, Subject, ViolationError, difference


def keeps_its_claims(subject: Subject) -> str:
    """Keeps the invariances that it claims."""
    first, *others = (rule.claims for rule in subject.optimizer.rules)
    claims = [claim for claim in first if all(claim in other for other in others)]  # a chain, what all its rules claim
    if not claims:
        return NotAsked("it claims none")
    if subject.evaluates:
        return NotAsked("its gradients are its own")
    for claim in claims:
        strategy = walks(shapes=(((3,),), ((1,),), ((5,),)) if claim == "rotation" else subject.shapes)
        try_on(st.tuples(strategy, st.integers(0, 10)), _CLAIMS[claim](subject), subject.examples)
    return ", ".join(claims)


def _gradient_scale(subject: Subject) -> Callable[[Any], None]:
    def check(drawn: tuple[Walk, int]) -> None:
        walk, number = drawn
        factor = [0.5, 2.0, 3.0, 1e-4, 1e4, 0.1, 10.0, 7.0, 0.3, 1e-3, 1e3][number]
        scaled = Walk(walk.shapes, walk.w, walk.gradients * factor, walk.costs)
        _same(subject.walk(walk), subject.walk(scaled), f"with all gradients times {factor:g}", walk)

    return check


def _rotation(subject: Subject) -> Callable[[Any], None]:
    def check(drawn: tuple[Walk, int]) -> None:
        walk, seed = drawn
        turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(walk.w.size,) * 2))[0]
        turned = Walk(walk.shapes, walk.w @ turn, walk.gradients @ turn, walk.costs)
        _same(subject.walk(walk) @ turn, subject.walk(turned), "turned after and before", walk)

    return check


def _sign_flips(subject: Subject) -> Callable[[Any], None]:
    def check(drawn: tuple[Walk, int]) -> None:
        walk, seed = drawn
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], walk.w.size)
        flipped = Walk(walk.shapes, walk.w * signs, walk.gradients * signs, walk.costs)
        _same(subject.walk(walk) * signs, subject.walk(flipped), "flipped after and before", walk)

    return check


def _translation(subject: Subject) -> Callable[[Any], None]:
    def check(drawn: tuple[Walk, int]) -> None:
        walk, number = drawn
        moved = Walk(walk.shapes, walk.w + number, walk.gradients, walk.costs)
        _same(subject.walk(walk) + number, subject.walk(moved), f"moved by {number} after and before", walk)

    return check


_CLAIMS = {
    "gradient scale": _gradient_scale,
    "rotation": _rotation,
    "sign flips": _sign_flips,
    "translation": _translation,
}


def _same(one: Any, other: Any, what: str, walk: Walk) -> None:
    if found := difference(one, other, 1e-7):
        raise ViolationError(f"{found}, {what}, from {walk}")
