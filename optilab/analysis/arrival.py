"""The verdict on times to a target: how long each method needs, and how many times as long as the control."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optilab.analysis.censoring import median_time
from optilab.analysis.comparison import is_random
from optilab.analysis.findings import Findings, at_each_seed, compared
from optilab.analysis.levels import word
from optilab.analysis.phrases import Scale, p_text
from optilab.analysis.resolution import few_seeds
from optilab.analysis.tables import runs_table
from optilab.analysis.targets import time_to_target
from optilab.records.statuses import LASTED
from optilab.texts import counted

_AT_ONCE = 1e-9  # stands in for no time at all, of which there is no logarithm


def arrival_verdict(
    runs: pd.DataFrame,
    history: pd.DataFrame,
    target: float,
    measure: str,
    control: str,
    *,
    by: str = "epoch",
    unit: str = "epochs",
    confidence: float = 0.95,
) -> Findings:
    """The verdict on times to a target: the median time of each method, and its ratio to that of the control on the same seeds.

    Times are those of measurements. The median is Kaplan and Meier's (`optilab.analysis.median_time`), in which a run that missed the
    target counts to its end. The ratio is the median over seeds of time / control's time; a method needs longer, or less long, only
    where the interval of the ratio leaves out 1 and the sign-flip test of the logarithms is significant after Holm's correction
    (`optilab.analysis.verdict`); a miss is infinitely late.

    runs: as for `compared`, with the column run_id. history: a row a measurement, with run_id, `measure` and `by`. target: the value
    to reach. control: a label. by, unit: a column of the history, and what it counts. confidence: of the intervals.

    Returns Findings; its comparisons are of logarithms of times.

    Raises InputError as `compared` and `time_to_target` do.

    >>> runs = pd.DataFrame({"problem": "p", "label": ["base"] * 6 + ["ours"] * 6, "seed": [*range(6)] * 2, "run_id": range(12)})
    >>> history = pd.DataFrame({"run_id": range(12), "epoch": [4.0] * 6 + [2.0] * 6, "test_accuracy": 0.95})
    >>> print(arrival_verdict(runs, history, 0.9, "test_accuracy", "base").sentences[1])
    ours reaches it in 2 epochs, 0.5 times as long [0.5, 0.5] in the median over seeds (sooner on 6 of 6 seeds, p = .031).
    """
    runs = runs_table(runs, ("problem", "label", "seed", "run_id"))
    lost = runs.loc[~runs["status"].isin(LASTED), "run_id"] if "status" in runs else ()
    times = time_to_target(history, target, measure, by, run_ids=runs["run_id"], never=lost).set_index("run_id")
    runs = runs.assign(
        time=runs["run_id"].map(times["time"]), reached=runs["run_id"].map(times["reached"]).astype(bool)
    )
    runs = runs.drop(columns="status", errors="ignore")  # a run that diverged later has arrived
    late = runs["time"].clip(lower=_AT_ONCE).where(runs["reached"], math.inf)
    control, unit = str(control), word(unit, "unit", "epochs")
    found = compared(runs.assign(final_time=np.log(late)), "time", control, confidence=confidence)
    goal = f"{Scale.of(measure).with_article} of {Scale.of(measure).value(target)}"
    groups = {(str(p), str(label)): group for (p, label), group in runs.assign(late=late).groupby(["problem", "label"])}
    rows = found.comparisons.sort_values(["difference", "label"]).to_dict("records")
    family = sum(row["random"] and row["n"] > 0 for row in rows)
    sentences = []
    for problem in sorted({problem for problem, _ in groups}):
        on = f"{problem}: " if found.comparisons["problem"].nunique() > 1 else ""
        if (problem, control) not in groups:
            continue
        base = groups[problem, control]
        sentences.append(f"{on}{control} {_reaches(base, goal, unit, confidence)}.")
        for row in (row for row in rows if row["problem"] == problem):
            own = groups[problem, row["label"]]
            against = _against(row, own, base, control, family, 1 - confidence)
            sentences.append(f"{on}{row['label']} {_reaches(own, 'it', unit, confidence)}{against}.")
    return Findings(tuple(sentences), found.comparisons, measure, control)


def _reaches(runs: pd.DataFrame, goal: str, unit: str, confidence: float) -> str:
    """When the runs of a method reach the target, and how many do."""
    median = median_time(runs["time"], runs["reached"], confidence)
    if not math.isfinite(median.estimate):
        return f"reaches {goal} in {median.reached or 'none'} of {counted(median.n, 'run')}"
    known = median.low > 0 and math.isfinite(median.high) and median.low < median.high
    ends = f" [{median.low:.3g}, {median.high:.3g}]" if known else ""
    some = f" ({median.reached} of {median.n} runs)" if median.reached < median.n else ""
    needed = f"{median.estimate:.3g}"
    return f"reaches {goal} in {needed} {unit.removesuffix('s') if needed == '1' else unit}{ends}{some}"


def _against(
    row: Mapping[Hashable, Any], own: pd.DataFrame, base: pd.DataFrame, control: str, family: int, alpha: float
) -> str:
    """How the times of a method stand to those of the control on the same seeds."""
    mine, theirs = at_each_seed(
        own.set_index("seed")["late"], base.set_index("seed")["late"], not is_random(own), not is_random(base)
    )
    mine, theirs = mine.align(theirs, join="inner")
    sooner, later, n = int((mine < theirs).sum()), int((mine > theirs).sum()), row["n"]
    missed = int((np.isinf(mine) & np.isinf(theirs)).sum())
    if n and not np.isfinite([*mine, *theirs]).any():
        return f", as does {control}"
    if not row["random"]:
        return ""
    if row["outcome"] == "undecided" and few_seeds(n, family, alpha):
        return f"; {counted(n, 'seed')} can't show whether that is sooner or later than {control}"
    ratio, low, high = (
        math.exp(row[name]) if row[name] < math.inf else math.inf for name in ("difference", "low", "high")
    )
    known = 0 < ratio < math.inf and min(mine.median(), theirs.median()) > _AT_ONCE
    times = f"{ratio:.2g} times as long [{low:.2g}, {high:.2g}] in the median over seeds" if known else ""
    sure = f"({_sides(sooner, later, missed, n)}, {p_text(row['p_holm'])}{' after Holm' if family > 1 else ''})"
    if row["outcome"] == "undecided":
        return f", which can't be told from {control}{': ' + times if times else ''} {sure}"
    return f", {times} {sure}" if times else f" {sure}"


def _sides(sooner: int, later: int, missed: int, n: int) -> str:
    """On how many seeds a method arrives sooner, later and at the same time as the control, and both miss: what there is of it.

    >>> _sides(4, 0, 0, 4), _sides(1, 3, 0, 6), _sides(0, 2, 3, 5)
    ('sooner on 4 of 4 seeds', 'later on 3, sooner on 1, as soon on 2 of 6 seeds', 'later on 2, missed by both on 3 of 5 seeds')
    """
    sides = sorted([("sooner", sooner), ("later", later)], key=lambda side: -side[1])
    sides += [("as soon", n - sooner - later - missed), ("missed by both", missed)]
    told = [f"{name} on {count}" for name, count in sides if count]
    return f"{', '.join(told)} of {counted(n, 'seed')}"
