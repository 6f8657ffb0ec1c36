"""Who is told what happens in an experiment, as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optilab.runner.jobs import Role
    from optilab.runner.rows import Finished


class Observer:
    """Told what happens; this one keeps silent."""

    def noted(self, note: str) -> None:
        """Something about the data or the results folder that a person should know."""

    def compiling(self, what: str) -> None:
        """Code is being compiled, or loaded from the cache."""

    def started(self, role: Role, missing: int, done: int, stale: int, later: int) -> None:
        """A stage begins, or a generation of it: so many runs are missing and so many were done before.

        stale: of these, made by other code than today's, not counted before. later: runs that aren't known yet.
        """

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        """Runs have ended, well or badly, and so many are under way; also called now and then when none has."""
