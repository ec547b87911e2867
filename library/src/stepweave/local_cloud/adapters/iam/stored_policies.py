"""The policies that are stored in moto's services, for whoever decides by them.

Upstream defect: moto's own evaluator knows of conditions but ``StringEquals``, takes patterns for regular expressions,
and looks at no resource's own policy but a bucket's. Nothing of it is used.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from moto.iam.models import Role, iam_backends

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.adapters.iam.log_groups import policy_of_group
from stepweave.local_cloud.permissions.authority import RolePolicies

_AWS_MANAGED: Final = ":alias/aws/"
_KEY_ID_LENGTH: Final = 36


class MotoPolicies:
    """What is stored in moto; nothing is imported that is not in use."""

    def __init__(self) -> None:
        self._roles: dict[str, Role] = {}
        self._checked: dict[str, Role] = {}
        self._policies: Final[dict[str, Callable[[str], str | None]]] = {
            "dynamodb": _table_policy,
            "events": _bus_policy,
            "iam": self._trust_policy,
            "kms": _key_policy,
            "lambda": _function_policy,
            "logs": _log_policy,
            "s3": _bucket_policy,
            "secretsmanager": _secret_policy,
            "sns": _topic_policy,
            "sqs": _queue_policy,
        }

    def role(self, arn: str) -> RolePolicies | None:
        """The policies of a role; None if no stack made it."""
        role = self._role(arn)
        if role is None or not self._is_checked(role):
            return None
        managed = {policy.arn: _document(policy) for policy in role.managed_policies.values()}
        return RolePolicies(
            identity={**{name: _text(text) for name, text in role.policies.items()}, **managed},
            boundary=self._managed(role.permissions_boundary_arn) if role.permissions_boundary_arn else None,
            role_id=role.id,
            tags={tag["Key"]: tag["Value"] for tag in role.tags or ()},
        )

    def roles(self) -> dict[str, Mapping[str, str]]:
        """The documents of all roles of stacks, by the names of the policies, by the roles' ARNs."""
        arns = [role.arn for role in list(iam_backends[ACCOUNT_ID]["aws"].roles.values())]
        return {arn: found.identity for arn in arns if (found := self.role(arn)) is not None}

    def is_checked(self, source_arn: str) -> bool:
        """Whether a resource for which a service calls was made by a stack."""
        match source_arn.split(":")[2]:
            case "events":
                *_, bus, name = ["", "default", *source_arn.split(":", 5)[5].split("/")[1:]]
                event_bus = _region(source_arn, "events").event_buses.get(bus)
                rule = event_bus.rules.get(name) if event_bus is not None else None
                return is_of_stack(rule, "AWS::Events::Rule", name, f"{bus}|{name}", source_arn)
            case "sns":
                topic = _region(source_arn, "sns").topics.get(source_arn)
                return is_of_stack(topic, "AWS::SNS::Topic", source_arn)
            case "cloudwatch":
                name = source_arn.partition(":alarm:")[2]
                return is_of_stack(name, "AWS::CloudWatch::Alarm", name)
            case _:
                return False

    def resource_policy(self, arn: str) -> str | None:
        """The document of a resource's own policy."""
        find = self._policies.get(arn.split(":")[2])
        return None if find is None else find(arn)

    def key_arn(self, name: str) -> str | None:
        """The ARN of a KMS key, by its id, alias or ARN; None for AWS's own keys and unknown ones."""
        backend = _region("", "kms")
        if name.startswith("alias/aws/") or _AWS_MANAGED in name:
            return None
        alias = name if name.startswith("alias/") else f"alias/{name.partition(':alias/')[2]}"
        for key in list(backend.keys.values()):
            if name in {key.id, key.arn} or alias in key.aliases:
                return str(key.arn)
        return None

    def key_of_ciphertext(self, ciphertext: str | bytes) -> str | None:
        """The ARN of the key that made a ciphertext: its id is what upstream's begins with."""
        content = ciphertext if isinstance(ciphertext, bytes) else base64.b64decode(ciphertext)
        return self.key_arn(content[:_KEY_ID_LENGTH].decode(errors="replace"))

    def secret_arn(self, name: str) -> str | None:
        """The ARN of a secret, by its name or ARN."""
        secret = _region("", "secretsmanager").secrets.get(name)
        return None if secret is None else str(secret.arn)

    def machine_of_token(self, token: str) -> str | None:
        """The ARN of the state machine that waits for a task token."""
        from moto.stepfunctions.parser.models import stepfunctions_parser_backends  # noqa: PLC0415

        for machine in stepfunctions_parser_backends[ACCOUNT_ID][REGION].state_machines:
            for execution in reversed(list(machine.executions)):
                environment = execution.exec_worker.env if execution.exec_worker is not None else None
                pool = getattr(environment, "callback_pool_manager", None)
                if pool is not None and pool.get(token) is not None:
                    return ":".join(str(machine.arn).split(":")[:7])
        return None

    def table_key(self, arn: str) -> str | None:
        """The name of a table's partition key; of an index's, if its ARN is given."""
        name, _, index = arn.partition(":table/")[2].partition("/index/")
        table = _region(arn, "dynamodb").tables.get(name)
        if table is None:
            return None
        if index:
            found = [one for one in (*table.indexes, *table.global_indexes) if one.name == index]
            return next((key["AttributeName"] for one in found for key in one.schema if key["KeyType"] == "HASH"), None)
        return str(table.hash_key_attr)

    def encryption_key(self, arn: str) -> str | None:
        """The ARN of the customer's key that encrypts a resource."""
        name = _encryption_key(arn)
        return self.key_arn(name) if name else None

    def is_tagged(self, arn: str) -> bool:
        """Whether an object in S3 has tags."""
        bucket, _, key = arn.partition(":::")[2].partition("/")
        backend = _s3()
        found = backend.get_object(bucket, key) if bucket in backend.buckets else None
        return found is not None and bool(backend.tagger.has_tags(found.arn))

    def _is_checked(self, role: Role) -> bool:
        """Tell whether a stack made a role, which is looked up but once."""
        if self._checked.get(role.id) is not role and is_of_stack(role, "AWS::IAM::Role", role.name):
            self._checked[role.id] = role
        return self._checked.get(role.id) is role

    def _role(self, arn: str) -> Role | None:
        backend = iam_backends[ACCOUNT_ID]["aws"]
        known = self._roles.get(arn)
        if known is None or backend.roles.get(known.id) is not known:
            self._roles = {role.arn: role for role in list(backend.roles.values())}
            known = self._roles.get(arn)
        return known

    def _trust_policy(self, arn: str) -> str | None:
        role = self._role(arn)
        return None if role is None else _text(role.assume_role_policy_document)

    def _managed(self, arn: str) -> str | None:
        policy = iam_backends[ACCOUNT_ID]["aws"].managed_policies.get(arn)
        return None if policy is None else _document(policy)


