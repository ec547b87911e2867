"""Worker processes end with their host, whichever way that ends, and leave no file."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stepweave.local_cloud.cloud import RUNTIME_DIRECTORY
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.host import FunctionHost
from stepweave.local_cloud.lambda_runtime.worker_pool import HostClosedError

HANDLERS = """
import os, subprocess, sys, time

def pid(event, context):
    return os.getpid()

def parent(event, context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return [os.getpid(), child.pid]

def busy(event, context):
    open(event["file"], "w").write(str(os.getpid()))
    time.sleep(600)
"""
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
# A host with an idle worker that has a child, and a busy one; it tells of them, then does what it is told.
OWNER = """
import json, os, signal, sys, threading, time
from pathlib import Path
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.host import FunctionHost

runtime, code, directory, ending = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started with it ignored
host = FunctionHost(runtime_directory=Path(runtime), parent_directory=Path(directory))

def spec(handler):
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{handler}"
    return FunctionSpec(name=handler, arn=arn, handler=f"app.{handler}", code_directory=Path(code), timeout_seconds=900)

idle = json.loads(host.invoke(spec("parent"), b"{}").payload)
note = Path(directory, "busy.pid")
event = json.dumps({"file": str(note)}).encode()
threading.Thread(target=lambda: host.invoke(spec("busy"), event), daemon=True).start()
while not (note.exists() and note.read_text()):
    time.sleep(0.01)
print(json.dumps([*idle, int(note.read_text())]), flush=True)
if ending == "exit":
    sys.exit()
if ending == "raise":
    raise RuntimeError("the owner fails")
time.sleep(600)
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/app.py").write_text(HANDLERS)
    return tmp_path / "code"


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:  # An orphan may stay a zombie for as long as nobody reaps it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not Path("/proc").exists()


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 15
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("ending", ["SIGKILL", "SIGTERM", "SIGINT", "exit", "raise"])
def test_nothing_outlives_the_process_of_the_host(code: Path, tmp_path: Path, ending: str) -> None:
    directory = tmp_path / "host"
    directory.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, RUNTIME_DIRECTORY, code, directory, ending],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as owner:
        assert owner.stdout is not None
        pids = json.loads(owner.stdout.readline())
        if ending.startswith("SIG"):
            owner.send_signal(signal.Signals[ending])
        owner.wait(20)
    assert eventually(lambda: not any(map(is_running, pids))), [pid for pid in pids if is_running(pid)]
    assert eventually(lambda: list(directory.iterdir()) == [directory / "busy.pid"]), list(directory.iterdir())


def test_a_worker_outlives_the_thread_that_made_the_call(code: Path) -> None:
    spec = FunctionSpec(name="f", arn=ARN, handler="app.pid", code_directory=code)
    with FunctionHost(runtime_directory=RUNTIME_DIRECTORY) as host:
        pids = set()
        for _ in range(3):
            with ThreadPoolExecutor(1) as executor:
                pids.add(executor.submit(host.invoke, spec, b"{}").result().payload)
        assert len(pids) == 1


def test_a_shutdown_ends_calls_under_way_and_leaves_nothing(code: Path, tmp_path: Path) -> None:
    host = FunctionHost(runtime_directory=RUNTIME_DIRECTORY, parent_directory=tmp_path)
    spec = FunctionSpec(name="f", arn=ARN, handler="app.busy", code_directory=code, timeout_seconds=900)
    note = tmp_path / "pid"
    with ThreadPoolExecutor(1) as executor:
        call = executor.submit(host.invoke, spec, json.dumps({"file": str(note)}).encode())
        assert eventually(lambda: note.exists() and note.read_text() != "")
        host.shutdown()
        assert json.loads(call.result(10).payload)["errorType"] == "Runtime.ExitError"
    assert not is_running(int(note.read_text()))
    assert not host.work_directory.exists()
    with pytest.raises(HostClosedError):
        host.invoke(spec, b"{}")
    host.shutdown()


def test_two_hosts_do_not_touch_one_another(code: Path) -> None:
    spec = FunctionSpec(name="f", arn=ARN, handler="app.pid", code_directory=code)
    with FunctionHost(runtime_directory=RUNTIME_DIRECTORY) as one:
        first = one.invoke(spec, b"{}").payload
        with FunctionHost(runtime_directory=RUNTIME_DIRECTORY) as other:
            assert other.invoke(spec, b"{}").payload != first
        assert one.invoke(spec, b"{}").payload == first


def test_files_are_kept_where_temporary_files_belong() -> None:
    with FunctionHost(runtime_directory=RUNTIME_DIRECTORY) as host:
        assert host.work_directory.parent == Path(tempfile.gettempdir()).resolve()
