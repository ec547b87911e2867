"""Where a workflow runs: on AWS, at an endpoint, in the local cloud that is up, or in one that lasts for the run."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import boto3
import botocore.session

from stepweave.command.errors import CommandError
from stepweave.command.target.choice import TargetChoice, is_loopback

_METADATA_SECONDS = 0.5


class Place(StrEnum):
    """The kinds of place."""

    AWS = "aws"
    ENDPOINT = "endpoint"
    DAEMON = "daemon"
    OWN = "own"
    """A local cloud that is yet to be started, and lasts as long as the command."""


@dataclass(frozen=True)
class Target:
    """Where a workflow runs.

    Parameters
    ----------
    place : Place
        What kind of place it is.
    endpoint_url : str | None
        The endpoint; None for AWS itself, and for a local cloud that is yet to be started.
    session : boto3.Session | None
        The user's session; None for the account that every local cloud plays.
    """

    place: Place
    endpoint_url: str | None = None
    session: boto3.Session | None = None

    @property
    def local(self) -> bool:
        """Whether it is on this machine: nobody's credentials, and an execution that dies with who started it."""
        return self.session is None

    @property
    def deploys(self) -> bool:
        """Whether the command brings what is deployed there up to date."""
        return self.place in {Place.DAEMON, Place.OWN}


def choose_target(
    choice: TargetChoice,
    *,
    daemon: Callable[[], str | None],
    aws: Callable[[], boto3.Session],
    user: Callable[[], boto3.Session],
) -> Target:
    """Choose where to work. AWS is asked nothing unless the user wants to work there.

    Parameters
    ----------
    choice : TargetChoice
        What the user asked for.
    daemon : Callable[[], str | None]
        Returns the endpoint of the local cloud that is up; None if none is.
    aws : Callable[[], boto3.Session]
        Returns a session of the user's AWS account.
    user : Callable[[], boto3.Session]
        Returns a session with the user's credentials, for an endpoint that is not on this machine.
    """
    if choice.aws:
        return Target(Place.AWS, session=aws())
    if choice.endpoint_url is None:
        up = daemon()
        return Target(Place.OWN) if up is None else Target(Place.DAEMON, up)
    if not is_loopback(choice.endpoint_url):
        return Target(Place.ENDPOINT, choice.endpoint_url, user())
    up = daemon()
    same = up is not None and urlsplit(up).port == urlsplit(choice.endpoint_url).port
    return Target(Place.DAEMON if same else Place.ENDPOINT, choice.endpoint_url)


def user_session() -> boto3.Session:
    """Return a session with the user's credentials and region."""
    core = botocore.session.Session()
    # A machine that is no EC2 instance has no metadata service: do not wait for one.
    core.set_config_variable("metadata_service_timeout", _METADATA_SECONDS)
    # The AWS CLI and every other SDK know AWS_REGION; boto3 knows AWS_DEFAULT_REGION only.
    return boto3.Session(botocore_session=core, region_name=os.environ.get("AWS_REGION") or None)


def aws_session() -> boto3.Session:
    """Return a session of the user's AWS account.

    Raises
    ------
    CommandError
        If no region or no credentials are configured.
    """
    session = user_session()
    # Credentials last: without a region there is no AWS to ask, and looking for them can take its time.
    if session.region_name is None:
        raise CommandError("no AWS region is configured", "set AWS_REGION, or leave --aws out to work locally")
    if session.get_credentials() is None:
        raise CommandError(
            "no AWS credentials are configured", "log in (for example `aws sso login`), or leave --aws out"
        )
    return session
