"""What is said of the examples of results, by the specification of their runs."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import optilab
from optilab.cli.main import main
from optilab.figures.kinds import KINDS
from optilab.figures.view import View
from optilab.records.specs import measured_on, share_order
from pictures import made_of_images


def test_tables_tell_whether_seeds_share_an_order() -> None:
    """By the specification of their runs, of which one in full batches has no order; a table of others has none."""
    specs = ['{"batch_size": 8, "data_order": "shared"}', '{"batch_size": 8}']
    assert share_order(pd.DataFrame({"spec": specs}))
    assert not share_order(pd.DataFrame({"spec": specs[1:]}))
    assert not share_order(pd.DataFrame({"spec": ['{"batch_size": "full", "data_order": "shared"}']}))
    assert not share_order(pd.DataFrame({"spec": [1.0, None]}))
    assert not share_order(pd.DataFrame({"seed": [0]}))


def table(*problems: object) -> pd.DataFrame:
    """Runs on problems with these parameters, two of each."""
    specs = [json.dumps({"problem": problem, "hyperparameters": {"measured_examples": 3}}) for problem in problems]
    return pd.DataFrame({"problem": [f"p{k}" for k in range(len(specs))], "spec": specs}).loc[[*range(len(specs))] * 2]


def test_tables_tell_which_examples_training_costs_are_of() -> None:
    """A number or a share, and of which problems where there are several; nothing where they are of all, or nothing is known."""
    some, share, every = (
        {"use": "network", **more} for more in (*({"measured_examples": n} for n in (5000, 0.125)), {})
    )
    said = "Training costs, accuracies and gradients are of {} of the examples that are trained on."
    assert measured_on(table(some)) == said.format("5,000")
    assert measured_on(table(share)) == said.format("12.5 %")
    assert measured_on(table(some, every, share)) == said.format("5,000 on p0, 12.5 % on p2,")
    assert "5,000 on p5, and some on 3 more problems, of the examples" in measured_on(table(*[some] * 9))
    others: list[object] = [
        every,
        {"use": "theirs", "measured_examples": 4.0},
        {"use": "network", "measured_examples": None},
        [],
        1,
    ]
    for other in others:
        assert measured_on(table(other)) == ""
    for specs in ([1.0, None], ["no JSON", "{}"]):
        assert measured_on(pd.DataFrame({"problem": ["a", "b"], "spec": specs})) == ""
    assert measured_on(pd.DataFrame({"seed": [0]})) == ""


@pytest.mark.parametrize("measured", [9, None])
def test_all_that_shows_training_costs_says_which_examples_they_are_of(tmp_path: Path, measured: int | None) -> None:
    """Pictures of them or chosen by them, the table, the report and the notebook; of a network that measures all nothing is said."""
    network = {} if measured is None else {"measured_examples": measured}
    lines = [
        {"use": "sgd", "lr": [0.01, 0.1, 0.5], "batch_size": 8},
        {"use": "adam", "lr": [0.01, 0.1], "batch_size": 8},
    ]
    results = made_of_images(tmp_path, network, optimizers=lines, tuning={"seeds": 1, "by": "train_cost"})
    said = "Training costs, accuracies and gradients are of 9 of the examples that are trained on."
    drawn = set()
    for name, kind in KINDS.items():
        if kind.again or (figure := kind.draw(View(results, y="train_cost", asked=True))) is None:
            continue
        drawn.add(name)
        assert (said in " ".join(figure.get_supxlabel().split())) == bool(measured), name
    assert drawn >= {"convergence", "sensitivity", "finals", "tuning", "norms", "wins"}
    shown = CliRunner().invoke(main, ["table", str(results.folder)])
    assert shown.exit_code == 0, shown.output
    assert (said in " ".join(shown.output.split())) == bool(measured)
    page = CliRunner().invoke(main, ["report", str(results.folder), "-o", str(tmp_path / "page.html")])
    assert page.exit_code == 0, page.output
    assert (said in (tmp_path / "page.html").read_text()) == bool(measured)
    assert (said in optilab.load(results.folder)._repr_html_()) == bool(measured)


def test_pictures_that_have_nothing_to_do_with_training_costs_do_not_speak_of_them(tmp_path: Path) -> None:
    """Of test costs of lines of which nothing was chosen."""
    results = made_of_images(tmp_path, {"measured_examples": 9}, optimizers=[{"use": "sgd", "lr": 0.1}])
    view = View(results, y="test_cost", asked=True)
    for name in ("convergence", "finals"):
        figure = KINDS[name].draw(view)
        assert figure is not None
        assert "Training costs" not in figure.get_supxlabel()
