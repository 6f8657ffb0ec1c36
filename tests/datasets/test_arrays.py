"""Arrays in memory as datasets: NumPy, lists, pandas; what is refused; how workers get them."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import Examples, Sparse, check_precision, checked
from optilab.datasets.given import given_dataset
from optilab.datasets.mapped import folder_of
from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import experiment_of, read_stored
from optilab.parameters.tables import validated

STREAM = np.random.default_rng(5)
X = STREAM.normal(size=(20, 3))
Y = np.arange(20) % 3


def load(**given: Any) -> Examples:
    """The examples in arrays, all for training where no test part is given."""
    return given_dataset({"x_train": X, "y_train": Y, "test_fraction": 0.0, **given}).load()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X, Y),
        (X.tolist(), Y.tolist()),
        (X, Y.tolist()),
        (X, Y[:, None]),
        (X.astype(">f8"), Y.astype(">i4")),
        (np.asfortranarray(X), Y.astype(np.uint8)),
        (X.astype(object), Y.astype(object)),
        (pd.DataFrame(X), pd.Series(Y)),
        (pd.DataFrame(X).astype("Float64"), pd.Series(Y, dtype="Int64")),
        (pd.DataFrame(X).astype(object), pd.DataFrame({"y": Y})),
        (np.ma.array(X), np.ma.array(Y)),
        ([tuple(row) for row in X.tolist()], [str(label) for label in Y]),
        (X, pd.Series(Y).astype("category")),
    ],
)
def test_one_dataset_in_many_types(x: Any, y: Any) -> None:
    """Whatever holds them, the same numbers and the same classes."""
    found = load(x_train=x, y_train=y)
    np.testing.assert_array_equal(found.x_train, X)
    assert found.x_train.dtype == np.float64
    assert found.classes == ("0", "1", "2")
    assert found.y_train.tolist() == Y.tolist()


def test_the_users_arrays_may_change_later() -> None:
    """What is trained on is what was given, also where the array is overwritten before it is used."""
    x = X.copy()
    data = given_dataset({"x_train": x, "y_train": Y, "test_fraction": 0.0})
    x[:] = 0
    np.testing.assert_array_equal(data.load().x_train, X)


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


masked = np.ma.array(X, mask=np.arange(60).reshape(20, 3) == 4)
WITH_GAP = np.where(np.arange(60).reshape(20, 3) == 4, np.nan, X)


@pytest.mark.parametrize(
    "x", [masked, WITH_GAP, WITH_GAP.tolist(), np.where(np.isnan(WITH_GAP), np.array(None), X), pd.DataFrame(WITH_GAP)]
)
def test_a_masked_value_is_a_missing_one(x: Any) -> None:
    """A mask, a NaN and a None are missing values: refused, dropped, or filled with the mean of their column."""
    with pytest.raises(InputError, match=r"row 1"):
        load(x_train=x)
    assert load(x_train=x, missing="drop").x_train.shape == (19, 3)
    filled = load(x_train=x, missing="mean").x_train
    assert filled[1, 1] == pytest.approx(np.delete(X[:, 1], 1).mean(), rel=1e-14)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"y_train": np.zeros((20, 2)), "x_test": X, "y_test": np.zeros(20)}, r"y_train has shape .*y_test has shape"),
        ({"y_train": np.zeros(20), "x_test": X, "y_test": np.zeros((20, 2))}, r"y_train has shape .*y_test has shape"),
        (
            {"y_train": np.zeros((20, 2)), "x_test": X, "y_test": np.zeros((20, 3))},
            r"y_train has shape .*y_test has shape",
        ),
        ({"x_test": X, "y_test": Y * 0.5}, r"y_train are classes, y_test are numbers"),
        ({"y_train": Y * 0.5, "x_test": X, "y_test": Y}, r"y_train are numbers, y_test are classes"),
        ({"x_test": X[:, :2], "y_test": Y}, r"x_test has 2 inputs an example, x_train has 3"),
        ({"x_test": X[:5], "y_test": Y[:4]}, r"x_test has 5 examples, y_test has 4"),
        ({"y_train": Y[:19]}, r"x_train has 20 examples, y_train has 19"),
        ({"x_test": X}, r"no array y_test"),
        ({"x_train": X[:, 0]}, r"x_train has shape \(20,\); expected one row an example"),
        ({"x_train": 5.0}, r"x_train = 5\.0: expected an array, a list or a table"),
        ({"x_train": [[1, 2], [3]]}, r"x_train can't be taken as an array"),
        ({"x_train": X * 1j}, r"x_train is of type complex128"),
        ({"y_train": Y * 1j}, r"y_train holds complex numbers"),
        ({"x_train": X.astype("M8[s]")}, r"x_train is of type datetime64\[s\], which is not numbers"),
        ({"x_train": X.astype("m8[s]")}, r"x_train is of type timedelta64\[s\], which is not numbers"),
        ({"y_train": pd.Series(pd.date_range("2020", periods=20))}, r"y_train holds dates"),
        ({"x_train": np.array(X, dtype=[("a", float)])}, r"which is not numbers"),
        ({"x_train": X.astype(str)}, r"which is not numbers"),
        ({"x_train": np.where(X > 9, X, "a").astype(object)}, r"type object, and holds string values"),
        ({"x_train": np.full((20, 2), 2**53 + 1)}, r"x_train holds whole numbers beyond 2\*\*53"),
        ({"x_train": np.full((20, 2), 10**30, dtype=object)}, r"x_train holds whole numbers beyond 2\*\*53"),
        ({"x_train": np.full((20, 2), np.uint64(2**63))}, r"x_train holds whole numbers beyond 2\*\*53"),
        ({"y_train": np.full(20, 2**53 + 1), "numbers": True}, r"beyond 2\*\*53"),
        ({"x_train": np.where(X > -9, np.inf, X)}, r"x_train holds a NaN or an infinity, first in row 0"),
        ({"y_train": [1, "1"] * 10}, r"y_train holds values of several types \(int, str\)"),
        ({"y_train": np.where(np.arange(20) == 4, np.nan, 1.5)}, r"y_train holds a NaN or an infinity, first in row 4"),
        ({"y_train": np.full(20, np.inf)}, r"y_train holds an infinity, first in row 0"),
        ({"y_train": ["a"] * 20}, r"y_train holds one class only, 'a'"),
        ({"x_test": X, "y_test": Y + 7}, r"the test label 7 \(row 0\) is not among the training labels"),
        ({"x_train": X.astype(np.uint8), "x_test": X, "y_test": Y}, r"x_train is uint8, x_test is float64"),
        ({"x_train": pd.DataFrame({"a": pd.timedelta_range(0, periods=20)})}, r"'a' holds spans of time"),
        ({"x_train": pd.DataFrame({"a": [datetime.date(2020, 1, 1)] * 20})}, r"'a' holds dates"),
        ({"x_train": pd.DataFrame({"a": X[:, 0] * 1j})}, r"'a' holds complex numbers"),
        ({"x_train": pd.DataFrame(X, columns=["a", "b", "a"])}, r"2 columns are called 'a'"),
        ({"x_train": pd.DataFrame({"a": [1, "1"] * 10})}, r"'a' holds values of several types \(int, str\)"),
        ({"x_train": pd.DataFrame(X), "y_train": pd.Series(Y)[::-1]}, r"name the same rows in different order"),
        (
            {"x_train": pd.DataFrame(X), "x_test": pd.DataFrame(X, columns=list("abc")), "y_test": Y},
            r"columns of x_train and x_test",
        ),
        ({"drop": ["a"]}, r"x_train is an array, whose columns have no names"),
        ({"split_seed": -1}, r"split_seed = -1"),
        ({"test_fraction": 1.0}, r"test_fraction = 1 is out of range"),
        ({"numbers": True, "classes": True}, r"classes and numbers"),
        ({"labels": Y}, r"labels: unknown key"),
        ({"image": [2, 2]}, r"doesn't fit 3 inputs"),
        ({"x_train": X[:0], "y_train": Y[:0]}, r"x_train is empty"),
        ({"missing": "median"}, r"missing = 'median'"),
        ({"y_train": [b"a", b"b"] * 10}, r"y_train holds values of type bytes"),
        ({"x_train": pd.DataFrame({"a": [[1]] * 20})}, r"'a' holds values of type list"),
        ({"x_train": pd.DataFrame({"a": ["1", "2"] * 10})}, r"'a' holds numbers as text"),
        ({"x_train": X[:1], "y_train": Y[:1]}, r"y_train holds one class only"),
        ({"x_train": pd.DataFrame(X), "x_test": X, "y_test": Y}, r"columns of x_train and x_test differ"),
    ],
)
def test_arrays_that_can_not_be_used_are_told(given: dict[str, Any], told: str) -> None:
    """Shapes, types and values that don't fit are one message each, before anything is trained on."""
    with pytest.raises(InputError, match=told):
        load(**given)


