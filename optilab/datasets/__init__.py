"""Datasets: arrays of examples with their labels, from plugins, from files, from memory."""
