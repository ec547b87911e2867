"""What this project deploys beside what Stepweave makes: synthesized as ``app.py`` does it."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks

from stacks.application import customize
from state_machines.code_review import code_review
from stepweave.cdk import Application, Deployment
from stepweave.cdk.platform import this_machine
from stepweave.cdk.stacks import create_app

TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The deployment, with what cdk-nag finds in its folder."""
    context = {**this_machine(), "environment": "default", "alarm_topic_arn": TOPIC}
    made = Application(customize).build(create_app(tmp_path_factory.mktemp("assembly"), context))
    cdk.Validations.of(made.app).add_plugins(AwsSolutionsChecks(made.app))
    with suppress(RuntimeError):  # the synthesis fails on a finding, after it wrote the report
        made.app.synth()
    return made


def read(deployment: Deployment, file: str) -> Any:
    return json.loads(Path(deployment.app.outdir, file).read_text(encoding="utf-8"))


def test_somebody_is_told_of_a_review_that_comes_close_to_its_timeout(deployment: Deployment) -> None:
    resources = read(deployment, "StepweaveWorkflows.template.json")["Resources"].values()
    (alarm,) = [
        one["Properties"]
        for one in resources
        if one["Type"] == "AWS::CloudWatch::Alarm" and one["Properties"].get("MetricName") == "ExecutionTime"
    ]
    assert alarm["Threshold"] == 0.8 * code_review.timeout.total_seconds() * 1000
    assert alarm["AlarmActions"] == [TOPIC]


def test_cdk_nag_finds_nothing(deployment: Deployment) -> None:
    reports = read(deployment, "validation-report.json")["pluginReports"]
    assert [violation["ruleName"] for report in reports for violation in report["violations"]] == []


def test_every_agent_and_workflow_is_handed_over(deployment: Deployment) -> None:
    assert deployment.workflow("code-review") is not None
    assert deployment.workflow("nothing") is None
    for name in ("analyzer", "documenter", "linter", "reporter", "security_scanner", "tester"):
        assert deployment.agent(name) is not None
    assert deployment.agent("nobody") is None
