"""What is said of the examples of results, by the specification of their runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from click.testing import CliRunner

from images import image_file
from optilab.cli.main import main
from optilab.figures.captions import seeds_text
from optilab.records.specs import measured_on, share_order
from pictures import made


def test_tables_tell_whether_seeds_share_an_order() -> None:
    """By the specification of their runs, of which one in full batches has no order; a table of others has none."""
    specs = ['{"batch_size": 8, "data_order": "shared"}', '{"batch_size": 8}']
    assert share_order(pd.DataFrame({"spec": specs}))
    assert not share_order(pd.DataFrame({"spec": specs[1:]}))
    assert not share_order(pd.DataFrame({"spec": ['{"batch_size": "full", "data_order": "shared"}']}))
    assert not share_order(pd.DataFrame({"spec": [1.0, None]}))
    assert not share_order(pd.DataFrame({"seed": [0]}))


def test_tables_tell_which_examples_training_costs_are_of() -> None:
    """A number, a share, or several of them where problems differ; nothing where they are of all, or nothing is known."""
    some, share = '{"problem": {"measured": 5000}}', '{"problem": {"measured": 0.125}}'
    assert measured_on(pd.DataFrame({"spec": [some, some]})) == "training costs are of 5,000 of the training examples"
    both = measured_on(pd.DataFrame({"spec": [some, share, "{}"]}))
    assert both == "training costs are of 12.5 % or 5,000 of the training examples"
    for specs in (["{}"], ['{"measured": null}'], [1.0, None]):
        assert measured_on(pd.DataFrame({"spec": specs})) == ""
    assert measured_on(pd.DataFrame({"seed": [0]})) == ""


def test_captions_and_tables_say_which_examples_were_measured(tmp_path: Path) -> None:
    """Those of a network that measures some; of one that measures all nothing is said."""
    image_file(tmp_path / "sides.npz")
    for measured in (9, None):
        problem: dict[str, Any] = {"use": "network", "dataset": {"path": str(tmp_path / "sides.npz")}, "hidden": [5]}
        if measured:
            problem["measured"] = measured
        folder = tmp_path / str(measured)
        results = made(folder, budget={"epochs": 1}, problem=problem, optimizers=[{"use": "sgd", "lr": 0.1}])
        said = "training costs are of 9 of the training examples."
        assert (f"; {said}" in seeds_text(results)) == bool(measured)
        shown = CliRunner().invoke(main, ["table", str(folder)])
        assert shown.exit_code == 0, shown.output
        assert (said.capitalize() in " ".join(shown.output.split())) == bool(measured)
