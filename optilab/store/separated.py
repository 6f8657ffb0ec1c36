"""A table in a text file, as others write it: separated by commas, semicolons, tabs or bars, plain or compressed."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from optilab.errors import InputError
from optilab.files import NotAFileError, read_plain
from optilab.texts import counted, printable, shown

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
_UNPACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}
UNNAMED = "Unnamed: 0"
_SEPARATORS = ("\t", ";", "|", ",")  # a comma may be a decimal mark, so it is last
_LOOKED_AT = 100_000  # characters from which separator and decimal mark are told
WITH_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
WITH_POINT = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # with which spreadsheets begin a file that is no UTF-8


@dataclass(frozen=True)
class Sheet:
    """A table as it was read.

    what: as a message begins. frame: its columns, numbers where all cells are some; an empty cell is missing, and nothing else is.
    place: of a row, by its number from 0, as a message names it. separator, decimal: between its cells, and in its numbers; pandas
    leaves a column as text that holds the word nan, decimal commas and all. notes: sentences on what was left out.
    """

    what: str
    frame: pd.DataFrame
    place: Callable[[int], str] = field(default=lambda row: f"row {row}")
    separator: str = ","
    decimal: str = "."
    notes: tuple[str, ...] = ()


def is_table_file(path: Path) -> bool:
    """Whether a file's name is that of a table in a text: one of SUFFIXES, also compressed."""
    names = [suffix.lower() for suffix in path.suffixes[-2:]]
    return bool(names) and (names[-1] in SUFFIXES or (names[-1] in _UNPACK and names[0] in SUFFIXES))


def read_sheet(path: Path) -> Sheet:
    """The table in a file. InputError with the line of what can't be read; links are not followed."""
    what = shown(str(path)) if len(str(path)) < 50 else f"'…{printable(str(path))[-45:]}'"
    try:
        return _read(path, what)
    except csv.Error as error:
        hint = "look for unbalanced quotes, or for a file that is no table"
        raise InputError(f"{what} is no readable table: {error}; {hint}") from None


def _read(path: Path, what: str) -> Sheet:
    """The table in a file. csv.Error for what Python's reader refuses."""
    import pandas as pd

    text = _text(path, what)
    lines = text.split("\n")
    first = next((k for k, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), None)
    if first is None:
        raise InputError(f"{what} is empty")
    rest = "\n".join(lines[first:]) if first else text
    kind = next(suffix for suffix in reversed(path.suffixes) if suffix.lower() in SUFFIXES).lower()
    separator = "\t" if kind in (".tsv", ".tab") else _separator(rest)
    names = [name.strip() for name in next(csv.reader([lines[first]], delimiter=separator))]
    if len(names) > 1 and not names[0] and UNNAMED not in names:
        names[0] = UNNAMED  # as pandas calls it
    _check_shape(rest, separator, names, what, first)
    _check_names(names, what, first + 1)
    decimal = _decimal(rest, separator)
    try:
        frame = pd.read_csv(
            io.StringIO(rest),
            sep=separator,
            header=0,
            names=names,
            index_col=False,
            decimal=decimal,
            keep_default_na=False,
            na_values=[""],
            skipinitialspace=True,
            low_memory=False,
        )
    except Exception as error:  # whatever pandas raises for a damaged file
        raise InputError(f"{what} is no readable table: {printable(str(error)).strip()}") from error
    if frame.empty:
        raise InputError(f"{what} is empty: it has columns and no rows")
    place = lambda row: f"line {_line(rest, separator, row) + first}"  # noqa: E731
    sheet = without_index(Sheet(what, frame, place, separator, decimal))
    if UNNAMED in sheet.frame and UNNAMED not in lines[first]:
        _check_names(["", *names[1:]], what, first + 1)
    return sheet


def without_index(sheet: Sheet) -> Sheet:
    """The table without the first column, where that is the index that pandas writes: without a name, it counts 0, 1, 2, ..."""
    frame = sheet.frame
    if len(frame.columns) < 2 or frame.columns[0] != UNNAMED or frame[UNNAMED].tolist() != list(range(len(frame))):
        return sheet
    note = "The first column, which has no name and counts the rows, is left out."
    return replace(sheet, frame=frame.drop(columns=UNNAMED), notes=(*sheet.notes, note))


def _text(path: Path, what: str) -> str:
    """The text of a file, with line feeds alone between its lines."""
    try:
        content = read_plain(path)
    except NotAFileError as error:
        raise InputError(f"can't read {what}: {error.strerror}; give the file itself") from None
    except OSError as error:
        raise InputError(f"can't read {what}: {error.strerror or error}") from None
    packed = path.suffix.lower()
    try:
        content = _UNPACK[packed](content) if packed in _UNPACK else content
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{what} is no readable {packed} file: {error}") from None
    try:
        text = content.decode(_MARKS.get(content[:2], "utf-8"))
    except UnicodeError as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise InputError(f"{what}, line {line}: no text in UTF-8; save the file as UTF-8") from None
    if "\0" in text:
        raise InputError(f"{what} is no text: it holds a zero byte")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _separator(text: str) -> str:
    """The separator that parts the first line into most columns."""
    head = text[: text.find("\n") + 1 or len(text)]
    return max(_SEPARATORS, key=lambda one: len(next(csv.reader([head], delimiter=one))))


def _decimal(text: str, separator: str) -> str:
    """The decimal mark: a comma where numbers have one, and none has a point."""
    if separator == ",":
        return "."
    fields = [cell.strip() for _, row in _records(text[:_LOOKED_AT], separator) for cell in row]
    comma = any(map(WITH_COMMA.fullmatch, fields)) and not any(map(WITH_POINT.fullmatch, fields))
    return "," if comma else "."


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that isn't blank, with the line on which it begins, from 1."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    before = 0
    for cells in reader:
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield before + 1, cells
        before = reader.line_num


def _line(text: str, separator: str, row: int) -> int:
    """The line on which a row begins, the names of the columns standing on line 1."""
    return next(line for k, (line, _) in enumerate(_records(text, separator)) if k == row + 1)


def _check_shape(text: str, separator: str, names: list[str], what: str, before: int) -> None:
    """InputError for a row with more or fewer cells than there are names; pandas would fill it up in silence."""
    plain = '"' not in text and all(
        line.count(separator) == len(names) - 1 and len(line) <= csv.field_size_limit()
        for line in text.split("\n")
        if line
    )
    if plain:
        return  # as with a reader of quotes, in a tenth of its time
    for line, cells in _records(text, separator):
        if len(cells) != len(names):
            raise InputError(
                f"{what}, line {line + before} has {counted(len(cells), 'cell')}, line {before + 1} names "
                f"{counted(len(names), 'column')}; they are separated by {shown(separator)}"
            )


def _check_names(names: list[str], what: str, line: int) -> None:
    for name in names:
        if not name:
            raise InputError(
                f"{what}, line {line}: column {names.index(name) + 1} has no name; give it one, or leave it out"
            )
        if names.count(name) > 1:
            raise InputError(f"{what}, line {line}: two columns are called {shown(name)}")
