"""The history of a run: when it is measured, and what is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from training.runs import CLOCKS, fingerprint

import optilab
from optilab.compiler.types import CORRECT, UNCOUNTED
from optilab.problems.problem import Problem
from optilab.training.plan import Plan
from optilab.training.stopping import Budget, Measure
from optilab.training.training import Training

COLUMNS = [
    "step",
    "epoch",
    "examples",
    "gradient_evaluations",
    "seconds",
    "cpu_seconds",
    "train_cost",
    "valid_cost",
    "test_cost",
    "train_accuracy",
    "valid_accuracy",
    "test_accuracy",
    "gradient_norm",
    "update_norm",
    "weight_norm",
    "lr",
    "w_0",
    "w_1",
]


def test_measured_once_an_epoch_by_default(network: Problem) -> None:
    """Without a word on measuring, the history has the start and the end of each epoch, and the end of the run."""
    assert optilab.train(network, "sgd", batch_size=8, steps=17).history["step"].tolist() == [0, 7, 14, 17]
    history = optilab.train(network, "sgd", batch_size=8, epochs=2).history
    assert history["step"].tolist() == [0, 7, 14]
    assert history["epoch"].tolist() == [0, 1, 2]
    assert history["examples"].tolist() == [0, 50, 100]


def test_without_the_norm_of_the_gradient(network: Problem) -> None:
    """Measurements without it have none, are made as often, and are the same otherwise; so is the run."""
    given: dict[str, Any] = {"batch_size": 8, "epochs": 2}
    whole, without = (optilab.train(network, "sgd", measure_gradient_norm=norm, **given) for norm in (True, False))
    assert whole.history["gradient_norm"].notna().all()
    assert without.history["gradient_norm"].isna().all()
    others = [name for name in COLUMNS if name not in CLOCKS and name != "gradient_norm"]
    np.testing.assert_array_equal(without.history[others], whole.history[others])
    np.testing.assert_array_equal(without.w, whole.w)


def test_without_the_norm_no_gradient_is_computed(network: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """A measurement evaluates the cost alone: that takes half of its time."""
    plan = Plan(
        network, optilab.get_optimizer("sgd"), {"lr": 0.1}, (), 8, Budget(epochs=1), Measure(gradient_norm=False)
    )
    training, asked = Training(plan, 0), []
    evaluate = training.setup.evaluate

    def noted(w: Any, g: Any, rows: Any, context: Any) -> float:
        asked.append(g.size)
        return float(evaluate(w, g, rows, context))

    monkeypatch.setattr(training.setup, "evaluate", noted)
    training.finish()
    assert asked
    assert not any(asked)


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


def test_history_of_a_network(network: Any, split_file: dict[str, Any]) -> None:
    """The last row of the history is what the weights at the end say of all examples, for training and for testing."""
    run = optilab.train(network, "momentum", lr=0.05, batch_size=8, epochs=3)
    row = run.history.iloc[-1]
    data = np.load(split_file["path"])

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


def test_correct_predictions_are_counted_where_they_are_asked_for(network: Problem) -> None:
    """Batches of training are not counted; the accuracies of a measurement are those of the predictions."""
    plan = Plan(
        network, optilab.get_optimizer("sgd"), {"lr": 0.1}, (), batch_size=8, budget=Budget(epochs=2), measure=None
    )
    training = Training(plan, 0)
    training.finish()
    assert training.setup.context.tally[CORRECT] == UNCOUNTED
    rows = network.train_rows
    every = training.setup.train_context._replace(tally=np.zeros(3, np.int64))
    cost = network.evaluate(training.run.w, training.run.w[:0], rows, every)
    last = training.run.history.iloc[-1]
    assert (last["train_cost"], last["train_accuracy"]) == (pytest.approx(cost), every.tally[CORRECT] / rows.size)
