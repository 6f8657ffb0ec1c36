"""Observers of an experiment: called as it goes on, to show progress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optilab.experiment.seeds import Role
    from optilab.runner.rows import Finished


class Observer:
    """Base class of observers; its methods do nothing."""

    def noted(self, note: str) -> None:
        """A remark on the data or the results folder."""

    def compiling(self, what: str) -> None:
        """Code is being compiled, or loaded from the cache."""

    def started(self, role: Role, missing: int, done: int, stale: int, later: int) -> None:
        """A stage, or a generation of it, begins, with the numbers of missing and of finished runs.

        stale: finished runs whose code has changed since, counted once. later: runs that later generations will add.
        """

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        """Runs have ended, and `running` are under way; also called with no run from time to time."""
