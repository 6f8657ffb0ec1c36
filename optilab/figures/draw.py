"""Whole figures from results: which pictures fit them, each with a caption that states seeds and band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from optilab.analysis.cells import identified
from optilab.errors import InputError, unknown
from optilab.figures.axes import checked_x, checked_y, has_networks
from optilab.figures.kinds import KINDS
from optilab.figures.saving import check_formats, save
from optilab.figures.schedules import draw_schedules
from optilab.figures.sharing import shared
from optilab.figures.view import TrainAgain, View
from optilab.plots import style
from optilab.plots.look import Look
from optilab.records.statuses import LASTED
from optilab.store import Results
from optilab.texts import counted, shown

__all__ = ["KINDS", "draw", "draw_schedules"]

_WITH_STATISTICS = frozenset({"finals", "tuning", "ecdf", "wins"})


@dataclass(frozen=True)
class _Piece:
    """What came of a kind: its files, or why it can't be drawn, or that it doesn't fit the results."""

    paths: Sequence[Path] = ()
    reason: str = ""
    fits: bool = True


def draw(
    results: Results,
    kinds: tuple[str, ...] = (),
    x: str | None = None,
    y: str | Sequence[str] | None = None,
    tell: Callable[[str], object] = lambda _: None,
    *,
    train_again: TrainAgain,
    formats: Sequence[str] = ("png",),
    look: Look | None = None,
    out: Path | None = None,
    parameters: Sequence[str] = (),
    processes: int = 1,
) -> list[Path]:
    """Draw pictures of `results` into a folder, and return their paths.

    kinds: some of KINDS; all that fit and don't make runs again if none are given.
    x, y: columns of the history, for the kinds that have such axes; of several y convergence has a row each. y is None for
        the training cost, or what is compared of a table of anybody's.
    tell: called with a sentence for each picture that would fit but can't be drawn.
    train_again: repeats a run for its weights, which results don't hold.
    formats: some of `saving.FORMATS`; each picture is written in all of them.
    parameters: the two hyperparameters of heat maps; those that matter most if none are given.
    look: of the pictures; that for a screen if not given.
    out: the folder, made if need be; that of the results if not given.
    processes: how many may draw at once. More than one only where no other thread is at work: copies of this process are made.

    InputError for unknown kinds, columns or formats, for a kind that doesn't fit these results, if no picture can be drawn, and if
    the folder can't be made.
    """
    for name in kinds:
        if name not in KINDS:
            raise unknown("kind of picture", name, KINDS)
    given = [None] if not y else [y] if isinstance(y, str) else list(dict.fromkeys(y))
    measures = [checked_y(results, name) for name in given]
    at = checked_x(results, x)
    check_formats(formats)
    folder = results.folder if out is None else out
    view = View(
        replace(results, runs=identified(results.runs)),
        at,
        measures[0],
        train_again,
        tuple(measures[1:]),
        tuple(parameters),
        asked=bool(y),
    )
    wanted = kinds or tuple(name for name, kind in KINDS.items() if not kind.again)

    def piece(number: int) -> _Piece:
        name = wanted[number]
        kind = KINDS[name]
        with style.theme(look):
            try:
                figure = kind.draw(view)
            except InputError as error:  # nothing to show, or something that it needs is missing
                return _Piece(reason=str(error))
            if figure is None:
                return _Piece(fits=False)
            parts = [name]
            parts += measures if kind.y and y else []
            parts += [x] if kind.x and x else []
            _make(folder)
            return _Piece(save(figure, folder / "-".join(map(_in_a_path, parts)), formats))

    drawn: list[Path] = []
    reasons: dict[str, list[str]] = {}  # reason -> the kinds that can't be drawn for it
    if any(KINDS[name].again for name in wanted):
        processes = 1  # they train, by compiled code with threads; and each run once for all pictures
    if processes > 1 and len(_WITH_STATISTICS.intersection(wanted)) > 1:
        import scipy.special  # noqa: F401  # once, and not in each process
    long = [number for number, name in enumerate(wanted) if KINDS[name].long]
    for name, made in zip(wanted, shared(piece, len(wanted), processes, long), strict=True):
        if not made.fits and name in kinds:
            raise InputError(
                f"a picture of kind {name!r} doesn't fit these results: {_none_lasted(results) or KINDS[name].why_not(view)}"
            )
        if made.reason:
            reasons.setdefault(made.reason, []).append(repr(name))
        drawn += made.paths
    sentences = [f"no picture of kind {' or '.join(missing)}: {reason}" for reason, missing in reasons.items()]
    if not drawn:
        reason = _none_lasted(results)
        raise InputError(
            "; ".join(sentences)
            or (
                f"there is nothing to draw: {reason}"
                if reason
                else f"none of the pictures {', '.join(wanted)} fits these results"
            )
        )
    for sentence in sentences:
        tell(sentence)
    if not kinds and has_networks(results):
        named = [name for name, kind in KINDS.items() if kind.again]
        tell(f"drawn only when named, for they train again: {', '.join(named)}")
    return drawn


def _none_lasted(results: Results) -> str:
    """The clause that says how the runs ended where none lasted; "" where some did."""
    statuses = results.runs["status"]
    if statuses.isin(LASTED).any():
        return ""
    ends = ", ".join(f"{count} {status}" for status, count in statuses.value_counts().items())
    return f"none of {counted(len(statuses), 'run')} lasted ({ends})"


def _make(folder: Path) -> None:
    """Make a folder if need be. InputError if it can't be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"can't make the folder {shown(str(folder))}: {error.strerror or error}") from None


def _in_a_path(name: str) -> str:
    """The name of a measure as a part of the name of a file."""
    return "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in name)[:80]
