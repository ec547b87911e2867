"""A session of the user's whose clients talk to one endpoint."""

from __future__ import annotations

from typing import Any

import boto3


class EndpointSession(boto3.Session):
    """Makes clients of an endpoint with the credentials and the region of another session.

    Parameters
    ----------
    session
        The user's.
    endpoint_url
        What each client gets, unless it is given another one.
    """

    def __init__(self, session: boto3.Session, endpoint_url: str) -> None:
        # One botocore session for both: credentials that are renewed are renewed once.
        super().__init__(botocore_session=session._session, region_name=session.region_name)  # noqa: SLF001
        self.endpoint_url = endpoint_url

    def client(self, *args: Any, **options: Any) -> Any:
        """Create a client; see ``boto3.Session.client``."""
        return super().client(*args, **{"endpoint_url": self.endpoint_url, **options})

    def resource(self, *args: Any, **options: Any) -> Any:
        """Create a resource; see ``boto3.Session.resource``."""
        return super().resource(*args, **{"endpoint_url": self.endpoint_url, **options})
