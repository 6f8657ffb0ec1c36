"""Folders and files that optilab keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from optilab import InputError
from optilab.files import cache_part


def test_a_cache_folder_that_can_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the place of the cache folder is told with the variable that names another folder."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"can't use the cache folder .*file.*; name another in .* OPTILAB_CACHE"):
        cache_part("compiled")
