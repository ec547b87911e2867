"""What an agent may do in AWS beyond what every agent may: statements of IAM, checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from stepweave.contract.option_checks import check_texts

_ACTION: Final = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")
_ARN: Final = re.compile(
    r"arn:(aws[a-z-]*|\$\{AWS::Partition\})"
    r":[a-z0-9-]+"
    r":([a-z0-9-]*|\*|\$\{AWS::Region\})"
    r":(\d{12}|aws|\*|\$\{AWS::AccountId\})?"
    r":\S+"
)
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)(\}?)")
_OWN_PLACEHOLDERS: Final = ("AWS::AccountId", "AWS::Partition", "AWS::Region")
_POLICY_VARIABLE: Final = re.compile(r"[a-z0-9-]+:\S+|[*?$]")


@dataclass(frozen=True)
class Permission:
    """A statement of IAM that allows some actions on some resources.

    Parameters
    ----------
    actions : tuple[str, ...]
        The actions, each spelled out: ``"s3:GetObject"``. None may have a wildcard.
    resources : tuple[str, ...]
        The ARNs of what they are allowed on. ``${AWS::Partition}``, ``${AWS::Region}`` and ``${AWS::AccountId}`` stand
        for those of the deployment. ``"*"`` is for actions to which AWS lets nobody name a resource.
    conditions : Mapping[str, Mapping[str, str | tuple[str, ...]]]
        When the statement counts, as IAM has it: values by key by operator.
    reason : str
        Why a resource has a ``*``. Required then, and shown where the deployment is audited.

    Raises
    ------
    TypeError
        If an option is of another type.
    ValueError
        If an action has a wildcard, a resource is no ARN, or one has a ``*`` and no reason is given.

    Example
    -------
    >>> Permission(
    ...     actions=("dynamodb:GetItem",),
    ...     resources=("arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/policies",),
    ... ).reason
    ''
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str | tuple[str, ...]]] = field(default_factory=dict, hash=False)
    reason: str = ""

    def __post_init__(self) -> None:
        check_texts("permission: actions", self.actions, "s3:GetObject")
        check_texts("permission: resources", self.resources, "arn:aws:s3:::claims/policies.json")
        if not self.actions or not self.resources:
            raise ValueError("permission: actions and resources must each name at least one")
        if not isinstance(self.reason, str):
            raise TypeError(f"permission: reason must be a text, not {self.reason!r}")
        for action in self.actions:
            if not _ACTION.fullmatch(action):
                raise ValueError(
                    f"permission: actions: {action!r} must be service:Action without wildcards, as in 's3:GetObject'; "
                    "name each action that the agent calls"
                )
        for resource in self.resources:
            check_resource("permission: resources", resource)
            if "*" in resource and not self.reason.strip():
                raise ValueError(
                    f"permission: resources: {resource!r} has a '*': name what the agent needs, or say in "
                    "reason='...' why nothing finer will do"
                )
        _check_conditions(self.conditions)

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The resources that stand for more than one."""
        return tuple(resource for resource in self.resources if "*" in resource)


def check_resource(what: str, resource: str) -> None:
    """Refuse what is neither the ARN of a resource nor ``"*"``.

    Raises
    ------
    ValueError
        If it is something else, or has a placeholder that nothing fills in.
    """
    for name, end in _PLACEHOLDER.findall(resource):
        if not end or (name not in _OWN_PLACEHOLDERS and not _POLICY_VARIABLE.fullmatch(name)):
            raise ValueError(
                f"{what}: {resource!r}: nothing fills in ${{{name}}}; there are: "
                f"{', '.join(f'${{{one}}}' for one in _OWN_PLACEHOLDERS)}"
            )
    if resource != "*" and not _ARN.fullmatch(resource):
        raise ValueError(
            f"{what}: {resource!r} must be an ARN, as in "
            "'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/policies'"
        )


def _check_conditions(conditions: object) -> None:
    example = "as in {'StringEquals': {'aws:ResourceTag/team': 'claims'}}"
    if not isinstance(conditions, Mapping):
        raise TypeError(f"permission: conditions must be a mapping, {example}, not {conditions!r}")
    for operator, keys in conditions.items():
        if not isinstance(operator, str) or not isinstance(keys, Mapping) or not operator or not keys:
            raise TypeError(f"permission: conditions must hold values by key by operator, {example}, not {operator!r}")
        for key, values in keys.items():
            if not isinstance(key, str) or not key:
                raise TypeError(f"permission: conditions: {operator}: {key!r} must be the name of a condition key")
            if not isinstance(values, str):
                check_texts(f"permission: conditions: {operator}: {key}", values, "claims")
