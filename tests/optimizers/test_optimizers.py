"""What plugin authors write: what a rule may ask for and return, its hyperparameters, its state, and chains."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import optilab
from optilab import InputError, elementwise, is_finite, norm, per_layer, per_weight, scalar, vectorwise
from optilab.optimizers.optimizer import Optimizer
from optilab.problems.problem import Precision, Problem

Vector = NDArray[np.float64]


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
    """The rule above, declared with so many copies."""
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
    (lambda: elementwise(plain), "write the decorator with parentheses: @elementwise"),  # type: ignore[arg-type]  # refused
    (lambda: vectorwise(plain), "write the decorator with parentheses: @vectorwise"),  # type: ignore[arg-type]  # refused
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
    assert copies("count", ranges={"count": "{1, 2, ...}"})().start(np.zeros(2)).state["m"].shape == (3, 2)


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


ADAM_HYPERPARAMETERS = [
    ({"betta1": 0.5}, "unknown parameter of adam 'betta1': did you mean 'beta1'"),
    ({"zzz": 0.5}, "unknown parameter of adam 'zzz': known are beta1, beta2, "),
    ({"beta1": 1.5}, r"beta1 = 1.5 is out of range: accepted is \[0, 1\)"),
    ({"beta1": 1}, r"beta1 = 1 is out of range: accepted is \[0, 1\)"),
    ({"beta1": -1e-300}, "is out of range"),
    ({"lr": 0}, r"lr = 0 is out of range: accepted is \(0, inf\)"),
    ({"lr": -0.1}, r"lr = -0.1 is out of range: accepted is \(0, inf\)"),
    ({"lr": float("nan")}, r"lr = nan is out of range: accepted is \(0, inf\)"),
    ({"lr": float("inf")}, r"lr = inf is out of range: accepted is \(0, inf\)"),
    ({"lr": "0.1"}, "lr = '0.1' is not a number"),
    ({"lr": None}, "lr = None is not a number"),
    ({"lr": [0.1]}, r"lr = \[0.1\] is not a number"),
    ({"lr": True}, "lr = True is not a number"),
]


@pytest.mark.parametrize(("hyperparameters", "message"), ADAM_HYPERPARAMETERS)
def test_hyperparameter_that_does_not_fit(hyperparameters: dict[str, Any], message: str) -> None:
    """Unknown names, wrong types and values out of range are refused alike by fill, start and train."""
    adam = optilab.get_optimizer("adam")
    for use in (
        lambda: adam.fill(hyperparameters),
        lambda: adam.start([1.0], **hyperparameters),
        lambda: optilab.train("bowl", "adam", steps=1, **hyperparameters),
    ):
        with pytest.raises(InputError, match=message):
            use()


def test_hyperparameters_are_filled_in_and_become_floats() -> None:
    """The given values and the defaults of the rest, whole numbers as floats."""
    filled = optilab.get_optimizer("adam").fill({"lr": 1, "beta1": 0})
    expected = {"lr": 1.0, "beta1": 0.0, "beta2": 0.999, "eps": 1e-8}
    assert filled | expected == filled
    assert all(type(filled[name]) is float for name in expected)


@elementwise()
def switchable(w, g, lr, uphill=False, sign=1.0):
    """A rule with a switch, and without a default learning rate."""
    if uphill:
        w += sign * lr * g
    else:
        w -= sign * lr * g
    return w


def test_hyperparameter_without_a_default_has_to_be_given() -> None:
    """A rule whose lr has no default needs one; other hyperparameters may be negative unless a range forbids it."""
    with pytest.raises(InputError, match="switchable needs a value for lr"):
        switchable.start([1.0])
    assert switchable.fill({"lr": 1.0, "sign": -2})["sign"] == -2


def test_switch_is_true_or_false() -> None:
    """A hyperparameter whose default is False takes True or False and nothing else, and works as a condition."""
    assert switchable.start([1.0], lr=0.5).step([1.0])[0] == 0.5
    assert switchable.start([1.0], lr=0.5, uphill=True).step([1.0])[0] == 1.5
    for value in (1, 0.0, "yes"):
        with pytest.raises(InputError, match="is not true or false"):
            switchable.start([1.0], lr=0.5, uphill=value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("adm", "unknown optimizer 'adm': did you mean .*'adam'"),
        ("sgd | adm", "unknown optimizer 'adm': did you mean .*'adam'"),
        (["sgd", "adm"], "unknown optimizer 'adm': did you mean .*'adam'"),
        ([], "an optimizer has at least one rule"),
        ("sgd |", "unknown optimizer ''"),
    ],
)
def test_optimizer_that_is_not_known(name: str | list[str], message: str) -> None:
    """An unknown optimizer is refused with the near names, also within a chain."""
    with pytest.raises(InputError, match=message):
        optilab.get_optimizer(name)


def test_chains_are_written_in_four_ways() -> None:
    """Names joined by a bar, a list of names, optimizers joined by |, and the optimizer itself are one chain."""
    chain = optilab.get_optimizer("l2 | momentum")
    assert chain.name == "l2 | momentum"
    assert optilab.get_optimizer(["l2", "momentum"]) == chain
    assert optilab.get_optimizer("l2") | optilab.get_optimizer("momentum") == chain
    assert optilab.get_optimizer(chain) is chain
    longer = optilab.get_optimizer("clip_by_global_norm") | chain
    assert [rule.name for rule in longer.rules] == ["clip_by_global_norm", "l2", "momentum"]


def test_only_optimizers_can_be_chained() -> None:
    """What is not an optimizer can't be joined to one."""
    with pytest.raises(TypeError, match="unsupported operand"):
        optilab.get_optimizer("l2") | "momentum"  # type: ignore[operator]


