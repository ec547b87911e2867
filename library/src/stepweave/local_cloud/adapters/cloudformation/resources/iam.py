"""Types of AWS IAM."""

from __future__ import annotations

import json
from typing import Any, Final

from moto.iam.models import iam_backends

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, Request
from stepweave.local_cloud.adapters.iam.aws_policies import load_aws_policy

_KINDS: Final = {"Roles": "role", "Users": "user", "Groups": "group"}


def _parameter(kind: str) -> str:
    return f"{kind.capitalize()}Name"


def _manage(kind: str) -> Any:
    """Return what attaches policies to a role, user or group, and holds its own ones."""

    def apply(request: Request, physical_id: str, before: Properties) -> None:
        client, after, who = request.client("iam"), request.properties, {_parameter(kind): physical_id}
        now, then = (set(of.get("ManagedPolicyArns", [])) for of in (after, before))
        for arn in sorted(then - now):
            getattr(client, f"detach_{kind}_policy")(PolicyArn=arn, **who)
        for arn in sorted(now - then):
            load_aws_policy(iam_backends[request.account]["aws"], arn)
            getattr(client, f"attach_{kind}_policy")(PolicyArn=arn, **who)
        own, former = (
            {one["PolicyName"]: one["PolicyDocument"] for one in of.get("Policies", [])} for of in (after, before)
        )
        for name in sorted(former.keys() - own.keys()):
            getattr(client, f"delete_{kind}_policy")(PolicyName=name, **who)
        for name in [name for name, document in own.items() if former.get(name) != document]:
            getattr(client, f"put_{kind}_policy")(PolicyName=name, PolicyDocument=json.dumps(own[name]), **who)
        _join(client, after, before, physical_id)
        if before:
            _change(client, kind, after, before, who)

    return apply


def _join(client: Any, after: Properties, before: Properties, user: str) -> None:
    groups, left = (set(of.get("Groups", [])) for of in (after, before))
    for group in sorted(groups - left):
        client.add_user_to_group(GroupName=group, UserName=user)
    for group in sorted(left - groups):
        client.remove_user_from_group(GroupName=group, UserName=user)


def _change(client: Any, kind: str, after: Properties, before: Properties, who: dict[str, str]) -> None:
    trust, boundary = "AssumeRolePolicyDocument", "PermissionsBoundary"
    if before.get(trust) != after.get(trust):
        client.update_assume_role_policy(PolicyDocument=json.dumps(after[trust]), **who)
    if before.get(boundary) != after.get(boundary):
        if boundary in after:
            getattr(client, f"put_{kind}_permissions_boundary")(**{boundary: after[boundary]}, **who)
        else:
            getattr(client, f"delete_{kind}_permissions_boundary")(**who)


def _clear(kind: str) -> Any:
    """Return what takes everything from a role, user or group, which else could not be removed."""

    def clear(request: Request, physical_id: str, before: Properties) -> None:
        client, who = request.client("iam"), {_parameter(kind): physical_id}
        for policy in getattr(client, f"list_attached_{kind}_policies")(**who)["AttachedPolicies"]:
            getattr(client, f"detach_{kind}_policy")(PolicyArn=policy["PolicyArn"], **who)
        for name in getattr(client, f"list_{kind}_policies")(**who)["PolicyNames"]:
            getattr(client, f"delete_{kind}_policy")(PolicyName=name, **who)
        for group in before.get("Groups", []):
            client.remove_user_from_group(GroupName=group, UserName=physical_id)

    return clear


def _principal(kind: str, **more: Any) -> ApiType:
    name = _parameter(kind)
    id_name = {"role": "RoleId", "user": "UserId", "group": "GroupId"}[kind]
    applied = {"ManagedPolicyArns", "Policies"} | ({"Groups"} if kind == "user" else set())
    return ApiType(
        name=f"AWS::IAM::{kind.capitalize()}",
        service="iam",
        create_operation=f"create_{kind}",
        update_operation=f"update_{kind}",
        delete_operation=f"delete_{kind}",
        identity=f"{kind.capitalize()}.{name}",
        key=name,
        named_by=name,
        replaces=frozenset({"Path"}),
        read=f"get_{kind}",
        attributes={"Arn": f"{kind.capitalize()}.Arn", id_name: f"{kind.capitalize()}.{id_name}"},
        applied=frozenset(applied),
        apply=_manage(kind),
        before_delete=_clear(kind),
        **more,
    )


def _holders(properties: Properties) -> set[tuple[str, str]]:
    return {(kind, name) for plural, kind in _KINDS.items() for name in properties.get(plural, [])} | {
        (kind, properties[_parameter(kind)]) for kind in _KINDS.values() if _parameter(kind) in properties
    }


