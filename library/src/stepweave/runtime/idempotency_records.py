"""The idempotency table: Powertools' persistence layer, but each record says which invocation it belongs to.

An SDK repeats a write whose answer was lost. A first write that had succeeded makes the second one fail on the
invocation's own record; and a delete that comes late would take away the record of whoever came next. So each write
depends on the owner: an invocation knows its own record, and touches no other.
"""

from __future__ import annotations

import copy
import time
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Self

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import STATUS_CONSTANTS

from stepweave.contract.formats import IDEMPOTENCY_RECORD
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.failed_condition import checked_item, is_failed_condition
from stepweave.runtime.settings import idempotency_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_OWNER: Final = "owner"
_STARTED: Final = "started"
_IN_PROGRESS: Final = STATUS_CONSTANTS["INPROGRESS"]


@dataclass(frozen=True)
class RunningAttempt:
    """An attempt that a record says is under way; it may have died.

    Attributes
    ----------
    owner : str
        Its invocation: the id that Lambda gave the request, and something that tells two of the same id apart.
    started : float
        When it began, in seconds since the epoch.
    """

    owner: str
    started: float

    @property
    def request_id(self) -> str:
        """The id of the request, by which Lambda speaks of the invocation."""
        return self.owner.partition("/")[0]


class IdempotencyRecords(DynamoDBPersistenceLayer):
    """The idempotency table as one invocation uses it.

    Parameters
    ----------
    table : str
        Its name.
    client : DynamoDBClient

    Attributes
    ----------
    owner : str
        The invocation; see `owned_by`.
    overlapped : RunningAttempt | None
        The attempt whose record was found in place of the own; None if there was none, or it does not say whose it is.
    """

    def __init__(self, table: str, client: DynamoDBClient) -> None:
        super().__init__(table_name=table, boto3_client=client)
        self.owner = ""
        self.overlapped: RunningAttempt | None = None
        self._put_last: str | None = None

    def owned_by(self, request_id: str) -> Self:
        """Return the same table for one invocation.

        Parameters
        ----------
        request_id : str
            The id that Lambda gave the request. An event that is delivered twice may bear the same, so that it does
            not identify an invocation by itself.
        """
        own = copy.copy(self)  # making one anew would register with the client once more
        own.owner = f"{request_id}/{uuid.uuid4().hex}"
        return own

    def release(self) -> None:
        """Delete the own record, of a write that was reported as failed and may have happened all the same."""
        if self._put_last is not None:
            self._delete(self._put_last, self.owner)

    def forget(self, attempt: RunningAttempt) -> None:
        """Delete the record of an attempt that is known to have ended, unless it has been replaced meanwhile."""
        if self._put_last is not None:
            self._delete(self._put_last, attempt.owner)

    def _put_record(self, data_record: DataRecord) -> None:
        self._put_last, now = data_record.idempotency_key, time.time()
        key = self._get_key(data_record.idempotency_key)
        item: dict[str, AttributeValueTypeDef] = {
            **key,
            self.expiry_attr: {"N": str(data_record.expiry_timestamp)},
            self.status_attr: {"S": data_record.status},
            _OWNER: {"S": self.owner},
            _STARTED: {"N": str(int(now * 1000))},
        }
        if data_record.in_progress_expiry_timestamp is not None:
            item[self.in_progress_expiry_attr] = {"N": str(data_record.in_progress_expiry_timestamp)}
        try:
            self.client.put_item(
                TableName=self.table_name,
                Item=item,
                # There is no record; or it has expired; or it is this invocation's own, from a write whose answer was
                # lost; or it belongs to one whose time was over before it could write a result.
                ConditionExpression="attribute_not_exists(#id) OR #expiry < :now "
                "OR (#status = :in_progress AND (#owner = :owner OR #until < :now_milliseconds))",
                ExpressionAttributeNames={
                    "#id": self.key_attr,
                    "#expiry": self.expiry_attr,
                    "#status": self.status_attr,
                    "#until": self.in_progress_expiry_attr,
                    "#owner": _OWNER,
                },
                ExpressionAttributeValues={
                    ":now": {"N": str(int(now))},
                    ":now_milliseconds": {"N": str(int(now * 1000))},
                    ":in_progress": {"S": _IN_PROGRESS},
                    ":owner": {"S": self.owner},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except Exception as error:
            if not is_failed_condition(error):
                raise
            found = checked_item(error, self.client, self.table_name, key)
            IDEMPOTENCY_RECORD.check_item(found)
            self.overlapped = _running(found)
            record = self._item_to_data_record(dict(found)) if found else None
            raise IdempotencyItemAlreadyExistsError(old_data_record=record) from error

    def _delete_record(self, data_record: DataRecord) -> None:
        self._delete(data_record.idempotency_key, self.owner)

    def _delete(self, key: str, owner: str) -> None:
        try:
            self.client.delete_item(
                TableName=self.table_name,
                Key=self._get_key(key),
                ConditionExpression="#status = :in_progress AND #owner = :owner",
                ExpressionAttributeNames={"#status": self.status_attr, "#owner": _OWNER},
                ExpressionAttributeValues={":in_progress": {"S": _IN_PROGRESS}, ":owner": {"S": owner}},
            )
        except Exception as error:
            if not is_failed_condition(error):  # it is gone, or another invocation's
                raise


def records() -> IdempotencyRecords:
    """Return the idempotency table, of no invocation yet."""
    return _records(idempotency_table(), dynamodb())


@lru_cache(maxsize=4)
def _records(table: str, client: DynamoDBClient) -> IdempotencyRecords:
    return IdempotencyRecords(table, client)


def _running(item: Mapping[str, AttributeValueTypeDef]) -> RunningAttempt | None:
    if _OWNER not in item or _STARTED not in item:  # written by an earlier version, or gone
        return None
    return RunningAttempt(item[_OWNER]["S"], int(item[_STARTED]["N"]) / 1000)
