"""Names of executions are unique in their state machine alone: two of one name share nothing that they store."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdas.counter.contract import counter
from lambdas.publisher.contract import Published, publisher
from lambdas.reader.contract import reader
from lambdas.shared.texts import Texts
from stepweave.language.workflow import workflow
from stepweave.testing.local_backend import LocalBackend

pytestmark = pytest.mark.timeout(300)


def count(texts: Texts) -> Published:
    text = reader("read", texts=texts)
    published: Published = publisher(
        "publish", words=counter("words", text=text), lines=counter("lines", text=text, unit="lines")
    )
    return published


@workflow(timeout=timedelta(minutes=5))
def team_a(texts: Texts) -> Published:
    return count(texts)


@workflow(timeout=timedelta(minutes=5))
def team_b(texts: Texts) -> Published:
    return count(texts)


def test_two_executions_of_one_name_have_a_report_each(local_cloud: LocalBackend) -> None:
    local_cloud.deploy(team_a, team_b)
    client = local_cloud.client("stepfunctions")
    s3, bucket = local_cloud.client("s3"), local_cloud.payload_bucket
    outputs: list[dict[str, Any]] = []
    for made, text in ((team_a, "alpha"), (team_b, "beta and gamma")):
        key = f"texts/{made.name}.json"
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({"a.txt": text}).encode())
        arn = client.start_execution(
            stateMachineArn=local_cloud.state_machine_arn(made.name),
            name="nightly",
            input=json.dumps({"texts": {"bucket": bucket, "key": key, "name": made.name}}),
        )["executionArn"]
        while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.1)
        outputs.append(json.loads(found["output"]))
    files = [output["reports"]["text"] for output in outputs]
    assert files[0]["key"] != files[1]["key"]
    written = [s3.get_object(Bucket=file["bucket"], Key=file["key"])["Body"].read().decode() for file in files]
    assert written == ["1 words, 1 lines\n", "3 words, 1 lines\n"]


def test_a_path_is_prepared_and_sent_as_a_person_would_have_it(local_cloud: LocalBackend, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some words\n")
    for given in (tmp_path, str(tmp_path)):
        run = local_cloud.run(team_a, texts=given)
        assert run.status == "SUCCEEDED", run.cause
        assert Published.model_validate(run.output).words == 2
