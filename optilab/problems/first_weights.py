"""First weights of a network, drawn from a separate random stream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optilab import randomness

RELU_FAMILY = ("relu", "leaky_relu", "elu", "gelu", "silu")


def first_weights(layers: NDArray[np.void], rule: str, seed: int, precision: str) -> NDArray[np.floating]:
    """First weights drawn by `rule`, as a flat vector; biases are zero, or N(0, 1) under "normal".

    layers: the layer table, a weight matrix (rows: fan-in, columns: fan-out) and its bias in turn.
    rule: "normal" N(0, 1); "lecun" N(0, 1/rows) (LeCun et al., 1998); "glorot" N(0, 2/(rows + columns)) (Glorot and Bengio,
        2010); "he" N(0, 2/rows) (He et al., 2015), where the second number is the variance; or "orthogonal", W^T W = I or
        W W^T = I (Saxe et al., 2014).
    """
    stream = randomness.first_weights(seed)
    w = np.zeros(int(layers["size"].sum()), precision)
    for matrix, bias in zip(layers[::2], layers[1::2], strict=True):
        rows, columns = int(matrix["rows"]), int(matrix["columns"])
        values = stream.standard_normal((rows, columns))
        if rule == "orthogonal":
            values = _orthogonal(values)
        else:
            values *= {"normal": 1, "lecun": 1 / rows, "glorot": 2 / (rows + columns), "he": 2 / rows}[rule] ** 0.5
        w[matrix["offset"] : matrix["offset"] + rows * columns] = values.ravel()
        if rule == "normal":
            w[bias["offset"] : bias["offset"] + columns] = stream.standard_normal(columns)
    return w


def _orthogonal(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A matrix with orthonormal columns or rows, whichever are fewer, from the QR decomposition of a normal matrix."""
    tall = values if values.shape[0] >= values.shape[1] else values.T
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return q if values.shape[0] >= values.shape[1] else q.T
