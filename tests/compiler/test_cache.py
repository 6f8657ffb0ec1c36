"""The compiled-code cache, when what lies in it can't be read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numba
import pytest

from optilab.compiler import cache
from optilab.errors import InputError

PROGRAM = """
import optilab
from optilab.compiler import cache

print(optilab.get_optimizer("sgd").start([1.0], lr=0.25).step([1.0])[0], cache.LOG.compiled)
"""


def moved_and_compiled(folder: Path) -> tuple[float, int]:
    """Where a step leads in a new process, and how many functions it compiled."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "OPTILAB_CACHE": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    )
    w, compiled = ran.stdout.split()
    return float(w), int(compiled)


def test_the_next_process_loads_what_this_one_compiled(tmp_path: Path) -> None:
    """And what a signal or a disk has cut off is compiled again, and nothing else."""
    assert moved_and_compiled(tmp_path) == (0.75, 3)
    assert moved_and_compiled(tmp_path) == (0.75, 0)
    (index,) = tmp_path.glob("compiled/*/*sgd*/__pycache__/*.nbi")
    index.write_bytes(b"")
    assert moved_and_compiled(tmp_path) == (0.75, 1)
    assert moved_and_compiled(tmp_path) == (0.75, 0)


TEXT = """from numba import types

from optilab.compiler.jit import entry


@entry(types.float64(types.float64))
def halved(x):
    return x * FACTOR
"""


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Loads a generated module as a new process would, checks what it computes, and says how many functions were compiled."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path))
    names = set(sys.modules)

    def load() -> int:
        for name in set(sys.modules) - names:
            if name.startswith("optilab_compiled_halved"):
                del sys.modules[name]
        before = cache.LOG.compiled
        assert cache.load("halved", TEXT, "digest", {"FACTOR": 0.5}).halved(3.0) == 1.5
        return cache.LOG.compiled - before

    yield load
    for name in [name for name in sys.modules if name.startswith("optilab_compiled_halved")]:
        del sys.modules[name]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _link(path: Path) -> None:
    target = next(parent for parent in path.parents if parent.name == "compiled").parent / "elsewhere"
    path.replace(target)
    path.symlink_to(target)


def _link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: path.write_bytes(b""),
    "cut": _cut,
    "flipped": _flip,
    "foreign": lambda path: path.write_bytes(b"{}"),
    "gone": Path.unlink,
    "a folder": _folder,
    "a pipe": _pipe,
    "a link": _link,
    "a link to nowhere": _link_to_nowhere,
}
FILES = ["*/*.py", "*/*.json", "*/__pycache__/*.nbi", "*/__pycache__/*.nbc"]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("which", FILES)
def test_whatever_was_changed_is_compiled_again(
    tmp_path: Path, loaded: Callable[[], int], which: str, damage: str
) -> None:
    """No byte of the cache is trusted that isn't as it was left; nothing is opened that is no file; no link is followed."""
    assert (loaded(), loaded()) == (1, 0)
    (path,) = tmp_path.glob(f"compiled/*/{which}")
    before = set(tmp_path.iterdir())
    DAMAGES[damage](path)
    assert (loaded(), loaded()) == (1, 0)
    if damage == "a link":
        (elsewhere,) = set(tmp_path.iterdir()) - before
        assert elsewhere.is_file()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_lock_that_is_no_file_is_made_anew(tmp_path: Path, loaded: Callable[[], int], damage: str) -> None:
    """What is compiled stays."""
    loaded()
    (path,) = tmp_path.glob("compiled/*/*.lock")
    path.write_bytes(b"something")
    DAMAGES[damage](path)
    assert loaded() == 0


@pytest.mark.parametrize("depth", ["compiled", "compiled/*", "compiled/*/*/"])
@pytest.mark.parametrize("damage", ["gone", "a file", "a link", "for all to write"])
def test_a_folder_that_is_none_of_its_own_is_made_anew(
    tmp_path: Path, loaded: Callable[[], int], depth: str, damage: str
) -> None:
    """A folder that others could have written in counts for nothing, nor does what a link leads to."""
    loaded()
    (path,) = (found for found in tmp_path.glob(depth) if found.is_dir())
    moved = tmp_path / "moved"
    if damage == "for all to write":
        path.chmod(0o777)
    else:
        path.rename(moved)
    if damage == "a file":
        path.write_text("not a folder")
    if damage == "a link":
        path.symlink_to(moved, target_is_directory=True)
    sealed = damage == "for all to write" and depth == "compiled/*/*/"  # inside a folder that is private
    assert (loaded(), loaded()) == (0 if sealed else 1, 0)
    assert damage == "for all to write" or list(moved.rglob("*"))


