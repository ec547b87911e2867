"""Messages are locked while they are looked at, and given back whatever happens."""

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from stepweave.cdk.naming import Names, QueueKind
from stepweave.command.dlq.letter import FailedInvocation
from stepweave.command.dlq.mailbox import Mailbox
from stepweave.command.dlq.queues import Queue, find_queues
from stepweave.command.errors import CommandError
from stepweave.command.target.open_target import OpenTarget

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> "Iterator[SQSClient]":
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("sqs", region_name="us-east-1")


@pytest.fixture
def queue(sqs: "SQSClient") -> Queue:
    name = "stepweave-linter-invocations"
    return Queue(sqs.create_queue(QueueName=name)["QueueUrl"], name, QueueKind.INVOCATIONS)


def fill(sqs: "SQSClient", queue: Queue, count: int) -> None:
    for number in range(count):
        attributes: Any = {"ErrorMessage": {"DataType": "String", "StringValue": f"error {number}"}}
        sqs.send_message(QueueUrl=queue.url, MessageBody=json.dumps(number), MessageAttributes=attributes)


def visible(sqs: "SQSClient", queue: Queue) -> int:
    attributes: Any = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def test_all_messages_are_read_and_hidden_until_they_are_given_back(sqs: "SQSClient", queue: Queue) -> None:
    fill(sqs, queue, 23)
    with Mailbox(sqs, [queue], 60, 0) as mailbox:
        messages = mailbox.read()
        letters = [message.letter for message in messages]
        assert {letter.payload for letter in letters if isinstance(letter, FailedInvocation)} == {
            str(number) for number in range(23)
        }
        assert {letter.error for letter in letters if isinstance(letter, FailedInvocation)} == {
            f"error {number}" for number in range(23)
        }
        assert visible(sqs, queue) == 0
        with Mailbox(sqs, [queue], 60, 0) as other:
            assert other.locked_by_others() == 23
            assert other.read() == []
        mailbox.give_back(messages[:11])
        assert visible(sqs, queue) == 11
    assert visible(sqs, queue) == 23


def test_an_error_or_ctrl_c_gives_everything_back(sqs: "SQSClient", queue: Queue) -> None:
    fill(sqs, queue, 3)
    with contextlib.suppress(KeyboardInterrupt), Mailbox(sqs, [queue], 60, 0) as mailbox:
        mailbox.read()
        raise KeyboardInterrupt
    assert visible(sqs, queue) == 3


def test_what_was_removed_is_gone_and_not_given_back(sqs: "SQSClient", queue: Queue) -> None:
    fill(sqs, queue, 2)
    with Mailbox(sqs, [queue], 60, 0) as mailbox:
        first, _ = mailbox.read()
        assert mailbox.keep([first])
        mailbox.remove(first)
    assert visible(sqs, queue) == 1


@pytest.mark.parametrize(
    ("code", "lost"),
    [
        ("MessageNotInflight", True),
        ("AWS.SimpleQueueService.MessageNotInflight", True),
        ("ReceiptHandleIsInvalid", True),
        ("InvalidParameterValue", True),
        ("AccessDenied", False),
    ],
)
def test_a_message_whose_lock_is_lost_is_not_ours_any_more(
    sqs: "SQSClient", queue: Queue, monkeypatch: pytest.MonkeyPatch, code: str, lost: bool
) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "ChangeMessageVisibility")

    fill(sqs, queue, 1)
    with Mailbox(sqs, [queue], 60, 0) as mailbox:
        messages = mailbox.read()
        monkeypatch.setattr(sqs, "change_message_visibility", refuse)
        if lost:
            assert not mailbox.keep(messages)
        else:
            with pytest.raises(ClientError):
                mailbox.keep(messages)
    assert visible(sqs, queue) == (0 if lost else 1), "what is not ours is not given back"


def deploy(stack: str, *queues: str) -> None:
    """Deploy a stack of queues."""
    resources = {
        f"Queue{number}": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}
        for number, name in enumerate(queues)
    }
    client = boto3.client("cloudformation", region_name="us-east-1")
    client.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))


@pytest.mark.usefixtures("sqs")
def test_queues_are_found_by_their_names() -> None:
    names = [
        "stepweave-word-count-failures",
        "stepweave-word-count-undelivered",
        "stepweave-linter-invocations",
        "stepweave-dead-letters-invocations",
        "stepweave-nightly-failures",
        "stepweave-something-else",
        "other-failures",
    ]
    opened = OpenTarget(boto3.Session(region_name="us-east-1"), None, local=False)
    with pytest.raises(CommandError, match="no workflow is deployed on AWS"):
        find_queues(opened)
    deploy("StepweaveWorkflows", *names)
    found = {queue.name: queue for queue in find_queues(opened)}
    assert set(found) == set(names[:5])
    assert found["stepweave-linter-invocations"].kind is QueueKind.INVOCATIONS
    assert found["stepweave-linter-invocations"].owner == "stepweave-linter"
    assert {queue.name for queue in find_queues(opened, "word_count")} == {names[0], names[1], names[3]}
    with pytest.raises(CommandError, match="no workflow called 'code' is deployed") as refused:
        find_queues(opened, "code")
    assert refused.value.hint == "deployed: nightly, word-count"


def test_queues_of_other_environments_are_somebody_elses(sqs: "SQSClient") -> None:
    """Those of the default environment begin like those of all others, and may even be called alike."""
    deploy("StepweaveWorkflows", "stepweave-nightly-failures", "stepweave-staging-area-failures")
    deploy("StepweaveDagMontage", "stepweave-dag-montage-failures")
    deploy("Stepweave-staging-Workflows", "stepweave-staging-nightly-failures")
    deploy("Stepweave-staging2-Workflows", "stepweave-staging2-nightly-failures")
    sqs.create_queue(QueueName="stepweave-by-hand-failures")
    session = boto3.Session(region_name="us-east-1")
    found = {
        environment: sorted(
            (queue.name, queue.names.owner(queue.owner))
            for queue in find_queues(OpenTarget(session, None, local=False, names=Names(environment=environment)))
        )
        for environment in ("default", "staging")
    }
    assert found["default"] == [
        ("stepweave-dag-montage-failures", "dag-montage"),
        ("stepweave-nightly-failures", "nightly"),
        ("stepweave-staging-area-failures", "staging-area"),
    ]
    assert found["staging"] == [("stepweave-staging-nightly-failures", "nightly")]
