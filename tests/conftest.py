"""What all tests share: a cache of their own, no plugins from files, derivable randomness."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import HealthCheck, settings

from optilab.plugins import loading

mpl.use("agg")

# The first example of a property compiles; the machine may be slow; the examples are the same each time.
settings.register_profile("optilab", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("optilab")


TESTS = Path(__file__).parent
# What `pytest -m quick` runs: of each room the files that tell most for their time.
QUICK = (
    "analysis/test_best.py",
    "analysis/test_comparison.py",
    "analysis/test_curves.py",
    "cli/test_tables.py",
    "compiler/test_digests.py",
    "datasets/test_arrays.py",
    "experiment/test_identity.py",
    "kernels/test_costs.py",
    "optimizers/test_declaration.py",
    "plugins/test_schedules_curves.py",
    "problems/test_layers.py",
    "records/test_labels.py",
    "runner/test_limits.py",
    "schedules/test_binding.py",
    "search/test_median_rule.py",
    "search/test_sampled.py",
    "store/test_store.py",
    "testing/test_strategies.py",
    "training/test_checks.py",
    "test_docstrings.py",
    "test_files.py",
    "test_randomness.py",
    "test_texts.py",
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the other files unread where the quick tests alone are asked for."""
    is_other = collection_path.match("test_*.py") and collection_path not in {TESTS / place for place in QUICK}
    return True if is_other and config.option.markexpr == "quick" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the files in `QUICK`, but for those that are slow."""
    places = {TESTS / place for place in QUICK}
    for item in items:
        if item.path in places and not item.get_closest_marker("slow"):
            item.add_marker("quick")


def pytest_collection_finish() -> None:
    """Collect garbage less often, and look no more through what stays anyhow: modules, and tests. That is a twentieth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty cache for the whole session, of all its processes; OPTILAB_CACHE keeps another, to save the compiling."""
    given = os.environ.get("OPTILAB_CACHE")
    own = tmp_path_factory.getbasetemp()
    session = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = Path(given) if given else session / "cache"
    os.environ["OPTILAB_CACHE"] = str(folder)
    yield folder
    if not given:
        del os.environ["OPTILAB_CACHE"]


@pytest.fixture(autouse=True)
def no_plugin_files() -> Iterator[None]:
    """Forget plugins that a test gave as files."""
    yield
    if loading.files():
        loading.forget()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """Let a test that fails take along the processes that it has started: after its time limit one would go on for ever."""
    before = _children()
    try:
        return (yield)
    except BaseException:
        for child in _children() - before:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        raise


def _children() -> set[int]:
    """Processes that this one has started, as far as the system says."""
    found: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # its thread has ended meanwhile
            found.update(map(int, file.read_text().split()))
    return found
