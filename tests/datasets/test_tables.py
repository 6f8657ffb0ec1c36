"""Tables as people have them: separators, names, words, dates, missing values, and what is refused with its line."""

from __future__ import annotations

import bz2
import csv as standard_csv
import gzip
import lzma
import os
import re
import tomllib
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.cli.main import main
from optilab.datasets.examples import Examples, checked
from optilab.datasets.from_files import file_dataset
from optilab.datasets.options import File
from optilab.datasets.preparation import prepared
from optilab.datasets.reading import read_table
from optilab.datasets.scaling import mean_and_deviation
from optilab.datasets.splitting import split
from optilab.datasets.tables import part_of
from optilab.datasets.text import layout_of
from optilab.errors import InputError

Load = Callable[..., Examples]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a text (or bytes) to a file of some name, and load it with some options; all of it is for training."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))

    def write_and_load(content: str | bytes, name: str = "my_table.csv", **options: Any) -> Examples:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file_dataset(File(path=str(path), **{"test_fraction": 0.0, "label": "y", **options})).load()

    return write_and_load


PLAIN = "a,b,y\n1,2.5,u\n3,4.5,v\n5,6.5,u\n"
AS_NUMBERS = [[1, 2.5], [3, 4.5], [5, 6.5]]


@pytest.mark.parametrize(
    ("content", "name", "options"),
    [
        (PLAIN, "t.csv", {}),
        (PLAIN, "t.CSV", {}),
        (PLAIN.replace(",", ";"), "t.csv", {}),
        (PLAIN.replace(",", "\t"), "t.csv", {}),
        (PLAIN.replace(",", "\t"), "t.tsv", {}),
        (PLAIN.replace(",", "|"), "t.csv", {}),
        (PLAIN.replace(",", "   "), "t.dat", {}),
        (PLAIN.replace(",", "^"), "t.csv", {"separator": "^"}),
        (PLAIN.replace(",", " , "), "t.csv", {}),
        (PLAIN.replace(",", ";").replace(".", ","), "t.csv", {}),
        (PLAIN.replace(",", "\t").replace(".", ","), "t.tsv", {"decimal": ","}),
        (PLAIN.replace("\n", "\r\n"), "t.csv", {}),
        (PLAIN.replace("\n", "\r"), "t.csv", {}),
        ("\ufeff" + PLAIN, "t.csv", {}),
        ("# from a friend\n# in 1998\n" + PLAIN, "t.csv", {}),
        ("% a title\n" + PLAIN, "t.csv", {"comment": "%"}),
        ("Table 1: flowers, by hand\n" + PLAIN, "t.csv", {"skip_lines": 1}),
        ("\n\n" + PLAIN.replace("\n", "\n\n"), "t.csv", {}),
        (PLAIN.replace("a,b,y", '"a","b","y"').replace("u", '"u"'), "t.csv", {}),
        (PLAIN.split("\n", 1)[1], "t.csv", {"header": False, "label": 2}),
        (PLAIN.split("\n", 1)[1], "t.csv", {"header": False, "label": "2"}),
        (PLAIN.split("\n", 1)[1], "t.csv", {"header": False, "label": -1}),
        (PLAIN.replace("\n", ",\n"), "t.csv", {}),
        (PLAIN.replace("\n", ",\n").replace("y,", "y"), "t.csv", {}),
        (gzip.compress(PLAIN.encode(), mtime=0), "t.csv.gz", {}),
        (bz2.compress(PLAIN.encode()), "t.CSV.BZ2", {}),
        (lzma.compress(PLAIN.encode()), "t.csv.xz", {}),
        (PLAIN.encode("utf-16"), "t.csv", {"encoding": "utf-16"}),
        ('"",a,b,y\nr1,1,2.5,u\nr2,3,4.5,v\nr3,5,6.5,u\n', "t.csv", {}),
        ("a,b,y\n1,1,2.5,u\n2,3,4.5,v\n3,5,6.5,u\n", "t.csv", {}),
        ("Unnamed: 0,a,b,y\n0,1,2.5,u\n1,3,4.5,v\n2,5,6.5,u\n", "t.csv", {}),
        ("a,id,b,y\n1,x,2.5,u\n3,y,4.5,v\n5,z,6.5,u\n", "t.csv", {"drop": ["id"]}),
        ("a,id,b,y\n1,x,2.5,u\n3,y,4.5,v\n5,z,6.5,u\n", "t.csv", {"columns": ["a", "b"]}),
    ],
)
def test_one_table_in_many_clothes(load: Load, content: Any, name: str, options: dict[str, Any]) -> None:
    """Whatever the separator, the marks, the compression and the names of rows: the same numbers and the same classes."""
    found = load(content, name, **options)
    assert found.x_train.tolist() == AS_NUMBERS
    assert found.classes == ("u", "v")
    assert found.y_train.tolist() == [0, 1, 0]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=8), st.sampled_from(",;\t|"))
