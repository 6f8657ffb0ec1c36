"""Numbers of pictures of final values, and of comparisons over problems."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from optilab.analysis.cells import identified
from optilab.analysis.duels import win_rates
from optilab.analysis.intervals import median_ranks
from optilab.analysis.measured import final_values, medians
from optilab.analysis.phrases import p_text
from optilab.analysis.profiles import performance_profile, profile_score
from optilab.analysis.ranking import ranks as ranked
from optilab.analysis.scores import everywhere, median_scores, median_times
from optilab.errors import InputError
from optilab.figures.arrival import target_of, times_of
from optilab.figures.compared import Compared
from optilab.report.points import ROWS, Numbers, figures, name, ranged
from optilab.report.source import Source
from optilab.report.tables import Cell

_FACTORS = (1.0, 1.5, 2.0, 3.0, 4.0)
_WINS = 12  # methods of the table of win rates


def finals(source: Source) -> list[Numbers]:
    """Medians of final values with intervals, ranges, and differences from the control."""
    found = Compared.of(source.view)
    if found is None:
        return []
    values, confidence = final_values(found.runs, found.measure), source.question.confidence
    middles = medians(values, confidence)
    sign = -1 if found.shown.flipped else 1
    finite = values["value"].where(np.isfinite(values["value"]))
    ranges = finite.groupby([values["problem"], values["label"]]).agg(["min", "max"])
    against = _against(source, found)
    several = len(found.problems) > 1
    rows: list[list[object]] = []
    for row in middles.head(ROWS).to_dict("records"):
        key = (row["problem"], row["label"])
        ends = (row["low"], row["high"]) if sign > 0 else (row["high"], row["low"])
        least, most = sorted(sign * float(end) for end in ranges.loc[key])
        shown: list[object] = [name(row["label"]), *([name(row["problem"])] if several else [])]
        shown += [Cell(ranged(*(sign * end for end in (row["median"], *ends))), class_="number")]
        shown += [figures(least), figures(most), figures(row["n"]), figures(row["lost"])]
        rows.append([*shown, *against.get(key, _NOTHING)] if against else shown)
    percent = f"{100 * confidence:g} %"
    heads = ["method", *(["problem"] if several else []), f"median ({percent} interval)", "lowest", "highest"]
    heads += ["runs", "not finite"]
    heads += [f"difference from {name(found.control)}", "outcome"] if against else []
    caption = f"Final {found.shown.axis}: the median over seeds, with its exact interval where seeds are enough; lowest and highest of what is finite."
    caption += f" Shown: the first {ROWS} of {len(middles)} lines." if len(middles) > ROWS else ""
    return [Numbers(caption, heads, rows, 1 + several)]


_NOTHING: list[object] = ["", ""]


def _against(source: Source, found: Compared) -> dict[tuple[str, str], list[object]]:
    """Differences from the control as the picture shows them, by problem and label; empty where it shows none."""
    runs, question = found.runs, source.question
    if found.control is None or (found.measure in question.stopped_at and runs["status"].eq("target").any()):
        return {}
    try:
        board = source.board
    except InputError:
        return {}
    board = board[(board["measure"] == found.measure) & board["difference"].notna() & board["p_holm"].notna()]
    made: dict[tuple[str, str], list[object]] = {}
    for row in board.to_dict("records"):
        gap, low, high = (float(v) for v in found.shown.gaps([row[n] for n in _GAPS]))
        ends = sorted([low, high]) if median_ranks(int(row["n"]), question.confidence) is not None else [math.nan] * 2
        if found.shown.flipped:
            gap, ends = -gap, [-ends[1], -ends[0]]
        outcome = f"{row['outcome']} ({p_text(row['p_holm'])})"
        made[row["problem"], row["label"]] = [Cell(ranged(gap, *ends), class_="number"), outcome]
    return made


_GAPS = ("difference", "difference_low", "difference_high")


def ranks(source: Source) -> list[Numbers]:
    """Mean ranks, and the methods that can't be told apart."""
    found = Compared.of(source.view)
    if found is None or len(found.problems) < 2:
        return []
    scores = median_scores(final_values(found.runs, found.measure))
    for problem, label in (
        identified(source.view.results.runs)[["problem", "label"]].drop_duplicates().itertuples(index=False)
    ):
        if problem in scores.index and label in scores and math.isnan(scores.loc[problem, label]):
            scores.loc[problem, label] = np.inf  # tuned in vain
    scores, _ = everywhere(scores)
    if scores.shape[1] < 2:
        return []
    made = ranked(scores, alpha=1 - source.question.confidence)
    rows: list[list[object]] = []
    for label, mean in made.mean_ranks.head(ROWS).items():
        near = [other for other, rank in made.mean_ranks.items() if abs(rank - mean) < made.critical_difference]
        rows.append([name(label), figures(float(mean)), figures(len(near) - 1)])
    caption = f"Mean ranks on {made.n} problems, 1 the best; two that are less than the critical difference of {made.critical_difference:.3g} apart can't be told apart."
    caption += f" Shown: the best {ROWS} of {len(made.mean_ranks)}." if len(made.mean_ranks) > ROWS else ""
    return [Numbers(caption, ["method", "mean rank", "others that it can't be told from"], rows)]


def wins(source: Source) -> list[Numbers]:
    """Percent of pairs that the method of a row wins against that of a column."""
    found = Compared.of(source.view)
    if found is None or found.runs["label"].nunique() < 2:
        return []
    values = final_values(found.runs, found.measure)
    if "is_random" in found.runs:
        values = values.assign(is_random=found.runs["is_random"])
    order = median_scores(values).fillna(np.inf).rank(axis=1).mean().sort_values(kind="stable").index
    shown = order[:_WINS]
    rates = win_rates(values[values["label"].isin(shown)]).rates.loc[shown, shown]
    rows = [
        [name(label), *(Cell("–" if math.isnan(v) else f"{100 * v:.0f}", class_="number") for v in rates.loc[label])]
        for label in shown
    ]
    caption = (
        f"Percent of paired runs in which the row's final {found.name} is better than the column's, ties counted half."
    )
    caption += f" Shown: the best {_WINS} of {len(order)} methods." if len(order) > _WINS else ""
    return [Numbers(caption, ["better", *(f"than {name(label)}" for label in shown)], rows)]


def profile(source: Source) -> list[Numbers]:
    """The share of problems on which each method is within a factor of the fastest, and its score."""
    found = Compared.of(source.view)
    goal = target_of(found) if found is not None else None
    if found is None or goal is None or len(found.problems) < 2 or found.history[goal[0]].isna().all():
        return []
    times: pd.DataFrame = median_times(times_of(found, *goal)).fillna(np.inf)
    if times.shape[1] < 2 or not np.isfinite(times).any(axis=None):
        return []
    shares, scores = performance_profile(times, list(_FACTORS)), profile_score(times)
    rows: list[list[Any]] = []
    for label, score in scores.sort_values(ascending=False, kind="stable").head(ROWS).items():
        within = (100 * shares[label].to_numpy(np.float64)).tolist()
        rows.append([name(label), *(figures(share, 3) for share in within), figures(float(score), 3)])
    heads = ["method", *(f"within {factor:g} times" for factor in _FACTORS), "score"]
    caption = f"Percent of {len(times)} problems on which a method reaches the target within a factor of the fastest, and AlgoPerf's score."
    caption += f" Shown: the best {ROWS} of {times.shape[1]}." if times.shape[1] > ROWS else ""
    return [Numbers(caption, heads, rows)]
