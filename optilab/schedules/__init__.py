"""Multipliers of hyperparameters over a run, by its step or by what it measures."""
