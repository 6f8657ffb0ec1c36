"""A sketch of curves as SVG, written by hand: small, without Matplotlib, for where an object shows itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optilab.texts import printable

_SIZE = 420, 150  # of the picture, in pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 8, 20  # what numbers at the axes take
_POINTS = 100  # of a line, at most
_MOST = 12  # lines
_DECADE = 3.0  # ratio of values from which an axis is logarithmic


def sketch(
    lines: Mapping[str, tuple[ArrayLike, ArrayLike]],
    colours: Mapping[str, str],
    *,
    x: str,
    y: str,
    log: bool = False,
) -> str:
    """Curves as an SVG element; "" where no line has two finite points.

    lines: x and y of each label, of equal length; what is not finite is left out of the line. colours: of labels, as CSS has them. x, y:
    what the axes show. log: whether y may be logarithmic, which it is where all values are above 0 and differ by a factor of 3.

    >>> sketch({"a": ([0, 1], [1, 2])}, {"a": "red"}, x="steps", y="cost")[:37]
    '<svg xmlns="http://www.w3.org/2000/sv'
    """
    drawn = {label: finite for label, one in list(lines.items())[:_MOST] if len((finite := _finite(*one))[0]) > 1}
    if not drawn:
        return ""
    every_x, every_y = (np.concatenate([one[k] for one in drawn.values()]) for k in (0, 1))
    low, high = float(every_y.min()), float(every_y.max())
    logarithmic = log and low > 0 and high / low > _DECADE
    width, height = _SIZE
    across, down = width - _LEFT - _RIGHT, height - _TOP - _BOTTOM
    left, right = float(every_x.min()), float(every_x.max())

    def place(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> str:
        levels = np.log(ys) if logarithmic else ys / 4  # the difference of two huge ones is finite
        ends = (math.log(low), math.log(high)) if logarithmic else (low / 4, high / 4)
        u = _LEFT + across * (xs / 4 - left / 4) / ((right / 4 - left / 4) or 1.0)
        v = (
            _TOP + down * (1 - (levels - ends[0]) / (ends[1] - ends[0]))
            if ends[1] > ends[0]
            else np.full(len(xs), _TOP + down / 2)
        )
        return " ".join(f"{a:.4g},{b:.4g}" for a, b in zip(u.tolist(), v.tolist(), strict=True))

    parts = [
        f'<polyline fill="none" stroke="{escape(colours[label])}" stroke-width="1.6" points="{place(*one)}">'
        f"<title>{escape(printable(label))}</title></polyline>"
        for label, one in reversed(drawn.items())  # the first lies on top
    ]
    bottom = _TOP + down
    parts += [
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{width - _RIGHT}" fill="none" stroke="currentColor" stroke-opacity="0.4"/>',
        _text(_LEFT - 4, _TOP + 8, _number(high), "end"),
        _text(_LEFT - 4, bottom, _number(low), "end"),
        _text(_LEFT, height - 6, _number(left), "start"),
        _text(width - _RIGHT, height - 6, f"{_number(right)} {x}", "end"),
    ]
    name = f"{y}{' (logarithmic)' if logarithmic else ''} over {x}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(name)}" font-family="sans-serif" font-size="11">{"".join(parts)}</svg>'
    )


def _finite(xs: ArrayLike, ys: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The finite points of a line, few enough for a sketch: its first and its last are among them."""
    u, v = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
    good = np.isfinite(u) & np.isfinite(v)
    u, v = u[good], v[good]
    kept = (
        np.unique(np.linspace(0, len(u) - 1, min(_POINTS, len(u))).round().astype(int)) if len(u) else np.zeros(0, int)
    )
    return u[kept], v[kept]


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="currentColor">{escape(text)}</text>'
