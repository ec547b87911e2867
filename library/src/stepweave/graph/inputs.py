"""What an execution has to be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from stepweave.graph.arguments import Constant


@dataclass(frozen=True)
class Input:
    """A field of the execution's input.

    Parameters
    ----------
    name : str
        Its name.
    schema : Mapping[str, JsonValue]
        JSON schema of its values; empty if any will do.
    default : Constant | None
        Its value where an execution is not given one; None if it has to be given.
    """

    name: str
    schema: Mapping[str, JsonValue] = field(default_factory=dict)
    default: Constant | None = None
