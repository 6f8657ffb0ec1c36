"""Runs on more than one machine, by way of Dask."""
