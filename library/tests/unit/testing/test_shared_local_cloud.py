"""The local cloud that tests share is a process of its own: nothing of theirs is in its way, nor it in theirs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stepweave.testing.shared_local_cloud import SharedLocalCloud
from tests.sample_project import SAMPLE

# What a test may do to its own process, with the local cloud up and in use.
BESIDE_MOCKS = """
import threading, time
from unittest import mock

import boto3
from moto import mock_aws

WAIT = {"StartAt": "wait", "States": {"wait": {"Type": "Wait", "Seconds": 86_400, "End": True}}}

@mock_aws
def test_mocks(local_cloud):
    own = boto3.client("sqs", region_name="us-east-1")
    own.create_queue(QueueName="of-the-mock")
    queues = local_cloud.client("sqs")
    queues.create_queue(QueueName="of-the-local-cloud")
    assert [url.rpartition("/")[2] for url in own.list_queues()["QueueUrls"]] == ["of-the-mock"]
    assert [url.rpartition("/")[2] for url in queues.list_queues()["QueueUrls"]] == ["of-the-local-cloud"]

def test_clock(local_cloud):
    local_cloud.begin("skipped")
    machine = local_cloud.deploy_definition("waiting", WAIT)
    with (
        mock.patch.object(time, "time", return_value=1_000_000.0),
        mock.patch.object(time, "sleep", side_effect=AssertionError("slept")),
        mock.patch.object(time, "monotonic", return_value=0.0),
        mock.patch.object(threading, "Thread", side_effect=AssertionError("a thread")),
    ):
        run = local_cloud.run(machine)
    assert run.status == "SUCCEEDED"
    assert run.seconds >= 86_400

def test_ends(local_cloud):
    import os, signal
    os.kill(local_cloud.cloud.state.pid, signal.SIGKILL)
    local_cloud.service("sqs")

def test_goes_on(local_cloud):
    assert local_cloud.client("sqs").list_queues().get("QueueUrls", []) == []
"""
STARTED = """
import os, sys, time
from stepweave.testing.shared_local_cloud import SharedLocalCloud
print(SharedLocalCloud().start().cloud.state.pid, flush=True)
if os.fork() == 0:  # a child that holds all that its parent held, and lives longer
    time.sleep(60)
time.sleep(60)
"""


def test_it_starts_when_needed_and_anew_when_it_has_ended() -> None:
    shared = SharedLocalCloud()
    shared.stop()
    first = shared.start()
    assert shared.start() is first
    first.client("sqs").create_queue(QueueName="lost")
    os.kill(first.cloud.state.pid, signal.SIGKILL)
    first.cloud.wait()
    second = shared.start()
    assert second.client("sqs").list_queues().get("QueueUrls", []) == []
    shared.stop()
    shared.stop()
    assert second.cloud.wait() == 0


def test_mocks_of_a_test_and_the_end_of_the_local_cloud(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SAMPLE))
    pytester.makepyfile(BESIDE_MOCKS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "ignore")
    result.assert_outcomes(passed=3, failed=1, errors=1)  # its end concerns the rest of the test that it ends in, alone
    result.stdout.fnmatch_lines(["*the local cloud, process *, has ended with signal 9; the end of its log, *"])


def test_a_session_that_is_killed_leaves_no_process_behind() -> None:
    session = subprocess.Popen([sys.executable, "-c", STARTED], stdout=subprocess.PIPE, text=True, cwd=SAMPLE)
    assert session.stdout is not None
    local_cloud = int(session.stdout.readline())
    os.kill(session.pid, signal.SIGKILL)
    session.wait()
    deadline = time.monotonic() + 60
    while is_running(local_cloud):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # whoever inherits orphans may not care for them
