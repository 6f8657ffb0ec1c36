"""The commands list and show: what there is, and all about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.calls import refused

from optilab.plugins import loading
from terminals import call

pytestmark = pytest.mark.usefixtures("folder")


def test_list_names_everything() -> None:
    """Every optimizer, schedule, problem and dataset is listed with its summary."""
    text = call("list").stdout
    found = loading.registry()
    for things in (found.optimizers, found.schedules, found.problems, found.datasets):
        for name, thing in things.items():
            assert any(
                line.split()[:1] == [name] and thing.documentation.partition("\n")[0] in line
                for line in text.splitlines()
            )


def test_list_for_programs() -> None:
    """--json gives names, summaries, parameters and plugins of all kinds of things."""
    found = json.loads(call("list", "--json").stdout)
    assert set(found) == {
        "optimizers",
        "links",
        "schedules",
        "problems",
        "datasets",
        "executors",
        "loggers",
        "samplers",
    }
    adam = next(entry for entry in found["optimizers"] if entry["name"] == "adam")
    assert set(adam) == {"name", "summary", "parameters", "plugin"}
    assert list(adam["parameters"])[:4] == ["lr", "beta1", "beta2", "eps"]
    assert "l2" in [entry["name"] for entry in found["links"]]
    assert "optilab-framework" in adam["plugin"]
    assert [entry["name"] for entry in found["datasets"]] == ["mnist"]


def test_list_knows_a_plugin_from_a_file() -> None:
    """--plugin adds what the file offers, for this call."""
    assert "idea_of_mine" not in call("list").stdout
    assert "idea_of_mine" in call("list", "--plugin", "idea_in_file.py").stdout


def test_show_tells_all_about_an_optimizer() -> None:
    """The equations, the hyperparameters with defaults and ranges, the state, and where it comes from."""
    text = call("show", "adam").stdout
    lines = [line.split() for line in text.splitlines()]
    assert "m = beta1 * m + (1 - beta1) * g" in text
    assert "arXiv:1412.6980" in text
    assert ["beta1", "0.9", "in", "[0,", "1)"] in lines
    assert ["lr", "0.001", "in", "(0,", "inf)"] in lines
    assert any(line[:1] == ["v"] and "weight," in line for line in lines)
    assert str(Path("plugins") / "optilab_adaptive" / "adam.py") in text or "optilab_adaptive" in text
    assert "optilab-framework" in text


@pytest.mark.parametrize(
    "name", ["cosine", "warmup", "reduce_on_plateau", "rosenbrock", "network", "mnist", "sam", "l2"]
)
def test_show_tells_about_anything(name: str) -> None:
    """Schedules, problems, datasets and chain links are shown as well."""
    text = call("show", name).stdout
    assert text.startswith(name)
    assert "from:" in text


@pytest.mark.parametrize("what", ["optimizers", "schedules", "problems", "datasets"])
def test_show_fails_for_nothing_that_is_listed(what: str) -> None:
    """Whatever the list names can be shown."""
    for entry in json.loads(call("list", "--json").stdout)[what]:
        assert entry["summary"] in call("show", entry["name"]).stdout


def test_show_offers_the_nearest_name() -> None:
    """A name that isn't known is told with the nearest."""
    assert "did you mean 'adam'" in refused("show", "adamm").replace("'adamw' or ", "").replace(" or 'adamw'", "")
