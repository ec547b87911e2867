from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import BaseModel

from stepweave.contract.agent import Agent
from stepweave.contract.failure import TaskFailure
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import (
    ConfigurationError,
    InvalidInputError,
    InvalidOutputError,
    ObjectCorruptError,
    ObjectMissingError,
    TransientError,
)

if TYPE_CHECKING:
    from tests.unit.runtime.conftest import Echo


class Nothing(BaseModel):
    pass


SAID: Any = {"words": ["a", "b"], "note": None}


def test_the_result_is_the_json_of_the_output(echo: Echo) -> None:
    assert echo(SAID) == SAID
    assert echo.runs[0].said.words == ["a", "b"]


def test_the_handler_knows_its_task(echo: Echo) -> None:
    echo(SAID, run="run-7", task="first")
    (context,) = echo.contexts
    assert (context.task, context.execution_name) == ("first", "run-7")
    assert 0 < context.remaining_seconds() <= 30


def test_a_repeated_attempt_gets_the_first_result_without_running(echo: Echo) -> None:
    echo.act = lambda given: given.said.model_copy(update={"note": f"run {len(echo.runs)}"})
    first = echo(SAID)
    assert echo(SAID) == first == {"words": ["a", "b"], "note": "run 1"}
    assert len(echo.runs) == 1


@pytest.mark.parametrize("other", [{"run": "run-2"}, {"task": "another"}, {"optional": SAID}])
def test_another_execution_task_or_input_is_run(echo: Echo, other: dict[str, Any]) -> None:
    echo(SAID)
    echo(SAID, **other)
    assert len(echo.runs) == 2


def test_an_execution_that_redrives_another_one_gets_its_results(echo: Echo) -> None:
    echo(SAID, run="nightly")
    for run in ("nightly--redrive-1", "nightly--redrive-12", "nightly--redrive-1--redrive-2"):
        assert echo(SAID, run=run) == SAID
    assert len(echo.runs) == 1
    for run in ("nightly--redrive-", "nightly--redrive-1-a", "nightly-redrive-1"):
        echo(SAID, run=run)
    assert len(echo.runs) == 4


def test_a_failed_attempt_is_forgotten_so_that_the_next_one_runs(echo: Echo) -> None:
    def fail_once(given: Any) -> Any:
        if len(echo.runs) == 1:
            raise TransientError("busy")
        return given.said

    echo.act = fail_once
    with pytest.raises(TransientError, match="busy"):
        echo(SAID)
    assert echo(SAID) == SAID
    assert len(echo.runs) == 2


def test_an_overlapping_attempt_is_refused_under_the_name_that_the_state_retries(echo: Echo) -> None:
    started, finish = threading.Event(), threading.Event()

    def wait(given: Any) -> Any:
        started.set()
        assert finish.wait(30)
        return given.said

    echo.act = wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(echo, SAID)
        assert started.wait(30)
        try:
            with pytest.raises(Exception, match="already in progress") as overlapping:
                echo(SAID, seconds=2)
        finally:
            finish.set()
        assert type(overlapping.value).__name__ == "IdempotencyAlreadyInProgressError"
        assert first.result() == echo(SAID) == SAID
    assert len(echo.runs) == 1