def test_numbers_are_those_that_python_reads(numbers: list[float], separator: str) -> None:
    """Every float that is written in full is read to its last bit, whatever the separator."""
    text = f"a{separator}y\n" + "".join(f"{number!r}{separator}{k}\n" for k, number in enumerate(numbers))
    table = read_table(text.encode(), File(path="t.csv", label="y"))
    assert table.frame["a"].to_numpy(float).tolist() == [float(repr(number)) for number in numbers]


words = st.text(st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=["Cs", "Cc"]), max_size=6)


@given(st.lists(st.tuples(words, st.integers(0, 3)), min_size=1, max_size=6))
def test_lines_are_those_of_the_file(rows: list[tuple[str, int]]) -> None:
    """The line on which a row begins is the one that the csv module counts, also where quoted fields and gaps lie before."""
    out = StringIO()
    writer = standard_csv.writer(out, lineterminator="\n", quoting=standard_csv.QUOTE_ALL)
    writer.writerow(["a", "y"])
    expected = []
    for word, blank in rows:
        out.write("\n" * blank)
        expected.append(out.getvalue().count("\n") + 1)
        writer.writerow([f"{word}\n", "0"])
    assert layout_of(out.getvalue(), File(path="t.csv"), "t").lines == expected


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("a,a,y\n1,2,u\n3,4,v\n", {}, r"2 columns are called 'a'"),
        ("a,y,y\n1,u,u\n3,v,v\n", {}, r"2 columns are called 'y', which is the label"),
        ("a,b,y\n1,2,u\n3,v\n", {}, r"line 3 has 2 columns, line 1 has 3"),
        ("a,b,y\n1,2,u\n\n# remark\n3,4,v,9\n", {"comment": "#"}, r"line 5 has 4 columns, line 1 has 3"),
        ("1.5,2.5,u\n3.5,4.5,v\n", {}, r"line 1: the names of the columns are numbers, as '1\.5'; say header = false"),
        ("a,,y\n1,2,u\n3,4,v\n", {}, r"column 2 has no name"),
        (
            "a,y\n1,u\n,v\n3,u\n",
            {},
            r"line 3: the column 'a' is empty; missing = \"drop\" leaves out such examples \(1 of 3\)",
        ),
        ("a,y\n1,u\nNA,v\n3,u\n", {}, r"line 3: the column 'a' is empty"),
        ("a,y\n1,u\n2,\n3,v\n", {"missing": "mean"}, r"line 3: the label 'y' is empty; missing = \"drop\""),
        ("a,b,y\n1,,u\n2,,v\n", {"missing": "drop"}, r"the column 'b' is empty; leave it out with drop = \[\"b\"\]"),
        ("a,y\n1,u\n?,v\n3,u\n", {}, r"holds numbers, but also '\?' \(first in line 3\).*na_values = \[\"\?\"\]"),
        ("a,y\n1,u\n$3,v\n4,u\n", {}, r"'a' holds numbers, but also '\$3' \(first in line 3\)"),
        ('a,y\n"1,234",u\n"3,456",v\n', {}, r"'a' holds numbers, but also '1,234' \(first in line 2\)"),
        ("d,a,y\n2020-01-31,1,u\n2020-02-01,2,v\n", {}, r"'d' holds dates \('2020-01-31', first in line 2\)"),
        ("d,a,y\nJan 1 2000,1,u\nFeb 1 2000,2,v\n", {}, r"'d' holds dates \('Jan 1 2000', first in line 2\)"),
        ("d,a,y\n31.12.2020,1,u\n1.1.2021,2,v\n", {}, r"'d' holds dates \('31\.12\.2020'"),
        ("a,y\n1,u\ninf,v\n", {}, r"'a' holds an infinity, first in line 3"),
        ("a,y\n1,u\n9007199254740993,v\n", {}, r"'a' holds 9007199254740993 \(line 3\): whole numbers beyond 2\*\*53"),
        ("a,y\n1,u\n18446744073709551617,v\n2,v\n", {}, r"18446744073709551617"),
        ("a,y\n1,1+2j\n2,3-1j\n", {}, r"'y' holds complex numbers \('1\+2j', first in line 2\)"),
        ("a,y\n1+2j,0\n3-1j,1\n", {}, r"'a' holds complex numbers"),
        (
            "a,y\n1,10\n2,?\n3,12\n",
            {},
            r"'y' holds numbers, but also '\?' \(first in line 3\).*na_values.*classes = true",
        ),
        ("a,y\n1,2020-01-31\n2,2020-02-01\n", {}, r"'y' holds dates \('2020-01-31', first in line 2\)"),
        ('a,y\n1,"1,234"\n2,"1,235"\n', {}, r"'y' holds numbers, but also '1,234' \(first in line 2\)"),
        ("a,y\n1,u\n2,u\n", {}, r"the label 'y' holds one class only, 'u'"),
        ("a,y\n1,u\n2,v\n", {"numbers": True}, r"the label 'y': numbers = true, but the labels are not numbers"),
        ("a,y\n1,u\n2,v\n", {"drop": ["b"]}, r"has no column 'b': "),
        ("a,y\n1,u\n2,v\n", {"drop": ["a"]}, r"no column that is an input"),
        ("a,y\n1,u\n2,v\n", {"drop": ["y"]}, r"drop = \[\.\.\.\] names 'y', which is the label"),
        ("a,y\n1,u\n2,v\n", {"columns": ["a", "y"]}, r"columns = \[\.\.\.\] names 'y', which is the label"),
        ("a,y\n1,u\n2,v\n", {"label": "Y"}, r"has no column 'Y': "),
        ("a,y\n1,u\n2,v\n", {"label": "b\x1b"}, r"has no column 'b\\x1b': "),
        ("a,y\n1,u\n2,v\n", {"scale_targets": True}, r"scale_targets = true, but the labels are classes"),
        (
            "d,a,y\n20200131,1,u\n20200201,2,v\n",
            {},
            r"'d' holds dates \(20200131, first in line 2\).*columns = \[\"d\"",
        ),
        ("d,a,y\n01/2020,1,u\n02/2020,2,v\n", {}, r"'d' holds dates \('01/2020', first in line 2\)"),
        ("d,a,y\n20200131T1030,1,u\n20200201T1030,2,v\n", {}, r"'d' holds dates"),
        ("a,y\n(1.5),u\n2,v\n3,v\n", {}, r"'a' holds numbers, but also '\(1\.5\)' \(first in line 2\)"),
        (
            "a,y\nJan 1, 2020,u\nJan 1, 2021,v\n",
            {},
            r"line 2 has 3 columns, line 1 has 2; columns are separated by ','",
        ),
        ("a,y\n1,u\n2,v\n# by hand\n", {}, r"line 4 has 1 column, line 1 has 2; comment = \"#\" skips lines"),
        ("a,y\n1,None\n2,v\n", {}, r"line 2: the label 'y' is empty.*; NA, null, None and the like count as missing"),
        (f"{'a' * 500},y\n1,u\n2,v\n", {"label": "z"}, r"known are a{59}…, y$"),
        ("a,y\n1,u\n2,v\n", {"encoding": "utf\0"}, r"encoding = 'utf\\x00' is not known"),
        ("a,y\n1,u\n2,v\n", {"encoding": "klingon"}, r"encoding = 'klingon' is not known"),
        ("a,y\n1,u\n2,v\n", {"image": [2, 2]}, r"image = \(2, 2\) doesn't fit 1 inputs"),
        ('a,y\n1,u\n"2,v\n', {}, r"line 3 has 1 column|not a readable"),
        ("a,y\n1,u\0\n2,v\n", {}, r"zero byte"),
    ],
)
def test_a_table_is_refused_by_line_and_column(load: Load, text: str, options: dict[str, Any], told: str) -> None:
    """What can't be taken as it is, is one message: the file, its own line, the column, and mostly the remedy."""
    with pytest.raises(InputError, match=told) as caught:
        load(text, **options)
    assert "my_table.csv" in str(caught.value)


