"""A log group has a policy of its own.

Upstream defect: there is none; a template's ``ResourcePolicyDocument`` has nowhere to go.
"""

from __future__ import annotations

import json
from typing import Any, Final

from moto.logs.models import logs_backends

_ATTRIBUTE: Final = "resource_policy_document"


def policy_of_group(group: object) -> str | None:
    """Return the document of a log group's own policy; None if it has none, or there is no such group."""
    return getattr(group, _ATTRIBUTE, None)


def put_policy(account: str, region: str, group: str, document: Any) -> None:
    """Give a log group its policy, which may be None."""
    text = document if document is None or isinstance(document, str) else json.dumps(document)
    setattr(logs_backends[account][region].groups[group], _ATTRIBUTE, text)
