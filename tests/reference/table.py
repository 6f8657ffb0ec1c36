"""How closely each optimizer follows its references: python tests/reference/table.py

One row an optimizer, with the cases that it occurs in: how many, of which libraries, and the largest relative deviation, beside the
largest that is allowed.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from reference.case import families


def main() -> None:
    """Print the table."""
    rows: dict[str, list[tuple[str, float, float]]] = {}
    for listed in families().values():
        for case in listed:
            source = "twin" if case.reference.is_twin else case.reference.text.partition("(")[0]
            deviation = case.deviation()
            for name in dict.fromkeys(part.partition(" on ")[0].strip() for part in case.optimizer.split("|")):
                rows.setdefault(name, []).append((source, deviation, case.rtol))
    for name, found in sorted(rows.items()):
        sources = ", ".join(dict.fromkeys(source for source, _, _ in found))
        worst = max((deviation for _, deviation, rtol in found if rtol <= 1e-10), default=0.0)
        looser = [f"{deviation:.0e} <= {rtol:.0e}" for _, deviation, rtol in found if rtol > 1e-10]
        more = f"; looser, with a reason: {', '.join(looser)}" if looser else ""
        print(f"{name:<28} {len(found):>3} cases, worst {worst:.0e}{more}; {sources}")


if __name__ == "__main__":
    main()
