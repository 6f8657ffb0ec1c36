"""`optilab status` and `optilab replay`: runs done and missing; one run repeated and compared."""

from __future__ import annotations

import json
from pathlib import Path

from optilab.cli.outlets import say
from optilab.runner.progress import Progress, status_of
from optilab.runner.replay import Replay, replay
from optilab.texts import counted, printable

_TOLD = 20  # failures that are shown one by one


def show_status(folder: Path, *, as_json: bool) -> None:
    """Print the status of a results folder. InputError if it is none."""
    status = status_of(folder)
    if as_json:
        say(json.dumps(_as_json(status), indent=2, allow_nan=False))
        return
    done = status.wanted - status.missing
    yet = "; others are chosen once these are there" if status.more else ""
    say(f"{counted(status.wanted, 'run')} wanted: {done} done, {status.missing} missing{yet}")
    for name, count in status.statuses.items():
        say(f"  {count} {name}")
    if status.stale is None:
        say(f"Whether some are stale can't be told: {status.why}")
    else:
        say(f"{status.stale} stale, made by other code than today's")
    if status.others:
        say(f"{counted(status.others, 'other run')}, that the experiment doesn't want any more")
    for row in status.failed.head(_TOLD).to_dict("records"):
        say(f"{row['status']}: {printable(row['label'])}, seed {row['seed']}, run {row['run_id']}: {row['message']}")
    if len(status.failed) > _TOLD:
        say(f"and {len(status.failed) - _TOLD} more that failed")


def _as_json(status: Progress) -> dict[str, object]:
    columns = ["run_id", "label", "seed", "status", "message", "traceback"]
    return {
        "wanted": status.wanted,
        "done": status.wanted - status.missing,
        "missing": status.missing,
        "more_to_choose": status.more,
        "stale": status.stale,
        "statuses": dict(status.statuses),
        "others": status.others,
        "failed": json.loads(status.failed[columns].to_json(orient="records")),
    }


def show_replay(folder: Path, identity: str) -> int:
    """Repeat a run and print the differences; returns 0 if it is identical, else 1.

    InputError if there is no such run, or it can't be repeated.
    """
    made = replay(folder, identity)
    say(f"{printable(made.label)}, seed {made.seed}, run {made.run_id}: {_verdict(made)}")
    for name, (before, now) in made.changed.items():
        say(f"  {name}: {before} then, {now} now")
    if not made.identical and not made.changed:
        say("  code, versions and host are the same")
    return 0 if made.identical else 1


def _verdict(made: Replay) -> str:
    if made.identical:
        same = f"all {made.measurements} measurements are identical, bit for bit"
        return (
            f"{same}, and it failed as it did then: {printable(made.message[0])}" if "failed" in made.status else same
        )
    if made.difference is None and made.status[0] == made.status[1]:
        return f"it failed then with {printable(made.message[0])}, and now with {printable(made.message[1])}"
    if made.difference is None:
        why = f": {printable(made.message[1])}" if made.message[1] else ""
        return f"it ended as {made.status[0]} then, as {made.status[1]} now{why}"
    d = made.difference
    return f"differs first at step {d.step} in {d.column}: {d.before!r} then, {d.now!r} now"
