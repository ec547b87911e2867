"""Which statements something needed."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from stepweave.local_cloud.permissions.actions.table import Access
from stepweave.local_cloud.permissions.authority import Authority, Mode, RolePolicies
from stepweave.local_cloud.permissions.callers import RoleSession, ServiceCaller
from stepweave.local_cloud.permissions.replay import (
    Expectations,
    StatementUse,
    main,
    read_uses,
    statement_uses,
    unneeded,
    write_uses,
)

ROLE = "arn:aws:iam::123456789012:role/Agents-ReaderRole07D5A14E-9OXJOOBJH0DF"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"


def document(*actions: str) -> str:
    statements = [{"Effect": "Allow", "Action": action, "Resource": "*"} for action in actions]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class Stored:
    """One role, and no policies of resources."""

    def __init__(self, **policies: str) -> None:
        self.policies = policies

    def role(self, arn: str) -> RolePolicies | None:
        return RolePolicies(self.policies) if arn == ROLE else None

    def roles(self) -> dict[str, Mapping[str, str]]:
        return {ROLE: self.policies}

    def is_checked(self, source_arn: str) -> bool:
        return source_arn == "checked"

    def resource_policy(self, arn: str) -> str | None:
        return None

    def key_arn(self, name: str) -> str | None: ...
    def key_of_ciphertext(self, ciphertext: str) -> str | None: ...
    def secret_arn(self, name: str) -> str | None: ...
    def machine_of_token(self, token: str) -> str | None: ...
    def table_key(self, arn: str) -> str | None: ...
    def encryption_key(self, arn: str) -> str | None: ...
    def is_tagged(self, arn: str) -> bool:
        return False


@pytest.fixture
def stored() -> Stored:
    return Stored(Send=document("sqs:SendMessage", "sqs:GetQueueUrl"), Twice=document("sqs:*", "sqs:Delete*"))


def test_a_statement_is_needed_if_something_would_be_refused_without_it() -> None:
    stored = Stored(Send=document("sqs:SendMessage", "sqs:GetQueueUrl"), Delete=document("sqs:Delete*"))
    authority = Authority(lambda: stored, keeps_decisions=True)
    caller = RoleSession(ROLE, "s")
    for action in ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:DeleteMessage"):
        assert authority.check(caller, Access(action, QUEUE)).is_allowed
    assert not authority.check(caller, Access("sqs:PurgeQueue", QUEUE)).is_allowed
    uses = statement_uses(authority.decided, stored.roles())
    assert [(use.role, use.policy, use.index, use.needed) for use in uses] == [
        ("Agents-ReaderRole", "Send", 0, ("sqs:sendmessage",)),
        ("Agents-ReaderRole", "Send", 1, ()),
        ("Agents-ReaderRole", "Delete", 0, ("sqs:deletemessage",)),
    ]


def test_what_two_statements_allow_needs_neither(stored: Stored) -> None:
    authority = Authority(lambda: stored, keeps_decisions=True)
    assert authority.check(RoleSession(ROLE, "s"), Access("sqs:SendMessage", QUEUE)).is_allowed
    assert not any(use.needed for use in statement_uses(authority.decided, stored.roles()))


def use(role: str, policy: str, *needed: str) -> StatementUse:
    return StatementUse(role, policy, 0, ("a",), needed)


def test_statements_of_roles_that_are_alike_are_judged_together() -> None:
    uses = [
        use("Agents-ARole", "p", "a"),
        use("Agents-BRole", "p"),
        use("Agents-BRole", "q"),
        use("Agents-SystemRole", "p"),
    ]
    assert [str(one) for one in unneeded(uses, Expectations())] == [str(one) for one in uses[1:]]
    alike = Expectations(alike=("Agents-*Role",))
    assert unneeded(uses, alike) == [uses[2]]
    assert unneeded(uses, Expectations(alike=("Agents-*Role",), alone=("*-SystemRole",))) == [uses[2], uses[3]]
    assert unneeded(uses, Expectations({"*Role / *": "for tests"})) == []


def test_what_many_local_clouds_wrote_is_read_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_uses([use("r", "p"), use("r", "q")], tmp_path)
    write_uses([use("r", "p", "a")], tmp_path)
    assert read_uses(tmp_path) == [use("r", "p", "a"), use("r", "q")]
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "nothing needs r / q / 0: a\n2 statements of roles, 1 of which nothing needs\n"
    reasons = tmp_path / "reasons"
    reasons.write_text(json.dumps({"reasons": {"r / q": "it will be needed"}}))
    assert main([str(tmp_path), str(reasons)]) == 0


def test_nothing_is_known_where_nothing_was_written(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1


def test_an_audit_allows_and_lists(stored: Stored) -> None:
    authority = Authority(lambda: stored, Mode.AUDIT)
    caller = RoleSession(ROLE, "s")
    for _ in range(2):
        assert authority.check(caller, Access("s3:GetObject", "arn:aws:s3:::b/k")).is_allowed
    (refused,) = authority.refusals
    assert refused.message == (
        f'User: {caller.arn} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" '
        "because no identity-based policy allows the s3:GetObject action"
    )


def test_who_is_of_no_stack_is_not_checked(stored: Stored) -> None:
    authority = Authority(lambda: stored)
    access = Access("s3:GetObject", "arn:aws:s3:::b/k")
    assert authority.check(RoleSession(f"{ROLE}-other", "s"), access).is_allowed
    assert authority.check(ServiceCaller("events.amazonaws.com", "unchecked", "1"), access).is_allowed
    assert not authority.check(ServiceCaller("events.amazonaws.com", "checked", "1"), access).is_allowed


def test_of_a_service_without_a_table_the_action_decides(stored: Stored) -> None:
    stored.policies["glue"] = json.dumps(
        {"Statement": {"Effect": "Allow", "Action": "glue:Start*", "Resource": "arn:aws:glue:::job/j"}}
    )
    authority = Authority(lambda: stored)
    caller = RoleSession(ROLE, "s")
    assert authority.check(caller, Access("glue:StartJobRun", None)).is_allowed
    assert not authority.check(caller, Access("glue:StopJobRun", None)).is_allowed