def test_rules_of_a_chain_share_a_hyperparameter_by_its_name() -> None:
    """Lr of `weight_decay | sgd` is one number for both; it takes its default from the rule that has one."""
    chain = optilab.get_optimizer("weight_decay | sgd")
    assert chain.fill({}) == {"lr": 0.1, "weight_decay": 0.01, "scaled_by_lr": True}
    stepper = chain.start([2.0], lr=0.5, weight_decay=0.1)
    assert stepper.step([1.0])[0] == pytest.approx(2.0 * (1 - 0.05) - 0.5, rel=1e-15)


def test_rules_that_disagree_about_a_default_need_a_value() -> None:
    """Where two rules have other defaults for one name, neither wins: the value has to be given."""
    chain = optilab.get_optimizer("sgd | adam")  # 0.1 and 0.001
    with pytest.raises(InputError, match=r"sgd \| adam needs a value for lr"):
        chain.start([1.0])
    assert chain.fill({"lr": 0.5})["lr"] == 0.5


def test_a_third_rule_does_not_settle_a_disagreement() -> None:
    """Where two rules have other defaults for one name, a third that sides with one of them changes nothing."""
    chain = optilab.get_optimizer("sgd | adam | momentum")  # 0.1, 0.001 and 0.1
    with pytest.raises(InputError, match=r"needs a value for lr"):
        chain.fill({})


def test_a_shared_hyperparameter_is_checked_against_every_rule() -> None:
    """A value has to suit all the rules of a chain that take it, whichever comes first."""

    def wide(w, beta=0.5):
        w *= beta
        return w

    def narrow(g, beta=0.5):
        g *= beta
        return g

    wide_rule, narrow_rule = elementwise()(wide), elementwise(ranges={"beta": "[0, 1)"})(narrow)
    for chain in (wide_rule | narrow_rule, narrow_rule | wide_rule):
        with pytest.raises(InputError, match=r"beta = 2 is out of range: accepted is \[0, 1\)"):
            chain.fill({"beta": 2})


def test_a_shared_hyperparameter_suits_ranges_of_other_kinds() -> None:
    """A whole number of one rule that is a number of another has to be both."""

    def counts(w, k=1):
        w *= k
        return w

    def measures(g, k=1):
        g *= k
        return g

    chain = elementwise(ranges={"k": "{1, 2, ...}"})(counts) | elementwise(ranges={"k": "[0, 3]"})(measures)
    assert chain.fill({"k": 3})["k"] == 3
    for value, accepted in ((4, r"\[0, 3\]"), (1.5, r"\{1, 2, \.\.\.\}"), (0, r"\{1, 2, \.\.\.\}")):
        with pytest.raises(InputError, match=f"k = {value} is out of range: accepted is {accepted}"):
            chain.fill({"k": value})


