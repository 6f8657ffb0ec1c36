"""Arithmetic that several links share."""


def scale(vector, factor):
    """Multiply a vector by a number, in its own precision."""
    own = vector.dtype.type(factor)
    for i in range(vector.size):
        vector[i] *= own
