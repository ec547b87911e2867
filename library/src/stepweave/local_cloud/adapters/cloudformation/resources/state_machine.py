"""``AWS::StepFunctions::StateMachine`` in the backend that executes.

Upstream defects: CloudFormation creates its state machines in the backend that only pretends to run them, ignores
``DefinitionSubstitutions`` and ``DefinitionS3Location``, and drops the logging and tracing configuration and the type;
``Arn`` cannot be read.
"""

from __future__ import annotations

import json
from typing import Any

from moto.s3.models import s3_backends
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.stepfunctions.utils import cfn_to_api_tags
from moto.utilities.utils import get_partition

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


def substitute(definition: str, substitutions: dict[str, Any]) -> str:
    """Put the values of ``DefinitionSubstitutions`` where the definition says ``${name}``.

    A ``${...}`` that names no substitution stays as it is, as on AWS.
    """
    for name, value in substitutions.items():
        definition = definition.replace("${" + name + "}", str(value))
    return definition


class StateMachineResource(LocalResource):
    """A state machine as CloudFormation handles it."""

    def __init__(self, state_machine: StateMachine) -> None:
        self.state_machine = state_machine

    @property
    def physical_resource_id(self) -> str:
        """The state machine's ARN."""
        return str(self.state_machine.arn)

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::StepFunctions::StateMachine"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "StateMachineName"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in {"Arn", "Name", "StateMachineRevisionId"}

    def get_cfn_attribute(self, attribute: str) -> str:
        """Return what ``Fn::GetAtt`` gives."""
        attributes = {
            "Arn": str(self.state_machine.arn),
            "Name": str(self.state_machine.name),
            "StateMachineRevisionId": self.state_machine.update_date.isoformat(),
        }
        return str(attributes[attribute])

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> StateMachineResource:
        properties = cloudformation_json["Properties"]
        backend: StepFunctionsParserBackend = stepfunctions_parser_backends[account_id][region_name]
        return cls(
            backend.create_state_machine(
                name=properties.get("StateMachineName", resource_name),
                definition=_definition(properties, account_id, region_name),
                roleArn=properties["RoleArn"],
                tags=cfn_to_api_tags(properties.get("Tags", [])),
                loggingConfiguration=_lower_camel(properties.get("LoggingConfiguration")),
                tracingConfiguration=_lower_camel(properties.get("TracingConfiguration")),
                encryptionConfiguration=_lower_camel(properties.get("EncryptionConfiguration")),
                sm_type=properties.get("StateMachineType"),
            )
        )

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: StateMachineResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> StateMachineResource:
        properties = cloudformation_json["Properties"]
        machine = original_resource.state_machine
        if properties.get("StateMachineName", machine.name) != machine.name:
            new = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
            original_resource.delete(account_id, region_name)
            return new
        backend: StepFunctionsParserBackend = stepfunctions_parser_backends[account_id][region_name]
        backend.update_state_machine(
            machine.arn,
            definition=_definition(properties, account_id, region_name),
            role_arn=properties["RoleArn"],
            logging_configuration=_lower_camel(properties.get("LoggingConfiguration")),
            tracing_configuration=_lower_camel(properties.get("TracingConfiguration")),
            encryption_configuration=_lower_camel(properties.get("EncryptionConfiguration")),
        )
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the state machine."""
        stepfunctions_parser_backends[account_id][region_name].delete_state_machine(self.state_machine.arn)


def _definition(properties: dict[str, Any], account_id: str, region_name: str) -> str:
    if "DefinitionS3Location" in properties:
        place = properties["DefinitionS3Location"]
        backend = s3_backends[account_id][get_partition(region_name)]
        key = backend.get_object(place["Bucket"], place["Key"], place.get("Version"))
        if key is None:
            raise ValueError(f"there is no definition at s3://{place['Bucket']}/{place['Key']}")
        text = key.value.decode()
    elif "DefinitionString" in properties:
        text = properties["DefinitionString"]
    else:
        text = json.dumps(properties["Definition"])
    return substitute(text, properties.get("DefinitionSubstitutions", {}))


def _lower_camel(value: Any) -> Any:
    """Spell the keys of CloudFormation's objects as the service's API does."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower_camel(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_lower_camel(item) for item in value]
    return value
