"""Tables, read from a file's bytes by pandas; every error becomes one message."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from optilab.datasets.options import File
from optilab.datasets.text import TextLayout, layout_of
from optilab.errors import InputError
from optilab.texts import printable, shown

if TYPE_CHECKING:
    import pandas as pd

UNPACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
TABLES = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
_LONGEST = 80  # characters of a path that a message quotes: the last ones
_UNNAMED = re.compile(r"(?:Unnamed: \d+)?")


@dataclass(frozen=True)
class TextTable:
    """A table as it was read.

    what: as a message begins. frame: all columns, their names as they are in the file, and texts without blanks around them.
    left_out: positions of columns without a name that are no inputs. notes: what was noticed.
    """

    what: str
    frame: pd.DataFrame
    layout: TextLayout
    left_out: tuple[int, ...]
    notes: tuple[str, ...]

    def place(self, row: int) -> str:
        """The place of a row in the file."""
        return f"line {self.layout.lines[row]}"


def quoted(path: str) -> str:
    """A path as a message quotes it: its last 80 characters."""
    text = printable(path)
    return f"'{text}'" if len(text) <= _LONGEST else f"'…{text[1 - _LONGEST :]}'"


def kind_of_file(path: Path) -> tuple[str | None, str]:
    """The kind, ".npz" or one of `TABLES`, or None for another; and how it is compressed, in the words of its name."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    packed = suffixes.pop() if suffixes and suffixes[-1] in UNPACK else ""
    kind = suffixes[-1] if suffixes else ""
    return (kind if kind in TABLES or (kind == ".npz" and not packed) else None), packed


def read_table(content: bytes, options: File) -> TextTable:
    """The table in a file's content. InputError with the line of what can't be read."""
    what = f"dataset {quoted(options.path)}"
    kind, packed = kind_of_file(Path(options.path))
    text = _text(content, packed, options.encoding, what)
    layout = layout_of(text, options, what, "\t" if kind in (".tsv", ".tab") else None)
    try:
        frame = _frame(layout, options)
    except InputError:
        raise
    except Exception as error:  # whatever pandas raises for a damaged file
        raise InputError(f"{what} is not a readable {kind} file: {printable(str(error))}") from error
    if len(frame) != len(layout.lines):
        raise InputError(
            f"{what} is not a readable {kind} file: its rows can't be told apart; look for unbalanced quotes"
        )
    left_out, notes = _without_names(frame, what)
    return TextTable(what, frame, layout, left_out, (*layout.notes, *notes))


def _text(content: bytes, packed: str, encoding: str, what: str) -> str:
    try:
        unpacked = UNPACK[packed](content) if packed else content
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{what} is not a readable {packed} file: {error}") from None
    try:
        return unpacked.decode(encoding).removeprefix("\ufeff")  # the byte order mark
    except UnicodeError as error:
        line = unpacked.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise InputError(
            f'{what}, line {line}: not text in {printable(encoding)}; if it is in another encoding, say encoding = "latin-1", '
            '"utf-16", ...'
        ) from None
    except (LookupError, ValueError):  # of a name that holds a zero byte
        raise InputError(
            f"{what}: encoding = {shown(encoding)} is not known; common are utf-8, latin-1, utf-16"
        ) from None


def _frame(layout: TextLayout, options: File) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_csv(
        io.StringIO(layout.body),
        sep=r"\s+" if layout.separator == "blanks" else layout.separator,
        header=None,
        names=range(len(layout.names)),
        index_col=False,
        decimal=layout.decimal,
        na_values=options.na_values,
        skipinitialspace=True,
        dtype_backend="numpy_nullable",
        low_memory=False,
    )
    for name in frame:
        if pd.api.types.is_string_dtype(frame[name].dtype):
            words = frame[name].str.strip()
            frame[name] = words.mask(words.isin(["", *options.na_values]))
    frame.columns = pd.Index(layout.names, dtype=object)
    return frame


def _without_names(frame: pd.DataFrame, what: str) -> tuple[tuple[int, ...], list[str]]:
    """Positions of columns without a name, which are row names or empty. InputError for others."""
    found, notes = [], []
    for k, name in enumerate(frame.columns):
        if not _UNNAMED.fullmatch(name):
            continue
        values = frame.iloc[:, k]
        if k == 0 and frame.shape[1] > 1 and values.is_unique:
            notes.append(
                "the first column has no name and another value in each row: it names the rows and is no input"
            )
        elif not values.isna().all():
            raise InputError(f"{what}: column {k + 1} has no name; give it one in the file")
        found.append(k)
    return tuple(found), notes
