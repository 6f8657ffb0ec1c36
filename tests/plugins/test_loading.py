"""How plugins are found, and how loudly they fail."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

import optilab
from optilab.errors import InputError, PluginWarning
from optilab.plugins import loading
from strangers import HALVE, Install, write

pytestmark = pytest.mark.usefixtures("fresh_registry")


def test_the_plugin_of_a_stranger_is_found_and_trains(install: Install) -> None:
    """A package with an entry point of its own adds an optimizer, and names it as its source."""
    install("stranger-one", "strange", "stranger_one", HALVE.format(name="halve"))
    found = loading.registry()
    assert found.sources["optimizers", "halve"] == "'strange' of stranger-one"
    assert {"halve", "adam"} <= set(found.optimizers)
    run = optilab.train(optilab.get_problem("parabola", start=[2.0]), "halve", steps=3)
    assert run.w.tolist() == [0.25]


def test_a_module_registered_twice_is_an_error(install: Install) -> None:
    """Two entry points can't lead to the same module."""
    site = install("stranger-four", "once", "stranger_four", HALVE.format(name="halve_four"))
    (site / "stranger-four-1.0.dist-info" / "entry_points.txt").write_text(
        "[optilab]\nonce = stranger_four\ntwice = stranger_four\n", "utf-8"
    )
    importlib.invalidate_caches()
    with pytest.raises(InputError, match="registered already, as 'once'"):
        loading.registry()


def test_a_hook_with_arguments_it_does_not_get_is_an_error(tmp_path: Path) -> None:
    """An implementation that asks for what the hook doesn't offer is an error that names the plugin."""
    source = HALVE.format(name="halve_argument").replace("optilab_optimizers()", "optilab_optimizers(config)")
    loading.use_file(write(tmp_path / "wrong_argument.py", source))
    with pytest.raises(InputError, match=r"wrong_argument\.py"):
        loading.registry()


def test_a_hook_that_raises_is_a_warning_with_its_traceback(install: Install) -> None:
    """An installed plugin whose hook fails is named with its traceback, and the others go on."""
    source = HALVE.format(name="halve_raises").replace("return [halve_raises]", "return [halve_rises]")
    install("stranger-six", "raising_hook", "stranger_six", source)
    with pytest.warns(PluginWarning, match=r"(?s)raising_hook.*NameError.*halve_rises"):
        found = loading.registry()
    assert "adam" in found.optimizers


def test_a_hook_that_raises_in_a_file_is_an_error(tmp_path: Path) -> None:
    """Nothing goes on without a file that was asked for."""
    source = HALVE.format(name="halve_raises").replace("return [halve_raises]", "return [halve_rises]")
    loading.use_file(write(tmp_path / "raising_hook.py", source))
    with pytest.raises(
        InputError, match=r"optilab_optimizers of plugin .*raising_hook\.py' has failed: NameError: .*in line 14"
    ):
        loading.registry()


def test_a_broken_plugin_is_a_warning_and_the_others_go_on(install: Install) -> None:
    """A plugin that fails to import is named with its traceback; the rest is there."""
    install("stranger-five", "broken_one", "stranger_five", "import no_such_module_at_all\n")
    with pytest.warns(PluginWarning) as caught:
        found = loading.registry()
    message = str(caught[0].message)
    assert "'broken_one' of stranger-five failed to load" in message
    assert "Traceback" in message
    assert "no_such_module_at_all" in message
    assert list(found.broken) == ["broken_one"]
    assert {"adam", "sgd"} <= set(found.optimizers)
    with pytest.raises(InputError, match="failed to load: broken_one"):
        found.optimizer("what_it_offered")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = 1\ndef (\n", r"SyntaxError: invalid syntax, in line 2: def \("),
        (
            "import numpy as np\n\nx = np.nothing_of_the_kind\n",
            r"AttributeError: .*, in line 3: x = np.nothing_of_the_kind",
        ),
    ],
)
def test_a_file_that_can_not_be_imported_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    """A file that was asked for and can't be imported is told with the line at fault, and leaves no half of a module."""
    loading.use_file(write(tmp_path / "not_python.py", content))
    with pytest.raises(InputError, match=rf"not_python\.py' can't be imported: {message}"):
        loading.registry()
    assert "optilab_file_not_python" not in sys.modules


def test_a_rule_declared_wrongly_is_an_error_that_names_the_plugin(tmp_path: Path) -> None:
    """What the decorators complain of is told with the plugin that it is in."""
    source = HALVE.format(name="halve_declared").replace("return w\n", "return w * 2\n")
    loading.use_file(write(tmp_path / "declared_wrongly.py", source))
    with pytest.raises(InputError, match=r"declared_wrongly\.py.*return by name"):
        loading.registry()


def test_the_registry_is_made_once(tmp_path: Path) -> None:
    """Asking again gives the same registry, until a file is added."""
    first = loading.registry()
    assert loading.registry() is first
    loading.use_file(write(tmp_path / "one_more.py", HALVE.format(name="halve_more")))
    assert loading.registry() is not first