def test_bytes_of_another_encoding_are_told_with_their_line(load: Load) -> None:
    """A letter in Latin-1 names its line and the key that helps; with it the word is read."""
    content = "a,y\n1,u\n2,caf\u00e9\n".encode("latin-1")
    with pytest.raises(InputError, match=r"line 3: not text in utf-8.*encoding = \"latin-1\""):
        load(content)
    assert load(content, encoding="latin-1").classes == ("caf\u00e9", "u")


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz"])
@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\x1f\x8b\x08\x00 cut", b"BZh9", b"\xfd7zXZ\x00"])
def test_damaged_compression_is_one_message(load: Load, name: str, content: bytes) -> None:
    """A file that is not what its name says is an InputError that says so."""
    with pytest.raises(InputError, match=r"is not a readable \.(gz|bz2|xz) file|is empty"):
        load(content, name)


def test_a_long_file_with_labels_of_two_kinds(load: Load) -> None:
    """Labels that are numbers first and words after many rows are all words: 1 and "1" are one class."""
    text = "a,y\n" + "".join(f"{k % 7},1\n" for k in range(60_000)) + "".join(f"{k % 7},one\n" for k in range(60_000))
    found = load(text)
    assert found.classes == ("1", "one")
    assert np.bincount(found.y_train).tolist() == [60_000, 60_000]


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf8", "utf_8_sig", "U8", "utf-16", "utf-16-le"])
def test_a_mark_of_the_byte_order_is_no_part_of_a_name(load: Load, encoding: str) -> None:
    """However the encoding is called."""
    mark = "" if encoding in ("utf-16", "utf_8_sig") else "\ufeff"
    assert load((mark + PLAIN).encode(encoding), encoding=encoding).inputs == ("a", "b")


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_first_line_that_names_the_separator_is_none_of_the_table(load: Load, first: str) -> None:
    """As spreadsheets write it; lines are still counted from the file's first."""
    found = load(f"{first}\na;b,c;y\n1;2;u\n3;4;v\n")
    assert found.inputs == ("a", "b,c")
    with pytest.raises(InputError, match="line 4: the column 'a' is empty"):
        load(f"{first}\na;b,c;y\n1;2;u\n;4;v\n")


