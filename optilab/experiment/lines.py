"""Lines of the comparison: identified by their specifications, then labelled.

Two cells belong to one line if they differ only in hyperparameters and come from one entry of the experiment, or from entries to
which the user gave the same label. If two lines would get the same label, their differences are added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from optilab.errors import InputError
from optilab.experiment.blocks import Block
from optilab.experiment.entry import Line
from optilab.experiment.identity import identity
from optilab.records.canonical import canonical_text, digest
from optilab.records.labels import differing, numbered, told_apart
from optilab.search.sampled import Sampled
from optilab.texts import exact, shown


@dataclass(frozen=True)
class Candidate:
    """Cells of one line on one problem: those of a block, or those that a search will choose.

    block: for a search, the cells at the low and the high ends of its ranges. combination, sampled, samples: of a search. title: the
    label without what tells namesakes apart.
    """

    line: Line
    block: Block
    combination: Mapping[str, Any] = field(default_factory=dict)
    sampled: Mapping[str, Sampled] = field(default_factory=dict)
    samples: int = 0
    title: str = ""


def named(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates with the identity and label of their lines, less those whose cells are all in an earlier one.

    InputError where two lines have some cells in common, or two of the user's labels are the same.
    """
    found = _without_repeats(candidates)
    lines: dict[str, list[Candidate]] = {}
    for one in found:
        lines.setdefault(_line_key(one), []).append(one)
    firsts = [members[0] for members in lines.values()]
    labels = dict(zip(lines, _labels(firsts), strict=True))
    identities = dict(zip(lines, _identities(firsts), strict=True))
    return [_with_names(one, labels[_line_key(one)], identities[_line_key(one)]) for one in found]


def _with_names(one: Candidate, label: str, line_id: str) -> Candidate:
    cell = one.line.cell.named(label, line_id)
    line, block = replace(one.line, cell=cell), replace(one.block, cell=cell)
    return replace(one, line=line, block=block, title=one.line.cell.label)


def _without_repeats(candidates: Iterable[Candidate]) -> list[Candidate]:
    of_base: dict[str, list[Candidate]] = {}
    found = []
    for one in candidates:
        earlier = of_base.setdefault(one.block.base, [])
        if not any(_repeats(one, other) for other in earlier):
            earlier.append(one)
            found.append(one)
    return found


def _repeats(one: Candidate, other: Candidate) -> bool:
    """Whether all cells of `one` are among those of `other`. InputError if a line would lose cells to another line."""
    mine, same = one.line.cell, other.line.cell
    if one.sampled or other.sampled:  # the cells that a search will choose are not known yet
        asked = (one.sampled, one.combination, one.samples) == (other.sampled, other.combination, other.samples)
        relation = "inside" if asked else "apart"
    else:
        relation = other.block.relation(one.block)
    if relation == "apart":
        return False
    unnamed = not one.line.named and not other.line.named and one.line.optimizer.name == other.line.optimizer.name
    joined = mine.label == same.label and (one.line.named and other.line.named)
    if relation == "inside" and (unnamed or joined):
        return True
    if relation == "inside":
        raise InputError(f"{mine.place}: {mine.label!r} is the same as {same.label!r} of {same.place}; leave one out")
    raise InputError(
        f"{mine.place}: {mine.label!r} has some of the values of {same.label!r} of {same.place} too, and would make the same runs; "
        "leave these values out of one of them"
    )


def _entry(one: Candidate) -> tuple[str, str]:
    """Key of an entry: its label, or else its place, and its optimizer; equal keys join entries into one line."""
    return (one.line.cell.label if one.line.named else one.line.cell.place), one.line.optimizer.name


def specification(one: Candidate) -> dict[str, Any]:
    """Specification of a line: all that its cells share, except the problem."""
    line, cell, run = one.line, one.line.cell, identity(one.block.plan)
    return {
        "optimizer": [line.optimizer.name, run["optimizer"]],
        "schedules": run["schedules"],
        "batch_size": line.size,
        "budget": cell.budget.model_dump(exclude_none=True),
        "measure": cell.measure.spec if cell.measure else None,
        "stop": cell.stop.model_dump(exclude_none=True),
        **({} if cell.data_order == "own" else {"data_order": cell.data_order}),
    }


def _line_key(one: Candidate) -> str:
    """Key of a line: equal for all its candidates, on every problem and in every search space."""
    return canonical_text([*_entry(one), specification(one)])


def _identities(firsts: Sequence[Candidate]) -> list[str]:
    """Identity of each line: its specification and, where several lines share one, the values that they range over."""
    of_text: dict[str, list[Candidate]] = {}
    for one in firsts:
        of_text.setdefault(canonical_text(specification(one)), []).append(one)
    found = {}
    for text, same in of_text.items():
        facts = [_axes(one) for one in same]
        names = differing(facts)
        for one, own in zip(same, facts, strict=True):
            found[id(one)] = digest(canonical_text([text, {name: own.get(name) for name in names}]))
    return [found[id(one)] for one in firsts]


def _axes(one: Candidate) -> dict[str, Any]:
    """Each hyperparameter of a line with a value, a list of values, or a sampled range as text."""
    found: dict[str, Any] = {}
    for name in one.block.plan.hyperparameters:
        if name in one.sampled:
            found[name] = f"{exact(one.sampled[name].low)} to {exact(one.sampled[name].high)}"
        else:
            values = list(one.block.values(name))
            found[name] = values[0] if len(values) == 1 else values
    return {**found, "samples": one.samples} if one.sampled else found


def _labels(firsts: Sequence[Candidate]) -> list[str]:
    """A distinct label for each line. InputError if two of the user's labels are equal."""
    labels = [one.line.cell.label for one in firsts]
    positions: dict[str, list[int]] = {}
    for k, label in enumerate(labels):
        positions.setdefault(label, []).append(k)
    for label, clash in positions.items():
        if len(clash) == 1:
            continue
        same = [firsts[k] for k in clash]
        if any(one.line.named for one in same):
            raise InputError(f"optimizers: two of them have the label {shown(label)}; give one a label of its own")
        for k, what in zip(clash, _differences(same), strict=True):
            labels[k] = f"{label} ({what})" if what else label
    return numbered(labels, [str(k) for k in range(len(labels))])


def _differences(same: Sequence[Candidate]) -> list[str]:
    """Differences between lines of one label: a single one if it suffices, otherwise all of them."""
    tables = [
        {
            **_axes(one),
            "batch size": one.line.size,
            "schedule": one.line.cell.schedule,
            "use": list(one.line.cell.optimizer),
        }
        for one in same
    ]
    columns = {n: told_apart([t.get(n) for t in tables]) for n in differing(tables)}
    alone = next((name for name, texts in columns.items() if len(set(texts)) == len(same)), None)
    names = [alone] if alone is not None else list(columns)
    return [", ".join(f"{n}={columns[n][k]}" for n in names if t.get(n) is not None) for k, t in enumerate(tables)]
