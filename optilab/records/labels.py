"""Labels: the shortest texts that tell things apart.

A label is only ever shown. What two things have in common is decided by their values, never by these texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from optilab.records.canonical import key_of
from optilab.texts import exact, shortened

_DIGITS = (6, 9, 12, 15)  # of a number, before it is written out to the last
_LONGEST = 100  # letters of a text
_FEW = 4  # values of a list that are all named


def told_apart(values: Sequence[Any]) -> list[str]:
    """A short text for each value: the same for equal values, and another for all others.

    A number has six digits, a word no quotes, a file neither folder nor suffix, a long list its ends alone; where two values would
    be the same text, these two are written with as much more as tells them apart.
    """
    keys = [key_of(value) for value in values]
    distinct = dict(zip(keys, values, strict=True))
    texts = dict(zip(distinct, _apart(list(distinct.values())), strict=True))
    return [texts[key] for key in keys]


def tables_apart(tables: Sequence[Mapping[str, Any]], head: str) -> list[str]:
    """A text for each table, as by `told_apart`: its value of `head`, and with it what tells it from its namesakes."""
    heads = told_apart([table.get(head) for table in tables])
    texts = []
    for name, table in zip(heads, tables, strict=True):
        namesakes = [t for h, t in zip(heads, tables, strict=True) if h == name]
        parts = [
            f"{key}={told_apart([table[key], *(t[key] for t in namesakes if key in t)])[0]}"
            for key in differing(namesakes)
            if key in table and key != head
        ]
        texts.append(name + (f" ({', '.join(parts)})" if parts else ""))
    return numbered(texts, [key_of(table) for table in tables])


def differing(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Keys at which some of the tables differ, in the order in which they stand."""
    keys = dict.fromkeys(key for table in tables for key in table)
    return [key for key in keys if len({key_of(t[key]) if key in t else "" for t in tables}) > 1]


def numbered(texts: Sequence[str], keys: Sequence[str]) -> list[str]:
    """The texts, with a number behind each that stands for several keys, from its second key on."""
    seen: dict[str, dict[str, int]] = {}
    taken = set(texts)
    found = []
    for text, key in zip(texts, keys, strict=True):
        of_text = seen.setdefault(text, {})
        number = of_text.setdefault(key, len(of_text) + 1)
        while number > 1 and f"{text} #{number}" in taken:
            number = of_text[key] = number + 1
        found.append(text if number == 1 else f"{text} #{number}")
    return found


def _apart(values: Sequence[Any]) -> list[str]:
    """A text for each of some different values."""
    texts = [shortened(_written(value, 0), _LONGEST) for value in values]
    for clash in [text for text, count in Counter(texts).items() if count > 1]:
        positions = [k for k, text in enumerate(texts) if text == clash]
        for k, text in zip(positions, _longer([values[k] for k in positions]), strict=True):
            texts[k] = shortened(text, _LONGEST)
    return numbered(texts, [str(k) for k in range(len(texts))])


def _longer(values: Sequence[Any]) -> list[str]:
    """The shortest texts that tell apart some values whose usual texts are the same."""
    if all(isinstance(value, Mapping) for value in values):
        return tables_apart(values, _head(values[0]))
    most = max([len(_DIGITS) + 1, *(2 * len(PurePath(v).parts) for v in values if isinstance(v, str))])
    levels = ([_written(value, level) for value in values] for level in range(1, most + 1))
    last = [exact(value) for value in values]
    for last in levels:
        if len(set(last)) == len(values):
            break
    return last


def _head(table: Mapping[str, Any]) -> str:
    """The key whose value names a table."""
    return next((key for key in ("use", "path") if key in table), next(iter(table), ""))


def _written(value: Any, level: int) -> str:
    """A value as a text, which is longer at a higher level."""
    if isinstance(value, Mapping):
        head = _head(value)
        return _written(value.get(head), level) if level == 0 else key_of(value)
    if isinstance(value, (list, tuple)):
        if len(value) > _FEW and level == 0:
            return f"{_written(value[0], level)} to {_written(value[-1], level)}"
        return f"[{', '.join(_written(v, level) for v in value)}]"
    if isinstance(value, str):
        return _file(value, level) if _is_file(value) else (repr(value) if level else value)
    if isinstance(value, float):
        return f"{value:.{_DIGITS[level]}g}" if level < len(_DIGITS) else exact(value)
    return "none" if value is None else exact(value)


def _is_file(text: str) -> bool:
    return "/" in text or "\\" in text


def _file(text: str, level: int) -> str:
    """The last parts of a path, first without its suffix."""
    path = PurePath(text)
    parts = path.parts[-1 - level // 2 :]
    return "/".join(parts if level % 2 else [*parts[:-1], path.stem])
