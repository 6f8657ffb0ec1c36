"""What `optilab check` can check: optimizers and chains, schedules, problems, datasets and samplers, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optilab.errors import InputError
from optilab.plugins.chain import chain
from optilab.plugins.loading import registry, use_file
from optilab.testing import data, functions, kit, samplers, schedules
from optilab.testing.subject import Subject
from optilab.testing.verdicts import Kit

KINDS = ("optimizer", "schedule", "problem", "dataset", "sampler")

_KITS: Mapping[str, Callable[[Any], Kit]] = {
    "schedule": schedules.kit_of,
    "problem": functions.kit_of,
    "dataset": data.kit_of,
    "sampler": samplers.kit_of,
}


def names_in(plugin: str) -> tuple[list[str], list[str]]:
    """What `plugin` means, and the files to be used: a FILE.py, a plugin's name, the name of anything, or a chain.

    Optimizers by their names, others with their kind before it: "schedule cosine". InputError for an unknown name.
    """
    if plugin.endswith(".py"):
        before = set(_all_names())
        use_file(plugin)
        names = [name for name in _all_names() if name not in before]
        if not names:
            raise InputError(
                f"the plugin {plugin!r} registers no optimizer, schedule, problem, dataset or sampler: do its hooks, such as "
                "optilab_optimizers, return one?"
            )
        return names, [plugin]
    named = [name for name in _all_names() if name.partition(" ")[2] == plugin or name == plugin]
    if named:
        return named, []
    if of_plugin := [name for name in _all_names() if f"'{plugin}'" in _source(name)]:
        return of_plugin, []
    chain([plugin])
    return [plugin], []


def kit_named(name: str, examples: int) -> Kit:
    """The kit of what a name of `names_in` means; `examples` is how many each property of an optimizer is tried on."""
    kind, _, own = name.partition(" ")
    if kind in _KITS and own in _of(kind):
        return _KITS[kind](_of(kind)[own])
    return kit.kit_of(Subject(chain([name]), examples))


def _of(kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(registry(), f"{kind}s")
    return found


def _all_names() -> list[str]:
    return [name if kind == "optimizer" else f"{kind} {name}" for kind in KINDS for name in _of(kind)]


def _source(name: str) -> str:
    kind, _, own = name.partition(" ") if " " in name else ("optimizer", "", name)
    return registry().sources.get((f"{kind}s", own), "")
