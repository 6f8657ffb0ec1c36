"""Datasets: arrays of examples with their labels, from plugins, from files, from memory."""

from optilab.datasets.examples import Examples, Sparse
from optilab.datasets.stored import Dataset, dataset

__all__ = ["Dataset", "Examples", "Sparse", "dataset"]
