"""``AWS::SQS::QueuePolicy``: who may use queues.

Upstream defect: the type is unknown.
"""

from __future__ import annotations

import json
from typing import Any

from moto.sqs.models import sqs_backends

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class QueuePolicyResource(LocalResource):
    """The policy of some queues.

    Parameters
    ----------
    resource_name
        The physical id.
    queues
        Names of the queues.
    """

    def __init__(self, resource_name: str, queues: list[str]) -> None:
        self.physical_resource_id = resource_name
        self.queues = queues

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SQS::QueuePolicy"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    def get_cfn_attribute(self, attribute: str) -> str:  # noqa: ARG002 - there is but one
        """Return what ``Fn::GetAtt`` gives."""
        return self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> QueuePolicyResource:
        properties = cloudformation_json["Properties"]
        queues = [url.rstrip("/").rsplit("/", 1)[-1] for url in properties["Queues"]]
        for queue in queues:
            sqs_backends[account_id][region_name].get_queue(queue).policy = json.dumps(properties["PolicyDocument"])
        return cls(resource_name, queues)

    def delete(self, account_id: str, region_name: str) -> None:
        """Take the policy from the queues that still exist."""
        known = sqs_backends[account_id][region_name].queues
        for queue in self.queues:
            if queue in known:
                known[queue].policy = None
