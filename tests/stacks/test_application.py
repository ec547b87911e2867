"""What this project deploys beside what Stepweave makes: synthesized as ``app.py`` does it."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks

from stacks.application import customize
from stepweave.cdk import Application, Deployment
from stepweave.cdk.platform import this_machine
from stepweave.cdk.stacks import create_app
from stepweave.project.agents import LIBRARY_AGENTS, agent_names
from stepweave.project.catalog import workflows
from stepweave.project.settings import require_project

TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The deployment, with what cdk-nag finds in its folder."""
    if not workflows():
        pytest.skip("the project has no workflow to deploy")
    context = {**this_machine(), "environment": "default", "alarm_topic_arn": TOPIC}
    made = Application(customize).build(create_app(tmp_path_factory.mktemp("assembly"), context))
    cdk.Validations.of(made.app).add_plugins(AwsSolutionsChecks(made.app))
    with suppress(RuntimeError):  # the synthesis fails on a finding, after it wrote the report
        made.app.synth()
    return made


def read(deployment: Deployment, file: str) -> Any:
    return json.loads(Path(deployment.app.outdir, file).read_text(encoding="utf-8"))


def test_somebody_is_told_of_an_execution_that_comes_close_to_its_timeout(deployment: Deployment) -> None:
    resources = read(deployment, "StepweaveWorkflows.template.json")["Resources"].values()
    alarms = [
        one["Properties"]
        for one in resources
        if one["Type"] == "AWS::CloudWatch::Alarm" and one["Properties"].get("MetricName") == "ExecutionTime"
    ]
    allowed = [workflow.timeout.total_seconds() * 1000 for workflow in workflows().values()]
    assert sorted(alarm["Threshold"] for alarm in alarms) == sorted(0.8 * one for one in allowed)
    assert [alarm["AlarmActions"] for alarm in alarms] == [[TOPIC]] * len(allowed)


def test_cdk_nag_finds_nothing(deployment: Deployment) -> None:
    reports = read(deployment, "validation-report.json")["pluginReports"]
    assert [violation["ruleName"] for report in reports for violation in report["violations"]] == []


def test_every_agent_and_workflow_is_handed_over(deployment: Deployment) -> None:
    for name in workflows():
        assert deployment.workflow(name) is not None
    assert deployment.workflow("nothing") is None
    for name in set(agent_names(require_project())) - set(LIBRARY_AGENTS):
        assert deployment.agent(name) is not None
    assert deployment.agent("nobody") is None
