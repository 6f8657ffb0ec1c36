"""Declarations of rules: what a function may ask for and return, and what its author may say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from optilab import InputError, elementwise, per_weight, scalar, vectorwise


def declare(decorator: Callable[..., Any], function: Callable[..., Any], **declared: Any) -> Callable[[], Any]:
    """The decorating, put off until a test expects its error."""
    return lambda: decorator(**declared)(function)


def asks_for_layers(w, g, layers):
    """The layer table is for vectorwise rules."""
    w -= g
    return w


def asks_for_the_problem(w, g, value_and_grad):
    """So is the gradient elsewhere."""
    w -= g
    return w


def asks_for_all_examples(w, g, full_value_and_grad):
    """And that over all examples."""
    w -= g
    return w


def returns_an_expression(w, g, lr):
    """What changed has no name."""
    return w - lr * g


def returns_an_expression_among_names(w, g, m):
    """One of two has no name."""
    m = m + g
    return w - m, m


def returns_nothing(w, g, lr):
    """Changes its own copy of w."""
    w -= lr * g


def returns_none(w, g, lr):
    """Returns, but no name."""
    w -= lr * g


def keeps_a_state(w, g, m, lr):
    """Forgets m."""
    m = 0.9 * m + g
    w -= lr * m
    return w


def plain(w, g, lr):
    """Gradient descent."""
    w -= lr * g
    return w


def without_lr(w, g):
    """Steps of a fixed length."""
    w -= g
    return w


def returns_twice(w, g):
    """Says w twice."""
    w -= g
    return w, w


def returns_what_it_was_not_given(w, g):
    """Its m is its own, not an argument."""
    m = g
    w -= m
    return w, m


def returns_a_hyperparameter(w, g, lr):
    """Hyperparameters are not for rules to change."""
    lr = 2 * lr
    w -= lr * g
    return w, lr


def returns_the_step(w, g, t):
    """Nor is the number of the step."""
    t = t + 1
    w -= g
    return w, t


def returns_differently(w, g, m):
    """Its two returns disagree."""
    if g > 0:
        m = g
        return w, m
    return m, w


def vector_returned(w, g, lr):
    """The arrays of a vectorwise rule are changed in place."""
    for i in range(w.size):
        w[i] -= lr * g[i]
    return w


def with_beta(w, g, m, lr, beta=0.9):
    """Momentum with another name."""
    m = beta * m + g
    w -= lr * m
    return w, m


def takes_a_default_t(w, g, t=3):
    """The step is given, and has no default."""
    w -= g / t
    return w


def asks_for_nothing(w, g, idle):
    """Has a state that it doesn't look at."""
    w[:] -= g


def remembers_copies(w, g, m, memory=2.5, count=3):
    """Keeps several gradients."""
    m[0] = g
    w[:] -= m[0]


def one_number(w, g, s):
    """Keeps a number."""
    s = s + 1
    w[:] -= s * g
    return s


def keeps_average(w, g, x):
    """Keeps an average."""
    x = 0.5 * (x + w)
    w -= g
    return w, x


def copies(number: Any, **more: Any) -> Callable[[], Any]:
    """The rule `remembers_copies`, declared with so many copies."""
    return declare(vectorwise, remembers_copies, states={"m": per_weight(copies=number)}, **more)


