"""The catalogue behind `optilab list` and `optilab show`: names, parameters, and the plugin of each."""

from __future__ import annotations

import inspect
from typing import Any

from optilab.errors import unknown
from optilab.optimizers.optimizer import Optimizer
from optilab.parameters.accepted import Words
from optilab.parameters.parameter import Parameter
from optilab.plugins.loading import registry
from optilab.plugins.offers import Registry
from optilab.schedules.schedule import Schedule
from optilab.texts import counted

_REGISTERED = {"links": "optimizers"}  # links are registered among the optimizers
_SHAPES = {
    "weight": "one value a weight",
    "layer": "one value a layer",
    "row": "one value a row of each layer",
    "column": "one value a column of each layer",
    "left": "a matrix of rows by rows for each weight matrix",
    "right": "a matrix of columns by columns for each weight matrix",
    "scalar": "a number",
}


def listing() -> dict[str, list[dict[str, Any]]]:
    """By kind (optimizers, links, schedules, ...): name, one-line summary, parameters and plugin of each, sorted by name."""
    found = registry()
    return {
        what: [_entry(found, what, name, thing) for name, thing in sorted(things.items())]
        for what, things in _kinds(found).items()
    }


def description(name: str) -> str:
    """The full description of everything registered as `name`. InputError if nothing is."""
    found = registry()
    texts = []
    for what, things in _kinds(found).items():
        if name in things:
            texts.append(_described(found, what, name, things[name]))
    if not texts:
        raise unknown("thing to show", name, [n for t in _kinds(found).values() for n in t])
    return "\n\n".join(texts)


def _kinds(found: Registry) -> dict[str, dict[str, Any]]:
    return {
        "optimizers": {name: thing for name, thing in found.optimizers.items() if not is_link(thing)},
        "links": {name: thing for name, thing in found.optimizers.items() if is_link(thing)},
        "schedules": dict(found.schedules),
        "problems": dict(found.problems),
        "datasets": dict(found.datasets),
        "executors": dict(found.executors),
        "loggers": dict(found.loggers),
        "samplers": dict(found.samplers),
    }


def is_link(optimizer: Optimizer) -> bool:
    """Whether the optimizer makes no step itself, and is only useful in a chain."""
    return all(rule.link is not None for rule in optimizer.rules)


def _entry(found: Registry, what: str, name: str, thing: Any) -> dict[str, Any]:
    return {
        "name": name,
        "summary": thing.documentation.partition("\n")[0],
        "parameters": _parameters(thing),
        "plugin": found.sources[_REGISTERED.get(what, what), name],
    }


def _parameters(thing: Any) -> dict[str, str]:
    if isinstance(thing, (Optimizer, Schedule)):
        return {name: _parameter(parameter) for name, parameter in thing.parameters.items()}
    return getattr(thing, "choices", {})


def _parameter(parameter: Parameter) -> str:
    default = parameter.default
    if default is None:
        return f"must be given, in {parameter.range}"
    if isinstance(default, Schedule):
        return f"{default.name} (a schedule)"
    if isinstance(default, bool):
        return f"{str(default).lower()} in {{true, false}}"
    if isinstance(default, (int, float)) or isinstance(parameter.range, Words):
        return f"{default:g} in {parameter.range}" if isinstance(default, float) else f"{default} in {parameter.range}"
    return repr(default)


def _described(found: Registry, what: str, name: str, thing: Any) -> str:
    lines = [f"{name} ({what[:-1]})", "", thing.documentation, ""]
    parameters = _parameters(thing)
    if parameters:
        title = "hyperparameters" if isinstance(thing, Optimizer) else "parameters"
        width = max(map(len, parameters))
        lines += [f"{title}:", *(f"  {n:<{width}}  {text}" for n, text in parameters.items()), ""]
    if isinstance(thing, Optimizer):
        lines += [*_states(thing), *_facts(thing)]
    origin = found.sources[_REGISTERED.get(what, what), name]
    lines.append(f"from:  plugin {origin}{_source(thing, origin)}")
    return "\n".join(lines)


def _states(optimizer: Optimizer) -> list[str]:
    """State that the optimizer keeps between steps: shape and initial value of each."""
    states = {name: state for rule in optimizer.rules for name, state in rule.states.items()}
    if not states:
        return []
    width = max(map(len, states))
    lines = []
    for name, state in states.items():
        start = {"w": "a copy of w"}.get(str(state.start), state.start)
        several = f"{state.copies} times " if state.copies else ""
        lines.append(
            f"  {name:<{width}}  {several}{_SHAPES[state.shape]}, starts at {start}".replace(" at 0.0", " at 0")
        )
    return ["state:", *lines, ""]


def _facts(optimizer: Optimizer) -> list[str]:
    """Default batch size, kind, reference and claimed properties."""
    size = "all examples" if optimizer.batch_size == "full" else counted(int(optimizer.batch_size), "example")
    lines = [f"batch: {size}, unless another is given"]
    kind = "elementwise" if all(rule.elementwise for rule in optimizer.rules) else "vectorwise"
    if is_link(optimizer):
        kind += f"; a link, to stand {optimizer.rules[-1].link} the rule that makes the step"
    lines.append(f"kind:  {kind}")
    for rule in optimizer.rules if len(optimizer.rules) == 1 else ():
        lines += [f"like:  {rule.reference}"] if rule.reference else []
        lines += [f"holds: {', '.join(rule.claims)}"] if rule.claims else []
    return lines


def _source(thing: Any, origin: str) -> str:
    if isinstance(thing, Optimizer):
        return f", {inspect.getsourcefile(thing.rules[0].function)}" if len(thing.rules) == 1 else ""
    function = getattr(thing, "function", None)
    function = function or getattr(thing, "compute", None) or getattr(thing, "read", None)
    file = inspect.getsourcefile(function) if function is not None else None
    return f", {file}" if file and file not in origin else ""
