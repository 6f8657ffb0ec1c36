"""Arrays in memory, kept: by their digest, in experiments, for workers and for predictions."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optilab
from arrays import STREAM, X, Y
from optilab.datasets.given import given_dataset
from optilab.datasets.mapped import folder_of
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import experiment_of, read_stored
from optilab.parameters.tables import validated


def test_the_digest_is_of_values_types_and_options() -> None:
    """Equal content has equal digests; a value, a shape, a name, a type or an option that differs has another."""

    def digest(**given: Any) -> str:
        return given_dataset({"x_train": X, "y_train": Y, **given}).digest

    other = X.copy()
    other[3, 1] += 1e-12
    frame = pd.DataFrame(X, columns=list("abc"))
    assert digest() == digest(x_train=X.copy())
    assert digest(x_train=frame) == digest(x_train=frame.copy())
    several = [
        digest(),
        digest(x_train=other),
        digest(x_train=X.reshape(20, 3, 1)),
        digest(x_train=frame),
        digest(x_train=frame.rename(columns={"a": "d"})),
        digest(y_train=Y.astype(float)),
        digest(x_test=X, y_test=Y),
        digest(standardize=True),
    ]
    assert len(set(several)) == len(several)


def test_bytes_are_scaled_in_predictions_only_where_they_are_in_training() -> None:
    """Outputs for the bytes of a table are those for the same numbers."""
    ages = STREAM.integers(0, 99, (20, 4)).astype(np.uint8)
    plain = optilab.get_problem("network", dataset={"x_train": ages, "y_train": Y}, hidden=[2])
    w = plain.initial(0)
    np.testing.assert_array_equal(plain.outputs(w, ages), plain.outputs(w, ages.astype(float)))  # type: ignore[attr-defined]
    image = optilab.get_problem("network", dataset={"x_train": ages, "y_train": Y, "image": [2, 2]}, hidden=[2])
    np.testing.assert_allclose(image.outputs(w, ages), image.outputs(w, ages / 255), rtol=1e-6)  # type: ignore[attr-defined]


def test_arrays_are_trained_on_as_files_are(tmp_path: Path) -> None:
    """The same arrays in memory and in a .npz give the same weights, bit for bit."""
    np.savez(tmp_path / "d.npz", x_train=X, y_train=Y)
    runs = [
        optilab.train(optilab.get_problem("network", dataset=data, hidden=[4]), "sgd", lr=0.1, epochs=2)
        for data in ({"path": str(tmp_path / "d.npz")}, {"x_train": X, "y_train": Y})
    ]
    assert runs[0].w.tobytes() == runs[1].w.tobytes()


def test_an_experiment_keeps_arrays_by_their_digest(tmp_path: Path) -> None:
    """Arrays in an experiment go into the cache: what is sent to workers and stored is a digest, and no values."""
    data = {"x_train": X, "y_train": ["a", "b"] * 10, "standardize": True}
    problem = {"use": "network", "dataset": data, "hidden": [4]}
    content = {"name": "m", "budget": {"steps": 2}, "problem": problem, "optimizers": [{"use": "sgd", "lr": 0.1}]}
    direct = optilab.get_problem("network", dataset=data, hidden=[4])
    experiment = validated(Experiment, content)
    assert experiment.problem == {"use": "network", "dataset": {"digest": direct.identity["dataset"]}, "hidden": [4]}
    results = optilab.run(content, tmp_path / "results", executor="inline")
    assert results.runs["status"].tolist() == ["budget"]
    assert json.loads(results.runs["spec"][0])["problem"] == experiment.problem
    again = read_stored(tmp_path / "results").problem
    assert again is not None
    rest = {key: value for key, value in again.items() if key != "use"}
    assert optilab.get_problem("network", **rest).identity == direct.identity
    own = optilab.train(direct, "sgd", lr=0.1, steps=2)
    assert results.history["train_cost"].iloc[-1] == own.history["train_cost"].iloc[-1]


def test_an_experiment_takes_tables_of_pandas() -> None:
    """With types that no file of TOML knows, in one problem and in several."""
    frame = pd.DataFrame({"word": ["u", "v"] * 10, "exact": [Decimal(k) / 10 for k in range(20)]})
    problem = {"use": "network", "dataset": {"x_train": frame, "y_train": pd.Series(Y)}, "hidden": [4]}
    content = {"name": "m", "budget": {"steps": 2}, "optimizers": [{"use": "sgd"}]}
    one = experiment_of({**content, "problem": problem})
    several = experiment_of({**content, "problems": [problem]})
    assert several.problems == [one.problem]
    assert one.problem is not None
    assert set(one.problem["dataset"]) == {"digest"}


def test_arrays_that_the_cache_lost_are_told() -> None:
    """A digest whose arrays are gone, or that is none, is one message."""
    data = given_dataset({"x_train": X, "y_train": Y, "split_seed": 77})
    data.load()
    kept = given_dataset({"digest": data.digest})
    np.testing.assert_array_equal(kept.load().x_train, data.load().x_train)
    (folder_of("arrays", data.digest) / "x_train.npy").unlink()
    with pytest.raises(InputError, match=rf"the arrays of digest {data.digest[:16]} are not in this machine's cache"):
        kept.load()
    with pytest.raises(InputError, match="digest"):
        given_dataset({"digest": "../../etc"})
