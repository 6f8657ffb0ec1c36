"""One run: its budget, its status, its history, and where its randomness comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

import optilab
from optilab import InputError, randomness
from optilab.problems.problem import Problem
from optilab.training.run import Run
from optilab.training.stopping import Length

COLUMNS = [
    "step",
    "epoch",
    "examples",
    "gradient_evaluations",
    "seconds",
    "cpu_seconds",
    "train_cost",
    "test_cost",
    "train_accuracy",
    "test_accuracy",
    "gradient_norm",
    "update_norm",
    "weight_norm",
    "lr",
    "w_0",
    "w_1",
]
CLOCKS = ["seconds", "cpu_seconds"]
RULES = ["sgd", "momentum", "adam", "rmsprop", "lars", "polyak", "sam | sgd", "clip_by_global_norm | adam"]
TRAINING, TESTING = 50, 20  # examples


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Fifty examples of three classes to learn from, and twenty to be tested on."""
    random = np.random.default_rng(0)
    labels = np.arange(TRAINING + TESTING) % 3
    x = random.normal(size=(labels.size, 4)) + 2 * np.eye(3, 4)[labels]
    path = tmp_path_factory.mktemp("data") / "blobs.npz"
    parts: dict[str, Any] = {
        "x_train": x[:TRAINING],
        "y_train": labels[:TRAINING],
        "x_test": x[TRAINING:],
        "y_test": labels[TRAINING:],
    }
    np.savez(path, **parts)
    return {"path": str(path)}


@pytest.fixture(scope="module")
def network(file: dict[str, Any]) -> Any:
    """A small network on them, in float64."""
    return optilab.get_problem("network", dataset=file, hidden=[5], cost="cross_entropy", precision="float64")


def same(one: Run, other: Run) -> bool:
    """Whether two runs agree bit for bit in weights, status and history, clocks aside."""
    histories = [run.history.drop(columns=CLOCKS) for run in (one, other)]
    return one.w.tobytes() == other.w.tobytes() and one.status == other.status and histories[0].equals(histories[1])


def test_run_ends_with_its_budget(network: Problem) -> None:
    """A run that trained to the end has the status `budget`, no message, and all its steps."""
    run = optilab.train(network, "sgd", batch_size=10, epochs=3)
    assert (run.status, run.message, run.steps) == ("budget", "", 15)
    last = run.history.iloc[-1]
    shown = f"train_cost={last['train_cost']:.4g}, test_accuracy={last['test_accuracy']:.4g}"
    assert repr(run) == f"<Run budget after 15 steps: {shown}>"
    assert repr(Run(run.w)) == "<Run budget after 0 steps>"
    assert Run(run.w).last_finite_step == 0
    assert run.train_seconds > 0
    assert run.history["train_cost"].iloc[-1] < run.history["train_cost"].iloc[0]


def test_run_diverges() -> None:
    """On w^2 / 2 with lr 11 the weight grows tenfold a step: the run stops, says where, and keeps its history."""
    run = optilab.train("parabola", "sgd", lr=11, steps=1000, measure_steps=50)
    # From -2: (2e154)^2 / 2 is infinite, (2e153)^2 / 2 is not.
    assert (run.status, run.steps) == ("diverged", 154)
    assert run.message == "the cost of the batch at step 155 is inf; last finite step 153"
    assert run.history["step"].tolist() == [0, 50, 100, 150, 154]
    assert np.isfinite(run.history["train_cost"][:-1]).all()
    assert run.history["train_cost"].iloc[-1] == np.inf
    assert abs(run.w[0]) == pytest.approx(2e154, rel=1e-10)


def test_run_diverges_at_a_measurement() -> None:
    """A cost that is found infinite only when it is measured ends the run as well."""
    run = optilab.train("parabola", "sgd", lr=11, steps=154)
    assert (run.status, run.steps) == ("diverged", 154)
    assert run.message == "the training cost after step 154 is inf; last finite step 153"


@pytest.mark.parametrize("measure_steps", [1, 5, 1000])
def test_divergence_does_not_depend_on_measuring(measure_steps: int) -> None:
    """However often it is measured, a run diverges at the same step with the same weights."""
    run = optilab.train("parabola", "sgd", lr=11, steps=1000, measure_steps=measure_steps)
    assert (run.status, run.steps) == ("diverged", 154)
    assert run.message.endswith("last finite step 153")
    assert run.history["step"].iloc[-1] == 154
    assert abs(run.w[0]) == pytest.approx(2e154, rel=1e-10)


