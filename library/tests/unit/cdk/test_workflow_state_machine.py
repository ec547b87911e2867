"""A workflow's state machine, and where its failures go."""

import json
import re
from datetime import timedelta

import pytest

from stepweave.cdk.deployed_agents import has_breakers
from stepweave.cdk.naming import Names, pascal_case
from stepweave.cdk.workflow_state_machine import INLINE_DEFINITION_BYTES
from stepweave.compiler.compile import CompiledWorkflow, compile_workflow
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from tests.unit.cdk.alarms import alarms_of
from tests.unit.cdk.assembly import Assembly, Resource, Synthesize


@pytest.fixture(params=["word-count", "two-naps", "crossing-naps", "guarded-nap"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def source(name: str, compiled: list[CompiledWorkflow]) -> CompiledWorkflow:
    return next(workflow for workflow in compiled if workflow.name == name)


@pytest.fixture
def machine(assembly: Assembly, name: str) -> Resource:
    return assembly.workflows.one("AWS::StepFunctions::StateMachine", StateMachineName=Names().state_machine(name))


@pytest.fixture
def failures(assembly: Assembly, name: str) -> Resource:
    return assembly.workflows.named(assembly.workflows.body["Outputs"][f"{pascal_case(name)}FailureQueueUrl"]["Value"])


@pytest.fixture
def rule(assembly: Assembly, machine: Resource) -> Resource:
    (rule,) = [
        rule
        for rule in assembly.workflows.all("AWS::Events::Rule")
        if rule.properties["EventPattern"]["detail"]["stateMachineArn"] == [{"Ref": machine.id}]
    ]
    return rule


def test_the_state_machine_is_the_compiled_workflow(machine: Resource, source: CompiledWorkflow) -> None:
    assert machine.properties["StateMachineType"] == "STANDARD"
    assert json.loads(machine.properties["DefinitionString"]) == source.definition


def live_functions(assembly: Assembly) -> set[tuple[str, str]]:
    """Return the functions that have an alias, with that."""
    return {
        (assembly.agents.named(alias.properties["FunctionName"]).properties["FunctionName"], alias.properties["Name"])
        for alias in assembly.agents.all("AWS::Lambda::Alias")
    }


def test_all_that_the_definition_leaves_open_is_filled_in_by_what_is_deployed(
    assembly: Assembly, machine: Resource
) -> None:
    wanted = set(re.findall(r"\$\{(\w+)\}", machine.properties["DefinitionString"]))
    substitutions = {name: machine.text(arn) for name, arn in machine.properties["DefinitionSubstitutions"].items()}
    functions = {name: arn for name, arn in substitutions.items() if not name.endswith("_table")}
    deployed = {
        f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{function}:{alias}"
        for function, alias in live_functions(assembly)
    }
    assert wanted
    assert set(substitutions) == wanted
    assert set(functions.values()) <= deployed
    assert substitutions.get("gates_table", "${Gates}") == "${Gates}"
    assert substitutions.get("breakers_table", "${Breakers}") == "${Breakers}"
    for name, arn in functions.items():
        assert arn.endswith(f":stepweave-{name.removeprefix('agent_').replace('_', '-')}:live")


def test_the_role_can_invoke_the_workflows_agents_use_its_gates_and_nothing_else(
    assembly: Assembly, machine: Resource, source: CompiledWorkflow, name: str
) -> None:
    arn = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
    expected = {
        ("lambda:InvokeFunction", arn % ("lambda", f"function:{Names().function(agent.name)}{alias}"))
        for agent in source.agents
        for alias in (":live", "")  # an execution that began before there were aliases goes on without
    }
    if source.dag.inputs:
        expected.add(("lambda:InvokeFunction", arn % ("lambda", "function:stepweave-admission:live")))
    if name == "crossing-naps":
        expected |= {(f"dynamodb:{action}", "${Gates.Arn}") for action in ("GetItem", "PutItem", "UpdateItem")}
        expected.add(("states:SendTaskSuccess", arn % ("states", "stateMachine:stepweave-crossing-naps")))
    if has_breakers(source):
        expected.add(("dynamodb:UpdateItem", "${Breakers.Arn}"))
    role = assembly.workflows.named(machine.properties["RoleArn"])
    permissions = assembly.workflows.permissions(role)
    assert {pair for pair in permissions if not pair[0].startswith(("logs:", "xray:"))} == expected
    (trust,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "states.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_role_may_call_every_service_that_the_definition_calls(assembly: Assembly, machine: Resource) -> None:
    calls = re.findall(r"arn:aws:states:::aws-sdk:(\w+):(\w+)", machine.properties["DefinitionString"])
    services = {"sfn": "states"}
    wanted = {f"{services.get(service, service)}:{action[0].upper()}{action[1:]}" for service, action in calls}
    allowed = {
        action for action, _ in assembly.workflows.permissions(assembly.workflows.named(machine.properties["RoleArn"]))
    }
    assert wanted <= allowed
    tables = {"gates_table", "breakers_table"}
    assert bool(wanted) is bool(tables & machine.properties["DefinitionSubstitutions"].keys())


def test_executions_are_traced_and_logged_without_their_data(assembly: Assembly, machine: Resource, name: str) -> None:
    assert machine.properties["TracingConfiguration"] == {"Enabled": True}
    logging = machine.properties["LoggingConfiguration"]
    assert logging["Level"] == "ALL"
    assert not logging.get("IncludeExecutionData", False)
    (destination,) = logging["Destinations"]
    group = assembly.workflows.named(destination["CloudWatchLogsLogGroup"]["LogGroupArn"])
    assert group.properties == {
        "LogGroupName": f"/aws/vendedlogs/states/{Names().state_machine(name)}",
        "RetentionInDays": 30,
    }


def test_what_does_not_succeed_is_handed_to_the_function_that_makes_dead_letters(rule: Resource) -> None:
    assert rule.properties["State"] == "ENABLED"
    assert rule.properties["EventPattern"]["source"] == ["aws.states"]
    assert rule.properties["EventPattern"]["detail-type"] == ["Step Functions Execution Status Change"]
    assert set(rule.properties["EventPattern"]["detail"]["status"]) == {"FAILED", "TIMED_OUT", "ABORTED"}
    (target,) = rule.properties["Targets"]
    assert rule.text(target["Arn"]).endswith(":function:stepweave-dead-letters")
    assert "InputPath" not in target, "the whole event, with ARN and cause, is needed to redrive"
    assert "InputTransformer" not in target
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 24 * 3600, "MaximumRetryAttempts": 185}


def test_the_queues_are_found_by_name_sealed_and_only_the_rule_writes_to_that_of_undelivered_events(
    assembly: Assembly, rule: Resource, failures: Resource, machine: Resource
) -> None:
    (target,) = rule.properties["Targets"]
    undelivered = assembly.workflows.named(target["DeadLetterConfig"]["Arn"])
    for queue, kind in ((failures, "failures"), (undelivered, "undelivered")):
        assert queue.properties == {
            "QueueName": f"{machine.properties['StateMachineName']}-{kind}",
            "MessageRetentionPeriod": 14 * 24 * 3600,
            "SqsManagedSseEnabled": True,
        }
        assert assembly.workflows.refuses_plain_http("AWS::SQS::QueuePolicy", queue)
        policy = assembly.workflows.one("AWS::SQS::QueuePolicy", Queues=[{"Ref": queue.id}])
        allowed = [s for s in policy.properties["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
        assert bool(allowed) is (queue == undelivered)
        for statement in allowed:
            assert statement["Principal"] == {"Service": "events.amazonaws.com"}
            assert {"aws:SourceArn": {"Fn::GetAtt": [rule.id, "Arn"]}} in statement["Condition"].values()


def test_both_queues_have_alarms_which_notify_nobody_unless_asked(
    assembly: Assembly, rule: Resource, failures: Resource
) -> None:
    (target,) = rule.properties["Targets"]
    for queue in (failures, assembly.workflows.named(target["DeadLetterConfig"]["Arn"])):
        alarms = alarms_of(assembly.workflows, queue)
        assert len(alarms) == 2
        assert not any("AlarmActions" in alarm.properties for alarm in alarms)


def test_alarms_notify_the_topic_that_was_given(other_choices: Assembly) -> None:
    alarms = other_choices.workflows.all("AWS::CloudWatch::Alarm")
    assert alarms
    for alarm in alarms:
        assert alarm.properties["AlarmActions"] == ["arn:aws:sns:eu-west-1:123456789012:on-call"]


def test_the_outputs_are_named_after_the_workflow(assembly: Assembly, machine: Resource, name: str) -> None:
    assert assembly.workflows.body["Outputs"][f"{pascal_case(name)}StateMachineArn"]["Value"] == {"Ref": machine.id}


def test_a_definition_too_long_for_the_template_becomes_an_asset(synthesize: Synthesize) -> None:
    @workflow(timeout=timedelta(minutes=1))
    def many_naps() -> ReplayResult:
        """Nap side by side."""
        naps = [replayer(f"nap_{number}") for number in range(100)]
        return replayer("last", dependencies=naps)

    source = compile_workflow(many_naps)
    assembly = synthesize([source])
    machine = assembly.workflows.one("AWS::StepFunctions::StateMachine")
    assert len(json.dumps(source.definition)) > INLINE_DEFINITION_BYTES
    assert "DefinitionString" not in machine.properties
    file = assembly.asset(Names().workflows_stack, machine.properties["DefinitionS3Location"]["Key"])
    assert json.loads(file.read_text()) == source.definition
    assert set(machine.properties["DefinitionSubstitutions"]) == {"agent_replayer"}
