"""Columns as inputs: numbers, words, dates, and what is no input."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pandas as pd
import pytest

from optilab.errors import InputError
from written import Load


def test_a_column_that_counts_the_rows_is_no_input(load: Load) -> None:
    """Row numbers in the first column are refused by name, unless they are named as an input or are the only one."""
    rows = "".join(f"{k},{k * k % 7},{k // 20}\n" for k in range(40))
    with pytest.raises(InputError, match=r"the column 'id' counts the rows; leave it out with drop = \[\"id\"\]"):
        load("id,a,y\n" + rows)
    assert load("id,a,y\n" + rows, columns=["id", "a"]).x_train.shape == (40, 2)
    assert load("id,a,y\n" + rows, drop=["a"]).x_train.shape == (40, 1)


@pytest.mark.parametrize("values", [range(40), range(1, 41), range(40, 0, -1), range(39, -1, -1)])
def test_a_column_that_counts_the_rows_is_refused_wherever_it_stands(load: Load, values: range) -> None:
    """Up or down, from 0 or 1, and as the last column too."""
    rows = "".join(f"{k * k % 7},{k // 20},{value}\n" for k, value in enumerate(values))
    with pytest.raises(InputError, match=r"the column 'id' counts the rows"):
        load("a,y,id\n" + rows)


def test_a_column_that_goes_on_by_one_is_noted(load: Load) -> None:
    """It may be one of years, or number the rows of a part: it is an input, and said to be one, but not where it was chosen."""
    text = "a,year,y\n" + "".join(f"{k * k % 7},{1950 + k},{k // 20}\n" for k in range(40))
    told = "'year' goes on by one from row to row: if it only numbers them, leave it out with drop"
    assert load(text).x_train.shape == (40, 2)
    assert told in load(text).notes
    assert told not in load(text, columns=["a", "year"]).notes
    assert told not in load(text.replace("1960", "1970")).notes


def test_whole_numbers_are_days_only_if_all_are(load: Load) -> None:
    """The 40th of January is a number, and so are days that were chosen as an input."""
    days = "d,y\n20200131,u\n20200201,v\n"
    assert load(days, columns=["d"]).x_train[:, 0].tolist() == [20200131, 20200201]
    assert load(days.replace("0131", "0140")).x_train[:, 0].tolist() == [20200140, 20200201]


def test_zeros_before_numbers_are_noted(load: Load) -> None:
    """Codes such as 01067 are read as numbers, as pandas does, and that is said."""
    found = load("zip,share,y\n01067,0.5,u\n99423,0.25,v\n")
    assert found.x_train[:, 0].tolist() == [1067, 99423]
    assert "'zip' has zeros before its numbers, as in '01067': they are read as numbers" in found.notes
    assert not any("zeros" in note for note in load("a,b,y\n0,0.5,u\n10,00.25,v\n").notes)


@pytest.mark.parametrize("alive", [("no", "yes"), ("0", "1"), ("False", "True"), ("2.5", "-1")])
def test_a_column_that_is_the_label_in_other_words_is_no_input(load: Load, alive: tuple[str, str]) -> None:
    """A column with one value for each class gives the answer away: it is refused by name, unless it is named as an input."""
    rows = "".join(f"{k * k % 11},{alive[k % 2]},{k % 2}\n" for k in range(40))
    with pytest.raises(
        InputError, match=r"'alive' has one value for each class of the label 'y'.*drop = \[\"alive\"\]"
    ):
        load("a,alive,y\n" + rows)
    assert load("a,alive,y\n" + rows, drop=["alive"]).x_train.shape == (40, 1)
    assert load("a,alive,y\n" + rows, columns=["alive"]).y_train.tolist() == [k % 2 for k in range(40)]


def test_words_are_inputs_as_pandas_makes_them(load: Load) -> None:
    """A column of words is one input a word, 1 where it stands: the table that pandas.get_dummies makes."""
    text = "a,colour,b,y\n1,red,True,u\n2,blue,False,v\n3,red,True,u\n4,green,False,v\n"
    found = load(text)
    frame = pd.read_csv(StringIO(text)).drop(columns="y")
    expected = pd.get_dummies(frame, columns=["colour"], prefix_sep="=")
    assert found.inputs == ("a", "colour=blue", "colour=green", "colour=red", "b")
    np.testing.assert_array_equal(found.x_train, expected[list(found.inputs)].to_numpy(float))


def test_words_that_name_the_examples_are_no_input(load: Load) -> None:
    """A column of names is refused by name, and taken where it is chosen."""
    text = "name,a,y\n" + "".join(f"n{k},{k % 5},{k % 2}\n" for k in range(40))
    with pytest.raises(InputError, match=r"'name' holds 40 different words in 40 rows.*drop = \[\"name\"\]"):
        load(text)
    assert load(text, columns=["name"]).x_train.shape == (40, 40)


def test_images_in_a_table(load: Load) -> None:
    """Columns that are pixels can be told their shape."""
    text = "".join(f"{k},{k % 3},{k % 5},{k % 7},{k % 2}\n" for k in range(1, 12))
    assert load(text, header=False, label=-1, image=[2, 2]).image == (2, 2)
