"""`stepweave run` against a real local cloud, with state machines and functions made for what each test is about."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stepweave.command.main import app
from stepweave.local_client.process import LocalCloudProcess
from tests.integration.command.functions import ROLE, create_function, create_role

TEXTS = {"bucket": "b", "key": "k", "name": "demo"}
HANDLER = """
attempts = 0

class TransientError(Exception):
    pass

def handler(event, context):
    global attempts
    attempts += 1
    if event.get("fails") == "once" and attempts == 1:
        raise TransientError("not yet")
    if event.get("fails") == "always":
        raise ValueError("no such file: \\x1b[31mred")
    return event.get("result")
"""

Deploy = Callable[[dict[str, Any]], None]
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloudProcess]:
    with LocalCloudProcess() as cloud:
        create_role(cloud)
        yield cloud


@pytest.fixture
def function(cloud: LocalCloudProcess) -> Iterator[str]:
    """The ARN of a function that fails as its event says."""
    yield create_function(cloud, "stepweave-test", HANDLER)
    cloud.session().client("lambda").delete_function(FunctionName="stepweave-test")


@pytest.fixture
def bucket(cloud: LocalCloudProcess) -> Iterator[str]:
    """The payload bucket, in a stack that names it."""
    client = cloud.session().client("cloudformation")
    template = {
        "Resources": {"Payloads": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "payloads"}}},
        "Outputs": {"PayloadBucketName": {"Value": {"Ref": "Payloads"}}},
    }
    client.create_stack(StackName="StepweaveStorage", TemplateBody=json.dumps(template))
    yield "payloads"
    contents = cloud.session().resource("s3").Bucket("payloads")
    contents.objects.delete()
    client.delete_stack(StackName="StepweaveStorage")


@pytest.fixture
def deploy(cloud: LocalCloudProcess, bucket: str) -> Iterator[Deploy]:
    """Deploys a definition as the state machine of word-count."""
    client = cloud.session().client("cloudformation")

    def deploy(definition: dict[str, Any]) -> None:
        machine = {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "stepweave-word-count",
                "RoleArn": ROLE,
                "DefinitionString": json.dumps(definition),
            },
        }
        outputs = {"WordCountStateMachineArn": {"Value": {"Ref": "Machine"}}}
        template = {"Resources": {"Machine": machine}, "Outputs": outputs}
        client.create_stack(StackName="StepweaveWorkflows", TemplateBody=json.dumps(template))

    yield deploy
    client.delete_stack(StackName="StepweaveWorkflows")


@pytest.fixture
def run(cloud: LocalCloudProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs word-count there, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "400", "AWS_ENDPOINT_URL": cloud.endpoint_url})
    inputs = ("--input", json.dumps({"texts": TEXTS}))
    return lambda *options: runner.invoke(app, ["run", "word-count", *inputs, *options])


def task(function: str, *, end: bool = True, **fields: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": function, "TimeoutSeconds": 20, **fields}
    return {**state, "End": True} if end else state


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def test_a_task_that_fails_for_good_is_named(deploy: Deploy, run: Run, function: str) -> None:
    first = task(function, end=False, Parameters={"result": 1}, Next="security_scan")
    deploy(machine(syntax_analysis=first, security_scan=task(function, Parameters={"fails": "always"})))
    result = run()
    assert result.exit_code == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert any(line.startswith("syntax_analysis done") for line in lines)
    assert any(line.startswith("security_scan failed: ValueError") for line in lines)
    assert "task security_scan failed with ValueError: no such file: \\x1b[31mred" in lines[-1]

    value = json.loads(run("--json").stdout)
    assert (value["status"], value["failed_task"], value["error"]) == ("FAILED", "security_scan", "ValueError")
    assert {name: found["status"] for name, found in value["tasks"].items()} == {
        "syntax_analysis": "done",
        "security_scan": "failed",
    }
    assert json.loads(value["cause"])["errorMessage"].startswith("no such file")


def test_a_task_that_is_caught_is_reported_while_the_rest_succeeds(deploy: Deploy, run: Run, function: str) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "generate_report"}]
    optional = task(
        function, end=False, Parameters={"fails": "always"}, ResultPath=None, Catch=catch, Next="generate_report"
    )
    deploy(machine(syntax_analysis=optional, generate_report=task(function, Parameters={"result": {"fine": True}})))
    result = run("--json")
    value = json.loads(result.stdout)
    assert (result.exit_code, value["status"], value["output"]) == (0, "SUCCEEDED", {"fine": True})
    assert value["tasks"]["syntax_analysis"]["status"] == "failed"
    assert value["tasks"]["syntax_analysis"]["error"] == "ValueError"
    assert "syntax_analysis failed: ValueError (going on without it)" in result.stderr


def test_a_task_that_is_tried_again_counts_its_attempts(deploy: Deploy, run: Run, function: str) -> None:
    retry = [{"ErrorEquals": ["TransientError"], "IntervalSeconds": 1, "MaxAttempts": 3}]
    deploy(machine(syntax_analysis=task(function, Parameters={"fails": "once"}, Retry=retry)))
    result = run("--json")
    value = json.loads(result.stdout)
    assert value["tasks"]["syntax_analysis"]["status"] == "done"
    assert value["tasks"]["syntax_analysis"]["attempts"] == 2
    assert "syntax_analysis retrying (attempt 2 next, after TransientError)" in result.stderr


def caught_by(following: str) -> list[dict[str, Any]]:
    return [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": following}]


def test_what_became_of_each_task_is_told(deploy: Deploy, run: Run, function: str) -> None:
    broken: dict[str, Any] = {"end": False, "ResultPath": None, "Next": "optional"}
    in_place = {"result": 1, "task": "quick_scan", "stands_for": "security_scan"}
    unused = {"result": 1, "task": "unused", "stands_for": "generate_report"}
    deploy(
        machine(
            security_scan=task(function, Parameters={"fails": "always"}, Catch=caught_by("quick_scan"), **broken),
            quick_scan=task(function, Parameters=in_place, **broken),
            optional=task(
                function,
                end=False,
                Parameters={"fails": "always"},
                ResultPath=None,
                Catch=caught_by("generate_report"),
                Next="generate_report",
            ),
            generate_report=task(function, Parameters={"result": {"fine": True}}, Catch=caught_by("unused")),
            unused=task(function, Parameters=unused),
        )
    )
    result = run("--json")
    tasks = json.loads(result.stdout)["tasks"]
    assert {name: found["outcome"] for name, found in tasks.items()} == {
        "security_scan": "replaced",
        "quick_scan": "succeeded",
        "optional": "optional_failed",
        "generate_report": "succeeded",
        "unused": "not_needed",
    }
    assert tasks["security_scan"]["fallback"] == "quick_scan"
    assert tasks["quick_scan"]["stands_for"] == "security_scan"
    assert not any(line.startswith("unused ") for line in result.stderr.splitlines())
    lines = [" ".join(line.split()) for line in run().stdout.splitlines()]
    assert "tasks 2 succeeded, 1 failed without harm, 1 replaced by a fallback" in lines
    assert "security_scan failed with ValueError; quick_scan took its place" in lines
    assert "optional failed with ValueError; the workflow went on without it" in lines


def test_an_execution_that_takes_too_long_is_said_to_have(deploy: Deploy, run: Run) -> None:
    deploy({**machine(pause={"Type": "Wait", "Seconds": 60, "End": True}), "TimeoutSeconds": 1})
    result = run("--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "TIMED_OUT"
    assert "it took longer than the workflow's timeout" in result.stderr


def test_results_and_reports_are_brought_from_s3(
    cloud: LocalCloudProcess, bucket: str, deploy: Deploy, run: Run, tmp_path: Path
) -> None:
    s3 = cloud.session().client("s3")
    s3.put_object(Bucket=bucket, Key="reports/x/report.md", Body=b"# Report")
    file = {"bucket": bucket, "key": "reports/x/report.md", "media_type": "text/markdown"}
    body = json.dumps({"big": "result", "reports": {"markdown": file}}).encode()
    s3.put_object(Bucket=bucket, Key="results/x.json", Body=body)
    digest = hashlib.sha256(body).hexdigest()
    reference = {"bucket": bucket, "key": "results/x.json", "size": len(body), "sha256": digest}
    deploy(machine(only={"Type": "Pass", "Result": {"stepweave:reference": reference}, "End": True}))

    value = json.loads(run("--json", "--name", "first").stdout)
    assert value["output"]["big"] == "result"
    report = Path(value["reports"]["markdown"])
    assert report == tmp_path / "stepweave-reports" / "word-count" / "first" / "report.md"
    assert report.read_bytes() == b"# Report"

    shown = run("--reports", "here")
    assert (tmp_path / "here" / "report.md").exists()
    assert "markdown  here/report.md" in shown.stdout

    again = run("--name", "first")
    assert again.exit_code == 2
    assert "an execution named first exists already" in again.stderr

    s3.delete_object(Bucket=bucket, Key="reports/x/report.md")
    lost = run("--json")
    assert lost.exit_code == 1
    assert json.loads(lost.stdout)["status"] == "SUCCEEDED"
    assert "what the execution made could not be fetched" in lost.stderr


def test_a_workflow_that_is_not_deployed_there_says_how_to_deploy(run: Run, cloud: LocalCloudProcess) -> None:
    result = run()
    assert result.exit_code == 2
    assert "workflow word-count is not deployed on the local cloud at" in result.stderr
    assert f"AWS_ENDPOINT_URL={cloud.endpoint_url} npx cdk deploy --all" in result.stderr