def test_names_behind_a_hash_are_those_of_the_columns(load: Load, tmp_path: Path) -> None:
    """As NumPy writes them; a remark that names other than all columns is one."""
    x = np.array([[1.5, 2, 0], [3, 4, 1], [5, 6, 1]])
    np.savetxt(tmp_path / "n.csv", x, delimiter=",", header="by hand\na,b,y")
    found = load((tmp_path / "n.csv").read_bytes())
    assert found.inputs == ("a", "b")
    assert found.x_train.tolist() == x[:, :2].tolist()
    assert "1 comment line is skipped" in found.notes
    assert load("# by hand\na,b,y\n1,2,u\n3,4,v\n").inputs == ("a", "b")
    assert load("# one, two, three\na,b,y\n1,2,u\n3,4,v\n").inputs == ("a", "b")


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


def test_what_is_learned_is_learned_of_the_training_part(load: Load) -> None:
    """Means, deviations and words come from the training part alone; a word of the test part alone is no input."""
    stream = np.random.default_rng(3)
    numbers = stream.normal(50, 9, 40)
    text = "a,w,y\n" + "".join(
        f"{'' if k == 7 else repr(float(n))},{'rare' if k == 11 else 'pq'[k % 2]},{k * 0.25}\n"
        for k, n in enumerate(numbers)
    )
    for seed in range(60):  # one that keeps row 11 for testing, and row 7 for training
        train, test = split(40, 0.2, seed)
        if 11 in test and 7 in train:
            break
    found = load(text, missing="mean", standardize=True, scale_targets=True, test_fraction=0.2, split_seed=seed)
    numbers[7] = numbers[[k for k in train if k != 7]].mean()
    expected = (numbers - numbers[train].mean()) / numbers[train].std()
    np.testing.assert_allclose(found.x_train[:, 0], expected[train], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.x_test[:, 0], expected[test], rtol=1e-12, atol=1e-12)
    assert found.inputs == ("a", "w=p", "w=q")
    row = list(test).index(11)
    assert found.x_test[row, 1:].tolist() == [0, 0]
    assert any("'rare' is in the test part alone (1 rows)" in note for note in found.notes)
    y = np.arange(40) * 0.25
    np.testing.assert_allclose(found.y_test, (y[test] - y[train].mean()) / y[train].std(), rtol=1e-12)


