"""How fast optilab is, as one table.

    python experiments/speed
    python experiments/speed --only one-run functions --quick
    python experiments/speed --only grid --like "16-16, sgd, B = 32"

It compares epochs with JAX and PyTorch (`pip install -e '.[peers]'`; what is missing is left out) on one core, measures what
measuring, steps on plain functions and tiny runs cost, and how time grows with the work. Each row stands beside the core's own
limits. Contestants do the same work, checked by the cost at its end, in interleaved rounds of CPU time in this process. The table is
printed, and written to OUT/speed.parquet, with pictures beside it. With --quick a part takes about a minute; all of it
takes half an hour to an hour on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from speed import setting
from speed.cases import PARTS

if TYPE_CHECKING:
    from speed.table import Row


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(
        prog="experiments/speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5); slow contestants do 3")
    parser.add_argument(
        "--like", default="", metavar="TEXT", help="only networks in whose name TEXT is: 'adam, B = 32'"
    )
    parser.add_argument("--quick", action="store_true", help="small cases only")
    parser.add_argument("--out", type=Path, default=Path("results") / "speed", help="folder (results/speed)")
    parser.add_argument(
        "--coretype", help="OPENBLAS_CORETYPE for this process, '' for none; the environment's by default"
    )
    chosen = parser.parse_args(given)
    if chosen.rounds < 1:
        parser.error("--rounds must be at least 1")
    return chosen


def rows_of(part: str, rounds: int, quick: bool, like: str, unequal: list[str]) -> Iterator[Row]:
    """The rows of a part, as they are measured.

    like: what is in the names of networks that are compared. unequal: is told of cases that are left out because the work differs.
    """
    from speed import functions, growth, measuring
    from speed.cases import cases
    from speed.compare import compared
    from speed.timing import UnequalWorkError

    if part not in ("one-run", "grid", "dense"):
        yield from {"measuring": measuring, "functions": functions, "growth": growth}[part].rows(rounds, quick)
        return
    for case in cases(part, quick):
        if like in case.name:
            try:
                yield from compared(case, rounds)
            except UnequalWorkError as error:
                unequal.append(f"{part}: {case.name}: {error}")


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print, write. SystemExit if contestants did different work in some case, which is left out."""
    chosen = arguments(given)
    setting.one_thread(chosen.coretype)
    from speed import limits, peers, picture, table

    if sentence := peers.missing_sentence():
        print(sentence, file=sys.stderr)
    made, unequal = table.Table(setting.described()), list[str]()
    with setting.cores(1):
        made.limits, rows = limits.measured(chosen.rounds, chosen.quick)
        made.add(rows)
        for part in chosen.only:
            for row in rows_of(part, chosen.rounds, chosen.quick, chosen.like, unequal):
                made.add([row])
                table.write(made.frame(), chosen.out / "speed.parquet")  # so that what fails later takes nothing along
    print(table.text(made.frame()))
    print(*("", chosen.out / "speed.parquet", *picture.draw(made.frame(), chosen.out)), sep="\n")
    if unequal:
        raise SystemExit("\n".join(["left out, as the work differs:", *unequal]))


if __name__ == "__main__":
    main()
