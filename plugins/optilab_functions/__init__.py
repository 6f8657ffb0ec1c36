"""Functions of one or two weights, on which a descent can be seen."""
