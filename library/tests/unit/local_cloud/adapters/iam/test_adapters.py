"""Each adapter of IAM, with the defect that it mends."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.iam.function_policies import function_policies
from stepweave.local_cloud.adapters.iam.log_groups import put_policy
from stepweave.local_cloud.adapters.iam.sessions import role_sessions
from stepweave.local_cloud.adapters.iam.stored_policies import MotoPolicies
from stepweave.local_cloud.permissions.callers import session_of_token

Client = Callable[[str], Any]
DeployTemplate = Callable[..., dict[str, Any]]

ROLE = "arn:aws:iam::123456789012:role/r"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def test_a_role_that_no_stack_made_is_not_checked(client: Client) -> None:
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    assert MotoPolicies().role(ROLE) is None
    assert MotoPolicies().role(f"{ROLE}-that-is-not-there") is None


def test_a_session_is_known_by_its_credentials(client: Client) -> None:
    def assume() -> tuple[str, Any]:
        credentials = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="session")["Credentials"]
        return credentials["SessionToken"], credentials

    assert session_of_token(assume()[0]) is None
    with role_sessions():
        token, _ = assume()
        session = session_of_token(token)
        assert session is not None
        assert session.arn == "arn:aws:sts::123456789012:assumed-role/r/session"


def test_a_log_group_has_a_policy_of_its_own(client: Client) -> None:
    document = policy("logs:PutLogEvents")
    client("logs").create_log_group(logGroupName="g")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s"
    assert MotoPolicies().resource_policy(arn) is None
    put_policy("123456789012", "us-east-1", "g", document)
    assert json.loads(str(MotoPolicies().resource_policy(arn))) == document


@pytest.fixture
def function(client: Client) -> Iterator[Any]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    found = client("lambda")
    found.create_function(
        FunctionName="f", Runtime="python3.11", Role=ROLE, Handler="app.handler", Code={"ZipFile": buffer.getvalue()}
    )
    found.publish_version(FunctionName="f")
    found.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    return found


def permit(found: Any, name: str, sid: str, **rest: str) -> str:
    answer = found.add_permission(
        FunctionName=name, StatementId=sid, Action="lambda:InvokeFunction", Principal="events.amazonaws.com", **rest
    )
    return str(json.loads(answer["Statement"])["Resource"])


def test_a_permission_is_about_the_qualifier_that_it_was_given_for(function: Any) -> None:
    assert permit(function, f"{FUNCTION}:live", "upstream") != f"{FUNCTION}:live"
    with function_policies():
        assert permit(function, f"{FUNCTION}:live", "a") == f"{FUNCTION}:live"
        assert permit(function, "f", "b", Qualifier="live") == f"{FUNCTION}:live"
        assert permit(function, "f", "c") == FUNCTION
        statements = json.loads(function.get_policy(FunctionName="f", Qualifier="live")["Policy"])["Statement"]
        assert [one["Sid"] for one in statements] == ["a", "b"]
        own = json.loads(function.get_policy(FunctionName="f")["Policy"])["Statement"]
        assert [one["Sid"] for one in own] == ["upstream", "c"]
        function.remove_permission(FunctionName=f"{FUNCTION}:live", StatementId="a")
        with pytest.raises(ClientError, match="ResourceNotFound"):
            function.add_permission(
                FunctionName="f", Qualifier="none", StatementId="d", Action="lambda:*", Principal="s3.amazonaws.com"
            )
        document = MotoPolicies().resource_policy(f"{FUNCTION}:live")
        assert {one["Sid"] for one in json.loads(str(document))["Statement"]} >= {"b", "c"}
