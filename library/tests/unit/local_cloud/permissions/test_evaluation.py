"""Decisions by policies, in the order that AWS publishes."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from stepweave.local_cloud.permissions.callers import Caller, RoleSession, ServiceCaller
from stepweave.local_cloud.permissions.evaluation import Policies, Request, evaluate
from stepweave.local_cloud.permissions.policy import policy_of

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/payer"
SESSION = RoleSession(ROLE, "pay")
RULE = ServiceCaller("events.amazonaws.com", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r", ACCOUNT)
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
SEND = "sqs:SendMessage"

Statement = dict[str, Any]


def document(*statements: Statement, version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def allow(action: Any = SEND, resource: Any = "*", **rest: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **rest}


def deny(action: Any = SEND, resource: Any = "*", **rest: Any) -> Statement:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **rest}


def decide(
    *identity: Statement,
    caller: Caller = SESSION,
    action: str = SEND,
    resource: str = QUEUE,
    on: Statement | None = None,
    boundary: Statement | None = None,
    session: Statement | None = None,
    resource_decides: bool = False,
    context: Mapping[str, tuple[str, ...]] | None = None,
    version: str = "2012-10-17",
) -> str:
    policies = Policies(
        identity=(policy_of(document(*identity, version=version)),) if identity else (),
        boundary=policy_of(document(boundary)) if boundary else None,
        session=policy_of(document(session)) if session else None,
        resource=policy_of(document(on)) if on else None,
        resource_decides=resource_decides,
    )
    decision = evaluate(Request(caller, action, resource, context or {}), policies)
    return "allowed" if decision.is_allowed else decision.reason


def implicitly(kind: str, action: str = SEND) -> str:
    return f"because no {kind} allows the {action} action"


@pytest.mark.parametrize(
    ("action", "resource", "is_allowed"),
    [
        ("sqs:SendMessage", "*", True),
        ("SQS:sendmessage", QUEUE, True),
        ("sqs:Send*", QUEUE, True),
        ("s*:?endMessage", QUEUE, True),
        ("*", QUEUE, True),
        (["sqs:GetQueueUrl", "sqs:SendMessage"], ["arn:aws:sqs:::x", QUEUE], True),
        ("sqs:Send?essages", QUEUE, False),
        ("sqs:Send", QUEUE, False),
        ("sqs.SendMessage", QUEUE, False),
        ("sqs:SendMessage", QUEUE.upper(), False),
        ("sqs:SendMessage", f"{QUEUE}?", False),
        ("sqs:SendMessage", "arn:aws:sqs:*:*:que?e", True),
        ("sqs:SendMessage", "arn:aws:sqs:*", True),
        ("sqs:SendMessage", "arn:aws:*:queue", False),
    ],
)
def test_actions_and_resources_are_patterns(action: Any, resource: Any, is_allowed: bool) -> None:
    assert decide(allow(action, resource)) == ("allowed" if is_allowed else implicitly("identity-based policy"))


def test_a_statement_may_name_what_it_is_not_about() -> None:
    but = {"Effect": "Allow", "NotAction": ["iam:*", "sqs:Delete*"], "NotResource": ["arn:aws:s3:::*"]}
    assert decide(but) == "allowed"
    assert decide(but, action="sqs:DeleteQueue") == implicitly("identity-based policy", "sqs:DeleteQueue")
    assert decide(but, action="s3:GetObject", resource="arn:aws:s3:::b/k") != "allowed"


def test_what_is_about_no_resource_needs_a_star() -> None:
    assert decide(allow("s3:*", "arn:aws:s3:::*"), action="s3:ListAllMyBuckets", resource="*") != "allowed"
    assert decide(allow("s3:*"), action="s3:ListAllMyBuckets", resource="*") == "allowed"


def test_a_denial_wins_wherever_it_is() -> None:
    everything = allow("*")
    explicit = "with an explicit deny in a{} {}"
    assert decide(everything, deny()) == explicit.format("n", "identity-based policy")
    assert decide(everything, boundary=deny()) == explicit.format("", "permissions boundary")
    assert decide(everything, session=deny()) == explicit.format("", "session policy")
    for principal in ("*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": ROLE}, {"AWS": [SESSION.arn]}):
        assert decide(everything, on=deny(Principal=principal)) == explicit.format("", "resource-based policy")
    assert decide(everything, on=deny(Principal={"Service": "events.amazonaws.com"})) == "allowed"


def test_a_denial_under_a_condition_denies_only_then() -> None:
    insecure = deny(Condition={"Bool": {"aws:SecureTransport": "false"}})
    assert decide(allow(), insecure, context={"aws:securetransport": ("true",)}) == "allowed"
    assert decide(allow(), insecure, context={"aws:securetransport": ("false",)}) != "allowed"
    assert decide(allow(), insecure) == "allowed"


def test_all_conditions_of_a_statement_must_hold() -> None:
    both = allow(
        Condition={"StringEquals": {"aws:A": "a", "aws:B": "b"}, "NumericLessThan": {"aws:C": "3"}},
    )
    fitting = {"aws:a": ("a",), "aws:b": ("b",), "aws:c": ("2",)}
    assert decide(both, context=fitting) == "allowed"
    for key in fitting:
        assert decide(both, context={**fitting, key: ("9",)}) != "allowed"


def test_a_resource_lets_in_whom_its_policy_names() -> None:
    assert decide(on=allow(Principal={"AWS": ROLE})) == "allowed"
    assert decide(on=allow(Principal="*")) == "allowed"
    assert decide(on=allow(Principal={"AWS": "*"})) == "allowed"
    assert decide(on=allow(Principal={"AWS": SESSION.arn})) == "allowed"
    assert decide(on=allow(Principal={"AWS": "arn:aws:iam::123456789012:role/payer"})) != "allowed"
    assert decide(on=allow(Principal={"AWS": f"{ROLE[:-1]}*"})) != "allowed", "principals are no patterns"


@pytest.mark.parametrize("principal", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_a_resource_leaves_its_own_account_to_the_policies_of_roles(principal: str) -> None:
    named = allow(Principal={"AWS": principal})
    assert decide(on=named) == implicitly("identity-based policy")
    assert decide(allow(), on=named) == "allowed"
    assert decide(allow(), on=named, resource_decides=True) == "allowed"
    assert decide(allow(), resource_decides=True) == implicitly("resource-based policy")


def test_a_boundary_and_a_session_policy_limit() -> None:
    other = allow("s3:*")
    assert decide(allow(), boundary=other) == implicitly("permissions boundary")
    assert decide(allow(), session=other) == implicitly("session policy")
    assert decide(allow(), boundary=allow("sqs:*"), session=allow()) == "allowed"
    assert decide(boundary=allow()) == implicitly("identity-based policy")


def test_a_boundary_limits_what_a_resource_gives_to_a_role_but_not_to_a_session() -> None:
    other = allow("s3:*")
    assert decide(on=allow(Principal={"AWS": ROLE}), boundary=other) == implicitly("permissions boundary")
    assert decide(on=allow(Principal={"AWS": ROLE}), session=other) == implicitly("session policy")
    assert decide(on=allow(Principal={"AWS": SESSION.arn}), boundary=other, session=other) == "allowed"


def test_a_service_needs_the_resource_to_name_it() -> None:
    assert decide(caller=RULE) == implicitly("resource-based policy")
    assert decide(caller=RULE, on=allow(Principal={"Service": "events.amazonaws.com"})) == "allowed"
    assert decide(caller=RULE, on=allow(Principal={"Service": "events.us-east-1.amazonaws.com"})) == "allowed"
    assert decide(caller=RULE, on=allow(Principal="*")) == "allowed"
    assert decide(caller=RULE, on=allow(Principal={"Service": "sns.amazonaws.com"})) != "allowed"
    assert decide(caller=RULE, on=allow(Principal={"AWS": ACCOUNT})) != "allowed"


def test_who_is_not_named_is_denied() -> None:
    except_all = deny(NotPrincipal={"AWS": [ACCOUNT, ROLE, SESSION.arn]})
    assert decide(allow(), on=except_all) == "allowed"
    except_role = deny(NotPrincipal={"AWS": ROLE})
    assert decide(allow(), on=except_role) == "with an explicit deny in a resource-based policy"
    except_service = deny(NotPrincipal={"Service": "events.amazonaws.com"})
    assert decide(caller=RULE, on=except_service) == implicitly("resource-based policy")


def test_variables_are_those_of_the_version_of_2012() -> None:
    own = allow("s3:GetObject", "arn:aws:s3:::b/${aws:PrincipalTag/team}/*")
    request: dict[str, Any] = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/a/k"}
    context = {"aws:principaltag/team": ("a",)}
    assert decide(own, **request, context=context) == "allowed"
    assert decide(own, **request, context=context, version="2008-10-17") != "allowed"
    assert decide(own, **request) != "allowed"
    literal = allow("s3:GetObject", "arn:aws:s3:::b/a/${*}")
    assert decide(literal, **request) != "allowed"
    assert decide(literal, action="s3:GetObject", resource="arn:aws:s3:::b/a/*") == "allowed"


def test_one_statement_needs_no_list() -> None:
    single = json.dumps({"Version": "2012-10-17", "Statement": allow()})
    assert evaluate(Request(SESSION, SEND, QUEUE), Policies(identity=(policy_of(single),))).is_allowed


def test_a_statement_can_be_taken_out() -> None:
    policies = Policies(identity=(policy_of(document(allow(), allow("s3:*"))),))
    (policy,) = policies.identity
    without = policies.without(policy, policy.statements[0])
    assert not evaluate(Request(SESSION, SEND, QUEUE), without).is_allowed
    assert len(without.identity[0].statements) == 1
