"""The report on a loopback address."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from optilab import store
from optilab.errors import InputError
from optilab.report import serve as serving
from optilab.report.serve import serve
from optilab.store import Results


class Made:
    """Stands for the report, and counts how often it was made."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, results: list[Results]) -> str:
        """A page that says how many runs there are."""
        self.count += 1
        return f"<p>{len(results[0].runs)} runs</p>"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """The report replaced, for it has tests of its own."""
    made = Made()
    monkeypatch.setattr(serving, "report", made)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file that may change."""
    (tmp_path / "runs.parquet").write_bytes(b"1")
    return tmp_path


@pytest.fixture
def server(folder: Path, valleys: Results) -> Iterator[ThreadingHTTPServer]:
    """A server of results that it reads from the folder; where `gone` lies there, there are none."""

    def load(path: Path) -> Results:
        if (path / "gone").exists():
            raise InputError("no finished runs <yet>")
        return valleys

    with serve([folder], 0, load) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def get(server: ThreadingHTTPServer, path: str = "/", **headers: str) -> tuple[int, str]:
    """Status and text of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_it_listens_on_this_machine_alone(server: ThreadingHTTPServer) -> None:
    """The address is the loopback one."""
    assert server.server_address[0] == "127.0.0.1"


def test_it_is_made_again_when_results_change(
    server: ThreadingHTTPServer, folder: Path, made: Made, valleys: Results
) -> None:
    """Once for two requests, and again after a file has changed."""
    assert get(server) == (200, f"<p>{len(valleys.runs)} runs</p>")
    assert get(server)[0] == 200
    assert made.count == 1
    (folder / "more.parquet").write_bytes(b"22")
    assert get(server)[0] == 200
    assert made.count == 2


def test_nothing_finished_yet_is_said(server: ThreadingHTTPServer, folder: Path, made: Made) -> None:
    """The reason stands on the page, escaped, and goes away with it."""
    (folder / "gone").write_bytes(b"")
    assert get(server) == (503, "<p>No report yet: no finished runs &lt;yet&gt;</p>")
    (folder / "gone").unlink()
    (folder / "more.parquet").write_bytes(b"22")
    assert get(server)[0] == 200


def test_other_paths_and_other_names_are_refused(server: ThreadingHTTPServer, made: Made) -> None:
    """There is one page; a request under another host's name, as of a page elsewhere, gets none."""
    assert get(server, "/../etc/passwd")[0] == 404
    assert get(server, "/", Host="evil.example")[0] == 403
    assert get(server, "/", Host=f"localhost:{server.server_address[1]}")[0] == 200


def test_a_port_that_is_taken(server: ThreadingHTTPServer) -> None:
    """Is named."""
    port = server.server_address[1]
    with pytest.raises(InputError, match=f"can't serve on port {port}"):
        serve([Path()], port, store.load)
