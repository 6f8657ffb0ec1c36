"""Checks of the arguments of functions called from Python; one message names the first that doesn't fit."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.parameters.numeric import LARGEST, is_number, is_whole, single
from optilab.texts import shown

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ArgumentKind:
    """A kind of argument.

    text: its name in messages. fits: whether a value is of this kind. convert: turns it into a plain Python value.
    """

    text: str
    fits: Callable[[Any], bool]
    convert: Callable[[Any], Any] = lambda value: value

    def accepted(self, name: str, value: Any) -> Any:
        """The value; InputError if it is of another kind."""
        if not self.fits(value):
            raise InputError(f"{name} = {shown(value)}: accepted is {self.text}")
        return self.convert(value)


def takes(**kinds: ArgumentKind) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """Decorate a function so that its arguments are checked first; None is accepted where it is the default.

    Calls raise InputError for the first argument of another kind.
    """

    def wrap(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        signature = inspect.signature(function)
        optional = {name for name in kinds if signature.parameters[name].default is None}

        @functools.wraps(function)
        def checked(*args: Arguments.args, **named: Arguments.kwargs) -> Answer:
            bound = signature.bind(*args, **named)
            for name, kind in kinds.items():
                value = bound.arguments.get(name)
                if name in bound.arguments and not (value is None and name in optional):
                    bound.arguments[name] = kind.accepted(name, value)
            return function(*bound.args, **bound.kwargs)

        return checked

    return wrap


def _is_frame(value: object) -> bool:
    """Whether a value is a DataFrame; pandas is not imported for it."""
    pandas = sys.modules.get("pandas")  # of which nobody has a DataFrame before it is imported
    return pandas is not None and isinstance(value, pandas.DataFrame)


def array(name: str, value: Any) -> NDArray[Any]:
    """A value as an array of real numbers. InputError for anything else, and for masked values."""
    if np.ma.is_masked(value):
        raise InputError(f"{name} has masked values: fill them in, as by {name}.filled(0)")
    try:
        found = np.asarray(value)
    except (ValueError, TypeError, OverflowError):  # such as lists of different lengths
        found = np.empty(0, object)
    if found.dtype.kind not in "biuf":
        raise InputError(f"{name} = {shown(value)}: accepted are real numbers")
    return found


def _plain(value: Any) -> Any:
    """A number as a Python int or float."""
    number = single(value)
    if is_whole(number):
        return int(number)
    return float(number) if is_number(number) else value


def _are_texts(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(v, str) for v in value)


TEXT = ArgumentKind("a text", lambda value: isinstance(value, str))
TEXTS = ArgumentKind("a list of texts", _are_texts, tuple)
PATH = ArgumentKind("a path", lambda value: isinstance(value, (str, os.PathLike)) and "\0" not in str(value))
RESULTS = ArgumentKind(
    "the path of a results folder or of a table of runs, or a DataFrame",
    lambda value: PATH.fits(value) or _is_frame(value),
)
WHOLE = ArgumentKind("a whole number", is_whole, _plain)
SEED = ArgumentKind("a whole number from 0", lambda value: is_whole(value) and single(value) >= 0, _plain)
COUNT = ArgumentKind("a whole number above zero", lambda value: is_whole(value) and single(value) > 0, _plain)
NUMBER = ArgumentKind("a number", is_number, _plain)
SWITCH = ArgumentKind("True or False", lambda value: isinstance(single(value), bool), single)
TABLE = ArgumentKind(
    "a dict with texts as keys", lambda v: isinstance(v, Mapping) and all(isinstance(k, str) for k in v), dict
)
MAPPING = ArgumentKind("a dict, or what np.load gives", lambda value: isinstance(value, Mapping))
FUNCTION = ArgumentKind("a function", callable)


def one_of(*words: str) -> ArgumentKind:
    """The kind of argument that is one of these words."""
    return ArgumentKind(" or ".join(map(repr, words)), lambda value: isinstance(value, str) and value in words)


PRECISION = one_of("float32", "float64")
BATCH_SIZE = ArgumentKind(
    "'full', or a whole number",
    lambda value: abs(single(value)) <= LARGEST if is_whole(value) else isinstance(value, str) and value == "full",
    _plain,
)
