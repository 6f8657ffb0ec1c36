"""Schedules: multipliers of hyperparameters, by the step of a run or by its measurements."""