def test_run_diverges_above_a_bound() -> None:
    """With a bound, a finite cost that reaches it is divergence: from 2 to 8 times 2^(2k), first above 1000 at k = 5."""
    for every, message in (
        (50, "the cost of the batch at step 6 is 2048"),
        (1, "the training cost after step 5 is 2048"),
    ):
        run = optilab.train("parabola", "sgd", lr=3, steps=50, stop={"diverged_above": 1000}, measure_steps=every)
        assert (run.status, run.steps) == ("diverged", 5)
        assert run.message == f"{message}; last finite step 4"
        assert run.w[0] == 64


def test_a_bound_on_the_cost_holds_at_the_last_measurement() -> None:
    """A run whose budget ends at a cost above the bound has diverged too."""
    run = optilab.train("parabola", "sgd", lr=3, steps=5, stop={"diverged_above": 1000})
    assert run.history["train_cost"].iloc[-1] == 2048
    assert run.status == "diverged"


def test_run_that_diverges_on_a_network(file: dict[str, Any]) -> None:
    """A network whose weights run away ends as diverged, with finite measurements up to the last."""
    linear = optilab.get_problem("network", dataset=file, hidden=[], output_activation="identity", precision="float64")
    run = optilab.train(linear, "sgd", lr=1e10, batch_size=10, epochs=5, measure_steps=1)
    assert run.status == "diverged"
    assert 10 < run.steps < 25
    assert len(run.history) == run.steps + 1
    assert np.isfinite(run.history["train_cost"]).tolist() == [True] * run.steps + [False]
    assert run.message == f"the training cost after step {run.steps} is inf; last finite step {run.steps - 1}"


@optilab.vectorwise()
def burst(w, g):
    """Makes the last weight infinite: under tanh, the cost stays finite."""
    w[w.size - 1] = np.inf


def test_message_of_weights_that_are_not_finite(file: dict[str, Any]) -> None:
    """Where the weights are no longer finite but the cost is, the message says so, and does not blame the cost."""
    bounded = optilab.get_problem("network", dataset=file, hidden=[], output_activation="tanh", precision="float64")
    run = optilab.train(bounded, burst, steps=3, measure_steps=1)
    assert (run.status, run.steps) == ("diverged", 1)
    assert np.isfinite(run.history["train_cost"]).all()
    assert run.history["weight_norm"].iloc[-1] == np.inf
    assert "cost" not in run.message
    assert "weight" in run.message


def test_run_that_starts_where_the_cost_is_not_finite() -> None:
    """From a start with an infinite cost no step is taken, and the history is its single measurement."""
    run = optilab.train(optilab.get_problem("parabola", start=[1e200]), "sgd", steps=10)
    assert (run.status, run.steps, len(run.history)) == ("diverged", 0, 1)
    assert run.message == "the training cost after step 0 is inf; last finite step 0"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RULES)
def test_same_seed_gives_the_same_run(file: dict[str, Any], name: str, dtype: Any) -> None:
    """In both precisions a run repeated with its seed, on a problem built anew, is the same bit for bit."""
    runs = []
    for seed in (3, 3, 4):
        problem = optilab.get_problem("network", dataset=file, hidden=[5], cost="cross_entropy", precision=dtype)
        runs.append(optilab.train(problem, name, batch_size=8, epochs=2, seed=seed))
    assert runs[0].w.dtype == dtype
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])
    assert runs[0].status == "budget"
    assert runs[0].history["train_cost"].nunique() == 3


@pytest.mark.parametrize("name", RULES)
def test_float32_follows_float64(file: dict[str, Any], name: str) -> None:
    """From the same start in the same order, a run in float32 stays near the one in float64 for an epoch."""
    runs = [
        optilab.train(
            optilab.get_problem("network", dataset=file, hidden=[5], activation="tanh", precision=dtype),
            name,
            lr=0.01,
            epochs=1,
            batch_size=10,
        )
        for dtype in ("float32", "float64")
    ]
    np.testing.assert_allclose(runs[0].history["train_cost"], runs[1].history["train_cost"], rtol=1e-4)
    np.testing.assert_allclose(runs[0].w, runs[1].w, rtol=1e-3, atol=1e-4)


