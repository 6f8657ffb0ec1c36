"""`optilab new`: plugins that pass the kit as they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from optilab import InputError
from optilab.cli.main import main
from optilab.cli.scaffold import write_file, write_package


def test_a_new_file_passes_the_kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`optilab new --file` writes a plugin that `optilab check` finds nothing wrong with."""
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(main, ["new", "wobble", "--file"])
    assert told.exit_code == 0, told.output
    assert told.output.splitlines()[0] == "wobble.py"
    assert CliRunner().invoke(main, ["check", "wobble.py", "--examples", "3"]).exit_code == 0


def test_a_new_package_passes_its_own_tests(tmp_path: Path) -> None:
    """`optilab new` writes a package whose tests pass as they are written, and that is no plugin before it is installed."""
    paths = {str(path.relative_to(tmp_path)) for path in write_package("spring_step", tmp_path)}
    folder = tmp_path / "optilab-spring-step"
    assert paths == {
        f"optilab-spring-step/{name}"
        for name in (
            "pyproject.toml",
            "README.md",
            "optilab_spring_step/__init__.py",
            "optilab_spring_step/spring_step.py",
            "tests/test_spring_step.py",
        )
    }
    assert 'optilab_spring_step = "optilab_spring_step.spring_step"' in (folder / "pyproject.toml").read_text()
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=_path_to(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout


def _path_to(folder: Path) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("3x", "'3x' can't name an optimizer"),
        ("My-Rule", "'My-Rule' can't name an optimizer"),
        ("sgd", "there is an optimizer 'sgd' already, from plugin 'gradient_descent'"),
        ("../x", "can't name an optimizer"),
        ("class", "can't name an optimizer"),
    ],
)
def test_names_that_a_new_plugin_can_not_have(name: str, message: str, tmp_path: Path) -> None:
    """A name must be that of a function, and not be taken; nothing is written otherwise."""
    with pytest.raises(InputError, match=message):
        write_package(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """What is there already is left as it is."""
    (tmp_path / "wobble.py").write_text("mine")
    with pytest.raises(InputError, match=r"wobble.py' exists, and is left as it is"):
        write_file("wobble", tmp_path)
    assert (tmp_path / "wobble.py").read_text() == "mine"
