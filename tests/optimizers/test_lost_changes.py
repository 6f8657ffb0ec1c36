"""Ways of writing a rule by which a change would be lost are refused, with what to write in their place."""

from __future__ import annotations

from typing import Any

import pytest

from optilab import InputError, elementwise, scalar, vectorwise


def test_vectorwise_rule_that_rebinds_an_array_is_refused() -> None:
    """`w = w - lr * g` would change a new array and leave the weights as they are; `w -= lr * g` is what it means."""

    def rebound(w, g, lr):
        w = w - lr * g

    def lost_state(w, g, m, lr):
        m = 0.9 * m + g
        w -= lr * m

    with pytest.raises(InputError, match=r"rebound: 'w = w - lr \* g' gives the name w to another array.* w\[:\] = "):
        vectorwise(lr=0.1)(rebound)
    with pytest.raises(InputError, match=r"lost_state: .* gives the name m to another array"):
        vectorwise(lr=0.1)(lost_state)


def test_ways_of_writing_a_rule_that_keep_nothing() -> None:
    """What would be lost without a word is told when the rule is declared, with what to write in its place."""

    def counts(w, g, k):
        k += 1
        w[:] = g

    def annotated(w, g, m):
        m: object = 0.9 * m + g  # type: ignore[no-redef]
        w -= m

    def loops(w, g):
        for w in (g,):  # noqa: PLR1704
            w += 1  # noqa: PLW2901

    def falls_through(w, g):  # noqa: RET503
        if g > 0:
            w -= g
            return w

    def skips(w, g, skip):
        skip += g
        return w, skip

    def starred(w, *rest):
        w -= 1
        return w

    def labelled(w, g, label=1.0):
        w -= label * g
        return w

    def inner(w, g):
        def double(x):
            return 2 * x

        w -= double(g)
        return w

    def chooses(w, g, beta=0.5, mode="raw"):
        w -= beta * g if mode == "rav" else g
        return w

    def forgets(w, g, m):
        m += g
        w -= m

    def near(w, g, layer):
        w -= g * layer
        return w

    def switched(w, g, nesterov=False):
        if nesterov:
            w -= g
            return w
        return w

    number = vectorwise(states={"k": scalar()})
    words = elementwise(ranges={"mode": "{raw, corrected}"})
    refused: list[tuple[Any, Any, str]] = [
        (number, counts, "it changes 'k', a number, and doesn't return it"),
        (vectorwise(), annotated, "'m = ...' gives the name m to another array"),
        (vectorwise(), loops, "'w = ...' gives the name w to another array"),
        (elementwise(), falls_through, "it doesn't return in every case; end it with 'return w'"),
        (elementwise(), skips, "no argument can be called 'skip'"),
        (elementwise(), starred, "a rule's arguments are plain names"),
        (elementwise(), labelled, "a hyperparameter can't be called 'label'"),
        (elementwise(), forgets, "it returns nothing; return by name what the rule changed"),
        (elementwise(), near, "unknown name 'layer': did you mean 'layers'"),
        (words, chooses, "unknown word that mode is compared with 'rav': did you mean 'raw'"),
        (elementwise(ranges={"nesterov": "[0, 1]"}), switched, "nesterov is a switch, true or false, and has no range"),
    ]
    for decorate, function, message in refused:
        with pytest.raises(InputError, match=message):
            decorate(function)
    assert elementwise()(inner).rules[0].changes == ("w",)
