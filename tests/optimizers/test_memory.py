"""The memory of a chain: states by rows, columns and matrices, in copies, shared; and where to measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optimizers.rules import G, W, averaged, bookkeeper, down, flat, puts_down, remembers, takes_up

import optilab
from optilab import (
    InputError,
    elementwise,
    per_weight,
    vectorwise,
)


def test_states_by_rows_columns_layers_and_matrices() -> None:
    """Each layer has its own part of a state that is kept by rows, columns, layers, or as a matrix a layer."""
    stepper = bookkeeper.start(W)
    stepper.step(G)
    state = stepper.state
    np.testing.assert_allclose(state["rows"][:3], G[0].sum(axis=1), rtol=1e-14)
    np.testing.assert_allclose(state["rows"][4:6], G[2].sum(axis=1), rtol=1e-14)
    np.testing.assert_allclose(
        state["columns"], np.concatenate([2 + np.atleast_2d(g).sum(axis=0) for g in G]), rtol=1e-14
    )
    np.testing.assert_allclose(state["layer_sums"], [g.sum() for g in G], rtol=1e-13)
    np.testing.assert_allclose(state["left"], np.concatenate([(G[k] @ G[k].T).ravel() for k in (0, 2)]), rtol=1e-14)
    np.testing.assert_allclose(
        state["right"], np.concatenate([0.5 + (G[k].T @ G[k]).ravel() for k in (0, 2)]), rtol=1e-13
    )


@pytest.mark.parametrize("memory", [1, 3, 5])
def test_states_with_several_copies(memory: int) -> None:
    """A state may have as many copies as a hyperparameter says; each begins as one alone would."""
    stepper = remembers.start(W, memory=memory)
    assert stepper.state["past"].shape == (memory, 20)
    assert stepper.state["lengths"].shape == (memory,)
    for k in (1.0, 2.0):
        stepper.step(k * flat(G))
    np.testing.assert_array_equal(stepper.state["seen"], [2])
    np.testing.assert_array_equal(stepper.state["pair"], np.array([[0.0], [2.0]]) * np.ones(20))
    expected = [k * flat(G) for k in (1, 2)]
    if memory == 1:
        np.testing.assert_array_equal(stepper.state["past"], expected[1:])
    else:
        np.testing.assert_array_equal(stepper.state["past"][:2], expected)
        np.testing.assert_array_equal(stepper.state["past"][2:], np.tile(flat(W), (memory - 2, 1)))
        np.testing.assert_array_equal(stepper.state["lengths"][2:], -1)
    assert stepper.state["lengths"][min(1, memory - 1)] == pytest.approx(2 * flat(G).sum())


def test_rules_of_a_chain_can_share_a_state() -> None:
    """What one rule leaves in a shared state another finds there; it is shown once, without the name of a rule."""
    stepper = (down | puts_down | takes_up).start(W, lr=0.5)
    np.testing.assert_array_equal(stepper.step(G), flat(W) - 0.5 * flat(G))
    assert list(stepper.state) == ["kept"]


def test_a_state_can_be_shared_only_if_it_is_the_same() -> None:
    """Rules that declare a shared state differently, or work on other layers, can't have it in common."""

    @vectorwise(states={"kept": per_weight(1.0, shared=True)})
    def other(w, kept):
        w[:] = kept

    for chain in (puts_down | other, puts_down | takes_up.on("biases")):
        with pytest.raises(
            InputError, match="share the state 'kept', but declare it differently or work on other layers"
        ):
            chain.start(W)


def test_cost_is_measured_where_the_optimizer_says() -> None:
    """History and last weights of a run are those of the evaluation point; training goes on at w."""
    plain = optilab.train("bowl", "sgd", lr=0.02, steps=4, measure_steps=1)
    run = optilab.train("bowl", optilab.get_optimizer("sgd") | averaged, lr=0.02, steps=4, measure_steps=1)
    path = plain.history[["w_0", "w_1"]].to_numpy()
    mean = [path[0]]
    for w in path[1:]:
        mean.append(0.5 * mean[-1] + 0.5 * w)
    np.testing.assert_allclose(run.history[["w_0", "w_1"]], mean, rtol=1e-13)
    np.testing.assert_allclose(run.w, mean[-1], rtol=1e-13)
    bowl = optilab.get_problem("bowl")
    np.testing.assert_allclose(run.history["train_cost"], [bowl.cost(w) for w in mean], rtol=1e-12)


