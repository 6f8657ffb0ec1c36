"""Finds plugins and registers them loudly: by entry point, or from a file."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from optilab import hookspecs, plugin_sources, rehearsal
from optilab.errors import InputError, PluginWarning, unknown
from optilab.guarding import BUNDLED, OverdueError, PluginExitError, described, in_time, trusted
from optilab.plugin_sources import Source
from optilab.rehearsal import EndedError
from optilab.texts import shown

if TYPE_CHECKING:
    from pydantic import BaseModel

    from optilab.datasets import Dataset
    from optilab.executors import ExecutorKind
    from optilab.loggers import LoggerKind
    from optilab.optimizers import Optimizer
    from optilab.problems import ProblemKind
    from optilab.samplers import SamplerKind
    from optilab.schedules import Schedule

Thing = TypeVar("Thing")

HOOKS = [name for name in vars(hookspecs) if name.startswith("optilab_")]
_NAME = re.compile(r"[^\W\d][\w-]{0,99}")  # of what plugins offer: names become parts of file names
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")

_files: list[Path] = []  # plugins given by path, in order
_registry: list[Registry] = []  # the present one, if it has been made
_tried: set[tuple[str, Path | None]] = set()  # plugins that another process has imported
_trusting: list[bool] = []  # not empty in a process whose plugins another one has tried


@dataclass(frozen=True)
class Registry:
    """All that plugins offer, by name.

    sources: for each name, which plugin it comes from.
    strangers: what comes from plugins that are not bundled.
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
    strangers: set[tuple[str, str]] = field(default_factory=set)
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
        if not _trusting:
            rehearsal.begin()  # it gets ready meanwhile


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
    _tried.clear()
    plugin_sources.forget_files()
    rehearsal.close()


def trust() -> None:
    """Try no plugin of this process: another has, for which it works."""
    _trusting.append(True)


def make_registry() -> Registry:
    """Import and register every plugin; those that aren't bundled are tried in another process before."""
    manager = pluggy.PluginManager("optilab")
    manager.add_hookspecs(hookspecs)
    made = Registry()
    for source in [*plugin_sources.installed(), *plugin_sources.given(_files)]:
        module = _imported(source, made)
        if module is None:
            continue
        if source.bundled:
            BUNDLED.add(module.__name__.partition(".")[0])
        if manager.is_registered(module):
            raise InputError(
                f"plugin {source.origin}: its module is registered already, as {manager.get_name(module)!r}"
            )
        _check_hooks(module, source.origin)
        try:
            manager.register(module, source.name)
        except pluggy.PluginValidationError as error:
            raise InputError(f"plugin {source.origin}: {error}") from None
        _collect(made, manager, source)
    manager.check_pending()
    return made


def _imported(source: Source, made: Registry) -> ModuleType | None:
    """Its module, or None for an installed plugin that can't be had, which is told. InputError for a file."""
    try:
        _try(source)
        return source.imported()
    except InputError as error:
        if source.path is None and isinstance(error, (EndedError, OverdueError)):
            _break(source, made, str(error))
            return None
        raise InputError(f"plugin {source.origin}: {error}") from error
    except Exception as error:
        if source.path is not None:  # asked for by name: nothing goes on without it
            raise InputError(f"plugin {source.origin} can't be imported: {_last_line(error, source)}") from error
        _break(source, made, traceback.format_exc())
        return None


def _break(source: Source, made: Registry, why: str) -> None:
    """Go on without an installed plugin."""
    made.broken[source.name] = why
    warnings.warn(f"plugin {source.origin} failed to load:\n{why}", PluginWarning, stacklevel=4)


def _try(source: Source) -> None:
    """EndedError or OverdueError if a plugin that isn't bundled does that to another process when it is imported there."""
    if source.bundled or _trusting or (source.name, source.path) in _tried:
        return
    rehearsal.begin().ask(plugin=source.name, files=[str(file) for file in _files])
    _tried.add((source.name, source.path))


def rehearse(experiment: BaseModel) -> None:
    """Try in another process what an experiment uses of plugins that aren't bundled and is called in this one.

    Those are schedules, problems, datasets and samplers. InputError, that names it, if one ends the process or holds it up.
    """
    strangers = {name for what, name in registry().strangers if what != "optimizers"}
    if not _trusting and strangers:
        content = experiment.model_dump(mode="json", exclude_unset=True)
        if strangers.intersection(_words(content)):
            rehearsal.begin().ask(experiment=content, files=[str(file) for file in _files])


