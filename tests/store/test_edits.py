"""A results folder edited by hand, in many ways: every command ends with an answer or one message, and no healthy run is lost."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optilab.cli.main import main
from optilab.store import load_all
from optilab.store.parts import TABLES, digest_of

EXPERIMENT = """
name = "e"
seeds = 2
budget = { steps = 20 }
measure = { steps = 10 }
problem = { use = "bowl", start = "random" }
[[optimizers]]
use = "sgd"
lr = [0.01, 0.1]
"""
FILES = ("results.json", "experiment.json", "wanted.parquet", ".holder.json", ".lock")
FOLDERS = ("runs", "history", "recent", "recent/runs", "recent/history", "set_aside")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KNOWN = ("layout", "optilab", "name", "question", "budget", "problem", "optimizers", "seeds", "pid", "host", "since")
TEXTS = st.one_of(
    st.binary(max_size=20),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(KNOWN), JSON, max_size=4).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 100_000, b'{"layout": 1e400}', b'{"layout": ' + b"9" * 5000 + b"}", b"\xff\xfe"]),
)
VALUES = st.sampled_from(
    [
        None,
        "",
        -1,
        0,
        1,
        2**62,
        -(2**63),
        1e308,
        float("nan"),
        float("inf"),
        "x",
        "\x1b[31m",
        "[]",
        "null",
        '{"problem": 1}',
        True,
    ]
)
SPECS = st.tuples(
    st.sampled_from(
        [
            "problem",
            "precision",
            "optimizer",
            "hyperparameters",
            "schedule",
            "batch_size",
            "budget",
            "measure",
            "stop",
            "other",
        ]
    ),
    JSON,
)

Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an experiment, its results, and what links out of them could lead to."""
    home = tmp_path_factory.mktemp("edits")
    (home / "e.toml").write_text(EXPERIMENT, "utf-8")
    (home / "precious").mkdir()
    (home / "precious" / "file").write_text("precious", "utf-8")
    for more in ((), ("--set", "seeds=3")):
        call("run", home / "e.toml", "--results", home / "good", "--executor", "inline", "--quiet", *more)
    return home


def call(*arguments: object) -> int:
    """A command, which must not end with a traceback; its exit code."""
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 1, 2), done.output
    if done.exit_code == 2:
        assert [line[:6] for line in done.output.splitlines() if not line.startswith("Warning: ")] == ["Error:"], (
            done.output
        )
    return done.exit_code


def rewritten(table: str, change: Callable[[pa.Table], pa.Table]) -> Edit:
    """Change the rows of the first part of a table, and give it the name that fits."""

    def edit(folder: Path) -> None:
        path = sorted((folder / table).glob("*.parquet"))[0]
        buffer = io.BytesIO()
        pq.write_table(change(pq.read_table(path)), buffer)
        path.unlink()
        path.with_name(f"{path.name[:18]}{digest_of(buffer.getvalue())}.parquet").write_bytes(buffer.getvalue())

    return edit


def with_value(rows: pa.Table, name: str, value: Any) -> pa.Table:
    """The rows with one value in all of a column; as a text, where the column can't hold it."""
    field = rows.schema.field(name)
    try:
        column = pa.array([value] * len(rows), field.type)
    except (pa.ArrowException, TypeError, OverflowError):
        column = pa.array([None if value is None else str(value)] * len(rows), pa.string())
    return rows.set_column(rows.column_names.index(name), name, column)


def with_spec(rows: pa.Table, name: str, value: Any) -> pa.Table:
    """The rows with another value in their specs."""
    specs = [json.dumps({**json.loads(spec), name: value}) for spec in rows.column("spec").to_pylist()]
    return rows.set_column(rows.column_names.index("spec"), "spec", pa.array(specs))


def cut(name: str, share: float, flip: bool) -> Edit:
    """Cut a file off, or change one byte of it."""

    def edit(folder: Path) -> None:
        found = sorted(folder.rglob(name))
        content = bytearray(found[0].read_bytes())
        at = int(share * len(content))
        if flip and content:
            content[at] ^= 1
        found[0].write_bytes(bytes(content if flip else content[:at]))

    return edit


