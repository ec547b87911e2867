"""Several workers of a function at once are forked from a template, and nobody can tell."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stepweave.local_cloud.cloud import RUNTIME_DIRECTORY
from stepweave.local_cloud.lambda_runtime import forked_workers
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.host import FunctionHost

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
LIBRARY = "import os\npid = os.getpid()\n"
HANDLER = """
import atexit, os, signal, sys, time, uuid
import library, {library}

loaded_by = os.getpid()
print("loaded")

def handler(event, context):
    if event.get("exit"):
        os._exit(event["exit"])
    parties = event.get("parties", 1)
    open(os.path.join(event["directory"], str(os.getpid())), "w").close()
    while len(os.listdir(event["directory"])) < parties:
        time.sleep(0.01)
    print("handled", event["n"])
    return {{
        "pid": os.getpid(), "loaded_by": loaded_by, "library": library.pid, "parent": os.getppid(),
        "environment": dict(os.environ), "directory": os.getcwd(), "path": sys.path[:2], "input": sys.stdin.read(),
        "group": os.getpgid(0), "n": event["n"],
    }}
"""

pytestmark = pytest.mark.skipif(not forked_workers.CAN_FORK, reason="this system cannot look at another's child")


@pytest.fixture
def host() -> Iterator[FunctionHost]:
    with FunctionHost(runtime_directory=RUNTIME_DIRECTORY) as host:
        yield host


def function(directory: Path, name: str = "f", library: str = "json", **environment: str) -> FunctionSpec:
    code = directory / f"code-{name}"
    (code / "library-1.dist-info").mkdir(parents=True)
    (code / "library-1.dist-info/RECORD").write_text("library.py,,\nthreads.py,,\n")
    (code / "library.py").write_text(LIBRARY)
    (code / "threads.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(999,), daemon=True).start()"
    )
    (code / "app.py").write_text(HANDLER.format(library=library))
    return FunctionSpec(
        name=name, arn=ARN + name, handler="app.handler", code_directory=code, environment=environment,
        timeout_seconds=60,
    )  # fmt: skip


def call_together(host: FunctionHost, spec: FunctionSpec, directory: Path, parties: int) -> list[dict[str, Any]]:
    """Call a function so often that so many workers are needed."""
    place = directory / f"meeting-{time.monotonic_ns()}"
    place.mkdir()
    events = [json.dumps({"directory": str(place), "parties": parties, "n": n}).encode() for n in range(parties)]
    with ThreadPoolExecutor(parties) as executor:
        results = list(executor.map(host.invoke, [spec] * parties, events))
    assert [result.function_error for result in results] == [None] * parties, results[0].payload
    return [json.loads(result.payload) for result in results]


def test_forked_workers_are_as_if_each_had_been_started(host: FunctionHost, tmp_path: Path) -> None:
    spec = function(tmp_path, MINE="yes")
    answers = call_together(host, spec, tmp_path, 4)
    forked = [answer for answer in answers if answer["parent"] != os.getpid()]
    assert len(forked) == 3
    assert len({answer["library"] for answer in forked}) == 1  # loaded once, in the template
    started = next(answer for answer in answers if answer not in forked)
    for answer in answers:
        assert answer["loaded_by"] == answer["group"] == answer["pid"]
        assert answer["directory"] == started["directory"]
        assert answer["path"] == started["path"]
        assert answer["input"] == ""
        assert answer["environment"].keys() == started["environment"].keys()
        assert answer["environment"]["MINE"] == "yes"
    for own in ("HOME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API"):
        assert len({answer["environment"][own] for answer in answers}) == 4


def test_what_forked_workers_print_is_in_their_own_logs(host: FunctionHost, tmp_path: Path) -> None:
    spec = function(tmp_path)
    place = tmp_path / "place"
    place.mkdir()
    events = [json.dumps({"directory": str(place), "parties": 3, "n": n}).encode() for n in range(3)]
    with ThreadPoolExecutor(3) as executor:
        logs = [result.log for result in executor.map(host.invoke, [spec] * 3, events)]
    for number, log in enumerate(logs):
        assert log.count("loaded\n") == 1
        assert log.count("handled") == log.count(f"handled {number}\n") == 1


def test_functions_share_nothing(host: FunctionHost, tmp_path: Path) -> None:
    one, two = function(tmp_path, "one", ONE="1"), function(tmp_path, "two", TWO="2")
    of_one, of_two = call_together(host, one, tmp_path, 3), call_together(host, two, tmp_path, 3)
    assert not any("TWO" in answer["environment"] for answer in of_one)
    assert not any("ONE" in answer["environment"] for answer in of_two)
    assert not {answer["parent"] for answer in of_one} & {answer["parent"] for answer in of_two} - {os.getpid()}


def test_a_forked_worker_that_exits_is_told_by_its_status(host: FunctionHost, tmp_path: Path) -> None:
    spec = function(tmp_path)
    call_together(host, spec, tmp_path, 3)
    for _ in range(3):
        answer = json.loads(host.invoke(spec, b'{"exit": 7}').payload)
        assert answer["errorType"] == "Runtime.ExitError"
        assert answer["errorMessage"].endswith("exit status 7")


def test_where_the_template_was_killed_workers_are_started_anew(host: FunctionHost, tmp_path: Path) -> None:
    spec = function(tmp_path)
    template = next(
        answer["parent"] for answer in call_together(host, spec, tmp_path, 3) if answer["parent"] != os.getpid()
    )
    os.kill(template, signal.SIGKILL)
    time.sleep(0.2)
    assert len({answer["pid"] for answer in call_together(host, spec, tmp_path, 4)}) == 4


def test_a_package_that_starts_threads_is_not_forked(host: FunctionHost, tmp_path: Path) -> None:
    answers = call_together(host, function(tmp_path, library="threads"), tmp_path, 3)
    assert {answer["parent"] for answer in answers} == {os.getpid()}
    assert {answer["library"] == answer["pid"] for answer in answers} == {True}


def test_the_template_ends_with_the_last_worker(host: FunctionHost, tmp_path: Path) -> None:
    spec = function(tmp_path)
    answers = call_together(host, spec, tmp_path, 3)
    template = next(answer["parent"] for answer in answers if answer["parent"] != os.getpid())
    host.retire(spec.arn)
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{pid}").exists() for pid in [template, *(answer["pid"] for answer in answers)]):
        assert time.monotonic() < deadline
        time.sleep(0.02)


OWNER = """
import json, os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started with it ignored
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.host import FunctionHost