def _put_inline(request: Request, physical_id: str, before: Properties) -> None:
    client, after = request.client("iam"), request.properties
    name = after.get("PolicyName", physical_id)
    for kind, holder in sorted(_holders(after)):
        getattr(client, f"put_{kind}_policy")(
            PolicyName=name, PolicyDocument=json.dumps(after["PolicyDocument"]), **{_parameter(kind): holder}
        )
    _delete_inline_of(request, name, _holders(before) - _holders(after))


def _delete_inline(request: Request, physical_id: str, before: Properties) -> None:
    _delete_inline_of(request, before.get("PolicyName", physical_id), _holders(before))


def _delete_inline_of(request: Request, name: str, holders: set[tuple[str, str]]) -> None:
    client = request.client("iam")
    for kind, holder in sorted(holders):
        try:
            getattr(client, f"delete_{kind}_policy")(PolicyName=name, **{_parameter(kind): holder})
        except client.exceptions.NoSuchEntityException:
            continue  # its holder is gone already


def _attach(request: Request, arn: str, before: Properties) -> None:
    client, after = request.client("iam"), request.properties
    if before and before["PolicyDocument"] != after["PolicyDocument"]:
        versions = client.list_policy_versions(PolicyArn=arn)["Versions"]
        client.create_policy_version(
            PolicyArn=arn, PolicyDocument=json.dumps(after["PolicyDocument"]), SetAsDefault=True
        )
        for version in versions:
            client.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    for kind, holder in sorted(_holders(after) - _holders(before)):
        getattr(client, f"attach_{kind}_policy")(PolicyArn=arn, **{_parameter(kind): holder})
    _detach_from(request, arn, _holders(before) - _holders(after))


def _detach(request: Request, arn: str, before: Properties) -> None:
    _detach_from(request, arn, _holders(before))


def _detach_from(request: Request, arn: str, holders: set[tuple[str, str]]) -> None:
    client = request.client("iam")
    for kind, holder in sorted(holders):
        try:
            getattr(client, f"detach_{kind}_policy")(PolicyArn=arn, **{_parameter(kind): holder})
        except client.exceptions.NoSuchEntityException:
            continue  # its holder is gone already


TYPES: Final[tuple[ApiType, ...]] = (
    _principal(
        "role",
        changes_by_apply=frozenset({"AssumeRolePolicyDocument", "PermissionsBoundary"}),
        required=frozenset({"AssumeRolePolicyDocument"}),
    ),
    _principal("user", changes_by_apply=frozenset({"PermissionsBoundary"}), refuses=frozenset({"LoginProfile"})),
    _principal("group"),
    ApiType(
        name="AWS::IAM::Policy",
        service="iam",
        named_by="PolicyName",
        applied=frozenset({"PolicyName", "PolicyDocument", *_KINDS}),
        required=frozenset({"PolicyName", "PolicyDocument"}),
        apply=_put_inline,
        before_delete=_delete_inline,
        attributes={"Id": itself},
    ),
    *(
        ApiType(
            name=f"AWS::IAM::{kind.capitalize()}Policy",
            service="iam",
            named_by="PolicyName",
            replaces=frozenset({_parameter(kind)}),
            applied=frozenset({"PolicyName", "PolicyDocument", _parameter(kind)}),
            required=frozenset({"PolicyName", _parameter(kind)}),
            apply=_put_inline,
            before_delete=_delete_inline,
        )
        for kind in _KINDS.values()
    ),
    ApiType(
        name="AWS::IAM::ManagedPolicy",
        service="iam",
        create_operation="create_policy",
        delete_operation="delete_policy",
        identity="Policy.Arn",
        key="PolicyArn",
        named_by="ManagedPolicyName",
        name_limit=128,
        renames={"ManagedPolicyName": "PolicyName"},
        replaces=frozenset({"Path", "Description"}),
        applied=frozenset(_KINDS),
        changes_by_apply=frozenset({"PolicyDocument"}),
        apply=_attach,
        before_delete=_detach,
        read="get_policy",
        attributes={"PolicyArn": itself, "PolicyId": "Policy.PolicyId", "DefaultVersionId": "Policy.DefaultVersionId"},
    ),
    ApiType(
        name="AWS::IAM::AccessKey",
        service="iam",
        create_operation="create_access_key",
        delete_operation="delete_access_key",
        identity="AccessKey.AccessKeyId",
        key="AccessKeyId",
        keys={"UserName": "UserName"},
        replaces=frozenset({"UserName", "Serial"}),
        passes=frozenset({"Serial"}),
        refuses=frozenset({"Status"}),
        attributes={"SecretAccessKey": "AccessKey.SecretAccessKey"},
    ),
)