@elementwise(ranges={"shrink": "[0, inf)"}, link="before")
def shrink(w, lr, shrink=0.1):
    """A link that does what it is called after."""
    w -= lr * shrink * w
    return w


@elementwise(lr=0.5, ranges={"shrink": "[0, inf)"})
def may_shrink(w, g, lr, shrink=0.0, eps=1e-8):
    """A rule that can do the same itself, and doesn't unless it is asked to."""
    w -= lr * (g + shrink * w) / (1 + eps)
    return w


@elementwise(lr=0.5, ranges={"shrink": "[0, inf)"})
def shrinks(w, g, lr, shrink=0.1):
    """A rule that does the same itself anyway."""
    w -= lr * (g + shrink * w)
    return w


@elementwise(link="before")
def softened(g, eps=1e-8):
    """A link whose number has the name of another's."""
    g /= 1 + eps
    return g


TWICE: list[tuple[Optimizer, dict[str, Any], str]] = [
    (shrink | may_shrink, {"shrink": 0.2}, '"shrink.shrink" = 0.2 and "may_shrink.shrink" = 0.0'),
    (may_shrink | shrink, {"shrink": 0.2}, '"may_shrink.shrink" = 0.2 and "shrink.shrink" = 0.1'),
    (shrink.on("matrices") | may_shrink, {"shrink": 0.2}, "both shrink and may_shrink have it"),
    (shrink.on("first") | may_shrink.on("matrices"), {"shrink": 0.2, "lr": 1.0}, "both shrink and may_shrink have it"),
    (shrink | shrinks, {}, '"shrink.shrink" = 0.1 and "shrinks.shrink" = 0.1'),
    (shrink | shrinks, {"shrink.shrink": 0.3}, '"shrink.shrink" = 0.3 and "shrinks.shrink" = 0.1'),
    (shrink | may_shrink | shrink, {"may_shrink.shrink": 0.0}, "both shrink_1 and shrink_2 have it"),
    (softened | may_shrink, {"eps": 1e-3}, '"softened.eps" = 0.001 and "may_shrink.eps" = 1e-08'),
    (
        (shrink | may_shrink).called("named", "Has a name of its own.", **{"may_shrink.shrink": 0.0}),
        {"shrink": 0.2},
        "shrink of named: both shrink and may_shrink have it",
    ),
]


@pytest.mark.parametrize(("chain", "given", "message"), TWICE, ids=lambda value: getattr(value, "name", None))
def test_a_hyperparameter_that_would_act_twice_is_refused(
    chain: Optimizer, given: dict[str, Any], message: str
) -> None:
    """A value that would go to a link and to another rule that has the same asks for one of its own for each, by name."""
    with pytest.raises(InputError, match=re.escape(message)):
        chain.fill(given)


def test_a_hyperparameter_that_acts_once_is_taken() -> None:
    """On other layers, where each rule has its own value, or where both agree and the link is not called after it."""
    chain = shrink | may_shrink
    given: dict[str, Any] = {"shrink.shrink": 0.2, "may_shrink.shrink": 0.0, "eps": 0.0}
    step = chain.start([2.0], lr=0.5, **given).step([0.0])
    assert step[0] == pytest.approx(2.0 * 0.9, rel=1e-15)
    both = chain.start([2.0], lr=0.5, **{**given, "may_shrink.shrink": 0.4}).step([0.0])
    assert both[0] == pytest.approx(2.0 * 0.9 * 0.8, rel=1e-15)
    assert chain.fill({"shrink.shrink": 0.2})["shrink"] == 0.0
    for on, other in (("matrices", "biases"), ("matrices", "rest"), ("0", "1"), ("hidden", "last biases")):
        assert (shrink.on(on) | may_shrink.on(other)).fill({"shrink": 0.2, "lr": 1.0})["shrink"] == 0.2
    assert (softened | may_shrink).fill({}) == (softened | may_shrink).fill({"eps": 1e-8})
    assert (may_shrink | shrinks).fill({"shrink": 0.2})["shrink"] == 0.2  # two steps, one after the other


