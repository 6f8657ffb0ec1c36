"""Optimizers that scale each weight's step by the history of its own gradient."""