def test_the_cache_of_another_user_is_refused(
    tmp_path: Path, loaded: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would load could be anybody's code; the message names the remedy."""
    loaded()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(InputError, match=r"belongs to another user \(number \d+\).*OPTILAB_CACHE"):
        loaded()


def test_a_cache_that_cannot_be_written_is_one_message(
    tmp_path: Path, loaded: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, for one."""

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(cache, "write_whole", full)
    with pytest.raises(
        InputError, match=r"can't keep compiled code in .*: No space left on device; name another folder"
    ):
        loaded()


def test_numbas_own_folder_is_not_used(
    tmp_path: Path, loaded: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """NUMBA_CACHE_DIR would keep compiled code where nobody looks after it."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "numba"))
    assert loaded() == 1
    assert not (tmp_path / "numba").exists()
    assert len(list(tmp_path.glob("compiled/*/*/__pycache__/*.nbc"))) == 1


HELPED = """
import numba

import {consts}
from optilab import elementwise, hookimpl


@numba.njit(cache=True)
def scaled(x):
    return x * {consts}.FACTOR


@elementwise(lr=0.1)
def helped(w, g, lr):
    w -= lr * scaled(g)
    return w


@hookimpl
def optilab_optimizers():
    return [helped]
"""


def test_a_constant_of_another_module_is_that_of_today(tmp_path: Path) -> None:
    """Also where a function of the author's, with a cache of its own, reads it."""
    (tmp_path / "helped.py").write_text(HELPED.format(consts="helped_consts"), "utf-8")
    program = (
        "import optilab\n"
        "from optilab.plugins import loading\n"
        f"loading.use_file({str(tmp_path / 'helped.py')!r})\n"
        "print(optilab.get_optimizer('helped').start([1.0], lr=1.0).step([1.0])[0])\n"
    )
    environment = {**os.environ, "OPTILAB_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    for factor, expected in ((0.5, 0.5), (0.25, 0.75)):
        (tmp_path / "helped_consts.py").write_text(f"FACTOR = {factor}", "utf-8")
        ran = subprocess.run(
            [sys.executable, "-B", "-c", program], env=environment, check=True, capture_output=True, text=True
        )
        assert float(ran.stdout) == expected


EDITED = """
import sys
from pathlib import Path

import optilab
from optilab.plugins import loading

file = Path(sys.argv[1])
loading.use_file(file)
rule = optilab.get_optimizer("edited")
if sys.argv[2:]:
    file.write_text(file.read_text().replace("0.5", "0.25"))
print(rule.start([1.0], lr=1.0).step([1.0])[0])
"""

RULE = """from optilab import elementwise, hookimpl


@elementwise(lr=0.1)
def edited(w, g, lr):
    w -= 0.5 * lr * g
    return w


@hookimpl
def optilab_optimizers():
    return [edited]
"""


def test_a_file_that_is_edited_after_its_import(tmp_path: Path) -> None:
    """What was imported is what runs, and it is not taken for the code of the new text by the next process."""
    file = tmp_path / "edited_rule.py"
    file.write_text(RULE, "utf-8")

    def stepped(*edit: str) -> float:
        command = [sys.executable, "-c", EDITED, str(file), *edit]
        environment = {**os.environ, "OPTILAB_CACHE": str(tmp_path / "cache")}
        return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)

    assert stepped("edit") == 0.5
    assert stepped() == 0.75


def test_what_is_kept_is_known_without_loading_it(loaded: Callable[[], int], tmp_path: Path) -> None:
    """Before it is compiled it is not kept, then it is; another text is not, and neither is what was changed since."""
    text = TEXT.replace("FACTOR", "0.25")
    assert not cache.is_kept("halved", text)
    module = cache.load("halved", text, "")
    assert cache.is_kept("halved", text)
    del sys.modules[module.__name__]
    assert cache.is_kept("halved", text)
    assert not cache.is_kept("halved", text.replace("0.25", "0.75"))
    _cut(next(tmp_path.glob("compiled/*/*halved*/*.py")))
    assert not cache.is_kept("halved", text)