@pytest.mark.parametrize("name", ["lion", "lamb", "adafactor", "adamw"])
def test_weights_do_not_decay_twice(name: str) -> None:
    """Decoupled decay before an optimizer that has it too needs to be told which of them decays."""
    with pytest.raises(InputError, match=rf'"weight_decay.weight_decay" = 0.004 and "{name}.weight_decay" = 0'):
        optilab.train("bowl", ["weight_decay", name], steps=1, weight_decay=0.004)
    chain = optilab.get_optimizer(["weight_decay", name])
    assert chain.fill({"weight_decay.weight_decay": 0.004, f"{name}.weight_decay": 0.0})


def test_batch_size_is_that_of_the_last_rule_that_declares_one() -> None:
    """An optimizer takes batches of 32 unless a rule says otherwise, and in a chain the last that says so."""
    eight = elementwise(lr=0.1, batch_size=8)(plain)
    link, sgd, descent = map(optilab.get_optimizer, ["l2", "sgd", "gradient_descent"])
    assert sgd.batch_size == (link | sgd).batch_size == 32
    assert (link | eight).batch_size == (eight | link).batch_size == 8
    assert (descent | eight).batch_size == 8
    assert (eight | descent).batch_size == "full"


@vectorwise(
    lr=0.5,
    states={
        "first": per_weight("w"),
        "ones": per_weight(1.0),
        "counted": scalar(10.0),
        "largest": per_layer(-1.0),
    },
)
def stateful(w, g, first, ones, zeros, counted, largest, lr, layers, t):
    """Keeps every kind of state."""
    counted = counted + 1
    for k in range(layers.size):
        for i in range(layers[k].offset, layers[k].offset + layers[k].size):
            largest[k] = max(largest[k], abs(g[i]))
    for i in range(w.size):
        zeros[i] += g[i]
        ones[i] *= 2
        w[i] = first[i] - lr * zeros[i] / (counted - 10) + 0 * t
    return counted


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_states_of_every_kind(dtype: str, network: Problem) -> None:
    """One value a weight from 0, from a constant or from the first weights, one a layer, and a single number."""
    problem = network if dtype == "float64" else None
    w = np.arange(network.n_weights, dtype=dtype)
    stepper = stateful.start(w, problem=problem)
    layers = network.layers if problem else np.array([(0, w.size)], [("offset", int), ("size", int)])
    assert {name: state.dtype.name for name, state in stepper.state.items()} == {
        "first": dtype,
        "ones": dtype,
        "zeros": dtype,
        "largest": dtype,
        "counted": "float64",
    }
    np.testing.assert_array_equal(stepper.state["first"], w)
    np.testing.assert_array_equal(stepper.state["ones"], np.ones(w.size))
    np.testing.assert_array_equal(stepper.state["zeros"], np.zeros(w.size))
    np.testing.assert_array_equal(stepper.state["largest"], np.full(len(layers), -1))
    np.testing.assert_array_equal(stepper.state["counted"], [10])

    gradients = np.random.default_rng(0).integers(-9, 10, (4, w.size)).astype(dtype)
    for gradient in gradients:
        stepper.step(gradient)
    np.testing.assert_array_equal(stepper.state["first"], w)
    np.testing.assert_array_equal(stepper.state["ones"], np.full(w.size, 16))
    np.testing.assert_array_equal(stepper.state["zeros"], gradients.sum(axis=0))
    np.testing.assert_array_equal(stepper.state["counted"], [14])
    parts = [gradients[:, first : first + size] for first, size in layers[["offset", "size"]].tolist()]
    np.testing.assert_array_equal(stepper.state["largest"], [np.abs(part).max() for part in parts])
    np.testing.assert_allclose(stepper.w, w - 0.5 * gradients.mean(axis=0), rtol=1e-6)


@elementwise(lr=1.0, states={"start": per_weight("w"), "scale": scalar(3.0), "twos": per_weight(2.0)})
def tethered(w, g, start, scale, twos, lr):
    """States that an elementwise rule reads and need not return."""
    w = start - lr * scale * g / twos
    return w


def test_states_that_an_elementwise_rule_only_reads() -> None:
    """A copy of the first weights, a constant and a single number can be read without being returned."""
    stepper = tethered.start([5.0, 7.0])
    np.testing.assert_array_equal(stepper.step([2.0, 4.0]), [2, 1])
    np.testing.assert_array_equal(stepper.step([0.0, -4.0]), [5, 13])
    assert list(stepper.state) == ["start", "scale", "twos"]  # in the order of the arguments


