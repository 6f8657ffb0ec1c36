"""Many runs: what is missing is sent to an executor, and what comes back is stored as it comes.

jobs.py         what an experiment wants, and what of it is missing
dispatch.py     batches out, outcomes in
supervisor.py   watches over worker processes
worker.py       such a process
making.py       makes runs
run.py          an experiment from its first missing run to its results
"""
