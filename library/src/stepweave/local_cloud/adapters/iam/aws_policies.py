"""The policies that AWS manages are there when they are named.

Upstream defect: they are there only if a setting loads all 1,500 of them.
"""

from __future__ import annotations

import json
from typing import Final

from moto.iam import models
from moto.iam.models import AWSManagedPolicy, IAMBackend

_OF_AWS: Final = ":iam::aws:policy/"


def load_aws_policy(backend: IAMBackend, arn: str) -> None:
    """Make a policy that AWS manages known, unless it is, or there is none of this name."""
    if _OF_AWS not in arn or arn in backend.managed_policies:
        return
    for name, data in json.loads(models.aws_managed_policies_data).items():
        if arn.endswith(f"{_OF_AWS}{data['Path'].removeprefix('/')}{name}"):
            policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
            backend.managed_policies[policy.arn] = policy
