"""The report on a loopback address, made again whenever its results have changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from optilab.errors import InputError
from optilab.report.html import tag
from optilab.report.report import report
from optilab.store import Results

_ADDRESS = "127.0.0.1"
_REFRESH = 20  # seconds after which a browser asks again


def serve(paths: Sequence[Path], port: int, load: Callable[[Path], Results]) -> ThreadingHTTPServer:
    """A server of the report of these results on this machine alone; its `serve_forever` answers until it is shut down.

    port: 0 for any that is free. load: reads the results at a path. InputError where the port can't be had.
    """
    making = _Making(paths, load)

    class Handler(BaseHTTPRequestHandler):
        """Answers for one page, to this machine."""

        def do_GET(self) -> None:  # the name that the server calls
            """Send the report; 404 for another path, 403 for another host's name."""
            own = {f"{name}:{self.connection.getsockname()[1]}" for name in (_ADDRESS, "localhost")}
            if self.headers.get("Host") not in own:  # a page elsewhere whose name was made to lead here
                self._send(HTTPStatus.FORBIDDEN, "This page is for this machine.")
            elif self.path != "/":
                self._send(HTTPStatus.NOT_FOUND, "There is one page here, at /.")
            else:
                self._send(*making.page())

        def _send(self, status: HTTPStatus, text: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8" if text.startswith("<") else "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Refresh", str(_REFRESH))
            with suppress(ConnectionError):  # the tab was closed meanwhile
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    try:
        return ThreadingHTTPServer((_ADDRESS, port), Handler)
    except (OSError, OverflowError) as error:
        raise InputError(f"can't serve on port {port}: {getattr(error, 'strerror', None) or error}") from None


class _Making:
    """The report as last made, and the state of its results at that time."""

    def __init__(self, paths: Sequence[Path], load: Callable[[Path], Results]) -> None:
        self._paths, self._load = paths, load
        self._lock = threading.Lock()
        self._of: object = None
        self._made = HTTPStatus.OK, ""

    def page(self) -> tuple[HTTPStatus, str]:
        """The page, made again if files have changed; the reason why there is none, where it can't be made."""
        with self._lock:
            state = [_state(path) for path in self._paths]
            if state != self._of:
                try:
                    self._made = HTTPStatus.OK, report([self._load(path) for path in self._paths])
                except InputError as error:  # as while no run has finished
                    self._made = HTTPStatus.SERVICE_UNAVAILABLE, str(tag("p", f"No report yet: {error}"))
                except Exception as error:  # the server goes on, and the next change may mend it
                    told = f"The report could not be made: {type(error).__name__}: {error}"
                    self._made = HTTPStatus.INTERNAL_SERVER_ERROR, str(tag("p", told))
                self._of = state
            return self._made


def _state(path: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the files of results."""
    files = (
        sorted(file for file in path.rglob("*") if file.suffix in (".parquet", ".json")) if path.is_dir() else [path]
    )
    found = []
    for file in files:
        try:
            about = file.lstat()
        except OSError:  # gone in between
            continue
        found.append((str(file), about.st_size, about.st_mtime_ns))
    return found
