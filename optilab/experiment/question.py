"""The question that an experiment asks of its results."""

from __future__ import annotations

from optilab.analysis.given import with_target
from optilab.experiment.experiment import Experiment, Reference
from optilab.experiment.file import read_stored
from optilab.records.question import Question
from optilab.store import Results


def question_of(results: Results) -> Question:
    """The question of results: that of the experiment as it was last run into their folder, unless they bring their own.

    InputError if the stored experiment is missing or can't be read.
    """
    return results.question or with_target(asked(read_stored(results.folder), results.control), results.runs)


def asked(experiment: Experiment, control: str | None = None) -> Question:
    """The question of an experiment, without a target that only its results set. control: the label of its first line, if that is known."""
    given = experiment.comparison
    return Question(
        text=experiment.question,
        control=given.control or control,
        measure=given.measure,
        target=given.target if isinstance(given.target, float) else None,
        reference=(given.target.reference, given.target.quantile) if isinstance(given.target, Reference) else None,
        confidence=given.confidence,
        chosen_by=experiment.chosen_by,
        on_other_seeds=experiment.tuning is not None,
        stopped_at=dict(experiment.stop.target or {}),
    )