def test_missing_values_are_dropped_or_filled_as_pandas_does(load: Load) -> None:
    """Drop is DataFrame.dropna; mean is DataFrame.fillna with the mean; more words for a missing value can be named."""
    text = "a,b,y\n1,2,u\n?,3,v\n4,,u\n5,7,v\n"
    frame = pd.read_csv(StringIO(text), na_values=["?"]).drop(columns="y")
    dropped = load(text, missing="drop", na_values=["?"])
    np.testing.assert_array_equal(dropped.x_train, frame.dropna().to_numpy())
    assert dropped.y_train.tolist() == [0, 1]
    assert "2 of 4 examples are left out: a value is missing" in dropped.notes
    filled = load(text, missing="mean", na_values=["?"])
    np.testing.assert_array_equal(filled.x_train, frame.fillna(frame.mean()).to_numpy())
    assert "2 missing values are filled with the mean of the training part" in filled.notes


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


def test_words_that_name_the_examples_are_no_input(load: Load) -> None:
    """A column of names is refused by name, and taken where it is chosen."""
    text = "name,a,y\n" + "".join(f"n{k},{k % 5},{k % 2}\n" for k in range(40))
    with pytest.raises(InputError, match=r"'name' holds 40 different words in 40 rows.*drop = \[\"name\"\]"):
        load(text)
    assert load(text, columns=["name"]).x_train.shape == (40, 40)


def test_scales_are_hinted_at(load: Load) -> None:
    """A line says so where the deviations of inputs are more than ten apart, and none where they aren't."""
    text = "a,b,y\n" + "".join(f"{k % 5},{100 * (k % 7)},{k % 2}\n" for k in range(40))
    assert any("standardize = true" in note for note in load(text).notes)
    assert not load(text, standardize=True).notes
    assert not load(text.replace("00,", ",")).notes


def test_images_in_a_table(load: Load) -> None:
    """Columns that are pixels can be told their shape."""
    text = "".join(f"{k},{k % 3},{k % 5},{k % 7},{k % 2}\n" for k in range(1, 12))
    assert load(text, header=False, label=-1, image=[2, 2]).image == (2, 2)


@given(st.lists(st.integers(1, 40), min_size=2, max_size=6), st.floats(0, 0.95), st.integers(0, 5))
def test_the_split_is_stratified(sizes: list[int], fraction: float, seed: int) -> None:
    """Each class has its share of the test part, to within one example, keeps one for training, and no example is lost."""
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    train, test = split(len(classes), fraction, seed, classes)
    assert sorted([*train, *test]) == list(range(len(classes)))
    assert (np.diff(train) > 0).all()
    assert (np.diff(test) > 0).all()
    tested = np.bincount(classes[test], minlength=len(sizes))
    assert (np.abs(tested - fraction * np.array(sizes)) <= 1).all() or (tested >= np.array(sizes) - 1).any()
    assert (tested < np.array(sizes)).all()
    if all((1 - fraction) * size >= 1 for size in sizes):
        assert len(test) == round(fraction * len(classes))


