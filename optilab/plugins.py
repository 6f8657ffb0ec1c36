"""Finds plugins and registers them loudly: by entry point, or from a file."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from optilab import hookspecs
from optilab.errors import InputError, PluginWarning, unknown
from optilab.importing import import_file

if TYPE_CHECKING:
    from optilab.datasets import Dataset
    from optilab.executors import ExecutorKind
    from optilab.loggers import LoggerKind
    from optilab.optimizers import Optimizer
    from optilab.problems import ProblemKind
    from optilab.samplers import SamplerKind
    from optilab.schedules import Schedule

Thing = TypeVar("Thing")

_FILE = "file "  # begins the name of a plugin that was given as a file
_files: list[Path] = []  # plugins given by path, in order
_registry: list[Registry] = []  # the present one, if it has been made


@dataclass(frozen=True)
class Registry:
    """All that plugins offer, by name.

    sources: for each name, which plugin it comes from.
    broken: plugins that can't be imported, with their tracebacks.
    """

    optimizers: dict[str, Optimizer] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    problems: dict[str, ProblemKind] = field(default_factory=dict)
    executors: dict[str, ExecutorKind] = field(default_factory=dict)
    loggers: dict[str, LoggerKind] = field(default_factory=dict)
    samplers: dict[str, SamplerKind] = field(default_factory=dict)
    sources: dict[tuple[str, str], str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def optimizer(self, name: str, place: str = "") -> Optimizer:
        """The optimizer or chain link of this name; InputError that lists the near names if there is none."""
        return self._find("optimizer", self.optimizers, name, place)

    def schedule(self, name: str, place: str = "") -> Schedule:
        """The schedule of this name; InputError if there is none."""
        return self._find("schedule", self.schedules, name, place)

    def dataset(self, name: str, place: str = "") -> Dataset:
        """The dataset of this name; InputError if there is none."""
        return self._find("dataset", self.datasets, name, place)

    def problem(self, name: str, place: str = "") -> ProblemKind:
        """The problem of this name; InputError if there is none."""
        return self._find("problem", self.problems, name, place)

    def executor(self, name: str, place: str = "") -> ExecutorKind:
        """The executor of this name; InputError if there is none."""
        return self._find("executor", self.executors, name, place)

    def logger(self, name: str, place: str = "") -> LoggerKind:
        """The logger of this name; InputError if there is none."""
        return self._find("logger", self.loggers, name, place)

    def sampler(self, name: str, place: str = "") -> SamplerKind:
        """The sampler of this name; InputError if there is none."""
        return self._find("sampler", self.samplers, name, place)

    def _find(self, what: str, among: dict[str, Thing], name: str, place: str) -> Thing:
        if not isinstance(name, str):
            raise InputError(f"{place + ': ' if place else ''}{name!r} is not the name of a {what}")
        if name in among:
            return among[name]
        error = unknown(what, name, among, place)
        if self.broken:
            raise InputError(f"{error} (and these plugins failed to load: {', '.join(self.broken)})")
        raise InputError(f"{error} (a plugin in a file of its own is given with --plugin FILE.py)")


def use_file(path: str | Path) -> None:
    """Add the plugin in a Python file, which is imported when the registry is next asked for.

    InputError if there is no such file.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise InputError(f"--plugin {str(path)!r}: there is no such file")
    for other in _files:
        if other.stem == file.stem and other != file:
            raise InputError(f"two plugin files have the same name: {str(other)!r} and {str(file)!r}")
    if file not in _files:
        _files.append(file)
        _registry.clear()


def files() -> list[Path]:
    """Plugins given by path."""
    return list(_files)


def registry() -> Registry:
    """All that the plugins of this environment and the files given offer. Made once, and again after `use_file`.

    InputError if two plugins clash or one of them implements an unknown hook. One that can't be imported is named in a
    PluginWarning with its traceback, and the rest goes on.
    """
    if not _registry:
        _registry.append(make_registry())
    return _registry[0]


def forget() -> None:
    """Forget the files given and the registry; the next `registry()` begins anew."""
    _files.clear()
    _registry.clear()


