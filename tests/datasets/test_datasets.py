"""Datasets: the digits, and files of a user's own."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optilab import get_problem
from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import Examples, Sparse
from optilab.datasets.given import given_dataset
from optilab.errors import InputError
from optilab.plugins.loading import registry
from optilab_datasets import digits

Array = np.ndarray


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for this test."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def examples(n: int = 20, inputs: int = 3) -> dict[str, Any]:
    """Numbers and labels of three classes."""
    stream = np.random.default_rng(7)
    return {"x_train": stream.normal(size=(n, inputs)), "y_train": np.arange(n) % 3}


def npz(path: Path, **content: Any) -> str:
    """A .npz of these arrays, with those of `examples` where none are given."""
    np.savez(path, **{**examples(), **content})
    return str(path)


def csv(path: Path, *lines: str) -> str:
    """A .csv of these lines."""
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return str(path)


def load(path: str, **options: Any) -> Examples:
    """The examples in a file."""
    return given_dataset({"path": path, **options}).load()


def memory_mapped(array: Array) -> bool:
    """Whether the array's memory is a file's."""
    base: Any = array
    while base is not None and not isinstance(base, np.memmap):
        base = getattr(base, "base", None)
    return base is not None


def test_the_digits_are_all_there() -> None:
    """60,000 images to learn from and 10,000 for the test, of 784 bytes each, in ten classes."""
    mnist = registry().dataset("mnist").load()
    assert mnist.x_train.shape == (60_000, 784)
    assert mnist.x_test.shape == (10_000, 784)
    assert mnist.x_train.dtype == mnist.x_test.dtype == np.uint8
    assert mnist.y_train.shape == (60_000,)
    assert mnist.y_test.shape == (10_000,)
    assert mnist.classes == tuple("0123456789")
    assert mnist.image == (28, 28)
    assert mnist.y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(mnist.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.x_train.min() == 0
    assert mnist.x_train.max() == 255
    assert mnist.x_train[0].reshape(28, 28)[5, 12] == 3  # the first stroke of the first five


def test_the_digits_are_mapped_and_shared() -> None:
    """Loading again maps the same files, which lie in the cache folder; most pixels are zero, so they are sparse too."""
    mnist = registry().dataset("mnist").load()
    assert memory_mapped(mnist.x_train)
    assert memory_mapped(mnist.x_test)
    assert mnist.sparse_train is not None
    assert memory_mapped(mnist.sparse_train.values)
    assert mnist.sparse_train.values.size == np.count_nonzero(mnist.x_train)
    assert mnist.sparse_train.starts[-1] == mnist.sparse_train.values.size


def test_a_network_of_the_digits_has_13002_weights() -> None:
    """784 x 16 + 16, 16 x 16 + 16 and 16 x 10 + 10."""
    assert get_problem("network", dataset="mnist", hidden=[16, 16]).n_weights == 13_002


def test_the_licence_of_the_digits_is_beside_them() -> None:
    """Who made them and under which licence stands in the package."""
    text = (Path(digits.__file__).parent / "mnist" / "README.md").read_text("utf-8")
    assert "CC BY-SA 3.0" in text
    assert "LeCun" in text


def test_a_file_of_the_digits_that_was_changed_is_noticed(monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    """A package file with another checksum is refused by its name, and nothing of it is stored."""
    monkeypatch.setitem(digits.FILES, "t10k-labels-idx1-ubyte", "0" * 64)
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte\.gz is not the original file; install optilab again"):
        digits.mnist.load()
    assert not list(own_cache.glob("datasets/*/*.npy"))


@pytest.mark.parametrize("damage", ["cut", "garbage", "changed", "missing"])
def test_a_damaged_file_of_the_digits_is_noticed(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is cut short, isn't gzip, holds something else or is gone is one message."""
    name = "t10k-labels-idx1-ubyte"
    content = (Path(digits.__file__).parent / "mnist" / f"{name}.gz").read_bytes()
    other = gzip.decompress(content)
    damaged = {"cut": content[:1000], "garbage": b"no gzip", "changed": gzip.compress(other[:-1] + b"\x09")}
    (tmp_path / "mnist").mkdir()
    if damage in damaged:
        (tmp_path / "mnist" / f"{name}.gz").write_bytes(damaged[damage])
    monkeypatch.setattr(digits, "files", lambda _: tmp_path)
    with pytest.raises(InputError, match=rf"dataset 'mnist': .*{name}\.gz .*install optilab again"):
        digits.unpack(name)


