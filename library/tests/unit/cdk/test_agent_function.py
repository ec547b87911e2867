"""An agent's function is what its contract says, and can do what it needs."""

import sys
from typing import Any

import pytest

from state_machines.code_review import code_review
from stepweave.cdk.naming import AGENTS_STACK, function_name
from stepweave.compiler.compile import compile_workflow
from stepweave.contract.agent import Agent
from stepweave.functions.replayer.contract import replayer
from stepweave.project.agents import agent_package
from tests.unit.cdk.assembly import Assembly, Resource
from tests.unit.cdk.conftest import guarded

AnyAgent = Agent[Any, Any]
AGENTS: list[AnyAgent] = [*compile_workflow(code_review).agents, replayer, guarded]

MACHINE_ARN = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:stepweave-"


def function(assembly: Assembly, agent: AnyAgent) -> Resource:
    return assembly.agents.one("AWS::Lambda::Function", FunctionName=function_name(agent.name))


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
    assert deployed.properties.get("ReservedConcurrentExecutions") == agent.reserved_concurrency


def test_the_function_runs_its_own_bundle_on_the_building_python(
    assembly: Assembly, deployed: Resource, agent: AnyAgent
) -> None:
    code = assembly.asset(AGENTS_STACK, deployed.properties["Code"]["S3Key"])
    assert code.read_bytes().startswith(b"PK")
    package = agent_package(agent.name)
    assert f"{package.replace('.', '/')}/handler.py".encode() in code.read_bytes()
    assert deployed.properties["Handler"] == f"{package}.handler.handler"
    assert deployed.properties["Runtime"] == f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert deployed.properties["Architectures"] == ["x86_64"]
    assert deployed.properties["TracingConfig"] == {"Mode": "Active"}


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
    assert group.properties == {"LogGroupName": f"/aws/lambda/{function_name(agent.name)}", "RetentionInDays": 30}


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
    if agent not in (replayer, guarded):
        expected.add(("s3:GetObject", "${Payloads.Arn}/repositories/*"))
    if agent.name == "reporter":
        expected.add(("s3:PutObject", "${Payloads.Arn}/reports/*"))
    role = assembly.agents.named(deployed.properties["Role"])
    assert assembly.agents.permissions(role) == expected


def test_only_lambda_may_take_the_role(assembly: Assembly, deployed: Resource) -> None:
    role = assembly.agents.named(deployed.properties["Role"])
    (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_a_small_account_need_not_reserve_concurrency(other_choices: Assembly, agent: AnyAgent) -> None:
    assert "ReservedConcurrentExecutions" not in function(other_choices, agent).properties


def test_a_bundle_for_arm_gets_a_function_for_arm(other_choices: Assembly, agent: AnyAgent) -> None:
    assert function(other_choices, agent).properties["Architectures"] == ["arm64"]
