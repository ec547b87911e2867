from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

IDENTITY = "1-5759e988-bd862e3fe1be46a994272793"
TRACE = f"Root={IDENTITY};Parent=53995c3f42cd8ad8;Sampled=1"
PROGRAM = """
import sys
from stepweave.runtime.tracing import prepare_tracing, span

prepare_tracing()
with span("outer", task="t"):
    with span("inner"):
        pass
try:
    with span("broken"):
        raise ValueError("no good")
except ValueError:
    print("aws_xray_sdk" in sys.modules)
"""


def run(program: str = PROGRAM, /, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBDA_", "_X_"))}
    return subprocess.run(
        [sys.executable, "-c", program], env={**kept, **environment}, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_outside_lambda_spans_do_nothing_and_the_sdk_is_not_loaded() -> None:
    assert run() == "False"
    assert run(LAMBDA_TASK_ROOT="/var/task") == "False"


def test_spans_reach_the_daemon() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(30)
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        assert run(LAMBDA_TASK_ROOT="/var/task", AWS_XRAY_DAEMON_ADDRESS=address, _X_AMZN_TRACE_ID=TRACE) == "True"
        documents = [json.loads(daemon.recv(65536).split(b"\n", 1)[1]) for _ in range(3)]
    by_name = {document["name"]: document for document in documents}
    assert {document["trace_id"] for document in documents} == {IDENTITY}
    assert by_name["outer"]["annotations"] == {"task": "t"}
    assert by_name["inner"]["parent_id"] == by_name["outer"]["id"]
    assert by_name["broken"]["cause"]["exceptions"][0]["message"] == "no good"


def test_no_daemon_behind_the_address_does_no_harm() -> None:
    address = {"LAMBDA_TASK_ROOT": "/var/task", "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9"}
    assert run(**address) == "True"
    assert run(**address, _X_AMZN_TRACE_ID=TRACE) == "True"


WARM_PROGRAM = """
import os, threading
from stepweave.runtime.tracing import prepare_tracing, span

prepare_tracing()
for number in range(3):
    os.environ["_X_AMZN_TRACE_ID"] = f"Root={trace};Parent={{number:016x}};Sampled=1"
    with span(f"outer {{number}}"):
        from aws_xray_sdk.core import xray_recorder
        outer = xray_recorder.current_subsegment()

        def work():
            xray_recorder.set_trace_entity(outer)
            with span(f"inner {{number}}"):
                pass

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
"""


def test_each_invocation_of_a_trace_has_its_own_steps() -> None:
    """A warm environment that runs several tasks of an execution does not put them all below the first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(30)
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        run(
            WARM_PROGRAM.format(trace=IDENTITY),
            LAMBDA_TASK_ROOT="/var/task",
            AWS_XRAY_DAEMON_ADDRESS=address,
            _X_AMZN_TRACE_ID=TRACE,
        )
        documents = [json.loads(daemon.recv(65536).split(b"\n", 1)[1]) for _ in range(6)]
    by_name = {document["name"]: document for document in documents}
    for number in range(3):
        assert by_name[f"outer {number}"]["parent_id"] == f"{number:016x}"
        assert by_name[f"inner {number}"]["parent_id"] == by_name[f"outer {number}"]["id"]
