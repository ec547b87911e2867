"""Workflows that fail in a real local cloud: their dead letters, and how they come back."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lambdas.reader.contract import Lines, reader
from lambdas.shared.texts import Texts
from stepweave.cdk.bundle import Bundler
from stepweave.cdk.platform import Platform, this_machine
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.command.dlq import discard as dlq_discard
from stepweave.command.dlq.filter import LetterFilter
from stepweave.command.dlq.session import redrive_letters
from stepweave.command.main import app
from stepweave.command.target.caller import local_user
from stepweave.command.target.open_target import at_local_endpoint
from stepweave.compiler.compile import compile_workflow
from stepweave.contract.dead_letter import DeadLetter
from stepweave.functions.replayer.contract import replayer
from stepweave.language.workflow import workflow
from stepweave.local_cloud.adapters.step_functions import redrives as local_redrives
from stepweave.local_cloud.cloud import LocalCloud
from stepweave.project.settings import require_project

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:stepweave-nap-and-read"
FAILURES = "stepweave-nap-and-read-failures"
PATIENCE_SECONDS = 60.0

Stepweave = Callable[..., Result]


@workflow(timeout=timedelta(minutes=2))
def nap_and_read(texts: Texts) -> Lines:
    """Nap, then read texts, which fails as long as they are not there."""
    nap = replayer("nap")
    return reader("read", texts=texts).after(nap)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    assembly = tmp_path_factory.mktemp("cdk.out")
    synthesized = create_app(assembly, this_machine())
    add_stacks(synthesized, [compile_workflow(nap_and_read)], Bundler(require_project(), Platform.native()))
    synthesized.synth()
    with LocalCloud.start() as cloud:
        cloud.deploy(assembly)
        yield cloud


class StoredTexts:
    """Texts of which executions are told before they are there."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._s3 = cloud.session().client("s3")
        outputs = cloud.session().client("cloudformation").describe_stacks(StackName="StepweaveStorage")
        bucket = next(
            output["OutputValue"]
            for output in outputs["Stacks"][0]["Outputs"]
            if output["OutputKey"] == "PayloadBucketName"
        )
        self.ref = Texts(bucket=bucket, key=f"texts/{uuid.uuid4()}.json", name="demo")

    def upload(self) -> None:
        """Repair what makes executions fail."""
        self._s3.put_object(Bucket=self.ref.bucket, Key=self.ref.key, Body=b'{"a.txt": "some words"}')


