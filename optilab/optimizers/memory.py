"""Memory of a chain of rules: its states, where each lies in one vector, and where each starts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.compiler.memory import aligned_zeros
from optilab.errors import InputError
from optilab.optimizers.chain import Chain
from optilab.optimizers.selection import packed, selected
from optilab.optimizers.state import State
from optilab.problems.layers import LayerTable, described, part_sizes
from optilab.randomness import noise_key

SEED = "seed of the noise"
STEPS = "steps of the rules after it"


class Slots:
    """Indices of a chain's states in the arguments of compiled code; they are written into its source, whatever the sizes.

    rows: for each state that is an array, its row of `Layout.spans`. tables: for each rule on some layers alone, the first of
    the two rows of its layer tables. scalars: for each single number, its index in `scalars`. numbers: for each hyperparameter,
    its index in `numbers`.
    """

    def __init__(self, chain: Chain) -> None:
        self.rows: dict[tuple[int, str], int] = {}
        self.tables: dict[int, int] = {}
        self.scalars: dict[tuple[int, str], int] = {}
        self.numbers = {(p.rule, p.name): k for k, p in enumerate(chain.rule_parameters)}
        shared: dict[str, int] = {}
        rows = itertools.count(1)  # row 0 is the layer table of the problem
        self.has_noise = any("noise" in rule.arguments for rule in chain.rules)
        if self.has_noise:
            self.scalars[-1, SEED] = 0
        for number, rule in enumerate(chain.rules):
            if rule.layers:
                self.rows[number, "w"], self.rows[number, "g"] = next(rows), next(rows)
                self.tables[number], _ = next(rows), next(rows)
            if "noise" in rule.arguments and not rule.elementwise:
                self.rows[number, "noise"] = next(rows)
            for name, state in rule.states.items():
                if state.is_number:
                    self.scalars[number, name] = len(self.scalars)
                elif not state.shared:
                    self.rows[number, name] = next(rows)
                else:
                    if name not in shared:
                        shared[name] = next(rows)
                    self.rows[number, name] = shared[name]
            if "skip" in rule.changes:
                self.scalars[number, STEPS] = len(self.scalars)
        self.n_rows = next(rows)

    def key(self, number: int) -> str:
        """Key of a rule's noise, in compiled code."""
        return f"scalars[{self.scalars[-1, SEED]}] + {number}"


