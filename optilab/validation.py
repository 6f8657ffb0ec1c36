"""pydantic's findings, told as one message: the place, what was found, what is accepted, the nearest known name."""

from __future__ import annotations

import difflib
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from optilab.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], given: dict[str, Any], place: str = "") -> Model:
    """`given` as an instance of `model`, or InputError for the first thing that is wrong with it."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise InputError(_message(model, found[-1] if _is_union(found) else found[0], place)) from None


def _is_union(found: list[Any]) -> bool:
    """Whether several complaints are about one place, of which the last is the richest alternative's."""
    return len(found) > 1 and found[0]["loc"][:1] == found[-1]["loc"][:1] and len(found[0]["loc"]) > 1


def _message(model: type[BaseModel], problem: Any, place: str) -> str:
    path = [place] if place else []
    for part in problem["loc"]:
        if isinstance(part, int):
            path[-1:] = [f"{path[-1] if path else ''}[{part}]"]
        elif not _is_type_tag(part):
            path.append(part)
    where = ".".join(path)
    if problem["type"] == "extra_forbidden":
        name = str(problem["loc"][-1])
        close = difflib.get_close_matches(name, model.model_fields, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(model.model_fields)}"
        return f"{where}: unknown key; {hint}"
    if problem["type"] == "missing":
        return f"{where}: missing"
    message = problem["msg"].removeprefix("Value error, ")
    hint = ""
    if problem["type"] == "literal_error":
        accepted = problem["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        close = difflib.get_close_matches(str(problem["input"]), accepted, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"{where} = {problem['input']!r}: {message[:1].lower()}{message[1:]}{hint}"


def _is_type_tag(part: str) -> bool:
    """Pydantic names the alternative of a union that it tried, as in 'list[int]' or 'literal['a','b']'."""
    return "[" in part or part in ("str", "int", "float", "bool", "none", "File")