def is_of_stack(resource: object, kind: str, *ids: str) -> bool:
    """Tell whether CloudFormation made something, by its type and what may be its physical id."""
    if resource is None:
        return False
    from moto.cloudformation.models import cloudformation_backends  # noqa: PLC0415 - a service is imported when used

    return any(
        record.cf_resource_type == kind and record.physical_resource_id in ids
        for stack in list(cloudformation_backends[ACCOUNT_ID][REGION].stacks.values())
        for record in stack.stack_resources
    )


def _document(policy: Any) -> str:
    return next(_text(version.document) for version in policy.versions if version.is_default)


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _region(arn: str, service: str) -> Any:
    """Return upstream's backend of a service in the region and account of an ARN."""
    from moto.backends import get_backend  # noqa: PLC0415 - a service is imported when it is used

    region, account = arn.split(":")[3:5] if arn else (REGION, ACCOUNT_ID)
    return get_backend(service)[account or ACCOUNT_ID][region or REGION]


def _s3() -> Any:
    from moto.s3.models import s3_backends  # noqa: PLC0415 - as above

    return s3_backends[ACCOUNT_ID]["aws"]


def _name(arn: str) -> str:
    return arn.split(":", 5)[5]


def _bucket_policy(arn: str) -> str | None:
    bucket = _s3().buckets.get(_name(arn).partition("/")[0])
    return None if bucket is None or bucket.policy is None else bucket.policy.decode()


