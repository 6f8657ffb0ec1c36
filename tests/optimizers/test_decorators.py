"""The decorators that make an optimizer of a function."""

from __future__ import annotations

import pytest

from optilab import InputError, elementwise, vectorwise


def test_a_decorated_rule_is_an_optimizer() -> None:
    """Decorating gives an optimizer of one rule, by the function's name, with its defaults and docstring."""

    def falls(w, g, m, t, lr, beta=0.5, decoupled=True):
        """Fall."""
        m = beta * m + g
        w -= lr * m
        return w, m

    optimizer = elementwise(lr=0.25, ranges={"beta": "[0, 1)"})(falls)
    assert optimizer.name == "falls"
    assert optimizer.documentation == "Fall."
    assert optimizer.fill({}) == {"lr": 0.25, "beta": 0.5, "decoupled": True}
    assert list(optimizer.rules[0].states) == ["m"]
    assert optimizer.rules[0].changes == ("w", "m")


def test_decorator_without_parentheses_is_explained() -> None:
    """@elementwise alone says how it is written."""

    def bare(w, g):
        w -= g
        return w

    with pytest.raises(InputError, match=r"parentheses: @elementwise\(\)"):
        elementwise(bare)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"parentheses: @vectorwise\(\)"):
        vectorwise(bare)  # type: ignore[arg-type]
