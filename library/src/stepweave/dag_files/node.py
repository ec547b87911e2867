"""A JSON value together with where it stands in its file, so that whatever is wrong with it can be said there."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import JsonValue

from stepweave.compiler.options import MAX_SECONDS
from stepweave.dag_files.errors import MAX_SHOWN, DagFileError, abbreviated

_TYPES = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Node:
    """A JSON value in a file.

    Parameters
    ----------
    file : str
        The file, as messages name it.
    place : str
        Where the value stands, for example ``tasks[3].id``; empty for the whole.
    value : JsonValue
        The value.
    """

    file: str
    place: str
    value: JsonValue

    def error(self, problem: str, remedy: str = "") -> DagFileError:
        """Return an error about this value."""
        return DagFileError(self.file, self.place, problem, remedy)

    def field(self, name: str) -> Node | None:
        """Return a field of this object; None if it has none of that name.

        Raises
        ------
        DagFileError
            If this is no object.
        """
        fields = self._object()
        if name not in fields:
            return None
        return Node(self.file, f"{self.place}.{name}" if self.place else name, fields[name])

    def required(self, name: str) -> Node:
        """Return a field of this object.

        Raises
        ------
        DagFileError
            If this is no object, or lacks the field.
        """
        found = self.field(name)
        if found is None:
            raise self.error(f"lacks the field {name!r}", "add it")
        return found

    def check_fields(self, known: Collection[str]) -> None:
        """Refuse fields that mean nothing here, since one of them may be a misspelt dependency.

        Raises
        ------
        DagFileError
            Naming the first unknown field.
        """
        for name in self._object():
            if name not in known:
                close = get_close_matches(name, known, n=1)
                remedy = f"did you mean {close[0]!r}?" if close else f"a task has the fields {', '.join(known)}"
                raise self.error(f"has an unknown field {abbreviated(name)}", remedy)

    def items(self) -> list[Node]:
        """Return the items of this list.

        Raises
        ------
        DagFileError
            If this is no list.
        """
        if not isinstance(self.value, list):
            raise self._wrong_type("a list")
        return [Node(self.file, f"{self.place}[{index}]", item) for index, item in enumerate(self.value)]

    def text(self) -> str:
        """Return this text.

        Raises
        ------
        DagFileError
            If this is no text.
        """
        if not isinstance(self.value, str):
            raise self._wrong_type("text")
        return self.value

    def seconds(self) -> float:
        """Return this duration in seconds.

        Raises
        ------
        DagFileError
            If this is no number, negative, or longer than an execution can last.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self._wrong_type("a number of seconds")
        if math.isnan(self.value):
            raise self.error("NaN is no number of seconds", "give a number of at least 0, or leave the field out")
        if self.value < 0:
            raise self.error(f"{self._number()} seconds is negative", "give a number of at least 0")
        if self.value > MAX_SECONDS:
            raise self.error(
                f"{self._number()} seconds is longer than the {MAX_SECONDS:,} that an execution can last",
                "give seconds, not milliseconds",
            )
        return float(self.value)

    def fields(self) -> dict[str, Node]:
        """Return the fields of this object by name.

        Raises
        ------
        DagFileError
            If this is no object.
        """
        return {
            name: Node(self.file, f"{self.place}.{name if name.isidentifier() else abbreviated(name)}", value)
            for name, value in self._object().items()
        }

    def _object(self) -> dict[str, JsonValue]:
        if not isinstance(self.value, dict):
            raise self._wrong_type("an object")
        return self.value

    def _number(self) -> str:
        text = str(self.value)
        return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."

    def _wrong_type(self, wanted: str) -> DagFileError:
        found = "null" if self.value is None else _TYPES[type(self.value)]
        return self.error(f"must be {wanted}, not {found}", "correct it")
