"""Files of a user's own as datasets: archives of arrays, and what is no file."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optilab.datasets.from_files import file_dataset
from optilab.datasets.given import given_dataset
from optilab.datasets.options import File
from optilab.errors import InputError
from written import AS_NUMBERS, PLAIN, Load, loaded, npz


def test_npz_with_a_test_part(tmp_path: Path) -> None:
    """The parts are as they are in the file, in order; classes are numbered by their sorted labels."""
    x = np.arange(12.0).reshape(6, 2)
    path = npz(tmp_path / "d.npz", x_train=x, y_train=[7, 3, 7, 3, 5, 5], x_test=-x[:2], y_test=[5, 7])
    found = loaded(path)
    np.testing.assert_array_equal(found.x_train, x)
    np.testing.assert_array_equal(found.x_test, -x[:2])
    assert found.classes == ("3", "5", "7")
    assert found.y_train.tolist() == [2, 0, 2, 0, 1, 1]
    assert found.y_test.tolist() == [1, 2]
    assert found.image is None
    assert found.sparse_train is None


def test_a_npz_without_the_arrays_is_told(tmp_path: Path) -> None:
    """What is missing is named, and what there is."""
    np.savez(tmp_path / "d.npz", x=np.ones(3), labels=np.ones(3))
    with pytest.raises(InputError, match="has no array x_train and no y_train; it has x, labels"):
        loaded(str(tmp_path / "d.npz"))


def test_no_message_advises_to_unpickle(tmp_path: Path) -> None:
    """As NumPy does for a text, and for an array of Python's objects."""
    (tmp_path / "d.npz").write_bytes(b"a,y\n1,2\n")
    with pytest.raises(InputError, match=r"NumPy has not written it; np\.savez") as caught:
        loaded(str(tmp_path / "d.npz"))
    assert "pickle" not in str(caught.value)
    np.savez(tmp_path / "d.npz", x_train=np.ones((2, 1)), y_train=np.array([1, "a"], object))
    with pytest.raises(InputError, match=r"y_train: it holds Python objects; save it as numbers or texts") as caught:
        loaded(str(tmp_path / "d.npz"))
    assert "pickle" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_npz_is_told(tmp_path: Path, content: bytes) -> None:
    """A file that is not an archive of arrays is told by its name."""
    (tmp_path / "d.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"d\.npz' is not a readable \.npz file"):
        loaded(str(tmp_path / "d.npz"))


def test_a_single_array_is_told(tmp_path: Path) -> None:
    """An array that was saved alone, under the name of an archive, is told."""
    with (tmp_path / "d.npz").open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(InputError, match=r"d\.npz' is not a readable \.npz file"):
        loaded(str(tmp_path / "d.npz"))


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


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to itself", "zero byte", "nobody"])
def test_what_is_no_plain_file_is_told(tmp_path: Path, kind: str) -> None:
    """A pipe, a device, a folder and a path that can't be are one message, and nothing waits for them."""
    path = tmp_path / "t.csv"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to itself":
        path.symlink_to("t.csv")
    text = {"zero byte": "a\0.csv", "nobody": "~nobody-at-all/t.csv"}.get(kind, str(path))
    with pytest.raises(InputError, match="can't read the dataset"):
        file_dataset(File(path=text, label="y"))


def test_a_file_of_a_long_name_is_read(load: Load) -> None:
    """A name of 240 letters is as good as any."""
    assert load(PLAIN, "w" * 240 + ".csv").x_train.tolist() == AS_NUMBERS


def test_a_file_that_changes_after_it_was_named_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read is what the digest was made of."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "t.csv").write_text(PLAIN)
    data = file_dataset(File(path=str(tmp_path / "t.csv"), label="y"))
    (tmp_path / "t.csv").write_text(PLAIN + "7,8,v\n")
    with pytest.raises(InputError, match="changed while it was read"):
        data.load()


def test_members_that_are_no_arrays_of_values_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text under the name of an array, an array of objects and an array of no dimension are one message each."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))
    x, y = np.ones((4, 2)), np.arange(4) % 2
    path = tmp_path / "d.npz"

    def told(text: str) -> None:
        with pytest.raises(InputError, match=text):
            file_dataset(File(path=str(path))).load()

    np.savez(path, x_train=x, y_train=y)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x_test", "no array")
    told("its member x_test is no array")
    np.savez(path, x_train=x, y_train=np.array([None] * 4))
    told(r"is not a readable \.npz file: y_train: ")
    np.savez(path, x_train=x, y_train=np.array(3))
    told(r"y_train has shape \(\); expected one label an example")
    np.savez(path, x_train=np.array(3.0), y_train=y)
    told(r"x_train has shape \(\); expected one row an example")
    np.savez(path, x_train=x, y_train=y)
    options: list[tuple[str, Any]] = [("label", "y"), ("columns", ["a"]), ("na_values", ["?"]), ("header", False)]
    for key, value in options:
        with pytest.raises(InputError, match=f"{key} is for tables"):
            file_dataset(File(path=str(path), **{key: value}))
