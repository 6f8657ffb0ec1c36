"""The registry of what plugins offer, by unique names."""

from __future__ import annotations

import re
import traceback
import warnings
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from optilab import hookspecs
from optilab.errors import InputError, PluginWarning, at, unknown
from optilab.guarding.calls import in_time, trusted
from optilab.plugins.sources import Source
from optilab.texts import shown

if TYPE_CHECKING:
    from optilab.datasets.dataset import Dataset
    from optilab.executors import ExecutorKind
    from optilab.loggers import LoggerKind
    from optilab.optimizers.optimizer import Optimizer
    from optilab.problems.problem import ProblemKind
    from optilab.schedules.schedule import Schedule
    from optilab.search.sampler import SamplerKind

Thing = TypeVar("Thing")
HOOKS = [name for name in vars(hookspecs) if name.startswith("optilab_")]
_NAME = re.compile(r"[^\W\d][\w-]{0,99}")  # of what plugins offer: names become parts of file names
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True)
class Registry:
    """All that plugins offer, by name.

    sources: the plugin that each kind and name comes from.
    strangers: kinds and names that come from plugins that are not bundled.
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
        """The optimizer or chain link of this name; InputError, with the nearest names, for an unknown one."""
        return self._find("optimizer", self.optimizers, name, place)

    def schedule(self, name: str, place: str = "") -> Schedule:
        """The schedule of this name; InputError for an unknown one."""
        return self._find("schedule", self.schedules, name, place)

    def dataset(self, name: str, place: str = "") -> Dataset:
        """The dataset of this name; InputError for an unknown one."""
        return self._find("dataset", self.datasets, name, place)

    def problem(self, name: str, place: str = "") -> ProblemKind:
        """The problem of this name; InputError for an unknown one."""
        return self._find("problem", self.problems, name, place)

    def executor(self, name: str, place: str = "") -> ExecutorKind:
        """The executor of this name; InputError for an unknown one."""
        return self._find("executor", self.executors, name, place)

    def logger(self, name: str, place: str = "") -> LoggerKind:
        """The logger of this name; InputError for an unknown one."""
        return self._find("logger", self.loggers, name, place)

    def sampler(self, name: str, place: str = "") -> SamplerKind:
        """The sampler of this name; InputError for an unknown one."""
        return self._find("sampler", self.samplers, name, place)

    def _find(self, what: str, among: dict[str, Thing], name: str, place: str) -> Thing:
        if not isinstance(name, str):
            raise InputError(f"{at(place)}{shown(name)} is not the name of a {what}")
        if name in among:
            return among[name]
        error = unknown(what, name, among, place)
        if self.broken:
            raise InputError(f"{error} (and these plugins failed to load: {', '.join(self.broken)})")
        raise InputError(f"{error} (a plugin in a file of its own is given with --plugin FILE.py)")


def leave_out(source: Source, made: Registry, why: str) -> None:
    """Record and warn that an installed plugin is left out."""
    made.broken[source.name] = why
    warnings.warn(f"plugin {source.origin} failed to load:\n{why}", PluginWarning, stacklevel=4)


def check_hooks(module: Any, origin: str) -> None:
    """InputError for anything marked as a hook that optilab doesn't have."""
    for name, value in vars(module).items():
        marked = getattr(value, "optilab_impl", None) is not None
        if marked and name not in HOOKS:
            error = unknown("hook", name, HOOKS)
            raise InputError(f"plugin {origin}: {error}")
        if not marked and name in HOOKS:
            raise InputError(f"plugin {origin}: {name} is not marked as a hook; write @hookimpl before it")


def collect(made: Registry, manager: pluggy.PluginManager, source: Source) -> None:
    """Add what this plugin's hooks return. InputError for a name that is taken, or an object of the wrong kind."""
    from optilab.datasets.dataset import Dataset
    from optilab.executors import ExecutorKind
    from optilab.loggers import LoggerKind
    from optilab.optimizers.optimizer import Optimizer
    from optilab.problems.derivatives import vouch
    from optilab.problems.function import Function
    from optilab.problems.problem import ProblemKind
    from optilab.schedules.schedule import Schedule
    from optilab.search.sampler import SamplerKind

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
            leave_out(source, made, "".join(traceback.format_exception(error)))
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
            elif isinstance(thing, Function):
                vouch(thing)


def _checked_name(thing: Any, what: str, source: Source) -> str:
    """The name of a thing. InputError if it, a rule's name or a dataset's digest is unsafe as part of a file's name."""
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
    """The dataset with a guarded `read`: whatever it raises becomes an InputError that names the dataset."""
    door = f"the dataset {dataset.name}"

    @wraps(dataset.read)
    def read() -> Any:
        with trusted(door), in_time(door, dataset.read):
            return dataset.read()

    return replace(dataset, read=read)
