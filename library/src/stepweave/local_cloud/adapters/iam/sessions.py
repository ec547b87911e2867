"""Sessions of roles are known again by their credentials.

Upstream defects: credentials of a role that was assumed say nothing to the services; and whoever asks who they are is
told a name that no account has, but with credentials of a session that upstream made itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole
from moto.sts.responses import TokenResponse

from stepweave.local_cloud.account import ACCOUNT_ID
from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.permissions.callers import RoleSession, session_of_token


@contextmanager
def role_sessions() -> Iterator[None]:
    """Give sessions tokens that say whose they are."""
    upstream_init = AssumedRole.__init__
    upstream_identity = TokenResponse.get_caller_identity

    def __init__(self: AssumedRole, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - a method of the patched class
        upstream_init(self, *args, **kwargs)
        self.session_token = RoleSession(self.role_arn, self.session_name, self.policy or "").token

    def get_caller_identity(self: TokenResponse) -> Any:
        session = session_of_token(self.headers.get("X-Amz-Security-Token", ""))
        if session is None:
            return upstream_identity(self)
        roles = iam_backends[ACCOUNT_ID]["aws"].roles.values()
        role_id = next((role.id for role in list(roles) if role.arn == session.role_arn), "AROALOCALCLOUD000000")
        user_id = f"{role_id}:{session.name}"
        return ActionResult({"UserId": user_id, "Account": session.account, "Arn": session.arn})

    with (
        replaced(AssumedRole, "__init__", __init__),
        replaced(TokenResponse, "get_caller_identity", get_caller_identity),
    ):
        yield
