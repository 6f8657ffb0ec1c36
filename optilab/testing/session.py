"""The kit in a process of its own, so that a rule that never returns, or takes its process down, is told and ended.

The process prints a line of JSON when it begins with a property, and another with the verdict.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import IO

from optilab.errors import InputError
from optilab.lookup import get_optimizer
from optilab.plugins import registry, use_file
from optilab.rules import Rule
from optilab.testing.kit import CHECKS, Verdict, check

_MARK = "optilab-check "


def names_in(plugin: str) -> tuple[list[str], list[str]]:
    """The optimizers that `plugin` means, and the files to be used: a FILE.py, a plugin's name, an optimizer or a chain.

    InputError if there is none.
    """
    if plugin.endswith(".py"):
        before = set(registry().optimizers)
        use_file(plugin)
        names = [name for name in registry().optimizers if name not in before]
        if not names:
            raise InputError(
                f"the plugin {plugin!r} registers no optimizer: does its hook optilab_optimizers return one?"
            )
        return names, [plugin]
    found = registry()
    of_plugin = [n for n in found.optimizers if f"'{plugin}'" in found.sources["optimizers", n]]
    if plugin not in found.optimizers and of_plugin:
        return of_plugin, []
    get_optimizer(plugin)
    return [plugin], []


def run(name: str, files: Sequence[str], examples: int, time_limit: float) -> Iterator[Verdict]:
    """Verdicts on the optimizer `name`, as they are found; the last one says so where the process had to be ended.

    time_limit: seconds for each property.
    """
    command = [sys.executable, "-m", "optilab.testing.session", name, str(examples), *files]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 our own
    assert process.stdout is not None
    assert process.stderr is not None
    lines: queue.Queue[str | None] = queue.Queue()
    said: list[str] = []
    listeners = [
        threading.Thread(target=_forward, args=(process.stdout, lines), daemon=True),
        threading.Thread(target=said.extend, args=(process.stderr,), daemon=True),
    ]
    for listener in listeners:
        listener.start()
    title = next(iter(CHECKS))
    try:
        while True:
            line = lines.get(timeout=time_limit)
            if line is None:
                break
            if line.startswith(_MARK):
                told = json.loads(line.removeprefix(_MARK))
                title = told["title"]
                if "outcome" in told:
                    yield Verdict(**told)
    except queue.Empty:
        rules = " or ".join(_where(rule) for rule in get_optimizer(name).rules)
        yield Verdict(
            title,
            "broken",
            f"it did not come back within {time_limit:g} s: look for a loop that never ends in {rules}, or give it "
            "longer with --time-limit",
        )
        return
    finally:
        process.kill()
        code = process.wait()
        for listener in listeners:
            listener.join()
        process.stdout.close()
        process.stderr.close()
    if code != 0:
        words = [line.strip() for line in said if any(letter.isalpha() for letter in line)]
        last = words[-1] if words else ""
        yield Verdict(title, "broken", f"its process ended with code {code}" + (f": {last}" if last else ""))


def _where(rule: Rule) -> str:
    code = rule.function.__code__
    return f"{rule.name} ({code.co_filename}, line {code.co_firstlineno})"


def _forward(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _tell(**what: str) -> None:
    print(_MARK + json.dumps(what), flush=True)


def main(name: str, examples: str, *files: str) -> None:
    """Run the kit, in the process that was made for it."""
    for file in files:
        use_file(file)
    for verdict in check(get_optimizer(name), int(examples), begun=lambda title: _tell(title=title)):
        _tell(**asdict(verdict))


if __name__ == "__main__":
    main(*sys.argv[1:])
