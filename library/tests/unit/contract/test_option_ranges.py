"""Every option of a contract, with every kind of value that AWS would refuse or never act on."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker, CircuitBreakerConfig
from stepweave.contract.permission import Permission
from stepweave.contract.retry import Retry
from stepweave.contract.secret import Secret
from stepweave.contract.vpc import Vpc


class Empty(BaseModel):
    pass


def _agent(**settings: Any) -> Agent[Empty, Empty]:
    options: dict[str, Any] = {"name": "linter", "input": Empty, "output": Empty} | settings
    return Agent(**options)


def _breaker(**settings: Any) -> Breaker:
    return Breaker(**({"name": "github-api"} | settings))


def _permission(**settings: Any) -> Permission:
    return Permission(**({"actions": ("s3:GetObject",), "resources": (_ARN,)} | settings))


def _secret(**settings: Any) -> Secret:
    return Secret(**({"name": "claims/payer"} | settings))


def _vpc(**settings: Any) -> Vpc:
    return Vpc(**({"subnets": (_SUBNET,), "security_groups": (_GROUP,)} | settings))


_ARN = "arn:aws:s3:::claims/policies.json"
_TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/policies"
_KEY = "arn:aws:kms:eu-west-1:123456789012:key/12345678-9abc-def0-1234-56789abcdef0"
_LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:{}"
_SUBNET, _GROUP = "subnet-0123456789abcdef0", "sg-0123abcd"
_IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/claims"
_NO_TUPLE = (None, 3, True, "s3:GetObject", ["s3:GetObject"], {"s3:GetObject"}, (3,), (None,), (b"a",))
_NO_TEXT = (None, 3, True, b"a", ("a",), ["a"])
_TOO_LONG = timedelta(days=999_999_999)
_OF_WRONG_TYPE: tuple[object, ...] = ("3", b"3", [3], {"a": 3}, object())
_NOT_WHOLE = (*_OF_WRONG_TYPE, None, True, False, 1.0, 1.5, math.nan, math.inf, -math.inf, -1, 0, 10**12)
_NO_TIME = (*_OF_WRONG_TYPE, 3, 1.5, math.nan, math.inf, True, -timedelta(seconds=1), timedelta(0), _TOO_LONG)
_NOT_WHOLE_SECONDS = (*_NO_TIME, None, timedelta(seconds=1.5), timedelta(microseconds=1))
_NO_NAME = (None, 3, True, "", " ", ("linter",), "a b", "a\nb", "naïve", "x" * 81)
_NO_FLAG = (None, 0, 1, "no", "", (), math.nan)
_NO_NAMES = ("Runtime.ExitError", "", None, 3, True, ["TransientError"], {"TransientError"}, (KeyError,), ("",), (" ",))

REFUSED: list[tuple[Callable[..., object], str, tuple[object, ...]]] = [
    (_agent, "name", (*_NO_NAME, "Linter", "9lives", "a-b", "x" * 41)),
    (_agent, "input", (None, dict, "Empty", Empty())),
    (_agent, "output", (None, dict, "Empty", Empty())),
    (_agent, "timeout", (*_NOT_WHOLE_SECONDS, timedelta(seconds=901))),
    (_agent, "memory_mb", (*_NOT_WHOLE, 127, 10_241)),
    (_agent, "ephemeral_storage_mb", (*_NOT_WHOLE, 511, 10_241)),
    (_agent, "reserved_concurrency", tuple(value for value in _NOT_WHOLE if value is not None)),
    (_agent, "retry", (None, 3, "3", {"attempts": 3}, Retry)),
    (_agent, "expected", (*_NO_TIME, timedelta(minutes=1, microseconds=1))),
    (_agent, "breaker", ("github-api", 3, Breaker, CircuitBreakerConfig())),
    (_agent, "permissions", (*_NO_TUPLE, ("s3:GetObject",), _permission(), (_permission(), _permission()))),
    (
        _agent,
        "environment",
        (
            None,
            "A=1",
            ("AB", "1"),
            {3: "1"},
            {"AB": 1},
            {"AB": True},
            {"AB": None},
            {"": "1"},
            {"A": "1"},
            {"9A": "1"},
            {"_AB": "1"},
            {"A-B": "1"},
            {"A B": "1"},
            {"ÄB": "1"},
            {"AB\n": "1"},
            {"AWS_REGION": "x"},
            {"LAMBDA_TASK_ROOT": "/"},
            {"AWS_LAMBDA_RUNTIME_API": "x"},
            {"AWS_SECRET_ACCESS_KEY": "x"},
            {"STEPWEAVE_GATES_TABLE": "x"},
            {"POWERTOOLS_LOG_LEVEL": "DEBUG"},
            {"AB": "\0"},
            {"AB": "\ud800"},
            {"AB": "x" * 3_072},
            {"AB": "ä" * 1_600},
            {f"V{i}": "" for i in range(400)},
        ),
    ),
    (
        _agent,
        "secrets",
        (*_NO_TUPLE, ("",), ("a b",), (_KEY,), ("a", "a"), ("/a//b",), ("/a/",), ("/a", Secret("/a"))),
    ),
    (
        _agent,
        "layers",
        (
            *_NO_TUPLE,
            ("",),
            ("tools",),
            (_LAYER.format("1")[:-2],),
            (_LAYER.format("x"),),
            (_LAYER.format(1),) * 2,
            tuple(_LAYER.format(i) for i in range(6)),
        ),
    ),
    (_agent, "vpc", ("vpc-1", True, Vpc, {}, (_SUBNET,))),
    (_agent, "architecture", (3, True, "", "amd64", "aarch64", "ARM64", ("arm64",))),
    (
        _agent,
        "image",
        (
            3,
            True,
            "",
            " ",
            "/images/payer",
            "../payer",
            "a/../../b",
            ".",
            "a b",
            "docker.io/x:1",
            _IMAGE,
            f"{_IMAGE}:",
            f"{_IMAGE}@sha256:12",
            f"https://{_IMAGE}:1",
            "claims:1",
        ),
    ),
    (_agent, "log_level", (*_NO_TEXT, "", "info", "WARN", "TRACE", "INFO ")),
    (_agent, "provisioned_concurrency", tuple(value for value in _NOT_WHOLE if value is not None)),
    (
        _permission,
        "actions",
        (
            *_NO_TUPLE,
            (),
            ("",),
            ("*",),
            ("s3:*",),
            ("s3:Get*",),
            ("s3:Get?bject",),
            ("GetObject",),
            ("s3:",),
            ("s3: GetObject",),
            ("s3:GetObject", "s3:GetObject"),
        ),
    ),
    (
        _permission,
        "resources",
        (
            *_NO_TUPLE,
            (),
            ("",),
            ("*",),
            ("claims",),
            ("arn:aws:s3",),
            ("arn:aws:s3:::",),
            ("arn:aws:s3:::a/*",),
            ("arn:aws:dynamodb:eu-west-1:12345:table/a",),
            ("arn:aws:dynamodb:*:123456789012:table/a",),
            ("arn:aws:s3:::${Bucket}/a",),
            ("arn:aws:s3:::${AWS::StackName}",),
            ("arn:aws:s3:::${AWS::Region",),
            ("arn:aws:s3:::a b",),
            (_ARN, _ARN),
        ),
    ),
    (
        _permission,
        "conditions",
        (
            None,
            3,
            "Bool",
            [],
            {"Bool": "true"},
            {"Bool": {}},
            {3: {"a": "b"}},
            {"Bool": {3: "b"}},
            {"Bool": {"a": 3}},
            {"Bool": {"a": True}},
            {"Bool": {"a": ["b"]}},
            {"": {"a": "b"}},
            {"Bool": {"": "b"}},
            {"Bool": {"a": (3,)}},
        ),
    ),
    (_permission, "reason", (None, 3, True, b"why", ("why",))),
    (_secret, "name", (*_NO_TEXT, "", "a b", "a*", "x" * 513, _KEY)),
    (_secret, "store", (*_NO_TEXT, "", "ssm", "vault")),
    (_secret, "key_arn", (3, True, "", "alias/claims", "arn:aws:kms:eu-west-1:123456789012:alias/claims", _ARN, "*")),
    (
        _vpc,
        "subnets",
        (
            *_NO_TUPLE,
            (),
            ("",),
            ("subnet-1",),
            ("sg-0123abcd",),
            (_SUBNET, _SUBNET),
            ("subnet-*",),
            tuple(f"subnet-{i:08x}" for i in range(17)),
        ),
    ),
    (
        _vpc,
        "security_groups",
        (
            *_NO_TUPLE,
            (),
            ("",),
            ("sg-1",),
            (_SUBNET,),
            (_GROUP, _GROUP),
            ("default",),
            tuple(f"sg-{i:08x}" for i in range(6)),
        ),
    ),
    (Retry, "attempts", tuple(value for value in _NOT_WHOLE if value not in (0, False) or value is False)),
    (Retry, "interval", (*_NOT_WHOLE_SECONDS, timedelta(seconds=60))),
    (Retry, "backoff", (*_OF_WRONG_TYPE, None, True, math.nan, math.inf, -math.inf, -2.0, 0, 0.99, 1_001, 10**400)),
    (Retry, "max_delay", (*_NOT_WHOLE_SECONDS, timedelta(seconds=31_622_400), timedelta(seconds=1))),
    (Retry, "errors", (*_NO_NAMES, (), ("States.ALL", "A"), ("A", "States.ALL"), ("States.Runtime",))),
    (_breaker, "name", (*_NO_NAME, "-api", "api#1", "api:1")),
    (_breaker, "config", (None, 5, {"failure_threshold": 5}, CircuitBreakerConfig)),
    (_breaker, "ignored_errors", _NO_NAMES),
    (_breaker, "waits", _NO_FLAG),
    (_breaker, "fail_open", _NO_FLAG),
    (CircuitBreakerConfig, "failure_threshold", (*_NOT_WHOLE, 1_001)),
    (CircuitBreakerConfig, "success_threshold", (*_NOT_WHOLE, 1_001)),
    (CircuitBreakerConfig, "half_open_max_calls", (*_NOT_WHOLE, 101)),
    (CircuitBreakerConfig, "window", (*_NO_TIME, None, timedelta(milliseconds=999), timedelta(hours=25))),
    (CircuitBreakerConfig, "recovery_timeout", (*_NO_TIME, None, timedelta(milliseconds=999), timedelta(hours=25))),
]

ACCEPTED: list[tuple[Callable[..., object], dict[str, object]]] = [
    (_agent, {"timeout": timedelta(seconds=900), "memory_mb": 10_240, "ephemeral_storage_mb": 10_240}),
    (_agent, {"timeout": timedelta(seconds=1), "memory_mb": 128, "ephemeral_storage_mb": 512}),
    (_agent, {"reserved_concurrency": 1, "expected": timedelta(milliseconds=1)}),
    (_agent, {"permissions": (_permission(), _permission(resources=(_TABLE,)))}),
    (_agent, {"environment": {"CLAIMS_TABLE": "claims", "AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap", "EMPTY": ""}}),
    (_agent, {"environment": {"AB": "ä" * 1_500}}),
    (_agent, {"secrets": ("claims/payer", "/claims/mail-password", Secret("plain", "parameter-store"))}),
    (_agent, {"layers": tuple(_LAYER.format(i) for i in range(5))}),
    (_agent, {"vpc": Vpc()}),
    (_agent, {"vpc": _vpc(), "architecture": "arm64", "log_level": "DEBUG"}),
    (_agent, {"image": f"{_IMAGE}:1.4"}),
    (_agent, {"image": f"{_IMAGE}/payer@sha256:{'0' * 64}"}),
    (_agent, {"image": "lambdas/payer"}),
    (_agent, {"provisioned_concurrency": 5, "reserved_concurrency": 5}),
    (_permission, {"resources": ("*",), "reason": "Textract has no resources"}),
    (_permission, {"resources": ("arn:aws:s3:::claims/${aws:PrincipalTag/team}/x",)}),
    (_permission, {"conditions": {"StringEquals": {"aws:ResourceTag/team": ("claims", "audit")}}}),
    (_secret, {"store": "parameter-store", "name": "/claims/payer", "key_arn": _KEY}),
    (_vpc, {"subnets": tuple(f"subnet-{i:08x}" for i in range(16))}),
    (Retry, {"attempts": 0, "errors": ()}),
    (Retry, {"attempts": 99_999_999, "backoff": 1, "errors": ("States.ALL",)}),
    (Retry, {"interval": timedelta(seconds=1), "max_delay": timedelta(seconds=2), "backoff": 1_000.0}),
    (Retry, {"max_delay": timedelta(seconds=31_622_399), "errors": ("States.Timeout", "KeyError")}),
    (_breaker, {"ignored_errors": ("NotFound",), "waits": True, "fail_open": False}),
    (CircuitBreakerConfig, {"window": timedelta(seconds=1), "recovery_timeout": timedelta(hours=24)}),
]


@pytest.mark.parametrize(
    ("make", "option", "value"),
    [
        pytest.param(make, option, value, id=f"{make.__name__}-{option}-{str(value)[:20]}")
        for make, option, values in REFUSED
        for value in values
    ],
)
def test_what_aws_would_refuse_is_refused_in_the_contract(
    make: Callable[..., object], option: str, value: object
) -> None:
    with pytest.raises((TypeError, ValueError), match=option):
        make(**{option: value})


@pytest.mark.parametrize(("make", "options"), ACCEPTED)
def test_what_aws_takes_is_taken(make: Callable[..., object], options: dict[str, object]) -> None:
    made = make(**options)
    assert {name: getattr(made, name) for name in options} == options


@pytest.mark.parametrize("kind", [Agent, Permission, Secret, Vpc, Retry, Breaker, CircuitBreakerConfig])
def test_every_option_is_in_the_table(kind: type) -> None:
    tried = {option for make, option, _ in REFUSED if make is kind or make.__name__ == f"_{kind.__name__.lower()}"}
    assert tried == set(kind.__dataclass_fields__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "together",
    [
        {"provisioned_concurrency": 6, "reserved_concurrency": 5},
        {"layers": (_LAYER.format(1),), "image": f"{_IMAGE}:1"},
    ],
    ids=lambda together: next(iter(together)),
)
def test_what_does_not_go_together_is_refused(together: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(together))):
        _agent(**together)


@pytest.mark.parametrize("option", ["permissions", "environment", "secrets", "layers", "vpc", "image", "log_level"])
def test_what_an_agent_may_touch_is_named_where_it_is_said(option: str) -> None:
    assert Agent.__dataclass_fields__[option].kw_only


def test_an_agent_can_still_be_a_key() -> None:
    assert len({_agent(environment={"AB": "1"}, permissions=(_permission(conditions={"Bool": {"a": "b"}}),))}) == 1