class Layout:
    """Positions of a chain's states in its memory, for the layers of one problem.

    spans: [row, (first, size, copies)], as `Slots` numbers the rows: where an array begins, how many values it has, and in
    how many copies; in `state`, in `scalars` for arrays of single numbers, in `layers` for layer tables.
    size: how many values the state vector has.
    layers: layer tables end to end: the problem's, and for each rule on some layers alone the table of these as the rule
    sees them, and as they lie in the whole.
    InputError for layers that the problem doesn't have, and for states that rules share but declare differently.
    """

    def __init__(self, chain: Chain, hyperparameters: Mapping[str, Any], layers: LayerTable) -> None:
        slots = self._slots = Slots(chain)
        self._chain = chain
        self._hyperparameters = hyperparameters
        self.spans = np.zeros((slots.n_rows, 3), np.int64)
        self.spans[0] = 0, len(layers), 1
        self._start: dict[int, tuple[int, State]] = {}  # of each row, the rule and the state
        self._chosen: dict[int, NDArray[np.int64]] = {}  # weights that a rule works on
        tables = [layers]
        selections = [rule.layers for rule in chain.rules]
        first, array = 0, len(slots.scalars)
        for number, rule in enumerate(chain.rules):
            mine = layers
            if rule.layers:
                mask = selected(layers, selections, number)
                if not mask.any():
                    raise InputError(f"{rule.label}: there is no such layer among {described(layers)}")
                mine = packed(layers, mask)
                self._chosen[number] = np.concatenate(
                    [np.arange(r["offset"], r["offset"] + r["size"]) for r in layers[mask]]
                )
                for row, part in enumerate((mine, layers[mask]), slots.tables[number]):
                    self.spans[row] = sum(map(len, tables)), len(part), 1
                    tables.append(part)
            sizes = part_sizes(mine)
            for name, row in [(n, row) for (k, n), row in slots.rows.items() if k == number]:
                state = rule.states.get(name, State())
                copies = self._value(number, state.copies) if state.copies else 1
                if row in self._start:
                    self._check_shared(name, state, row, number)
                    continue
                self._start[row] = number, state
                if state.shape == "scalar":
                    self.spans[row] = array, copies, 1
                    array += copies
                else:
                    self.spans[row] = first, copies * sizes[state.shape], copies
                    first += copies * sizes[state.shape]
        self.layers = np.concatenate(tables)
        self.size, self._n_scalars = first, array

    def _value(self, number: int, declared: float | str) -> Any:
        """A number, or the value of the hyperparameter of that name."""
        if not isinstance(declared, str):
            return declared
        return self._chain.rule_parameters[self._slots.numbers[number, declared]].value_in(self._hyperparameters)

    def _check_shared(self, name: str, state: State, row: int, number: int) -> None:
        other, declared = self._start[row]
        rules = self._chain.rules
        if declared != state or rules[other].layers != rules[number].layers:
            raise InputError(
                f"{self._chain.name}: {rules[other].label} and {rules[number].label} share the state {name!r}, "
                "but declare it differently or work on other layers"
            )

    def allocate(self, w: NDArray[np.floating], seed: int = 0) -> tuple[NDArray[np.floating], NDArray[np.float64]]:
        """The state vector, in the precision of w, and the scalars, in float64, at their start.

        seed: of the run, for the noise of the rules.
        """
        state, scalars = aligned_zeros(self.size, w.dtype), np.zeros(self._n_scalars)
        for row, (number, declared) in self._start.items():
            first, size, copies = self.spans[row]
            target = (scalars if declared.shape == "scalar" else state)[first : first + size]
            if declared.start == "w":
                target.reshape(copies, -1)[:] = w[self._chosen.get(number, slice(None))]
            else:
                target[:] = self._value(number, declared.start)
        for (number, name), index in self._slots.scalars.items():
            if number >= 0 and name in self._chain.rules[number].states:
                scalars[index] = self._value(number, self._chain.rules[number].states[name].start)
        if self._slots.has_noise:
            scalars[self._slots.scalars[-1, SEED]] = noise_key(seed)
        return state, scalars

    def views(self, state: NDArray[np.floating], scalars: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """Every state by its name, in a chain with the rule's name before it, as a part of `state` or `scalars`."""
        names = self._chain.rule_names
        found: dict[str, NDArray[Any]] = {}
        for number, rule in enumerate(self._chain.rules):
            for name, declared in rule.states.items():
                key = f"{names[number]}.{name}" if len(names) > 1 and not declared.shared else name
                if (number, name) in self._slots.scalars:
                    index = self._slots.scalars[number, name]
                    found[key] = scalars[index : index + 1]
                    continue
                first, size, copies = self.spans[self._slots.rows[number, name]]
                part: NDArray[Any] = (scalars if declared.shape == "scalar" else state)[first : first + size]
                found[key] = part.reshape(copies, -1) if declared.copies and declared.shape != "scalar" else part
        return found

    def evaluation_point(self, w: NDArray[np.floating], state: NDArray[np.floating]) -> NDArray[np.floating]:
        """The point at which cost and accuracy are measured: w itself, or the states that rules name by `evaluate_at`."""
        point = w
        for number, rule in enumerate(self._chain.rules):
            if rule.evaluate_at is not None:
                point = point if point is not w else w.copy()
                first, size, _ = self.spans[self._slots.rows[number, rule.evaluate_at]]
                point[self._chosen.get(number, slice(None))] = state[first : first + size]
        return point
