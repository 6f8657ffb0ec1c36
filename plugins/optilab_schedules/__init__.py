"""Schedules for the learning rate, or for any other hyperparameter."""
