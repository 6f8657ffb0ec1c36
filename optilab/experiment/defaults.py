"""Each optimizer at its documented defaults, compared beside its tuned self."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from optilab.errors import InputError
from optilab.experiment.blocks import Block
from optilab.experiment.lines import Candidate, specification
from optilab.records.canonical import canonical_text, digest
from optilab.texts import shown


def at_defaults(candidates: Sequence[Candidate]) -> tuple[list[Block], list[str]]:
    """A block of one cell for each line, with the defaults of all its hyperparameters; and a sentence for each that has none.

    candidates: with names, as of `lines.named`. Lines that differ in hyperparameters alone share one; a line whose only cell it would be
    needs none. Its label is that of the line and "(defaults)".

    InputError if a line has such a label already.
    """
    found: dict[str, Block] = {}
    notes: dict[str, None] = {}
    taken = {one.line.cell.label for one in candidates}
    sizes = Counter[tuple[str, str]]()  # number of cells of each line on each problem
    for one in candidates:
        sizes[one.block.base, one.line.cell.line_id] += one.samples or len(one.block)
    for one in candidates:
        try:
            cell = one.line.at({})
        except InputError as error:
            notes[f"{one.line.cell.label} isn't compared at its defaults: {error}"] = None
            continue
        alone = sizes[one.block.base, one.line.cell.line_id] == 1
        if alone and cell.hyperparameters == one.block[0].hyperparameters:
            continue
        key = canonical_text([one.block.base, cell.hyperparameters])
        if key not in found:
            label = f"{one.title} (defaults)"
            if label in taken:
                raise InputError(
                    f"defaults: {shown(label)} is the label of an entry already; give that one another label"
                )
            own = canonical_text([specification(one), "defaults"])
            found[key] = Block(one.block.cell.named(label, digest(own)), cell.plan, {}, [{}])
    return list(found.values()), list(notes)


def outside(blocks: Iterable[Block], others: Sequence[Block]) -> list[Block]:
    """The blocks of which no cell is in one of the others: their runs are not made for these anyway."""
    return [block for block in blocks if all(other.relation(block) == "apart" for other in others)]