def test_states_of_the_rules_of_a_chain_are_apart() -> None:
    """Two rules with states of the same name and other kinds keep them apart, whatever else the chain holds."""
    chain = tethered | stateful
    stepper = chain.start([1.0, 2.0], lr=1.0)
    expected = [f"tethered.{name}" for name in ("start", "twos", "scale")]
    expected += [f"stateful.{name}" for name in ("first", "ones", "zeros", "largest", "counted")]
    assert sorted(stepper.state) == sorted(expected)
    stepper.step([2.0, 4.0])
    np.testing.assert_array_equal(stepper.state["tethered.twos"], [2, 2])
    np.testing.assert_array_equal(stepper.state["stateful.ones"], [2, 2])
    np.testing.assert_array_equal(stepper.state["tethered.scale"], [3])
    np.testing.assert_array_equal(stepper.state["stateful.counted"], [11])
    np.testing.assert_array_equal(stepper.state["stateful.largest"], [4])
    np.testing.assert_array_equal(stepper.w, [1 - 2, 2 - 4])


def test_a_rule_twice_in_a_chain_shows_both_states() -> None:
    """A chain that holds one rule twice keeps two states of it, and shows both."""
    stepper = optilab.get_optimizer("momentum | momentum").start([1.0, 2.0])
    stepper.step([1.0, 3.0])
    assert len(stepper.state) == 2


@elementwise(lr=1.0)
def halve_the_step_number(w, t, lr):
    """The first step gives a half only if its t is 1, and a float."""
    w = lr * (t / 2)
    return w


def test_t_counts_from_one_as_a_float() -> None:
    """The first step is step 1.0."""
    stepper = halve_the_step_number.start([0.0])
    assert [float(stepper.step([0.0])[0]) for _ in range(3)] == [0.5, 1.0, 1.5]
    assert stepper.t == 3
    assert optilab.train("parabola", halve_the_step_number, steps=3).w[0] == 1.5


@vectorwise(lr=0.1)
def extrapolated(w, g, there, slope, lr, cost, value_and_grad, seen):
    """Steps down the gradient of the same batch at a point ahead; keeps the cost here and there."""
    for i in range(w.size):
        there[i] = w[i] - lr * g[i]
    seen[0] = cost
    seen[1] = value_and_grad(there, slope)
    for i in range(w.size):
        w[i] -= lr * slope[i]


@vectorwise(lr=0.1)
def anchored(w, g, whole, lr, full_value_and_grad, seen):
    """Steps down the mean of the gradients of the batch and of all examples."""
    seen[0] = full_value_and_grad(w, whole)
    for i in range(w.size):
        w[i] -= lr * (g[i] + whole[i]) / 2


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """A small network in float64 on thirty examples of three classes."""
    random = np.random.default_rng(1)
    labels = np.arange(30) % 3
    file = tmp_path_factory.mktemp("data") / "three.npz"
    np.savez(file, x_train=random.normal(size=(30, 4)), y_train=labels)
    dataset = {"path": str(file), "test_fraction": 0.0}
    return optilab.get_problem("network", dataset=dataset, hidden=[3], precision="float64")


def batches(seed: int, epochs: int, size: int) -> list[NDArray[np.int64]]:
    """Rows of each batch of a run on thirty examples."""
    streams = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, epoch))) for epoch in range(epochs)]
    orders = [stream.permutation(30) for stream in streams]
    return [order[first : first + size] for order in orders for first in range(0, 30, size)]


def test_value_and_grad_is_of_the_same_batch_and_counted(network: Problem) -> None:
    """A rule can have the gradient of its batch elsewhere; the history counts it and its examples."""
    run = optilab.train(network, extrapolated, batch_size=8, epochs=2, lr=0.3, seed=5)
    w = network.initial(5)
    for rows in batches(5, 2, 8):
        w = w - 0.3 * network.gradient(w - 0.3 * network.gradient(w, rows), rows)
    np.testing.assert_allclose(run.w, w, rtol=1e-10, atol=1e-14)
    assert run.history["gradient_evaluations"].tolist() == [0, 8, 16]
    assert run.history["examples"].tolist() == [0, 60, 120]


