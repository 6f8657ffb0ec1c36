"""The comparison as a table for a paper."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from cli.calls import TINY, refused
from hypothesis import given
from hypothesis import strategies as st

from optilab.cli.written import comma_separated, latex, markdown
from terminals import call

HOSTILE = r"50 % of $x_i^2$ & a~b \ {c} #1 | *<b>*"


def test_markdown_keeps_its_cells_apart() -> None:
    """A bar, a star or a tag in a name changes neither the table nor the text; figures stand to the right."""
    text = markdown(["optimizer", "cost"], [[HOSTILE, "0.5 (0.4–0.6)"]], [False, True], "One seed.")
    head, marks, row, gap, notes = text.splitlines()
    assert head == "| optimizer | cost |"
    assert marks == "| --- | ---: |"
    assert row == r"| 50 % of \$x\_i^2\$ & a~b \\ {c} #1 \| \*&lt;b>\* | 0.5 (0.4–0.6) |"
    assert (gap, notes) == ("", "One seed.")


def test_latex_is_in_booktabs_and_escaped() -> None:
    """Every letter that LaTeX takes for a command is written so that it is printed."""
    text = latex(["optimizer", "cost"], [[HOSTILE, "0.5 (0.4–0.6)"]], [False, True], "1 % of it.")
    assert r"\begin{tabular}{lr}" in text
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert text.count(rule) == 1
    escaped = r"50 \% of \$x\_i\textasciicircum{}2\$ \& a\textasciitilde{}b \textbackslash{} \{c\} \#1 \textbar{} *\textless{}b\textgreater{}* & 0.5 (0.4--0.6) \\"
    assert escaped in text
    assert r"\caption{1 \% of it.}" in text


@given(rows=st.lists(st.lists(st.text(st.characters(exclude_characters="\r\0")), min_size=2, max_size=2), min_size=1))
def test_csv_can_be_read_again(rows: list[list[str]]) -> None:
    """Commas, quotes and line breaks in names come back as they were, but for an apostrophe before a formula."""
    text = comma_separated(["a", "b"], rows, [False, True], "")
    head, *found = list(csv.reader(io.StringIO(text, newline="")))
    assert head == ["a", "b"]
    assert [[a[a[:1] == "'" and a != given[0] :], b] for (a, b), given in zip(found, rows, strict=True)] == rows


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", " =1", "\t=1"])
def test_csv_holds_no_formula(text: str) -> None:
    """A spreadsheet would act on a text that begins as a formula; names of columns are texts too."""
    head, row = csv.reader(io.StringIO(comma_separated([text, "b"], [[text, "-0.5"]], [False, True], "")))
    assert head[0] == row[0] == f"'{text}"
    assert row[1] == "-0.5"


@pytest.mark.parametrize("text", ["-0.5", "+1e-3", "-inf", "a=b", "1-2", ""])
def test_numbers_are_no_formulas(text: str) -> None:
    """A name that is a negative number stays one."""
    assert list(csv.reader(io.StringIO(comma_separated(["a"], [[text]], [False], ""))))[1:] == (
        [[text]] if text else [[""]]
    )


def test_the_command_prints_the_table_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In three formats, with the notes of the terminal's table, and what tuning took; an empty folder is refused."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.toml").write_text(TINY, "utf-8")
    call("run", "tiny.toml", "--executor", "inline")
    text = call("table", "results/tiny").stdout
    assert text.startswith("| optimizer | best | training cost | steps | seconds |")
    assert "| sgd | lr=0.05\\* |" in text
    assert "Median over 2 seeds; in brackets the lowest and the highest." in text
    assert (
        "Unequal numbers of trials behind them: adam 1 trial (100 steps in all); sgd 2 trials (200 steps in all)."
        in text
    )
    assert r"\toprule" in call("table", "results/tiny", "--format", "latex").stdout
    rows = list(csv.DictReader(io.StringIO(call("table", "results/tiny", "--format", "csv").stdout)))
    assert [row["optimizer"] for row in rows] == ["adam", "sgd"] or [row["optimizer"] for row in rows] == [
        "sgd",
        "adam",
    ]
    assert "unknown format 'latx': did you mean 'latex'" in refused("table", "results/tiny", "--format", "latx")
    assert "there is no results folder" in refused("table", "results/none")
