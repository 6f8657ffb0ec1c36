"""Results in a notebook: they show themselves, and answer when they are asked."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from optilab import store
from optilab.errors import InputError, unknown
from optilab.records.specs import measured_on
from optilab.texts import printable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from optilab.analysis import Findings
    from optilab.figures.view import TrainAgain
    from optilab.plots.look import Look
    from optilab.records.question import Question

_LONGEST = 30_000  # characters of what shows itself
_SENTENCES = 8


def _never(plan: Any, seed: int, heard: Any = None) -> Any:
    raise NotImplementedError("these results can't repeat runs")


class Pictures(tuple["Figure", ...]):
    """Matplotlib figures, which a notebook shows one below the other."""

    look: Look | None = None

    def _repr_html_(self) -> str:
        images = (_png(figure, self.look) for figure in self)
        return "".join(f'<img alt="" style="max-width:100%" src="data:image/png;base64,{image}"/>' for image in images)


def _png(figure: Figure, look: Look | None) -> str:
    from optilab.plots import style

    file = io.BytesIO()
    with style.theme(look):
        figure.savefig(file, format="png", bbox_inches="tight", metadata={"Software": "optilab"})
    return base64.b64encode(file.getvalue()).decode()


@dataclass(frozen=True, repr=False)
class Results(store.Results):
    """Results, of a folder or of a table, as `optilab.run` and `optilab.load` return them.

    runs: one row a run. history: one row a run and measurement, with run_id to join them. folder: where they lie, or their pictures
    go. question: what is asked of them, as it was when they were loaded (of `replace(results, question=None)` methods ask the folder
    again); None where their experiment is missing or can't be read. notes: what was noticed when they
    were read.
    """

    train_again: Callable[..., Any] = field(default=_never, compare=False)

    def leaderboard(
        self,
        measure: str | None = None,
        control: str | None = None,
        *,
        which: Literal["final", "best"] = "final",
        confidence: float | None = None,
    ) -> pd.DataFrame:
        """A row a method and problem, best first; columns and arguments are those of `optilab.analysis.leaderboard`."""
        from optilab.analysis import leaderboard

        return leaderboard(self, measure, control, which=which, confidence=confidence, question=self._asked())

    def verdict(
        self,
        measure: str | None = None,
        control: str | None = None,
        *,
        which: Literal["final", "best"] = "final",
        confidence: float | None = None,
    ) -> Findings:
        """Which methods are better than the control, by how much and how sure; see `optilab.analysis.verdict`."""
        from optilab.analysis import verdict

        return verdict(self, measure, control, which=which, confidence=confidence, question=self._asked())

    def study_times(
        self, measure: str | None = None, *, target: float | None = None, by: str | None = None
    ) -> pd.DataFrame:
        """Times to the target over studies of trials, as AlgoPerf counts them; see `optilab.analysis.study_times`."""
        from optilab.analysis import study_times

        return study_times(self, measure, target=target, by=by, question=self._asked())

    def plot(
        self,
        *kinds: str | Sequence[str],
        x: str | None = None,
        y: str | None = None,
        width: float | None = None,
        style: Literal["screen", "paper", "talk"] = "screen",
        dark: bool = False,
    ) -> Pictures:
        """Pictures of these kinds, as Matplotlib figures; all that fit and don't train again if none is named.

        kinds: as of `optilab plot`: convergence, sensitivity, ..., or lists of such. x, y: columns of the history, for kinds that have such axes. width,
        style, dark: of the look: inches across (7 if None, 10 for a talk), small letters for a paper or large ones for a talk, light
        ink on dark paper.

        InputError for an unknown kind, column or style, and where a kind doesn't fit these results.
        """
        from optilab.figures.kinds import KINDS
        from optilab.figures.view import view_of
        from optilab.plots.look import Look
        from optilab.plots.style import theme

        named = [one for kind in kinds for one in (kind if isinstance(kind, (list, tuple)) else (kind,))]
        for name in named:
            if not isinstance(name, str) or name not in KINDS:
                raise unknown("kind of picture", str(name), KINDS)
        look = Look(style, width, dark)
        view = view_of(self, x, y, train_again=self.train_again)
        figures, reasons = [], []
        for name in named or [name for name, kind in KINDS.items() if not kind.again]:
            with theme(look):
                try:
                    figure = KINDS[name].draw(view)
                except InputError as error:
                    if named:
                        raise
                    reasons.append(f"{name}: {error}")
                    continue
            if figure is not None:
                figures.append(figure)
            elif named:
                raise InputError(f"a picture of kind {name!r} doesn't fit these results: {KINDS[name].why_not(view)}")
        if not figures:
            raise InputError("; ".join(reasons) or "no picture fits these results")
        found = Pictures(figures)
        found.look = look
        return found

    def report(self, path: str | Path) -> Path:
        """Write the report into a file, one HTML page that needs nothing else, and return its path; as `optilab report` does.

        InputError if it can't be written.
        """
        from optilab.report.report import write_report

        return write_report([self], Path(path))

    def _asked(self) -> Question:
        from optilab.experiment.question import question_of

        return question_of(self)

    def _repr_html_(self) -> str:
        """The leaderboard, the verdict and a sketch; what `repr` says where they can't be had."""
        try:
            return self._shown()
        except InputError as error:
            return f"<p>{escape(printable(repr(self)))}</p><p>{escape(printable(str(error)))}</p>"

    def _shown(self) -> str:
        from optilab.analysis.answer import answered
        from optilab.analysis.board import board
        from optilab.analysis.given import given
        from optilab.report.fragments import board_html, sketch_html

        found = given(self, question=self._asked())
        told = answered(found)
        table = board(found, told)
        picture, colours = sketch_html(found, table)
        said = [*(note for note in (*self.notes, measured_on(self.runs)) if note), *told.sentences]
        more = [f"… and {len(said) - _SENTENCES} more sentences in .verdict()"] if len(said) > _SENTENCES else []
        text = "".join(f"<p>{escape(printable(sentence))[:1000]}</p>" for sentence in [*said[:_SENTENCES], *more])
        question = found.question.text
        parts = [
            f"<p><b>{escape(printable(question))[:500]}</b></p>" if question else "",
            board_html(found, table, colours) if len(table) else "",  # the verdict says that there are no runs
            text,
        ]
        html = "".join(parts) + picture
        return html if len(html) <= _LONGEST else "".join(parts)


def shown(found: store.Results, train_again: TrainAgain = _never) -> Results:
    """The same results, as a notebook shows them, with the question of their experiment, where that can be read.

    train_again: repeats a run for its weights, as pictures of these need it.
    """
    from optilab.experiment.question import question_of

    with suppress(InputError):  # whatever needs the question says so
        found = replace(found, question=question_of(found))
    return Results(**{one.name: getattr(found, one.name) for one in fields(store.Results)}, train_again=train_again)