def test_standardize_is_that_of_scikit_learn() -> None:
    """0.1 thirty times is constant although its mean isn't 0.1 to the last bit; scikit-learn's StandardScaler gives 0 and 0.1."""
    values = np.full((30, 1), 0.1)
    assert values.std() > 0  # the trap
    mean, deviation = mean_and_deviation(values, ["a"], "")
    assert deviation.tolist() == [1]
    np.testing.assert_allclose((np.array([0.1, 0.2]) - mean) / deviation, [0, 0.1], atol=1e-15)
    part = part_of(
        read_table(("a,y\n" + "0.1,u\n0.1,v\n" * 15).encode(), File(path="t.csv", label="y")), File(path="t", label="y")
    )
    options = File(path="t", label="y", standardize=True, test_fraction=0.0)
    np.testing.assert_allclose(checked(prepared(part, None, options), "t").x_train, 0, atol=1e-15)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.floats(-1e8, 1e8))
def test_standardize_centres_and_scales(numbers: list[float], offset: float) -> None:
    """The result has mean 0 and deviation 1, or is within rounding of 0 where the column is constant but for rounding."""
    values = np.array(numbers)[:, None] + offset
    mean, deviation = mean_and_deviation(values, ["a"], "")
    scaled = (values - mean) / deviation
    noise = 10 * len(values) * np.finfo(float).eps * np.abs(values).max() / deviation[0]
    assert abs(scaled.mean()) <= noise + 1e-9
    assert deviation[0] == 1 or scaled.std() == pytest.approx(1, abs=1e-6)


def test_a_column_too_large_to_be_scaled_is_named(load: Load) -> None:
    """1e300 has no variance in float64: the column is named, and nothing becomes NaN."""
    with pytest.raises(InputError, match=r"'a' has values up to 1e\+300, too large to be scaled"):
        load("a,y\n1e300,u\n-1e300,v\n", standardize=True)


@pytest.fixture
def flowers(tmp_path: Path) -> str:
    """A table with words, gaps, scales and three classes."""
    rows = [
        f"{'' if k == 4 else k % 9},{1000 * (k % 7)},{'red' if k % 2 else 'blue'},{'abc'[k % 3]}" for k in range(60)
    ]
    (tmp_path / "flowers.csv").write_text("\n".join(["width,mass,colour,kind", *rows]) + "\n")
    return str(tmp_path / "flowers.csv")


def test_data_shows_what_is_understood(flowers: str) -> None:
    """Columns with types, gaps and use; classes, split and scales; hints; and the line for the experiment's file."""
    shown = CliRunner().invoke(main, ["data", flowers, "label=kind", "missing=drop"])
    assert shown.exit_code == 0, shown.output
    lines = [re.split(r"\s{2,}", line.strip()) for line in shown.output.splitlines()]
    assert ["width", "whole numbers", "1", "0 to 8, 9 different", "input"] in lines
    assert ["colour", "words", "blue 30, red 30", "input"] in lines
    assert ["kind", "words", "a 20, b 20, c 20", "label"] in lines
    text = " ".join(shown.output.split())
    assert "3 classes, with examples to learn from + for testing: a 16+4, b 15+4, c 16+4" in text
    assert "47 examples to learn from, 12 kept for testing" in text
    assert "inputs: 4: width, mass, colour=blue, colour=red" in text
    assert "1 of 60 examples are left out" in text
    assert "standardize = true" in text
    (line,) = [line for line in shown.output.splitlines() if "dataset = " in line]
    table = tomllib.loads(line.partition(": ")[2])["dataset"]
    assert table == {"path": flowers, "label": "kind", "missing": "drop"}


def test_data_shows_columns_also_where_something_is_wrong(flowers: str) -> None:
    """Without a label, and with gaps that nothing was said of, the columns are shown, then what is to be said."""
    unlabelled = CliRunner().invoke(main, ["data", flowers])
    assert unlabelled.exit_code == 0
    assert "Which column is to be predicted?" in unlabelled.output
    gaps = CliRunner().invoke(main, ["data", flowers, "label=kind"])
    assert gaps.exit_code == 2
    assert "0 to 8, 9 different" in gaps.output
    assert "line 6: the column 'width' is empty" in gaps.output
    assert CliRunner().invoke(main, ["data", flowers, "lable=kind"]).exit_code == 2
    assert CliRunner().invoke(main, ["data", flowers, "label"]).exit_code == 2
    assert CliRunner().invoke(main, ["data", "nowhere.csv"]).exit_code == 2


