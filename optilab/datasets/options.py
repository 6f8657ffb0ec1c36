"""Options of a dataset from a file or arrays: the keys of its table."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from optilab.errors import InputError, at

MEANING = 3  # version of these options, raised when they come to give other examples for the same content
ColumnName = str | int


def _separator(text: str) -> str:
    if text != "blanks" and (len(text) != 1 or text in '"\n\r'):
        raise ValueError('accepted is one character, as ";" or "\\t", or "blanks" for any number of them')
    return text


def _one_character(text: str) -> str:
    if len(text) != 1 or text in '"\n\r':
        raise ValueError("accepted is one character")
    return text


class Preparation(BaseModel):
    """How examples are prepared. Means, deviations and words are learned from the training part only."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    classes: bool = Field(False, description="The labels are classes, even where they are numbers with a point.")
    numbers: bool = Field(False, description="The labels are numbers to predict, even where they are whole.")
    missing: Literal["refuse", "drop", "mean"] = Field(
        "refuse", description="Examples with missing values are refused or dropped, or inputs filled with their mean."
    )
    standardize: bool = Field(False, description="Bring each input that is a number to mean 0 and deviation 1.")
    scale_targets: bool = Field(False, description="Bring numbers to predict to mean 0 and deviation 1.")
    test_fraction: float = Field(0.2, description="Share of examples kept for testing, class by class.")
    split_seed: int = Field(0, ge=0, description="Seed of the split into training and test examples.")
    image: list[Annotated[int, Field(gt=0)]] | None = Field(
        None, min_length=2, max_length=2, description="Height and width, where each example is an image."
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Preparation:
        if self.classes and self.numbers:
            raise ValueError("classes and numbers: labels are one or the other; give one of them")
        if self.classes and self.scale_targets:
            raise ValueError("scale_targets: the labels are classes, which have no scale")
        if not 0 <= self.test_fraction < 1:
            raise ValueError(f"test_fraction = {self.test_fraction:g} is out of range: accepted is [0, 1)")
        return self


class Columns(Preparation):
    """The choice of a table's columns that are inputs."""

    columns: list[ColumnName] | None = Field(None, description="The inputs; all columns but the label if not given.")
    drop: list[ColumnName] = Field([], description="Columns that are no inputs.")

    @model_validator(mode="after")
    def _one_choice(self) -> Columns:
        if self.columns is not None and self.drop:
            raise ValueError("columns and drop: give the inputs, or what is not among them")
        return self


class File(Columns):
    """A .npz with x_train, y_train and optionally x_test, y_test; or a table: .csv, .tsv, .txt or the like, plain or compressed."""

    path: str = Field(description="The file, relative to the experiment's.")
    label: ColumnName | None = Field(None, description="The table's column to predict.")
    separator: Annotated[str, AfterValidator(_separator)] | None = Field(
        None, description='Character between columns, or "blanks" for any number of blanks; detected if not given.'
    )
    header: bool | None = Field(None, description="Whether the first line names the columns; else they are 0, 1, ...")
    skip_lines: int = Field(0, ge=0, description="Lines before the table, such as a title.")
    decimal: Literal[".", ","] | None = Field(None, description="The decimal mark; detected if not given.")
    comment: Annotated[str, AfterValidator(_one_character)] | None = Field(
        None, description="Lines that begin with it are skipped; # at the top of the file if not given."
    )
    na_values: list[str] = Field([], description='More words for a missing value, such as "?".')
    encoding: str = Field("utf-8", description="How the file's characters are encoded.")


class Arrays(Columns):
    """Arrays in memory: of NumPy, lists, or pandas; one row of x and one label of y an example."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    x_train: Any
    y_train: Any
    x_test: Any = None
    y_test: Any = None


class Kept(BaseModel):
    """Arrays that were in memory once, by the digest under which the cache keeps them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


def digest_with(content: bytes, options: Preparation, *more: Any) -> str:
    """Digest of a dataset's content and options, in hexadecimal; its path doesn't count."""
    told = options.model_dump(mode="json", exclude={"path", "x_train", "y_train", "x_test", "y_test"})
    text = json.dumps([MEANING, told, *more], sort_keys=True)
    return hashlib.sha256(hashlib.sha256(content).digest() + text.encode("utf-8", "surrogatepass")).hexdigest()


def refuse_table_options(options: File, place: str) -> None:
    """InputError for an option of tables, given for a file of arrays."""
    for name in ("label", "columns", "drop", "separator", "header", "skip_lines", "decimal", "comment", "na_values"):
        if getattr(options, name) != File.model_fields[name].default:
            raise InputError(
                f"{at(place)}{name} is for tables; the arrays of a .npz are x_train, y_train, x_test, y_test"
            )
