"""`optilab data`: the columns of a dataset file, and how each is used."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from optilab.cli.outlets import say
from optilab.cli.terminal import Terminal
from optilab.datasets.from_files import file_dataset
from optilab.datasets.options import File
from optilab.datasets.overview import ColumnLine, facts_of, lines_of
from optilab.datasets.reading import kind_of_file
from optilab.errors import InputError
from optilab.parameters.tables import validated
from optilab.plugins.loading import registry
from optilab.texts import printable, shown


def show_data(file: str, given: Sequence[str]) -> None:
    """Print the columns of a file and how each is used; of a plugin's dataset, its labels and sizes.

    given: keys of the dataset's table, as "label=price". InputError, after the columns are printed, if the file can't be
    used as it is.
    """
    if file in registry().datasets and not Path(file).exists():
        if given:
            raise InputError(f"{file} is a dataset of a plugin, which has no keys such as {shown(given[0])}")
        _print_facts(facts_of(registry().dataset(file).load()))
        return
    options = validated(File, {"path": file, **dict(_key_and_value(text) for text in given)})
    dataset = file_dataset(options)
    _print_columns(lines_of(options))
    if options.label is None and kind_of_file(Path(file))[0] != ".npz":
        say("\nWhich column is to be predicted? Give it as label=NAME.")
        return
    _print_facts(facts_of(dataset.load()))
    say(f"\nIn an experiment: dataset = {_toml(options)}")


def _key_and_value(text: str) -> tuple[str, Any]:
    """One key of a dataset's table, the value in TOML's notation or a bare word."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(f"{shown(text)}: write it as KEY=VALUE, as in label=price")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _print_columns(lines: Sequence[ColumnLine]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("column", "type", "missing", "values", "use"):
        table.add_column(title, overflow="fold", justify="right" if title == "missing" else "left")
    for line in lines:
        table.add_row(line.name, line.type, str(line.missing or ""), line.values, line.use)
    Terminal().print(table)


def _print_facts(facts: Sequence[tuple[str, str]]) -> None:
    say("")
    for title, text in facts:
        say(f"{title + ':':<8}{text}")


def _toml(options: File) -> str:
    """The options that were given, as an experiment's file has them."""
    told = {"path": options.path, **options.model_dump(exclude_unset=True, exclude={"path"})}
    return (
        "{ "
        + ", ".join(f"{key} = {printable(json.dumps(value, ensure_ascii=False))}" for key, value in told.items())
        + " }"
    )
