"""An experiment that is run into the folder of another one: what is reported, and which pictures are set aside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optilab.files import kind_of, read_plain
from optilab.store.locking import EXPERIMENT
from optilab.store.mending import free_place

_OURS = {
    ".png": b"Software\0optilab",
    ".html": b'name="generator" content="optilab"',
}  # in the first bytes of what optilab drew
_HEAD = 4096


def succeed(folder: Path, experiment: str) -> list[str]:
    """Notes on how an experiment differs from the one that was last run into a folder, seeds aside.

    If that was a different one (another question, or no problem or no rule in common), its pictures are set aside.
    """
    before, now = experiment_in(folder), json.loads(experiment)
    names = [n for n in dict.fromkeys([*before, *now]) if before.get(n) != now.get(n) and n != "seeds"]
    if not before or not now or not names:
        return []
    if not are_others(before, now):
        return [
            f"since it was last run into {str(folder)!r}, the experiment has changed in {_listed(names)}: its tables and pictures "
            "leave out what it doesn't want any more"
        ]
    moved = [path for path in sorted(path for path in folder.iterdir() if path.suffix in _OURS) if _is_ours(path)]
    for path in moved:
        path.rename(free_place(folder, path.name))
    pictures = (
        f"; its {', '.join(path.name for path in moved)} {'is' if len(moved) == 1 else 'are'} now in set_aside/"
        if moved
        else ""
    )
    return [
        f"{str(folder)!r} holds results of another experiment of this name (they differ in {_listed(names)}): its runs stay there, "
        f"and are not mixed into the tables and pictures of this one{pictures}; --results DIR keeps both apart"
    ]


def experiment_in(folder: Path) -> dict[str, Any]:
    """The experiment that was last run into a folder, as stored; empty where it is unknown."""
    try:
        found = json.loads(read_plain(folder / EXPERIMENT))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def are_others(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two experiments are different ones, not one that was edited.

    They are if their questions differ, or if they have no problem or no rule in common.
    """

    def problems(of: Mapping[str, Any]) -> list[Any]:
        return [of.get("problem"), *_entries(of.get("problems"))]

    def rules(of: Mapping[str, Any]) -> list[Any]:
        return [one.get("use") for one in _entries(of.get("optimizers")) if isinstance(one, dict)]

    same_question = before.get("question", "") == now.get("question", "")
    in_common = all(any(one and one in of(now) for one in of(before)) for of in (problems, rules))
    return not (same_question and in_common)


def _entries(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _is_ours(path: Path) -> bool:
    try:
        return kind_of(path) == "file" and _OURS[path.suffix] in read_plain(path)[:_HEAD]
    except OSError:
        return False
