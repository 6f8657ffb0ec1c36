"""Finished runs, read back from a results folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from optilab.records.columns import COLUMNS
from optilab.runner.jobs import Job
from optilab.runner.rows import Finished
from optilab.store import Results
from optilab.workers.messages import FACTS, Outcome


def recalled(jobs: Iterable[Job], found: Results) -> Iterator[Finished]:
    """The finished runs of these jobs that the results have, each run once."""
    rows = found.runs.set_index("run_id")
    logs = {str(run): part for run, part in found.history.groupby("run_id", observed=True, sort=False)}
    for run, job in {job.run_id: job for job in jobs if job.run_id in rows.index}.items():
        row = rows.loc[run].to_dict()
        log = logs[run][list(COLUMNS)].to_numpy(np.float64) if run in logs else np.zeros((0, len(COLUMNS)))
        yield Finished(
            job, Outcome(**{name: row[name] for name in FACTS}, log=log), str(row["versions"]), str(row["host"])
        )
