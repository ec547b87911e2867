from pathlib import Path

import pytest

from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.log_batch import LogBatch, LogEvent
from stepweave.local_cloud.lambda_runtime.log_shipper import LogShipper


def spec(name: str) -> FunctionSpec:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    return FunctionSpec(name=name, arn=arn, handler="app.handler", code_directory=Path("/code"))


class Sink:
    def __init__(self) -> None:
        self.batches: list[LogBatch] = []

    def __call__(self, batch: LogBatch) -> None:
        if batch.stream == "broken":
            raise RuntimeError("no")
        self.batches.append(batch)

    def messages(self, stream: str) -> list[str]:
        return [event.message for batch in self.batches if batch.stream == stream for event in batch.events]


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def shipper(sink: Sink) -> LogShipper:
    return LogShipper(sink)


def test_all_events_arrive_in_order_and_in_few_batches(shipper: LogShipper, sink: Sink) -> None:
    for number in range(500):
        shipper.put(spec("f"), f"stream-{number % 2}", [LogEvent(number, str(number))])
    shipper.flush()
    assert sink.messages("stream-0") == [str(number) for number in range(0, 500, 2)]
    assert sink.messages("stream-1") == [str(number) for number in range(1, 500, 2)]
    assert len(sink.batches) < 50
    assert {batch.group for batch in sink.batches} == {"/aws/lambda/f"}


def test_a_stream_that_cannot_be_delivered_does_not_hold_up_the_others(
    shipper: LogShipper, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    shipper.put(spec("f"), "broken", [LogEvent(1, "lost")])
    shipper.put(spec("f"), "whole", [LogEvent(1, "kept")])
    shipper.flush()
    assert sink.messages("whole") == ["kept"]
    assert "could not be delivered" in caplog.text
