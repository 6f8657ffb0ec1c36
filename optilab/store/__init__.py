"""The results folder: Parquet parts with an explicit schema, each written whole, readable while another process writes.

    results/NAME/results.json        the layout of the folder
    results/NAME/experiment.json     the experiment as it was last run
    results/NAME/wanted.parquet      the runs that it wants
    results/NAME/runs/*.parquet      one row a run
    results/NAME/history/*.parquet   one row a run and measurement
    results/NAME/set_aside/          damaged parts, and copies of parts that lost rows in a repair; never read

A part is called FIRST-LAST-DIGEST.parquet: the numbers of the commits whose rows it has, and the beginning of the SHA-256 of
its bytes, which tells whether a part was cut off or changed. Names are not trusted: the content of parts that were read whole
and found good decides which rows count (`survey`), for all readers and writers alike. Each row has the number of its commit as
well: of a run that was computed twice the later attempt counts, with the history of the same commit. Commits are
numbered by counting, not by a clock.
"""

from optilab.store.exporting import export_csv
from optilab.store.merging import Merged, merge
from optilab.store.reading import Results, done, load, load_all, load_runs
from optilab.store.schema import HISTORY, facts, runs_schema
from optilab.store.separated import is_table_file
from optilab.store.shared import made_once
from optilab.store.tidy import load_table
from optilab.store.wanted import WANTED, marked, named, wanted, wants_more
from optilab.store.writing import Store

__all__ = [
    "HISTORY",
    "WANTED",
    "Merged",
    "Results",
    "Store",
    "done",
    "export_csv",
    "facts",
    "is_table_file",
    "load",
    "load_all",
    "load_runs",
    "load_table",
    "made_once",
    "marked",
    "merge",
    "named",
    "runs_schema",
    "wanted",
    "wants_more",
]