def test_an_empty_test_part_is_none() -> None:
    """Test arrays without examples are taken as said: nothing is kept for testing."""
    found = load(x_test=X[:0], y_test=Y[:0], test_fraction=0.5)
    assert (len(found.x_train), found.x_test.shape) == (20, (0, 3))


def test_labels_of_any_letters_are_classes() -> None:
    """Lone surrogates, control characters and other scripts are stored and come back."""
    names = ("\x1b[2J", "\u65e5", "\udcff")
    assert load(y_train=[names[k] for k in Y]).classes == names


def test_several_outputs_are_not_called_classes() -> None:
    """One-hot labels are numbers to predict, which classes = true would not change."""
    assert not any("classes" in note for note in load(y_train=np.eye(3)[Y]).notes)
    assert any("classes = true" in note for note in load(y_train=Y.astype(float)).notes)


def test_a_dictionary_of_pyarrow_is_words() -> None:
    """As a category of pandas is."""
    words = pa.array(["u", "v"] * 10).dictionary_encode()
    frame = pd.DataFrame({"k": pd.Series(words, dtype=pd.ArrowDtype(words.type))})
    assert load(x_train=frame).inputs == ("k=u", "k=v")


def test_decimals_and_truths_are_numbers() -> None:
    """Objects that are numbers are read as such."""
    found = load(x_train=[[Decimal("0.5"), Decimal(2)]] * 20)
    assert found.x_train[0].tolist() == [0.5, 2]
    assert load(x_train=X > 0).x_train.tolist() == (X > 0).astype(float).tolist()


