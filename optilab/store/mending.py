"""Looks a results folder over before it is written: what is damaged is set aside, what doesn't belong there is named."""

from __future__ import annotations

from pathlib import Path

from optilab.store.parts import TABLES, listed, live

SET_ASIDE = "set_aside"


def mend(folder: Path) -> tuple[list[str], bool]:
    """Set damaged parts aside.

    Returns a sentence for each of them and for each file that is no part, and whether there were damaged ones.
    """
    notes, damaged = [], False
    for name in TABLES:
        table = folder / name
        notes += [
            f"{path.relative_to(folder).as_posix()} is no part of the results, and is ignored"
            for path in listed(table)[1]
        ]
        for part in live(table):
            if part.read() is None:
                damaged = True
                aside = folder / SET_ASIDE
                aside.mkdir(exist_ok=True)
                part.path.replace(aside / f"{name}-{part.path.name.removeprefix('.')}")
                notes.append(
                    f"{part.path.relative_to(folder).as_posix()} is damaged: the runs of commits {part.first} to "
                    f"{part.last} are missing; the damaged part is in {SET_ASIDE}/"
                )
    return notes, damaged
