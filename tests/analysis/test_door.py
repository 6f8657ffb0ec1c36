"""What `optilab.analysis` offers."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from optilab import analysis

MODULES = {path.stem for path in Path(analysis.__file__).parent.glob("*.py")}


@pytest.mark.parametrize("name", analysis.__all__)
def test_each_name_is_there_and_documented(name: str) -> None:
    """A function or a class of its own module, with a docstring; no module is called as it is."""
    found = getattr(analysis, name)
    assert inspect.isfunction(found) or inspect.isclass(found)
    assert found.__name__ == name
    assert inspect.getdoc(found)
    assert name not in MODULES


@pytest.mark.parametrize("name", [name for name in analysis.__all__ if name[0].islower()])
def test_functions_say_how_and_where_from(name: str) -> None:
    """Each has an example, which is run."""
    assert ">>> " in (inspect.getdoc(getattr(analysis, name)) or "")


def test_the_door_is_light() -> None:
    """Importing the package, or a warning about few seeds, imports neither pandas nor SciPy."""
    code = """
import sys
from optilab import analysis
analysis.seeds_for_significance(3)
print([name for name in ("pandas", "scipy", "matplotlib", "numba") if name in sys.modules], len(dir(analysis)) > 30)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[] True"


def test_a_name_that_is_not_there() -> None:
    """It is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match=r"module 'optilab\.analysis' has no attribute 'p_value'"):
        analysis.p_value  # noqa: B018 the access is the test
