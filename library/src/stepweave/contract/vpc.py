"""The network that an agent's function is attached to."""

import re
from dataclasses import dataclass
from typing import Final

from stepweave.contract.option_checks import check_texts

_SUBNET: Final = re.compile(r"subnet-[0-9a-f]{8}([0-9a-f]{9})?")
_SECURITY_GROUP: Final = re.compile(r"sg-[0-9a-f]{8}([0-9a-f]{9})?")
_MOST: Final = {"subnets": 16, "security_groups": 5}


@dataclass(frozen=True)
class Vpc:
    """A virtual private cloud in which a function gets its network interfaces.

    Parameters
    ----------
    subnets : tuple[str, ...]
        Ids of its subnets, at most 16.
    security_groups : tuple[str, ...]
        Ids of the security groups of its network interfaces, at most 5.

    Ids differ between accounts, so ``Vpc()`` takes those of the deployment's settings ``vpc_subnets`` and
    ``vpc_security_groups``.

    Raises
    ------
    TypeError
        If an option is no tuple of texts.
    ValueError
        If an id is none, there are too many, or one option is given without the other.

    Example
    -------
    >>> Vpc(subnets=("subnet-0123456789abcdef0",), security_groups=("sg-0123456789abcdef0",)).is_by_setting
    False
    """

    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what, ids, form, example in (
            ("subnets", self.subnets, _SUBNET, "subnet-0123456789abcdef0"),
            ("security_groups", self.security_groups, _SECURITY_GROUP, "sg-0123456789abcdef0"),
        ):
            check_texts(f"vpc: {what}", ids, example)
            for one in ids:
                if not form.fullmatch(one):
                    raise ValueError(f"vpc: {what}: {one!r} must be an id, as in {example!r}")
            if len(ids) > _MOST[what]:
                raise ValueError(f"vpc: {what}: AWS Lambda takes {_MOST[what]} at most, not {len(ids)}")
        if bool(self.subnets) != bool(self.security_groups):
            raise ValueError("vpc: subnets and security_groups must both be given, or neither to take the settings'")

    @property
    def is_by_setting(self) -> bool:
        """Whether the deployment's settings name the network."""
        return not self.subnets
