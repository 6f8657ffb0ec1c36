"""The layout of a table's text: separator, decimal mark, names of the columns, and on which line each row is."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from optilab.datasets.options import File
from optilab.errors import InputError
from optilab.texts import counted, shown

_SEPARATORS = ("\t", ";", "|", ",")  # in order of preference: a comma may be a decimal mark
_SNIFFED = 200  # records from which separator and decimal mark are detected
_WITH_COMMA = re.compile(r"\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*")
_WITH_POINT = re.compile(r"\s*[-+]?\d*\.\d+(?:[eE][-+]?\d+)?\s*")
_CODE = re.compile(r"0\d+")
_NAMED_SEPARATOR = re.compile(r"\ufeff?\"?sep=(.)\"?", re.IGNORECASE)
_THOUSANDS = re.compile(r"\s*[-+]?[1-9]\d{0,2},\d{3}\s*")

Record = tuple[int, list[str]]


@dataclass(frozen=True)
class TextLayout:
    """The layout of a table in a text.

    body: the text of the rows, without the line of names; comments are blank lines.
    lines: line of the file on which each row begins, from 1.
    names: of the columns; an unnamed column has an empty one.
    """

    body: str
    lines: list[int]
    names: list[str]
    separator: str
    decimal: str
    notes: tuple[str, ...]


def layout_of(text: str, options: File, what: str, separator: str | None = None) -> TextLayout:
    """The layout of a text. InputError where rows don't have the columns that the first line names.

    separator: that of the file's suffix, if it has one.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if "\0" in text:
        raise InputError(f"{what} is no text: it holds a zero byte")
    lines = ["" if k < options.skip_lines else line for k, line in enumerate(lines)]
    lines, named = _without_separator_line(lines)
    lines, comments = _without_comments(lines, options.comment)
    separator = options.separator or named or separator or _sniffed(lines, what)
    records = list(_records(lines, separator, what))
    if not records:
        raise InputError(f"{what} is empty")
    notes = []
    if options.header is None and (head := _commented_head(comments, records, separator, what)):
        notes.append("the names of the columns are those behind # on the line before the first row")
        del comments[head[0]]
        names, rows = head[1], records
    else:
        names, rows = _head(records, options.header, what)
    if comments:
        notes.insert(0, f"{len(comments)} comment line{'s are' if len(comments) > 1 else ' is'} skipped")
    if not rows:
        raise InputError(f"{what} is empty: it has columns and no rows")
    names = _fitting(names, rows, f"columns are separated by {shown(separator)}", f"{what}, line {{}}", records[0][0])
    first = rows[0][0] - 1
    notes += _leading_zeros(names, rows)
    decimal = options.decimal or _decimal(rows, separator)
    if decimal == "," and options.decimal is None:
        notes.append('the decimal mark is a comma, as in "1,5"')
    return TextLayout("\n".join(lines[first:]), [line for line, _ in rows], names, separator, decimal, tuple(notes))


def _without_separator_line(lines: list[str]) -> tuple[list[str], str | None]:
    """The lines, and the separator that the first of them names, "sep=;", as spreadsheets write it; it is made empty then."""
    found = _NAMED_SEPARATOR.fullmatch(lines[0])
    return (["", *lines[1:]], found[1]) if found else (lines, None)


def _without_comments(lines: list[str], mark: str | None) -> tuple[list[str], dict[int, str]]:
    """The lines, with comments and lines of blanks made empty, so that numbers of lines stay; and the comments by their line."""
    kept: list[str] = []
    comments: dict[int, str] = {}
    at_top = mark is None
    for number, line in enumerate(lines, 1):
        beginning = line.lstrip()[:1]
        at_top = at_top and beginning in ("#", "")
        if beginning and (beginning == mark or at_top):
            comments[number] = line
            kept.append("")
        else:
            kept.append("" if not line.strip(" ") else line)
    return kept, comments


def _commented_head(
    comments: dict[int, str], records: list[Record], separator: str, what: str
) -> tuple[int, list[str]] | None:
    """The line just before the first row and the names on it, where it is a comment that names all columns, as NumPy writes it."""
    line, first = records[0]
    told = comments.get(line - 1, "").lstrip()
    if not told.startswith("#") or not any(map(_is_number, first)):
        return None
    (_, names), *_ = list(_records([told.lstrip("# ")], separator, what)) or [(0, [])]
    names = [name.strip() for name in names]
    fits = len(names) == len(first) > 1 and all(names) and not any(map(_is_number, names))
    return (line - 1, names) if fits else None


