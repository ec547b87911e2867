"""Types of networks of Amazon EC2: functions run on this machine, so that a network is a name and does nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, Request, Resource


@dataclass(frozen=True)
class NetworkType:
    """A part of a network, of which there is nothing but its id.

    Attributes
    ----------
    name
        The type's name.
    prefix
        Of its ids.
    attribute
        What ``Fn::GetAtt`` calls its id; empty if it has none.
    shown
        Which of its properties ``Fn::GetAtt`` gives.
    """

    name: str
    prefix: str
    attribute: str = ""
    shown: tuple[str, ...] = ()

    def check(self, properties: Properties) -> None:
        """Refuse nothing."""

    def is_replaced(self, before: Properties, after: Properties) -> bool:  # noqa: ARG002 - as the protocol has it
        """Tell that it keeps its id."""
        return False

    def create(self, request: Request) -> Resource:
        """Make an id."""
        digest = hashlib.sha256(f"{request.stack_id}/{request.logical_id}".encode()).hexdigest()[:17]
        return self._with(f"{self.prefix}-{digest}", request.properties)

    def update(self, request: Request, current: Resource) -> Resource:
        """Keep the id."""
        return self._with(current.physical_id, request.properties)

    def delete(self, request: Request, current: Resource) -> None:
        """There is nothing to remove."""

    def _with(self, identity: str, properties: Properties) -> Resource:
        attributes = {name: properties.get(name, "") for name in self.shown}
        if self.attribute:
            attributes[self.attribute] = identity
        return Resource(identity, attributes, properties)


TYPES: Final = (
    NetworkType("AWS::EC2::EIP", "eipalloc", "AllocationId"),
    NetworkType("AWS::EC2::InternetGateway", "igw", "InternetGatewayId"),
    NetworkType("AWS::EC2::NatGateway", "nat", "NatGatewayId"),
    NetworkType("AWS::EC2::Route", "r"),
    NetworkType("AWS::EC2::RouteTable", "rtb", "RouteTableId"),
    NetworkType("AWS::EC2::SecurityGroup", "sg", "GroupId", ("VpcId",)),
    NetworkType("AWS::EC2::SecurityGroupEgress", "sgr", "Id"),
    NetworkType("AWS::EC2::SecurityGroupIngress", "sgr", "Id"),
    NetworkType("AWS::EC2::Subnet", "subnet", "SubnetId", ("AvailabilityZone", "CidrBlock", "VpcId")),
    NetworkType("AWS::EC2::SubnetRouteTableAssociation", "rtbassoc", "Id"),
    NetworkType("AWS::EC2::VPC", "vpc", "VpcId", ("CidrBlock",)),
    NetworkType("AWS::EC2::VPCEndpoint", "vpce", "Id"),
    NetworkType("AWS::EC2::VPCGatewayAttachment", "igwattach"),
)
