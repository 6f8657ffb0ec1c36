"""Cells of one line as the product of their axes: counted, compared and identified without being built."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any, Literal, overload

from optilab.experiment.cell import Cell
from optilab.experiment.identity import base_of, cell_ids
from optilab.records.canonical import canonical_text
from optilab.training.plan import Plan

Relation = Literal["apart", "inside", "overlapping"]


@dataclass(frozen=True, eq=False)
class Block(Sequence[Cell]):
    """Checked cells that differ only in hyperparameters.

    cell: any of them, without hyperparameters. plan: of the first. lists: values of hyperparameters that vary independently;
    points: of those that vary together. The cells are all combinations; points vary fastest, then the last list.
    """

    cell: Cell
    plan: Plan
    lists: Mapping[str, Sequence[Any]]
    points: Sequence[Mapping[str, Any]] = field(default_factory=lambda: [{}])

    def __len__(self) -> int:
        return prod(map(len, self.lists.values())) * len(self.points)

    def __iter__(self) -> Iterator[Cell]:
        return map(self._at, self.hyperparameters())

    @overload
    def __getitem__(self, number: int) -> Cell: ...
    @overload
    def __getitem__(self, number: slice) -> list[Cell]: ...
    def __getitem__(self, number: int | slice) -> Cell | list[Cell]:
        if isinstance(number, slice):
            return [self[k] for k in range(len(self))[number]]
        number, k = divmod(range(len(self))[number], len(self.points))
        point, combination = self.points[k], {}
        for name, values in reversed(list(self.lists.items())):
            number, k = divmod(number, len(values))
            combination[name] = values[k]
        return self._at({**self.plan.hyperparameters, **combination, **point})

    def _at(self, hyperparameters: Mapping[str, Any]) -> Cell:
        """The cell with these hyperparameters; its plan needs no check, as the block's axes are checked."""
        return self.cell.of(replace(self.plan, hyperparameters=hyperparameters))

    def hyperparameters(self) -> Iterator[dict[str, Any]]:
        """Complete hyperparameters of each cell, in order."""
        for values in itertools.product(*self.lists.values()):
            combination = dict(zip(self.lists, values, strict=True))
            for point in self.points:
                yield {**self.plan.hyperparameters, **combination, **point}

    def run_ids(self, seeds: Sequence[int]) -> Iterator[list[str]]:
        """For each cell, the run_ids of these seeds."""
        return cell_ids(self.plan, self.hyperparameters(), seeds)

    @cached_property
    def base(self) -> str:
        """Identity of the cells without hyperparameters and seed; blocks of different bases share no cell."""
        return base_of(self.plan)

    def values(self, name: str) -> Sequence[Any]:
        """Distinct values of a hyperparameter, in order."""
        if name in self.lists:
            return self.lists[name]
        return list(dict.fromkeys(point[name] for point in self.points if name in point)) or [
            self.plan.hyperparameters[name]
        ]

    def relation(self, other: Block) -> Relation:
        """Whether none ("apart"), all ("inside") or some ("overlapping") of another block's cells are among these."""
        if self.base != other.base or set(self.plan.hyperparameters) != set(other.plan.hyperparameters):
            return "apart"
        if len(self.points) > 1 or len(other.points) > 1:
            return _relation(self._all_texts, other._all_texts)
        found: Relation = "inside"
        for name, texts in self._texts.items():
            axis = _relation(texts, other._texts[name])
            if axis == "apart":
                return "apart"
            if axis == "overlapping":
                found = axis
        return found

    @cached_property
    def _texts(self) -> Mapping[str, frozenset[str]]:
        """Values of each hyperparameter as canonical texts."""
        return {name: frozenset(map(canonical_text, self.values(name))) for name in self.plan.hyperparameters}

    @cached_property
    def _all_texts(self) -> frozenset[str]:
        """Hyperparameters of each cell as canonical texts."""
        return frozenset(map(canonical_text, self.hyperparameters()))


def _relation(ours: frozenset[str], theirs: frozenset[str]) -> Relation:
    if ours.isdisjoint(theirs):
        return "apart"
    return "inside" if theirs <= ours else "overlapping"


class Cells(Sequence[Cell]):
    """Concatenation of the cells of several blocks."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = list(blocks)

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    def __iter__(self) -> Iterator[Cell]:
        return itertools.chain.from_iterable(self.blocks)

    @overload
    def __getitem__(self, number: int) -> Cell: ...
    @overload
    def __getitem__(self, number: slice) -> list[Cell]: ...
    def __getitem__(self, number: int | slice) -> Cell | list[Cell]:
        if isinstance(number, slice):
            return [self[k] for k in range(len(self))[number]]
        position = range(len(self))[number]
        for block in self.blocks:
            if position < len(block):
                return block[position]
            position -= len(block)
        raise IndexError(number)
