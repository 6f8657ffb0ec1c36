"""What a notebook calls: training and running."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optilab
from optilab.errors import InputError
from optilab.experiment.file import experiment_of

EXPERIMENT: dict[str, Any] = {
    "name": "from-python",
    "problem": {"use": "bowl"},
    "budget": {"steps": 2},
    "optimizers": [{"use": "sgd", "lr": 0.01}],
}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three inputs, two hidden neurons, two classes."""
    file = tmp_path_factory.mktemp("data") / "few.npz"
    x = np.random.default_rng(0).normal(size=(20, 3))
    np.savez(file, x_train=x, y_train=(x[:, 0] > 0).astype(int), x_test=x[:5], y_test=np.zeros(5, int))
    return optilab.get_problem("network", dataset={"path": str(file)}, hidden=[2])


def test_training_goes_on_from_where_another_ended(network: Any) -> None:
    """Without memory in the optimizer, two halves are the whole: layers by their shapes, in the problem's precision."""
    options: dict[str, Any] = {"lr": 0.1, "batch_size": "full"}
    whole = optilab.train(network, "sgd", steps=4, **options)
    half = optilab.train(network, "sgd", steps=2, **options)
    shapes = [(3, 2), (2,), (2, 2), (2,)]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    layers = [part.reshape(shape) for part, shape in zip(np.split(half.w, ends[:-1]), shapes, strict=True)]
    for start in (half.w, layers, [layer.tolist() for layer in layers]):
        assert optilab.train(network, "sgd", w=start, steps=2, **options).w.tobytes() == whole.w.tobytes()
    with pytest.raises(InputError, match=r"w has layers of the shapes .* network has "):
        optilab.train(network, "sgd", w=layers[::-1], steps=1, lr=0.1)
    with pytest.raises(InputError, match=r"w has shape \(2,\): network has 14 weights"):
        optilab.train(network, "sgd", w=[1.0, 2.0], steps=1, lr=0.1)
    with pytest.raises(InputError, match="precision = 'float64': the problem computes in float32"):
        optilab.train(network, "sgd", precision="float64", steps=1, lr=0.1)


def test_a_callback_is_told_each_measurement_and_may_end_the_run() -> None:
    """It sees the rows of the history; False ends the run as pruned, anything else lets it go on."""
    seen: list[dict[str, float]] = []

    def callback(measured: dict[str, float]) -> Any:
        seen.append(measured)
        return np.bool_(False) if measured["step"] == 6 else [None, True, 0][len(seen) % 3]

    made = optilab.train("bowl", "sgd", lr=0.01, steps=10, measure_steps=2, callback=callback)
    assert (made.status, made.steps) == ("pruned", 6)
    assert made.message == "given up after step 6: the callback returned False"
    assert [row["step"] for row in seen] == made.history["step"].tolist() == [0, 2, 4, 6]
    assert [row["train_cost"] for row in seen] == made.history["train_cost"].tolist()


def test_what_a_callback_raises_is_raised() -> None:
    """As it is."""

    def callback(measured: dict[str, float]) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        optilab.train("bowl", "sgd", lr=0.01, steps=10, callback=callback)


def test_an_experiment_is_a_dict_a_path_or_an_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same runs come of all three; a dict is validated, and left as it was."""
    monkeypatch.chdir(tmp_path)
    Path("e.toml").write_text(
        'name = "from-python"\nproblem = { use = "bowl" }\nbudget = { steps = 2 }\n'
        '[[optimizers]]\nuse = "sgd"\nlr = 0.01\n',
        "utf-8",
    )
    experiments: list[Any] = ["e.toml", Path("e.toml"), EXPERIMENT, optilab.Experiment.model_validate(EXPERIMENT)]
    found = [
        optilab.run(given, f"r{k}", executor="inline").runs["run_id"].tolist() for k, given in enumerate(experiments)
    ]
    assert all(ids == found[0] for ids in found)
    with pytest.raises(InputError, match="budgt: unknown key; did you mean 'budget'"):
        optilab.run({**EXPERIMENT, "budgt": {}}, executor="inline")


def test_a_path_of_a_dataset_may_be_one_of_pathlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a problem and in an experiment, relative to the current folder; it is the dataset of the same path as a text."""
    monkeypatch.chdir(tmp_path)
    np.savez("d.npz", x_train=np.arange(12.0)[:, None], y_train=np.arange(12) % 2)
    one, other = (optilab.get_problem("network", dataset={"path": path}) for path in ("d.npz", Path("d.npz")))
    assert one.identity == other.identity
    problem = {"use": "network", "dataset": {"path": Path("d.npz")}}
    kept = experiment_of({**EXPERIMENT, "problem": problem}).problem
    assert kept == {"use": "network", "dataset": {"path": str(tmp_path / "d.npz")}}
