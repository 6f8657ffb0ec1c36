"""Results that came from somebody else: what they name on the disk isn't read, and what they ask for isn't done without bound."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from optilab.cli.main import main
from optilab.errors import InputError
from optilab.experiment.cell import stored_plan
from optilab.experiment.experiment import Experiment
from optilab.figures import draw as drawing
from optilab.runner.progress import status_of
from optilab.runner.remaking import made_again, time_limit
from optilab.runner.replay import replay
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results, load
from optilab.store.parts import digest_of

draw = partial(drawing.draw, train_again=made_again)


def data(path: Path) -> Path:
    """Small images of two classes."""
    stream = np.random.default_rng(0)
    y = np.arange(40) % 2
    np.savez(path, x_train=stream.random((40, 3, 3)) + y[:, None, None], y_train=y)
    return path


def made(folder: Path, path: Path, **changes: Any) -> Results:
    """The results of a network on a file."""
    given = {
        "name": "e",
        "budget": {"steps": 10},
        "problem": {"use": "network", "dataset": {"path": str(path)}, "hidden": [2]},
        "optimizers": [{"use": "sgd", "lr": 0.1, "batch_size": 5}],
    }
    return run_experiment(Experiment.model_validate({**given, **changes}), folder, Way("inline"))


def with_spec(folder: Path, change: Callable[[dict[str, Any]], Any]) -> str:
    """Give the runs of a folder another spec, as if they had been made like that; the run_id of one."""
    (path,) = (folder / "runs").glob("*.parquet")
    rows = pq.read_table(path)
    specs = [change(json.loads(spec)) for spec in rows.column("spec").to_pylist()]
    texts = pa.array([spec if isinstance(spec, str) else json.dumps(spec) for spec in specs], pa.string())
    buffer = io.BytesIO()
    pq.write_table(rows.set_column(rows.column_names.index("spec"), "spec", texts), buffer)
    path.unlink()
    path.with_name(f"{path.name[:18]}{digest_of(buffer.getvalue())}.parquet").write_bytes(buffer.getvalue())
    return str(rows.column("run_id")[0])


@pytest.fixture
def received(tmp_path: Path) -> Path:
    """A folder whose runs name a file that lies outside of it, and that nobody has named here."""
    (tmp_path / "theirs").mkdir()
    made(tmp_path / "theirs" / "r", data(tmp_path / "theirs" / "data.npz"))
    shutil.copytree(tmp_path / "theirs" / "r", tmp_path / "mine" / "r")
    data(tmp_path / "mine" / "data.npz")
    return tmp_path / "mine" / "r"


def test_files_outside_are_not_read(received: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither status nor replay nor a picture opens them; what needs them says so, and how to have them read: no usual picture does."""
    opened: list[str] = []
    real = io.open

    def noted(file: Any, *given: Any, **named: Any) -> Any:
        opened.append(str(file))
        return real(file, *given, **named)

    monkeypatch.setattr(io, "open", noted)
    monkeypatch.setattr("builtins.open", noted)
    told = "lies outside the results folder, and no experiment that was run here has named it; .* --trust reads it"
    status = status_of(received)
    assert status.stale is None
    with pytest.raises(InputError, match=told):
        replay(received, load(received).runs["run_id"][0])
    with pytest.raises(InputError, match=told):
        draw(load(received), ("digits",))
    said: list[str] = []
    assert [path.name for path in draw(load(received), tell=said.append)][:1] == ["convergence.png"]
    assert not [reason for reason in said if "outside" in reason]
    assert not [path for path in opened if path.endswith("data.npz")]


def test_a_person_can_have_them_read(received: Path) -> None:
    """With --trust once; afterwards the file is known."""
    run = load(received).runs["run_id"][0]
    refused = CliRunner().invoke(main, ["replay", str(received), run])
    assert (refused.exit_code, "--trust" in refused.output) == (2, True)
    assert "can't be told: the dataset" in CliRunner().invoke(main, ["status", str(received)]).output
    for arguments in (["replay", str(received), run, "--trust"], ["replay", str(received), run]):
        done = CliRunner().invoke(main, arguments)
        assert (done.exit_code, "identical, bit for bit" in done.output) == (0, True), done.output
    assert status_of(received).stale == 0


def test_files_that_an_experiment_here_has_named_are_read(tmp_path: Path) -> None:
    """Nobody is asked about results of their own."""
    results = made(tmp_path / "r", data(tmp_path / "data.npz"))
    assert status_of(results.folder).stale == 0
    assert replay(results.folder, results.runs["run_id"][0]).identical


