"""How pictures look: for screen, paper or talk, at which width, light or dark; as settings of matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optilab.errors import InputError, unknown
from optilab.plots.text import families

_COLUMN = 3.3  # width of a journal's column, in inches
_WIDTHS = {"screen": 7.0, "paper": 7.0, "talk": 10.0}
STYLES = tuple(_WIDTHS)
NARROWEST, WIDEST = 2.5, 40.0  # widths of a figure, in inches
_LIGHT, _DARK = ("#262626", "#ffffff"), ("#ececec", "#15181c")  # ink and paper


@dataclass(frozen=True)
class Look:
    """The look of pictures.

    style: one of STYLES; "paper" has small letters and thin lines at 300 dpi, "talk" large letters and thick lines.
    width: of a figure in inches, from 2.5 to 40; None for that of the style: 7, and 10 for a talk.
    dark: whether light ink stands on dark paper.

    InputError for another style or width.
    """

    style: str = "screen"
    width: float | None = None
    dark: bool = False

    def __post_init__(self) -> None:
        if self.style not in _WIDTHS:
            raise unknown("style", self.style, STYLES)
        if self.width is not None and not NARROWEST <= self.width <= WIDEST:
            raise InputError(f"width = {self.width:g}: accepted are {NARROWEST:g} to {WIDEST:g} inches")

    @property
    def inches(self) -> float:
        """Width of a figure, in inches."""
        return self.width or _WIDTHS[self.style]

    def settings(self) -> dict[Any, Any]:
        """The look as rcParams. Small text, which is 5/6 of the usual size, has at least 6.5 points."""
        ink, paper = _DARK if self.dark else _LIGHT
        points = _points(self)
        thick = {"screen": 1.0, "paper": 0.8, "talk": 1.6}[self.style]
        return {
            **_COMMON,
            **dict.fromkeys(["text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"], ink),
            **dict.fromkeys(["figure.facecolor", "axes.facecolor", "savefig.facecolor", "patch.edgecolor"], paper),
            "grid.color": _mixed(ink, paper, 0.9 if not self.dark else 0.84),
            "font.family": families(),
            **dict.fromkeys(["font.size", "axes.labelsize", "legend.title_fontsize"], points),
            **dict.fromkeys(["xtick.labelsize", "ytick.labelsize", "legend.fontsize"], points * 5 / 6),
            "figure.figsize": (self.inches, self.inches * 0.62),
            "savefig.dpi": 160 if self.style == "screen" else 300,
            "lines.linewidth": 1.6 * thick,
            "lines.markersize": 5.0 * thick,
            **dict.fromkeys(["axes.linewidth", "xtick.major.width", "ytick.major.width"], 0.9 * thick),
            **dict.fromkeys(["grid.linewidth", "xtick.minor.width", "ytick.minor.width"], 0.6 * thick),
            "patch.linewidth": 0.8 * thick,
            **dict.fromkeys(["xtick.major.size", "ytick.major.size"], 3.5 * thick),
            **dict.fromkeys(["xtick.minor.size", "ytick.minor.size"], 2.0 * thick),
        }


def _points(look: Look) -> float:
    """Size of the usual text: it grows with the width, up to that at which the style is at home."""
    narrow, usual = {"screen": (8.0, 10.0), "paper": (8.0, 9.0), "talk": (10.0, 17.0)}[look.style]
    share = (look.inches - _COLUMN) / (_WIDTHS[look.style] - _COLUMN)
    return narrow + min(max(share, 0.0), 1.0) * (usual - narrow)


def _mixed(ink: str, paper: str, share: float) -> str:
    both = zip(bytes.fromhex(ink[1:]), bytes.fromhex(paper[1:]), strict=True)
    return "#" + bytes(round(a + share * (b - a)) for a, b in both).hex()


_COMMON: dict[Any, Any] = {
    **dict.fromkeys(["xtick.direction", "ytick.direction"], "out"),
    **dict.fromkeys(["xtick.bottom", "ytick.left", "axes.spines.left", "axes.spines.bottom"], True),
    **dict.fromkeys(["xtick.top", "ytick.right", "axes.spines.top", "axes.spines.right"], False),
    "xtick.major.pad": 3.0,
    "ytick.major.pad": 3.0,
    "axes.labelpad": 3.0,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.linestyle": "-",
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "patch.force_edgecolor": True,
    "figure.dpi": 100,
    "figure.constrained_layout.h_pad": 0.04,
    "figure.constrained_layout.w_pad": 0.04,
    "text.usetex": False,
    "text.hinting": "no_hinting",  # letters as far apart as the font has them, and drawn in half the time
}
