"""Where optilab keeps files of its own, and how it writes one so that no reader ever sees half of it."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Folder of compiled code and unpacked datasets: OPTILAB_CACHE, or the user's cache folder."""
    chosen = os.environ.get("OPTILAB_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("optilab", appauthor=False)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, sync it and rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
