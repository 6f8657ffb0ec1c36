"""The experiment file: one question in TOML, validated."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from optilab.datasets.given import without_arrays
from optilab.parameters.tables import Settings
from optilab.problems.problem import Precision
from optilab.randomness import DataOrder
from optilab.records.chosen import TimeToTarget
from optilab.records.columns import TIME_TO_TARGET
from optilab.texts import shown
from optilab.training.stopping import Budget, Measure, Stop

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Tuning(Settings):
    """Hyperparameters are chosen on separate seeds, and only the chosen ones are evaluated.

    seeds: how many, or which.
    by: the measure whose median over these seeds is to be the best: costs the lowest, accuracies the highest. Those of the
        validation part need one (`validation` of a network), those of the test part by_test. "time_to_target": the median time at
        which runs first measured the target; of cells that tie, that with the best final value of the measure.
    which: its "final" value in a run, or its "best".
    measure, target: of "time_to_target": a value of the measure.
    by_test: whether hyperparameters may be chosen on the examples that test results are reported of. The results look better
        than they are then, and tables and pictures say so.
    """

    seeds: int | list[int] = Field(1)
    by: Literal["train_cost", "valid_cost", "valid_accuracy", "test_cost", "test_accuracy", "time_to_target"] = (
        "train_cost"
    )
    which: Literal["final", "best"] = "final"
    measure: (
        Literal["train_cost", "train_accuracy", "valid_cost", "valid_accuracy", "test_cost", "test_accuracy"] | None
    ) = None
    target: float | None = Field(None, allow_inf_nan=False)
    by_test: bool = False

    @model_validator(mode="after")
    def _time_needs_a_target(self) -> Tuning:
        given = [name for name in ("measure", "target") if getattr(self, name) is not None]
        if self.by == TIME_TO_TARGET:
            if len(given) < 2:
                raise ValueError(
                    'by = "time_to_target" needs measure and target, such as measure = "valid_accuracy", target = 0.95'
                )
            if "which" in self.model_fields_set:
                raise ValueError('which has no effect with by = "time_to_target"')
            if str(self.measure).endswith("accuracy") and not 0 < (self.target or 0) <= 1:
                raise ValueError(f"target = {self.target:g}: an accuracy is a share, above 0 and at most 1")
        elif given:
            raise ValueError(f'{given[0]} has no effect but with by = "time_to_target"')
        return self

    @model_validator(mode="after")
    def _not_on_test_examples(self) -> Tuning:
        if self.measured.startswith("test_") and not self.by_test:
            key = "measure" if self.by == TIME_TO_TARGET else "by"
            raise ValueError(
                f"{key} = {self.measured!r} would choose hyperparameters on the examples that test results are reported of; give the problem "
                f"a validation part, such as validation = 0.1, and {key} = 'valid_cost' here, or else by_test = true"
            )
        return self

    @property
    def measured(self) -> str:
        """The measure by whose values cells are compared, or by the time to one of them."""
        return self.measure or self.by

    @property
    def column(self) -> str:
        """The column of `runs` by which cells are compared."""
        if self.measure is not None and self.target is not None:
            return TimeToTarget(self.measure, self.target)
        return f"{self.which}_{self.by}"


class Search(Settings):
    """How points are chosen where hyperparameters are sampled.

    method: a sampler: "sobol", to which more samples can be added, "latin_hypercube", or a plugin's. One that learns from
        results needs a table [tuning].
    seed: of the sampler.
    generation: how many points a search tries before it learns from their results, or compares their runs. It doesn't depend on
        the number of workers, which therefore changes no result.
    prune_after: the share of a run, such as 0.25, after which it is given up if its lowest cost yet is above the median of the
        runs of earlier generations, at the same step and with the same seed, once five have finished (`search/median_rule.py`).
    """

    method: str = "sobol"
    seed: int = Field(0, ge=0)
    generation: int = Field(8, ge=1)
    prune_after: float | None = Field(None, ge=0, lt=1)


class Reference(Settings):
    """A target that another optimizer sets: a quantile, over its evaluation seeds, of the best values of its runs.

    reference: its label. quantile: 0.5 for the median; a run that did not last counts as infinitely bad.
    """

    reference: str
    quantile: float = 0.5

    @field_validator("quantile")
    @classmethod
    def _lies_inside(cls, quantile: float) -> float:
        if not 0 < quantile < 1:
            raise ValueError("a quantile lies above 0 and below 1; 0.5 is the median")
        return quantile


def _kind_of_target(given: Any) -> str | None:
    """Which alternative a target is to be, so that messages are of that alone."""
    if isinstance(given, (Mapping, Reference)):
        return "Reference"
    return "float" if isinstance(given, (int, float)) and not isinstance(given, bool) else None


_Target = Annotated[
    Annotated[float, Field(allow_inf_nan=False), Tag("float")] | Annotated[Reference, Tag("Reference")],
    Discriminator(
        _kind_of_target,
        custom_error_type="target",
        custom_error_message="expected a number, or { reference = LABEL, quantile = 0.5 }",
    ),
]


class Comparison(Settings):
    """What the results are to answer.

    control: the label of the optimizer with which the others are compared; that of the first entry if not given.
    measure: by whose final value; if not given, the first of test_accuracy, test_cost, valid_accuracy, valid_cost and train_cost
        that is measured.
    target: a value of the measure, which must be given with it, or { reference = LABEL, quantile = 0.5 } for one that an optimizer
        has reached (on one problem); the time that each needs to reach it is compared too.
    confidence: of the intervals, above .75; a difference is significant where p is at most 1 - confidence.
    """

    control: str | None = None
    measure: (
        Literal["train_cost", "train_accuracy", "valid_cost", "valid_accuracy", "test_cost", "test_accuracy"] | None
    ) = None
    target: _Target | None = None
    confidence: float = Field(0.95, gt=0.75, lt=1)

    @model_validator(mode="after")
    def _target_is_of_the_measure(self) -> Comparison:
        if self.target is not None and self.measure is None:
            raise ValueError('target is a value of the measure: give measure too, such as measure = "test_accuracy"')
        if isinstance(self.target, float) and str(self.measure).endswith("accuracy") and not 0 < self.target <= 1:
            raise ValueError(f"target = {self.target:g}: an accuracy is a share, above 0 and at most 1")
        return self


class Experiment(Settings):
    """A grid of runs that answers one question.

    seeds: how many (0, 1, ...), or which.
    problem, problems: one, or several.
    budget: how long each run trains. measure: how often it is measured, and whether with the norm of the gradient. stop: what else ends a run.
    data_order: "shared" gives the order of the examples a seed of its own, so that all seeds see the same batches, and differ in first weights
        and noise alone: they then advance together. "own": each seed has its order.
    tuning: if given, the grid runs on separate seeds, and the best cell of each line on `seeds`.
    search: how points are chosen where hyperparameters are sampled.
    comparison: which optimizer the others are compared with, by which measure, and how sure.
    defaults: whether each line is compared with the defaults of its optimizer's hyperparameters too, as a line of its own.
    optimizers: each with "use", and optionally "label", "batch_size", "schedule" and hyperparameters; a list of values,
        or { log = [low, high], points = n } or { linear = [low, high], points = n }, is an axis of the grid. Those that
        are { log_uniform = [low, high] }, { uniform = [low, high] } or { integer = [low, high] } are sampled together, as
        many points as the entry's "samples" says. Each entry is a separate line, also of one optimizer; with the same label
        they are one line, if they differ in hyperparameters alone.
    """

    name: str
    question: str = ""
    seeds: int | list[int] = 1
    precision: Precision | None = None
    problem: dict[str, Any] | None = None
    problems: list[dict[str, Any]] = Field(default_factory=list)
    budget: Budget
    measure: Measure | None = None
    stop: Stop = Field(default_factory=Stop)
    data_order: DataOrder = "own"
    tuning: Tuning | None = None
    search: Search = Field(default_factory=Search)
    comparison: Comparison = Field(default_factory=Comparison)
    defaults: bool = False
    optimizers: list[dict[str, Any]] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _stays_inside(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                "a name has up to 100 letters, digits, '.', '_' and '-', and begins with a letter or a digit"
            )
        return name

    @field_validator("problem", "problems", mode="after")
    @classmethod
    def _sent_by_digest(cls, given: Any) -> Any:
        """Arrays in memory are kept in the cache, where workers find them."""
        if isinstance(given, list):
            return [without_arrays(problem) for problem in given]
        return given and without_arrays(given)

    @model_validator(mode="after")
    def _some_problem(self) -> Experiment:
        if (self.problem is None) == (not self.problems):
            raise ValueError("give one [problem], or several [[problems]]")
        return self

    @model_validator(mode="after")
    def _one_problem_for_a_reference(self) -> Experiment:
        if isinstance(self.comparison.target, Reference) and len(self.every_problem) > 1:
            raise ValueError("comparison.target: a reference sets it on one problem; with several give a number")
        return self

    @model_validator(mode="after")
    def _can_be_kept(self) -> Experiment:
        for place, table in [*self.every_problem, *((f"optimizers[{k}]", t) for k, t in enumerate(self.optimizers))]:
            try:
                json.dumps(table, default=_thing)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{place} can't be written to a file, as an experiment is: {error}") from None
        return self

    @property
    def chosen_by(self) -> str:
        """The column of `runs` by which hyperparameters are chosen."""
        return self.tuning.column if self.tuning else "final_train_cost"

    @property
    def every_problem(self) -> list[tuple[str, dict[str, Any]]]:
        """Each problem with its place in the file."""
        if self.problem is not None:
            return [("problem", self.problem)]
        return [(f"problems[{k}]", problem) for k, problem in enumerate(self.problems)]


def _thing(value: Any) -> str:
    """Text for a schedule object given in place of its name: such an experiment can be checked but not run."""
    if is_dataclass(value):
        return repr(value)
    raise TypeError(f"{shown(value)} is of type {type(value).__name__}")
