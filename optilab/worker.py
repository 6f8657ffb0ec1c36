"""What runs in a worker process: it is sent names and numbers, imports the plugins itself, and sends numbers back."""

from __future__ import annotations

import os
import platform
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numba
import numpy as np
import scipy

from optilab import __version__, plugins, store
from optilab.errors import InputError, PluginWarning
from optilab.grid import Cell
from optilab.kernels import cache
from optilab.measurements import COLUMNS
from optilab.training import Run, Training

# Set before a worker starts: numpy and scipy each bring an OpenBLAS of their own, and Numba a pool of threads.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMBA_NUM_THREADS",
    ),
    "1",
)


def begin(files: list[str]) -> None:
    """Make this process ready for work: the plugins that were given as files.

    What can't be loaded has been told by the parent already.
    """
    warnings.simplefilter("ignore", PluginWarning)
    for file in files:
        plugins.use_file(Path(file))


def versions() -> str:
    """What a run was made with."""
    return store.facts(
        optilab=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        numba=numba.__version__,
        scipy=scipy.__version__,
    )


def work(cell: Cell, seed: int, facts: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, float]], int]:
    """Make one run: its row of `runs` (on top of `facts`), its rows of `history`, how many functions were compiled.

    What the plugin raises is a result: the status "failed", with the traceback as its message; what was measured before
    is kept.
    """
    compiled = cache.LOG.compiled
    row: dict[str, Any] = {**facts, "versions": versions(), "host": f"{platform.node()} ({os.cpu_count()} cpus)"}
    run = Run(np.zeros(0))
    try:
        plan = cell.plan(seed)
        row["code"] = plan.code
        training = Training(plan)
        run = training.run
        training.finish()
    except InputError as error:
        run.status, run.message = "failed", str(error)
    except Exception:
        run.status, run.message = "failed", traceback.format_exc()
    rows = [dict(zip(COLUMNS, r.tolist(), strict=True)) for r in run.log]
    row |= {
        "status": run.status,
        "message": run.message,
        "steps": run.steps,
        "compile_seconds": run.compile_seconds,
        "train_seconds": run.train_seconds,
        "measure_seconds": run.measure_seconds,
        **store.summary_of(rows),
    }
    return row, rows, cache.LOG.compiled - compiled