def test_measuring_does_not_change_a_run(network: Problem) -> None:
    """The weights at the end are the same bit for bit however often they are measured on the way."""
    for name in ("adam", "sam | momentum"):
        kwargs: dict[str, Any] = {"batch_size": 8, "steps": 30, "seed": 1, "schedule": "cosine", "lr": 0.01}
        ends = [optilab.train(network, name, measure_steps=every, **kwargs).w for every in (1, 7, 30, 100)]
        for end in ends[1:]:
            np.testing.assert_array_equal(end, ends[0])


def test_every_optimizer_of_a_seed_starts_at_the_same_weights(network: Problem) -> None:
    """Whatever the optimizer, its batches and its schedule, the first measurement of a seed is the same."""
    given: list[tuple[str, Any, Any]] = [
        ("sgd", 1, None),
        ("adam", 7, "cosine"),
        ("lars", "full", None),
        ("sam | sgd", 50, None),
    ]
    firsts = [
        optilab.train(network, name, batch_size=size, epochs=1, seed=9, schedule=schedule).history.iloc[0]
        for name, size, schedule in given
    ]
    for column in ("train_cost", "test_cost", "gradient_norm", "weight_norm", "train_accuracy"):
        assert len({row[column] for row in firsts}) == 1, column


@optilab.elementwise(states={"start": optilab.per_weight("w")})
def fingerprint(w, g, start, total, t):
    """Stays at the start, and keeps a weighted sum of the gradients of all batches."""
    total = total + t * g
    w = start
    return w, total


def test_order_of_the_examples_is_that_of_the_seed(network: Problem) -> None:
    """Each epoch's batches are slices of a permutation that depends on the seed and the epoch, and on nothing else."""
    for seed in (0, 7):
        w = network.initial(seed)
        expected, t = w.copy(), 0
        for epoch in range(2):
            order = randomness.data_order(seed, epoch).permutation(TRAINING)
            for first in range(0, TRAINING, 8):
                t += 1
                expected = expected - 0.05 * network.gradient(expected, order[first : first + 8])
        run = optilab.train(network, "sgd", lr=0.05, batch_size=8, epochs=2, seed=seed)
        assert run.steps == t
        np.testing.assert_allclose(run.w, expected, rtol=1e-10, atol=1e-14)


def test_streams_of_a_seed_are_apart() -> None:
    """First weights and the order of each epoch draw from streams of their own, the same each time."""
    draws = [tuple(stream.random(4)) for stream in (randomness.first_weights(1), randomness.first_weights(2))]
    draws += [tuple(randomness.data_order(seed, epoch).random(4)) for seed in (1, 2) for epoch in (0, 1, 2)]
    assert len(set(draws)) == len(draws)
    assert tuple(randomness.first_weights(1).random(4)) == draws[0]
    assert tuple(randomness.data_order(2, 2).random(4)) == draws[-1]


def test_order_does_not_depend_on_what_is_drawn_for_weights(file: dict[str, Any]) -> None:
    """Two networks of other widths see the same batches: a linear one's path is not moved by another's weights."""
    one, other = (
        optilab.get_problem("network", dataset=file, hidden=[], first_weights=rule, precision="float64")
        for rule in ("glorot", "orthogonal")
    )
    for problem in (one, other):
        order = randomness.data_order(5, 0).permutation(TRAINING)
        w = problem.initial(5)
        for first in range(0, TRAINING, 20):
            w = w - 0.1 * problem.gradient(w, order[first : first + 20])
        np.testing.assert_allclose(optilab.train(problem, "sgd", batch_size=20, epochs=1, seed=5).w, w, rtol=1e-10)


def test_budget_in_steps_and_in_epochs(network: Problem) -> None:
    """Fifty examples in batches of eight are seven steps an epoch, whichever way the budget is given."""
    by_epochs = optilab.train(network, "sgd", batch_size=8, epochs=3)
    by_steps = optilab.train(network, "sgd", batch_size=8, steps=21)
    assert by_epochs.steps == by_steps.steps == 21
    assert same(by_epochs, by_steps)
    assert optilab.train(network, "sgd", batch_size=8, epochs=0.5).steps == 4  # of 3.5
    assert optilab.train(network, "sgd", batch_size=8, epochs=0.001).steps == 1
    assert optilab.train(network, "sgd", batch_size=50, epochs=4).steps == 4


