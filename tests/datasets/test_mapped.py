"""The folder that a dataset is stored in: any damage is noticed and made good, and only plain files are opened."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.datasets.dataset import Dataset
from optilab.datasets.examples import Examples, checked
from optilab.datasets.mapped import folder_of, mapped, store

PIXELS = np.zeros((6, 2, 3), np.uint8)
PIXELS[:, 1, 1] = np.arange(6) + 1
FILES = {
    *(f"{name}.npy" for name in ("x_train", "y_train", "x_test", "y_test")),
    *(f"{name}_{part}.npy" for name in ("starts", "columns", "values") for part in ("train", "test")),
    "facts.json",
}


def make_examples() -> Examples:
    """Images with names, classes and a note, mostly black."""
    return Examples(
        PIXELS[:4], np.array([0, 1, 0, 1]), PIXELS[4:], np.array([1, 0]), ("a", "b"), (2, 3), notes=("a note",)
    )


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Dataset, Path, list[int]]:
    """A dataset that is in the cache, its folder there, and a list that grows by each reading of its source."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))
    calls: list[int] = []

    def read() -> Examples:
        calls.append(1)
        return make_examples()

    data = Dataset("pixels", read, "a" * 64)
    data.load()
    return data, folder_of("pixels", "a" * 64), calls


def check_made_anew(data: Dataset, folder: Path, calls: list[int]) -> None:
    """The dataset loads as at first, from its source, and afterwards from the cache again."""
    before = len(calls)
    for _ in range(2):
        found = data.load()
        np.testing.assert_array_equal(found.x_train, PIXELS[:4].reshape(4, 6))
        assert (found.classes, found.image, found.notes) == (("a", "b"), (2, 3), ("a note",))
        assert found.sparse_train is not None
        assert found.sparse_train.values.tolist() == [1, 2, 3, 4]
    assert len(calls) == before + 1
    assert not folder.is_symlink()
    assert {path.name for path in folder.iterdir()} == FILES
    assert all(path.is_file() and not path.is_symlink() for path in folder.iterdir())


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_byte_of_every_file_counts(stored: tuple[Dataset, Path, list[int]], name: str) -> None:
    """A bit that flips anywhere, header and facts included, an end that is cut off, or a byte too many: nothing of it is used."""
    _, folder, _ = stored
    content = (folder / name).read_bytes()
    damages = [content[:k] + bytes([content[k] ^ 1]) + content[k + 1 :] for k in range(len(content))]
    for damaged in [*damages, content[:-1], b"", content + b"\0", content * 2]:
        (folder / name).write_bytes(damaged)
        assert mapped(folder, "a" * 64) is None
    (folder / name).write_bytes(content)
    assert mapped(folder, "a" * 64) is not None


def _link_to_copy(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _link_folder(path: Path) -> None:
    folder = path.parent
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")


def _replace(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "pipe": _replace(os.mkfifo),
    "folder": _replace(Path.mkdir),
    "link to a copy": _link_to_copy,
    "link to nothing": _replace(lambda path: path.symlink_to("nowhere")),
    "link to itself": _replace(lambda path: path.symlink_to(path.name)),
    "link to a device": _replace(lambda path: path.symlink_to("/dev/zero")),
    "unreadable": lambda path: path.write_bytes(b"\xff\xfe"),
    "folder is a link": _link_folder,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["facts.json", "x_train.npy", "columns_test.npy"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_plain_file_is_wiped(stored: tuple[Dataset, Path, list[int]], damage: str, name: str) -> None:
    """Pipes, devices, folders and links are neither opened nor followed: the dataset is made anew, and what a link led to stays."""
    data, folder, calls = stored
    DAMAGES[damage](folder / name)
    elsewhere = [path for path in (folder / "elsewhere", folder.with_name("elsewhere")) if path.exists()]
    kept = elsewhere[0].read_bytes() if elsewhere and elsewhere[0].is_file() else None
    check_made_anew(data, folder, calls)
    if damage == "folder is a link":
        assert (folder.with_name("elsewhere") / name).exists()
    assert kept is None or hashlib.sha256(kept).hexdigest()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_a_lock_that_is_no_plain_file_is_replaced(
    stored: tuple[Dataset, Path, list[int]], tmp_path: Path, kind: str
) -> None:
    """The lock file is neither a pipe that hangs nor a link by which another file is emptied."""
    data, folder, _ = stored
    lock = folder.with_name(f"{folder.name}.lock")
    lock.unlink(missing_ok=True)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    {"pipe": os.mkfifo, "link": lambda path: path.symlink_to(victim), "folder": Path.mkdir}[kind](lock)
    assert data.load().classes == ("a", "b")
    assert victim.read_text() == "mine"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(content=json_values, key=st.sampled_from(["digest", "sha256", "classes", "image", "inputs", "notes", ""]))
def test_facts_of_any_kind_are_survived(tmp_path_factory: pytest.TempPathFactory, content: object, key: str) -> None:
    """Facts with a digest of their own but of any shape, as from another version, are no traceback."""
    folder = tmp_path_factory.mktemp("cache") / "d"
    store(folder, checked(make_examples(), "d"), "a" * 64)
    facts = json.loads((folder / "facts.json").read_bytes().partition(b"\n")[0])
    changed = content if not key else {**facts, key: content}
    text = json.dumps(changed).encode()
    (folder / "facts.json").write_bytes(text + b"\n" + hashlib.sha256(text).hexdigest().encode())
    found = mapped(folder, "a" * 64)
    assert found is None or checked(found, "d").x_train.shape == (4, 6)


def test_a_killed_process_leaves_nothing_for_good(stored: tuple[Dataset, Path, list[int]]) -> None:
    """A half-written folder of a process that was killed is gone after the next storing."""
    data, folder, calls = stored
    half = folder.with_name(f".{folder.name}.tmp")
    half.mkdir()
    (half / "x_train.npy").write_bytes(b"half")
    (folder / "facts.json").unlink()
    check_made_anew(data, folder, calls)
    assert not half.exists()


@pytest.mark.parametrize("name", ["w" * 240, "ä" * 240, "a/b", "..", "", "line\nbreak", "\udcff", "nul\0", "con.lock"])
@pytest.mark.parametrize("digest", ["b" * 64, "../../up", "x" * 300, ""])
def test_any_name_and_digest_make_a_folder_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, digest: str
) -> None:
    """Names of 240 letters, paths, line breaks and odd bytes: the folder is in the cache, and its name is short and plain."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))
    assert Dataset(name, make_examples, digest).load().classes == ("a", "b")
    (folder,) = [path for path in (tmp_path / "cache" / "datasets").iterdir() if path.is_dir()]
    assert len(folder.name) < 80
    assert folder.name.isascii()


def test_two_digests_that_begin_alike_are_two_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole digest is compared, and not only its beginning that names the folder."""
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "cache"))
    one = Dataset("d", make_examples, "c" * 64)
    other = Dataset("d", lambda: Examples(PIXELS, np.zeros(6), PIXELS[:0], np.zeros(0)), "c" * 63 + "d")
    assert folder_of("d", one.digest) == folder_of("d", other.digest)
    assert one.load().classes == ("a", "b")
    assert other.load().classes is None


def test_threads_share_one_storing(stored: tuple[Dataset, Path, list[int]]) -> None:
    """Several that load at once make it once."""
    data, folder, calls = stored
    (folder / "facts.json").unlink()
    threads = [threading.Thread(target=data.load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 2
