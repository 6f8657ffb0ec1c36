"""Captions: seeds, band, chosen hyperparameters, and runs that did not last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.analysis.best import unchosen
from optilab.analysis.cells import LINE, hyperparameter_columns, varying
from optilab.analysis.comparison import chosen_text as chosen_values
from optilab.plots import style
from optilab.plots.style import MOST_COLOURS
from optilab.records.chosen import by_in_words, is_of_test_examples, nothing_chosen
from optilab.records.specs import ONE_ORDER, measured_on, share_order
from optilab.records.statuses import LASTED
from optilab.store import Results
from optilab.texts import counted, shortened
from optilab.training.chance import WITHOUT_CHANCE

_NAME = 40  # letters of a label
_OF_TRAINING = re.compile("training (cost|accuracy|error)|norm of the gradient")


def seeds_text(results: Results, by: str = "final_train_cost", *, medians: bool = True) -> str:
    """The sentence about seeds, the band, and the seeds and the column of `runs` that hyperparameters were chosen by.

    medians: whether some line is drawn as a median, with its band.
    """
    runs = results.runs
    count = runs.loc[runs["role"] == "evaluation", "seed"].nunique()
    band = "Median, interquartile band and each" if count >= 4 else "Median and each"
    text = ("A single run, of " if count == 1 else f"{band if medians else 'Each'} of ") + over_seeds(runs)
    return text + without_chance_text(runs) + chosen_on(results, by) + "."


def over_seeds(runs: pd.DataFrame) -> str:
    """How many seeds of evaluation there are, and which: "6 seeds (0 to 5)"; and whether they share the order of the examples."""
    seeds = sorted(runs.loc[runs["role"] == "evaluation", "seed"].unique())
    in_a_row = len(seeds) == seeds[-1] - seeds[0] + 1
    named = f"{seeds[0]} to {seeds[-1]}" if in_a_row or len(seeds) > 12 else ", ".join(map(str, seeds))
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    return f"{len(seeds)} seeds ({named}{f', {ONE_ORDER}' if share_order(runs) else ''})"


def chosen_on(results: Results, by: str) -> str:
    """The clause about the seeds and the column of `runs` that hyperparameters were chosen by; "" if none were chosen."""
    how = how_chosen(results.runs, by)
    return f"; hyperparameters {how}" if how else ""


def how_chosen(runs: pd.DataFrame, by: str) -> str:
    """By what hyperparameters were chosen, and on which seeds: "chosen by ..."; empty where nothing was to be chosen."""
    tuning = runs.loc[runs["role"] == "tuning", "seed"].nunique()
    if tuning:
        return f"chosen by {by_in_words(by)}{_pause(by)} on {counted(tuning, 'other seed')}"
    if varying(runs):
        several = runs.loc[runs["role"] == "evaluation", "seed"].nunique() > 1
        return f"chosen by {by_in_words(by)}{_pause(by)} on the same seed{'s' if several else ''}"
    return ""


def _pause(by: str) -> str:
    return "," if is_of_test_examples(by) else ""


def settings_of(runs: pd.DataFrame, run: pd.Series[Any]) -> str:
    """The learning rate of a run, and each of its hyperparameters that varies: "lr=0.1, decay=0.9*"."""
    rates = [name for name in hyperparameter_columns(runs) if name == "lr" or name.endswith(".lr")]
    return chosen_values(runs, run, [*dict.fromkeys([*rates, *varying(runs)])])


def without_chance_text(runs: pd.DataFrame) -> str:
    """The clause that names lines in which nothing is random, which have one run each."""
    labels = dict.fromkeys(runs.loc[~runs["is_random"].fillna(True).astype(bool), "label"])
    if not labels:
        return ""
    every = len(labels) == runs["label"].nunique()
    return (
        f" ({WITHOUT_CHANCE})"
        if every
        else f"; of {several_of([name_of(label) for label in labels], '; ')} {WITHOUT_CHANCE}"
    )


def chosen_text(results: Results, best: pd.DataFrame) -> str:
    """The sentence with the chosen value of each varying hyperparameter, by line."""
    names = varying(results.runs)
    if not names:
        return ""
    parts = []
    firsts = best.drop_duplicates(LINE)
    for _, first in firsts.head(MOST_COLOURS).iterrows():
        where = f" on {name_of(first['problem'])}" if best["problem"].nunique() > 1 else ""
        values = chosen_values(results.runs, first, names)
        if values:
            parts.append(f"{name_of(first['label'])}{where}: {values}")
    if not parts:
        return ""
    beyond = " (* at an end of the values that were tried)" if any("*" in part for part in parts) else ""
    rest = len(firsts) - MOST_COLOURS
    return f" Chosen: {'; '.join(parts)}{f'; and {rest} more' if rest > 0 else ''}{beyond}."


def ended_text(runs: pd.DataFrame) -> str:
    """The sentence that counts runs that did not last, by label, status and, where there are several, problem; "" if all did."""
    ended = runs[~runs["status"].isin(LASTED)]
    several = runs["problem"].nunique() > 1
    keys = ["problem", "label", "status"] if several else ["label", "status"]
    parts = [
        f"{row['count']} of {name_of(row['label'])} {row['status']}"
        + (f" on {name_of(row['problem'])}" if several else "")
        for row in ended.value_counts(keys, sort=False).reset_index().to_dict("records")
    ]
    return f" Did not last: {several_of(parts, ', ')}." if parts else ""


def say_measured(figure: Figure, runs: pd.DataFrame) -> None:
    """Let the caption end with which examples training costs are of, where these are not all and the picture has to do with them."""
    axes = [text for ax in figure.axes for text in (ax.get_xlabel(), ax.get_ylabel())]
    said = " ".join(" ".join([*axes, figure.get_supylabel(), figure.get_supxlabel()]).split())
    sentence = measured_on(runs)
    if sentence and _OF_TRAINING.search(said):
        style.caption(figure, " ".join([*figure.get_supxlabel().split(), sentence]))


def unchosen_lines(results: Results, by: str, *, several: bool) -> list[str]:
    """Legend entries for lines without a best cell by a column of `runs`; several: whether problems are named."""
    lines = unchosen(results.runs, by).to_dict("records")
    return [f"{line['label']}{' on ' + line['problem'] if several else ''}: {nothing_chosen(by)}" for line in lines]


def has_marker(ax: Axes, marker: str) -> bool:
    """Whether a line with this marker is drawn."""
    return any(line.get_marker() == marker for line in ax.get_lines())


def name_of(label: object) -> str:
    """A label shortened for a sentence."""
    return shortened(str(label), _NAME)


def several_of(parts: Sequence[str], between: str = "; ") -> str:
    """The first twelve parts in a row, and how many more there are."""
    rest = len(parts) - MOST_COLOURS
    return between.join(parts[:MOST_COLOURS]) + (f"{between}and {rest} more" if rest > 0 else "")
