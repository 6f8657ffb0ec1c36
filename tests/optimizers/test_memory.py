"""States of every shape, rules on some layers alone, words and whole numbers, noise, waiting: the memory of a chain at work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

import optilab
from optilab import (
    InputError,
    elementwise,
    left_matrix,
    per_column,
    per_layer,
    per_row,
    per_weight,
    right_matrix,
    scalar,
    vectorwise,
)
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.stepper import Stepper

RANDOM = np.random.default_rng(11)
W = [RANDOM.normal(size=shape) for shape in [(3, 2), (2,), (2, 4), (4,)]]
G = [RANDOM.normal(size=shape) for shape in [(3, 2), (2,), (2, 4), (4,)]]


def flat(parts: list[np.ndarray]) -> np.ndarray:
    """The layers end to end."""
    return np.concatenate([part.ravel() for part in parts])


@elementwise(lr=0.5)
def down(w, g, lr):
    """Plain descent."""
    w -= lr * g
    return w


@elementwise(lr=0.25)
def summed(w, g, total, lr):
    """Descent along the sum of all gradients."""
    total += g
    w -= lr * total
    return w, total


@vectorwise(
    states={
        "rows": per_row(),
        "columns": per_column(2.0),
        "left": left_matrix(),
        "right": right_matrix("ridge"),
        "layer_sums": per_layer(),
    }
)
def bookkeeper(g, layers, rows, columns, left, right, layer_sums, ridge=0.5):
    """Adds up each gradient by rows, by columns, as products of matrices, and by layers."""
    for k in range(layers.size):
        layer = layers[k]
        matrix = g[layer.offset : layer.offset + layer.size].reshape((layer.rows, layer.columns))
        for i in range(layer.rows):
            for j in range(layer.columns):
                rows[layer.row_offset + i] += matrix[i, j]
                columns[layer.column_offset + j] += matrix[i, j]
                layer_sums[k] += matrix[i, j]
        if layer.kind == 0:
            end = layer.left_offset + layer.rows * layer.rows
            left[layer.left_offset : end] += np.dot(matrix, matrix.T).ravel()
            end = layer.right_offset + layer.columns * layer.columns
            right[layer.right_offset : end] += np.dot(matrix.T, matrix).ravel()


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


@vectorwise(
    lr=1.0,
    states={
        "past": per_weight("w", copies="memory"),
        "lengths": scalar(-1.0, copies="memory"),
        "seen": scalar(),
        "pair": per_weight(copies=2),
    },
    ranges={"memory": "{1, 2, ...}"},
)
def remembers(g, past, lengths, seen, pair, lr, memory=3):
    """Keeps the last gradients and their sums."""
    place = int(seen) % memory
    past[place] = g
    pair[1, :] += lr
    lengths[place] = g.sum()
    seen += 1
    return seen


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


@vectorwise(states={"kept": per_weight("w", shared=True)})
def puts_down(w, kept):
    """Leaves the weights for another rule, and doubles them."""
    for i in range(w.size):
        kept[i] = w[i]
        w[i] *= 2


@vectorwise(states={"kept": per_weight("w", shared=True)})
def takes_up(w, kept):
    """Takes back what another rule left."""
    for i in range(w.size):
        w[i] = kept[i]


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


@vectorwise(lr=1.0)
def inward(w, g, layers, total, lr):
    """A step of length lr along the gradient of all that it sees; sums up the number of layers it sees."""
    length = np.sqrt((g * g).sum())
    for i in range(w.size):
        w[i] -= lr * g[i] / length
        total[i] += layers.size


def test_a_rule_on_some_layers_sees_only_these() -> None:
    """It is the same as the rule alone on the weights of these layers; no other weight is touched."""
    whole = inward.on("matrices").start(W, lr=0.3)
    alone = inward.start([W[0], W[2]], lr=0.3)
    for _ in range(3):
        whole.step(G)
        alone.step([G[0], G[2]])
    expected = np.concatenate([alone.w[:6], W[1], alone.w[6:], W[3]])
    np.testing.assert_array_equal(whole.w, expected)
    np.testing.assert_array_equal(whole.state["total"], np.full(14, 6))


def test_a_rule_for_some_layers_and_another_for_the_rest() -> None:
    """Each has its own layers, state and hyperparameters; the gradient passes from one to the next."""
    chain = summed.on("hidden") | summed.on("first matrices") | down.on("rest")
    shapes = [(3, 2), (2,), (2, 2), (2,), (2, 4), (4,)]
    w, g = ([RANDOM.normal(size=shape) for shape in shapes] for _ in range(2))
    given: dict[str, Any] = {"summed_1.lr": 0.1, "summed_2.lr": 0.2, "down.lr": 0.3}
    stepper = chain.start(w, **given)
    stepper.step(g)
    rates = [0.2, 0.3, 0.1, 0.1, 0.3, 0.3]
    np.testing.assert_allclose(stepper.w, flat([a - r * b for a, b, r in zip(w, g, rates, strict=True)]), rtol=1e-14)
    assert chain.name == "summed on hidden | summed on first matrices | down on rest"
    assert {name: part.size for name, part in stepper.state.items()} == {"summed_1.total": 6, "summed_2.total": 6}


def test_chains_by_name_know_layers() -> None:
    """In a chain by name, "on" says which layers a rule works on."""
    chain = optilab.get_optimizer("sgd on matrices | adam on rest")
    assert [rule.layers for rule in chain.rules] == ["matrices", "rest"]
    stepper = chain.start(W, **dict[str, Any]({"sgd.lr": 0.5, "adam.lr": 0.1}))
    stepper.step(G)
    np.testing.assert_allclose(stepper.w[:6], (W[0] - 0.5 * G[0]).ravel(), rtol=1e-14)
    np.testing.assert_allclose(stepper.w[6:8], W[1] - 0.1 * np.sign(G[1]), rtol=1e-6)


def test_layers_that_are_not_there() -> None:
    """A rule for layers that the problem doesn't have is refused, in a chain and before a run."""
    with pytest.raises(InputError, match="down on hidden: there is no such layer among 3 x 2, 1 x 2, 2 x 4, 1 x 4"):
        down.on("hidden").start(W)
    with pytest.raises(InputError, match="sgd on matrices: there is no such layer among 2 x 1"):
        optilab.train("bowl", "sgd on matrices | adam on rest", steps=1, lr=0.1)


