"""Command and Group: the streams a command writes to, its error messages, its exit code."""

from __future__ import annotations

import atexit
import contextlib
import gc
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import click

from optilab.cli.outlets import outlets, prints_to_error, say
from optilab.errors import InputError, PluginWarning, ResultsWarning, unknown


class Command(click.Command):
    """A command during which anything printed by plugins or libraries goes to the standard error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, with the standard output redirected."""
        with prints_to_error():
            return super().invoke(ctx)


class Group(click.Group):
    """A group of commands: misuse is one message and exit code 2; --traceback shows where it was noticed."""

    command_class = Command
    group_class = type  # the groups inside are of this class too

    def main(self, *arguments: Any, **named: Any) -> Any:
        """Run the command that the arguments name, with both standard streams taken over. SystemExit with its exit code."""
        with outlets() as streams, _fewer_collections():
            try:
                return super().main(*arguments, **named)
            except SystemExit as stop:
                raise SystemExit(streams.exit_code(stop.code)) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of that name. UsageError, which suggests the nearest names, if there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            raise click.UsageError(str(unknown("command", args[0], self.list_commands(ctx))), ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn InputError, KeyboardInterrupt and warnings of optilab into messages."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning(warnings.showwarning)
                return super().invoke(ctx)
        except InputError as error:
            if ctx.params.get("traceback"):
                traceback.print_exc()
            say(f"Error: {error}", sys.stderr)
            ctx.exit(2)
        except KeyboardInterrupt:
            say("Interrupted.", sys.stderr)
            ctx.exit(128 + signal.SIGINT)


@contextlib.contextmanager
def _fewer_collections() -> Iterator[None]:
    """Within this block garbage is collected less often, and at the process's end not once more.

    Imports make many objects and hardly any garbage; a last collection, of memory that the system takes back anyway, would take as
    long as a twentieth of a small experiment.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 20)
    atexit.unregister(gc.freeze)  # of an earlier call in this process
    atexit.register(gc.freeze)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _show_warning(usual: Callable[..., None]) -> Callable[..., None]:
    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        if issubclass(category, (PluginWarning, ResultsWarning)):
            say(f"Warning: {message}", sys.stderr)
        else:
            usual(message, category, *rest, **named)

    return show
