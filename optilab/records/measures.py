"""Measures: which of their values is the best. optilab's own are known, others by the last words of their name, or they say it."""

from __future__ import annotations

import re

from optilab.errors import InputError
from optilab.texts import shown

HIGHEST = frozenset(
    [
        "accuracy",
        "acc",
        "auc",
        "auroc",
        "auprc",
        "f1",
        "score",
        "reward",
        "return",
        "bleu",
        "rouge",
        "iou",
        "dice",
        "ndcg",
        "r2",
        "precision",
        "recall",
    ]
)
LOWEST = frozenset(
    [
        "cost",
        "loss",
        "error",
        "err",
        "norm",
        "perplexity",
        "ppl",
        "rmse",
        "mse",
        "mae",
        "nll",
        "bpb",
        "bpc",
        "regret",
        "time",
        "seconds",
        "steps",
        "epochs",
        "wer",
        "cer",
        "fid",
        "gap",
    ]
)
_HIGH_RATES = frozenset(["success", "win", "hit", "pass", "solve"])  # words before "rate"
_LOW_RATES = frozenset(["failure", "fail", "miss", "misclassification"])
_LOW_SCORES = frozenset(["brier"])  # a word before "score"
_PLAIN = frozenset(  # words before "score" that say nothing of its kind
    [
        *("train", "training", "val", "valid", "validation", "dev", "test", "exam", "eval", "evaluation", "holdout"),
        *("mean", "avg", "average", "median", "final", "best", "last", "total", "overall", "macro", "micro"),
    ]
)
_TURNED = frozenset(
    ["neg", "negative", "minus", "inverse", "inv"]
)  # of sklearn's "neg_log_loss" the highest is the best
_FROM = re.compile(r"\s*(?:1\s*)?[-\N{MINUS SIGN}]")  # as "-loss" and "1 - accuracy" begin


class Measure(str):
    """The name of a measure, with what its name alone doesn't say: it goes wherever the name does, and equals it.

    ascending: whether a higher value is the better one.

    >>> is_ascending(Measure("test", ascending=True)), Measure("test", ascending=True) == "test"
    (True, True)
    """

    ascending: bool

    def __new__(cls, name: str, ascending: bool = False) -> Measure:
        """The name of a measure; a Measure is a str."""
        made = super().__new__(cls, name)
        made.ascending = ascending
        return made


def direction(name: str) -> bool | None:
    """Whether a higher value of a measure is the better one, as its name says; None where it doesn't.

    >>> direction("test_accuracy"), direction("val_loss"), direction("test")
    (True, False, None)
    >>> direction("error_rate"), direction("f1_score"), direction("birth_rate"), direction("neg_log_loss")
    (False, True, None, None)
    """
    if isinstance(name, Measure):
        return name.ascending
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    if not words or _FROM.match(name) or not _TURNED.isdisjoint(words):
        return None
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "rate":
        return True if before in HIGHEST | _HIGH_RATES else False if before in LOWEST | _LOW_RATES else None
    if last == "score" and before not in {"", *_PLAIN}:
        return True if before in HIGHEST else False if before in LOWEST | _LOW_SCORES else None
    return True if last in HIGHEST else False if last in LOWEST else None


def is_ascending(name: str) -> bool:
    """Whether a higher value of a measure is the better one. InputError where that isn't known.

    >>> is_ascending("test_accuracy"), is_ascending("train_cost")
    (True, False)
    """
    found = direction(name)
    if found is None:
        raise InputError(
            f"is the highest or the lowest {shown(name)} the best? Its name doesn't say: give it as "
            f"optilab.Measure({shown(str(name))}, ascending=True), or False"
        )
    return found


def summary(measure: str, which: str) -> str:
    """The column of `runs` with the "final" or "best" value of a measure, whose direction goes with it.

    >>> summary("train_cost", "final")
    'final_train_cost'
    """
    name = f"{which}_{measure}"
    return Measure(name, measure.ascending) if isinstance(measure, Measure) else name


def measure_behind(column: str) -> str:
    """The measure of which a column of `runs` has the final or best value, or a time; the inverse of `summary`.

    >>> measure_behind("final_train_cost")
    'train_cost'
    >>> is_ascending(measure_behind("time_to_target"))
    False
    """
    which, _, name = column.partition("_")
    if which == "time":
        return Measure(name, ascending=False)
    return Measure(name, column.ascending) if isinstance(column, Measure) else name