def test_full_batch_is_one_step_an_epoch(network: Problem) -> None:
    """Gradient descent takes one step an epoch, on all examples in their own order."""
    run = optilab.train(network, "gradient_descent", lr=0.2, epochs=5)
    assert run.steps == 5
    assert run.history["epoch"].tolist() == [0, 1, 2, 3, 4, 5]
    assert run.history["examples"].tolist() == [0, 50, 100, 150, 200, 250]
    w = network.initial()
    for _ in range(5):
        w = w - 0.2 * network.gradient(w)
    np.testing.assert_allclose(run.w, w, rtol=1e-12)
    assert same(run, optilab.train(network, "sgd", lr=0.2, epochs=5, batch_size="full"))


def test_measured_once_an_epoch_by_default(network: Problem) -> None:
    """Without a word on measuring, the history has the start and the end of each epoch, and the end of the run."""
    assert optilab.train(network, "sgd", batch_size=8, steps=17).history["step"].tolist() == [0, 7, 14, 17]
    history = optilab.train(network, "sgd", batch_size=8, epochs=2).history
    assert history["step"].tolist() == [0, 7, 14]
    assert history["epoch"].tolist() == [0, 1, 2]
    assert history["examples"].tolist() == [0, 50, 100]


def test_function_is_measured_a_thousand_times_by_default() -> None:
    """On a plain function, where each step is an epoch, a long run is measured at most a thousand times."""
    assert optilab.train("bowl", "sgd", lr=0.01, steps=10).history["step"].tolist() == list(range(11))
    steps = optilab.train("bowl", "sgd", lr=0.01, steps=2500).history["step"]
    assert steps.tolist() == [*range(0, 2500, 3), 2500]
    steps = optilab.train("bowl", "sgd", lr=0.01, gradient_evaluations=2500).history["step"]
    assert steps.tolist() == [0, 1000, 2000, 2500]  # how many there will be isn't known


@example_settings(max_examples=30)
@given(steps=st.integers(1, 40), every=st.integers(1, 50))
def test_measured_every_so_many_steps(steps: int, every: int) -> None:
    """The history has the start, every so many steps, and the end."""
    run = optilab.train("bowl", "sgd", lr=0.01, steps=steps, measure_steps=every)
    assert run.history["step"].tolist() == [*range(0, steps, every), steps]


def test_measured_every_so_many_epochs(network: Problem) -> None:
    """Epochs between measurements may be a part of one."""
    history = optilab.train(network, "sgd", batch_size=10, epochs=2, measure_epochs=0.4).history
    assert history["epoch"].tolist() == pytest.approx([0, 0.4, 0.8, 1.2, 1.6, 2.0])
    assert history["examples"].tolist() == [0, 20, 40, 60, 80, 100]


def test_columns_of_the_history(network: Problem) -> None:
    """The history has the columns that every table and plot builds on, in order."""
    assert list(optilab.train(network, "sgd", epochs=1).history) == COLUMNS
    assert list(optilab.train("bowl", "sgd", steps=1).history) == COLUMNS


def test_history_of_a_network(network: Any, file: dict[str, Any]) -> None:
    """The last row of the history is what the weights at the end say of all examples, for training and for testing."""
    run = optilab.train(network, "momentum", lr=0.05, batch_size=8, epochs=3)
    row = run.history.iloc[-1]
    data = np.load(file["path"])

    def measure(x: Any, y: Any) -> tuple[float, float]:
        p = network.outputs(run.w, x)
        return -np.log(p[np.arange(len(y)), y]).mean(), (p.argmax(axis=1) == y).mean()

    cost, accuracy = measure(data["x_train"], data["y_train"])
    assert row["train_cost"] == pytest.approx(cost, rel=1e-12)
    assert row["train_accuracy"] == pytest.approx(accuracy, rel=1e-15)
    cost, accuracy = measure(data["x_test"], data["y_test"])
    assert row["test_cost"] == pytest.approx(cost, rel=1e-12)
    assert row["test_accuracy"] == pytest.approx(accuracy, rel=1e-15)
    assert row["gradient_norm"] == pytest.approx(np.linalg.norm(network.gradient(run.w)), rel=1e-12)
    assert row["weight_norm"] == pytest.approx(np.linalg.norm(run.w), rel=1e-12)
    assert row["lr"] == 0.05
    assert row[["w_0", "w_1"]].isna().all()


