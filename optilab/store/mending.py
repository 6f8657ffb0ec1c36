"""Repairs a results folder before it is written: completes what a process that died has left undone, and sets damaged parts aside.

Only these rows are removed: those that were found, value by value, in another part, where both parts were read whole; and those
of runs that were repeated since.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from optilab.files import kind_of, read_plain, sweep, sync_folder, write_whole
from optilab.store.content import Content, content_of, same_rows
from optilab.store.parts import RECENT, TABLES, Part
from optilab.store.survey import Survey, keys_of, survey

SET_ASIDE = "set_aside"


def mend(folder: Path) -> tuple[Survey, list[str]]:
    """Leave good parts only, each with rows that count. Returns the survey of the folder then, and notes.

    Notes are a sentence for each part that was set aside and for each file that is no part. InputError if the folder can't be
    read; OSError if it can't be written; DamagedError if a part is damaged meanwhile.
    """
    for inner in (".", RECENT, SET_ASIDE, *TABLES, *(f"{RECENT}/{name}" for name in TABLES)):
        sweep(folder / inner)
    found = survey(folder, rows=False)
    notes = [
        f"{path.relative_to(folder).as_posix()} is no part of the results, and is ignored" for path in found.foreign
    ]
    copied = _set_copies_aside(found)
    for damage in found.damaged:
        _set_aside(damage.part)
        notes.append(f"{damage}; the damaged part is in {SET_ASIDE}/")
    notes += copied
    changed = bool(found.damaged)
    for name in TABLES:
        for content in found.good[name]:
            if not found.owned[content.part]:
                content.part.path.unlink(missing_ok=True)
                changed = True
        for content in found.good[name]:
            if content.part.visibility == "hidden" and found.owned[content.part]:
                content.part.path.replace(replace(content.part, visibility="open").path)
                changed = True
        sync_folder(folder / name)
    return (survey(folder, rows=False) if changed else found), notes


def _set_copies_aside(found: Survey) -> list[str]:
    """Copy good parts aside that are about to lose rows which are in no other part, and whose runs were not repeated."""
    notes = []
    alone = _without_their_other_half(found)
    for name in TABLES:
        for content in found.good[name]:
            path = content.part.path.relative_to(found.folder).as_posix()
            if found.doubled[content.part] and not _agrees(content, found, name):
                _set_aside(content.part, copied=True)
                notes.append(f"{path} has other rows of some runs than other parts; a copy of it is in {SET_ASIDE}/")
            elif content.part in alone:
                _set_aside(content.part, copied=True)
    return notes


def _agrees(content: Content, found: Survey, name: str) -> bool:
    """Whether a part has the same rows as other parts for the runs that they share."""
    keys = set(found.doubled[content.part])
    others = [content_of(c.part) for c in found.good[name] if found.owned[c.part] & keys]
    return same_rows([content_of(content.part)], others, keys)


def _without_their_other_half(found: Survey) -> set[Part]:
    """Good parts with rows of runs whose other rows are in no good part.

    A history alone is left by every process that dies between the two files of a commit: it matters only if a part is damaged.
    """
    newest = dict(keys_of(found.runs))
    return {
        content.part
        for name in (TABLES if found.damaged else ("runs",))
        for content in found.good[name]
        if any(commit > newest.get(run, 0) for run, commit in zip(content.runs, content.commits.tolist(), strict=True))
    }


def _set_aside(part: Part, *, copied: bool = False) -> None:
    """Move a part, or a copy of it, into the folder of what is set aside; nothing there is overwritten."""
    target = free_place(part.table.parent, f"{part.table.name}-{part.path.name.removeprefix('.')}")
    if copied:
        write_whole(target, read_plain(part.path))
    else:
        part.path.rename(target)


def free_place(folder: Path, name: str) -> Path:
    """An unused path in the folder of what is set aside: of this name, or with a number after it."""
    aside = folder / SET_ASIDE
    aside.mkdir(exist_ok=True)
    target, count = aside / name, 1
    while kind_of(target) != "nothing":
        count += 1
        target = aside / f"{name}.{count}"
    return target