def test_a_changed_byte_in_the_cache_is_noticed(tmp_path: Path, own_cache: Path) -> None:
    """A stored array with another checksum is made again from its source; so is one that can't be read."""
    path = npz(tmp_path / "data.npz")
    before = np.array(load(path).x_train)
    (stored,) = own_cache.glob("datasets/*/x_train.npy")
    content = bytearray(stored.read_bytes())
    content[-1] ^= 1
    stored.write_bytes(content)
    np.testing.assert_array_equal(load(path).x_train, before)
    assert stored.read_bytes() != bytes(content)
    stored.write_bytes(b"")
    np.testing.assert_array_equal(load(path).x_train, before)
    (stored.parent / "facts.json").write_text("{", "utf-8")
    np.testing.assert_array_equal(load(path).x_train, before)
    stored.unlink()
    np.testing.assert_array_equal(load(path).x_train, before)


def test_what_is_stored_is_not_read_again(own_cache: Path) -> None:
    """A dataset is unpacked once; afterwards it comes from the cache folder, as long as its digest is the same."""
    calls = []

    def read() -> Examples:
        calls.append(1)
        return Examples(**examples(), x_test=np.zeros((0, 3)), y_test=np.zeros(0, int), classes=("a", "b", "c"))

    one = Dataset("counted", read, "1" * 64)
    for _ in range(3):
        found = one.load()
    assert len(calls) == 1
    assert memory_mapped(found.x_train)
    Dataset("counted", read, "2" * 64).load()
    assert len(calls) == 2
    assert len(list(own_cache.glob("datasets/counted-*/facts.json"))) == 2


def test_the_cache_keeps_nothing_half_made(own_cache: Path) -> None:
    """A dataset that can't be read leaves no folder behind."""

    def read() -> Examples:
        raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError):
        Dataset("burning", read, "1" * 64).load()
    assert not [path for path in (own_cache / "datasets").iterdir() if path.is_dir()]


def test_writing_to_an_array_changes_nothing_for_others(tmp_path: Path) -> None:
    """The files in the cache stay as they are, whatever a process does to its arrays."""
    path = npz(tmp_path / "data.npz")
    load(path).x_train[:] = 0
    assert load(path).x_train.any()


def test_npz_with_a_test_part(tmp_path: Path) -> None:
    """The parts are as they are in the file, in order; classes are numbered by their sorted labels."""
    x = np.arange(12.0).reshape(6, 2)
    path = npz(tmp_path / "d.npz", x_train=x, y_train=[7, 3, 7, 3, 5, 5], x_test=-x[:2], y_test=[5, 7])
    found = load(path)
    np.testing.assert_array_equal(found.x_train, x)
    np.testing.assert_array_equal(found.x_test, -x[:2])
    assert found.classes == ("3", "5", "7")
    assert found.y_train.tolist() == [2, 0, 2, 0, 1, 1]
    assert found.y_test.tolist() == [1, 2]
    assert found.image is None
    assert found.sparse_train is None


def test_npz_without_a_test_part_is_split(tmp_path: Path) -> None:
    """A fifth of the examples is kept for testing, each example is in one part, and with its own label."""
    x = np.arange(20.0)[:, None]
    found = load(npz(tmp_path / "d.npz", x_train=x, y_train=x[:, 0] * 10))
    assert found.x_train.shape == (16, 1)
    assert found.x_test.shape == (4, 1)
    assert sorted([*found.x_train[:, 0], *found.x_test[:, 0]]) == x[:, 0].tolist()
    np.testing.assert_array_equal(found.y_train, 10 * found.x_train[:, 0])
    np.testing.assert_array_equal(found.y_test, 10 * found.x_test[:, 0])


def test_the_split_is_seeded(tmp_path: Path) -> None:
    """The same seed keeps the same examples, another seed keeps others; the fraction is as asked for."""
    path = npz(tmp_path / "d.npz")
    first, again, other = load(path), load(path), load(path, split_seed=1)
    np.testing.assert_array_equal(first.x_test, again.x_test)
    assert not np.array_equal(first.x_test, other.x_test)
    assert len(load(path, test_fraction=0.5).x_test) == 10
    none = load(path, test_fraction=0.0)
    assert len(none.x_test) == 0
    assert none.x_test.shape == (0, 3)
    np.testing.assert_array_equal(none.x_train, examples()["x_train"])


