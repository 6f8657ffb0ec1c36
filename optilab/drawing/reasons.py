"""Why there is no picture."""

from __future__ import annotations

from optilab.errors import InputError


class NothingToDrawError(InputError):
    """A picture fits these results, but there is nothing on it: the message says why."""
