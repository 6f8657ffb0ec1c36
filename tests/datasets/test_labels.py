"""Labels: classes, or numbers to predict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optilab import get_problem
from optilab.errors import InputError
from written import Load, csv, loaded, npz, some_examples

Array = np.ndarray


def test_csv_with_words_as_labels(tmp_path: Path) -> None:
    """Words are classes in alphabetical order; the label column is not an input."""
    path = csv(tmp_path / "d.csv", "width,species,height", "1,rose,2", "3,aster,4", "5,rose,6")
    found = loaded(path, label="species", test_fraction=0.0)
    assert found.classes == ("aster", "rose")
    assert found.y_train.tolist() == [1, 0, 1]
    assert found.x_train.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.x_train.dtype == np.float64


def test_csv_with_integers_as_labels(tmp_path: Path) -> None:
    """Whole numbers are classes, whatever numbers they are."""
    found = loaded(csv(tmp_path / "d.csv", "a,label", "1,10", "2,-1", "3,10"), label="label", test_fraction=0.0)
    assert found.classes == ("-1", "10")
    assert found.y_train.tolist() == [1, 0, 1]


def test_csv_with_numbers_to_predict(tmp_path: Path) -> None:
    """Numbers with a point are to be predicted, and are not classes."""
    found = loaded(csv(tmp_path / "d.csv", "a,price", "1,1.5", "2,2", "3,3"), label="price", test_fraction=0.0)
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
        loaded(npz(tmp_path / "d.npz", y_train=labels))


def test_a_column_of_labels_is_a_list_of_them(tmp_path: Path, own_cache: Path) -> None:
    """Labels of shape [n, 1] are the same as labels of shape [n]."""
    labels = some_examples()["y_train"]
    flat, column = (loaded(npz(tmp_path / f"{k}.npz", y_train=y)) for k, y in enumerate([labels, labels[:, None]]))
    assert column.y_train.tolist() == flat.y_train.tolist()
    assert column.classes == flat.classes


def test_whole_numbers_are_numbers_when_it_is_said(tmp_path: Path) -> None:
    """Whole labels are classes, unless numbers = true makes them numbers to predict."""
    file = tmp_path / "prices.npz"
    np.savez(file, x_train=np.arange(20.0)[:, None], y_train=np.arange(20))
    with pytest.raises(InputError, match="say numbers = true"):
        loaded(str(file))
    examples = loaded(str(file), numbers=True)
    assert examples.classes is None
    assert examples.y_train.dtype == np.float64


def test_a_long_file_with_labels_of_two_kinds(load: Load) -> None:
    """Labels that are numbers first and words after many rows are all words: 1 and "1" are one class."""
    text = "a,y\n" + "".join(f"{k % 7},1\n" for k in range(60_000)) + "".join(f"{k % 7},one\n" for k in range(60_000))
    found = load(text)
    assert found.classes == ("1", "one")
    assert np.bincount(found.y_train).tolist() == [60_000, 60_000]


@pytest.mark.parametrize(
    ("labels", "options", "classes", "values"),
    [
        (["0.0", "1.0", "0.0"], {}, None, [0.0, 1.0, 0.0]),
        (["0.0", "1.0", "0.0"], {"classes": True}, ("0", "1"), [0, 1, 0]),
        (["0.5", "-0.0", "0.0"], {"classes": True}, ("0.0", "0.5"), [1, 0, 0]),
        (["3", "1", "3"], {}, ("1", "3"), [1, 0, 1]),
        (["3", "1", "3"], {"numbers": True}, None, [3.0, 1.0, 3.0]),
        (["True", "False", "True"], {}, ("False", "True"), [1, 0, 1]),
        (["10", "9", "x"], {"classes": True}, ("10", "9", "x"), [0, 1, 2]),
        (["3+", "3-", "3+"], {}, ("3+", "3-"), [0, 1, 0]),
        ([" b ", "a", "b"], {}, ("a", "b"), [1, 0, 1]),
        (
            ["9007199254740993", "9007199254740992", "9007199254740993"],
            {},
            ("9007199254740992", "9007199254740993"),
            [1, 0, 1],
        ),
    ],
)
def test_labels(load: Load, labels: list[str], options: dict[str, Any], classes: Any, values: list[float]) -> None:
    """Words, whole numbers and truths are classes, other numbers are to be predicted, and the user may say otherwise."""
    found = load("a,y\n" + "".join(f"{k},{label}\n" for k, label in enumerate(labels)), **options)
    assert found.classes == classes
    assert found.y_train.tolist() == values


def test_labels_with_gaps_stay_whole(load: Load) -> None:
    """Whole numbers stay whole where others of their column are missing, as in pandas' nullable types."""
    assert load("a,y\n1,0\n2,\n3,1\n4,0\n", missing="drop").classes == ("0", "1")


@pytest.mark.parametrize("kind", ["words", "whole numbers"])
def test_many_different_labels_must_be_told_what_they_are(load: Load, kind: str) -> None:
    """A price in whole numbers isn't taken for 40 classes without a word."""
    text = "a,y\n" + "".join(f"{k % 5},{'w' if kind == 'words' else ''}{k}\n" for k in range(40))
    with pytest.raises(
        InputError, match=rf"'y' holds 40 different {kind} in 40 examples: .* numbers = true; .* classes = true"
    ):
        load(text)
    assert load(text, classes=True).classes is not None


def test_counts_are_not_taken_for_classes(load: Load) -> None:
    """More than a hundred whole numbers must be told what they are, however often each stands; words are classes."""
    rows = [f"{k % 7},{{}}{k % 120}\n" for k in range(2400)]
    with pytest.raises(InputError, match="'y' holds 120 different whole numbers in 2400 examples"):
        load("a,y\n" + "".join(rows).format(*[""] * 2400))
    found = load("a,y\n" + "".join(rows).format(*["w"] * 2400))
    assert found.classes is not None
    assert len(found.classes) == 120
