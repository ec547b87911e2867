"""JSON that a person gives on the command line."""

import json
from pathlib import Path
from typing import NoReturn

from pydantic import JsonValue

from stepweave.command.errors import CommandError


def read_object(text: str) -> dict[str, JsonValue]:
    """Read the value of ``--input``: a JSON object, or ``@FILE`` for a file that holds one.

    Raises
    ------
    CommandError
        If it is none, or the file cannot be read.
    """
    place = "--input"
    if text.startswith("@"):
        place = text[1:]
        try:
            text = Path(place).read_text(encoding="utf-8-sig")
        except OSError as error:
            why = f"cannot read {place}: {error.strerror}" if place else "no file is named behind the @"
            raise CommandError(f"--input {text}: {why}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{place}: not UTF-8 text, at byte {error.start}") from error
        except ValueError as error:  # a null byte
            raise CommandError(f"--input {text}: not a path: {error}") from error
    value = read_json(text, place, "pass a JSON object, or @FILE for a file that holds one")
    if not isinstance(value, dict):
        raise CommandError(f"{place}: must be a JSON object, not {_json_type(value)}", 'for example {"name": "value"}')
    return value


def read_json(text: str, place: str, hint: str = "") -> JsonValue:
    """Read JSON as RFC 8259 has it, and no object with the same name twice.

    Parameters
    ----------
    text : str
        The JSON.
    place : str
        Where it was given, for the error.
    hint : str
        What to do if it is none.

    Raises
    ------
    CommandError
        If it is not valid.
    """
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_such_number, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise CommandError(
            f"{place}: not valid JSON, at line {error.lineno}, column {error.colno}: {error.msg}", hint
        ) from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{place}: not valid JSON: {error}") from error
    return value


def _no_such_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is given twice")
    return values


def _json_type(value: JsonValue) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return names.get(type(value), "null")
