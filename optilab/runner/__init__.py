"""Many runs: the missing ones are sent to an executor, and results are stored as they arrive.

run.py         an experiment from its first missing run to its results
session.py     one invocation of it: what is missing, computed and stored
jobs.py        the runs that an experiment wants, and which of them are missing
dispatch.py    sends batches of jobs to an executor, and collects their outcomes
tuning.py      searches, generation by generation
rows.py        finished runs as rows of results
logbook.py     passes events on to loggers
progress.py    how many of the wanted runs a results folder holds
replay.py      repeats a run, and compares
"""
