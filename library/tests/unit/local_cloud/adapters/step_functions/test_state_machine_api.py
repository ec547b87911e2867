"""State machines, their versions, aliases and executions by the API; each refusal in AWS's words."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.step_functions.api_constraints import api_constraints
from stepweave.local_cloud.adapters.step_functions.execution_lists import execution_lists
from stepweave.local_cloud.adapters.step_functions.execution_start import execution_start
from stepweave.local_cloud.adapters.step_functions.state_machine_aliases import state_machine_aliases
from stepweave.local_cloud.adapters.step_functions.state_machine_api import state_machine_api
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import state_machine_arns
from tests.unit.local_cloud.adapters.conftest import Engine

PASS = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}


@pytest.fixture
def api(engine: Engine) -> Engine:
    engine.adapt(
        execution_start(),
        execution_lists(),
        state_machine_api(),
        state_machine_aliases(),
        state_machine_arns(),
        api_constraints(),
    )
    return engine


@pytest.fixture
def machine(api: Engine) -> str:
    return api.create(PASS, name="m")


def refused(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def changed(comment: str) -> str:
    return json.dumps({**PASS, "Comment": comment})


def routes(*weighted: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in weighted]


def test_upstream_takes_what_aws_refuses(engine: Engine) -> None:
    machine = engine.create(PASS)
    assert engine.client.list_tags_for_resource(resourceArn=f"{machine}x")["tags"] == []
    assert engine.client.list_executions(stateMachineArn=machine, maxResults=1001)["executions"] == []
    assert "revisionId" not in engine.client.update_state_machine(stateMachineArn=machine, definition=changed("a"))


def test_executions_are_listed_in_pages_newest_first(api: Engine, machine: str) -> None:
    for index in range(3):
        api.end(api.start(machine, name=f"e{index}"))
    first = api.client.list_executions(stateMachineArn=machine, maxResults=2)
    rest = api.client.list_executions(stateMachineArn=machine, maxResults=2, nextToken=first["nextToken"])
    assert [[item["name"] for item in page["executions"]] for page in (first, rest)] == [["e2", "e1"], ["e0"]]
    assert "nextToken" not in rest
    for filters, count in (
        ({"statusFilter": "SUCCEEDED"}, 3),
        ({"statusFilter": "FAILED"}, 0),
        ({"redriveFilter": "REDRIVEN"}, 0),
        ({"redriveFilter": "NOT_REDRIVEN"}, 3),
    ):
        assert len(api.client.list_executions(stateMachineArn=machine, **filters)["executions"]) == count
    assert refused(api.client.list_executions, stateMachineArn=machine, nextToken="x") == (
        "InvalidToken: Invalid Token: 'Invalid token'"
    )


def test_wrong_arns_are_told_apart(api: Engine, machine: str) -> None:
    client, express = api.client, api.create(PASS, type="EXPRESS")
    started = client.start_execution(stateMachineArn=express)["executionArn"]
    wrong = "InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'"
    for call in (client.describe_execution, client.stop_execution, client.get_execution_history):
        assert refused(call, executionArn=started) == wrong
        assert refused(call, executionArn="none") == "InvalidArn: Invalid Arn: 'Invalid ARN prefix: none'"
    assert refused(client.list_executions, stateMachineArn=express) == (
        "StateMachineTypeNotSupported: This operation is not supported by this type of state machine"
    )
    assert refused(client.describe_state_machine, stateMachineArn=f"{machine}x") == (
        f"StateMachineDoesNotExist: State Machine Does Not Exist: '{machine}x'"
    )
    assert refused(client.list_tags_for_resource, resourceArn=f"{machine}x") == (
        f"ResourceNotFound: Resource not found: '{machine}x'"
    )


def test_a_change_has_a_revision_which_a_publication_may_name(api: Engine, machine: str) -> None:
    client = api.client
    first = client.update_state_machine(stateMachineArn=machine, definition=changed("a"), publish=True)
    same = client.update_state_machine(stateMachineArn=machine, publish=True)
    assert (same["stateMachineVersionArn"], "revisionId" in same) == (f"{machine}:1", False)
    assert client.describe_state_machine(stateMachineArn=machine)["revisionId"] == first["revisionId"]
    second = client.update_state_machine(stateMachineArn=machine, definition=changed("b"))["revisionId"]
    assert refused(client.publish_state_machine_version, stateMachineArn=machine, revisionId=first["revisionId"]) == (
        f"ConflictException: Failed to publish the State Machine version for revision {first['revisionId']}. "
        f"The current State Machine revision is {second}."
    )
    published = client.publish_state_machine_version(stateMachineArn=machine, revisionId=second)
    assert published["stateMachineVersionArn"] == f"{machine}:2"
    page = client.list_state_machine_versions(stateMachineArn=machine, maxResults=1)
    assert [item["stateMachineVersionArn"] for item in page["stateMachineVersions"]] == [f"{machine}:2"]
    assert "nextToken" in page


def test_an_execution_tells_of_the_definition_that_it_runs(api: Engine, machine: str) -> None:
    execution = api.start(machine)
    api.client.update_state_machine(stateMachineArn=machine, definition=changed("later"))
    described = api.client.describe_state_machine_for_execution(executionArn=execution)
    assert json.loads(described["definition"]) == PASS
    assert described["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert not {"status", "type", "creationDate"} & set(described)
    assert api.end(execution)["inputDetails"] == {"included": True}


def test_aliases_are_checked_and_route_by_their_weights(api: Engine, machine: str) -> None:
    client = api.client
    for comment in "ab":
        client.update_state_machine(stateMachineArn=machine, definition=changed(comment), publish=True)
    one, two = f"{machine}:1", f"{machine}:2"
    half = routes((one, 50), (two, 50))
    alias = client.create_state_machine_alias(name="live", routingConfiguration=half)["stateMachineAliasArn"]
    assert client.create_state_machine_alias(name="live", routingConfiguration=half)["stateMachineAliasArn"] == alias
    for name, given, words in (
        (
            "live",
            routes((one, 100)),
            "ConflictException: Failed to create alias because an alias with the same name and a different routing "
            "configuration already exists.",
        ),
        (
            "new",
            routes((machine, 100)),
            "ValidationException: Routing configuration must contain state machine version ARNs. "
            f"Received: [{machine}]",
        ),
        (
            "new",
            routes((one, 50), (one, 50)),
            "ValidationException: Routing configuration must contain distinct state machine version ARNs. "
            f"Received: [{one}, {one}]",
        ),
        (
            "new",
            routes((one, 70), (two, 29)),
            "ValidationException: Sum of routing configuration weights must equal 100. Received: [70, 29]",
        ),
        (
            "new",
            routes((f"{machine}:9", 100)),
            f"StateMachineDoesNotExist: State Machine Does Not Exist: '{machine}:9'",
        ),
    ):
        assert refused(client.create_state_machine_alias, name=name, routingConfiguration=given) == words
    assert refused(client.update_state_machine_alias, stateMachineAliasArn=f"{machine}:no", description="d") == (
        "ResourceNotFound: Request references a resource that does not exist."
    )
    client.delete_state_machine_alias(stateMachineAliasArn=f"{machine}:no")
    started = [api.start(alias) for _ in range(16)]
    versions = {api.end(execution)["stateMachineVersionArn"] for execution in started}
    assert versions == {one, two}  # all sixteen go one way once in 32,768 runs
    assert len(client.list_executions(stateMachineArn=alias)["executions"]) == len(started)
    assert (
        client.list_state_machine_aliases(stateMachineArn=machine)["stateMachineAliases"][0]["stateMachineAliasArn"]
        == alias
    )


def test_a_call_that_the_model_does_not_allow_is_refused(api: Engine) -> None:
    assert refused(api.client.start_execution) == (
        "ValidationException: 1 validation error detected: Value null at 'stateMachineArn' failed to satisfy "
        "constraint: Member must not be null"
    )


def test_an_input_that_is_no_json_is_explained(api: Engine, machine: str) -> None:
    assert refused(api.client.start_execution, stateMachineArn=machine, input="") == (
        "InvalidExecutionInput: Invalid State Machine Execution Input: 'Invalid execution input.'"
    )