def test_an_overlapping_attempt_waits_for_the_earlier_ones_result(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    started, finish = threading.Event(), threading.Event()

    def wait(given: Any) -> Any:
        started.set()
        assert finish.wait(30)
        return given.said

    echo.act = wait
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            finish.set()
            first.result()

    monkeypatch.setattr("stepweave.runtime.idempotency.time.sleep", sleep)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(echo, SAID)
        assert started.wait(30)
        assert echo(SAID) == SAID
    assert len(echo.runs) == 1
    assert len(waits) == 3


def test_an_attempt_that_waited_for_a_failing_one_leaves_the_work_to_the_next(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have too little time left, and the next one has all of it."""
    started, fail = threading.Event(), threading.Event()

    def fail_first(given: Any) -> Any:
        if len(echo.runs) > 1:
            return given.said
        started.set()
        assert fail.wait(30)
        raise ValueError("no luck")

    def sleep(_: float) -> None:
        fail.set()
        assert isinstance(first.exception(), ValueError)

    echo.act = fail_first
    monkeypatch.setattr("stepweave.runtime.idempotency.time.sleep", sleep)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(echo, SAID)
        assert started.wait(30)
        with pytest.raises(TransientError, match="for which this one waited"):
            echo(SAID)
    assert echo(SAID) == SAID
    assert len(echo.runs) == 2


def test_the_idempotency_key_is_that_of_the_task_in_its_execution_and_its_redrives(echo: Echo) -> None:
    for run, task, word in (("a", "t", "x"), ("a", "u", "x"), ("b", "t", "x"), ("a", "t", "y")):
        echo({"words": [word]}, run=run, task=task)
    keys = [context.idempotency_key for context in echo.contexts]
    assert len(set(keys)) == 4

    def fail(given: object) -> Any:
        raise ZeroDivisionError

    echo.act = fail
    with pytest.raises(ZeroDivisionError):
        echo({"words": ["z"]}, run="a")
    with pytest.raises(ZeroDivisionError):
        echo({"words": ["z"]}, run="a--redrive-1")
    assert echo.contexts[-1].idempotency_key == echo.contexts[-2].idempotency_key


def test_attempts_that_overlap_a_failing_one_run_once_it_has_failed(echo: Echo) -> None:
    """However many come meanwhile: one runs at a time, and the last of them has the effect."""
    started, fail = threading.Event(), threading.Event()

    def fail_first(given: Any) -> Any:
        if len(echo.runs) > 1:
            return given.said
        started.set()
        assert fail.wait(30)
        raise TransientError("busy")

    echo.act = fail_first
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(echo, SAID)
        assert started.wait(30)
        try:
            for _ in range(3):
                with pytest.raises(Exception, match="already in progress"):
                    echo(SAID, seconds=2)
        finally:
            fail.set()
        with pytest.raises(TransientError):
            first.result()
    assert echo(SAID) == echo(SAID) == SAID
    assert len(echo.runs) == 2


def test_an_attempt_that_was_cut_off_no_longer_counts_after_its_deadline(echo: Echo, invocation: Any) -> None:
    class CutOffError(BaseException):
        """Stands for the end of the process: nothing after it runs."""

    def cut_off(given: Any) -> Any:
        raise CutOffError

    event = {"execution": "arn:1", "task": "echo", "input": {"said": SAID}, "result_limit_bytes": 100}
    echo.act = cut_off
    with pytest.raises(CutOffError):
        echo.handler(event, invocation(seconds=30))
    echo.act = lambda given: given.said
    with pytest.raises(Exception, match="already in progress"):
        echo.handler(event, invocation(seconds=2))
    table = boto3.resource("dynamodb").Table("idempotency")
    (item,) = table.scan()["Items"]
    table.put_item(Item={**item, "in_progress_expiration": 1})
    assert echo.handler(event, invocation()) == SAID


def test_a_large_result_travels_by_reference_and_is_resolved_by_the_next_task(echo: Echo) -> None:
    large: Any = {"words": ["é" * 300], "note": None}
    reference = echo(large, limit=200)
    assert isinstance(reference, dict)
    assert list(reference) == [REFERENCE_KEY]
    assert reference[REFERENCE_KEY]["key"].startswith("results/stepweave-echo/run-1/echo/")  # type: ignore[index,call-overload,union-attr]
    assert echo(large, limit=200) == reference, "what is remembered is the form in which the result travels"
    assert echo(reference, task="next", others=[reference, SAID]) == large
    assert [each.model_dump() for each in echo.runs[-1].others] == [large, SAID]


def test_a_reference_counts_by_its_content(echo: Echo) -> None:
    reference: Any = echo(SAID, limit=1)
    moved: Any = {REFERENCE_KEY: {**reference[REFERENCE_KEY], "key": "results/elsewhere.json"}}
    echo(reference, task="next")
    echo(moved, task="next")
    assert len(echo.runs) == 2, "the same content elsewhere is the same input"


def test_what_a_reference_means_must_be_there_and_be_the_same(echo: Echo) -> None:
    reference: Any = echo(SAID, limit=1)
    bucket, key = reference[REFERENCE_KEY]["bucket"], reference[REFERENCE_KEY]["key"]
    s3 = boto3.client("s3")
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    for other in (text[:-1] + b"]", text + b" ", text[:-1]):
        s3.put_object(Bucket=bucket, Key=key, Body=other)
        with pytest.raises(ObjectCorruptError, match=key):
            echo(reference, task="next")
    s3.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(ObjectMissingError, match=f"{key}: it does not exist"):
        echo(reference, task="next")


def test_a_failed_optional_task_arrives_as_failure_or_none(echo: Echo) -> None:
    failure: Any = {"Error": "States.Timeout", "Cause": ""}
    echo(SAID, others=[failure, SAID], optional=failure)
    (given,) = echo.runs
    assert given.others[0] == TaskFailure(error="States.Timeout")
    assert given.optional is None


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"words": "a"}, r"input\.said\.words: Input should be a valid (list|array)"),
        ({}, r"input\.said\.words: Field required"),
        ({REFERENCE_KEY: {"bucket": "b"}}, r"input\.said\.stepweave:reference\.key"),
    ],
)
def test_an_input_that_does_not_fit_is_named(echo: Echo, said: Any, named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        echo(said)
    assert not echo.runs


@pytest.mark.parametrize("event", [None, [], {}, {"execution": "e", "task": "t", "input": {}, "result_limit_bytes": 0}])
def test_a_bad_event_is_refused(echo: Echo, invocation: Any, event: Any) -> None:
    with pytest.raises(InvalidInputError, match="the event is not what a task's state sends"):
        echo.handler(event, invocation())


def test_a_wrong_result_is_refused_and_not_remembered(echo: Echo) -> None:
    echo.act = lambda given: given  # type: ignore[assignment,return-value]
    with pytest.raises(InvalidOutputError, match="returned EchoInput; its contract promises Words"):
        echo(SAID)
    echo.act = lambda given: given.said
    assert echo(SAID) == SAID


def test_an_empty_result_is_replayed_as_it_was(aws: None, invocation: Any) -> None:
    contract = Agent(name="nothing", input=Nothing, output=Nothing)

    @agent_handler(contract)
    def handler(task: Nothing, context: TaskContext) -> Nothing:
        return task

    event = {"execution": "e", "task": "t", "input": {}, "result_limit_bytes": 100}
    assert handler(event, invocation()) == handler(event, invocation()) == {}


def test_a_missing_setting_is_named(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEPWEAVE_IDEMPOTENCY_TABLE")
    with pytest.raises(ConfigurationError, match="STEPWEAVE_IDEMPOTENCY_TABLE"):
        echo(SAID)


def test_the_function_stays_reachable(echo: Echo) -> None:
    assert echo.handler.__wrapped__.__annotations__["return"] == "Words"  # type: ignore[attr-defined]
    assert echo.handler.__name__ == "handler"


def test_every_line_of_the_log_names_execution_and_task(
    aws: None, make_echo: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    echo = make_echo()  # after capsys, so that its logger writes there
    execution = "arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:run-1"

    def log_and_fail(given: Any) -> Any:
        import logging  # noqa: PLC0415

        logging.getLogger(f"{__name__}.logic").warning("from the agent's own module")
        raise ValueError("no good")

    echo.act = log_and_fail
    with pytest.raises(ValueError, match="no good"):
        echo(SAID)
    echo.act = lambda given: given.said
    echo(SAID, task="second")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logged = [(line["message"], line["task"]) for line in lines if "message" in line]
    assert logged == [("from the agent's own module", "echo"), ("task failed", "echo"), ("task succeeded", "second")]
    for line in lines:
        if "message" in line:
            assert line["correlation_id"] == execution
            assert line["service"] == echo.contract.name
    measured = [line for line in lines if "_aws" in line]
    assert [(line["task"], line.get("Failures"), line["Invocations"]) for line in measured] == [
        ("echo", [1.0], [1.0]),
        ("second", None, [1.0]),
    ]
    assert all(line["Duration"][0] > 0 and line["service"] == echo.contract.name for line in measured)


def test_a_long_error_is_cut_where_it_is_caught_and_whole_in_the_log(
    aws: None, make_echo: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    echo = make_echo()

    def fail(given: Any) -> Any:
        raise ValueError("no good " * 1_000)

    echo.act = fail
    with pytest.raises(Exception, match="no good") as caught:
        echo(SAID)
    assert type(caught.value).__name__ == "ValueError"
    assert len(str(caught.value)) <= 1_000
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (logged,) = [line for line in lines if line.get("message") == "task failed"]
    assert "no good " * 1_000 in logged["exception"]


def test_an_agent_works_against_a_local_endpoint(
    make_echo: Any, make_resources: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("STEPWEAVE_PAYLOAD_BUCKET", "payload")
    monkeypatch.setenv("STEPWEAVE_IDEMPOTENCY_TABLE", "idempotency")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        make_resources()
        for host in ("localhost", "127.0.0.1"):
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
            echo = make_echo()
            reference = echo(SAID, limit=1)
            assert echo(reference, task="next") == SAID
    finally:
        server.stop()
