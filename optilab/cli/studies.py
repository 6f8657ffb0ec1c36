"""The table of studies as text: how long each method takes to the target with its tuning, as AlgoPerf counts it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from optilab.analysis.given import given
from optilab.analysis.study_board import study_board
from optilab.cli.terminal import name
from optilab.cli.written import FORMATS
from optilab.records.question import Question
from optilab.store import Results
from optilab.texts import printable


def studies_text(question: Question, found: Results, form: str) -> str | None:
    """The table of studies in one of `written.FORMATS`; None where there is no target, or nothing was tried twice on several seeds."""
    board = study_board(given(found, question=question))
    if board is None:
        return None
    heads = ["problem", "optimizer", "trials", "reached in (studies)", f"median {board.unit}"]
    rows = [
        [name(row["problem"]).plain, name(row["label"]).plain, *_figures(row), *_score(board.scores, row["label"])]
        for row in board.times.to_dict("records")
    ]
    heads += ["score over studies"] * (board.scores is not None)
    first = 0 if board.times["problem"].nunique() > 1 else 1
    notes = printable(f"{board.note} {board.score_note}".strip())
    figures = [k > 1 for k in range(len(heads))]
    return FORMATS[form](heads[first:], [row[first:] for row in rows], figures[first:], notes)


def _figures(row: Mapping[Any, Any]) -> list[str]:
    """A line's counts and time."""
    time = "∞" if math.isinf(row["time"]) else f"{row['time']:.4g}"
    return [str(row["trials"]), f"{row['reached']} of {row['studies']}", time]


def _score(scores: pd.Series[float] | None, label: str) -> list[str]:
    return [] if scores is None else [f"{scores[label]:.2f}"]
