"""Searches: which points to try where hyperparameters are sampled, and which runs to give up."""
