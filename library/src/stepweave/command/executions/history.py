"""Read an execution's history as it grows, and single events of it with their data."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_PAGE = 1000
"""Events per page, the most that AWS gives."""

_PAGE_WITH_DATA = 100
"""Events per page that comes with inputs and outputs."""


class HistoryReader:
    """Reads what an execution's history has gained.

    ``GetExecutionHistory`` cannot start at an event, but the token of a page can be used again: so only the last page
    is read a second time.

    Parameters
    ----------
    client : SFNClient
        Where the execution is.
    execution_arn : str
        Which execution.
    """

    def __init__(self, client: "SFNClient", execution_arn: str) -> None:
        self._client = client
        self._execution_arn = execution_arn
        self._page_token: str | None = None

    def read(self) -> "list[HistoryEventTypeDef]":
        """Return every event since the last call, oldest first; some may come again."""
        events: list[HistoryEventTypeDef] = []
        while True:
            # Inputs and outputs are left out: they can be 256 KiB an event, and progress needs none of them.
            if self._page_token is None:
                page = self._client.get_execution_history(
                    executionArn=self._execution_arn, maxResults=_PAGE, includeExecutionData=False
                )
            else:
                page = self._client.get_execution_history(
                    executionArn=self._execution_arn,
                    maxResults=_PAGE,
                    includeExecutionData=False,
                    nextToken=self._page_token,
                )
            events += page["events"]
            token = page.get("nextToken")
            if not token:
                return events
            self._page_token = token


def events_with_data(
    client: "SFNClient", execution_arn: str, wanted: Collection[int]
) -> "dict[int, HistoryEventTypeDef]":
    """Return events with the inputs and outputs that `HistoryReader` leaves out.

    Parameters
    ----------
    client : SFNClient
        Where the execution is.
    execution_arn : str
        Which execution.
    wanted : Collection[int]
        The ids of the events. The latest ones are found soonest.
    """
    missing = set(wanted)
    found: dict[int, HistoryEventTypeDef] = {}
    if not missing:
        return found
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, reverseOrder=True, PaginationConfig={"PageSize": _PAGE_WITH_DATA}
    )
    for page in pages:
        found |= {event["id"]: event for event in page["events"] if event["id"] in missing}
        missing -= found.keys()
        if not missing:
            break
    return found