def test_files_within_the_folder_are_read_but_no_links_out_of_it(received: Path) -> None:
    """What came with the results is theirs."""
    inside = received / "data.npz"
    run = with_spec(received, lambda spec: spec["problem"]["dataset"].update(path="data.npz") or spec)
    shutil.copy(received.parent / "data.npz", inside)
    assert status_of(received).stale == 0
    inside.unlink()
    inside.symlink_to(received.parent / "data.npz")
    with pytest.raises(InputError, match="lies outside the results folder"):
        replay(received, run)
    inside.unlink()
    os.mkfifo(inside)
    with pytest.raises(InputError, match="is no file"):
        replay(received, run)


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../../../../../../../../etc/passwd", "~/.bashrc", "/dev/zero", "\0", "x" * 5000, "/dev/stdin"],
)
def test_paths_that_lead_anywhere(received: Path, path: str) -> None:
    """One message each."""
    run = with_spec(received, lambda spec: spec["problem"]["dataset"].update(path=path) or spec)
    with pytest.raises(InputError, match=r"there is no dataset|lies outside|is no file"):
        replay(received, run)
    assert status_of(received).stale is None


def test_a_run_is_not_made_again_without_bound(received: Path) -> None:
    """What a folder asks for ends at a time limit, which is told, and can be another one."""

    def endless(spec: dict[str, Any]) -> dict[str, Any]:
        length = {"steps": 10**12}
        return spec | {"budget": length, "measure": length, "problem": {"use": "bowl"}, "batch_size": "full"}

    with_spec(received, endless)
    spec = load(received).runs["spec"][0]
    plan = stored_plan(spec, received)
    with time_limit(0.2), pytest.raises(InputError, match=r"0\.2 s were over after step .* --time-limit SECONDS"):
        made_again(plan, 0)


def test_the_limit_of_a_run_itself_still_counts(tmp_path: Path) -> None:
    """A run that has a shorter one ends as it did."""
    results = made(tmp_path / "r", data(tmp_path / "data.npz"), stop={"time_limit": 60.0})
    with time_limit(1000):
        assert replay(tmp_path / "r", results.runs["run_id"][0]).identical


@pytest.mark.parametrize(
    "spec",
    ["", "null", "[]", "5", "{", "{}", "[" * 50_000, '{"problem": {}}', "\N{BOX DRAWINGS LIGHT HORIZONTAL}"],
    ids=lambda text: text[:12],
)
def test_specs_that_are_none(received: Path, spec: str) -> None:
    """One message, and the other commands go on."""
    run = with_spec(received, lambda _: spec)
    with pytest.raises(InputError):
        replay(received, run)
    assert status_of(received).stale is None
    assert len(load(received).runs) == 1


@pytest.mark.filterwarnings("default::optilab.errors.ResultsWarning")
def test_pictures_are_not_written_through_links(tmp_path: Path) -> None:
    """`optilab run` tells it, and the results are no worse for it; `optilab plot` ends with it."""
    precious = tmp_path / "precious"
    precious.write_text("precious", "utf-8")
    (tmp_path / "e.toml").write_text(
        'name = "e"\nbudget = { steps = 5 }\nproblem = { use = "bowl" }\n[[optimizers]]\nuse = "sgd"\nlr = 0.01\n',
        "utf-8",
    )
    command = ["run", str(tmp_path / "e.toml"), "--results", str(tmp_path / "r"), "--executor", "inline"]
    assert CliRunner().invoke(main, [*command, "--quiet"]).exit_code == 0
    (tmp_path / "r" / "convergence.png").symlink_to(precious)
    done = CliRunner().invoke(main, command)
    assert (done.exit_code, "a link lies there" in done.output) == (0, True), done.output
    assert "results: " in done.output
    assert CliRunner().invoke(main, ["plot", str(tmp_path / "r")]).exit_code == 2
    assert precious.read_text("utf-8") == "precious"


def test_loggers_are_not_led_out_of_the_folder(tmp_path: Path) -> None:
    """A link in the place where a logger writes is refused; where a person says where, they have said so."""
    from optilab.runner.logbook import open_logbook

    (tmp_path / "r" / "tensorboard").mkdir(parents=True)
    (tmp_path / "r" / "tensorboard" / "run").symlink_to(tmp_path)
    with (
        pytest.raises(InputError, match="is a link; within a results folder links are not followed"),
        open_logbook(["tensorboard"], tmp_path / "r", print),
    ):
        pass
