"""The plugin chooses where tests run, and skips what cannot run there."""

import os

import pytest

from tests.sample_project import SAMPLE


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with the plugin, on a machine that has no AWS account."""
    monkeypatch.setenv("PYTHONPATH", f"{SAMPLE.parents[1]}{os.pathsep}{SAMPLE}")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("STEPWEAVE_TEST_DEPLOYED", "STEPWEAVE_TEST_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(pytester.path))
    pytester.makepyfile(
        """
        def test_agent(cloud):
            cloud.agent("counter").fails()

        def test_service(deployed):
            deployed.service("sqs").throttles()

        def test_kind(deployed):
            assert type(deployed).__name__ == "DeployedBackend"
        """
    )
    return pytester


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rs", "-W", "ignore", *options)


def test_faults_are_skipped_where_they_cannot_be_injected(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--deployed-endpoint-url", "http://localhost:1")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(
        ["*faults of agents are not available on http://localhost:1: use the fixture local_cloud"]
    )


def test_without_an_account_the_reason_is_given(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--deployed")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*no AWS account is configured: set AWS_PROFILE, or credentials and AWS_REGION"])


def test_nothing_runs_in_an_account_that_was_not_asked_for(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "somebody's")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    result = run(pytester, "-k", "kind")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no deployment was chosen: give --deployed*"])
    run(pytester, "-k", "kind", "--deployed").assert_outcomes(passed=1)


def test_the_environment_chooses_as_options_do(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPWEAVE_TEST_ENDPOINT_URL", "http://localhost:1")
    run(pytester).assert_outcomes(passed=1, skipped=2)


STATE = """
import logging, os, signal, socket, sys, tempfile, threading, warnings

import boto3
import pytest

def state():
    return {
        "variables": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "folder": os.getcwd(),
        "path": list(sys.path),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "hooks": [sys.excepthook, threading.excepthook, sys.unraisablehook],
        "log": [logging.root.level, logging.getLoggerClass(), logging.root.manager.disable],
        "levels": {name: logging.getLogger(name).level for name in ("boto3", "botocore", "moto", "werkzeug")},
        "warnings": [filter for filter in warnings.filters if filter[0] == "error"],
        "session": boto3.DEFAULT_SESSION,
        "socket": socket.getdefaulttimeout(),
    }

@pytest.fixture(scope="session", autouse=True)
def as_it_was():
    before, threads = state(), set(threading.enumerate())
    yield  # the first fixture of all: the plugin's are torn down before
    assert state() == before
    left = {thread.name for thread in set(threading.enumerate()) - threads}
    assert left <= {"process.stderr_sink"}, "only that of jsii, which the CDK needs until the process ends"
"""


def test_the_process_is_as_it_was_when_the_local_cloud_has_gone(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(STATE)
    pytester.makepyfile(
        """
        from tests.integration.testing.workflows import two_naps

        def test_of_a_workflow(local_cloud):
            assert local_cloud.run(two_naps).status == "SUCCEEDED"
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_the_process_is_as_it_was_when_an_endpoint_was_used(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(STATE)
    pytester.makepyfile(
        """
        def test_of_what_is_deployed(deployed):
            client = deployed.client("stepfunctions")
            assert client.meta.endpoint_url == "https://aws.example"
            assert client.meta.region_name == "eu-west-1"
        """
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "somebody's")
        patch.setenv("AWS_REGION", "eu-west-1")
        run(pytester, "--deployed-endpoint-url", "https://aws.example").assert_outcomes(passed=1)


def test_a_failing_test_shows_its_authors_line_first_and_the_task_that_failed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from tests.integration.testing.workflows import two_naps

        WAIT = {"Type": "Wait", "Seconds": 600, "End": True}
        CALL = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:nowhere", "End": True}

        def machine(cloud, state):
            return cloud.deploy_definition("machine", {"StartAt": "second", "States": {"second": state}})

        def test_status(local_cloud):
            run = local_cloud.run(machine(local_cloud, CALL))
            assert run.status == "SUCCEEDED", run

        def test_output(local_cloud):
            run = local_cloud.run(machine(local_cloud, CALL))
            assert run.output["task"] == "second"

        def test_unknown_task(local_cloud):
            run = local_cloud.run(machine(local_cloud, CALL))
            run.task("third")

        def test_wrong_input(local_cloud):
            local_cloud.run(two_naps, colour="red")

        def test_nothing_ends_it(local_cloud):
            local_cloud.start(machine(local_cloud, WAIT)).wait(timeout=0.1)
        """
    )
    result = run(pytester)
    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(
        [
            '>*assert run.status == "SUCCEEDED", run',
            "E*<Run test-* FAILED: task 'second' failed with *",
            "*failed execution*",
            "test-*: task 'second' failed with *",
            '>*assert run.output?"task"? == "second"',
            "test-*: task 'second' failed with *",
            '>*run.task("third")',
            "E*has no task 'third'*",
            '>*local_cloud.run(two_naps, colour="red")',
            "E*colour*",
            ">*.wait(timeout=0.1)",
            "E*has not ended after 0.1 s*",
        ]
    )
    report = result.stdout.str().partition("short test summary")[0]
    assert "stepweave/testing/" not in report
    assert "stepweave/command/" not in report
