import json
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from stepweave.local_cloud.event_sources.mapping import QueueMapping
from stepweave.local_cloud.event_sources.message import MessageAttribute, ReceivedMessage
from stepweave.local_cloud.event_sources.queue_poller import QueuePoller
from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult, throttled

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
OK = InvocationResult("id", b"null", None, "$LATEST", 1.0)
FAILED = replace(OK, payload=b'{"errorMessage": "no"}', function_error="Unhandled")


class FakeQueue:
    """Messages that are there until they are deleted; received once, unless they are shown again."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.visible: list[str] = []
        self.deleted: queue.Queue[str] = queue.Queue()
        self.next_in: float | None = None

    def receive(self, count: int) -> list[ReceivedMessage]:
        with self.lock:
            taken, self.visible = self.visible[:count], self.visible[count:]
        return [ReceivedMessage(body, f"receipt-{body}", body, "md5", {"SenderId": "me"}) for body in taken]

    def delete(self, messages: Sequence[ReceivedMessage]) -> None:
        for message in messages:
            self.deleted.put(message.body)

    def seconds_until_next(self) -> float | None:
        return self.next_in

    def matches(self, message: ReceivedMessage, patterns: Sequence[str]) -> bool:
        return message.body in patterns


class FakeFunction:
    """Remembers its batches, and answers when it is told to."""

    def __init__(self, *answers: InvocationResult | Exception) -> None:
        self.answers = list(answers)
        self.batches: queue.Queue[list[str]] = queue.Queue()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, function_arn: str, payload: bytes) -> InvocationResult:
        assert function_arn == FUNCTION
        self.batches.put([record["body"] for record in json.loads(payload)["Records"]])
        assert self.may_answer.wait(10)
        answer = self.answers.pop(0) if self.answers else OK
        if isinstance(answer, Exception):
            raise answer
        return answer

    def next_batch(self) -> list[str]:
        return self.batches.get(timeout=5)


Start = Callable[..., QueuePoller]


@pytest.fixture
def source() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def start(source: FakeQueue) -> Iterator[Start]:
    pollers = []

    def start(function: FakeFunction, **settings: Any) -> QueuePoller:
        mapping = QueueMapping(FUNCTION, QUEUE, **settings)
        pollers.append(QueuePoller(source, lambda: mapping, function))
        return pollers[-1]

    yield start
    for poller in pollers:
        poller.close()


def deleted(source: FakeQueue, count: int) -> set[str]:
    return {source.deleted.get(timeout=5) for _ in range(count)}


def test_what_is_processed_is_deleted_in_batches(source: FakeQueue, start: Start) -> None:
    source.visible = ["a", "b", "c"]
    function = FakeFunction()
    start(function, batch_size=2)
    assert sorted([function.next_batch(), function.next_batch()]) == [["a", "b"], ["c"]]
    assert deleted(source, 3) == {"a", "b", "c"}


def test_messages_that_come_later_are_taken_when_it_is_told(source: FakeQueue, start: Start) -> None:
    function = FakeFunction()
    poller = start(function)
    source.visible = ["a"]
    poller.wake()
    assert function.next_batch() == ["a"]


def test_messages_are_taken_again_when_they_can_be_seen_again(source: FakeQueue, start: Start) -> None:
    source.next_in = 0.01
    function = FakeFunction()
    start(function)
    with source.lock:
        source.visible = ["again"]
    assert function.next_batch() == ["again"]


def test_what_fails_or_is_refused_is_not_deleted(source: FakeQueue, start: Start) -> None:
    function = FakeFunction(FAILED, throttled("r"), OK)
    poller = start(function)
    for body in ("failed", "throttled", "fine"):
        source.visible = [body]
        poller.wake()
        assert function.next_batch() == [body]
    assert deleted(source, 1) == {"fine"}


def test_of_a_batch_that_fails_in_part_the_rest_is_deleted(source: FakeQueue, start: Start) -> None:
    source.visible = ["a", "b", "c"]
    report = replace(OK, payload=b'{"batchItemFailures": [{"itemIdentifier": "b"}]}')
    start(FakeFunction(report), reports_item_failures=True)
    assert deleted(source, 2) == {"a", "c"}


def test_what_the_filter_does_not_want_is_deleted_unseen(source: FakeQueue, start: Start) -> None:
    source.visible = ["a", "b"]
    function = FakeFunction()
    start(function, patterns=("b",))
    assert function.next_batch() == ["b"]
    assert deleted(source, 2) == {"a", "b"}


def test_no_more_batches_at_once_than_allowed(source: FakeQueue, start: Start) -> None:
    source.visible = ["a", "b", "c"]
    function = FakeFunction()
    function.may_answer.clear()
    poller = start(function, batch_size=1, maximum_concurrency=2)
    first = {function.next_batch()[0], function.next_batch()[0]}
    poller.wake()
    with pytest.raises(queue.Empty):
        function.batches.get(timeout=0.1)
    function.may_answer.set()
    assert first | {function.next_batch()[0]} == {"a", "b", "c"}


def test_a_window_gathers_messages(source: FakeQueue, start: Start) -> None:
    source.visible = ["a"]
    function = FakeFunction()
    poller = start(function, batch_size=2, batching_window_seconds=60)
    with pytest.raises(queue.Empty):
        function.batches.get(timeout=0.05)
    source.visible = ["b"]
    poller.wake()
    assert function.next_batch() == ["a", "b"]


def test_a_disabled_mapping_takes_nothing(source: FakeQueue, start: Start) -> None:
    source.visible = ["a"]
    function = FakeFunction()
    start(function, is_enabled=False).close()
    assert source.visible == ["a"]
    assert function.batches.empty()


def test_an_event_that_would_be_too_large_is_divided(source: FakeQueue, start: Start) -> None:
    source.visible = [letter * 350_000 for letter in "abcdefgh"]  # thrice in a record of the fake
    function = FakeFunction()
    start(function)
    batches = [function.next_batch(), function.next_batch()]
    assert [len(batch) for batch in batches] == [4, 4]


def test_a_record_is_as_in_aws() -> None:
    attributes = {"n": MessageAttribute("Number", "1"), "b": MessageAttribute("Binary", binary_value=b"\x00")}
    message = ReceivedMessage("id", "receipt", "body", "md5", {"SenderId": "me"}, attributes)
    assert message.to_record(QUEUE) == {
        "messageId": "id",
        "receiptHandle": "receipt",
        "body": "body",
        "attributes": {"SenderId": "me"},
        "messageAttributes": {
            "n": {"dataType": "Number", "stringValue": "1", "stringListValues": [], "binaryListValues": []},
            "b": {"dataType": "Binary", "binaryValue": "AA==", "stringListValues": [], "binaryListValues": []},
        },
        "md5OfBody": "md5",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": "us-east-1",
    }
