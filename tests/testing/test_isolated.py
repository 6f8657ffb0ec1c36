"""`optilab check`: the kit in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from optilab.cli.main import main
from optilab.testing.isolated import names_in, run


def plugin(tmp_path: Path, *functions: str) -> str:
    """A file with rules, from the text of their functions."""
    names = [text.partition("def ")[2].partition("(")[0] for text in functions]
    hook = f"\n\n@hookimpl\ndef optilab_optimizers():\n    return [{', '.join(names)}]\n"
    path = tmp_path / f"{names[0]}_plugin.py"
    path.write_text(
        '"""Rules."""\n\nfrom optilab import elementwise, hookimpl, vectorwise\n\n' + "\n\n".join(functions) + hook
    )
    return str(path)


GOOD = '@elementwise(lr=0.1)\ndef gentle(w, g, lr):\n    """Plain."""\n    w -= lr * g\n    return w\n'
ENDLESS = (
    '@vectorwise(lr=0.1)\ndef endless(w, g, lr):\n    """Never ends."""\n    k = 0\n    while k < 10:\n'
    "        w[0] -= lr * g[0]\n        if g[0] == 12345.0:\n            k += 1\n"
)
CLIMBING = '@elementwise(lr=0.1)\ndef climbing(w, g, lr):\n    """Climbs."""\n    w += lr * g\n    return w\n'


def test_good_and_bad_rules_of_a_file(tmp_path: Path) -> None:
    """Every optimizer of a file is checked, each under its name; the exit code says whether anything is broken."""
    told = CliRunner().invoke(main, ["check", plugin(tmp_path, GOOD, CLIMBING), "--examples", "5"])
    assert told.exit_code == 1
    good, bad = told.output.split("climbing\n")
    assert good.startswith("gentle\n")
    assert "✗" not in good
    assert "✓ Compiles in float32 and float64" in good
    assert "ns a weight" in good
    assert "✗ With a small enough step it descends on convex quadratics" in bad
    assert "1 broken" in bad


def test_a_good_rule_has_exit_code_zero(tmp_path: Path) -> None:
    """Nothing broken is success."""
    assert CliRunner().invoke(main, ["check", plugin(tmp_path, GOOD), "--examples", "3"]).exit_code == 0


def test_a_rule_that_never_returns_is_ended(tmp_path: Path) -> None:
    """After the time limit its process is killed, and the message names the rule, its line and what to do."""
    file = plugin(tmp_path, ENDLESS)
    names, files = names_in(file)
    verdicts = list(run(names[0], files, 5, 8))
    assert verdicts[-1].outcome == "broken"
    assert "did not come back within 8 s: look for a loop that never ends in endless" in verdicts[-1].detail
    assert f"({file}, line 5)" in verdicts[-1].detail
    assert "--time-limit" in verdicts[-1].detail


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    """A module that ends the process as it is imported is a broken property, with its last words."""
    names, files = names_in(plugin(tmp_path, GOOD))
    Path(files[0]).write_text("import sys\nsys.exit('gone')\n")
    (verdict,) = run(names[0], files, 5, 60)
    assert verdict.outcome == "broken"
    assert verdict.title == "Is imported"
    assert "SystemExit: gone" in verdict.detail


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("import sys\nsys.exit(0)\n", "SystemExit: 0"),
        ("import os\nos._exit(0)\n", "ended the process"),
        ("while True:\n    pass\n", "it was not imported within 8 s"),
    ],
)
def test_a_file_that_can_not_be_imported_alive(text: str, detail: str, tmp_path: Path) -> None:
    """A file that ends its process without an error, or never ends, is told and no success."""
    (tmp_path / "gone.py").write_text(text)
    told = CliRunner().invoke(main, ["check", str(tmp_path / "gone.py"), "--time-limit", "8"])
    assert told.exit_code in (1, 2), told.output
    assert detail in " ".join(told.output.split())


def test_a_check_that_ends_in_silence_is_broken(tmp_path: Path) -> None:
    """A process that ends with code 0 in the middle of a check has not passed it, whatever it has printed."""
    file = plugin(tmp_path, GOOD)
    names, files = names_in(file)
    with Path(file).open("a") as more:
        more.write(_ENDS_SOON)
    verdicts = list(run(names[0], files, 5, 60))
    assert verdicts[-1].outcome == "broken"
    assert verdicts[-1].detail.startswith("its process ended with code 0 before it was done")


_ENDS_SOON = """
import os, threading

print('{"done": true}', flush=True)
threading.Timer(0.5, os._exit, [0]).start()
"""
SHADOWS = ("numbers", "queue", "random", "json", "types", "optilab", "numpy")


@pytest.fixture
def shadowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with files that are called as modules are."""
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not that module')\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_check_imports_nothing_from_the_current_folder(shadowed: Path) -> None:
    """Files called numbers.py, queue.py or optilab.py beside the plugin are not taken for these modules."""
    file = plugin(shadowed, GOOD)
    told = CliRunner().invoke(main, ["check", file, "--examples", "2"])
    assert told.exit_code == 0, told.output


@pytest.mark.parametrize("at", ["", "here"])
def test_a_worker_imports_nothing_from_the_current_folder(
    at: str, shadowed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a worker, though the process that starts it looks into the current folder first."""
    from optilab.workers.process import WorkerProcess

    monkeypatch.setattr(sys, "path", [str(shadowed) if at else "", *sys.path])
    worker = WorkerProcess([])
    worker._hello = worker._answer() or {}
    worker.kill()
    assert worker._hello, "the worker did not begin"
