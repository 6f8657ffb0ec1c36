"""A page as a parser finds it."""

from __future__ import annotations

from html.parser import HTMLParser


class Parts(HTMLParser):
    """What a browser would find."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.texts = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.texts += data


def parsed(page: str) -> Parts:
    """The parts of a page."""
    parts = Parts()
    parts.feed(page)
    return parts
