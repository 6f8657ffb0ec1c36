"""The README: every block of it works as it stands."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import matplotlib.pyplot as plt
import pytest

from optilab.cli.main import main
from optilab.experiment.file import read
from optilab.experiment.grid import grid_of
from optilab.experiment.seeds import seeds_of
from optilab.plugins import loading

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A block of code: its language, what it says, and the name of the file that it is, if it is one."""

    kind: str
    text: str
    file: str | None


def blocks() -> list[Block]:
    """All blocks of the README, in order."""
    text = (ROOT / "README.md").read_text("utf-8")
    return [Block(match["kind"], match["text"], match["file"]) for match in BLOCK.finditer(text)]


def commands() -> list[list[str]]:
    """The words of every optilab command in the README."""
    lines = [line for block in blocks() if block.kind == "sh" for line in block.text.splitlines()]
    words = [shlex.split(part, comments=True) for line in lines for part in line.split("&&")]
    return [command[1:] for command in words if command[:1] == ["optilab"]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder like a checkout: the experiments, and the files that the README has the reader write."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    for block in blocks():
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, "utf-8")
    loading.forget()
    yield tmp_path
    loading.forget()
    plt.close("all")


def use_plugins(folder: Path) -> None:
    """Load the plugins that the README has the reader write."""
    for block in blocks():
        if block.file is not None and block.kind == "python":
            loading.use_file(folder / block.file)


def test_the_readme_shows_something() -> None:
    """There is a block to install with, an experiment and Python to read."""
    assert {"sh", "python", "toml"} <= {block.kind for block in blocks()}
    fences = re.findall(r"^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(fences) == 2 * len(blocks())


def test_every_python_block_runs(folder: Path) -> None:
    """Blocks of Python run in order, in one folder; those that are files are plugins for the blocks after them."""
    for block in blocks():
        if block.kind != "python":
            continue
        if block.file is not None:
            loading.use_file(folder / block.file)
            found = loading.registry()
            assert any(repr(str(folder / block.file)) in source for source in found.sources.values())
        else:
            exec(compile(block.text, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102


def test_every_experiment_validates(folder: Path) -> None:
    """Blocks of TOML are experiments whose every cell fits."""
    use_plugins(folder)
    for block in blocks():
        if block.kind == "toml":
            (folder / "block.toml").write_text(block.text, "utf-8")
            experiment = read(folder / "block.toml")
            assert grid_of(experiment).cells
            assert seeds_of(experiment, "evaluation")


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_exists(words: list[str]) -> None:
    """Commands of optilab name a command and options that it has, with as many arguments as it takes."""
    with main.make_context("optilab", list(words)) as context:
        name, command, rest = main.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None
        while isinstance(command, click.Group):
            name, command, rest = command.resolve_command(context, rest)
            assert command is not None
        with command.make_context(name, list(rest), parent=context) as made:
            assert made.params is not None


def test_every_command_in_the_text_exists() -> None:
    """Commands that are named in a sentence exist too."""
    text = BLOCK.sub("", (ROOT / "README.md").read_text("utf-8"))
    for name in re.findall(r"`optilab (\w+)", text):
        assert name in main.commands


def test_every_path_in_the_text_exists() -> None:
    """Files of the checkout that the README names are there."""
    text = (ROOT / "README.md").read_text("utf-8")
    for path in re.findall(r"`((?:experiments|plugins|docs|optilab)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path
    for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text):
        assert (ROOT / link.partition("#")[0]).exists(), link


def test_the_verdict_is_computed() -> None:
    """The verdict in the README is what the analysis says of the table beside the experiments, to the letter."""
    spec = importlib.util.spec_from_file_location("answers", ROOT / "experiments" / "answers" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    answers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(answers)
    assert answers.in_readme() == answers.verdict_text()
    assert answers.verdict_text().count("\n") > 10


def test_every_picture_is_there() -> None:
    """Pictures that the README shows are PNG files of the checkout, with a text for those who don't see them."""
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", (ROOT / "README.md").read_text("utf-8"))
    assert pictures
    for text, path in pictures:
        assert len(text) > 20
        assert (ROOT / path).read_bytes().startswith(b"\x89PNG")