def test_a_dry_run_says_what_was_done_to_the_data(flowers: str, tmp_path: Path) -> None:
    """Examples that were left out, and scales that differ, are told before anything runs."""
    file = tmp_path / "e.toml"
    file.write_text(
        f'name = "e"\nbudget = {{ steps = 1 }}\nproblem = {{ use = "network", dataset = {{ path = "{flowers}", label = "kind", '
        'missing = "drop" } }\n[[optimizers]]\nuse = "sgd"\nlr = 0.1\n'
    )
    said = " ".join(CliRunner().invoke(main, ["run", str(file), "--dry-run"]).output.split())
    assert "flowers: 1 of 60 examples are left out" in said
    assert "standardize = true" in said


def test_show_network_lists_every_key_of_a_dataset() -> None:
    """What can be said of a file is there to be read, each key with what it means."""
    said = CliRunner().invoke(main, ["show", "network"]).output
    for name, field in File.model_fields.items():
        assert f"dataset.{name} " in said
        assert field.description is not None
        assert field.description in said


cells = st.one_of(
    st.sampled_from(
        ["", "1", "-0", "1.5", "1e400", "nan", "inf", "NA", "?", "a", "True", "2020-01-01", "1,5", "'", " x "]
    ),
    st.sampled_from(
        ['"', '"q"', "99999999999999999999", "#", "12:30", "$3", "5%", "0x1", "1_0", "\x1f", "é;", "\ufeff", "\x1b[2J"]
    ),
    st.text(max_size=4),
)
some_options = st.fixed_dictionaries(
    {"label": st.sampled_from([-1, 0, 1, "a"])},
    optional={
        "missing": st.sampled_from(["drop", "mean"]),
        "header": st.booleans(),
        "numbers": st.booleans(),
        "standardize": st.booleans(),
        "scale_targets": st.booleans(),
        "test_fraction": st.sampled_from([0.0, 0.9]),
        "separator": st.sampled_from([",", "blanks", "1"]),
        "decimal": st.sampled_from([".", ","]),
        "comment": st.just("a"),
        "skip_lines": st.integers(0, 3),
        "drop": st.lists(st.sampled_from(["a", 0, ""]), max_size=1),
        "na_values": st.lists(cells, max_size=1),
    },
)


@settings(max_examples=200)
@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8), st.sampled_from([",", ";", "\t", " "]), some_options
)
def test_any_text_is_examples_or_one_message(rows: list[list[str]], separator: str, options: dict[str, Any]) -> None:
    """Whatever a file holds and whatever is said of it: finite examples that fit, or a message of one printable line."""
    file = File(path="t.csv", **options)
    content = "\n".join(separator.join(row) for row in rows).encode("utf-8", "surrogatepass")
    found = outcome(content, file)
    if isinstance(found, str):
        assert found.isprintable()
    else:
        assert len(found.x_train) + len(found.x_test) <= len(rows)


def outcome(content: bytes, file: File) -> Examples | str:
    """The examples in a text, or the message that there are none."""
    try:
        table = read_table(content, file)
        return checked(prepared(part_of(table, file), None, file), "t")
    except InputError as error:
        return str(error)


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
    others: list[tuple[str, Any]] = [("label", "y"), ("columns", ["a"]), ("na_values", ["?"]), ("header", False)]
    for key, value in others:
        with pytest.raises(InputError, match=f"{key} is for tables"):
            file_dataset(File(path=str(path), **{key: value}))


def test_names_in_single_quotes_are_names(load: Load) -> None:
    """A head whose names all stand in single quotes, as some packages write it, is read without them."""
    assert load("'a','y'\n1,u\n2,v\n").inputs == ("a",)


def test_an_input_far_from_zero_is_hinted_at(load: Load) -> None:
    """A year beside small numbers is told, although it deviates as they do; pixels are told their range."""
    text = "year,a,y\n" + "".join(f"{2000 + k % 7},{k % 5},{k % 2}\n" for k in range(40))
    assert any("'year' is far from 0 (mean 2003" in note for note in load(text).notes)
    assert any("the pixels go from 0 to 2006" in note for note in load(text, image=[1, 2]).notes)
