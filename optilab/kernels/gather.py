"""Copies some layers of a vector into a shorter vector, and back."""

from optilab.compiler.jit import jit


@jit
def gather(whole, part, source, own):
    """Copy the layers `source` of the whole vector to where the layers `own` lie in the part."""
    for k in range(source.size):
        for i in range(source[k].size):
            part[own[k].offset + i] = whole[source[k].offset + i]


@jit
def scatter(part, whole, source, own):
    """Inverse of `gather`: copy the layers `own` of the part to where the layers `source` lie in the whole vector."""
    for k in range(source.size):
        for i in range(source[k].size):
            whole[source[k].offset + i] = part[own[k].offset + i]