def _records(lines: list[str], separator: str, what: str) -> Iterator[Record]:
    """Each record with the line it begins on."""
    blanks = separator == "blanks"
    source = (f"{line.strip() if blanks else line}\n" for line in lines)
    reader = csv.reader(source, delimiter=" " if blanks else separator, skipinitialspace=True)
    before = 0
    try:
        for fields in reader:
            if fields:
                yield before + 1, fields
            before = reader.line_num
    except csv.Error as error:
        raise InputError(f"{what}, line {reader.line_num}: {error}") from None


def _sniffed(lines: list[str], what: str) -> str:
    """The separator that gives most of the first records an equal number of columns, above one."""
    head = lines[: 2 * _SNIFFED]
    best, share = ",", 0.0
    for separator in (*_SEPARATORS, "blanks"):
        try:
            found = [len(fields) for _, fields in _records(head, separator, what)][:_SNIFFED]
        except InputError:
            continue
        counts = Counter(found)
        width, times = max(counts.items(), key=lambda item: item[1], default=(1, 0))
        alike = times / max(len(found), 1)
        if width > 1 and alike > share and (separator != "blanks" or alike == 1):
            best, share = separator, alike
    return best


def _head(records: list[Record], header: bool | None, what: str) -> tuple[list[str], list[Record]]:
    """Names of the columns, and the records of the rows."""
    if header is False:
        return [str(k) for k in range(len(records[0][1]))], records
    names = [name.strip() for name in records[0][1]]
    if all(len(name) > 2 and name[0] == name[-1] == "'" for name in names):
        names = [name[1:-1] for name in names]
    named = [name for name in names if name]
    if (
        header is None
        and len(named) == len(names)
        and (all(map(_is_number, named)) or any(map(_WITH_POINT.fullmatch, named)))
    ):
        raise InputError(
            f"{what}, line {records[0][0]}: the names of the columns are numbers, as {shown(named[0])}; say header = false "
            "if the file begins with data, or header = true if these are names"
        )
    return names, records[1:]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fitting(names: list[str], rows: list[Record], how: str, at_line: str, first: int) -> list[str]:
    """The names, one for each field of the rows. InputError for a row that has more or fewer."""
    more = len(names) + 1
    if all(len(fields) == more for _, fields in rows):
        if all(not fields[-1].strip() for _, fields in rows):  # separators at the end
            return [*names, ""]
        if len({fields[0] for _, fields in rows}) == len(rows):  # row names without a title, as R writes
            return ["", *names]
    for line, fields in rows:
        if len(fields) != len(names):
            remedy = (
                'comment = "#" skips lines that begin with #'
                if fields[0].startswith("#")
                else f"{how}, another is given as separator = ..., and lines before the table are skipped by skip_lines = ..."
            )
            raise InputError(
                f"{at_line.format(line)} has {counted(len(fields), 'column')}, line {first} has {len(names)}; {remedy}"
            )
    return names


def _leading_zeros(names: list[str], rows: list[Record]) -> list[str]:
    """A sentence for each column that seems to hold codes, whole numbers with zeros before them."""
    notes = []
    for name, values in zip(names, zip(*(row for _, row in rows[:_SNIFFED]), strict=True), strict=True):
        present = [value.strip() for value in values if value.strip()]
        if name and all(map(str.isdigit, present)) and (code := next(filter(_CODE.fullmatch, present), None)):
            notes.append(f"{shown(name)} has zeros before its numbers, as in {shown(code)}: they are read as numbers")
    return notes


def _decimal(rows: list[Record], separator: str) -> str:
    """The decimal mark: a comma where numbers have one, none has a point, and not all could be thousands."""
    if separator == ",":
        return "."
    fields = [field for _, row in rows[:_SNIFFED] for field in row]
    commas = [field for field in fields if _WITH_COMMA.fullmatch(field)]
    points = any(_WITH_POINT.fullmatch(field) for field in fields)
    return "," if commas and not points and not all(map(_THOUSANDS.fullmatch, commas)) else "."
