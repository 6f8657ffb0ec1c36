"""Tables brought into the form of a schema."""

from __future__ import annotations

import pyarrow as pa

from optilab.store.schema import fitted

SCHEMA = pa.schema([("name", pa.string()), ("lr", pa.string()), ("steps", pa.int64()), ("cost", pa.float64())])


def test_what_fits_is_taken_as_it_is() -> None:
    """A table that has the columns of the schema is not made anew."""
    table = pa.table({"name": ["a"], "lr": ["0.1"], "steps": [3], "cost": [0.5]}, SCHEMA)
    assert fitted(table, SCHEMA) is table


def test_numbers_become_words_and_what_is_missing_null() -> None:
    """Columns come in the order of the schema, in its types; those that it doesn't know are left out."""
    table = pa.table({"steps": [3.0, 4.0], "other": [1, 2], "lr": [0.1, None], "name": ["a", "b"]})
    assert fitted(table, SCHEMA).to_pydict() == {
        "name": ["a", "b"],
        "lr": ["0.1", None],
        "steps": [3, 4],
        "cost": [None, None],
    }
    assert fitted(table, SCHEMA).schema == SCHEMA