@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.sampled_from([(), (1,), (2,)]), st.sampled_from([(), (1,), (2,)])),
)
def test_parts_that_fit_are_taken_and_others_told(counts: tuple[int, ...], shapes: tuple[Any, Any]) -> None:
    """Whatever the shapes: the examples are exactly the given ones, or it is an InputError."""
    parts = Examples(
        np.ones((counts[0], 2)),
        np.ones((counts[1], *shapes[0])),
        np.ones((counts[2], 2)),
        np.ones((counts[3], *shapes[1])),
    )
    fit = counts[0] == counts[1] and counts[2] == counts[3] and shapes[0] == shapes[1]
    if fit:
        assert checked(parts, "p").y_test.shape == parts.y_test.shape
    else:
        with pytest.raises(InputError):
            checked(parts, "p")


PIXELS = np.array([[0, 3, 0], [5, 0, 0]], np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ()},
        {"classes": ("a", "a")},
        {"classes": ("a",)},
        {"image": (2, 2)},
        {"image": (3, 0)},
        {"inputs": ("a", "b")},
        {"y_train": np.array([0, -1])},
        {"y_train": np.array([0.0, 1.0])},
        {"y_train": np.array(["a", "b"])},
        {"sparse_train": Sparse.of(PIXELS[:1])},
        {"sparse_train": Sparse.of(PIXELS)._replace(columns=np.array([1, 3], np.uint16))},
        {"sparse_train": Sparse.of(PIXELS)._replace(starts=np.array([0, 3, 2]))},
        {"sparse_train": Sparse.of(PIXELS)._replace(starts=np.array([0, 9, 2]))},
        {"sparse_train": Sparse.of(PIXELS)._replace(values=np.array([3], np.uint8))},
        {"sparse_train": Sparse.of(PIXELS)._replace(starts=np.array([0, 1, 2], np.int32))},
        {"x_test": np.ones((1, 3)), "y_test": np.zeros(1, int)},
        {"x_test": np.ones((1, 3), np.uint8), "y_test": np.array([2])},
    ],
)
def test_examples_of_a_plugin_are_checked(change: dict[str, Any]) -> None:
    """Classes, image, names, sparse copies and labels that don't fit the arrays are told by the dataset's name."""
    good: dict[str, Any] = {
        "x_train": PIXELS,
        "y_train": np.array([0, 1]),
        "x_test": PIXELS[:0],
        "y_test": np.zeros(0, int),
    }
    good |= {"classes": ("a", "b"), "image": (1, 3), "sparse_train": Sparse.of(PIXELS)}
    assert checked(Examples(**good), "mine").image == (1, 3)
    with pytest.raises(InputError, match="dataset 'mine'"):
        checked(Examples(**{**good, **change}), "mine")