def test_update_norm_is_that_of_the_step_before(network: Problem) -> None:
    """The norm of the last update before each measurement; there is none before the first."""
    run = optilab.train(network, "gradient_descent", lr=0.3, epochs=4)
    norms = run.history["update_norm"]
    assert np.isnan(norms[0])
    np.testing.assert_allclose(norms[1:], 0.3 * run.history["gradient_norm"][:-1], rtol=1e-10)


def test_history_of_a_function() -> None:
    """On a function of two weights the history has the path itself, and neither tests nor accuracy."""
    history = optilab.train("bowl", "sgd", lr=0.05, steps=3).history
    np.testing.assert_allclose(history["w_0"], -1.8 * 0.95 ** np.arange(4), rtol=1e-13)
    np.testing.assert_allclose(history["w_1"], [0.9, 0, 0, 0], atol=1e-16)
    expected = (history["w_0"] ** 2 + 20 * history["w_1"] ** 2) / 2
    np.testing.assert_allclose(history["train_cost"], expected, rtol=1e-13)
    np.testing.assert_allclose(history["weight_norm"], np.hypot(history["w_0"], history["w_1"]), rtol=1e-13)
    assert history[["test_cost", "train_accuracy", "test_accuracy"]].isna().all(axis=None)
    one = optilab.train("parabola", "sgd", steps=3).history
    assert one["w_0"].notna().all()
    assert one["w_1"].isna().all()


