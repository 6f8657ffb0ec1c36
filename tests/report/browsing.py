"""A page in a browser, with what it complains of and asks for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Heard:
    """A page that many tests look at: what it has complained of and asked for since it was opened."""

    def __init__(self, browser: Any) -> None:
        self.page = browser.new_page(viewport={"width": 1100, "height": 900})
        self.told: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.told.append(message.text))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.page.on("dialog", lambda dialog: self.told.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, file: Path) -> Any:
        """The page of a file, as it is at first."""
        self.page.goto("about:blank")
        self.told.clear()
        self.asked.clear()
        self.page.goto(file.as_uri())
        return self.page

    def check(self, file: Path) -> None:
        """Nothing was complained of, and nothing was asked for but the file."""
        assert self.told == []
        asked = {address.partition("#")[0] for address in self.asked if not address.startswith(("blob:", "about:"))}
        assert asked == {file.as_uri()}


def cells(page: Any, table: str, column: int) -> list[str]:
    """Texts of a column of the rows that are seen."""
    rows = page.locator(f"{table} tbody tr:visible")
    return [rows.nth(k).locator("th, td").nth(column).inner_text().strip() for k in range(rows.count())]


def open_runs(page: Any) -> None:
    """Open the table of all runs; a browser tells of that a little later."""
    page.locator("#runs summary").click()
    from playwright.sync_api import expect

    expect(page.locator("#runs-count")).not_to_be_empty()
