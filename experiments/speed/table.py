"""The table: rows as they come, then one DataFrame with medians, spreads, ratios and shares; as text and as Parquet."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from speed.cases import GRID
from speed.timing import Spread, short

if TYPE_CHECKING:
    from speed.limits import Limits
    from speed.work import Work

OURS = "optilab"
TITLES = {"one-run": "one run", "grid": f"{GRID} learning rates, a run", "dense": "dense data, one run"}
_IN_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class Row:
    """What was measured of one contestant in one case.

    values: one a round, in `unit`. ratios: its times over optilab's in the same rounds. target: the least ratio that is aimed at,
    or of a row without a peer the value that is aimed at. shares: of the core's peak, as it was in the same rounds. series, x: of a
    point of a curve of growth.
    """

    part: str
    case: str
    contestant: str
    unit: str
    values: Sequence[float]
    ratios: Sequence[float] = ()
    target: float | None = None
    work: Work | None = None
    shares: Sequence[float] = ()
    cost: float = np.nan
    series: str = ""
    x: float = np.nan

    def text(self) -> str:
        """As it is told when it has been measured."""
        told = f"{self.part}: {self.case}: {self.contestant} {Spread.of(self.values).text(_unit(self.unit))}"
        return told + (f", {Spread.of(self.ratios).text('x')} optilab's time" if len(self.ratios) else "")

    def numbers(self, limits: Limits | None) -> dict[str, object]:
        """Its line of the DataFrame."""
        value, ratio = Spread.of(self.values), Spread.of(self.ratios)
        seconds, work = value.median * _IN_SECONDS.get(self.unit, np.nan), self.work
        known = limits is not None and work is not None
        level = limits.level(work.held) if known else ""
        bandwidth = limits.bandwidth.get(level, np.nan) if known else np.nan
        return {
            "part": self.part,
            "case": self.case,
            "contestant": self.contestant,
            "unit": self.unit,
            "rounds": len(self.values),
            "median": value.median,
            "low": value.low,
            "high": value.high,
            "ratio": ratio.median,
            "ratio_low": ratio.low,
            "ratio_high": ratio.high,
            "target": np.nan if self.target is None else self.target,
            "operations": work.operations if work else np.nan,
            "traffic": work.traffic if work else np.nan,
            "level": level,
            "share_of_peak": Spread.of(self.shares).median,
            "share_of_bandwidth": work.traffic / seconds / bandwidth if known else np.nan,
            "cost": self.cost,
            "series": self.series,
            "x": self.x,
            "values": [float(value) for value in self.values],
            "ratios": [float(ratio) for ratio in self.ratios],
        }


@dataclass
class Table:
    """Rows of all parts, and the setting in which they were measured."""

    setting: Mapping[str, str]
    limits: Limits | None = None
    rows: list[Row] = field(default_factory=list)

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows as they come, and tell each on the standard error."""
        for row in rows:
            self.rows.append(row)
            print(row.text(), file=sys.stderr, flush=True)

    def frame(self) -> pd.DataFrame:
        """One line for each contestant of each case; the setting is in its `attrs`."""
        found = pd.DataFrame([row.numbers(self.limits) for row in self.rows])
        found.attrs = dict(self.setting)
        return found


def write(frame: pd.DataFrame, path: Path) -> None:
    """As Parquet; the setting is kept among its metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)


def text(frame: pd.DataFrame) -> str:
    """The table for a terminal: the setting, then a line for each case, part by part."""
    lines = [f"{name}: {said}" for name, said in frame.attrs.items()]
    shown = frame[frame["series"] == ""]
    for part, found in shown.groupby("part", sort=False):
        peers = [name for name in dict.fromkeys(found["contestant"]) if name != OURS and found["ratio"].notna().any()]
        title = TITLES.get(str(part), str(part))
        head = [title, OURS, *peers, "aim"] if peers else [title, "", "aim"]
        if found["share_of_peak"].notna().any():
            head += ["of FMA peak", "of bandwidth"]
        body = [_line(case, rows, peers, len(head)) for case, rows in found.groupby("case", sort=False)]
        lines += ["", *_aligned([head, *body])]
    return "\n".join(lines)


def _line(case: object, rows: pd.DataFrame, peers: Sequence[str], columns: int) -> list[str]:
    by_name = rows.set_index("contestant")
    own = rows.iloc[0]
    cells = [str(case), Spread(own["median"], own["low"], own["high"]).text(_unit(own["unit"]))]
    for peer in peers:
        found = by_name.loc[peer] if peer in by_name.index else None
        cells.append(
            "-" if found is None else Spread(found["ratio"], found["ratio_low"], found["ratio_high"]).text("x")
        )
    sign = "x" if peers else _unit(own["unit"])
    cells.append(", ".join(f"{aim:g}{sign}" for aim in rows["target"].dropna()))
    if len(cells) < columns:
        shares = own["share_of_peak"], own["share_of_bandwidth"]
        peak, read = ("" if np.isnan(share) else f"{short(100 * share)} %" for share in shares)
        cells += [peak, f"{read} {own['level']}"]
    return cells


def _unit(name: str) -> str:
    """What follows a value: a space and the unit, but for a multiple."""
    return name if name in ("", "x") else f" {name}"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
