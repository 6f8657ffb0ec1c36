"""What plugins print, raise and say, whatever characters it has."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugins.misbehaving import EXPERIMENT

from optilab.errors import InputError
from optilab.guarding import calls
from optilab.workers.messages import lost, unpack

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.mark.parametrize(
    "command", [["list", "--json"], ["run", "doors.toml", "--quiet", "--json", "--executor", "inline"]]
)
def test_json_is_alone_on_stdout(command: list[str]) -> None:
    """What a plugin prints without Python, or another process for it, goes to the standard error."""
    Path("loud.py").write_text("import os, sys\nos.write(1, b'loud')\nos.system('echo loud')\nprint('loud')\n", "utf-8")
    experiment = EXPERIMENT.format(problem='use = "bowl"', schedule="", sampler="sobol")
    Path("doors.toml").write_text(experiment, "utf-8")
    optilab = [sys.executable, "-c", "from optilab.cli.main import main; main()"]
    done = subprocess.run([*optilab, *command, "--plugin", "loud.py"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)
    assert done.stderr.count("loud") == 3


def test_the_output_is_given_back_when_blocks_overlap() -> None:
    """Two threads in plugin code at the same time leave the standard output as it was."""
    output, inside, go_on = sys.stdout, threading.Event(), threading.Event()

    def other() -> None:
        with calls.Contained():
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=other)
    with calls.Contained():
        thread.start()
        inside.wait(10)
        assert sys.stdout is sys.stderr
    assert sys.stdout is sys.stderr
    go_on.set()
    thread.join()
    assert sys.stdout is output


@given(message=st.text(st.characters(), max_size=20))
def test_any_message_of_a_plugin_can_be_stored(message: str) -> None:
    """Whatever characters it holds, it goes through bytes and into a table; what UTF-8 can hold stays as it is."""
    (back,) = unpack(lost("failed", message, message).pack())
    assert pa.array([back.message, back.traceback]).to_pylist() == [back.message] * 2
    if not any("\ud800" <= c <= "\udfff" for c in message):
        assert back.message == message


class Mute(Exception):  # noqa: N818
    """An exception without a text."""

    def __str__(self) -> str:
        raise RuntimeError


def test_exceptions_are_described_whatever_they_are() -> None:
    """One whose text can't be had, one without a text, and one of a million letters."""
    assert calls.described(Mute()) == "Mute: (its text can't be had)"
    assert calls.described(ValueError()) == "ValueError"
    assert len(calls.described(ValueError("a" * 10**6))) < 5000


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon", ""])
def test_the_patience_with_plugins_is_a_number(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything else is told with the variable's name."""
    monkeypatch.setenv("OPTILAB_PLUGIN_SECONDS", value)
    with pytest.raises(InputError, match=r"OPTILAB_PLUGIN_SECONDS = .*: accepted is a number above zero"):
        calls.seconds()
