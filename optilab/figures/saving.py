"""Figures as files: PNG, and SVG and PDF whose text stays text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from optilab.errors import InputError, unknown
from optilab.files import replacing
from optilab.plots.layout import settled
from optilab.texts import shown

# What each format says of itself; no date, so that the same figure is the same file.
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": "optilab"},
    "svg": {"Creator": "optilab", "Date": None},
    "pdf": {"Creator": "optilab", "CreationDate": None},
}
_PACKED = {"compress_level": 1}  # of 9: a tenth larger than with the usual 6, in two thirds of its time
FORMATS = tuple(_METADATA)
_TEXT_AS_TEXT: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "optilab", "pdf.fonttype": 42}


def check_formats(formats: Sequence[str]) -> None:
    """InputError for a format that is none of FORMATS."""
    for name in formats:
        if name not in FORMATS:
            raise unknown("format", name, FORMATS)


def save(figure: Figure, target: Path, formats: Sequence[str]) -> list[Path]:
    """Write a figure in each format, and return the paths of the files. It is as wide as it is, and as high as it is filled.

    target: the path without its suffix.

    InputError if a file can't be written.
    """
    written = []
    with settled(figure) as box:
        for name in dict.fromkeys(formats):
            path = target.parent / f"{target.name}.{name}"
            try:
                with mpl.rc_context(_TEXT_AS_TEXT), replacing(path) as file:
                    more: dict[str, Any] = {"pil_kwargs": _PACKED} if name == "png" else {}
                    figure.savefig(file, format=name, bbox_inches=box, metadata=_METADATA[name], **more)
            except OSError as error:
                raise InputError(f"can't write {shown(str(path))}: {error.strerror or error}") from None
            written.append(path)
    return written