def test_rules_that_need_all_weights_can_not_be_restricted() -> None:
    """What evaluates gradients needs all weights; what works on some layers already is not restricted again."""
    with pytest.raises(InputError, match="sam asks for value_and_grad, and can't work on some layers alone"):
        optilab.get_optimizer("sam on matrices | sgd")
    with pytest.raises(InputError, match="down works on biases already"):
        down.on("biases").on("first")


@elementwise(lr=0.5, ranges={"form": "{plain, signed, squared}", "other": "{signed, bare}", "power": "{1, 2, ...}"})
def worded(w, g, lr, form="plain", other="bare", power=1, flip=False):
    """Steps along some form of the gradient."""
    step = g
    if form == "signed":
        step = np.sign(g)
    elif form in ("squared",):
        step = g * g
    for _ in range(power - 1):
        step *= 0.5
    if other == "signed":
        step += 100
    if flip:
        step = -step
    w -= lr * step
    return w


@pytest.mark.parametrize("form", ["plain", "signed", "squared"])
@pytest.mark.parametrize("other", ["bare", "signed"])
@pytest.mark.parametrize("power", [1, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_words_whole_numbers_and_switches(form: str, other: str, power: int, flip: bool) -> None:
    """A rule compares words, counts in whole numbers and branches on switches as it would in Python."""
    g = flat(G)
    step = {"plain": g, "signed": np.sign(g), "squared": g * g}[form] * 0.5 ** (power - 1) + 100 * (other == "signed")
    stepper = worded.start(W, form=form, other=other, power=power, flip=flip)
    np.testing.assert_allclose(stepper.step(g), flat(W) - 0.5 * (-step if flip else step), rtol=1e-13)


@pytest.mark.parametrize(
    ("given_values", "message"),
    [
        ({"form": "round"}, "form = 'round': accepted is 'plain' or 'signed' or 'squared'"),
        ({"form": 1}, "form = 1: accepted is 'plain'"),
        ({"power": 0}, r"power = 0 is out of range: accepted is \{1, 2, ...\}"),
        ({"power": 1.5}, r"power = 1.5 is out of range: accepted is \{1, 2, ...\}"),
        ({"flip": 1}, "flip = 1 is not true or false"),
    ],
)
def test_values_that_are_not_accepted(given_values: dict[str, Any], message: str) -> None:
    """Words, whole numbers and switches are checked before anything runs."""
    with pytest.raises(InputError, match=message):
        worded.start(W, **given_values)


@elementwise(lr=1.0)
def shaken(w, noise, lr):
    """Adds noise."""
    w += lr * noise
    return w


@vectorwise(lr=1.0)
def shaken_at_once(w, noise, lr):
    """Adds noise to all weights."""
    for i in range(w.size):
        w[i] += lr * noise[i]


def test_noise_is_new_in_each_step_and_its_own_for_each_rule_and_seed() -> None:
    """Steps, seeds and the rules of a chain draw different numbers; the same seed draws the same again."""

    def steps(optimizer: Optimizer, seed: int) -> np.ndarray:
        stepper = optimizer.start(np.zeros(50), seed=seed)
        return np.diff([np.zeros(50), *(stepper.step(np.zeros(50)).copy() for _ in range(3))], axis=0)

    first = steps(shaken, 1)
    np.testing.assert_array_equal(first, steps(shaken, 1))
    np.testing.assert_allclose(first, steps(shaken_at_once, 1), rtol=1e-14)
    assert len(np.unique(first.round(12))) == first.size
    assert not np.isclose(first, steps(shaken, 2)).any()
    both = steps(shaken | shaken, 1)
    assert not np.isclose(both, 2 * first).any()


def test_noise_of_a_run_follows_its_seed() -> None:
    """Two runs of a seed draw the same noise, however often they are measured; another seed draws other noise."""

    def end(**options: Any) -> Any:
        return optilab.train("bowl", shaken, lr=0.1, steps=20, **options).w.tolist()

    assert end(seed=1) == end(seed=1, measure_steps=3)
    assert end(seed=1) != end(seed=2)


@vectorwise(ranges={"every": "{1, 2, ...}"})
def waits(g, t, total, every=3):
    """Lets the rules after it step once in a while, along the mean gradient since."""
    skip = int(t) % every != 0
    for i in range(g.size):
        total[i] += g[i]
        if not skip:
            g[i] = total[i] / every
            total[i] = 0
    return skip


@elementwise(lr=1.0)
def writes_t(w, t, lr):
    """The step, as it sees it."""
    w = lr * t
    return w


def test_rules_after_one_that_waits_count_their_own_steps() -> None:
    """They stand still until it lets them step, and t counts the steps that they take."""
    stepper = (waits | writes_t).start([0.0])
    assert [float(stepper.step([1.0])[0]) for _ in range(7)] == [0, 0, 1, 1, 1, 2, 2]
    before = (writes_t | waits).start([0.0])
    assert [float(before.step([1.0])[0]) for _ in range(4)] == [1, 2, 3, 4]


@example_settings(max_examples=20)
@given(every=st.integers(1, 5), seed=st.integers(0, 100))
def test_waiting_for_a_mean_gradient(every: int, seed: int) -> None:
    """Accumulated gradients make the same steps as their means do."""
    gradients = np.random.default_rng(seed).normal(size=(3 * every, 4))
    one, other = (waits | summed).start(np.ones(4), every=every), summed.start(np.ones(4))
    for k, g in enumerate(gradients):
        one.step(g)
        if (k + 1) % every == 0:
            other.step(gradients[k + 1 - every : k + 1].mean(axis=0))
        np.testing.assert_allclose(one.w, other.w, rtol=1e-12)


@elementwise(states={"mean": per_weight("w")}, evaluate_at="mean")
def averaged(w, mean, decay=0.5):
    """A running mean of the weights."""
    mean = decay * mean + (1 - decay) * w
    return mean


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
    np.savez(tmp_path / "saved.npz", **dict[str, Any](one.save()))
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


def test_a_hyperparameter_of_one_rule_by_its_qualified_name() -> None:
    """A qualified name gives a value to one rule of a chain; the plain name to all others; each may be scheduled."""
    chain = down | summed
    assert chain.fill({"lr": 0.5, "summed.lr": 0.1}) == {"lr": 0.5, "summed.lr": 0.1}
    assert chain.fill({"down.lr": 0.5, "summed.lr": 0.1}) == {"down.lr": 0.5, "summed.lr": 0.1}
    assert chain.numbers(chain.fill({"lr": 0.5, "summed.lr": 0.1})) == [0.5, 0.1]
    assert chain.columns_of("lr") == [0, 1]
    assert chain.columns_of("summed.lr") == [1]
    with pytest.raises(InputError, match="needs a value for lr: its rules have other defaults"):
        chain.fill({})
    assert chain.fill({"summed.lr": 0.1}) == {"lr": 0.5, "summed.lr": 0.1}  # only one default is left
    with pytest.raises(InputError, match=r"unknown parameter of down \| summed 'sumed.lr': did you mean 'summed.lr'"):
        chain.fill({"sumed.lr": 0.1})
    with pytest.raises(InputError, match=r"summed.lr = -1 is out of range: accepted is \(0, inf\)"):
        chain.fill({"summed.lr": -1})

    both: dict[str, Any] = {"lr": 0.01, "summed.lr": 0.02}
    whole = optilab.train("bowl", chain, steps=5, schedule="linear", **both)
    of_one = {"use": "linear", "of": "summed.lr"}
    part = optilab.train("bowl", chain, steps=5, schedule=of_one, **both)
    w, total = np.array([-1.8, 0.9]), np.zeros(2)
    v, sums = w.copy(), np.zeros(2)
    for k in range(5):
        g = w * [1, 20]
        total += g
        w = w - 0.01 * (1 - k / 5) * g - 0.02 * (1 - k / 5) * total
        g = v * [1, 20]
        sums += g
        v = v - 0.01 * g - 0.02 * (1 - k / 5) * sums
    np.testing.assert_allclose(whole.w, w, rtol=1e-12)
    np.testing.assert_allclose(part.w, v, rtol=1e-12)


def test_a_chain_with_a_name_of_its_own() -> None:
    """`called` gives a chain a name, a docstring and other defaults; what it is made of stays the same."""
    chain = waits | summed
    named = chain.called("patient", "Waits,\n    and sums.", every=5, lr=0.125)
    assert named.name == "patient"
    assert named.documentation == "Waits,\nand sums."
    assert named.fill({}) == {"every": 5, "lr": 0.125}
    assert chain.fill({}) == {"every": 3, "lr": 0.25}
    gradients = np.random.default_rng(5).normal(size=(7, 20))
    one, other = named.start(W), chain.start(W, every=5, lr=0.125)
    for g in gradients:
        np.testing.assert_array_equal(one.step(g), other.step(g))
    assert (named | down).name == "waits | summed | down"
    by_rule = (down | summed).called("both", "", **{"down.lr": 0.5, "summed.lr": 0.5})
    assert by_rule.fill({}) == {"lr": 0.5}
    with pytest.raises(InputError, match=r"unknown parameter of waits \| summed 'evry': did you mean 'every'"):
        chain.called("patient", "", evry=5)
    with pytest.raises(InputError, match="every = 0 is out of range"):
        chain.called("patient", "", every=0)


def test_rules_that_differ_about_a_default_keep_their_own_in_a_named_chain() -> None:
    """A chain with a name of its own begins at its rules' defaults, also where these differ."""
    named = (down | summed).called("apart", "", **{"down.lr": 0.5, "summed.lr": 0.125})
    assert named.fill({}) == {"down.lr": 0.5, "summed.lr": 0.125}
    assert named.fill({"down.lr": 1.0}) == {"down.lr": 1.0, "lr": 0.125}
    assert named.fill({"lr": 1.0}) == {"lr": 1.0}
    named.start(W).step(G)
    for title in ("a | b", 'a"', "a on first", ""):
        with pytest.raises(InputError, match="can't name an optimizer"):
            named.called(title, "")


@elementwise(lr=1.0)
def climbs(w, g, lr, uphill=True):
    """Up or down."""
    w += lr * g if uphill else -lr * g
    return w


@elementwise(lr=1.0)
def falls(w, g, lr, uphill=False):
    """Up or down."""
    w += lr * g if uphill else -lr * g
    return w


def test_a_switch_whose_defaults_differ_stays_a_switch() -> None:
    """It must be given, and takes true or false."""
    chain = climbs | falls
    assert chain.fill({"uphill": True})["uphill"] is True
    with pytest.raises(InputError, match="uphill = 1 is not true or false"):
        chain.fill({"uphill": 1})
    with pytest.raises(InputError, match="needs a value for uphill"):
        chain.fill({})


def test_a_value_that_no_rule_would_use_is_refused() -> None:
    """Where each rule has a value of its own, one for all of them says nothing."""
    with pytest.raises(InputError, match=r"lr is given, but each rule of down \| summed has a value of its own"):
        (down | summed).fill({"lr": 1.0, "down.lr": 0.5, "summed.lr": 0.25})


def test_rules_keep_apart_whatever_they_are_called() -> None:
    """A rule twice beside one whose name ends in a number: no two have the same name."""

    @elementwise(lr=0.5)
    def down_1(w, g, lr):
        w -= lr * g
        return w

    assert (down | down | down_1).rule_names == ["down_2", "down_3", "down_1"]


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


@elementwise(lr=0.5, ranges={"form": "{plain, signed, squared}"})
def one_of(w, g, lr, form="plain"):
    """Compares its word with a set of words."""
    w -= lr * (g if form in {"plain", "squared"} else 2 * g)
    return w


def test_words_in_a_set() -> None:
    """A word can be looked for in a set of them."""
    for form, factor in (("plain", 0.5), ("squared", 0.5), ("signed", 1.0)):
        np.testing.assert_allclose(one_of.start(W, form=form).step(G), flat(W) - factor * flat(G), rtol=1e-14)