REFUSED = [
    (declare(elementwise, takes_a_default_t), "takes_a_default_t: t is given to the rule, and can't have a default"),
    (declare(vectorwise, asks_for_nothing), "state 'idle' is never used; take it out of the rule's arguments"),
    (copies(0), "state 'm' has 0 copies; it needs one at least"),
    (copies("memory"), "state 'm' has 'memory' copies; that must be a hyperparameter in whole numbers from 1"),
    (copies("other"), "state 'm' has 'other' copies; that must be a hyperparameter in whole numbers from 1"),
    (copies("count", ranges={"count": "{0, 1, ...}"}), "state 'm' has 'count' copies; that must be a hyperparameter"),
    (
        declare(vectorwise, one_number, states={"s": scalar("w")}),
        "state 's' can't start as a copy of w: it hasn't one value a weight",
    ),
    (
        declare(elementwise, keeps_average, evaluate_at="x"),
        "evaluate_at = 'x' must be one of its states that starts as a copy of the weights",
    ),
    (declare(elementwise, keeps_average, evaluate_at="y"), "evaluate_at = 'y' must be one of its states"),
    (declare(elementwise, plain, link="beside"), "link = 'beside': accepted is 'before' or 'after'"),
    (declare(elementwise, with_beta, ranges={"beta": "{1, 3, ...}"}), "'{1, 3, ...}' is not a range of whole numbers"),
    (lambda: elementwise(plain), "write the decorator with parentheses: @elementwise"),  # type: ignore[arg-type]
    (lambda: vectorwise(plain), "write the decorator with parentheses: @vectorwise"),  # type: ignore[arg-type]
    (declare(elementwise, asks_for_layers), "asks_for_layers: an elementwise rule can't ask for layers; make it @vect"),
    (declare(elementwise, asks_for_the_problem), "an elementwise rule can't ask for value_and_grad; make it @vectorw"),
    (declare(elementwise, asks_for_all_examples), "an elementwise rule can't ask for full_value_and_grad"),
    (
        declare(elementwise, returns_an_expression),
        r"returns_an_expression: it returns 'w - lr \* g'; return by name what the rule changed, as in 'return w, m'",
    ),
    (declare(elementwise, returns_an_expression_among_names), r"it returns '\(?w - m, m\)?'; return by name"),
    (
        declare(elementwise, returns_nothing),
        "returns_nothing: it returns nothing; return by name what the rule changed",
    ),
    (declare(elementwise, returns_none), "returns_none: it returns nothing; return by name"),
    (declare(elementwise, keeps_a_state), "keeps_a_state: state 'm' stays zero, because the rule never returns it"),
    (declare(elementwise, without_lr, lr=0.1), "without_lr: lr = 0.1 is declared, but the rule doesn't ask for lr"),
    (declare(elementwise, returns_twice), "returns_twice: it returns a name twice: w, w"),
    (
        declare(elementwise, returns_what_it_was_not_given),
        "returns_what_it_was_not_given: it returns 'm'; what it can return is w, g",
    ),
    (declare(elementwise, returns_a_hyperparameter), "it returns 'lr'; what it can return is w, g"),
    (declare(elementwise, returns_the_step), "it returns 't'; what it can return is w, g"),
    (declare(elementwise, returns_differently), r"its return statements differ: \[\('m', 'w'\), \('w', 'm'\)\]"),
    (
        declare(elementwise, with_beta, ranges={"bata": "[0, 1)"}),
        "unknown parameter in the ranges of the rule 'bata': did you mean 'beta'",
    ),
    (declare(elementwise, with_beta, ranges={"beta": "0 to 1"}), "'0 to 1' is not an interval; write one like"),
    (declare(elementwise, with_beta, ranges={"beta": "[0, one)"}), r"'\[0, one\)' is not an interval"),
    (
        declare(elementwise, plain, states={"m": per_weight(1.0)}),
        "plain: state 'm' is declared, but the rule doesn't ask for it",
    ),
    (declare(vectorwise, vector_returned), "vector_returned: it returns 'w'; what it can return is skip"),
    (
        declare(elementwise, eval("lambda w: w")),  # noqa: S307
        "<lambda>: the source of the rule can't be read; write it in a file or in a notebook's cell",
    ),
]


@pytest.mark.parametrize(("decorate", "message"), REFUSED)
def test_rule_that_is_not_one(decorate: Callable[[], Any], message: str) -> None:
    """A rule that asks for what it can't have, or doesn't say what it changes, is refused where it is declared."""
    with pytest.raises(InputError, match=message):
        decorate()


def test_copies_from_one_on_are_accepted() -> None:
    """One copy is enough, and a whole hyperparameter that begins at 1 counts them."""
    assert copies(1)().rules[0].states["m"].copies == 1
    assert copies("count", ranges={"count": "{1, 2, ...}"})().rules[0].states["m"].copies == "count"


def test_default_out_of_its_own_range_is_refused() -> None:
    """A rule can't declare a range that its default doesn't lie in, nor an empty one, nor a text as default."""

    def decaying(w, g, decay=1.5):
        w -= decay * g
        return w

    def named(w, g, mode="fast"):
        w -= g
        return w

    with pytest.raises(InputError, match=r"decay = 1.5 is out of range: accepted is \(0, 1\)"):
        elementwise(ranges={"decay": "(0, 1)"})(decaying)
    with pytest.raises(InputError, match=r"'\(1, 0\)' is not an interval"):
        elementwise(ranges={"decay": "(1, 0)"})(decaying)
    with pytest.raises(InputError, match="named: the default of mode is a text: declare the words that it accepts"):
        elementwise()(named)
