"""Schedules: their multipliers over the steps of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.errors import InputError
from optilab.figures.captions import name_of
from optilab.plots import style
from optilab.plots.blocks import room_for_text
from optilab.plots.look import Look
from optilab.plots.schedules import schedule_curves
from optilab.plugins.loading import registry
from optilab.schedules.binding import from_spec
from optilab.schedules.schedule import BoundSchedule
from optilab.texts import counted, shown

_MOST_POINTS = 100_000  # of a curve; a longer run is sampled at evenly spaced steps


def draw_schedules(specs: Sequence[str], steps: int, target: Path, look: Look | None = None) -> Path:
    """Draw schedules, given by name or as TOML tables, over a run of `steps` steps into `target`, and return that.

    InputError for a schedule that is unknown, depends on measurements or has no finite multiplier, and if `target` can't be written.
    """
    specs = list(dict.fromkeys(specs))
    bound = [_bound(text) for text in specs]
    labels = [one.label for one in bound]
    labels = [text if labels.count(label) > 1 else label for label, text in zip(labels, specs, strict=True)]
    at = np.unique(np.linspace(0, steps - 1, min(steps, _MOST_POINTS)).round())
    curves = {}
    for label, one in zip(labels, bound, strict=True):
        values = one.multipliers_at(at, steps, 1)
        if not np.isfinite(values).any():
            raise InputError(f"{shown(label)} has no curve: its multipliers are not finite")
        curves[label] = pd.DataFrame({"step": at, "multiplier": values, "label": label})
    hollow = {
        label for label, one in zip(labels, bound, strict=True) if one.depends_on_length(steps, max(1, steps // 10))
    }
    with style.theme(look):
        figure = Figure(figsize=(style.width(), 0.42 * style.width() + 0.5 + room_for_text(200)), layout="constrained")
        ax = figure.subplots()
        of = list(dict.fromkeys(one.of for one in bound))
        ax.set(xlabel="steps", ylabel=f"multiplier of the {style.axis(of[0])}" if len(of) == 1 else "multiplier")
        style.caption(figure, _caption(dict(zip(labels, bound, strict=True)), steps, len(at), hollow))
        schedule_curves(pd.concat(curves.values()), ax, colours=style.colours(labels), hollow=hollow)
        try:
            figure.savefig(target, bbox_inches="tight")
        except (OSError, ValueError) as error:
            raise InputError(f"can't write {shown(str(target))}: {error}") from None
    return target


def _caption(bound: dict[str, BoundSchedule], steps: int, points: int, hollow: set[str]) -> str:
    of = list(dict.fromkeys(one.of for one in bound.values()))
    if len(of) == 1:
        whats = style.axis(of[0])
    else:
        whats = "; ".join(f"of {name_of(label)} the {style.axis(one.of)}" for label, one in bound.items())
    text = f"What each schedule multiplies at every step of a run of {counted(steps, 'step')}: the {whats}."
    if len(of) > 1:
        text = f"What is multiplied at every step of a run of {counted(steps, 'step')}: {whats}."
    text += f" Shown at {points:,} of the steps, evenly spaced." if points < steps else ""
    return text + (" A hollow end: the curve depends on the length of the run." if hollow else "")


def _bound(text: str) -> BoundSchedule:
    """The schedule of a name or a table. InputError if it is none, or has no curve of its own."""
    try:
        spec = tomllib.loads(f"schedule = {text}")["schedule"]
    except tomllib.TOMLDecodeError:
        spec = text
    bound = from_spec(spec, "", registry().schedule)
    if bound.schedule.is_feedback:
        raise InputError(f"{bound.schedule.name} depends on what is measured, so it has no curve of its own")
    return bound
