"""What is refused in one message: functions that don't fit together, a cache that can't be made, names that there are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optilab
from optilab import InputError
from optilab.files import cache_part


@pytest.mark.parametrize(
    "given",
    [
        {"start": [0.0], "domain": [(0, 1), (0, 1)]},
        {"start": [0.0, 0.0], "domain": [(0, 1)]},
        {"start": [0.0], "domain": [(0, 1)], "minima": [[0.0], [0.0, 1.0]]},
    ],
)
def test_a_function_has_one_entry_a_weight(given: dict[str, Any]) -> None:
    """Start, domain and each of the minima must be of one length."""

    def valley(w, g):
        g[0] = w[0]
        return w[0] * w[0] / 2

    with pytest.raises(InputError, match="valley: start, domain and minima must have one entry a weight"):
        optilab.function(**given)(valley)
    assert optilab.function(start=[0.0], domain=[(0, 1)], minima=[[0.0]])(valley).name == "valley"


def test_a_cache_folder_that_can_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the place of the cache folder is told with the variable that names another folder."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("OPTILAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"can't use the cache folder .*file.*; name another in .* OPTILAB_CACHE"):
        cache_part("compiled")


def test_a_name_that_optilab_does_not_have() -> None:
    """It is an AttributeError, as of any module; what is listed in __all__ is there."""
    with pytest.raises(AttributeError, match="module 'optilab' has no attribute 'nonsense'"):
        _ = optilab.nonsense
    assert all(getattr(optilab, name) is not None for name in optilab.__all__)
