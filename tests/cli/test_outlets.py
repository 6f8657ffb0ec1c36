"""Output that is JSON, full, closed, narrow or not read: no result is lost."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli.nasty import NASTY, RUN, TINY

from optilab import store
from optilab.cli import outlets

pytestmark = pytest.mark.usefixtures("noisy")


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell, in which $OPTILAB is the command."""
    program = f'"{sys.executable}" -m optilab_under_test'
    Path("optilab_under_test.py").write_text("from optilab.cli.main import main\nmain(prog_name='optilab')\n", "utf-8")
    given = {**os.environ, "OPTILAB": program, **environment}
    return subprocess.run(
        ["bash", "-c", command.replace("$OPTILAB", program)], capture_output=True, env=given, check=False
    )


@pytest.mark.parametrize("how", ["--executor inline", "--workers 1"])
def test_json_stays_json(how: str) -> None:
    """Whatever a plugin prints, or writes to the file descriptor, in any process, goes to the standard error; so do notes."""
    done = shell(f"$OPTILAB run nasty.toml --plugin noisy_in_file.py --json {how}")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout, parse_constant=pytest.fail)
    assert found["statuses"] == {"budget": 2, "failed": 1}
    assert {row["label"] for row in found["comparison"]} == {NASTY, "fails"}
    for text in (b"printed at import", b"written at import", b"printed by a run", b"written by a run"):
        assert text in done.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"$OPTILAB {RUN} >/dev/full", 74),
        (f"$OPTILAB {RUN} >&-", 0),
        (f"$OPTILAB {RUN} >&- 2>&- <&-", 0),
        (f"$OPTILAB {RUN} 2>/dev/full", 0),
        (f"$OPTILAB {RUN} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}", 0),
        ("$OPTILAB list | true; exit ${PIPESTATUS[0]}", 0),
        ("$OPTILAB --help >/dev/full", 74),
    ],
)
def test_output_that_can_not_be_written_costs_no_result(noisy: Path, line: str, code: int) -> None:
    """Where the output is full, closed or not read: all runs are there, no traceback, and 74 is for what was lost."""
    done = shell(line)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert (b"can't write to the standard output: No space left" in done.stderr) == (code == 74)
    if RUN in line:
        assert len(store.load("results/tiny").runs) == 2
        assert (noisy / "results" / "tiny" / "convergence.png").stat().st_size > 1000


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_narrow_encoding_loses_nothing(noisy: Path, encoding: str) -> None:
    """What an encoding lacks is written as an escape sequence, the rest as it is."""
    (noisy / "tiny.toml").write_text(
        TINY.replace("seeds = 1", "seeds = 2").replace('"bowl"', '"bowl", start = "random"'), "utf-8"
    )
    done = shell(f"$OPTILAB {RUN}", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    ways = {"ascii": r"Gr\xf6\xdfe x \xe9 \u5b57", "cp1252": r"Größe × é \u5b57"}
    assert ways[encoding] in text
    assert "4 runs made" in text
    assert "Median over 2 seeds" in text


def test_a_notebook_without_bytes_behind_its_output_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that only take text, and none at all, are written to as they are."""
    text_only = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text_only)
    with outlets.outlets():
        outlets.say("héllo \x1b[31m")
    assert text_only.getvalue() == "héllo \\x1b[31m\n"
    monkeypatch.setattr(sys, "stdout", None)
    with outlets.outlets() as streams:
        outlets.say("nobody hears")
    assert streams.exit_code(1) == 1


@pytest.fixture
def failing_stream() -> Any:
    """A stream that takes two writes and is full then."""

    class Bytes(io.BytesIO):
        def write(self, data: Any, /) -> int:
            if len(self.getvalue()) > 5:
                raise OSError(28, "No space left on device")
            return super().write(data)

    return io.TextIOWrapper(Bytes(), "utf-8")


def test_the_exit_code_of_a_failure_outweighs_lost_output(
    failing_stream: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """74 is in the place of success alone."""
    monkeypatch.setattr(sys, "stdout", failing_stream)
    with outlets.outlets() as streams:
        for _ in range(5):
            outlets.say("some text")
        assert streams.exit_code(0) == 74
        assert streams.exit_code(None) == 74
        assert streams.exit_code(1) == 1
    assert capsys.readouterr().err.count("can't write to the standard output: No space left on device") == 3


@pytest.mark.parametrize("line", ["help", "help run", "help cache info", "-h", "run -h"])
def test_help_is_the_output(line: str) -> None:
    """What was asked for goes to the standard output, where a pager or a file takes it."""
    done = shell(f"$OPTILAB {line}")
    assert b"Usage: optilab" in done.stdout
    assert done.stderr == b""
