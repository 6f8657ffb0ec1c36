"""Verdicts on properties, and the kit that tries one property after another."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from optilab.errors import InputError
from optilab.testing.subject import NotAsked, ViolationError

Check = Callable[[], str]  # answers what it measured, or a `NotAsked`; raises a ViolationError


@dataclass(frozen=True)
class Verdict:
    """What the kit found of one property; `detail` is the smallest failing example, what was measured, or why it wasn't."""

    title: str
    outcome: Literal["holds", "broken", "not asked"]
    detail: str = ""


@dataclass(frozen=True)
class Kit:
    """The properties of one thing.

    checks: by their titles, in order.
    needed: titles of those that must hold before the others are tried, which could crash the process otherwise.
    files: of the author's code, whose lines messages name. where: the same, as a text.
    """

    checks: Mapping[str, Check]
    needed: Collection[str]
    files: Collection[str]
    where: str

    def judge(self, title: str) -> Verdict:
        """The verdict on one property."""
        try:
            answer = self.checks[title]()
        except (ViolationError, InputError) as error:
            return Verdict(title, "broken", str(error))
        except Exception as error:  # in the author's own code
            frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in self.files]
            where = f", in line {frames[-1].lineno} of {frames[-1].filename}: {frames[-1].line}" if frames else ""
            return Verdict(title, "broken", f"{type(error).__name__}: {error}{where}")
        return Verdict(title, "not asked" if isinstance(answer, NotAsked) else "holds", str(answer))

    def verdicts(self, begun: Callable[[str], None] = lambda _: None) -> Iterator[Verdict]:
        """Verdicts on all properties, as they are found; none after a broken one that is `needed`.

        begun: called with the title of each property before it is tried.
        """
        for title in self.checks:
            begun(title)
            verdict = self.judge(title)
            yield verdict
            if verdict.outcome == "broken" and title in self.needed:
                return
