"""``AWS::StepFunctions::StateMachineVersion`` and ``AWS::StepFunctions::StateMachineAlias``.

Upstream defect: the types are unknown.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class _KnownByArn(LocalResource):
    """A resource whose physical id is its ARN, and which has no other attribute."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, attribute: str) -> str:  # noqa: ARG002 - there is but one
        """Return what ``Fn::GetAtt`` gives."""
        return self.physical_resource_id


class StateMachineVersionResource(_KnownByArn):
    """A published version; its physical id is its ARN."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::StepFunctions::StateMachineVersion"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> StateMachineVersionResource:
        properties = cloudformation_json["Properties"]
        machine = stepfunctions_parser_backends[account_id][region_name].describe_state_machine(
            properties["StateMachineArn"]
        )
        machine.publish(properties.get("Description"))
        return cls(str(machine.latest_version.arn))

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the version."""
        arn, _, number = self.physical_resource_id.rpartition(":")
        for machine in stepfunctions_parser_backends[account_id][region_name].state_machines:
            if machine.arn == arn:
                machine.versions.pop(int(number), None)


class StateMachineAliasResource(_KnownByArn):
    """An alias of one or two versions; its physical id is its ARN."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::StepFunctions::StateMachineAlias"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> StateMachineAliasResource:
        properties = cloudformation_json["Properties"]
        alias = stepfunctions_parser_backends[account_id][region_name].create_state_machine_alias(
            resource_name, _routing(properties), properties.get("Description")
        )
        return cls(str(alias.arn))

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the alias; without its state machine it is gone already."""
        arn, _, name = self.physical_resource_id.rpartition(":")
        for machine in stepfunctions_parser_backends[account_id][region_name].state_machines:
            if machine.arn == arn:
                machine.aliases.pop(name, None)


def _routing(properties: dict[str, Any]) -> list[dict[str, Any]]:
    if "DeploymentPreference" in properties:
        return [{"stateMachineVersionArn": properties["DeploymentPreference"]["StateMachineVersionArn"], "weight": 100}]
    return [
        {"stateMachineVersionArn": route["StateMachineVersionArn"], "weight": route["Weight"]}
        for route in properties["RoutingConfiguration"]
    ]
