import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stepweave.local_cloud.lambda_runtime.event_queue import AsyncEvent, DeadLetter, EventQueue
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult, throttled
from stepweave.local_cloud.lambda_runtime.invocation_record import InvocationRecord

QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:dead"
SPEC = FunctionSpec(
    name="f",
    arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    handler="app.handler",
    code_directory=Path("/code"),
    dead_letter_arn=QUEUE_ARN,
)
OK = InvocationResult("id", b"1", None, "$LATEST", 1.0)
FAILED = replace(OK, payload=b'{"errorMessage": "no way", "errorType": "E"}', function_error="Unhandled")

Attempt = InvocationResult | InvocationRefused


class Function:
    """Gives the outcomes it was told, one for each attempt; the last one for all further ones."""

    def __init__(self, outcomes: Sequence[Attempt]) -> None:
        self.outcomes = list(outcomes)
        self.attempts: queue.Queue[AsyncEvent] = queue.Queue()

    def __call__(self, event: AsyncEvent) -> InvocationResult:
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        self.attempts.put(event)
        if isinstance(outcome, InvocationRefused):
            raise outcome
        return outcome


Letters = queue.Queue[DeadLetter]
Start = Callable[[Function], EventQueue]


@pytest.fixture
def letters() -> Letters:
    return queue.Queue()


@pytest.fixture
def start(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setattr("stepweave.local_cloud.lambda_runtime.event_queue.THROTTLED_DELAY_SECONDS", 0.001)
    queues = []

    def start(function: Function) -> EventQueue:
        queues.append(EventQueue(function, letters.put, retry_delays_seconds=(0.001, 0.002)))
        return queues[-1]

    yield start
    for event_queue in queues:
        event_queue.close()


def event(spec: FunctionSpec = SPEC) -> AsyncEvent:
    return AsyncEvent(spec, b'{"n": 1}', "id", None)


def test_an_event_that_fails_is_tried_twice_more_and_then_dead_lettered(start: Start, letters: Letters) -> None:
    function = Function([FAILED])
    start(function).put(event())
    assert letters.get(timeout=5) == DeadLetter(QUEUE_ARN, b'{"n": 1}', "id", 200, "no way")
    assert function.attempts.qsize() == 3


def test_an_event_that_succeeds_in_the_end_is_not(start: Start, letters: Letters) -> None:
    function = Function([FAILED, FAILED, OK])
    event_queue = start(function)
    event_queue.put(event())
    for _ in range(3):
        function.attempts.get(timeout=5)
    event_queue.close()
    assert letters.empty()


def test_the_number_of_retries_is_the_functions(start: Start, letters: Letters) -> None:
    function = Function([FAILED])
    start(function).put(event(replace(SPEC, maximum_retry_attempts=0)))
    letters.get(timeout=5)
    assert function.attempts.qsize() == 1


def test_being_throttled_is_no_attempt(start: Start, letters: Letters) -> None:
    function = Function([*[throttled("r")] * 4, FAILED])
    start(function).put(event())
    assert letters.get(timeout=5).error_code == 200
    assert function.attempts.qsize() == 4 + 3


def test_an_event_that_is_throttled_for_too_long_is_given_up(start: Start, letters: Letters) -> None:
    function = Function([throttled("r")])
    start(function).put(event(replace(SPEC, maximum_event_age_seconds=0)))
    letter = letters.get(timeout=5)
    assert (letter.error_code, letter.error_message) == (429, "Rate Exceeded.")


def test_without_a_dead_letter_queue_it_is_dropped(start: Start, letters: Letters) -> None:
    function = Function([FAILED])
    event_queue = start(function)
    event_queue.put(event(replace(SPEC, dead_letter_arn=None, maximum_retry_attempts=0)))
    function.attempts.get(timeout=5)
    event_queue.close()
    assert letters.empty()


Records = queue.Queue[InvocationRecord]


@pytest.fixture
def records(start: Start) -> Callable[[Function], tuple[EventQueue, Records]]:
    def start_with_records(function: Function) -> tuple[EventQueue, Records]:
        event_queue, records = start(function), Records()
        event_queue.deliver_record = records.put
        return event_queue, records

    return start_with_records


DESTINED = replace(SPEC, on_success_arn="arn:aws:sqs:r:a:good", on_failure_arn="arn:aws:sqs:r:a:bad")


def test_success_is_told_to_its_destination(
    records: Callable[[Function], tuple[EventQueue, Records]], letters: Letters
) -> None:
    event_queue, delivered = records(Function([FAILED, OK]))
    event_queue.put(event(DESTINED))
    record = delivered.get(timeout=5)
    assert record.target_arn == DESTINED.on_success_arn
    content = record.to_json()
    assert content.pop("timestamp")
    assert content == {
        "version": "1.0",
        "requestContext": {
            "requestId": "id",
            "functionArn": SPEC.arn + ":$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 2,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": 1,
    }
    assert letters.empty()


def test_failure_is_told_to_its_destination_and_to_the_queue(
    records: Callable[[Function], tuple[EventQueue, Records]], letters: Letters
) -> None:
    event_queue, delivered = records(Function([FAILED]))
    event_queue.put(event(DESTINED))
    record = delivered.get(timeout=5)
    assert (record.target_arn, record.condition, record.invoke_count) == (
        DESTINED.on_failure_arn,
        "RetriesExhausted",
        3,
    )
    assert record.to_json()["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert letters.get(timeout=5).request_id == "id"


@pytest.mark.parametrize(
    ("settings", "condition"),
    [({"maximum_event_age_seconds": 0}, "EventAgeExceeded"), ({"reserved_concurrency": 0}, "ZeroReservedConcurrency")],
)
def test_an_event_that_never_ran_has_no_response(
    records: Callable[[Function], tuple[EventQueue, Records]], settings: dict[str, int], condition: str
) -> None:
    event_queue, delivered = records(Function([throttled("r")]))
    event_queue.put(event(replace(DESTINED, **settings)))  # type: ignore[arg-type]
    record = delivered.get(timeout=5)
    assert record.condition == condition
    assert "responseContext" not in record.to_json()


def test_a_destination_that_fails_does_not_keep_the_event_from_the_queue(start: Start, letters: Letters) -> None:
    event_queue = start(Function([FAILED]))

    def fail(record: InvocationRecord) -> None:
        raise ValueError(record.target_arn)

    event_queue.deliver_record = fail
    event_queue.put(event(DESTINED))
    assert letters.get(timeout=5).request_id == "id"
