"""Runs on more than one machine, through Dask."""
