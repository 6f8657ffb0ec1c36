"""Tables of settings from a file or a call, validated; errors say where and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, TypeVar, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from optilab.errors import InputError, at
from optilab.parameters.numeric import as_number, single
from optilab.texts import nearest, printable, shortened, shown


class Settings(BaseModel):
    """A table of an experiment file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        return plain(given, "")


Model = TypeVar("Model", bound=BaseModel)
DATA = ("x_train", "y_train", "x_test", "y_test")  # keys whose values are data, of any type


_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a table",
    "string_type": "a text",
}


_DEEPEST = 20  # tables and lists inside each other
_LONGEST_ARRAY = 10_000  # numbers of an array that counts as a list; longer ones are data


def validated(model: type[Model], given: dict[str, Any], place: str = "") -> Model:
    """`given` as an instance of `model`, or InputError for the first thing that is wrong with it."""
    try:
        return model.model_validate(plain(given, place))
    except ValidationError as error:
        raise InputError(_message(model, error.errors(include_url=False), place)) from None


def plain(given: Any, place: str, depth: int = 0) -> Any:
    """Values as TOML and JSON know them: NumPy scalars and short arrays become Python's, paths become texts.

    Long arrays stay as they are, and so do the arrays and tables of a dataset, of any type, which `optilab.datasets.arrays` reads.
    InputError, with its place, for anything else: dates, whole numbers of more than 64 bits, tables 20 deep.
    """
    value = os.fspath(given) if isinstance(given, os.PathLike) else single(given)
    if depth > _DEEPEST:
        raise InputError(f"{at(place)}tables and lists may be nested at most {_DEEPEST} deep")
    if isinstance(value, str):
        return _encodable(value, place)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InputError(f"{at(place)}{shown(key)} is not the name of a key")
            _encodable(key, place)
        return {
            key: v if key in DATA else plain(v, f"{place}.{_shown(key)}" if place else _shown(key), depth + 1)
            for key, v in value.items()
        }
    if isinstance(value, np.ndarray):
        return value if value.size > _LONGEST_ARRAY or value.ndim > 1 else plain(value.tolist(), place, depth)
    if isinstance(value, (list, tuple)):
        return [plain(v, f"{place}[{k}]", depth + 1) for k, v in enumerate(value)]
    if isinstance(value, BaseModel) or is_dataclass(value):  # from Python: a schedule itself, and not its name
        return value
    try:
        return as_number(value, place or "value")
    except InputError as error:
        if isinstance(value, int):
            raise
        accepted = "a number, a text, true or false, a list or a table"
        raise InputError(
            f"{at(place)}{shown(value)} is of type {type(value).__name__}: accepted is {accepted}"
        ) from error


def _encodable(text: str, place: str) -> str:
    """The text; InputError for one that no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{at(place)}{shown(text)} holds characters that no file can") from None
    return text


def _message(model: type[BaseModel], problems: list[Any], place: str) -> str:
    """One message for the first place that is wrong; the alternatives of a union complain there one after another.

    What is missing comes last: it may be there under a wrong name.
    """
    problems = sorted(problems, key=lambda problem: problem["type"] == "missing")
    where = _path(problems[0], place)
    here = [problem for problem in problems if _path(problem, place) == where]
    deeper = [problem for problem in problems if _path(problem, place).startswith((f"{where}.", f"{where}["))]
    problem = next((p for p in deeper if p["type"] not in _EXPECTED), here[0])
    where = _path(problem, place)
    if problem["type"] == "extra_forbidden":
        name = str(problem["loc"][-1])
        known = _fields(model, problem["loc"][:-1])
        return f"{where}: unknown key; {nearest(name, known)}"
    if problem["type"] == "missing":
        return f"{where}: missing"
    expected = [_expected(p) for p in here]
    if all(expected):
        text = f"{where} = {shown(problem['input'])}: expected {' or '.join(dict.fromkeys(expected))}"
        if "a list" in expected and isinstance(problem["input"], Mapping) and len(problem["loc"]) == 1 and not place:
            return f"{text}; write [[{where}]], with two brackets, for each table of a list"
        if "a table" in expected and isinstance(problem["input"], list) and len(problem["loc"]) == 1 and not place:
            return f"{text}; write [{where}], with one bracket, for a table that stands alone"
        return text + (_nearest(problem["input"], here) if isinstance(problem["input"], str) else "")
    message = problem["msg"].removeprefix("Value error, ")
    found = f" = {shown(problem['input'])}" if problem["loc"] and not isinstance(problem["input"], dict) else ""
    return f"{where}{found}: {message[:1].lower()}{message[1:]}" if where else message


def _path(problem: Any, place: str) -> str:
    """The place of a problem, as in problems[0].hidden[1]."""
    path = [place] if place else []
    for part in problem["loc"]:
        if isinstance(part, int):
            path[-1:] = [f"{path[-1] if path else ''}[{part}]"]
        elif not _names_an_alternative(part):
            path.append(_shown(part))
    return ".".join(path)


def _shown(key: str) -> str:
    """A key as it stands in a place: as it is, if it is short and printable."""
    return shortened(printable(key), 60)


def _names_an_alternative(part: str) -> bool:
    """Whether pydantic means the alternative of a union that it tried, as in 'list[int]' or 'literal['a','b']'."""
    return "[" in part or part in ("str", "int", "float", "bool", "none") or part[:1].isupper()


def _fields(model: type[BaseModel], loc: Sequence[Any]) -> list[str]:
    """Keys of the table at `loc` within `model`."""
    for part in loc:
        if part in model.model_fields:
            model = next(_tables(model.model_fields[part].annotation), model)
    return list(model.model_fields)


def _tables(kind: Any) -> Iterator[type[BaseModel]]:
    """The tables among the alternatives of a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _tables(inner)


def _expected(problem: Any) -> str:
    if problem["type"] == "literal_error":
        return str(problem["ctx"]["expected"])
    return _EXPECTED.get(problem["type"], "")


def _nearest(given: str, problems: list[Any]) -> str:
    """The nearest of the accepted words, if there is one."""
    words = [
        w.strip("' ")
        for p in problems
        if p["type"] == "literal_error"
        for w in _expected(p).replace(" or ", ",").split(",")
    ]
    hint = nearest(given, words) if words else ""
    return f"; {hint}" if hint.startswith("did you mean") else ""