def test_standardize_is_by_the_training_part(tmp_path: Path) -> None:
    """Each input has mean 0 and deviation 1 over the training examples; a constant one is only shifted."""
    x = np.random.default_rng(1).normal(5, 3, (40, 3))
    x[:, 1] = 4
    path = npz(tmp_path / "d.npz", x_train=x, y_train=np.arange(40) % 2, x_test=x[:4] + 1, y_test=[0, 1, 0, 1])
    found = load(path, standardize=True)
    np.testing.assert_allclose(found.x_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.x_train.std(axis=0), [1, 0, 1], atol=1e-12)
    mean, deviation = x.mean(axis=0), np.where(x.std(axis=0) == 0, 1, x.std(axis=0))
    np.testing.assert_allclose(found.x_test, (x[:4] + 1 - mean) / deviation)


def test_images_stay_bytes(tmp_path: Path) -> None:
    """Bytes stay bytes; an example of two dimensions is an image; where most pixels are zero they are sparse too."""
    x = np.zeros((10, 4, 5), np.uint8)
    x[:, 1, 2] = np.arange(10) + 1
    found = load(npz(tmp_path / "d.npz", x_train=x, y_train=np.arange(10) % 2), test_fraction=0.0)
    assert found.x_train.dtype == np.uint8
    assert found.x_train.shape == (10, 20)
    assert found.image == (4, 5)
    assert found.sparse_train is not None
    assert found.sparse_train.columns.tolist() == [7] * 10
    assert found.sparse_train.values.tolist() == list(range(1, 11))
    full = load(npz(tmp_path / "full.npz", x_train=x + 9, y_train=np.arange(10) % 2))
    assert full.sparse_train is None


@pytest.mark.parametrize("kind", [np.int64, np.float32, bool, np.float16])
def test_other_numbers_become_floating(tmp_path: Path, kind: Any) -> None:
    """Integers, truths and other floats are numbers; only bytes are pixels."""
    x = (np.arange(12).reshape(6, 2) % 2).astype(kind)
    found = load(npz(tmp_path / "d.npz", x_train=x, y_train=np.arange(6) % 2), test_fraction=0.0)
    assert found.x_train.dtype == np.float64
    np.testing.assert_array_equal(found.x_train, x.astype(float))


def test_csv_with_words_as_labels(tmp_path: Path) -> None:
    """Words are classes in alphabetical order; the label column is not an input."""
    path = csv(tmp_path / "d.csv", "width,species,height", "1,rose,2", "3,aster,4", "5,rose,6")
    found = load(path, label="species", test_fraction=0.0)
    assert found.classes == ("aster", "rose")
    assert found.y_train.tolist() == [1, 0, 1]
    assert found.x_train.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.x_train.dtype == np.float64


def test_csv_with_integers_as_labels(tmp_path: Path) -> None:
    """Whole numbers are classes, whatever numbers they are."""
    found = load(csv(tmp_path / "d.csv", "a,label", "1,10", "2,-1", "3,10"), label="label", test_fraction=0.0)
    assert found.classes == ("-1", "10")
    assert found.y_train.tolist() == [1, 0, 1]


def test_csv_with_numbers_to_predict(tmp_path: Path) -> None:
    """Numbers with a point are to be predicted, and are not classes."""
    found = load(csv(tmp_path / "d.csv", "a,price", "1,1.5", "2,2", "3,3"), label="price", test_fraction=0.0)
    assert found.classes is None
    assert found.y_train.tolist() == [1.5, 2, 3]


def test_columns_of_numbers_are_outputs(tmp_path: Path) -> None:
    """Several numbers an example are several outputs of a network."""
    x = np.random.default_rng(0).normal(size=(10, 3))
    path = npz(tmp_path / "d.npz", x_train=x, y_train=np.stack([x[:, 0], x[:, 1]], axis=1))
    problem = get_problem("network", dataset={"path": path}, hidden=[4])
    assert problem.n_weights == 3 * 4 + 4 + 4 * 2 + 2
    assert not problem.classifies


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (np.eye(3, dtype=int)[np.arange(20) % 3], r"y_train has shape \(20, 3\)|one label"),
        (np.zeros((20, 2, 2), int), r"y_train has shape \(20, 2, 2\)|one label"),
    ],
)
def test_tables_of_labels_are_refused(tmp_path: Path, own_cache: Path, labels: Array, told: str) -> None:
    """A label is one class an example; a table of them, as in a one-hot code, is an error and not ten columns."""
    with pytest.raises(InputError, match=told):
        load(npz(tmp_path / "d.npz", y_train=labels))