def _queue_policy(arn: str) -> str | None:
    queue = _region(arn, "sqs").queues.get(_name(arn))
    return None if queue is None else queue.policy


def _topic_policy(arn: str) -> str | None:
    topic = _region(arn, "sns").topics.get(arn)
    return None if topic is None else topic.policy


def _key_policy(arn: str) -> str | None:
    key = _region(arn, "kms").keys.get(_name(arn).removeprefix("key/"))
    return None if key is None else _text(key.policy)


def _secret_policy(arn: str) -> str | None:
    secret = _region(arn, "secretsmanager").secrets.get(arn)
    return None if secret is None else secret.policy


def _table_policy(arn: str) -> str | None:
    policy = _region(arn, "dynamodb").resource_policies.get(arn.partition("/index/")[0])
    return None if policy is None else policy.policy_doc


def _bus_policy(arn: str) -> str | None:
    kind, _, name = _name(arn).partition("/")
    bus = _region(arn, "events").event_buses.get(name) if kind == "event-bus" else None
    return None if bus is None else bus.policy


def _function_policy(arn: str) -> str | None:
    kind, _, name = _name(arn).partition(":")
    if kind != "function":
        return None
    functions = _region(arn, "lambda")._lambdas  # noqa: SLF001 - where all versions of a function are
    versions = functions.list_versions_by_function(name.partition(":")[0])
    statements = [statement for version in versions for statement in version.policy.statements]
    return _of_statements(statements)


def _log_policy(arn: str) -> str | None:
    logs = _region(arn, "logs")
    documents = [policy.policy_document for policy in logs.resource_policies.values()]
    own = policy_of_group(logs.groups.get(arn.partition(":log-group:")[2].partition(":")[0]))
    policies = map(json.loads, [*documents, own] if own else documents)
    return _of_statements([one for policy in policies for one in _list(policy["Statement"])])


def _of_statements(statements: Iterable[Any]) -> str | None:
    found = list(statements)
    return json.dumps({"Version": "2012-10-17", "Statement": found}) if found else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _encryption_key(arn: str) -> str | None:
    service = arn.split(":")[2]
    name = _name(arn)
    match service:
        case "s3":
            return _key_of_object(name)
        case "ssm":
            parameters = _region(arn, "ssm")._parameters  # noqa: SLF001 - upstream's own get method copies
            name = name.removeprefix("parameter")
            found = parameters.get(name) or parameters.get(name.removeprefix("/")) or ()
            return next((one.keyid for one in found if one.parameter_type == "SecureString"), None)
        case "dynamodb":
            table = _region(arn, service).tables.get(name.removeprefix("table/"))
            specification = getattr(table, "sse_specification", None) or {}
            return specification.get("KMSMasterKeyId") if specification.get("SSEType") == "KMS" else None
    resources, key, attribute = {
        "sqs": ("queues", name, "kms_master_key_id"),
        "sns": ("topics", arn, "kms_master_key_id"),
        "secretsmanager": ("secrets", arn, "kms_key_id"),
    }[service]
    return getattr(getattr(_region(arn, service), resources).get(key), attribute, None)


def _key_of_object(name: str) -> str | None:
    bucket, _, key = name.partition("/")
    backend = _s3()
    if bucket not in backend.buckets:
        return None
    if key:
        found = backend.get_object(bucket, key)
        return found.kms_key_id if found is not None and str(found.encryption).startswith("aws:kms") else None
    rule = ((backend.buckets[bucket].encryption or {}).get("Rule") or {}).get(
        "ApplyServerSideEncryptionByDefault"
    ) or {}
    return rule.get("KMSMasterKeyID")