def test_full_value_and_grad_is_of_all_examples_and_counted(network: Problem) -> None:
    """A rule can have the gradient of the whole training set; the history counts it and its examples."""
    run = optilab.train(network, anchored, batch_size=8, epochs=2, lr=0.3, seed=6)
    w = network.initial(6)
    for rows in batches(6, 2, 8):
        w = w - 0.3 * (network.gradient(w, rows) + network.gradient(w)) / 2
    np.testing.assert_allclose(run.w, w, rtol=1e-10, atol=1e-14)
    assert run.history["gradient_evaluations"].tolist() == [0, 8, 16]
    assert run.history["examples"].tolist() == [0, 30 + 4 * 30, 2 * (30 + 4 * 30)]


def test_cost_and_value_and_grad_return_the_cost(network: Problem) -> None:
    """`cost` is that of the batch at w; value_and_grad returns that at the point it is asked for."""
    w = network.initial(1)
    stepper = extrapolated.start(w, problem=network, lr=0.2)
    stepper.step()
    here, there = network.cost(w), network.cost(w - 0.2 * network.gradient(w))
    np.testing.assert_allclose(stepper.state["seen"][:2], [here, there], rtol=1e-13)
    stepper = anchored.start(w, problem=network)
    stepper.step()
    assert stepper.state["seen"][0] == pytest.approx(here, rel=1e-13)
    assert stepper.gradient_evaluations == 2


@elementwise(lr=0.1)
def misspelt(w, g, lr):
    """A rule with a name in it that is not defined."""
    w -= lr * undefined_name * g  # type: ignore[name-defined]  # noqa: F821
    return w


@vectorwise(lr=0.1)
def wrong_call(w, g, lr, value_and_grad):
    """A rule that calls a function with an argument too many."""
    value_and_grad(w, g, lr)


def test_rule_that_does_not_compile() -> None:
    """The error names the rule, its file, and the line that doesn't compile or the one where the rule begins."""
    for rule, marker in ((misspelt, "def misspelt"), (wrong_call, "value_and_grad(w, g, lr)")):
        lines, first = inspect.getsourcelines(rule.rules[0].function)
        line = first + next(n for n, text in enumerate(lines) if marker in text)
        places = rf"{line}|{first}" if marker.startswith("def") else f"{line}"
        with pytest.raises(InputError, match=rf"optimizer '{rule.name}' doesn't compile.*rs\.py\"?, line ({places})\b"):
            optilab.train("parabola", rule, steps=1)
    with pytest.raises(InputError, match=r"value_and_grad takes two arguments: value_and_grad\(w, g\)"):
        optilab.train("parabola", wrong_call, steps=1)


@vectorwise(lr=0.1)
def double_gradient(w, g, lr, value_and_grad):
    """A rule whose own vector has the precision of NumPy's zeros, not of the weights."""
    there = np.zeros(w.size)
    value_and_grad(w, there)
    w -= lr * there


def test_vectors_of_another_precision() -> None:
    """A vector in float64 is refused by value_and_grad in a float32 run, with what to write instead."""
    double_gradient.start([1.0], problem=optilab.get_problem("parabola")).step()
    with pytest.raises(InputError, match=r"takes vectors of float32, as np.zeros_like\(w\) makes; found"):
        double_gradient.start([1.0], problem=optilab.get_problem("parabola", "float32"))


def test_the_rule_of_a_chain_that_does_not_compile() -> None:
    """In a chain the error names the rule at fault, not the first."""
    with pytest.raises(InputError, match="optimizer 'misspelt' doesn't compile"):
        (optilab.get_optimizer("l2") | misspelt).start([1.0])
    with pytest.raises(InputError, match="optimizer 'misspelt' doesn't compile"):
        (without_fault | misspelt).start([1.0], lr=0.1)


@elementwise()
def without_fault(w, g):
    """A rule of the same file that compiles."""
    w += 0 * g
    return w


