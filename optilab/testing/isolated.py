"""Checks in a separate process, so that code that never returns or crashes is reported as a verdict.

The process writes a line of JSON when it begins with a property, another with the verdict, and one at its end. If it ends
without that last line it has crashed, whatever its exit code says.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import IO, Any

from optilab.errors import InputError
from optilab.guarding.children import python
from optilab.plugins.loading import use_file
from optilab.testing import subjects
from optilab.testing.subject import ViolationError
from optilab.testing.verdicts import Verdict

_IMPORTED = "Is imported"
_TIME_LIMIT = 60.0


def check_all(
    plugin: str, files: Sequence[str], examples: int, time_limit: float
) -> Iterator[tuple[str, Iterable[Verdict]]]:
    """Each name that `plugin` means, with the verdicts on it; or one broken verdict if the import crashes or never returns.

    files: of more plugins. InputError if nothing is meant.
    """
    try:
        names, own = names_in(plugin, files, time_limit)
    except ViolationError as violation:
        yield plugin, [Verdict(_IMPORTED, "broken", str(violation))]
        return
    for name in names:
        yield name, run(name, [*files, *own], examples, time_limit)


def names_in(plugin: str, files: Sequence[str] = (), time_limit: float = _TIME_LIMIT) -> tuple[list[str], list[str]]:
    """What `plugin` means, as `subjects.names_in`; with plugins in more files.

    time_limit: in seconds, for the import of all plugins. InputError as for `subjects.names_in`; ViolationError if an import
    takes longer, or ends the process.
    """
    for told in _told(["names", plugin, *files], time_limit):
        if "refused" in told:
            raise InputError(told["refused"])
        if "names" in told:
            return told["names"], told["files"]
        if "silent" in told:
            raise ViolationError(f"it was not imported within {time_limit:g} s")
        if "code" in told:
            raise ViolationError(f"{_ended(told)}, while plugins were imported")
    raise AssertionError


def run(name: str, files: Sequence[str], examples: int, time_limit: float) -> Iterator[Verdict]:
    """Verdicts on `name`, as they are found; the last one says so if the process had to be ended, or crashed.

    name: one of `names_in`. time_limit: seconds for each property.
    """
    title, where = _IMPORTED, "what its module runs"
    for told in _told(["verdicts", name, str(examples), *files], time_limit):
        title, where = told.get("title", title), told.get("where", where)
        if "outcome" in told:
            yield Verdict(**told)
        elif "refused" in told:
            yield Verdict(title, "broken", told["refused"])
        elif "silent" in told:
            yield Verdict(
                title,
                "broken",
                f"it did not come back within {time_limit:g} s: look for a loop that never ends in {where}, or give it "
                "longer with --time-limit",
            )
        elif "code" in told:
            yield Verdict(title, "broken", _ended(told))


def _ended(told: dict[str, Any]) -> str:
    code, words = told["code"], told["words"]
    early = " before it was done" if code == 0 else ""
    return f"its process ended with code {code}{early}" + (f": {words}" if words else "")


def _told(arguments: list[str], time_limit: float) -> Iterator[dict[str, Any]]:
    """What the process writes, line by line; if it doesn't finish, then that it was silent, or its exit code."""
    command = [*python("from optilab.testing.isolated import main; main(*sys.argv[1:])"), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)  # noqa: S603
    assert process.stdout is not None
    assert process.stderr is not None
    lines: queue.Queue[bytes | None] = queue.Queue()
    said: list[bytes] = []
    listeners = [
        threading.Thread(target=_forward, args=(process.stdout, lines), daemon=True),
        threading.Thread(target=said.extend, args=(process.stderr,), daemon=True),
    ]
    for listener in listeners:
        listener.start()
    silent = False
    try:
        while (line := lines.get(timeout=time_limit)) is not None:
            told = json.loads(line)
            if "done" in told:
                return
            yield told
    except queue.Empty:
        silent = True
    finally:
        if silent or sys.exc_info()[0] is not None:
            process.kill()
        code = _wait(process)
        for listener in listeners:
            listener.join()
        process.stdout.close()
        process.stderr.close()
    if silent:
        yield {"silent": True}
    else:
        text = b"".join(said).decode("utf-8", "replace")
        words = [line.strip() for line in text.splitlines() if any(letter.isalpha() for letter in line)]
        yield {"code": code, "words": words[-1] if words else ""}


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that has closed its output; it is killed if it goes on."""
    try:
        return process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _forward(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def main(what: str, name: str, *rest: str) -> None:
    """Answer in the separate process: "names" of a plugin, or "verdicts" on a name."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what plugins print must not be read as an answer

    def tell(**told: Any) -> None:
        channel.write(json.dumps(told) + "\n")
        channel.flush()

    examples, files = (0, rest) if what == "names" else (int(rest[0]), rest[1:])
    try:
        for file in files:
            use_file(file)
        if what == "names":
            names, used = subjects.names_in(name)
            tell(names=names, files=used)
        else:
            kit = subjects.kit_named(name, examples)
            tell(where=kit.where)
            for verdict in kit.verdicts(begun=lambda title: tell(title=title)):
                tell(**asdict(verdict))
    except InputError as error:
        tell(refused=str(error))
    tell(done=True)
