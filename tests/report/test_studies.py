"""Times over studies in the report, in a notebook, and below the table of the command line."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from dataclasses import replace

import pytest
from report.parsing import parsed

import optilab
from optilab.analysis import profile_score, study_times
from optilab.analysis.study_board import study_board
from optilab.cli.studies import studies_text
from optilab.experiment.question import question_of
from optilab.report.source import sources_of
from optilab.report.statistics import statistics
from optilab.store import Results
from optilab.texts import printable
from terminals import call

HEAD = "Time to the target, over studies"


@pytest.fixture(scope="module")
def late(valleys: Results, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The valleys, of which two lines have two trials in two studies, with a target that some of them reach."""
    folder = tmp_path_factory.mktemp("late") / "late"
    shutil.copytree(valleys.folder, folder)
    stored = folder / "experiment.json"
    experiment = json.loads(stored.read_text("utf-8"))
    experiment["comparison"] = {"measure": "train_cost", "target": 1.0}
    stored.write_text(json.dumps(experiment), "utf-8")
    return optilab.load(folder)


def section(results: Results) -> str:
    """The statistics of the report."""
    return str(statistics(sources_of([results])[0]))


def test_the_report_has_the_times_of_the_analysis(late: Results) -> None:
    """A row a line, with its trials and studies; the method stands below it in words, and scores over both problems."""
    page = section(late)
    told = printable(parsed(page).texts)
    times = study_times(late, question=question_of(late))
    assert len(times) == 6
    assert 0 < times["reached"].sum() < times["studies"].sum()
    for row in times.itertuples():
        time = f"{row.time:g}".replace("inf", "∞")
        assert f"{printable(str(row.label))}{row.problem}{row.trials}{row.reached} of {row.studies}{time}" in told
    assert "Time to a training cost of 1 as AlgoPerf counts it" in page
    scores = profile_score(times.pivot(index="problem", columns="label", values="time"))
    assert (
        "score over studies" + "".join(f"{printable(str(label))}{score:.2f}" for label, score in scores.items()) in told
    )


def test_without_a_target_the_report_is_silent(late: Results) -> None:
    """And on one seed of tuning."""
    assert HEAD in section(late)
    asked = question_of(late)
    assert HEAD not in section(replace(late, question=replace(asked, target=None)))
    first = late.runs["seed"] != late.runs.loc[late.runs["role"] == "tuning", "seed"].max()
    assert HEAD not in section(replace(late, runs=late.runs[first], question=asked))


def test_results_in_a_notebook_know_their_target(late: Results) -> None:
    """As the experiment has it; another may be given."""
    shown = optilab.load(late.folder)
    assert shown.study_times().equals(study_times(late, question=question_of(late)))
    assert shown.study_times(target=1e9)["time"].eq(0).all()


def test_the_table_prints_them_below(late: Results) -> None:
    """In Markdown and LaTeX; a CSV is one table."""
    done = call("table", str(late.folder))
    _, second, notes = done.stdout.split("\n\n")[-3:]
    lines = second.splitlines()
    assert lines[0] == "| problem | optimizer | trials | reached in (studies) | median steps | score over studies |"
    times = study_times(late, question=question_of(late))
    told = [tuple(cell.strip() for cell in line.split(" | ")[2:5]) for line in lines[2:]]
    assert told == [
        (str(row.trials), f"{row.reached} of {row.studies}", f"{row.time:g}".replace("inf", "∞"))
        for row in times.itertuples()
    ]
    assert notes.startswith("Time to a training cost of 1 as AlgoPerf counts it")
    assert call("table", str(late.folder), "--format", "latex").stdout.count(r"\begin{tabular}") == 2
    rows = list(csv.reader(io.StringIO(call("table", str(late.folder), "--format", "csv").stdout)))
    assert len({len(row) for row in rows}) == 1


def test_one_problem_has_neither_its_name_nor_scores(late: Results) -> None:
    """There is nothing to tell apart, and nothing to average."""
    alone = replace(late, runs=late.runs[late.runs["problem"] == "bowl"])
    text = studies_text(question_of(late), alone, "markdown")
    assert text is not None
    assert text.startswith("| optimizer | trials | reached in (studies) | median steps |\n")
    assert "score" not in text


def test_times_that_can_not_be_told_spoil_nothing(late: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence says why there are none; all else is there."""
    history = late.history.assign(epoch=late.history["epoch"].mask(late.history["run_id"].isin(_tuned(late))))
    broken = replace(late, history=history.assign(step=math.nan, seconds=math.nan), question=question_of(late))
    why = "No times over studies: epoch: nan in "
    monkeypatch.setattr(
        "optilab.report.studies.study_board", lambda found: study_board(replace(found, history=broken.history))
    )
    page = section(late)
    assert why in page
    assert "What tuning cost" in page
    monkeypatch.setattr(
        "optilab.cli.studies.study_board", lambda found: study_board(replace(found, history=broken.history))
    )
    done = call("table", str(late.folder))
    assert why in done.stderr
    assert "training cost" in done.stderr.split(why)[1].split("\n", 1)[1]  # the verdict comes behind it


def _tuned(late: Results) -> list[str]:
    """The runs of tuning."""
    return late.runs.loc[late.runs["role"] == "tuning", "run_id"].tolist()