@pytest.mark.parametrize(
    ("chain", "hyperparameters"),
    [
        ("sgd", {"lr": 0.3}),
        ("clip_by_global_norm | adam", {"lr": 0.05, "max_norm": 0.1}),
        ("sam | momentum", {"lr": 0.1}),
        ("lars", {}),
        ("polyak", {}),
    ],
)
def test_stepping_by_hand_is_training(network: Problem, chain: str, hyperparameters: dict[str, Any]) -> None:
    """Steps by hand over all examples, with the gradient computed or given, are those of a run, bit for bit."""
    run = optilab.train(network, chain, batch_size="full", epochs=9, seed=2, **hyperparameters)
    optimizer = optilab.get_optimizer(chain)
    computed = optimizer.start(network.initial(2), problem=network, **hyperparameters)
    given = optimizer.start(network.initial(2), problem=network, **hyperparameters)
    for _ in range(9):
        computed.step()
        given.step(network.gradient(given.w), cost=network.cost(given.w))
    np.testing.assert_array_equal(computed.w, run.w)
    np.testing.assert_array_equal(given.w, run.w)


def test_stepping_does_not_touch_what_it_was_given() -> None:
    """The first weights and the gradient are copied; the weights of the stepper live on."""
    w, g = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    stepper = optilab.get_optimizer("clip_by_global_norm | sgd").start(w, lr=1.0)
    live = stepper.w
    assert stepper.step(g) is live
    np.testing.assert_array_equal(w, [1, 2])
    np.testing.assert_array_equal(g, [3, 4])
    np.testing.assert_allclose(live, [0.4, 1.2], rtol=1e-15)


def test_hyperparameters_of_a_stepper_can_be_changed() -> None:
    """What stands in `hyperparameters` is what the next step uses: a schedule by hand."""
    stepper = optilab.get_optimizer("sgd").start([0.0], lr=1.0)
    stepper.step([1.0])
    stepper.hyperparameters["lr"] = 0.25
    assert stepper.step([1.0])[0] == -1.25


@pytest.mark.parametrize(
    ("given", "dtype", "expected"),
    [
        ([1, 2], None, "float64"),
        ([1.0, 2.0], None, "float64"),
        (np.ones(2, np.float32), None, "float32"),
        (np.ones(2), "float32", "float32"),
        (np.ones(2, np.float32), "float64", "float64"),
    ],
)
def test_precision_of_a_stepper(given: Any, dtype: Precision | None, expected: str) -> None:
    """Weights in float32 stay so, all others are float64, unless told otherwise."""
    stepper = optilab.get_optimizer("sgd").start(given, precision=dtype)
    assert stepper.step([1.0, 1.0]).dtype == expected


STEPPER_ERRORS: list[tuple[Callable[[Problem], Any], str]] = [
    (lambda _: optilab.get_optimizer("sam | sgd").start([1.0]), r"asks for value_and_grad: start it with problem="),
    (lambda _: anchored.start([1.0]), "anchored asks for full_value_and_grad: start it with problem="),
    (lambda _: optilab.get_optimizer("sgd").start([1.0]).step(), "needs a gradient, unless the optimizer was started"),
    (lambda _: optilab.get_optimizer("polyak").start([1.0]).step([1.0]), r"asks for the cost: step\(gradient, cost\)"),
    (lambda _: optilab.get_optimizer("sgd").start([[1.0]]), r"w has shape \(1, 1\); expected a vector"),
    (lambda p: optilab.get_optimizer("sgd").start([1.0], problem=p), r"w has shape \(1,\); expected a vector of 27"),
    (
        lambda p: optilab.get_optimizer("sgd").start(p.initial(), problem=p, precision="float32"),
        "computes in float64, not fl",
    ),
    (
        lambda _: optilab.get_optimizer("sgd").start([1.0], precision="float16"),  # type: ignore[arg-type]  # refused
        "precision = 'float16': accepted is 'float32' or 'float64'",
    ),
]


@pytest.mark.parametrize(("use", "message"), STEPPER_ERRORS)
def test_stepper_that_lacks_something(use: Callable[[Problem], Any], message: str, network: Problem) -> None:
    """A stepper without what its rules ask for, or at weights that don't fit, is refused in one message."""
    with pytest.raises(InputError, match=message):
        use(network)


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


def test_decorator_without_parentheses_is_explained() -> None:
    """@elementwise alone says how it is written."""

    def bare(w, g):
        w -= g
        return w

    with pytest.raises(InputError, match=r"parentheses: @elementwise\(\)"):
        elementwise(bare)  # type: ignore[arg-type]  # refused
    with pytest.raises(InputError, match=r"parentheses: @vectorwise\(\)"):
        vectorwise(bare)  # type: ignore[arg-type]  # refused


