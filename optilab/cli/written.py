"""Tables as text for papers: Markdown, LaTeX, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "[": "{[}",  # after a row it would begin the length of a gap
    "]": "{]}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "×": r"$\times$",
    "∞": r"$\infty$",
}

_LIVE = r"\|*_`[]$"  # what Markdown would take for its own

Rows = Sequence[Sequence[str]]


def markdown(head: Sequence[str], rows: Rows, figures: Sequence[bool], notes: str) -> str:
    """A table of GitHub's Markdown, columns of figures to the right, with its notes below it."""
    marks = ["---:" if right else "---" for right in figures]
    lines = [head, marks, *rows]
    table = "\n".join("| " + " | ".join(map(_in_markdown, line)) + " |" for line in lines)
    return f"{table}\n\n{_in_markdown(notes)}\n"


def latex(head: Sequence[str], rows: Rows, figures: Sequence[bool], notes: str) -> str:
    """A table of LaTeX's package booktabs, with its notes as the caption."""
    columns = "".join("r" if right else "l" for right in figures)
    lines = [" & ".join(map(_in_latex, line)) + r" \\" for line in (head, *rows)]
    body = [r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    table = [rf"\begin{{tabular}}{{{columns}}}", *(f"  {line}" for line in body), r"\end{tabular}"]
    parts = [r"\begin{table}", r"  \centering", rf"  \caption{{{_in_latex(notes)}}}", *(f"  {line}" for line in table)]
    return "\n".join(["% needs \\usepackage{booktabs}", *parts, r"\end{table}"]) + "\n"


def comma_separated(head: Sequence[str], rows: Rows, figures: Sequence[bool], notes: str) -> str:
    """The table as CSV, without its notes, which CSV has no place for; a text that begins as a formula has an apostrophe before it."""
    text = io.StringIO()
    safe = [[cell if right else _no_formula(cell) for cell, right in zip(row, figures, strict=True)] for row in rows]
    csv.writer(text, lineterminator="\n").writerows([list(map(_no_formula, head)), *safe])
    return text.getvalue()


def _no_formula(text: str) -> str:
    """A text behind an apostrophe where a spreadsheet would take it for a formula; a negative number is none."""
    try:
        float(text)
    except ValueError:
        return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text
    return text


FORMATS: dict[str, Callable[[Sequence[str], Rows, Sequence[bool], str], str]] = {
    "markdown": markdown,
    "latex": latex,
    "csv": comma_separated,
}


def _in_markdown(text: str) -> str:
    return " ".join(
        "".join(f"\\{letter}" if letter in _LIVE else letter for letter in text).replace("<", "&lt;").split()
    )


def _in_latex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in " ".join(text.split()))
