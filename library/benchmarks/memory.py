"""How much memory a local cloud takes, at its start and after many executions, and how long it takes to start.

``python benchmarks/memory.py [--executions N] [--bodies N]`` starts a local cloud as ``stepweave local up`` does,
deploys a workflow of ten tasks, runs N executions of it, a few at a time, then puts and deletes bodies of 100 MB. It
prints JSON: the resident memory of the local cloud's process in MB at each step (workers are processes of their own,
and are not in it), and the rate of each batch of executions.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from stepweave.compiler.compile import compile_workflow
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from stepweave.local_client.control import ControlClient
from stepweave.local_client.project_cloud import down, up
from stepweave.local_client.session import LocalSession
from stepweave.local_client.state import CloudState

_BATCH = 200
_AT_ONCE = 4
_PAUSE_SECONDS = 0.05
_BODY_BYTES = 100_000_000


@workflow(timeout=timedelta(minutes=5))
def ten_tasks() -> ReplayResult:
    """Run two chains of four tasks side by side, between two others."""
    first = replayer("first")
    left = right = first
    for number in range(4):
        left = replayer(f"left_{number}", dependencies=[left])
        right = replayer(f"right_{number}", dependencies=[right])
    return replayer("last", dependencies=[left, right])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--executions", type=int, default=2000, help="of the workflow of ten tasks (default: 2000)")
    parser.add_argument("--bodies", type=int, default=20, help="of 100 MB, put and deleted (default: 20)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder)) as (state, seconds):
        results: dict[str, object] = {"up_s": seconds, "up_mb": _resident_mb(state.pid)}
        time.sleep(10)  # it loads what a deployment needs
        session = LocalSession(state.endpoint_url)
        results["loaded_mb"] = _resident_mb(state.pid)
        ControlClient(state.port, state.token).deploy(_assembly(Path(folder) / "cdk.out"))
        results["deployed_mb"] = _resident_mb(state.pid)
        _run(session, 20)  # starts the workers
        results["warm_mb"] = _resident_mb(state.pid)
        batches = []
        for _ in range(arguments.executions // _BATCH):
            began = time.monotonic()
            _run(session, _BATCH)
            rate = round(_BATCH / (time.monotonic() - began), 1)
            batches.append({"per_second": rate, "mb": _resident_mb(state.pid)})
        results["batches"] = batches
        time.sleep(1)
        results["executed_mb"] = _resident_mb(state.pid)
        results["bodies_mb"] = _put_and_delete(session, arguments.bodies, state.pid)
    print(json.dumps(results, indent=2))


@contextmanager
def _running(root: Path) -> Iterator[tuple[CloudState, float]]:
    began = time.monotonic()
    state, _ = up(root)
    try:
        yield state, round(time.monotonic() - began, 2)
    finally:
        down(root)


def _assembly(folder: Path) -> Path:
    from stepweave.cdk.platform import this_machine
    from stepweave.cdk.stacks import add_stacks, create_app

    app = create_app(folder, this_machine())
    add_stacks(app, [compile_workflow(ten_tasks)])
    app.synth()
    return folder


def _run(session: LocalSession, count: int) -> None:
    client = session.client("stepfunctions")
    [machine] = [
        each["stateMachineArn"]
        for each in client.list_state_machines()["stateMachines"]
        if each["name"].endswith(ten_tasks.name)
    ]

    def run(_number: int) -> None:
        arn = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
        while (status := client.describe_execution(executionArn=arn)["status"]) == "RUNNING":
            time.sleep(_PAUSE_SECONDS)
        if status != "SUCCEEDED":
            raise SystemExit(f"{arn}: {status}")

    with ThreadPoolExecutor(_AT_ONCE) as callers:
        for _ in callers.map(run, range(count)):
            pass


def _put_and_delete(session: LocalSession, count: int, pid: int) -> list[float]:
    client = session.client("s3")
    client.create_bucket(Bucket="bodies")
    resident = []
    for number in range(count):
        client.put_object(Bucket="bodies", Key=str(number), Body=bytes(_BODY_BYTES))
        client.delete_object(Bucket="bodies", Key=str(number))
        resident.append(_resident_mb(pid))
    return resident


def _resident_mb(pid: int) -> float:
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True, text=True)  # noqa: S603, S607
    return round(int(shown.stdout) / 1024, 1)


if __name__ == "__main__":
    main()
