from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from lambdas.reporter.assembly import assemble
from lambdas.reporter.contract import ReportInput, ReviewReport
from lambdas.reporter.formats import FORMATS
from lambdas.reporter.handler import handler
from lambdas.reporter.publication import publish
from stepweave.runtime.errors import ObjectMissingError
from tests.agents.reporter.reports import failed, shop
from tests.dynamodb_tables import create_table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass
class Invocation:
    """What the Lambda runtime hands to a handler beside the event."""

    function_name: str = "stepweave-reporter"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:stepweave-reporter"
    aws_request_id: str = "7f4a9c1e"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "STEPWEAVE_PAYLOAD_BUCKET": "payload",
        "STEPWEAVE_IDEMPOTENCY_TABLE": "idempotency",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        create_table(boto3.client("dynamodb"), "idempotency")
        client = boto3.client("s3")
        client.create_bucket(Bucket="payload")
        yield client


def report(task: ReportInput, run: str = "run-1") -> ReviewReport:
    event = {
        "execution": f"arn:aws:states:us-east-1:123456789012:execution:stepweave-code-review:{run}",
        "task": "generate_report",
        "input": task.model_dump(mode="json", by_alias=True),
        "result_limit_bytes": 100_000,
    }
    return ReviewReport.model_validate(handler(event, Invocation()))  # type: ignore[arg-type]


def stored(s3: S3Client) -> dict[str, tuple[bytes, str]]:
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="payload").get("Contents", [])]
    objects = {key: s3.get_object(Bucket="payload", Key=key) for key in keys}
    return {key: (each["Body"].read(), each["ContentType"]) for key, each in objects.items()}


def test_four_files_are_stored_and_named_in_the_result(s3: S3Client) -> None:
    result = report(shop())
    objects = stored(s3)
    assert {file.key for file in result.reports.values()} == set(objects)
    for each in FORMATS:
        file = result.reports[each.name]
        assert (file.bucket, file.key) == ("payload", f"reports/stepweave-code-review/run-1/{each.file_name}")
        assert objects[file.key] == (
            each.render(assemble(shop(), "stepweave-code-review/run-1")).encode(),
            each.media_type,
        )
        assert file.media_type == each.media_type
    assert (result.repository, result.commit, result.complete, result.failures) == (
        "shop",
        shop().repo.commit,
        True,
        [],
    )
    assert result.summary == assemble(shop(), "stepweave-code-review/run-1").summary


def test_a_failed_agent_is_reported_and_the_others_findings_kept(s3: S3Client) -> None:
    result = report(shop().model_copy(update={"scan": failed("ToolError", "no luck")}))
    assert result.complete is False
    assert [(failure.agent, failure.error, failure.cause) for failure in result.failures] == [
        ("security_scanner", "ToolError", "no luck")
    ]
    assert result.summary.lint_findings == 3
    assert result.summary.security_findings is None
    assert len(stored(s3)) == 4


def test_reporting_again_changes_nothing(s3: S3Client) -> None:
    review = assemble(shop(), "stepweave-code-review/run-1")
    first, before = publish(review, "payload"), stored(s3)
    assert publish(review, "payload") == first
    assert stored(s3) == before


def test_two_executions_do_not_share_files(s3: S3Client) -> None:
    report(shop(), "run-1")
    report(shop(), "run-2")
    assert len(stored(s3)) == 8


def test_a_missing_bucket_is_named(s3: S3Client) -> None:
    with pytest.raises(ObjectMissingError, match=r"s3://elsewhere/reports/stepweave-code-review/run-1/report\.json"):
        publish(assemble(shop(), "stepweave-code-review/run-1"), "elsewhere")