def test_a_network_checks_whatever_gives_it_examples() -> None:
    """Examples that reach a network past the cache are checked too: nothing is read beyond an array's end."""
    from optilab.problems.network import Network
    from optilab.problems.network_parameters import NetworkParameters

    class Unchecked(Dataset):
        def load(self) -> Examples:
            return self.read()

    data = Unchecked("unchecked", lambda: Examples(X, np.zeros((20, 2)), X, np.zeros(20)), "0")
    with pytest.raises(InputError, match=r"dataset 'unchecked': y_train has shape \(20, 2\), y_test has shape \(20,\)"):
        Network(NetworkParameters(dataset="unchecked"), data, "float64")


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ([1e39, 0], r"1e\+39, beyond the largest, 3\.4e\+38"),
        ([1e9, 1e9 + 1], r"all the same"),
        ([1e-50, 2e-50], r"all the same"),
    ],
)
def test_numbers_that_float32_can_not_hold_are_told(column: list[float], told: str) -> None:
    """Values beyond float32, or one and the same in it, are refused by the input's name; float64 takes them."""
    frame = pd.DataFrame({"small": X[:, 0], "mass": np.resize(column, 20)})
    found = load(x_train=frame)
    with pytest.raises(InputError, match=rf"the input 'mass' of x_train.*{told}"):
        check_precision(found, "float32", "d")
    check_precision(found, "float64", "d")
    with pytest.raises(InputError, match=rf"output 0 of y_train.*{told}"):
        check_precision(load(y_train=np.resize(column, 20) * 1.0), "float32", "d")


def test_targets_fit_the_outputs() -> None:
    """A network of other outputs than its targets gives no examples to compiled code."""
    network: Any = optilab.get_problem("network", dataset={"x_train": X, "y_train": X[:, :2]}, hidden=[4])
    network.sizes = [3, 4, 3]
    with pytest.raises(InputError, match=r"targets \(16, 2\) don't fit 3 outputs"):
        network.context()


def test_bytes_that_are_no_images_are_numbers() -> None:
    """Bytes [example, input] are taken as they are, and it is said; images are pixels, which are scaled."""
    ages = STREAM.integers(0, 99, (20, 4)).astype(np.uint8)
    found = load(x_train=ages)
    np.testing.assert_array_equal(found.x_train, ages.astype(float))
    assert found.x_train.dtype == np.float64
    assert any("not scaled" in note for note in found.notes)
    for shape, image in [
        ((2, 2), (2, 2)),
        ((1, 2, 2), (2, 2)),
        ((2, 2, 1), (2, 2)),
        ((2, 1, 2), None),
        ((2, 2, 1, 1), None),
    ]:
        pixels = load(x_train=ages.reshape(20, *shape))
        assert pixels.x_train.dtype == np.uint8
        assert pixels.image == image
    told = load(x_train=ages, image=[2, 2])
    assert (told.x_train.dtype, told.image) == (np.dtype(np.uint8), (2, 2))


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


@pytest.mark.parametrize("names", [(0, 1), (None, "a"), (b"a", b"b")])
def test_names_are_texts(names: Any) -> None:
    """Names of classes that are no texts are told, before they are stored."""
    with pytest.raises(InputError, match="classes, inputs and notes are texts"):
        checked(Examples(X, Y % 2, X[:0], Y[:0], classes=names), "d")
