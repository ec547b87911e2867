"""Lists come in pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidToken

_DEFAULT_PAGE: Final = 100


def page_start(token: str | None, length: int) -> int:
    """Return the index at which the page begins that a token stands for."""
    if not token:
        return 0
    try:
        start = int(json.loads(token)["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidToken("'Invalid token'") from error
    return min(max(start, 0), length)


def page(response: Any, name: str, items: Sequence[Any]) -> ActionResult:
    """Return the page that a call asks for.

    Parameters
    ----------
    response
        Upstream's answer to the call, which has its parameters.
    name
        The member of the answer that is the list.
    items
        The whole list.
    """
    start = page_start(response._get_param("nextToken"), len(items))  # noqa: SLF001 - upstream's own seam
    end = start + (response._get_int_param("maxResults") or _DEFAULT_PAGE)  # noqa: SLF001
    answer: dict[str, Any] = {name: items[start:end]}
    if end < len(items):
        answer["nextToken"] = json.dumps({"start": end})
    return ActionResult(answer)
