"""An agent's function is what its contract says, and can do what it needs."""

from typing import Any

import pytest

from state_machines.word_count import word_count
from stepweave.cdk.naming import Names
from stepweave.compiler.compile import compile_workflow
from stepweave.contract.agent import Agent
from stepweave.functions.replayer.contract import replayer
from stepweave.project.agents import agent_package
from tests.unit.cdk.assembly import Assembly, Resource, Synthesize
from tests.unit.cdk.conftest import guarded, two_naps

AnyAgent = Agent[Any, Any]
AGENTS: list[AnyAgent] = [*compile_workflow(word_count).agents, replayer, guarded]

MACHINE_ARN = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:stepweave-"


def function(assembly: Assembly, agent: AnyAgent) -> Resource:
    return assembly.agents.one("AWS::Lambda::Function", FunctionName=Names().function(agent.name))


@pytest.fixture(params=AGENTS, ids=lambda agent: agent.name)
def agent(request: pytest.FixtureRequest) -> AnyAgent:
    return request.param


@pytest.fixture
def deployed(assembly: Assembly, agent: AnyAgent) -> Resource:
    return function(assembly, agent)


def test_the_function_is_sized_by_the_contract(deployed: Resource, agent: AnyAgent) -> None:
    assert deployed.properties["MemorySize"] == agent.memory_mb
    assert deployed.properties["Timeout"] == agent.timeout.total_seconds()
    assert deployed.properties["EphemeralStorage"] == {"Size": agent.ephemeral_storage_mb}
    assert "ReservedConcurrentExecutions" not in deployed.properties, "a new account has 10 invocations at once"


def test_the_function_runs_its_own_bundle_on_the_python_of_the_project(
    assembly: Assembly, deployed: Resource, agent: AnyAgent
) -> None:
    code = assembly.asset(Names().agents_stack, deployed.properties["Code"]["S3Key"])
    assert code.read_bytes().startswith(b"PK")
    package = agent_package(agent.name)
    assert f"{package.replace('.', '/')}/handler.py".encode() in code.read_bytes()
    assert deployed.properties["Handler"] == f"{package}.handler.handler"
    assert deployed.properties["Runtime"] == "python3.13"
    assert deployed.properties["Architectures"] == ["x86_64"]
    assert deployed.properties["TracingConfig"] == {"Mode": "Active"}


def test_state_machines_call_an_alias_of_a_version_that_stays(assembly: Assembly, deployed: Resource) -> None:
    """Provisioned concurrency needs a version, and what runs while another is published must not lose its own."""
    alias = assembly.agents.one("AWS::Lambda::Alias", FunctionName={"Ref": deployed.id})
    assert alias.properties["Name"] == "live"
    version = assembly.agents.named(alias.properties["FunctionVersion"])
    assert version.type == "AWS::Lambda::Version"
    assert version.properties == {"FunctionName": {"Ref": deployed.id}}
    assert version.body["DeletionPolicy"] == version.body["UpdateReplacePolicy"] == "Retain"


def test_only_what_a_version_holds_publishes_another(synthesize: Synthesize) -> None:
    """A version of the same code and configuration cannot be published twice: the deployment would fail."""
    naps = [compile_workflow(two_naps)]

    def version(**context: object) -> str:
        agents = synthesize(naps, **context).agents
        (function,) = [each for each in agents.all("AWS::Lambda::Function") if "Replayer" in each.id]
        (alias,) = agents.all("AWS::Lambda::Alias")[:1]
        assert agents.one("AWS::Lambda::Version", FunctionName={"Ref": function.id})
        return str(alias.properties["FunctionVersion"])

    before = version()
    assert version(tags='{"team": "claims"}', alarm_topic_arn="arn:aws:sns:eu-west-1:123456789012:a") == before
    assert version(log_retention_days="365", removal_policy="retain") == before
    assert version(python="3.14") != before


