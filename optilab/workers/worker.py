"""A worker process: reads batches of runs as lines of JSON, and writes their outcomes to a file, run by run.

It ends as soon as its input does, so that no worker outlives the process that started it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import queue
import shutil
import threading
from pathlib import Path
from typing import IO, Any

from optilab.compiler import cache
from optilab.errors import InputError
from optilab.workers.environment import host, use_plugins, versions
from optilab.workers.maker import Maker
from optilab.workers.messages import OUTCOMES, Batch


def main() -> None:
    """Work until the input ends. Its first line names the folder for outcomes and the plugins to load."""
    faulthandler.enable()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    asked = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(2, 1)  # what a plugin prints must not be read as an answer,
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nor what it reads be a request
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    begin = json.loads(asked.readline())
    threading.Thread(target=_listen, args=(asked, lines, Path(begin["folder"])), daemon=True).start()

    def say(**answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")

    try:
        use_plugins(begin["plugins"])
    except InputError as error:
        say(refused=str(error))
        return
    say(ready=True, versions=versions(), host=host())
    maker = Maker(lambda busy: say(compiling=busy))
    with (Path(begin["folder"]) / OUTCOMES).open("r+b", buffering=0) as outcomes:
        while True:
            _work(maker, Batch.from_json(lines.get()), outcomes, say)


def _listen(asked: IO[str], lines: queue.SimpleQueue[str], folder: Path) -> None:
    """Queue incoming lines; end the process with the input. Compiled training releases the GIL, so even an endless run ends."""
    with contextlib.suppress(Exception):
        for line in asked:
            lines.put(line)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _work(maker: Maker, batch: Batch, outcomes: Any, say: Any) -> None:
    """Work on a batch. Each outcome is written before the next run begins, which may be the one that crashes."""
    compiled = cache.LOG.compiled
    outcomes.seek(0)
    outcomes.truncate()

    def heard(number: int) -> Any:
        def tell(run: Any) -> None:
            say(measured=number, values=run.log[-1].tolist())

        return tell

    try:
        for outcome in maker.make(batch, heard if batch.live else None):
            outcomes.write(outcome.pack())
    except InputError as error:
        say(refused=str(error))
        return
    except OSError as error:  # from the file of outcomes; one that a plugin raises is a result
        say(refused=f"a worker can't write what it makes: {error}")
        return
    say(done=True, compiled=cache.LOG.compiled - compiled)


if __name__ == "__main__":
    main()
