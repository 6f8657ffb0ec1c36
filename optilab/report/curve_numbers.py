"""Numbers of pictures of curves over a run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.best import best_runs
from optilab.analysis.censoring import median_time, survival
from optilab.analysis.curves import bands, ranked
from optilab.analysis.phrases import Scale
from optilab.analysis.progress import target_counts
from optilab.analysis.targets import ecdf as reached_by
from optilab.figures.arrival import target_of, times_of
from optilab.figures.compared import Compared
from optilab.plots import style
from optilab.records.columns import in_words
from optilab.records.histories import history_of
from optilab.records.shown import Shown
from optilab.report.points import ROWS, Numbers, figures, laid_out, name, ranged, told
from optilab.report.source import Source
from optilab.report.tables import Cell

_TARGETS = 50  # as the picture has them
_NORMS = ("gradient_norm", "update_norm", "weight_norm")


def convergence(source: Source) -> list[Numbers]:
    """Medians and quartiles along each line."""
    view = source.view
    best = best_runs(view.results.runs, view.question.chosen_by)
    history = view.results.history
    history = history_of(history, best["run_id"])
    if view.y not in history or history[view.y].isna().all():
        return []
    function = bool(best["batch_size"].eq(1).all() and history["train_accuracy"].isna().all())
    x = view.x or ("step" if function else "epoch")
    shown = Shown.of(view.y)
    lines = bands(history.assign(**{view.y: shown.values(history[view.y])}), best, x, view.y, lowest=True)
    caption = f"{_upper(shown.axis)} along each line: the median over seeds (and its quartiles); ∞ from where runs did not last."
    return [_along(lines, ranked(lines), x, shown, caption)]


def norms(source: Source) -> list[Numbers]:
    """Medians and quartiles of each norm along each line."""
    found = Compared.of(source.view)
    if found is None:
        return []
    history, x = found.history, found.time
    order = ranked(bands(history, found.runs, x, "train_cost"))
    made = []
    for norm in (one for one in _NORMS if one in history and history[one].notna().any()):
        lines = bands(history, found.runs, x, norm)
        lines = lines[(lines["x"] > 0) | (lines["finite"] > 0)]  # there is no update before the first
        caption = f"{_upper(in_words(norm))} along each line: the median over seeds (and its quartiles)."
        made.append(_along(lines, order, x, Shown.of(norm), caption))
    return made


def _along(lines: pd.DataFrame, order: list[str], x: str, shown: Shown, caption: str) -> Numbers:
    """A table of lines as of `bands`, in an order of their labels."""
    sign = -1 if shown.flipped else 1
    ends = ["low", "high"] if sign > 0 else ["high", "low"]
    place = {label: k for k, label in enumerate(order)}
    lines = lines.assign(
        text=[ranged(*row) for row in (sign * lines[["median", *ends]].to_numpy(np.float64)).tolist()],
        _place=lines["label"].map(place),
        _problem=lines["problem"].map({p: k for k, p in enumerate(dict.fromkeys(lines["problem"]))}),
    )
    lines = lines.sort_values(["_problem", "_place", "x"], kind="stable")
    return laid_out(lines, _keys(lines), style.axis(x), shown.axis, caption)


def _keys(table: pd.DataFrame) -> dict[str, str]:
    """The columns that name a line, with their heads."""
    return {"label": "method"} | ({"problem": "problem"} if table["problem"].nunique() > 1 else {})


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def ecdf(source: Source) -> list[Numbers]:
    """Shares of runs and targets reached, at the same times for all lines."""
    found = Compared.of(source.view)
    if found is None or found.measure not in found.history or found.history[found.measure].isna().all():
        return []
    runs, by = found.runs, found.time
    problems = runs.set_index("run_id")["problem"]
    counts = target_counts(found.history, problems, found.measure, by, _TARGETS)
    last = float(counts[by].max())
    if not last > 0:
        return []
    times = np.linspace(0, last, 6)
    parts = []
    for label, own in runs.groupby("label", sort=False):
        curve = reached_by(
            counts[counts["run_id"].isin(own["run_id"])],
            np.arange(1, _TARGETS + 1),
            "reached",
            by=by,
            ascending=True,
            run_ids=own["run_id"],
            confidence=source.question.confidence,
        )
        at = np.searchsorted(curve["time"], times, "right") - 1
        shares = 100 * curve[["share", "low", "high"]].to_numpy()
        texts = ["0" if k < 0 else ranged(*shares[k].round(1).tolist()) for k in at.tolist()]
        parts.append(pd.DataFrame({"label": label, "x": times, "text": texts, "end": curve["share"].iloc[-1]}))
    points = pd.concat(parts).sort_values("end", ascending=False, kind="stable")
    caption = f"Percent of pairs of a run and a target that were reached by each time ({100 * source.question.confidence:g} % band)."
    return [laid_out(points, {"label": "method"}, style.axis(by), "reached (%)", caption)]


def arrival(source: Source) -> list[Numbers]:
    """When a quarter, half and three quarters of the runs of each line have arrived."""
    found = Compared.of(source.view)
    goal = target_of(found) if found is not None else None
    if found is None or goal is None or found.history[goal[0]].isna().all():
        return []
    runs, confidence = times_of(found, *goal), source.question.confidence
    several = runs["problem"].nunique() > 1
    rows: list[tuple[float, list[object]]] = []
    for (problem, label), own in runs.groupby(["problem", "label"], sort=False):
        curve = survival(own["time"], own["reached"], confidence)
        middle = median_time(own["time"], own["reached"], confidence)
        quarter, most = (_first(curve, share) for share in (0.75, 0.25))
        shown: list[object] = [name(label), *([name(problem)] if several else [])]
        shown += [figures(len(own)), figures(int(own["reached"].sum())), figures(quarter)]
        shown += [Cell(ranged(middle.estimate, middle.low, middle.high), class_="number"), figures(most)]
        rows.append((middle.estimate, shown))
    rows.sort(key=lambda pair: pair[0])
    heads = ["method", *(["problem"] if several else []), "runs", "arrived"]
    heads += ["a quarter by", f"half by ({100 * confidence:g} % interval)", "three quarters by"]
    measure, target = goal
    caption = f"Arrival at a {in_words(measure)} of {Scale.of(measure).value(target)}, in {style.axis(found.time)}, by Kaplan and Meier; ∞: never."
    caption += f" Shown: the first {ROWS} of {len(rows)} lines." if len(rows) > ROWS else ""
    return [Numbers(caption, heads, [row for _, row in rows[:ROWS]], 1 + several)]


def _first(curve: pd.DataFrame, most: float) -> float:
    """The first time at which no larger share than `most` is still under way; infinite where there is none."""
    there = curve.loc[curve["survival"] <= most + 1e-12, "time"]
    return float(there.iloc[0]) if len(there) else np.inf


def schedules(source: Source) -> list[Numbers]:
    """Learning rates along a run of each line whose schedule changes them."""
    view = source.view
    best = best_runs(view.results.runs, view.question.chosen_by)
    history = view.results.history.merge(best[["run_id", *_NAMES, "seed", "schedule"]], on="run_id")
    history = history[np.isfinite(history["lr"]) & (history["step"] > 0) & history["schedule"].ne("constant")]
    rates = history.groupby("label")["lr"]
    history = history[rates.transform("min") < rates.transform("max")]
    history = history[history["seed"] == history.groupby("label")["seed"].transform("min")]
    if history.empty:
        return []
    x = "epoch" if history["epoch"].nunique() > 1 and view.results.history["train_accuracy"].notna().any() else "step"
    points = history.assign(x=history[x], text=history["lr"].map(told))
    return [laid_out(points, _keys(points), style.axis(x), "learning rate", "Learning rates of one seed.", each=10)]


_NAMES = ["problem", "label"]


def path(source: Source) -> list[Numbers]:
    """Where each path begins and ends."""
    view = source.view
    best = best_runs(view.results.runs, view.question.chosen_by)
    columns = [one for one in ("w_0", "w_1") if one in view.results.history]
    history = view.results.history.merge(best[["run_id", *_NAMES, "seed"]], on="run_id")
    runs = history.groupby("run_id", sort=False)
    first, last = runs.head(1), runs.tail(1)
    several = history["problem"].nunique() > 1
    columns = [one for one in columns if history[one].notna().any()]
    rows: list[list[object]] = []
    both = zip(first.head(ROWS).to_dict("records"), last.head(ROWS).to_dict("records"), strict=True)
    for start, end in both:
        shown: list[object] = [name(start["label"]), *([name(start["problem"])] if several else [])]
        shown += [figures(start["seed"], 9), figures(end["step"], 9)]
        shown += [figures(one[column]) for one in (start, end) for column in columns]
        rows.append([*shown, figures(end["train_cost"])])
    heads = ["method", *(["problem"] if several else []), "seed", "steps"]
    heads += [f"{one}: {column.replace('w_', 'w')}" for one in ("start", "end") for column in columns]
    caption = "Where each path begins and ends, and the cost at its end."
    caption += f" Shown: the first {ROWS} of {len(first)} runs." if len(first) > ROWS else ""
    return [Numbers(caption, [*heads, "cost"], rows, 2 + several)]
