"""Functions in real worker processes, through the function host alone."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stepweave.local_cloud.lambda_runtime.caller import Caller, CallerLeftError
from stepweave.local_cloud.lambda_runtime.event_queue import DeadLetter
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.host import FunctionHost
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.lambda_runtime.log_batch import LogBatch
from stepweave.local_cloud.lambda_runtime.managed_runtime import managed_runtime

HANDLERS = """
import json, logging, os, subprocess, sys, tempfile, time

print("loaded")
calls = 0

def echo(event, context):
    return event

def count(event, context):
    global calls
    calls += 1
    return {"pid": os.getpid(), "calls": calls}

def environment(event, context):
    return dict(os.environ)

def surroundings(event, context):
    return {"path": sys.path, "directory": os.getcwd(), "temporary": tempfile.gettempdir()}

def modules(event, context):
    code = "import importlib.util as u, json, sys; print(json.dumps([n for n in sys.argv[1:] if u.find_spec(n)]))"
    child = subprocess.run([sys.executable, "-c", code, *event], capture_output=True, text=True, check=True)
    import importlib.util
    return {"here": [n for n in event if importlib.util.find_spec(n)], "child": json.loads(child.stdout)}

def context(event, context):
    return {
        "arn": context.invoked_function_arn, "id": context.aws_request_id, "name": context.function_name,
        "remaining": context.get_remaining_time_in_millis(), "trace": os.environ["_X_AMZN_TRACE_ID"],
    }

def talk(event, context):
    print("said")
    logging.getLogger().warning("warned")
    print("complained", file=sys.stderr)

def sleep(event, context):
    time.sleep(event["seconds"])
    return os.getpid()

def leave(event, context):
    os._exit(event["status"])

def crash(event, context):
    os.kill(os.getpid(), event["signal"])
    time.sleep(10)

class OutOfLuck(Exception):
    pass

def fail(event, context):
    raise OutOfLuck(event["why"])

def large(event, context):
    return "x" * (event["bytes"] - 2)

def hoard(event, context):
    kept = []
    while True:
        kept.append(bytes(2**20) * 8)
        time.sleep(0.01)

def rendezvous(event, context):
    open(os.path.join(event["directory"], str(os.getpid())), "w").close()
    deadline = time.monotonic() + 30
    while len(os.listdir(event["directory"])) < event["parties"] and time.monotonic() < deadline:
        time.sleep(0.005)
    return len(os.listdir(event["directory"]))