def make_registry() -> Registry:
    """Import and register every plugin."""
    manager = pluggy.PluginManager("optilab")
    manager.add_hookspecs(hookspecs)
    made = Registry()
    for name, origin, load in [*_installed(), *_given()]:
        try:
            module = load()
        except InputError as error:
            raise InputError(f"plugin {origin}: {error}") from error
        except Exception as error:
            if name.startswith(_FILE):  # asked for by name: nothing goes on without it
                raise InputError(f"plugin {origin} can't be imported: {_last_line(error, origin)}") from error
            made.broken[name] = traceback.format_exc()
            warnings.warn(f"plugin {origin} failed to load:\n{made.broken[name]}", PluginWarning, stacklevel=2)
            continue
        if manager.is_registered(module):
            raise InputError(f"plugin {origin}: its module is registered already, as {manager.get_name(module)!r}")
        _check_hooks(module, origin)
        try:
            manager.register(module, name)
        except pluggy.PluginValidationError as error:
            raise InputError(f"plugin {origin}: {error}") from None
        _collect(made, manager, name, origin)
    manager.check_pending()
    return made


def _last_line(error: Exception, origin: str) -> str:
    """What went wrong in a plugin's file, and in which line of it."""
    told = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}, in line {error.lineno}: {(error.text or '').strip()}"
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if repr(frame.filename) == origin]
    return f"{told}, in line {own[-1].lineno}: {own[-1].line}" if own else told


def _installed() -> Iterable[tuple[str, str, Callable[[], Any]]]:
    found: dict[str, str] = {}
    for point in sorted(entry_points(group="optilab"), key=lambda p: p.name):
        origin = f"{point.name!r} of {point.dist.name if point.dist else 'an unknown package'}"
        if point.name in found:
            raise InputError(f"two plugins use the same entry point name: {found[point.name]} and {origin}")
        found[point.name] = origin
        yield point.name, origin, point.load


def _given() -> Iterable[tuple[str, str, Callable[[], Any]]]:
    for path in _files:
        yield f"{_FILE}{path.name}", repr(str(path)), partial(import_file, f"optilab_file_{path.stem}", path)


def _check_hooks(module: Any, origin: str) -> None:
    """InputError for anything marked as a hook that optilab doesn't have."""
    known = [name for name in vars(hookspecs) if name.startswith("optilab_")]
    for name, value in vars(module).items():
        marked = getattr(value, "optilab_impl", None) is not None
        if marked and name not in known:
            error = unknown("hook", name, known)
            raise InputError(f"plugin {origin}: {error}")
        if not marked and name in known:
            raise InputError(f"plugin {origin}: {name} is not marked as a hook; write @hookimpl before it")


def _collect(made: Registry, manager: pluggy.PluginManager, plugin: str, origin: str) -> None:
    """Add what this plugin returns; InputError where a name is taken or something is not what the hook is for."""
    from optilab.datasets import Dataset
    from optilab.executors import ExecutorKind
    from optilab.loggers import LoggerKind
    from optilab.optimizers import Optimizer
    from optilab.problems import ProblemKind
    from optilab.samplers import SamplerKind
    from optilab.schedules import Schedule

    module = manager.get_plugin(plugin)
    kinds: list[tuple[str, dict[str, Any], type]] = [
        ("optimizers", made.optimizers, Optimizer),
        ("schedules", made.schedules, Schedule),
        ("datasets", made.datasets, Dataset),
        ("problems", made.problems, ProblemKind),
        ("executors", made.executors, ExecutorKind),
        ("loggers", made.loggers, LoggerKind),
        ("samplers", made.samplers, SamplerKind),
    ]
    for what, known, kind in kinds:
        hook = getattr(manager.hook, f"optilab_{what}")
        if not any(implementation.plugin is module for implementation in hook.get_hookimpls()):
            continue
        others = [p for p in manager.get_plugins() if p is not module]
        try:
            answers = manager.subset_hook_caller(hook.name, others)()
        except Exception:
            made.broken[plugin] = traceback.format_exc()
            warnings.warn(f"plugin {origin} failed to load:\n{made.broken[plugin]}", PluginWarning, stacklevel=3)
            continue
        returned = answers[0] if answers else None  # pluggy leaves out None
        if not isinstance(returned, (list, tuple)):
            raise InputError(f"plugin {origin}: optilab_{what} returned {type(returned).__name__}, expected a list")
        for thing in returned:
            if not isinstance(thing, kind):
                raise InputError(f"plugin {origin}: optilab_{what} returned {thing!r}, which is none of its {what}")
            name: str = getattr(thing, "name")  # noqa: B009
            if name in known:
                other = made.sources[what, name]
                raise InputError(f"two plugins offer {what} named {name!r}: {other} and {origin}")
            known[name] = thing
            made.sources[what, name] = origin
