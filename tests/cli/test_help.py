"""Help, and optilab as a module."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

import optilab
from optilab.cli.main import main


def test_optilab_is_a_module_that_runs() -> None:
    """`python -m optilab` is the command."""
    done = subprocess.run([sys.executable, "-m", "optilab", "-V"], capture_output=True, text=True, check=True)
    assert done.stdout == f"optilab, version {optilab.__version__}\n"


@pytest.mark.parametrize("words", [[], ["run"], ["cache"], ["cache", "info"]])
def test_help_is_a_command_too(words: list[str]) -> None:
    """`optilab help run` says what `optilab run --help` does."""
    one, other = (
        CliRunner().invoke(main, given, prog_name="optilab") for given in (["help", *words], [*words, "--help"])
    )
    assert one.exit_code == other.exit_code == 0
    assert one.output == other.output


def test_help_on_what_is_not_a_command() -> None:
    """Offers the nearest."""
    done = CliRunner().invoke(main, ["help", "rnu"])
    assert done.exit_code == 2
    assert "unknown command 'rnu': did you mean 'run'" in done.output