def test_a_column_of_labels_is_a_list_of_them(tmp_path: Path, own_cache: Path) -> None:
    """Labels of shape [n, 1] are the same as labels of shape [n]."""
    labels = examples()["y_train"]
    flat, column = (load(npz(tmp_path / f"{k}.npz", y_train=y)) for k, y in enumerate([labels, labels[:, None]]))
    assert column.y_train.tolist() == flat.y_train.tolist()
    assert column.classes == flat.classes


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"x_train": np.full((20, 3), np.nan)}, r"x_train holds a NaN or an infinity, first in row 0"),
        ({"x_test": np.array([[1, 2, 3], [4, np.inf, 6]]), "y_test": np.zeros(2, int)}, r"x_test holds .* row 1"),
        (
            {"y_train": np.where(np.arange(20) == 2, np.nan, 1.0), "x_test": np.ones((1, 3)), "y_test": np.ones(1)},
            r"row 2",
        ),
        ({"y_train": np.arange(19)}, r"x_train has 20 examples, y_train has 19"),
        ({"x_test": np.ones((2, 3)), "y_test": np.zeros(3, int)}, r"x_test has 2 examples, y_test has 3"),
        ({"x_test": np.ones((2, 3)), "y_test": np.array([0, 9])}, r"test label .*9.* is not among the training labels"),
        ({"x_test": np.ones((2, 4)), "y_test": np.zeros(2, int)}, r"x_test has 4 inputs an example, x_train has 3"),
        ({"x_test": np.ones((2, 3), np.uint8), "y_test": np.zeros(2, int)}, r"x_train is float64, x_test is uint8"),
        ({"x_train": np.zeros((0, 3)), "y_train": np.zeros(0, int)}, r"x_train is empty"),
        ({"x_train": np.ones(20)}, r"x_train has shape \(16,\)|x_train has shape \(20,\)"),
        ({"x_train": np.full((20, 3), "a")}, r"x_train is of type <U1, which is not numbers"),
        ({"x_train": np.array([[None] * 3] * 20)}, r"is not a readable \.npz file"),
        ({"x_test": np.ones((2, 3))}, r"has no array y_test; it has x_train, y_train, x_test"),
    ],
)
def test_arrays_that_can_not_be_used_are_told(tmp_path: Path, content: dict[str, Array], told: str) -> None:
    """NaN, infinity, parts that don't fit together and labels that nothing was learned of are one message each."""
    path = npz(tmp_path / "my_data.npz", **content)
    with pytest.raises(InputError, match=told) as caught:
        load(path)
    assert "my_data" in str(caught.value)


def test_a_npz_without_the_arrays_is_told(tmp_path: Path) -> None:
    """What is missing is named, and what there is."""
    np.savez(tmp_path / "d.npz", x=np.ones(3), labels=np.ones(3))
    with pytest.raises(InputError, match="has no array x_train and no y_train; it has x, labels"):
        load(str(tmp_path / "d.npz"))


