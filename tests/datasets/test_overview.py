"""What `optilab data` and other commands show of a file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from optilab.cli.main import main
from optilab.datasets.options import File


@pytest.fixture
def flowers(tmp_path: Path) -> str:
    """A table with words, gaps, scales and three classes."""
    rows = [
        f"{'' if k == 4 else k % 9},{1000 * (k % 7)},{'red' if k % 2 else 'blue'},{'abc'[k % 3]}" for k in range(60)
    ]
    (tmp_path / "flowers.csv").write_text("\n".join(["width,mass,colour,kind", *rows]) + "\n")
    return str(tmp_path / "flowers.csv")


def test_data_shows_what_is_understood(flowers: str) -> None:
    """Columns with types, gaps and use; classes, split and scales; hints; and the line for the experiment's file."""
    shown = CliRunner().invoke(main, ["data", flowers, "label=kind", "missing=drop"])
    assert shown.exit_code == 0, shown.output
    lines = [re.split(r"\s{2,}", line.strip()) for line in shown.output.splitlines()]
    assert ["width", "whole numbers", "1", "0 to 8, 9 different", "input"] in lines
    assert ["colour", "words", "blue 30, red 30", "input"] in lines
    assert ["kind", "words", "a 20, b 20, c 20", "label"] in lines
    text = " ".join(shown.output.split())
    assert "3 classes, with examples to learn from + for testing: a 16+4, b 15+4, c 16+4" in text
    assert "47 examples to learn from, 12 kept for testing" in text
    assert "inputs: 4: width, mass, colour=blue, colour=red" in text
    assert "1 of 60 examples are left out" in text
    assert "standardize = true" in text
    (line,) = [line for line in shown.output.splitlines() if "dataset = " in line]
    table = tomllib.loads(line.partition(": ")[2])["dataset"]
    assert table == {"path": flowers, "label": "kind", "missing": "drop"}


def test_data_shows_columns_also_where_something_is_wrong(flowers: str) -> None:
    """Without a label, and with gaps that nothing was said of, the columns are shown, then what is to be said."""
    unlabelled = CliRunner().invoke(main, ["data", flowers])
    assert unlabelled.exit_code == 0
    assert "Which column is to be predicted?" in unlabelled.output
    gaps = CliRunner().invoke(main, ["data", flowers, "label=kind"])
    assert gaps.exit_code == 2
    assert "0 to 8, 9 different" in gaps.output
    assert "line 6: the column 'width' is empty" in gaps.output
    assert CliRunner().invoke(main, ["data", flowers, "lable=kind"]).exit_code == 2
    assert CliRunner().invoke(main, ["data", flowers, "label"]).exit_code == 2
    assert CliRunner().invoke(main, ["data", "nowhere.csv"]).exit_code == 2


def test_a_dry_run_says_what_was_done_to_the_data(flowers: str, tmp_path: Path) -> None:
    """Examples that were left out, and scales that differ, are told before anything runs."""
    file = tmp_path / "e.toml"
    file.write_text(
        f'name = "e"\nbudget = {{ steps = 1 }}\nproblem = {{ use = "network", dataset = {{ path = "{flowers}", label = "kind", '
        'missing = "drop" } }\n[[optimizers]]\nuse = "sgd"\nlr = 0.1\n'
    )
    said = " ".join(CliRunner().invoke(main, ["run", str(file), "--dry-run"]).output.split())
    assert "flowers: 1 of 60 examples are left out" in said
    assert "standardize = true" in said


def test_show_network_lists_every_key_of_a_dataset() -> None:
    """What can be said of a file is there to be read, each key with what it means."""
    said = CliRunner().invoke(main, ["show", "network"]).output
    for name, field in File.model_fields.items():
        assert f"dataset.{name} " in said
        assert field.description is not None
        assert field.description in said