def rehearse_logger(name: str) -> None:
    """The same for a logger, which is told of a made-up run, and writes into a temporary folder."""
    if not _trusting and ("loggers", name) in registry().strangers:
        rehearsal.begin().ask(logger=name, files=[str(file) for file in _files])


def _words(content: Any) -> Iterator[str]:
    """All texts in some content that JSON can hold."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, (dict, list)):
        for value in content.values() if isinstance(content, dict) else content:
            yield from _words(value)


def _last_line(error: Exception, source: Source) -> str:
    """What went wrong in a plugin's file, and in which line of it."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}, in line {error.lineno}: {(error.text or '').strip()}"
    raised = error.__cause__ if isinstance(error, PluginExitError) and error.__cause__ else error
    own = [frame for frame in traceback.extract_tb(raised.__traceback__) if frame.filename == str(source.path)]
    return described(error) + (f", in line {own[-1].lineno}: {own[-1].line}" if own else "")


def _check_hooks(module: Any, origin: str) -> None:
    """InputError for anything marked as a hook that optilab doesn't have."""
    for name, value in vars(module).items():
        marked = getattr(value, "optilab_impl", None) is not None
        if marked and name not in HOOKS:
            error = unknown("hook", name, HOOKS)
            raise InputError(f"plugin {origin}: {error}")
        if not marked and name in HOOKS:
            raise InputError(f"plugin {origin}: {name} is not marked as a hook; write @hookimpl before it")


def _collect(made: Registry, manager: pluggy.PluginManager, source: Source) -> None:
    """Add what this plugin returns; InputError where a name is taken or something is not what the hook is for."""
    from optilab.datasets import Dataset
    from optilab.executors import ExecutorKind
    from optilab.loggers import LoggerKind
    from optilab.optimizers import Optimizer
    from optilab.problems import ProblemKind
    from optilab.samplers import SamplerKind
    from optilab.schedules import Schedule

    module = manager.get_plugin(source.name)
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
        door = f"optilab_{what} of plugin {source.origin}"
        try:
            with trusted(door), in_time(door, getattr(module, hook.name)):
                answers = manager.subset_hook_caller(hook.name, others)()
        except InputError as error:
            if source.path is not None:
                raise
            _break(source, made, "".join(traceback.format_exception(error)))
            continue
        returned = answers[0] if answers else None  # pluggy leaves out None
        if not isinstance(returned, (list, tuple)):
            raise InputError(
                f"plugin {source.origin}: optilab_{what} returned {type(returned).__name__}, expected a list"
            )
        for thing in returned:
            if not isinstance(thing, kind):
                raise InputError(
                    f"plugin {source.origin}: optilab_{what} returned {shown(thing)}, which is none of its {what}"
                )
            name = _checked_name(thing, what, source)
            if name in known:
                other = made.sources[what, name]
                raise InputError(f"two plugins offer {what} named {name!r}: {other} and {source.origin}")
            known[name] = _read_safely(thing) if isinstance(thing, Dataset) else thing
            made.sources[what, name] = source.origin
            if not source.bundled:
                made.strangers.add((what, name))


def _checked_name(thing: Any, what: str, source: Source) -> str:
    """Its name. InputError if that, or another name that becomes part of a file's, could lead elsewhere."""
    place = f"plugin {source.origin}: optilab_{what}"
    with trusted(place):
        name = thing.name
        names = [name, *(rule.name for rule in thing.rules)] if what == "optimizers" else [name]
        digest = thing.digest if what == "datasets" else "0"
    for one in names:
        if not isinstance(one, str) or not _NAME.fullmatch(one):
            raise InputError(f"{place}: {shown(one)} can't be a name: write letters, digits, '_' and '-', at most 100")
    if not isinstance(digest, str) or not _HEXADECIMAL.fullmatch(digest):
        raise InputError(f"{place}: the digest of {name!r} is {shown(digest)}: accepted are hexadecimal digits")
    return str(name)


def _read_safely(dataset: Dataset) -> Dataset:
    """The same dataset; whatever its function raises names it."""
    door = f"the dataset {dataset.name}"

    @wraps(dataset.read)
    def read() -> Any:
        with trusted(door), in_time(door, dataset.read):
            return dataset.read()

    return replace(dataset, read=read)