def replaced(name: str, kind: str) -> Edit:
    """Put something else in the place of a file or folder."""

    def edit(folder: Path) -> None:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        precious = folder.parent / "precious"
        {
            "nothing": lambda: None,
            "a file": lambda: path.write_bytes(b""),
            "a folder": path.mkdir,
            "a pipe": lambda: os.mkfifo(path),
            "a link": lambda: path.symlink_to(precious if name in FOLDERS else precious / "file"),
            "a broken link": lambda: path.symlink_to(folder / "nothing"),
        }[kind]()

    return edit


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """One edit."""

    def one(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    table = one(*TABLES)
    name = one(*(RUNS if table == "runs" else HISTORY))
    value, text, spec, wanted = draw(VALUES), draw(TEXTS), draw(SPECS), one(*WANTED)
    file, kind = one(*FILES), one("nothing", "a file", "a folder", "a pipe", "a link", "a broken link")

    def want_otherwise(folder: Path) -> None:
        path = folder / "wanted.parquet"
        pq.write_table(with_value(pq.read_table(path), wanted, value), path)

    kinds: tuple[Edit, ...] = (
        lambda folder: (folder / file).write_bytes(text),
        cut(one("*.parquet", "*.json"), draw(st.floats(0, 1, exclude_max=True)), draw(st.booleans())),
        replaced(one(*FILES, *FOLDERS), kind),
        rewritten(table, lambda rows: with_value(rows, name, value)),
        rewritten(table, lambda rows: rows.drop_columns([name])),
        rewritten(table, lambda rows: rows.append_column(name, rows.column(name))),
        rewritten("runs", lambda rows: with_spec(rows, *spec)),
        want_otherwise,
    )
    return draw(st.sampled_from(kinds))


RUNS: tuple[str, ...] = (
    "run_id",
    "label",
    "lr",
    "batch_size",
    "seed",
    "role",
    "message",
    "steps",
    "measurements",
    "best_test_cost",
    "code",
)
RUNS += ("versions", "host", "spec", "commit", "problem", "schedule", "traceback", "compile_seconds")
HISTORY = ("run_id", "step", "epoch", "train_cost", "w_0", "commit")
WANTED = ("run_id", "experiment", "problem", "label", "schedule", "role", "seed", "code")


@pytest.mark.filterwarnings("ignore::optilab.errors.ResultsWarning")
@given(edit=edits())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_command_on_an_edited_folder(home: Path, edit: Edit) -> None:
    """No traceback; and after a start of the experiment all its runs are there, or all files that were healthy still are."""
    folder, other = home / "edited", home / "other"
    for copy in (folder, other):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(home / "good", copy)
    run = load_all(folder).runs["run_id"][0]
    healthy = {path.read_bytes() for path in folder.rglob("*.parquet")}
    edit(folder)
    healthy &= {path.read_bytes() for path in folder.rglob("*.parquet") if path.is_file() and not path.is_symlink()}
    call("status", folder)
    call("status", folder, "--json")
    call("replay", folder, run, "--time-limit", "1")
    call("export", folder, "--csv", "--out", home / "out")
    call("merge", other, folder)
    call("run", home / "e.toml", "--results", folder, "--dry-run")
    code = call("run", home / "e.toml", "--results", folder, "--executor", "inline", "--quiet")
    if code == 0:
        assert len(load_all(folder).runs) >= 4
        assert call("status", folder) == 0
    else:
        assert healthy <= {path.read_bytes() for path in folder.rglob("*.parquet") if path.is_file()}
    assert not list(folder.rglob(".*.tmp"))
    assert [path.name for path in (home / "precious").iterdir()] == ["file"]
    assert (home / "precious" / "file").read_text("utf-8") == "precious"


PLOTTED: dict[str, Edit] = {
    "a part that is cut off": cut("*.parquet", 0.5, flip=False),
    "a link for a picture": lambda folder: (folder / "convergence.png").symlink_to(folder.parent / "precious" / "file"),
    "a pipe for a picture": lambda folder: os.mkfifo(folder / "convergence.png"),
    "a list for an experiment": lambda folder: (folder / "experiment.json").write_bytes(b"[]"),
    "a pipe for an experiment": replaced("experiment.json", "a pipe"),
    "a spec that is none": rewritten("runs", lambda rows: with_value(rows, "spec", "[]")),
    "no list of wanted runs": replaced("wanted.parquet", "a folder"),
}


@pytest.mark.parametrize("edit", PLOTTED)
@pytest.mark.filterwarnings("ignore::optilab.errors.ResultsWarning")
def test_pictures_of_an_edited_folder(home: Path, edit: str) -> None:
    """They are drawn, or it is told why not; and nothing is written through a link."""
    folder = home / "plotted"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(home / "good", folder)
    PLOTTED[edit](folder)
    call("plot", folder)
    assert (home / "precious" / "file").read_text("utf-8") == "precious"
    assert not list(folder.rglob(".*.tmp"))
