"""The two tables as CSV, for programs that can't read Parquet."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from optilab.errors import InputError
from optilab.files import TEMPORARY, replacing, sweep
from optilab.store.reading import load


def export_csv(folder: Path, out: Path) -> list[Path]:
    """Write runs.csv and history.csv into `out`: UTF-8, numbers to the last bit, missing values empty.

    Returns the paths of both. InputError if the folder holds no results, or if `out` can't be written.
    """
    from pyarrow import csv  # which nothing else needs

    found = load(folder)
    sweep(out, TEMPORARY)
    written = []
    for name, frame in (("runs", found.runs), ("history", found.history)):
        path = out / f"{name}.csv"
        try:
            out.mkdir(parents=True, exist_ok=True)
            with replacing(path) as file:
                csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), file)
        except OSError as error:
            raise InputError(f"can't write {str(path)!r}: {error.strerror or error}") from None
        written.append(path)
    return written
