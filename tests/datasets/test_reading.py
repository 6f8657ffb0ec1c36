"""Tables that are read, or refused by line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.datasets.examples import Examples, checked
from optilab.datasets.options import File
from optilab.datasets.preparation import prepared
from optilab.datasets.reading import read_table
from optilab.datasets.tables import part_of
from optilab.errors import InputError
from written import Load, csv, loaded

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


def outcome(content: bytes, file: File) -> Examples | str:
    """The examples in a text, or the message that there are none."""
    try:
        table = read_table(content, file)
        return checked(prepared(part_of(table, file), None, file), "t")
    except InputError as error:
        return str(error)


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
        loaded(csv(tmp_path / "my_table.csv", *lines), label=label)
    assert "my_table" in str(caught.value)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=8), st.sampled_from(",;\t|"))
def test_numbers_are_those_that_python_reads(numbers: list[float], separator: str) -> None:
    """Every float that is written in full is read to its last bit, whatever the separator."""
    text = f"a{separator}y\n" + "".join(f"{number!r}{separator}{k}\n" for k, number in enumerate(numbers))
    table = read_table(text.encode(), File(path="t.csv", label="y"))
    assert table.frame["a"].to_numpy(float).tolist() == [float(repr(number)) for number in numbers]


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
