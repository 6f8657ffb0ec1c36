"""Where results come from: failures, environment, and how to make them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import tomli_w

from optilab.errors import InputError
from optilab.experiment.file import read_stored, stored
from optilab.records.statuses import LASTED
from optilab.report.html import Html, join, tag
from optilab.report.source import Source
from optilab.report.tables import Cell, number, table
from optilab.texts import counted

_MOST = 50  # different endings that are listed
_FEW = 6  # methods that are named beside a digest


def failures(source: Source) -> Html:
    """Runs that did not last, by line and message; every one of them counts in the tables above."""
    runs = source.results.runs
    bad = runs[~runs["status"].isin(LASTED)]
    if bad.empty:
        return tag("p", "Every run lasted to its end.")
    messages = bad["message"].fillna("") if "message" in bad else ""
    counted_rows = (
        bad.assign(message=messages)
        .groupby(["problem", "label", "status", "message"], sort=False)
        .agg(count=("run_id", "size"), first=("run_id", "first"))
        .reset_index()
        .sort_values("count", ascending=False, kind="stable")
    )
    rows = [
        [
            row["label"],
            row["problem"],
            row["status"],
            number(row["count"], "g"),
            Cell(row["message"] or "–", class_="message"),
            tag("code", row["first"]),
        ]
        for row in counted_rows.head(_MOST).to_dict("records")
    ]
    left = len(counted_rows) - len(rows)
    return join(
        [
            table(
                ["method", "problem", "ended as", "runs", "message", "one of them"],
                rows,
                caption="Runs that did not last",
                sortable=True,
            ),
            tag("p", f"And {left} further kinds of endings, in the table of all runs." if left else None, class_="note")
            if left
            else None,
        ]
    )


def environment(source: Source) -> Html:
    """Versions, machines and codes with which the runs were made, with the number of runs of each."""
    runs = source.results.runs
    rows = []
    for column, name in (("versions", "versions"), ("host", "machine"), ("code", "digest of the code")):
        if column not in runs:
            continue
        for value, own in runs.groupby(runs[column].fillna("unknown"), sort=False):
            told = (
                _versions(str(value))
                if column == "versions"
                else f"{value}{_methods(own)}"
                if column == "code"
                else value
            )
            rows.append([name, told, number(len(own), "g")])
    if not rows:
        return tag("p", "Nothing is known about the machine and the versions that made these runs.")
    several = "code" in runs and runs.groupby(["problem", "label"])["code"].nunique().max() > 1
    note = (
        "Runs of one method were made by different code; run the experiment with --rerun stale to make them alike."
        if several
        else None
    )
    return join(
        [table(["what", "value", "runs"], rows, caption="Environment"), tag("p", note, class_="note") if note else None]
    )


def _methods(runs: pd.DataFrame) -> str:
    """The methods, in brackets behind the digest of their code."""
    names = list(dict.fromkeys(runs["label"].astype(str)))
    alone = runs["problem"].nunique() == 1
    some = ", ".join([*names[:_FEW], f"and {len(names) - _FEW} more"] if len(names) > _FEW else names)
    return f" ({some} on {runs['problem'].iloc[0]})" if alone else f" ({some})"


def _versions(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return ", ".join(f"{name} {version}" for name, version in found.items()) if isinstance(found, Mapping) else text


def reproduction(source: Source) -> Html:
    """The experiment as a file, and the commands that make its runs again."""
    folder = source.results.folder
    try:
        experiment = read_stored(folder)
    except InputError:
        return tag("p", "These results come from a table, which doesn't say how its runs were made.")
    written = json.loads(stored(experiment, folder))
    first = source.results.runs["run_id"].head(1).astype(str).tolist()
    return join(
        [
            tag(
                "p",
                "Save this as ",
                tag("code", f"{experiment.name}.toml"),
                " and run it; paths of datasets are relative to the results folder.",
            ),
            tag(
                "pre",
                tag("code", f"optilab run {experiment.name}.toml"),
                *(
                    join(
                        [
                            Html("\n"),
                            tag("code", f"optilab replay {folder.name} {one}    # one run, compared to the last bit"),
                        ]
                    )
                    for one in first
                ),
            ),
            tag(
                "details",
                tag("summary", f"The experiment ({counted(len(experiment.optimizers), 'entry', 'entries')})"),
                tag("pre", tag("code", toml_of(written))),
            ),
        ]
    )


def toml_of(content: Mapping[str, Any]) -> Html:
    """Content of an experiment as TOML."""
    return Html(_escaped(tomli_w.dumps(dict(content))))


def _escaped(text: str) -> str:
    lines = (str(tag("span", line))[6:-7] for line in text.rstrip("\n").split("\n"))
    return "\n".join(lines)
