"""Stepping an optimizer by hand: as in a training run, from saved states, with weights as layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optimizers.rules import (
    G,
    W,
    anchored,
    averaged,
    bookkeeper,
    down,
    flat,
    puts_down,
    remembers,
    shaken,
    shaken_at_once,
    summed,
    takes_up,
    waits,
)

import optilab
from optilab import (
    InputError,
)
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.stepper import Stepper
from optilab.problems.problem import Precision, Problem


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
        lambda _: optilab.get_optimizer("sgd").start([1.0], precision="float16"),  # type: ignore[arg-type]
        "precision = 'float16': accepted is 'float32' or 'float64'",
    ),
]


@pytest.mark.parametrize(("use", "message"), STEPPER_ERRORS)
def test_stepper_that_lacks_something(use: Callable[[Problem], Any], message: str, network: Problem) -> None:
    """A stepper without what its rules ask for, or at weights that don't fit, is refused in one message."""
    with pytest.raises(InputError, match=message):
        use(network)


CHAINS = [
    bookkeeper | down,
    remembers | down,
    puts_down | down | takes_up | shaken,
    waits | summed.on("matrices") | shaken_at_once.on("rest"),
    summed | averaged,
]


def lr_of(chain: Optimizer) -> dict[str, Any]:
    """The same lr for all rules that ask for one."""
    return {"lr": 0.1} if "lr" in chain.parameters else {}


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_saved_state_goes_on_bit_for_bit(chain: Optimizer, tmp_path) -> None:
    """What is saved to a file after some steps and resumed by a new stepper takes the same steps as the one that went on."""
    gradients = np.random.default_rng(3).normal(size=(9, 20))
    one: Stepper = chain.start(W, seed=4, **lr_of(chain))
    for g in gradients[:4]:
        one.step(g)
    saved_arrays: dict[str, Any] = one.save()
    np.savez(tmp_path / "saved.npz", **saved_arrays)
    other = chain.start(W, **lr_of(chain))
    with np.load(tmp_path / "saved.npz", allow_pickle=False) as saved:
        other.resume(saved)
    for g in gradients[4:]:
        np.testing.assert_array_equal(one.step(g), other.step(g))
    for name, part in one.state.items():
        np.testing.assert_array_equal(part, other.state[name])
    np.testing.assert_array_equal(one.evaluation_point, other.evaluation_point)


def test_saved_state_of_something_else_is_refused() -> None:
    """What was saved by another optimizer, at other weights, or isn't whole can't be resumed."""
    saved = summed.start(W).save()
    with pytest.raises(InputError, match=r"saved state has shape \(20,\) .* down expects \(0,\)"):
        down.start(W).resume(saved)
    with pytest.raises(InputError, match=r"saved w has shape \(20,\)"):
        summed.start(W[:2]).resume(saved)
    with pytest.raises(InputError, match="saved t is missing"):
        summed.start(W).resume({name: part for name, part in saved.items() if name != "t"})


def test_a_saved_state_of_other_layers_or_rules_is_refused() -> None:
    """As many weights on layers of other shapes, or under another rule that keeps as much, are not the same state."""
    saved = down.start([np.ones((2, 3)), np.ones(3)]).save()
    with pytest.raises(InputError, match=r"saved layers are \[\[2, 3, 0\], \[1, 3, 1\]\]; down expects \[\[3, 2, 0\]"):
        down.start([np.ones((3, 2)), np.ones(3)]).resume(saved)
    other = optilab.get_optimizer("sgd").start([np.ones((2, 3)), np.ones(3)])
    with pytest.raises(InputError, match=r"saved rules are \['down'\]; sgd expects \['sgd'\]"):
        other.resume(saved)


OTHER_SHAPES = [
    [np.ones((3, 2)), np.ones(3)],  # transposed
    [np.ones(3), np.ones((2, 3))],  # the other way round
    [np.ones((3, 3))],
    [np.ones(9)],
    [np.ones((1, 6)), np.ones((1, 3))],
]


