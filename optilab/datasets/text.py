"""The layout of a table's text: separator, decimal mark, names of the columns, and on which line each row is."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from optilab.datasets.options import File
from optilab.errors import InputError
from optilab.texts import shown

_SEPARATORS = ("\t", ";", "|", ",")  # where several fit: a comma may be a decimal mark, the others are not
_SNIFFED = 200  # records from which separator and decimal mark are told
_WITH_COMMA = re.compile(r"\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*")
_WITH_POINT = re.compile(r"\s*[-+]?\d*\.\d+(?:[eE][-+]?\d+)?\s*")
_THOUSANDS = re.compile(r"\s*[-+]?[1-9]\d{0,2},\d{3}\s*")

Record = tuple[int, list[str]]


@dataclass(frozen=True)
class Layout:
    """How a text is a table.

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


def layout_of(text: str, options: File, what: str, separator: str | None = None) -> Layout:
    """The layout of a text. InputError where rows don't have the columns that the first line names.

    separator: the one that the file's name tells, where the options don't.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if "\0" in text:
        raise InputError(f"{what} is no text: it holds a zero byte")
    lines = ["" if k < options.skip_lines else line for k, line in enumerate(lines)]
    lines, skipped = _without_comments(lines, options.comment)
    notes = [f"{skipped} comment line{'s are' if skipped > 1 else ' is'} skipped"] if skipped else []
    separator = options.separator or separator or _sniffed(lines, what)
    records = list(_records(lines, separator, what))
    if not records:
        raise InputError(f"{what} is empty")
    names, rows = _head(records, options.header, what)
    if not rows:
        raise InputError(f"{what} is empty: it has columns and no rows")
    names = _fitting(names, rows, f"columns are separated by {shown(separator)}", f"{what}, line {{}}", records[0][0])
    first = rows[0][0] - 1
    decimal = options.decimal or _decimal(rows, separator)
    if decimal == "," and options.decimal is None:
        notes.append('the decimal mark is a comma, as in "1,5"')
    return Layout("\n".join(lines[first:]), [line for line, _ in rows], names, separator, decimal, tuple(notes))


def _without_comments(lines: list[str], mark: str | None) -> tuple[list[str], int]:
    """The lines, with comments and lines of blanks made empty, so that numbers of lines stay; and how many comments."""
    kept: list[str] = []
    skipped, at_top = 0, mark is None
    for line in lines:
        beginning = line.lstrip()[:1]
        at_top = at_top and beginning in ("#", "")
        if beginning and (beginning == mark or at_top):
            skipped += 1
            kept.append("")
        else:
            kept.append("" if not line.strip(" ") else line)
    return kept, skipped


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
    """The separator under which most of the first records have one and the same number of columns, above one."""
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
    if all(
        len(fields) == more for _, fields in rows
    ):  # row names without a title, as R writes; or separators at the end
        at_the_end = all(not fields[-1].strip() for _, fields in rows)
        return [*names, ""] if at_the_end else ["", *names]
    for line, fields in rows:
        if len(fields) != len(names):
            raise InputError(
                f"{at_line.format(line)} has {len(fields)} columns, line {first} has {len(names)}; {how}, another is given as "
                "separator = ..., and lines before the table are skipped by skip_lines = ..."
            )
    return names


def _decimal(rows: list[Record], separator: str) -> str:
    """The decimal mark: a comma where numbers have one, none has a point, and not all could be thousands."""
    if separator == ",":
        return "."
    fields = [field for _, row in rows[:_SNIFFED] for field in row]
    commas = [field for field in fields if _WITH_COMMA.fullmatch(field)]
    points = any(_WITH_POINT.fullmatch(field) for field in fields)
    return "," if commas and not points and not all(map(_THOUSANDS.fullmatch, commas)) else "."
