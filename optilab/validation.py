"""pydantic's findings, told as one message: the place, what was found, what is accepted, the nearest known name."""

from __future__ import annotations

import difflib
import types
from collections.abc import Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from optilab.errors import InputError

Model = TypeVar("Model", bound=BaseModel)

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a table",
    "string_type": "a text",
}


def validated(model: type[Model], given: dict[str, Any], place: str = "") -> Model:
    """`given` as an instance of `model`, or InputError for the first thing that is wrong with it."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InputError(_message(model, error.errors(include_url=False), place)) from None


def _message(model: type[BaseModel], found: list[Any], place: str) -> str:
    """One message for the first place that is wrong; the alternatives of a union complain there one after another."""
    where = _path(found[0], place)
    here = [problem for problem in found if _path(problem, place) == where]
    deeper = [problem for problem in found if _path(problem, place).startswith((f"{where}.", f"{where}["))]
    problem = next((p for p in deeper if p["type"] not in _EXPECTED), here[0])
    where = _path(problem, place)
    if problem["type"] == "extra_forbidden":
        name = str(problem["loc"][-1])
        known = _fields(model, problem["loc"][:-1])
        close = difflib.get_close_matches(name, known, n=1)
        return f"{where}: unknown key; " + (f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}")
    if problem["type"] == "missing":
        return f"{where}: missing"
    expected = [_expected(p) for p in here]
    if all(expected):
        text = f"{where} = {problem['input']!r}: expected {' or '.join(dict.fromkeys(expected))}"
        return text + _nearest(str(problem["input"]), here)
    message = problem["msg"].removeprefix("Value error, ")
    shown = f" = {problem['input']!r}" if problem["loc"] and not isinstance(problem["input"], dict) else ""
    return f"{where}{shown}: {message[:1].lower()}{message[1:]}" if where else message


def _path(problem: Any, place: str) -> str:
    """Where it is, as in problems[0].hidden[1]."""
    path = [place] if place else []
    for part in problem["loc"]:
        if isinstance(part, int):
            path[-1:] = [f"{path[-1] if path else ''}[{part}]"]
        elif not _names_an_alternative(part):
            path.append(part)
    return ".".join(path)


def _names_an_alternative(part: str) -> bool:
    """Whether pydantic means the alternative of a union that it tried, as in 'list[int]' or 'literal['a','b']'."""
    return "[" in part or part in ("str", "int", "float", "bool", "none") or part[:1].isupper()


def _fields(model: type[BaseModel], loc: Sequence[Any]) -> list[str]:
    """Keys of the table at `loc` within `model`."""
    for part in loc:
        if part in model.model_fields:
            kind = model.model_fields[part].annotation
            kinds = get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
            inner = [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]
            model = inner[0] if inner else model
    return list(model.model_fields)


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
    close = difflib.get_close_matches(given, words, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
