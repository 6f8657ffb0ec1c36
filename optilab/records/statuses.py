"""How a run ended."""

from __future__ import annotations

from typing import Literal

UNFINISHED = ("pruned",)  # statuses of runs that were given up by what needed no more of them


Status = Literal[
    "budget", "converged", "target", "plateau", "diverged", "timeout", "pruned", "failed", "crashed"
]  # how a run ended; see `Stop`


LASTED = ("budget", "converged", "target", "plateau")  # the last measurement is what came of the run
FAILURES = ("failed", "crashed", "timeout")  # say something of the code or the machine, not of the optimizer's path
