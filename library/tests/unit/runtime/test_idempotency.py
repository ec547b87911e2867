"""What happens when the table fails; what happens when it works is told by the handler's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyPersistenceLayerError
from botocore.exceptions import ClientError

from stepweave.runtime.clients import dynamodb
from stepweave.runtime.errors import TransientError
from stepweave.runtime.idempotency import REMEMBERED_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.runtime.conftest import Echo

SAID: Any = {"words": ["a"], "note": None}


@pytest.fixture
def failing(aws: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, int], None]:
    """Let one operation of the table fail from now on."""

    def fail(operation: str, code: str, status: int) -> None:
        def refuse(**_: object) -> None:
            response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise ClientError(response, operation)

        monkeypatch.setattr(dynamodb(), operation, refuse)

    return fail


def test_throttling_before_the_task_is_transient(echo: Echo, failing: Callable[[str, str, int], None]) -> None:
    failing("put_item", "ProvisionedThroughputExceededException", 400)
    with pytest.raises(TransientError, match="idempotency table"):
        echo(SAID)
    assert not echo.runs


def test_a_table_that_is_missing_is_not(echo: Echo) -> None:
    boto3.client("dynamodb").delete_table(TableName="idempotency")
    with pytest.raises(IdempotencyPersistenceLayerError, match="ResourceNotFoundException"):
        echo(SAID)


def test_a_result_that_cannot_be_remembered_is_returned(echo: Echo, failing: Callable[[str, str, int], None]) -> None:
    failing("update_item", "InternalServerError", 500)
    assert echo(SAID) == SAID


def test_the_tasks_own_error_is_raised_if_it_cannot_be_forgotten(
    echo: Echo, failing: Callable[[str, str, int], None]
) -> None:
    failing("delete_item", "InternalServerError", 500)

    def fail(given: object) -> Any:
        raise ValueError("the task's own")

    echo.act = fail
    with pytest.raises(ValueError, match="the task's own"):
        echo(SAID)


def test_the_item_names_the_agent_and_expires(echo: Echo) -> None:
    echo(SAID)
    (item,) = boto3.resource("dynamodb").Table("idempotency").scan()["Items"]
    assert str(item["id"]).startswith(f"{echo.contract.name}#")
    assert item["status"] == "COMPLETED"
    kept = float(str(item["expiration"])) - float(str(item["in_progress_expiration"])) / 1000
    assert REMEMBERED_SECONDS - 60 < kept <= REMEMBERED_SECONDS