def test_the_function_finds_its_bucket_and_tables(deployed: Resource, agent: AnyAgent) -> None:
    variables = deployed.properties["Environment"]["Variables"]
    expected = {
        "STEPWEAVE_PAYLOAD_BUCKET": "${Payloads}",
        "STEPWEAVE_IDEMPOTENCY_TABLE": "${Idempotency}",
        "STEPWEAVE_GATES_TABLE": "${Gates}",
        "POWERTOOLS_SERVICE_NAME": agent.name,
        "POWERTOOLS_METRICS_NAMESPACE": "Stepweave",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    if agent is guarded:
        expected |= {"STEPWEAVE_BREAKERS_TABLE": "${Breakers}", "STEPWEAVE_EVENT_BUS": "${EventBus}"}
    assert {name: deployed.text(value) for name, value in variables.items()} == expected


def test_the_function_logs_to_its_own_group_which_expires(
    assembly: Assembly, deployed: Resource, agent: AnyAgent
) -> None:
    group = assembly.agents.named(deployed.properties["LoggingConfig"]["LogGroup"])
    assert group.properties == {"LogGroupName": f"/aws/lambda/{Names().function(agent.name)}", "RetentionInDays": 30}


def test_the_function_has_its_own_dead_letter_queue(assembly: Assembly, deployed: Resource) -> None:
    queue = assembly.agents.named(deployed.properties["DeadLetterConfig"]["TargetArn"])
    users = [
        other.id
        for other in assembly.agents.all("AWS::Lambda::Function")
        if assembly.agents.named(other.properties["DeadLetterConfig"]["TargetArn"]) == queue
    ]
    assert users == [deployed.id]
    assert queue.properties == {
        "QueueName": f"{deployed.properties['FunctionName']}-invocations",
        "MessageRetentionPeriod": 14 * 24 * 3600,
        "SqsManagedSseEnabled": True,
    }
    assert assembly.agents.refuses_plain_http("AWS::SQS::QueuePolicy", queue)


def test_the_role_can_do_what_the_agent_needs_and_nothing_else(
    assembly: Assembly, deployed: Resource, agent: AnyAgent
) -> None:
    name = "".join(word.capitalize() for word in agent.name.split("_"))
    expected = {
        ("logs:CreateLogStream", f"${{{name}Logs.Arn}}"),
        ("logs:PutLogEvents", f"${{{name}Logs.Arn}}"),
        ("sqs:SendMessage", f"${{{name}DeadLetters.Arn}}"),
        ("s3:GetObject", "${Payloads.Arn}/results/*"),
        ("s3:ListBucket", "${Payloads.Arn}"),
        ("s3:PutObject", "${Payloads.Arn}/results/*"),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    }
    expected |= {
        (f"dynamodb:{action}", "${Idempotency.Arn}") for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
    }
    expected |= {
        (f"dynamodb:{action}", "${Gates.Arn}") for action in ("GetItem", "BatchGetItem", "PutItem", "UpdateItem")
    }
    expected.add(("states:SendTaskSuccess", MACHINE_ARN + "*"))  # DAG files are deployed one by one
    expected.add(("states:GetExecutionHistory", MACHINE_ARN.replace("stateMachine:", "execution:") + "*:*"))
    if agent is guarded:
        expected |= {(f"dynamodb:{action}", "${Breakers.Arn}") for action in ("GetItem", "UpdateItem")}
        expected.add(("events:PutEvents", "${EventBus.Arn}"))
    if agent.name == "reader":
        expected.add(("s3:GetObject", "${Payloads.Arn}/texts/*"))
    if agent.name == "publisher":
        expected.add(("s3:PutObject", "${Payloads.Arn}/counts/*"))
    role = assembly.agents.named(deployed.properties["Role"])
    assert assembly.agents.permissions(role) == expected


def test_only_lambda_may_take_the_role(assembly: Assembly, deployed: Resource) -> None:
    role = assembly.agents.named(deployed.properties["Role"])
    (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_an_account_with_room_can_reserve_the_concurrency_of_the_contract(
    other_choices: Assembly, agent: AnyAgent
) -> None:
    reserved = function(other_choices, agent).properties.get("ReservedConcurrentExecutions")
    assert reserved == agent.reserved_concurrency


def test_a_bundle_for_arm_gets_a_function_for_arm(other_choices: Assembly, agent: AnyAgent) -> None:
    assert function(other_choices, agent).properties["Architectures"] == ["arm64"]
