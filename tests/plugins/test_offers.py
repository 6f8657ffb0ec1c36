"""What plugins offer by name, and what of it is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optilab import hookspecs
from optilab.errors import InputError
from optilab.plugins import loading
from strangers import HALVE, Install, write

HOOKS = [name for name in vars(hookspecs) if name.startswith("optilab_")]


pytestmark = pytest.mark.usefixtures("fresh_registry")


NAMED = """
import numpy as np

from optilab import dataset, elementwise, executor, function, hookimpl, logger, sampler, schedule


def named(function):
    function.__name__ = {name!r}
    return function


@hookimpl
def optilab_{what}():
    def rule(w, g, lr):
        w -= lr * g
        return w

    def curve(step, total):
        return step

    def bowl(w, g):
        return 0.0

    def begin(where="", workers=1):
        yield None

    def points(ranges, samples, seed):
        return []

    thing = {{
        "optimizers": lambda: elementwise(lr=0.1)(named(rule)),
        "schedules": lambda: schedule()(named(curve)),
        "problems": lambda: function(start=[1.0], domain=[(-1, 1)])(named(bowl)),
        "datasets": lambda: dataset(digest={digest!r})(named(points)),
        "executors": lambda: executor(named(begin)),
        "loggers": lambda: logger(named(begin)),
        "samplers": lambda: sampler(named(points)),
    }}["{what}"]
    return [thing()]
"""


def test_a_duplicate_name_names_both_plugins(install: Install) -> None:
    """Two optimizers of one name are an error that names the plugins they come from."""
    install("stranger-two", "second_adam", "stranger_two", HALVE.format(name="adam"))
    with pytest.raises(InputError) as caught:
        loading.registry()
    message = str(caught.value)
    assert "'adam' of optilab-framework" in message
    assert "'second_adam' of stranger-two" in message
    assert "optimizers named 'adam'" in message


def test_an_unknown_hook_is_told_the_near_name(tmp_path: Path) -> None:
    """A misspelt hook is an error that names the plugin, the hook and the one that was meant."""
    source = HALVE.format(name="halve_misspelt").replace("optilab_optimizers", "optilab_optimisers")
    loading.use_file(write(tmp_path / "misspelt.py", source))
    with pytest.raises(InputError) as caught:
        loading.registry()
    assert re.search(r"misspelt\.py.*optilab_optimisers.*did you mean 'optilab_optimizers'", str(caught.value))


@pytest.mark.parametrize(
    ("case", "returned", "told"),
    [
        ("one", "halve_wrong", "Optimizer, expected a list"),
        ("dict", "{'halve_wrong': halve_wrong}", "dict, expected a list"),
        ("nothing", "None", "NoneType, expected a list"),
        ("number", "[halve_wrong, 3]", "3, which is none of its optimizers"),
        ("function", "[halve_wrong.rules[0].function]", "which is none of its optimizers"),
    ],
)
def test_a_hook_that_returns_the_wrong_thing_is_an_error(tmp_path: Path, case: str, returned: str, told: str) -> None:
    """A hook returns a list of what it is for; all else, nothing included, is an error that names the plugin."""
    source = HALVE.format(name="halve_wrong").replace("return [halve_wrong]", f"return {returned}")
    name = f"returns_{case}.py"
    loading.use_file(write(tmp_path / name, source))
    with pytest.raises(InputError) as caught:
        loading.registry()
    assert name in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [
        ("optimizer", "adamm", "'adam'"),
        ("schedule", "cosin", "'cosine'"),
        ("dataset", "minst", "'mnist'"),
        ("problem", "rosenbrok", "'rosenbrock'"),
    ],
)
def test_an_unknown_name_lists_the_near_ones(kind: str, name: str, near: str) -> None:
    """A name that isn't known is an error that offers the nearest."""
    with pytest.raises(InputError, match=f"unknown {kind} '{name}': did you mean.*{near}"):
        getattr(loading.registry(), kind)(name)


def test_a_name_like_no_other_lists_them_all() -> None:
    """Where no name is near, all are listed."""
    with pytest.raises(InputError, match=r"known are .*bowl.*network.*rosenbrock"):
        loading.registry().problem("zzz")


def test_a_name_that_is_no_text_is_an_error() -> None:
    """A number is not a name."""
    with pytest.raises(InputError, match="3 is not the name of a problem"):
        loading.registry().problem(3)  # type: ignore[arg-type]


def test_a_hook_without_its_mark_is_refused(tmp_path: Path) -> None:
    """A function called optilab_optimizers that isn't marked with @hookimpl would offer nothing without a word."""
    file = tmp_path / "unmarked.py"
    file.write_text("def optilab_optimizers():\n    return []\n")
    loading.use_file(file)
    with pytest.raises(InputError, match="optilab_optimizers is not marked as a hook; write @hookimpl before it"):
        loading.registry()


@pytest.mark.parametrize("what", [hook.removeprefix("optilab_") for hook in HOOKS])
@pytest.mark.parametrize("name", ["../x", "a/b", "", "a b", "\ud800", "x" * 200, "..", "1st", "a\nb"])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, what: str, name: str) -> None:
    """Names become parts of file names: whatever a plugin offers, they are letters, digits, '_' and '-'."""
    loading.trust()
    loading.use_file(write(tmp_path / "named.py", NAMED.format(name=name, what=what, digest="0")))
    try:
        with pytest.raises(InputError, match=rf"named\.py': optilab_{what}"):
            loading.make_registry()
    finally:
        loading._trusting.clear()


def test_the_digest_of_a_dataset_is_hexadecimal(tmp_path: Path) -> None:
    """It becomes part of a folder's name."""
    loading.use_file(write(tmp_path / "named.py", NAMED.format(name="data", what="datasets", digest="../..")))
    with pytest.raises(InputError, match=r"the digest of 'data' is '\.\./\.\.': accepted are hexadecimal digits"):
        loading.registry()