code = Path(sys.argv[2])
spec = FunctionSpec(name="f", arn=sys.argv[3], handler="app.handler", code_directory=code, timeout_seconds=60)
place = sys.argv[4]
host = FunctionHost(runtime_directory=Path(sys.argv[1]), parent_directory=Path(sys.argv[5]))
events = [json.dumps({"directory": place, "parties": 3, "n": n}).encode() for n in range(3)]
with ThreadPoolExecutor(3) as executor:
    answers = [json.loads(result.payload) for result in executor.map(host.invoke, [spec] * 3, events)]
print(json.dumps(sorted({answer[key] for answer in answers for key in ("pid", "parent")} - {os.getpid()})), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_neither_template_nor_workers_outlive_the_host(tmp_path: Path, ending: signal.Signals) -> None:
    spec = function(tmp_path)
    place, work = tmp_path / "place", tmp_path / "work"
    place.mkdir()
    work.mkdir()
    places = [str(RUNTIME_DIRECTORY), str(spec.code_directory), spec.arn, str(place), str(work)]
    command = [sys.executable, "-c", OWNER, *places]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    ) as owner:
        assert owner.stdout is not None
        pids = json.loads(owner.stdout.readline())
        assert len(pids) == 4
        owner.send_signal(ending)
        owner.wait(20)
    deadline = time.monotonic() + 15
    while list(work.iterdir()) or any(_is_running(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