class Executions:
    """The executions of the workflow."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.client = cloud.session().client("stepfunctions")
        self._sqs = cloud.session().client("sqs")
        self.queue = self._sqs.get_queue_url(QueueName=FAILURES)["QueueUrl"]

    def fail(self, texts: StoredTexts, *names: str) -> list[str]:
        """Run executions, and wait until a letter for each is in the queue."""
        before = self.letters_waiting()
        given = json.dumps({"texts": texts.ref.model_dump(mode="json")})
        arns = [
            self.client.start_execution(stateMachineArn=MACHINE, name=name, input=given)["executionArn"]
            for name in names
        ]
        await_that(lambda: self.letters_waiting() == before + len(arns))
        assert {self.end(arn)["status"] for arn in arns} == {"FAILED"}
        return arns

    def end(self, arn: str) -> dict[str, Any]:
        await_that(lambda: self.client.describe_execution(executionArn=arn)["status"] != "RUNNING")
        return dict(self.client.describe_execution(executionArn=arn))

    def letters_waiting(self) -> int:
        attributes: Any = self._sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["All"])["Attributes"]
        visible, locked = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
        return int(attributes[visible]) + int(attributes[locked])

    def visible(self) -> int:
        attributes: Any = self._sqs.get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    def send(self, body: str, queue: str = FAILURES, **attributes: str) -> None:
        self._sqs.send_message(
            QueueUrl=self._sqs.get_queue_url(QueueName=queue)["QueueUrl"],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def copy_first_letter(self) -> DeadLetter:
        """Send the first letter once more, as an event that is delivered twice would."""
        (message,) = self._sqs.receive_message(QueueUrl=self.queue, VisibilityTimeout=0)["Messages"]
        self.send(message["Body"])
        return DeadLetter.model_validate_json(message["Body"])

    def scheduled(self, arn: str) -> list[str]:
        """Return the tasks that were tried, in order."""
        events = self.client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        inputs = [event.get("lambdaFunctionScheduledEventDetails", {}).get("input") for event in events]
        given = [json.loads(text) for text in inputs if text]
        return [event["task"] for event in given if "task" in event]  # the inputs are admitted by no task


def await_that(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def executions(cloud: LocalCloud) -> Iterator[Executions]:
    executions = Executions(cloud)
    yield executions
    sqs = cloud.session().client("sqs")
    for queue in sqs.list_queues()["QueueUrls"]:
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@pytest.fixture
def texts(cloud: LocalCloud) -> StoredTexts:
    return StoredTexts(cloud)


@pytest.fixture
def stepweave(cloud: LocalCloud) -> Stepweave:
    runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "300", "AWS_ENDPOINT_URL": cloud.endpoint_url})
    return lambda *arguments: runner.invoke(app, [*arguments])


def listed(stepweave: Stepweave, *arguments: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(stepweave("dlq", "list", "--json", *arguments).stdout)
    return entries


def test_a_failed_execution_is_listed_shown_and_redriven(
    executions: Executions, texts: StoredTexts, stepweave: Stepweave
) -> None:
    (arn,) = executions.fail(texts, "redriven")
    (entry,) = listed(stepweave, "nap-and-read")
    assert entry["execution"] == arn
    assert entry["of"] == "nap-and-read"
    assert (entry["task"], entry["attempts"], entry["error"]) == ("read", 1, "ObjectMissingError")
    assert (entry["status"], entry["redrives"], entry["redrivable"]) == ("FAILED", 0, True)
    assert entry["trace_id"].startswith("1-")
    assert entry["id"] in stepweave("dlq", "list").stdout

    shown = stepweave("dlq", "show", entry["id"][:6])
    assert "could not read s3://" in shown.stdout
    assert "runs on from where it failed" in shown.stdout
    details = json.loads(stepweave("dlq", "show", entry["id"], "--json").stdout)
    assert details["input"] == {"texts": texts.ref.model_dump(mode="json")}
    assert details["task_input"]["task"] == "read"
    assert executions.visible() == 1, "looking takes nothing away from others"

    texts.upload()
    redriven = stepweave("dlq", "redrive", entry["id"])
    assert redriven.exit_code == 0
    assert f"{entry['id']}  nap-and-read: redriven: runs on from where it failed" in redriven.stdout
    end = executions.end(arn)
    assert (end["status"], end["redriveCount"]) == ("SUCCEEDED", 1)
    assert executions.scheduled(arn) == ["nap", "read", "read"]
    assert executions.letters_waiting() == 0
    assert stepweave("dlq", "redrive", entry["id"]).exit_code == 2
    assert "there is nothing to redrive" in stepweave("dlq", "redrive", "--all").stderr


def test_what_fails_again_after_a_redrive_makes_a_letter_of_its_own(
    executions: Executions, texts: StoredTexts, stepweave: Stepweave
) -> None:
    executions.fail(texts, "fails-again")
    (first,) = listed(stepweave)
    assert stepweave("dlq", "redrive", "--all").exit_code == 0
    await_that(lambda: executions.letters_waiting() == 1)
    (second,) = listed(stepweave)
    assert second["execution"] == first["execution"]
    assert (second["redrives"], second["attempts"], second["task"]) == (1, 1, "read")
    assert second["id"] != first["id"]


def test_an_execution_that_cannot_be_redriven_is_started_anew_with_the_results_that_are_stored(
    executions: Executions, texts: StoredTexts, stepweave: Stepweave, monkeypatch: pytest.MonkeyPatch
) -> None:
    (arn,) = executions.fail(texts, "too-old")
    texts.upload()
    monkeypatch.setattr(local_redrives, "_PERIOD", timedelta())
    executions.copy_first_letter()
    (entry,) = listed(stepweave)
    assert (entry["redrive"], entry["redrivable"], entry["messages"]) == ("new execution", True, 2)

    redriven = stepweave("dlq", "redrive", entry["id"])
    assert redriven.exit_code == 0
    assert "started too-old--redrive-1 with the results that are stored" in redriven.stdout
    assert executions.end(f"{arn}--redrive-1")["status"] == "SUCCEEDED"
    assert executions.letters_waiting() == 0

    assert nap_began(executions, f"{arn}--redrive-1") == nap_began(executions, arn), "the nap is the first execution's"


def nap_began(executions: Executions, arn: str) -> float:
    events = executions.client.get_execution_history(executionArn=arn)["events"]
    ended = [event for event in events if event["type"] == "LambdaFunctionSucceeded"]
    results = [json.loads(event["lambdaFunctionSucceededEventDetails"]["output"]) for event in ended]
    return next(float(result["started"]) for result in results if "started" in result)


def test_a_letter_that_comes_late_starts_nothing(
    executions: Executions, texts: StoredTexts, stepweave: Stepweave
) -> None:
    (arn,) = executions.fail(texts, "late")
    texts.upload()
    late = executions.copy_first_letter().model_dump_json()
    assert stepweave("dlq", "redrive", "--all").exit_code == 0
    assert executions.end(arn)["status"] == "SUCCEEDED"
    executions.send(late)
    assert "removed: it has succeeded meanwhile" in stepweave("dlq", "redrive", "--all").stdout
    assert executions.end(arn)["redriveCount"] == 1
    assert executions.letters_waiting() == 0


def test_two_who_redrive_at_once_redrive_once(
    cloud: LocalCloud, executions: Executions, texts: StoredTexts, capfd: pytest.CaptureFixture[str]
) -> None:
    arns = executions.fail(texts, *(f"at-once-{number}" for number in range(6)))
    texts.upload()
    for _ in range(3):
        executions.copy_first_letter()
    with ThreadPoolExecutor(3) as people:
        opened = [at_local_endpoint(cloud.endpoint_url) for _ in range(3)]
        codes = list(people.map(lambda one: redrive_letters(one, LetterFilter(), as_json=False), opened))
    assert codes == [0, 0, 0]
    ends = [executions.end(arn) for arn in arns]
    assert [end["status"] for end in ends] == ["SUCCEEDED"] * 6
    assert [end["redriveCount"] for end in ends] == [1] * 6
    assert executions.letters_waiting() == 0


def test_what_is_refused_stays_in_the_queue_for_others(executions: Executions, stepweave: Stepweave) -> None:
    machine = MACHINE.replace("nap-and-read", "gone")
    letter = {
        "execution": f"{machine.replace('stateMachine', 'execution')}:x",
        "state_machine": machine,
        "status": "TIMED_OUT",
        "started": "2026-01-01T00:00:00Z",
        "stopped": "2026-01-02T00:00:00Z",
        "redrives": 0,
        "input": {},
    }
    executions.send(json.dumps(letter))
    executions.send("no letter")
    refused = stepweave("dlq", "redrive", "--all")
    assert refused.exit_code == 1
    assert "stays in the queue: its state machine is gone: deploy gone again first" in refused.stderr
    assert "stays in the queue: it is no message of ours" in refused.stderr
    assert executions.visible() == 2


def test_a_failed_invocation_is_invoked_again(
    cloud: LocalCloud, executions: Executions, texts: StoredTexts, stepweave: Stepweave
) -> None:
    texts.upload()
    event = {
        "execution": f"{MACHINE.replace('stateMachine', 'execution')}:by-hand",
        "task": "read",
        "input": {"texts": texts.ref.model_dump(mode="json")},
        "result_limit_bytes": 100_000,
    }
    executions.send(
        json.dumps(event), "stepweave-reader-invocations", RequestID=str(uuid.uuid4()), ErrorMessage="no such file"
    )
    (entry,) = listed(stepweave)
    assert (entry["kind"], entry["of"], entry["error"]) == ("invocation", "stepweave-reader", "no such file")
    assert listed(stepweave, "nap-and-read") == []
    before = remembered(cloud)
    assert "invoked stepweave-reader again" in stepweave("dlq", "redrive", entry["id"]).stdout
    await_that(lambda: remembered(cloud) == before + 1)
    assert listed(stepweave) == []


def remembered(cloud: LocalCloud) -> int:
    """Return how many tasks of the reader have been done."""
    dynamodb = cloud.session().client("dynamodb")
    table = next(name for name in dynamodb.list_tables()["TableNames"] if "Idempotency" in name)
    items = dynamodb.scan(TableName=table)["Items"]
    return sum(item["id"]["S"].startswith("reader#") and item["status"]["S"] == "COMPLETED" for item in items)


def test_an_event_that_could_not_be_dealt_with_is_redriven_as_the_execution_that_it_tells_of(
    cloud: LocalCloud, executions: Executions, texts: StoredTexts, stepweave: Stepweave
) -> None:
    (arn,) = executions.fail(texts, "undelivered")
    texts.upload()
    event = {
        "id": "1",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": arn,
            "stateMachineArn": MACHINE,
            "status": "FAILED",
            "startDate": 1_795_000_000_000,
            "stopDate": 1_795_000_001_000,
            "input": "{}",
        },
    }
    executions.send(json.dumps(event), "stepweave-nap-and-read-undelivered")
    executions.send(json.dumps(event), "stepweave-dead-letters-invocations")
    (entry,) = listed(stepweave, "nap-and-read")
    assert (entry["messages"], entry["task"]) == (3, "read")
    assert stepweave("dlq", "redrive", entry["id"]).exit_code == 0
    assert executions.end(arn)["status"] == "SUCCEEDED"
    assert listed(stepweave) == []


def test_a_workflow_that_is_not_there_is_refused(stepweave: Stepweave) -> None:
    refused = stepweave("dlq", "list", "nap")
    assert refused.exit_code == 2
    assert "no workflow called 'nap' is deployed" in refused.stderr
    assert "deployed: nap-and-read" in refused.stderr
    assert stepweave("dlq", "redrive").exit_code == 2
    assert stepweave("dlq", "redrive", "abc", "--all").exit_code == 2


def sent_letter(executions: Executions, name: str, error: str, hours: int, workflow: str = "nap-and-read") -> None:
    """Send the letter of an execution that failed so many hours ago."""
    machine = MACHINE.replace("nap-and-read", workflow)
    stopped = datetime.now(UTC) - timedelta(hours=hours)
    letter = {
        "execution": f"{machine.replace('stateMachine', 'execution')}:{name}",
        "state_machine": machine,
        "status": "FAILED",
        "started": (stopped - timedelta(minutes=1)).isoformat(),
        "stopped": stopped.isoformat(),
        "redrives": 0,
        "error": error,
        "input": {"name": name},
    }
    executions.send(json.dumps(letter))


def records(cloud: LocalCloud, since: datetime) -> list[dict[str, Any]]:
    """Return what was written down of letters that were discarded."""
    s3 = cloud.session().client("s3")
    bucket = next(each["Name"] for each in s3.list_buckets()["Buckets"] if "payloads" in each["Name"])
    found = s3.list_objects_v2(Bucket=bucket, Prefix="discarded-dead-letters/").get("Contents", [])
    values = [json.loads(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()) for each in found]
    return [value for value in values if datetime.fromisoformat(value["discarded"]) >= since]


def test_letters_are_listed_and_discarded_by_workflow_error_and_age(
    cloud: LocalCloud, executions: Executions, stepweave: Stepweave
) -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)
    sent_letter(executions, "a", "TransientError", hours=1)
    sent_letter(executions, "b", "TransientError", hours=5)
    sent_letter(executions, "c", "Lambda.Unknown", hours=5)
    sent_letter(executions, "d", "TransientError", hours=5, workflow="another")
    executions.send("no letter")
    names: dict[tuple[str, ...], set[str]] = {
        (): {"a", "b", "c", "d", ""},
        ("--workflow", "nap-and-read"): {"a", "b", "c", ""},
        ("--workflow", "nap_and_read", "--error", "TransientError"): {"a", "b"},
        ("--error", "Lambda.*"): {"c"},
        ("--older-than", "2h"): {"b", "c", "d"},
        ("--newer-than", "2h"): {"a", ""},
        ("--newer-than", "6h", "--older-than", "30m", "--error", "TransientError"): {"a", "b", "d"},
        ("--error", "NoSuchError"): set(),
    }
    for options, expected in names.items():
        entries = listed(stepweave, *options)
        assert {entry.get("execution", "").rpartition(":")[2] for entry in entries} == expected, options

    refused = stepweave("dlq", "discard", "--all")
    assert (refused.exit_code, "nothing says why" in refused.stderr) == (2, True)
    assert executions.letters_waiting() == 5

    chosen = ["--workflow", "nap-and-read", "--error", "TransientError", "--older-than", "2h"]
    done = stepweave("dlq", "discard", *chosen, "--reason", "the order\nwas cancelled", "--json")
    assert done.exit_code == 0
    (result,) = json.loads(done.stdout)
    assert (result["result"], result["kind"], result["of"]) == ("discarded", "execution", "nap-and-read")
    (record,) = records(cloud, began)
    assert record["reason"] == "the order was cancelled"
    assert record["by"] == local_user()
    assert record["letter"]["execution"].endswith(":b")
    (message,) = record["messages"]
    assert (message["queue"], json.loads(message["body"])["input"]) == (FAILURES, {"name": "b"})
    left = listed(stepweave)
    assert {entry.get("execution", "").rpartition(":")[2] for entry in left} == {"a", "c", "d", ""}
    assert executions.visible() == 4, "what was not meant is free for others"

    poison = next(entry["id"] for entry in left if entry["kind"] == "unreadable")
    assert "discarded: recorded in s3://" in stepweave("dlq", "discard", poison, "--reason", "not ours").stdout
    assert {record["messages"][0]["body"] for record in records(cloud, began)} >= {"no letter"}
    assert stepweave("dlq", "redrive", "--error", "NoSuchError").exit_code == 0
    assert executions.letters_waiting() == 3


def test_a_letter_of_which_no_record_can_be_kept_stays(
    cloud: LocalCloud, executions: Executions, stepweave: Stepweave, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_letter(executions, "kept", "TransientError", hours=1)
    monkeypatch.setattr(dlq_discard, "payload_bucket", lambda *_: "no-such-bucket")
    refused = stepweave("dlq", "discard", "--all", "--reason", "a test")
    assert refused.exit_code == 1
    assert "stays in the queue: AWS refused PutObject: NoSuchBucket" in refused.stderr
    assert executions.visible() == 1


@pytest.mark.parametrize("action", [("show",), ("redrive",), ("discard", "--reason", "x")])
@pytest.mark.parametrize("letter", ["", " ", "*", "xyz"])
def test_what_is_no_id_means_no_letter_not_even_the_only_one(
    executions: Executions, stepweave: Stepweave, action: tuple[str, ...], letter: str
) -> None:
    executions.send("the only letter")
    refused = stepweave("dlq", *action, "--", letter)
    assert (refused.exit_code, "no id of a dead letter" in refused.stderr) == (2, True)
    assert executions.visible() == 1
