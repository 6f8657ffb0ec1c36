"""Loads plugins from entry points and files, and registers what they offer; none is left out silently."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from optilab import hookspecs
from optilab.errors import InputError
from optilab.guarding.calls import BUNDLED, OverdueError, PluginExitError, described
from optilab.plugins import rehearsal, sources
from optilab.plugins.offers import Registry, check_hooks, collect, leave_out
from optilab.plugins.rehearsal import EndedError
from optilab.plugins.sources import Source

if TYPE_CHECKING:
    from pydantic import BaseModel


_files: list[Path] = []  # plugins given by path, in order
_registry: list[Registry] = []  # the present one, if it was built
_tried: set[tuple[str, Path | None]] = set()  # plugins that another process has imported
_trusting: list[bool] = []  # not empty in a process whose plugins another one has tried


def use_file(path: str | Path) -> None:
    """Add the plugin in a Python file, which is imported when the registry is next asked for.

    InputError if the file is missing, or another plugin file has its name.
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
            rehearsal.begin()  # it starts while this process goes on


def files() -> list[Path]:
    """Plugins given by path."""
    return list(_files)


def registry() -> Registry:
    """All that installed plugins and the files given offer; built once, and again after `use_file`.

    InputError if two plugins clash, one implements an unknown hook, or a file given can't be imported. An installed plugin that
    can't be imported is left out, with a PluginWarning that has its traceback.
    """
    if not _registry:
        _registry.append(make_registry())
    return _registry[0]


def forget() -> None:
    """Forget the files given and the registry; the next `registry()` begins anew."""
    _files.clear()
    _registry.clear()
    _tried.clear()
    sources.forget_files()
    rehearsal.close()


def trust() -> None:
    """Try no plugin from this process: the process that started it has tried them."""
    _trusting.append(True)


def make_registry() -> Registry:
    """Import and register every plugin; those that aren't bundled are first tried in another process.

    InputError as for `registry`.
    """
    manager = pluggy.PluginManager("optilab")
    manager.add_hookspecs(hookspecs)
    made = Registry()
    for source in [*sources.installed(), *sources.given(_files)]:
        module = _imported(source, made)
        if module is None:
            continue
        if source.bundled:
            BUNDLED.add(module.__name__.partition(".")[0])
        if manager.is_registered(module):
            raise InputError(
                f"plugin {source.origin}: its module is registered already, as {manager.get_name(module)!r}"
            )
        check_hooks(module, source.origin)
        try:
            manager.register(module, source.name)
        except pluggy.PluginValidationError as error:
            raise InputError(f"plugin {source.origin}: {error}") from None
        collect(made, manager, source)
    manager.check_pending()
    return made


def _imported(source: Source, made: Registry) -> ModuleType | None:
    """The module; None, with a warning, for an installed plugin that can't be imported. InputError for a file."""
    try:
        _try(source)
        return source.imported()
    except (EndedError, OverdueError) as error:
        if source.path is not None:
            raise
        leave_out(source, made, str(error))
        return None
    except InputError as error:
        raise InputError(f"plugin {source.origin}: {error}") from error
    except Exception as error:
        if source.path is not None:  # asked for by name: nothing goes on without it
            raise InputError(f"plugin {source.origin} can't be imported: {_last_line(error, source)}") from error
        leave_out(source, made, traceback.format_exc())
        return None


def _try(source: Source) -> None:
    """Import a plugin that isn't bundled in another process. EndedError or OverdueError if it ends or hangs that process."""
    if source.bundled or _trusting or (source.name, source.path) in _tried:
        return
    rehearsal.begin().ask(plugin=source.name, files=[str(file) for file in _files])
    _tried.add((source.name, source.path))


def rehearse(experiment: BaseModel) -> None:
    """Try in another process what an experiment uses of plugins that aren't bundled, before this process calls it.

    Only schedules, problems, datasets and samplers are. InputError, which names it, if one ends or hangs that process.
    """
    strangers = {name for what, name in registry().strangers if what != "optimizers"}
    if not _trusting and strangers:
        content = experiment.model_dump(mode="json", exclude_unset=True)
        if strangers.intersection(_words(content)):
            rehearsal.begin().ask(experiment=content, files=[str(file) for file in _files])


def rehearse_logger(name: str) -> None:
    """Try a logger that isn't bundled in another process, on an invented run and in a temporary folder.

    InputError, which names it, if it ends or hangs that process.
    """
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
    """The error in a plugin's file, with its line."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}, in line {error.lineno}: {(error.text or '').strip()}"
    raised = error.__cause__ if isinstance(error, PluginExitError) and error.__cause__ else error
    own = [frame for frame in traceback.extract_tb(raised.__traceback__) if frame.filename == str(source.path)]
    return described(error) + (f", in line {own[-1].lineno}: {own[-1].line}" if own else "")
