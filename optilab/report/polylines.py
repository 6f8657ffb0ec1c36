"""Polylines without the points that nobody would miss.

Douglas and Peucker, "Algorithms for the reduction of the number of points required to represent a digitized line or its caricature",
The Canadian Cartographer 10 (1973).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def simplified(points: NDArray[np.float64], tolerance: float) -> NDArray[np.intp]:
    """Numbers of the points that are kept, ascending, both ends among them: no other lies further than `tolerance` from the polyline of these.

    points: [point, x and y].

    >>> simplified(np.array([[0, 0], [1, 0.01], [2, 0], [3, 5.0]]), 0.1).tolist()
    [0, 2, 3]
    """
    kept = np.zeros(len(points), np.bool_)
    kept[[0, -1]] = True
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        far, most = _furthest(points[first : last + 1])
        if most > tolerance:
            kept[first + far] = True
            parts += [(first, first + far), (first + far, last)]
    return np.flatnonzero(kept)


def _furthest(points: NDArray[np.float64]) -> tuple[int, float]:
    """The number of the point that is the furthest from the segment between both ends, and its distance."""
    start, along = points[0], points[-1] - points[0]
    away = points - start
    size = float(along @ along)
    if size:
        away = away - np.clip(away @ along / size, 0, 1)[:, None] * along
    distances = np.einsum("ij,ij->i", away, away)
    far = int(distances.argmax())
    return far, float(np.sqrt(distances[far]))
