"""Searches that Optuna guides."""
