"""What the commands show: nothing of it acts on a terminal, and text is shown to the letter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.nasty import NASTY, RUN_NASTY, SHOWN
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from optilab.cli.table import TableColumn, fitting
from optilab.cli.terminal import Terminal, name
from optilab.cli.verdicts import print_verdicts
from optilab.testing.verdicts import Verdict
from terminals import call, printed

pytestmark = pytest.mark.usefixtures("noisy")


def acts_on_a_terminal(text: str) -> list[str]:
    """Characters that a terminal would act on."""
    return [c for c in text if not c.isprintable() and c != "\n"]


@given(st.text() | st.sampled_from([NASTY, "[red]", ":smile:", "\r\x1b]0;title\x07"]))
def test_no_text_acts_on_a_terminal(text: str) -> None:
    """As a string, a cell, a name or piece of rich's text: no control character is left, and no markup is followed."""
    for thing in (text, name(text), Text(text), fitting([TableColumn("c")], [[name(text)]], 300)):
        assert not acts_on_a_terminal(printed(thing))
    if text.isascii() and text.isprintable() and text.strip() and len(text) < 60:
        assert text in printed(text)
        assert text in printed(name(text))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (RUN_NASTY, 1),
        (("run", "nasty.toml", "--plugin", "noisy_in_file.py", "--dry-run"), 0),
        (("status", "results/nasty", "--plugin", "noisy_in_file.py"), 0),
        (("show", "\x1b[31madam"), 2),
        (("run", "\x1b[2J.toml"), 2),
        (("run", "nasty.toml", "--set", "optimizers.0.use=\x1b[31mx"), 2),
        (("run", "nasty.toml", "--set", "\x1b[2J"), 2),
        (("\x1b[31mrun",), 2),
        (("plot", "results/nasty", "\x1b[31m"), 2),
        (("replay", "results/nasty", "\x1b[31m"), 2),
        (("merge", "results/nasty", "\x1b[31m"), 2),
    ],
)
def test_no_command_writes_what_acts_on_a_terminal(
    both_made: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int
) -> None:
    """Labels, questions, messages, statuses, names of files and of whatever is not known are shown escaped."""
    monkeypatch.chdir(both_made)
    result = call(*arguments, code=code)
    assert not acts_on_a_terminal(result.stdout + result.stderr)


def test_labels_and_messages_are_shown_to_the_letter() -> None:
    """The question, the label in the table and the message of a failure stand there with their brackets."""
    text = call(*RUN_NASTY, code=1).stdout
    assert f"What of {SHOWN}?\nAnd this?\n" in text
    assert any(line.strip().startswith(SHOWN[:59]) for line in text.splitlines())
    assert r"RuntimeError: odd \x1b[31mmessage\x1b[2J \x9b" in text
    assert r"odd \x1b[31mmessage\x1b[2J \x9b" in call("status", "results/nasty", "--plugin", "noisy_in_file.py").stdout


def test_verdicts_are_printed_to_the_letter() -> None:
    """What the kit found is printed without following markup in it; the number of broken properties comes back."""
    verdicts = [Verdict("One [b]", "holds", NASTY), Verdict(NASTY, "broken", NASTY), Verdict("Two", "not asked")]
    terminal = Terminal()
    with terminal.capture() as captured:
        assert print_verdicts(NASTY, verdicts, terminal) == 1
    text = captured.get()
    assert not acts_on_a_terminal(text)
    assert text.count(SHOWN) == 4
    assert "1 hold, 1 broken" in text


def test_json_of_all_commands_is_json(both_made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a plugin that prints, and values that JSON doesn't have."""
    monkeypatch.chdir(both_made)
    for arguments in (("status", "results/nasty", "--json"), ("list", "--json")):
        json.loads(call(*arguments, "--plugin", "noisy_in_file.py").stdout, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("shwo",), "unknown command 'shwo': did you mean 'show'"),
        (("show", "adamm"), "did you mean 'adam' or "),
        (("show", "zzzzzz"), "known are "),
        (("plot", "results/tiny", "convergance"), "did you mean 'convergence'"),
        (("plot", "results/tiny", "--x", "epochs"), "did you mean 'epoch'"),
        (("plot", "results/tiny", "--y", "trian_cost"), "did you mean 'train_cost'"),
        (("run", "tiny.toml", "--executor", "locall"), "did you mean 'local'"),
        (("run", "tiny.toml", "--log", "tensorbord"), "did you mean 'tensorboard'"),
        (("run", "tiny.toml", "--rerun", "stael"), "stale"),
        (("curve", "cosin"), "did you mean 'cosine'"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(
    both_made: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    """Three at the most, of however many there are."""
    monkeypatch.chdir(both_made)
    message = call(*arguments, code=2).stderr
    assert told in message
    assert len(message) < 400
