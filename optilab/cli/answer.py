"""The verdict on an experiment's results, as sentences."""

from __future__ import annotations

import pandas as pd

from optilab.analysis.best import best_runs, unchosen
from optilab.analysis.comparison import NOTHING, on_test_examples
from optilab.analysis.measured import first_measured
from optilab.analysis.resolution import few_seeds
from optilab.records.question import Question
from optilab.store import Results


def answer(question: Question, found: Results) -> list[str]:
    """Sentences that say which optimizers are better than the control, or what these seeds can't show.

    None of them where there is nothing to compare: fewer than two labels, or nothing random in any run.
    """
    runs = best_runs(found.runs, question.chosen_by)
    labels = set(runs["label"].astype(str))
    random = runs[runs["is_random"].ne(False)] if "is_random" in runs else runs
    if len(labels) < 2 or random.empty:
        return []
    control = question.control or str(runs["label"].iloc[0])
    lost = [str(line["label"]) for line in unchosen(found.runs, question.chosen_by).to_dict("records")]
    said = [f"{label}: {NOTHING}, so it is not compared." for label in dict.fromkeys(lost) if label != control]
    if control not in labels:
        return [f"{control}, the control: {NOTHING}, so nothing is compared with it.", *said]
    if random["seed"].nunique() == 1:
        warning = few_seeds(1, _comparisons(runs), 1 - question.confidence)
        return [*([warning] if warning else []), *said]
    measure, target = question.measure or first_measured(runs), question.target
    stop = question.stopped_at if runs["status"].eq("target").any() else {}
    sentences: list[str] = []
    if target is None and stop:
        (measure, target), *_ = stop.items()
    if target is not None:
        from optilab.analysis.arrival import arrival_verdict

        history = found.history[found.history["run_id"].isin(runs["run_id"])]
        unit = "steps" if (history["epoch"] == history["step"]).all() else "epochs"
        times = arrival_verdict(runs, history, target, measure, control, unit=unit, confidence=question.confidence)
        sentences += times.sentences
    if measure in stop:
        sentences.append("Runs ended at this target, so their last values are not compared.")
    else:
        from optilab.analysis.answer import verdict

        sentences += verdict(runs, measure, control, confidence=question.confidence).sentences
    return [*sentences, *said, *_favoured(question, found.runs, measure)]


def _favoured(question: Question, runs: pd.DataFrame, measure: str) -> list[str]:
    """A warning where hyperparameters were chosen by the very values that are compared."""
    if not question.on_other_seeds:
        cells = (
            runs.groupby(["problem", "label"])["run_id"].nunique()
            > runs.groupby(["problem", "label"])["seed"].nunique()
        )
        where = "these very seeds" if cells.any() else ""
    else:
        by = question.chosen_by
        where = "the test examples" if on_test_examples(by) and measure.startswith("test_") else ""
    if not where:
        return []
    return [f"Hyperparameters were chosen on {where}, which favours lines with more trials: p is too small."]


def _comparisons(runs: pd.DataFrame) -> int:
    """Number of comparisons with a control, at least one: of each other label on each problem."""
    return max(1, int(runs.groupby("problem")["label"].nunique().sub(1).sum()))