def test_disagreement_about_a_default_names_the_rules() -> None:
    """Where two rules of a chain have other defaults for a name, the message says which, and a given value is taken."""
    chain = optilab.get_optimizer("sgd | adam")
    with pytest.raises(
        InputError, match=r"needs a value for lr: its rules have other defaults, sgd.lr = 0.1, adam.lr = 0.001"
    ):
        chain.fill({})
    assert chain.fill({"lr": 0.5})["lr"] == 0.5


@pytest.mark.parametrize(("name", "meant"), [("adam.betta1", "adam.beta1"), ("betta1", "beta1"), ("sgdd.lr", "sgd.lr")])
def test_a_misspelt_name_is_told_in_the_way_it_was_written(name: str, meant: str) -> None:
    """A name with a rule before it is compared with such names, a plain one with plain ones."""
    with pytest.raises(InputError, match=rf"unknown parameter of sgd \| adam '{name}': did you mean '{meant}'"):
        optilab.get_optimizer("sgd | adam").fill({name: 0.5, "lr": 0.1})


def test_rule_calls_plain_helpers_of_its_own_file() -> None:
    """A plain Python function that a rule calls is compiled with it."""
    stepper = with_helper.start([3.0, 4.0])
    assert stepper.step([1.0, 1.0]).tolist() == [3.0 - 10.0, 4.0 - 10.0]


def doubled(x):
    """A helper that calls another."""
    return 2 * norm(x)


@vectorwise(lr=1.0)
def with_helper(w, g, lr):
    """Step by twice the length of the weights."""
    length = doubled(w)
    for i in range(w.size):
        w[i] -= lr * length * g[i]


@vectorwise(lr=1.0)
def by_norms(w, g, lr):
    """Steps by the norm of the gradient, and by that of every other entry."""
    w[0] -= lr * norm(g)
    w[1] -= lr * norm(g[::2])


@pytest.mark.parametrize("scale", [1e25, 1e-25])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_norm_in_a_rule_is_summed_in_float64(dtype: Precision, scale: float) -> None:
    """A rule on float32 gradients near 1e25 or 1e-25 gets their finite length, which their squares in float32 don't have."""
    w = by_norms.start(np.zeros(3), precision=dtype).step(scale * np.array([3.0, 4.0, 4.0]))
    np.testing.assert_allclose(w, -scale * np.array([41**0.5, 5, 0]), rtol=1e-6)
    assert norm(scale * np.array([3.0, 4.0])) == pytest.approx(5 * scale, rel=1e-15)


@vectorwise(lr=1.0)
def unless_finite(w, g, lr):
    """Sets the weights to lr where the sum of the gradient is finite, else to 0."""
    total = 0.0
    for i in range(g.size):
        total += g[i]
    w[:] = lr if is_finite(total) else 0.0


@elementwise(lr=1.0)
def unless_finite_each(w, g, lr):
    """The same of each gradient and lr together."""
    w = lr if is_finite(g + lr) else 0.0
    return w


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sum_that_is_not_finite_is_seen(bad: float) -> None:
    """is_finite tells a sum that isn't from one that is, in compiled code that may reorder sums, and in Python."""
    assert unless_finite.start([0.0, 0.0]).step([1.0, bad]).tolist() == [0, 0]
    assert unless_finite.start([0.0, 0.0]).step([1.0, 2.0]).tolist() == [1, 1]
    assert unless_finite_each.start([0.0, 0.0]).step([1.0, bad]).tolist() == [1, 0]
    assert is_finite(1e308)
    assert is_finite(-1e308)
    assert not is_finite(bad)


def test_ways_of_writing_a_rule_that_keep_nothing() -> None:
    """What would be lost without a word is told when the rule is declared, with what to write in its place."""

    def counts(w, g, k):
        k += 1
        w[:] = g

    def annotated(w, g, m):
        m: object = 0.9 * m + g  # type: ignore[no-redef]  # what is told
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
    wrong: list[tuple[Any, Any, str]] = [
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
    for decorate, function, message in wrong:
        with pytest.raises(InputError, match=message):
            decorate(function)
    assert elementwise()(inner).rules[0].changes == ("w",)
