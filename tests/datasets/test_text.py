"""Lines and fields of a text: separators, names of columns, comments."""

from __future__ import annotations

import bz2
import csv as standard_csv
import gzip
import lzma
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.datasets.options import File
from optilab.datasets.text import layout_of
from optilab.errors import InputError
from written import AS_NUMBERS, PLAIN, Load

words = st.text(st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=["Cs", "Cc"]), max_size=6)


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


def test_names_in_single_quotes_are_names(load: Load) -> None:
    """A head whose names all stand in single quotes, as some packages write it, is read without them."""
    assert load("'a','y'\n1,u\n2,v\n").inputs == ("a",)
