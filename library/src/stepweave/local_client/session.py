"""The one account and region that every local cloud plays, and sessions that can reach nothing else."""

from __future__ import annotations

import os
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config

ACCOUNT_ID: Final = "123456789012"
REGION: Final = "us-east-1"
ACCESS_KEY_ID: Final = "stepweave-local"
SECRET_ACCESS_KEY: Final = "stepweave-local"  # noqa: S105 - accepted by the local cloud only


class LocalSession(boto3.Session):
    """A ``boto3.Session`` whose clients all talk to one endpoint of this machine.

    It never reads the user's AWS configuration, so that neither real credentials nor a misspelt ``AWS_PROFILE`` can
    reach a local call.

    Parameters
    ----------
    endpoint_url
        The endpoint that each client gets unless it is given another one.
    """

    def __init__(self, endpoint_url: str) -> None:
        nothing = (None, None, os.devnull, None)
        core = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "region": (None, None, REGION, None),
                "config_file": nothing,
                "credentials_file": nothing,
            }
        )
        core.set_credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
        super().__init__(region_name=REGION, botocore_session=core)
        self.endpoint_url = endpoint_url

    def client(self, *args: Any, **options: Any) -> Any:
        """Create a client; see ``boto3.Session.client``."""
        return super().client(*args, **self._local(options))

    def resource(self, *args: Any, **options: Any) -> Any:
        """Create a resource; see ``boto3.Session.resource``."""
        return super().resource(*args, **self._local(options))

    def _local(self, options: dict[str, Any]) -> dict[str, Any]:
        # Some operations have a host of their own below the service's, "sync-..." for one; there is but one host here.
        config = Config(inject_host_prefix=False).merge(options.get("config") or Config())
        return {"endpoint_url": self.endpoint_url, **options, "config": config}