"""
LAYERED = "from shared import value\n\ndef handler(event, context):\n    return value\n"

Specify = Callable[..., FunctionSpec]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("code")
    (directory / "app.py").write_text(HANDLERS)
    (directory / "layered.py").write_text(LAYERED)
    (directory / "broken.py").write_text("def handler(event, context:\n")
    (directory / "needy.py").write_text("import not_there\n")
    (directory / "raising.py").write_text("raise RuntimeError('at import')\n")
    (directory / "quitting.py").write_text("exit(7)\n")
    return directory


@pytest.fixture(scope="module")
def specify(code: Path) -> Specify:
    def specify(handler: str, **settings: Any) -> FunctionSpec:
        name = settings.pop("name", handler.replace(".", "-"))
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        return FunctionSpec(name=name, arn=arn, handler=handler, code_directory=code, **settings)

    return specify


class Deliveries:
    def __init__(self) -> None:
        self.batches: list[LogBatch] = []
        self.letters: list[DeadLetter] = []
        self.letter_came = threading.Event()

    def deliver_logs(self, batch: LogBatch) -> None:
        self.batches.append(batch)

    def deliver_dead_letter(self, letter: DeadLetter) -> None:
        self.letters.append(letter)
        self.letter_came.set()

    def messages(self, group: str) -> list[str]:
        return [event.message for batch in self.batches if batch.group == group for event in batch.events]


@pytest.fixture(scope="module")
def deliveries() -> Deliveries:
    return Deliveries()


@pytest.fixture(scope="module")
def host(deliveries: Deliveries) -> Iterator[FunctionHost]:
    with FunctionHost(
        runtime_directory=managed_runtime(),
        endpoint_url="http://localhost:1",
        deliver_logs=deliveries.deliver_logs,
        deliver_dead_letter=deliveries.deliver_dead_letter,
        retry_delays_seconds=(0.01,),
    ) as host:
        yield host


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def result_of(result: InvocationResult) -> Any:
    assert result.function_error is None, result.payload
    return json.loads(result.payload)


def error_of(result: InvocationResult) -> Any:
    assert result.function_error == "Unhandled"
    return json.loads(result.payload)


def test_a_warm_worker_is_used_again(host: FunctionHost, specify: Specify) -> None:
    results = [result_of(host.invoke(specify("app.count"), b"{}")) for _ in range(3)]
    assert [result["calls"] for result in results] == [1, 2, 3]
    assert len({result["pid"] for result in results}) == 1


def test_a_changed_function_starts_cold(host: FunctionHost, specify: Specify) -> None:
    first = result_of(host.invoke(specify("app.count", name="changing"), b"{}"))
    second = result_of(host.invoke(specify("app.count", name="changing", environment={"A": "1"}), b"{}"))
    assert (first["calls"], second["calls"]) == (1, 1)


def test_a_worker_that_died_idle_is_replaced(host: FunctionHost, specify: Specify) -> None:
    first = result_of(host.invoke(specify("app.count", name="dying"), b"{}"))
    os.kill(first["pid"], 9)
    second = result_of(host.invoke(specify("app.count", name="dying"), b"{}"))
    assert second["calls"] == 1
    assert second["pid"] != first["pid"]


def test_an_event_that_a_dying_worker_did_not_read_goes_to_another(host: FunctionHost, specify: Specify) -> None:
    spec = specify("app.count", name="frozen")
    first = result_of(host.invoke(spec, b"{}"))
    os.kill(first["pid"], signal.SIGSTOP)
    with ThreadPoolExecutor(1) as executor:
        call = executor.submit(host.invoke, spec, b"{}")
        time.sleep(0.3)  # the event waits in the worker's socket by then; if it did not, this would hold all the more
        os.kill(first["pid"], signal.SIGKILL)
        second = result_of(call.result(20))
    assert second["calls"] == 1
    assert second["pid"] != first["pid"]


def test_the_caller_is_invisible(host: FunctionHost, specify: Specify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "1")
    environment = result_of(host.invoke(specify("app.environment", environment={"MINE": "yes"}), b"{}"))
    assert environment["MINE"] == "yes"
    assert environment["AWS_ENDPOINT_URL"] == "http://localhost:1"
    assert environment["AWS_ACCESS_KEY_ID"] == "ASIALOCALCLOUD000000"
    assert not {"AWS_PROFILE", "SECRET_OF_THE_CALLER", "VIRTUAL_ENV", "USER"} & environment.keys()
    assert environment["HOME"] != os.environ.get("HOME")
    assert "/somewhere" not in environment["PYTHONPATH"]


def test_the_path_is_code_runtime_and_standard_library(host: FunctionHost, specify: Specify, code: Path) -> None:
    surroundings = result_of(host.invoke(specify("app.surroundings"), b"{}"))
    assert surroundings["path"][:2] == [str(code), str(managed_runtime())]
    assert not [entry for entry in surroundings["path"][2:] if "site-packages" in entry]
    assert surroundings["directory"] == str(code)
    assert Path(surroundings["temporary"]).is_relative_to(host.work_directory)


def test_the_callers_packages_are_invisible_to_the_function_and_its_children(
    host: FunctionHost, specify: Specify
) -> None:
    names = json.dumps(["moto", "pytest", "stepweave", "boto3", "json"]).encode()
    modules = result_of(host.invoke(specify("app.modules"), names))
    assert modules == {"here": ["boto3", "json"], "child": ["boto3", "json"]}


def test_the_context_is_the_calls(host: FunctionHost, specify: Specify) -> None:
    spec = specify("app.context", timeout_seconds=7, version="3")
    root = "Root=1-5759e988-bd862e3fe1be46a994272793"
    result = host.invoke(spec, b"{}", trace_header=f"{root};Parent=53995c3f42cd8ad8;Sampled=1")
    context = result_of(result)
    # What the function records belongs to its own segment, which belongs to the caller's.
    trace = context.pop("trace").split(";")
    assert (trace[0], trace[2]) == (root, "Sampled=1")
    assert trace[1] != "Parent=53995c3f42cd8ad8"
    assert 0 < context.pop("remaining") <= 7000
    assert context == {
        "arn": f"{spec.arn}:3",
        "id": result.request_id,
        "name": spec.name,
    }
    assert result.executed_version == "3"


def test_a_later_layer_hides_an_earlier_one(host: FunctionHost, specify: Specify, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"layer{number}/python").mkdir(parents=True)
        (tmp_path / f"layer{number}/python/shared.py").write_text(f"value = {number}\n")
    spec = specify("layered.handler", layer_directories=(tmp_path / "layer1", tmp_path / "layer2"))
    assert result_of(host.invoke(spec, b"{}")) == 2


def test_an_exception_is_told_with_its_trace(host: FunctionHost, specify: Specify) -> None:
    result = host.invoke(specify("app.fail"), b'{"why": "bad day"}')
    error = error_of(result)
    (frame,) = error.pop("stackTrace")
    assert error == {"errorMessage": "bad day", "errorType": "OutOfLuck", "requestId": result.request_id}
    assert 'File "/var/task/app.py"' in frame
    assert "in fail" in frame


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("absent.handler", "Runtime.ImportModuleError", "Unable to import module 'absent': No module named 'absent'"),
        ("needy.handler", "Runtime.ImportModuleError", "Unable to import module 'needy': No module named 'not_there'"),
        (
            "broken.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'broken': '(' was never closed (broken.py, line 1)",
        ),
        ("app.absent", "Runtime.HandlerNotFound", "Handler 'absent' missing on module 'app'"),
        ("app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"),
        ("raising.handler", "RuntimeError", "at import"),
    ],
)
def test_a_handler_that_cannot_be_loaded(
    host: FunctionHost, specify: Specify, handler: str, kind: str, message: str
) -> None:
    result = host.invoke(specify(handler), b"{}")
    error = error_of(result)
    assert (error["errorType"], error["errorMessage"], error["requestId"]) == (kind, message, result.request_id)
    assert f"[ERROR] {kind}: {message}" in result.log


def test_a_module_that_ends_the_process(host: FunctionHost, specify: Specify) -> None:
    result = host.invoke(specify("quitting.handler"), b"{}")
    assert error_of(result) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {result.request_id} Error: Runtime exited with error: exit status 7",
    }


@pytest.mark.parametrize(
    ("handler", "event", "reason"),
    [
        ("app.leave", {"status": 3}, "Runtime exited with error: exit status 3"),
        ("app.leave", {"status": 0}, "Runtime exited without providing a reason"),
        ("app.crash", {"signal": 11}, "Runtime exited with error: signal: segmentation fault (core dumped)"),
        ("app.crash", {"signal": 9}, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_crash(host: FunctionHost, specify: Specify, handler: str, event: dict[str, int], reason: str) -> None:
    result = host.invoke(specify(handler), json.dumps(event).encode())
    assert error_of(result) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {result.request_id} Error: {reason}",
    }
    assert "Status: error\tError Type: Runtime.ExitError" in result.log


def test_a_function_that_takes_too_long_is_ended(host: FunctionHost, specify: Specify) -> None:
    spec = specify("app.sleep", timeout_seconds=0.25)
    warm = result_of(host.invoke(spec, b'{"seconds": 0}'))
    result = host.invoke(spec, b'{"seconds": 60}')
    assert error_of(result) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {result.request_id} Error: Task timed out after 0.25 seconds",
    }
    assert f"{result.request_id} Task timed out after 0.25 seconds" in result.log
    assert "Status: timeout" in result.log
    assert result_of(host.invoke(spec, b'{"seconds": 0}')) != warm


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc")
def test_a_function_that_uses_too_much_memory_is_ended(host: FunctionHost, specify: Specify) -> None:
    result = host.invoke(specify("app.hoard", timeout_seconds=30, memory_mb=128), b"{}")
    assert error_of(result) == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {result.request_id} Error: Runtime exited with error: signal: killed",
    }


def test_a_response_may_have_six_megabytes_and_no_more(host: FunctionHost, specify: Specify) -> None:
    spec = specify("app.large", timeout_seconds=30, memory_mb=512)
    assert len(host.invoke(spec, b'{"bytes": 6291556}').payload) == 6291556
    error = error_of(host.invoke(spec, b'{"bytes": 6291557}'))
    assert error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert len(host.invoke(spec, b'{"bytes": 10}').payload) == 10


def test_a_payload_may_have_six_megabytes_and_no_more(host: FunctionHost, specify: Specify) -> None:
    largest = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
    spec = specify("app.echo", timeout_seconds=30, memory_mb=512)
    assert host.invoke(spec, largest).payload == largest
    with pytest.raises(InvocationRefused) as refused:
        host.invoke(spec, largest + b" ")
    assert (refused.value.code, refused.value.status) == ("RequestEntityTooLargeException", 413)
    with pytest.raises(InvocationRefused):
        host.invoke_async(spec, b"1" * (1024 * 1024 + 1))


def test_what_a_function_says_is_logged_in_order(host: FunctionHost, specify: Specify, deliveries: Deliveries) -> None:
    spec = specify("app.talk", log_group="/my/group")
    results = [host.invoke(spec, b"{}") for _ in range(2)]
    host.flush_logs()
    kinds = [message.split(" ")[0].split("\t")[0] for message in deliveries.messages("/my/group")]
    call = ["START", "said", "[WARNING]", "complained", "END", "REPORT"]
    assert kinds == ["INIT_START", "loaded", *call, *call]
    assert deliveries.messages("/my/group") == [line for result in results for line in result.log.splitlines()]
    assert len({batch.stream for batch in deliveries.batches if batch.group == "/my/group"}) == 1


def test_reserved_concurrency_is_kept(host: FunctionHost, specify: Specify, tmp_path: Path) -> None:
    spec = specify("app.rendezvous", reserved_concurrency=2, timeout_seconds=30)
    event = json.dumps({"directory": str(tmp_path), "parties": 3}).encode()
    with ThreadPoolExecutor(2) as executor:
        running = [executor.submit(host.invoke, spec, event) for _ in range(2)]
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.005)
        with pytest.raises(InvocationRefused) as refused:
            host.invoke(spec, event)
        assert refused.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
        (tmp_path / "third").touch()
        assert [result_of(call.result()) for call in running] == [3, 3]
    assert result_of(host.invoke(spec, event)) == 3  # There is room again.


@pytest.mark.parametrize("is_warm", [True, False])
@pytest.mark.parametrize("is_told", [True, False])
def test_a_call_whose_caller_leaves_goes_on_to_its_end(
    host: FunctionHost, specify: Specify, deliveries: Deliveries, is_warm: bool, is_told: bool
) -> None:
    spec = specify("app.sleep", name=f"left-{is_warm}-{is_told}", reserved_concurrency=1)
    warm = {result_of(host.invoke(spec, b'{"seconds": 0}'))} if is_warm else set()
    caller = Caller(30.0 if is_told else 0.02)
    leaving = threading.Timer(0.02, caller.leave)
    if is_told:
        leaving.start()
    with pytest.raises(CallerLeftError):
        host.invoke(spec, b'{"seconds": 0.5}', caller=caller)
    with pytest.raises(InvocationRefused):  # the call still takes the only place
        host.invoke(spec, b'{"seconds": 0}')

    def reports() -> int:
        host.flush_logs()
        return sum(message.startswith("REPORT") for message in deliveries.messages(f"/aws/lambda/{spec.name}"))

    wait_for(lambda: reports() == len(warm) + 1)
    again = host.invoke(spec, b'{"seconds": 0}')
    assert {result_of(again)} | warm == {result_of(again)}  # by the same worker, which took no harm


def test_an_event_that_fails_is_tried_again_and_dead_lettered(
    host: FunctionHost, specify: Specify, deliveries: Deliveries
) -> None:
    target = "arn:aws:sqs:us-east-1:123456789012:dead"
    spec = specify("app.fail", name="failing", dead_letter_arn=target, log_group="/failing")
    request_id = host.invoke_async(spec, b'{"why": "no"}')
    assert deliveries.letter_came.wait(20)
    assert deliveries.letters == [DeadLetter(target, b'{"why": "no"}', request_id, 200, "no")]
    host.flush_logs()
    starts = [message for message in deliveries.messages("/failing") if message.startswith("START")]
    assert starts == [f"START RequestId: {request_id} Version: $LATEST"] * 3


def test_a_hundred_calls_at_once_are_not_mixed_up(host: FunctionHost, specify: Specify) -> None:
    specs = [specify("app.echo", name=f"echo{number}") for number in range(4)]

    def call(number: int) -> Any:
        return result_of(host.invoke(specs[number % 4], json.dumps({"n": number}).encode()))

    with ThreadPoolExecutor(100) as executor:
        assert list(executor.map(call, range(100))) == [{"n": number} for number in range(100)]


def test_calls_that_need_one_another_run_at_the_same_time(host: FunctionHost, specify: Specify, tmp_path: Path) -> None:
    event = json.dumps({"directory": str(tmp_path), "parties": 8}).encode()
    spec = specify("app.rendezvous", name="meeting", timeout_seconds=40)
    with ThreadPoolExecutor(8) as executor:
        assert [result_of(result) for result in executor.map(host.invoke, [spec] * 8, [event] * 8)] == [8] * 8


def test_a_host_without_the_runtimes_packages_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"use the folder that managed_runtime\(\) returns"):
        FunctionHost(runtime_directory=tmp_path)