@pytest.mark.parametrize("gradient", OTHER_SHAPES, ids=lambda parts: str([p.shape for p in parts]))
def test_a_gradient_of_other_layers_is_refused(gradient: list[Any]) -> None:
    """A gradient with as many entries, on layers of other shapes than those of the weights, is not theirs."""
    stepper = down.start([np.ones((2, 3)), np.ones(3)], lr=1.0)
    with pytest.raises(InputError, match=r"the gradient has layers .*; those of w are 2 x 3, 1 x 3"):
        stepper.step(gradient)
    np.testing.assert_array_equal(stepper.w, np.ones(9))


@pytest.mark.parametrize("w", OTHER_SHAPES, ids=lambda parts: str([p.shape for p in parts]))
def test_weights_of_other_layers_than_the_problem_are_refused(w: list[Any], tmp_path: Path) -> None:
    """A list of weights has the shapes of the problem's layers; and so have the gradients of a start from a vector."""
    np.savez(tmp_path / "data.npz", x_train=np.arange(8.0).reshape(4, 2), y_train=np.ones((4, 3)))
    dataset = {"path": str(tmp_path / "data.npz"), "test_fraction": 0.0}
    problem = optilab.get_problem("network", dataset=dataset, hidden=[], precision="float64")
    with pytest.raises(InputError, match=r"w has layers .*; those of network are 2 x 3, 1 x 3"):
        down.start(w, problem=problem)
    assert down.start([np.ones((2, 3)), np.ones(3)], problem=problem).w.size == 9
    with pytest.raises(InputError, match="the gradient has layers"):
        down.start(np.ones(9), problem=problem).step(w)


@pytest.mark.parametrize(
    ("w", "message"),
    [
        ([1.0 + 2.0j], r"w = \[\(1\+2j\)\]: accepted are real numbers"),
        (["1"], r"w = \['1'\]: accepted are real numbers"),
        ([[1.0, 2.0], [3.0]], r"w = .*: accepted are real numbers"),
        ([], r"w has shape \(0,\); expected a vector"),
        ([np.ones((2, 2)), np.ones(2, complex)], r"w(\[1\])? = array.*: accepted are real numbers"),
    ],
)
def test_weights_are_real_numbers(w: Any, message: str) -> None:
    """What isn't made of real numbers is refused, and no imaginary part is lost."""
    with pytest.raises(InputError, match=message):
        down.start(w)
    if len(w):
        with pytest.raises(InputError, match=message.replace("w", "gradient", 1)):
            down.start([1.0]).step(w)


def test_a_saved_state_is_a_copy() -> None:
    """Steps taken later don't change it."""
    stepper = summed.start(W)
    saved = stepper.save()
    stepper.step(G)
    np.testing.assert_array_equal(saved["w"], flat(W))
    assert not saved["state"].any()


def test_layers_of_a_list_of_arrays() -> None:
    """Weights and gradients may be given as lists of matrices and vectors; the gradient also as one vector."""
    stepper = down.start(W, lr=1.0)
    np.testing.assert_array_equal(stepper.step(G), flat(W) - flat(G))
    np.testing.assert_array_equal(stepper.step(flat(G)), flat(W) - flat(G) - flat(G))
    with pytest.raises(InputError, match=r"gradient has shape \(14,\); expected \(20,\)"):
        stepper.step([G[0], G[2]])


def test_hyperparameters_changed_by_hand_are_checked() -> None:
    """What can't be changed between steps, or isn't a number, is told before anything is written."""
    for name, value, message in [
        ("memory", 50, "memory = 50: it says how much the rule remembers; begin anew"),
        ("lr", "fast", "could not convert string to float"),
        ("rate", 1.0, "hyperparameters are lr, memory; found lr, memory, rate"),
    ]:
        stepper = remembers.start(W)
        stepper.hyperparameters[name] = value
        with pytest.raises(InputError, match=message):
            stepper.step(G)


def test_a_saved_state_of_another_precision_is_refused() -> None:
    """Resumed steps are the same bit for bit, so they need the same bits."""
    saved = summed.start(W, precision="float32").save()
    with pytest.raises(InputError, match=r"saved w has shape .* and type float32; summed expects .*, float64"):
        summed.start(W).resume(saved)
