"""Plugins that misbehave in workers and as they are imported."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from plugins.misbehaving import EXPERIMENT

from optilab.cli.main import main
from optilab.errors import PluginWarning
from optilab.guarding.calls import OverdueError
from optilab.plugins import loading
from optilab.store import load
from optilab.workers import process, supervisor
from optilab.workers.messages import Batch, BatchRun

pytestmark = pytest.mark.usefixtures("impatient")


def test_a_worker_that_hangs_as_it_imports_a_plugin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that only does so in a worker ends the experiment with a message, and not for ever."""
    source = "import os\nif os.environ.get('NUMBA_NUM_THREADS') == '1':\n    while True:\n        pass\n"
    Path("hangs_in_a_worker.py").write_text(source, "utf-8")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    experiment = EXPERIMENT.format(problem='use = "bowl"', schedule="", sampler="sobol")
    Path("doors.toml").write_text(experiment, "utf-8")
    command = ["run", "doors.toml", "--plugin", "hangs_in_a_worker.py", "--workers", "1", "--quiet"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2, result.output
    assert "the import of plugin" in result.stderr
    assert "hangs_in_a_worker.py' did not come back within 4 s" in result.stderr


def test_a_worker_that_hangs_in_compiled_code_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that can't be interrupted from within is ended from without, and told."""
    monkeypatch.setattr(process, "START", 0.0)
    monkeypatch.setattr(process, "seconds", lambda: 0.01)
    watching = supervisor.Supervisor("s")
    with pytest.raises(
        OverdueError, match="a worker process, as it started and imported the plugins, did not come back"
    ):
        watching.work(Batch("s", {}, [], 0.5, None, False, [], [], [BatchRun(0, 0, "a")]))
    watching.close()


def test_loops_in_workers_are_failed_runs(tmp_path: Path) -> None:
    """A feedback schedule that loops at its third measurement: the run fails with a message, and the others go on."""
    Path("late.py").write_text(
        "from optilab import feedback, hookimpl\n\n\n@feedback()\ndef late():\n    yield 1.0\n    yield 1.0\n"
        "    while True:\n        pass\n\n\n@hookimpl\ndef optilab_schedules():\n    return [late]\n",
        "utf-8",
    )
    text = EXPERIMENT.format(problem='use = "bowl"', schedule='schedule = ["constant", "late"]', sampler="sobol")
    Path("doors.toml").write_text("measure = { steps = 1 }\n" + text, "utf-8")
    command = ["run", "doors.toml", "--plugin", "late.py", "--workers", "1", "--quiet"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1, result.output
    runs = load("results/doors").runs.set_index("schedule")
    assert runs["status"].to_dict() == {"constant": "budget", "late": "failed"}
    assert runs["message"]["late"].startswith("the schedule late did not come back within 4 s")


def test_an_installed_plugin_that_ends_its_process_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told in a warning, never imported here, and all else goes on."""
    info = tmp_path / "site" / "deadly-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "deadly.py").write_text("import os\nos._exit(0)\n", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: deadly\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[optilab]\ndeadly = deadly\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path / "site")
    loading.forget()
    with pytest.warns(PluginWarning, match="the import of plugin 'deadly' of deadly ended the process"):
        found = loading.registry()
    assert list(found.broken) == ["deadly"]
    assert "sgd" in found.optimizers
    loading.forget()
