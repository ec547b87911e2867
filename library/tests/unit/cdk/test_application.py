"""The three stacks together."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import Names
from stepweave.cdk.stacks import create_app
from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.functions.replayer.contract import replayer
from tests.unit.cdk.assembly import Assembly, Synthesize

STORAGE, AGENTS, WORKFLOWS = Names().storage_stack, Names().agents_stack, Names().workflows_stack

NO_FINER_RESOURCE = re.compile(
    r"xray:(Put(TraceSegments|TelemetryRecords)|GetSampling(Rules|Targets))"
    r"|logs:(Create|Get|Update|Delete|List)LogDeliver(y|ies)"
    r"|logs:(PutResourcePolicy|DescribeResourcePolicies|DescribeLogGroups)"
)
"""Actions for which the service authorization reference names no resource type, or which vended logs need so."""

BY_PREFIX = re.compile(
    r"\$\{Payloads\.Arn\}/(counts|dead-letters|results|texts)/\*$"
    r"|:stateMachine:stepweave-\*$|:execution:stepweave-\*:\*$|:stepweave-\*-failures$"
)
"""What gets its name when it is made: an object, an execution, or what belongs to a workflow deployed later."""


def renamed(workflow: CompiledWorkflow, name: str) -> CompiledWorkflow:
    return compile_dag(replace(workflow.dag, name=name))


def test_no_role_can_do_everything_or_touch_everything(assembly: Assembly) -> None:
    roles = [(template, role) for template in assembly.templates for role in template.all("AWS::IAM::Role")]
    assert len(roles) == 4 + 4 + 3  # agents, workflows, the guarded agent, admission and the dead letters' function
    for template, role in roles:
        permissions = template.permissions(role)
        assert permissions
        assert not [action for action, _ in permissions if "*" in action]
        everything = {action for action, resource in permissions if resource == "*"}
        assert not [action for action in everything if not NO_FINER_RESOURCE.fullmatch(action)]
        partly = {resource for _, resource in permissions if "*" in resource and resource != "*"}
        assert not [resource for resource in partly if not BY_PREFIX.search(resource)]


def test_nothing_is_made_by_a_custom_resource(assembly: Assembly) -> None:
    types = {resource.type for template in assembly.templates for resource in template.all()}
    assert types == {
        "AWS::CloudWatch::Alarm",
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::StepFunctions::StateMachine",
    }


def test_the_stacks_are_deployed_in_order_and_to_any_account(assembly: Assembly) -> None:
    artifacts = assembly.manifest["artifacts"]
    stacks = {name: body for name, body in artifacts.items() if body["type"] == "aws:cloudformation:stack"}
    assert set(stacks) == {STORAGE, AGENTS, WORKFLOWS}
    assert STORAGE in stacks[AGENTS]["dependencies"]
    assert AGENTS in stacks[WORKFLOWS]["dependencies"]
    assert not {AGENTS, WORKFLOWS}.intersection(stacks[STORAGE].get("dependencies", []))
    assert {stack["environment"] for stack in stacks.values()} == {"aws://unknown-account/unknown-region"}


def test_an_agent_of_several_workflows_has_one_function(
    synthesize: Synthesize, compiled: list[CompiledWorkflow]
) -> None:
    naps = next(workflow for workflow in compiled if workflow.name == "two-naps")
    assembly = synthesize([naps, renamed(naps, "more-naps")])
    names = {function.properties["FunctionName"] for function in assembly.agents.all("AWS::Lambda::Function")}
    assert names == {"stepweave-replayer", "stepweave-admission", "stepweave-dead-letters"}
    assert len(assembly.workflows.all("AWS::StepFunctions::StateMachine")) == 2


def test_the_order_of_the_workflows_does_not_matter(
    synthesize: Synthesize, compiled: list[CompiledWorkflow], assembly: Assembly
) -> None:
    again = synthesize(list(reversed(compiled)))
    assert [template.body for template in again.templates] == [template.body for template in assembly.templates]


def test_without_workflows_there_is_nothing_to_deploy(synthesize: Synthesize) -> None:
    with pytest.raises(SynthesisError, match="no workflow to deploy"):
        synthesize([])


def test_two_workflows_of_one_name_are_refused(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> None:
    with pytest.raises(SynthesisError, match=r"name of its own.*two-naps, two-naps"):
        synthesize([compiled[0], renamed(compiled[1], "two-naps")])


def test_two_agents_of_one_name_are_refused(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> None:
    naps = next(workflow for workflow in compiled if workflow.name == "two-naps")
    larger = replace(replayer, memory_mb=2 * replayer.memory_mb)
    tasks = tuple(replace(task, agent=larger) for task in naps.dag.tasks)
    other = compile_dag(replace(naps.dag, name="other", tasks=tasks))
    with pytest.raises(SynthesisError, match="two-naps has another agent 'replayer'"):
        synthesize([naps, other])


def test_a_setting_that_cannot_be_is_refused_by_name(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> None:
    with pytest.raises(SynthesisError, match="context reserve_concurrency=perhaps: must be true or false"):
        synthesize(compiled, reserve_concurrency="perhaps")


def test_the_assembly_goes_where_the_cdk_command_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "there"))
    assert Path(create_app().outdir) == tmp_path / "there"


def test_feature_flags_are_those_of_cdk_json_without_the_cdk_command(tmp_path: Path) -> None:
    app = create_app(tmp_path, {"@aws-cdk/aws-iam:minimizePolicies": False})
    assert app.node.try_get_context("@aws-cdk/aws-s3:publicAccessBlockedByDefault") is True
    assert app.node.try_get_context("@aws-cdk/aws-iam:minimizePolicies") is False