def test_no_message_advises_to_unpickle(tmp_path: Path) -> None:
    """As NumPy does for a text, and for an array of Python's objects."""
    (tmp_path / "d.npz").write_bytes(b"a,y\n1,2\n")
    with pytest.raises(InputError, match=r"NumPy has not written it; np\.savez") as caught:
        load(str(tmp_path / "d.npz"))
    assert "pickle" not in str(caught.value)
    np.savez(tmp_path / "d.npz", x_train=np.ones((2, 1)), y_train=np.array([1, "a"], object))
    with pytest.raises(InputError, match=r"y_train: it holds Python objects; save it as numbers or texts") as caught:
        load(str(tmp_path / "d.npz"))
    assert "pickle" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_npz_is_told(tmp_path: Path, content: bytes) -> None:
    """A file that is not an archive of arrays is told by its name."""
    (tmp_path / "d.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"d\.npz' is not a readable \.npz file"):
        load(str(tmp_path / "d.npz"))


def test_a_single_array_is_told(tmp_path: Path) -> None:
    """An array that was saved alone, under the name of an archive, is told."""
    with (tmp_path / "d.npz").open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(InputError, match=r"d\.npz' is not a readable \.npz file"):
        load(str(tmp_path / "d.npz"))


@pytest.mark.parametrize(
    ("lines", "label", "told"),
    [
        (["a,b", "1,2"], None, r"which column is to be predicted\? Give it as label"),
        (["a,b", "1,2"], "c", r"has no column 'c': known are a, b"),
        (["a,b", "1,0", ",1", "3,0", "4,1", "5,0"], "b", r"line 3: the column 'a' is empty; missing = \"drop\""),
        (["a,b", "1,x", "2,", "3,x"], "b", r"line 3: the label 'b' is empty; missing = \"drop\""),
        (["a,b"], "b", r"empty"),
        ([""], "b", r"is empty"),
        (["a,b", "1,2,3", "1,2,3,4", '"'], "b", r"line 2 has 3 columns, line 1 has 2"),
    ],
)
def test_a_table_that_can_not_be_used_is_told(tmp_path: Path, lines: list[str], label: str | None, told: str) -> None:
    """A label that is missing or unknown, words, gaps and damage are one message each, which names the file."""
    with pytest.raises(InputError, match=told) as caught:
        load(csv(tmp_path / "my_table.csv", *lines), label=label)
    assert "my_table" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere.npz", r"can't read the dataset '.*nowhere\.npz': No such file"),
        ("nowhere.csv", r"can't read the dataset"),
        ("data.xlsx", r"'.*data\.xlsx' is neither a \.npz nor a \.csv file"),
        ("data", r"is neither a \.npz nor a \.csv file"),
        ("folder.npz", r"can't read the dataset '.*folder\.npz': Is a directory"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, name: str, told: str) -> None:
    """A missing file, a folder and another kind of file are told, with the place in the experiment."""
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InputError, match=told) as caught:
        given_dataset({"path": str(tmp_path / name)}, "problem.dataset")
    assert str(caught.value).startswith("problem.dataset: ")


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 2.0])
def test_a_fraction_out_of_range_is_told(tmp_path: Path, fraction: float) -> None:
    """At least one example is for training."""
    with pytest.raises(InputError, match=r"test_fraction = .* is out of range: accepted is \[0, 1\)"):
        load(npz(tmp_path / "d.npz"), test_fraction=fraction)


def test_labels_of_a_plugin_are_checked() -> None:
    """A dataset of a plugin with labels beyond its classes is told."""

    def read() -> Examples:
        return Examples(**examples(), x_test=np.zeros((0, 3)), y_test=np.zeros(0, int), classes=("a", "b"))

    with pytest.raises(InputError, match="dataset 'too_few': y_train are not classes from 0 to 1"):
        Dataset("too_few", read, "3" * 64).load()


def test_the_digest_is_of_content_and_options(tmp_path: Path) -> None:
    """The same content with the same options is the same dataset, wherever it lies."""
    one, two = (npz(tmp_path / name) for name in ("one.npz", "two.npz"))
    digest = given_dataset({"path": one}).digest
    assert given_dataset({"path": two}).digest == digest
    options: list[dict[str, Any]] = [
        {"split_seed": 1},
        {"test_fraction": 0.3},
        {"standardize": True},
        {"numbers": True},
    ]
    assert len({digest, *(given_dataset({"path": one, **option}).digest for option in options)}) == 5


pixels = arrays(
    np.uint8,
    st.tuples(st.integers(0, 6), st.integers(1, 9)),
    elements=st.one_of(st.just(0), st.integers(0, 255)),
)


@given(pixels)
def test_sparse_pixels_are_the_pixels(x: Array) -> None:
    """Writing the pixels that are not zero back into an empty image gives the image."""
    sparse = Sparse.of(x)
    assert sparse.starts.dtype == np.int64
    assert sparse.columns.dtype == np.uint16
    assert sparse.values.dtype == np.uint8
    assert sparse.starts.shape == (len(x) + 1,)
    assert (np.diff(sparse.starts) == np.count_nonzero(x, axis=1)).all()
    again = np.zeros_like(x)
    for k in range(len(x)):
        chosen = slice(sparse.starts[k], sparse.starts[k + 1])
        again[k, sparse.columns[chosen]] = sparse.values[chosen]
        assert (np.diff(sparse.columns[chosen].astype(int)) > 0).all()
    np.testing.assert_array_equal(again, x)
    assert (sparse.values > 0).all()


def test_whole_numbers_are_numbers_when_it_is_said(tmp_path: Path) -> None:
    """Whole labels are classes, unless numbers = true makes them numbers to predict."""
    file = tmp_path / "prices.npz"
    np.savez(file, x_train=np.arange(20.0)[:, None], y_train=np.arange(20))
    with pytest.raises(InputError, match="say numbers = true"):
        load(str(file))
    examples = load(str(file), numbers=True)
    assert examples.classes is None
    assert examples.y_train.dtype == np.float64