def test_history_of_a_regression(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where numbers are predicted there is no accuracy; without a test part there is no test cost."""
    path = tmp_path_factory.mktemp("data") / "numbers.npz"
    x = np.linspace(0, 1, 9)[:, None]
    np.savez(path, x_train=x, y_train=x[:, 0] ** 2)
    for fraction, has_test in ((0.0, False), (0.4, True)):
        dataset = {"path": str(path), "test_fraction": fraction}
        problem = optilab.get_problem("network", dataset=dataset, hidden=[2], precision="float64")
        history = optilab.train(problem, "sgd", batch_size="full", epochs=2).history
        assert history[["train_accuracy", "test_accuracy"]].isna().all(axis=None)
        assert history["test_cost"].notna().all() == has_test
        assert history["test_cost"].isna().all() == (not has_test)


def test_a_rule_without_learning_rate_has_none_in_the_history() -> None:
    """The column lr is empty where no rule of the chain asks for lr."""
    assert optilab.train("bowl", fingerprint, steps=2).history["lr"].isna().all()


def test_clocks_go_forward(network: Problem) -> None:
    """Time on the run's clock starts at zero and never goes back; compiling and measuring are not on it."""
    run = optilab.train(network, "sgd", batch_size=1, epochs=5)
    for clock in CLOCKS:
        assert run.history[clock].iloc[0] == 0
        assert (np.diff(run.history[clock]) >= 0).all()
    assert run.history["seconds"].iloc[-1] == run.train_seconds > 0
    assert run.compile_seconds > 0
    assert run.measure_seconds > 0


def test_usual_batch_is_all_examples_where_there_are_fewer() -> None:
    """An optimizer's own batch of 32 is cut to a function's single example."""
    assert optilab.train("bowl", "sgd", lr=0.01, steps=3).history["examples"].tolist() == [0, 1, 2, 3]


ERRORS: list[tuple[Callable[[Problem], Any], str]] = [
    (
        lambda p: optilab.train(p, "sgd", batch_size=51, epochs=1),
        "batch_size = 51: accepted is 'full', or a whole number from 1 to 50",
    ),
    (
        lambda p: optilab.train(p, "sgd", batch_size=0, epochs=1),
        "batch_size = 0: accepted is 'full', or a whole number",
    ),
    (lambda p: optilab.train(p, "sgd", batch_size=-1, epochs=1), "batch_size = -1: accepted is"),
    (lambda p: optilab.train(p, "sgd", batch_size=2.0, epochs=1), "batch_size = 2.0: accepted is"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", batch_size=True, epochs=1), "batch_size = True: accepted is"),
    (lambda p: optilab.train(p, "sgd", batch_size="all", epochs=1), "batch_size = 'all': accepted is 'full'"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", epochs=1, steps=1), "give steps or epochs, one of them"),
    (lambda p: optilab.train(p, "sgd"), "give steps or epochs, one of them, or examples"),
    (lambda p: optilab.train(p, "sgd", steps=0), "steps = 0: .*greater than 0"),
    (lambda p: optilab.train(p, "sgd", epochs=-1), "epochs = -1: .*greater than 0"),
    (lambda p: optilab.train(p, "sgd", epochs=float("inf")), "epochs = inf: .*finite"),
    (lambda p: optilab.train(p, "sgd", epochs=float("nan")), "epochs = nan: .*finite"),
    (lambda p: optilab.train(p, "sgd", steps=True), "steps = True: accepted is a whole number"),
    (lambda p: optilab.train(p, "sgd", steps=2.5), "steps = 2.5"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", steps="3"), "steps = '3'"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train("bowl", "sgd", steps=2.5), "steps = 2.5"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", steps=1, seed=-1), "seed = -1"),
    (lambda p: optilab.train(p, "sgd", steps=1, stop={"diverged_above": float("nan")}), "diverged_above = nan"),
    (
        lambda p: optilab.train("bowl", "sgd", steps=5, schedule={"use": "reduce_on_plateau", "monitor": "test_cost"}),
        "reduce_on_plateau: test_cost is not measured on this problem",
    ),
    (
        lambda p: optilab.train("bowl", "sgd", steps=5, schedule={"use": "reduce_on_plateau", "per": "epoch"}),
        "per: reduce_on_plateau goes by measurements",
    ),
    (
        lambda p: optilab.get_optimizer("sgd").start([1.0, 2.0]).step([1.0]),
        r"gradient has shape \(1,\); expected \(2,\)",
    ),
    (lambda p: optilab.train(p, "sgd", steps=1, seed=0.5), "seed = 0.5"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", steps=1, measure_steps=0), r"measure\.steps = 0: .*greater than 0"),
    (
        lambda p: optilab.train(p, "sgd", steps=1, measure_steps=1, measure_epochs=1),
        "measure: give steps or epochs, one of them",
    ),
    (lambda p: optilab.train(p, "sgd", steps=1, momentum=0.5), "unknown parameter of sgd 'momentum': known is lr"),
    (lambda p: optilab.train(p, "sdg", steps=1), "unknown optimizer 'sdg': did you mean 'sgd'"),
    (lambda p: optilab.train("netwrk", "sgd", steps=1), "unknown problem 'netwrk': did you mean 'network'"),
    (
        lambda p: optilab.get_problem("bowl", precision="float16"),  # type: ignore[arg-type]  # refused
        "precision = 'float16': accepted is 'float32' or 'float64'",
    ),
    (lambda p: optilab.get_problem("bowl", condition=0.5), r"condition = 0.5 is out of range: accepted is \[1, inf\)"),
    (
        lambda p: optilab.get_problem("bowl", conditon=5),
        "unknown parameter of bowl 'conditon': did you mean 'condition'",
    ),
    (lambda p: optilab.get_problem("bowl", start=[1]), r"start = \[1\]: accepted is a list of 2 numbers, or 'random'"),
]


@pytest.mark.parametrize(("use", "message"), ERRORS)
def test_run_that_can_not_be(use: Callable[[Problem], Any], message: str, network: Problem) -> None:
    """What doesn't fit together is refused before anything is trained, with what is accepted."""
    with pytest.raises(InputError, match=message):
        use(network)


@example_settings(max_examples=60)
@given(epochs=st.floats(0.01, 100), per_epoch=st.integers(1, 1000))
def test_length_in_epochs_is_rounded_to_steps(epochs: float, per_epoch: int) -> None:
    """A length in epochs is the nearest number of steps, and at least one; one in steps is itself."""
    steps = Length(epochs=epochs).in_steps(per_epoch)
    assert steps == 1 or abs(steps - epochs * per_epoch) <= 0.5 + 1e-9
    assert steps >= 1
    assert Length(steps=7).in_steps(per_epoch) == 7