@pytest.mark.parametrize("order", [("matrices", "biases"), ("biases", "matrices")])
def test_two_averages_on_different_layers(order: tuple[str, str]) -> None:
    """Each layer is evaluated at its own average, whichever of the links comes first."""
    chain = down | averaged.on(order[0]) | averaged.on(order[1])
    decays = {"matrices": 0.25, "biases": 0.75}
    given: dict[str, Any] = {f"averaged_{k}.decay": decays[where] for k, where in enumerate(order, 1)}
    stepper = chain.start(W, lr=1.0, **given)
    expected = [w.copy() for w in W]
    weights = [w.copy() for w in W]
    for _ in range(3):
        stepper.step(G)
        for k in range(len(W)):
            decay = decays["matrices" if W[k].ndim == 2 else "biases"]
            weights[k] -= G[k]
            expected[k] = decay * expected[k] + (1 - decay) * weights[k]
    np.testing.assert_allclose(stepper.evaluation_point, flat(expected), rtol=1e-12)
    np.testing.assert_allclose(stepper.w, flat(weights), rtol=1e-12)


def test_costs_and_accuracies_are_those_of_the_average(tmp_path: Path) -> None:
    """Both parts, train and test, are measured where the rule says, not at the weights of the steps."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(40, 3)), random.integers(0, 3, 40)
    np.savez(tmp_path / "data.npz", x_train=x[:30], y_train=y[:30], x_test=x[30:], y_test=y[30:])
    dataset = {"path": str(tmp_path / "data.npz")}
    problem = optilab.get_problem("network", dataset=dataset, hidden=[4], precision="float64")
    given: dict[str, Any] = {"lr": 1.0, "batch_size": 10, "epochs": 4, "seed": 1}
    run = optilab.train(problem, optilab.get_optimizer("sgd") | averaged, decay=0.9, **given)
    plain = optilab.train(problem, "sgd", **given)
    last, context, rows = run.history.iloc[-1], problem.test_context(), np.arange(10)
    assert context is not None
    for w, same in ((run.w, True), (plain.w, False)):
        test_cost = problem.evaluate(w.copy(), w[:0].copy(), rows, context)
        assert np.isclose(last["test_cost"], test_cost, rtol=1e-12) == same
        assert np.isclose(last["train_cost"], problem.cost(w), rtol=1e-12) == same
        assert np.isclose(last["gradient_norm"], np.linalg.norm(problem.gradient(w)), rtol=1e-9) == same


def test_evaluation_point_of_a_rule_on_some_layers() -> None:
    """Where only some layers are averaged, the others are evaluated as they are; w itself is not changed by that."""
    stepper = (down | averaged.on("biases")).start(W, lr=1.0)
    w = stepper.step(G).copy()
    expected = [W[0] - G[0], W[1] - 0.5 * G[1], W[2] - G[2], W[3] - 0.5 * G[3]]
    np.testing.assert_allclose(stepper.evaluation_point, flat(expected), rtol=1e-13)
    np.testing.assert_array_equal(stepper.w, w)
    assert down.start(W).evaluation_point.size == 20


def test_rules_keep_apart_whatever_they_are_called() -> None:
    """A rule twice beside one whose name ends in a number: no two have the same name."""

    @elementwise(lr=0.5)
    def down_1(w, g, lr):
        w -= lr * g
        return w

    assert (down | down | down_1).rule_names == ["down_2", "down_3", "down_1"]


@elementwise(lr=1.0)
def oddly_named(w, g, rule, source, n, i, state, lr, part=1.0):
    """Its states are called what compiled code might be."""
    rule += g
    source += 2 * g
    n += 3 * g
    i += 4 * g
    state += 5 * g
    w -= lr * part * (rule + source + n + i + state)
    return w, rule, source, n, i, state


@pytest.mark.parametrize("layers", ["", "matrices"])
def test_states_may_be_called_anything(layers: str) -> None:
    """No name of a rule's own collides with one of the compiled update."""
    chain = oddly_named.on(layers) | down.on("rest") if layers else oddly_named
    stepper = chain.start(W, lr=0.5)
    stepper.step(G)
    np.testing.assert_allclose(stepper.w[:6], (W[0] - 0.5 * 15 * G[0]).ravel(), rtol=1e-12)
